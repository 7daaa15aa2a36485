"""lessons

Revision: 0011
After: 0010
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
