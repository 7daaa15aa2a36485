"""lessons

Revision: 0011
After: 0009
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0011'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('lesson_plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('lineage', sa.String(length=32), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('aims', sa.Text(), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'finished', name='lessonstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('published', sa.Integer(), nullable=False),
    sa.Column('copied_from_id', sa.Integer(), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('changed_by_id', sa.Integer(), nullable=False),
    sa.Column('changed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('units BETWEEN 1 AND 12', name=op.f('ck_lesson_plan_units')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['user_account.id'], name=op.f('fk_lesson_plan_changed_by_id_user_account')),
    sa.ForeignKeyConstraint(['copied_from_id'], ['lesson_plan.id'], name=op.f('fk_lesson_plan_copied_from_id_lesson_plan')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_lesson_plan_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_lesson_plan_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson_plan')),
    sa.UniqueConstraint('program_id', 'lineage', 'title', name=op.f('uq_lesson_plan_program_id_lineage_title'))
    )

    with op.batch_alter_table('lesson_plan', schema=None) as batch_op:
        batch_op.create_index('ix_lesson_plan_program_id_title', ['program_id', 'title', 'id'], unique=False)

    op.create_table('lesson_ring',
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('ring', sa.Enum('preparation', 'opening', 'teaching', 'discussion', 'simulation', 'problem_solving', 'check', 'on_the_job', name='ring', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('method', sa.String(length=120), nullable=False),
    sa.Column('material', sa.Text(), nullable=False),
    sa.Column('who', sa.Enum('teacher', 'mentor', 'trainee', name='who', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.CheckConstraint('minutes BETWEEN 0 AND 6000', name=op.f('ck_lesson_ring_minutes')),
    sa.ForeignKeyConstraint(['plan_id'], ['lesson_plan.id'], name=op.f('fk_lesson_ring_plan_id_lesson_plan')),
    sa.PrimaryKeyConstraint('plan_id', 'ring', name=op.f('pk_lesson_ring'))
    )

    op.create_table('lesson_version',
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('finished_by_id', sa.Integer(), nullable=False),
    sa.Column('finished_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['finished_by_id'], ['user_account.id'], name=op.f('fk_lesson_version_finished_by_id_user_account')),
    sa.ForeignKeyConstraint(['plan_id'], ['lesson_plan.id'], name=op.f('fk_lesson_version_plan_id_lesson_plan')),
    sa.PrimaryKeyConstraint('plan_id', 'number', name=op.f('pk_lesson_version'))
    )

    op.create_table('lesson_tick',
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('ring', sa.Enum('preparation', 'opening', 'teaching', 'discussion', 'simulation', 'problem_solving', 'check', 'on_the_job', name='tick_ring', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("ring IN ('preparation', 'on_the_job')", name=op.f('ck_lesson_tick_ring_is_a_task')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_lesson_tick_enrolment_id_enrolment')),
    sa.ForeignKeyConstraint(['session_id'], ['teaching_session.id'], name=op.f('fk_lesson_tick_session_id_teaching_session')),
    sa.PrimaryKeyConstraint('enrolment_id', 'session_id', 'ring', name=op.f('pk_lesson_tick'))
    )

    with op.batch_alter_table('lesson_tick', schema=None) as batch_op:
        batch_op.create_index('ix_lesson_tick_session_id_ring', ['session_id', 'ring'], unique=False)

    op.create_table('lesson_use',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['lesson_plan.id'], name=op.f('fk_lesson_use_plan_id_lesson_plan')),
    sa.ForeignKeyConstraint(['session_id'], ['teaching_session.id'], name=op.f('fk_lesson_use_session_id_teaching_session')),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_lesson_use'))
    )

    with op.batch_alter_table('lesson_use', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lesson_use_plan_id'), ['plan_id'], unique=False)

    op.create_table('lesson_quiz_item',
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('ring', sa.Enum('preparation', 'opening', 'teaching', 'discussion', 'simulation', 'problem_solving', 'check', 'on_the_job', name='quiz_ring', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_lesson_quiz_item_item_id_item')),
    sa.ForeignKeyConstraint(['plan_id'], ['lesson_plan.id'], name=op.f('fk_lesson_quiz_item_plan_id_lesson_plan')),
    sa.PrimaryKeyConstraint('plan_id', 'ring', 'item_id', name=op.f('pk_lesson_quiz_item'))
    )

    with op.batch_alter_table('lesson_quiz_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lesson_quiz_item_item_id'), ['item_id'], unique=False)

    op.create_table('lesson_quiz_answer',
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('answer', sa.JSON(), nullable=False),
    sa.Column('points', sa.Numeric(precision=6, scale=2), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('points >= 0', name=op.f('ck_lesson_quiz_answer_points')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_lesson_quiz_answer_enrolment_id_enrolment')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_lesson_quiz_answer_item_id_item')),
    sa.ForeignKeyConstraint(['session_id'], ['teaching_session.id'], name=op.f('fk_lesson_quiz_answer_session_id_teaching_session')),
    sa.PrimaryKeyConstraint('enrolment_id', 'session_id', 'item_id', name=op.f('pk_lesson_quiz_answer'))
    )

    with op.batch_alter_table('lesson_quiz_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lesson_quiz_answer_item_id'), ['item_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('lesson_quiz_answer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lesson_quiz_answer_item_id'))

    op.drop_table('lesson_quiz_answer')

    with op.batch_alter_table('lesson_quiz_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lesson_quiz_item_item_id'))

    op.drop_table('lesson_quiz_item')

    with op.batch_alter_table('lesson_use', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lesson_use_plan_id'))

    op.drop_table('lesson_use')

    with op.batch_alter_table('lesson_tick', schema=None) as batch_op:
        batch_op.drop_index('ix_lesson_tick_session_id_ring')

    op.drop_table('lesson_tick')

    op.drop_table('lesson_version')

    op.drop_table('lesson_ring')

    with op.batch_alter_table('lesson_plan', schema=None) as batch_op:
        batch_op.drop_index('ix_lesson_plan_program_id_title')

    op.drop_table('lesson_plan')
