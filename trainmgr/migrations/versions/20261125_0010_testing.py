"""testing

Revision: 0010
After: 0009
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
