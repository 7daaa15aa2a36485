"""evaluation: the coverage below which a result is provisional, a field of the scheme

Revision: 0043
After: 0042
"""

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
