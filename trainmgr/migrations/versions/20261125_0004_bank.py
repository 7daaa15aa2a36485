"""bank

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
