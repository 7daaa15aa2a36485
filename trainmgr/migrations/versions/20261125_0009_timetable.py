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
    op.create_table('closed_period',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_closed_period_dates')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_closed_period_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_closed_period_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closed_period'))
    )

    with op.batch_alter_table('closed_period', schema=None) as batch_op:
        batch_op.create_index('ix_closed_period_organization_id_ends_on', ['organization_id', 'ends_on'], unique=False)

    op.create_table('room',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=120), nullable=False),
    sa.Column('retired', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('capacity IS NULL OR capacity > 0', name=op.f('ck_room_capacity')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_room_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_room')),
    sa.UniqueConstraint('organization_id', 'name', name=op.f('uq_room_organization_id_name'))
    )

    op.create_table('teaching_session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('module_id', sa.Integer(), nullable=False),
    sa.Column('lineage', sa.String(length=32), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('first_unit', sa.Integer(), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('teacher_id', sa.Integer(), nullable=False),
    sa.Column('room_id', sa.Integer(), nullable=True),
    sa.Column('host_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('planned', 'cancelled', name='sessionstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('cancelled_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('cancelled_reason', sa.String(length=200), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f('ck_teaching_session_cancelled')),
    sa.CheckConstraint('first_unit BETWEEN 1 AND 12', name=op.f('ck_teaching_session_first_unit')),
    sa.CheckConstraint('units >= 1 AND first_unit + units <= 13', name=op.f('ck_teaching_session_units')),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_teaching_session_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_teaching_session_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['host_id'], ['organization.id'], name=op.f('fk_teaching_session_host_id_organization')),
    sa.ForeignKeyConstraint(['module_id'], ['module.id'], name=op.f('fk_teaching_session_module_id_module')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_teaching_session_program_id_program')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_teaching_session_room_id_room')),
    sa.ForeignKeyConstraint(['teacher_id'], ['user_account.id'], name=op.f('fk_teaching_session_teacher_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teaching_session'))
    )

    with op.batch_alter_table('teaching_session', schema=None) as batch_op:
        batch_op.create_index('ix_teaching_session_cohort_id_day', ['cohort_id', 'day', 'first_unit'], unique=False)
        batch_op.create_index('ix_teaching_session_program_id_cohort_id_lineage', ['program_id', 'cohort_id', 'lineage'], unique=False)
        batch_op.create_index('ix_teaching_session_program_id_day', ['program_id', 'day'], unique=False)
        batch_op.create_index('ix_teaching_session_room_id_day', ['room_id', 'day'], unique=False)
        batch_op.create_index('ix_teaching_session_teacher_id_day', ['teacher_id', 'day'], unique=False)

    op.create_table('occupied_unit',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('unit', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('teacher_id', sa.Integer(), nullable=False),
    sa.Column('room_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_occupied_unit_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_occupied_unit_room_id_room')),
    sa.ForeignKeyConstraint(['session_id'], ['teaching_session.id'], name=op.f('fk_occupied_unit_session_id_teaching_session'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['teacher_id'], ['user_account.id'], name=op.f('fk_occupied_unit_teacher_id_user_account')),
    sa.PrimaryKeyConstraint('session_id', 'unit', name=op.f('pk_occupied_unit')),
    sa.UniqueConstraint('day', 'unit', 'cohort_id', name=op.f('uq_occupied_unit_day_unit_cohort_id')),
    sa.UniqueConstraint('day', 'unit', 'room_id', name=op.f('uq_occupied_unit_day_unit_room_id')),
    sa.UniqueConstraint('day', 'unit', 'teacher_id', name=op.f('uq_occupied_unit_day_unit_teacher_id'))
    )


def downgrade() -> None:
    op.drop_table('occupied_unit')

    with op.batch_alter_table('teaching_session', schema=None) as batch_op:
        batch_op.drop_index('ix_teaching_session_teacher_id_day')
        batch_op.drop_index('ix_teaching_session_room_id_day')
        batch_op.drop_index('ix_teaching_session_program_id_day')
        batch_op.drop_index('ix_teaching_session_program_id_cohort_id_lineage')
        batch_op.drop_index('ix_teaching_session_cohort_id_day')

    op.drop_table('teaching_session')

    op.drop_table('room')

    with op.batch_alter_table('closed_period', schema=None) as batch_op:
        batch_op.drop_index('ix_closed_period_organization_id_ends_on')

    op.drop_table('closed_period')
