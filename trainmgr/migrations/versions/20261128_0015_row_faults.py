"""one table for the wrong rows of every import

Revision: 0015
After: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

OLD = {'roster_fault': 'roster-import', 'item_fault': 'bank-import'}


def _table(name):
    op.create_table(
        name,
        sa.Column('job_id', sa.Integer(), nullable=False),
        sa.Column('row', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f(f'fk_{name}_job_id_job')),
        sa.PrimaryKeyConstraint('job_id', 'row', name=op.f(f'pk_{name}')),
    )


def upgrade() -> None:
    _table('row_fault')
    for name in OLD:
        op.execute(f'INSERT INTO row_fault (job_id, "row", reason) SELECT job_id, "row", reason FROM {name}')
        op.drop_table(name)


def downgrade() -> None:
    for name, kind in OLD.items():
        _table(name)
        op.execute(
            f'INSERT INTO {name} (job_id, "row", reason) SELECT job_id, "row", reason FROM row_fault '
            f"WHERE job_id IN (SELECT id FROM job WHERE kind = '{kind}')"
        )
    op.drop_table('row_fault')
