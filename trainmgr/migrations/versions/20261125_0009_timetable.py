"""timetable

Revision: 0009
After: 0008
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
