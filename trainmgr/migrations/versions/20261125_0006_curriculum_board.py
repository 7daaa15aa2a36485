"""curriculum board

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'plan_rule',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('program_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=60), nullable=False),
        sa.Column('off', sa.Boolean(), nullable=False),
        sa.Column('low', sa.Double(), nullable=True),
        sa.Column('high', sa.Double(), nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('changed_by_id', sa.Integer(), nullable=False),
        sa.Column('changed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint('high IS NULL OR low IS NULL OR high > low', name=op.f('ck_plan_rule_limits')),
        sa.ForeignKeyConstraint(
            ['changed_by_id'], ['user_account.id'], name=op.f('fk_plan_rule_changed_by_id_user_account')
        ),
        sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_plan_rule_program_id_program')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_rule')),
        sa.UniqueConstraint('program_id', 'key', name=op.f('uq_plan_rule_program_id_key')),
    )
    op.create_table(
        'edition_step',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('edition_id', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=40), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('changes', sa.JSON(), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=False),
        sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column('undone', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ['by_id'], ['user_account.id'], name=op.f('fk_edition_step_by_id_user_account')
        ),
        sa.ForeignKeyConstraint(
            ['edition_id'], ['edition.id'], name=op.f('fk_edition_step_edition_id_edition')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_edition_step')),
        sa.UniqueConstraint('edition_id', 'number', name=op.f('uq_edition_step_edition_id_number')),
    )


def downgrade() -> None:
    op.drop_table('edition_step')
    op.drop_table('plan_rule')
