"""classes: balanced splits, moves and standing with history, rotation and exchange, the class space

Revision: 0020
After: 0019
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

STATES = "state IN ('training', 'remedial', 'suspended', 'completed', 'withdrawn')"
STATES_BEFORE = "state IN ('training', 'remedial', 'completed', 'withdrawn')"
# What is known of the past becomes its first record: who is in which class, and who has left.
FIRST_MOVES = """
    INSERT INTO class_move (program_id, enrolment_id, from_id, to_id, day, reason, by_id, by_name, at)
    SELECT program_id, id, NULL, cohort_id, enrolled_on, '', NULL, '', CURRENT_TIMESTAMP
    FROM enrolment WHERE cohort_id IS NOT NULL
"""
LEFT_BEFORE = """
    INSERT INTO standing_change (program_id, enrolment_id, kind, state, day, reason, before, after, recognised_minutes,
                                 effects, by_id, by_name, at, settled_at, remark)
    SELECT program_id, id, 'withdraw', 'done', COALESCE(left_on, enrolled_on),
           CASE WHEN left_reason = '' THEN '-' ELSE left_reason END,
           'training', 'withdrawn', 0, '{}', NULL, '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, ''
    FROM enrolment WHERE state = 'withdrawn'
"""


def upgrade() -> None:
    with op.batch_alter_table('cohort', schema=None) as batch_op:
        batch_op.add_column(sa.Column('enterprise_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('sponsor', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('closed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('merged_into_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_cohort_enterprise_id'), ['enterprise_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_cohort_enterprise_id_organization'), 'organization', ['enterprise_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_cohort_merged_into_id_cohort'), 'cohort', ['merged_into_id'], ['id'])
    with op.batch_alter_table('cohort', schema=None) as batch_op:
        batch_op.alter_column('sponsor', server_default=None)

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_enrolment_enrolmentstate'), type_='check')
        batch_op.create_check_constraint(op.f('ck_enrolment_enrolmentstate'), STATES)
        batch_op.add_column(sa.Column('recognised_minutes', sa.Integer(), nullable=False, server_default='0'))
    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.alter_column('recognised_minutes', server_default=None)

    op.create_table('class_period',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_class_period_dates')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_class_period_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_period'))
    )
    with op.batch_alter_table('class_period', schema=None) as batch_op:
        batch_op.create_index('ix_class_period_program_id_starts_on', ['program_id', 'starts_on', 'id'], unique=False)

    op.create_table('class_split',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('open', 'carried', 'dropped', name='splitstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('parts', sa.JSON(), nullable=False),
    sa.Column('by_chance', sa.Double(), nullable=False),
    sa.Column('by_list', sa.Double(), nullable=False),
    sa.Column('imbalance', sa.Double(), nullable=False),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('computed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('settled_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_class_split_by_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_class_split_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_split'))
    )
    with op.batch_alter_table('class_split', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_split_program_id'), ['program_id'], unique=False)
        batch_op.create_index('uq_class_split_open', ['program_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('class_announcement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('pinned', sa.Boolean(), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by', sa.String(length=80), nullable=False),
    sa.Column('withdrawn_reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_class_announcement_by_id_user_account')),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_class_announcement_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_class_announcement_file_id_stored_file')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_class_announcement_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_announcement'))
    )
    with op.batch_alter_table('class_announcement', schema=None) as batch_op:
        batch_op.create_index('ix_class_announcement_cohort_id_pinned', ['cohort_id', 'pinned', 'id'], unique=False)

    op.create_table('class_exchange',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('first_id', sa.Integer(), nullable=False),
    sa.Column('second_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('topic', sa.String(length=120), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('first_id <> second_id', name=op.f('ck_class_exchange_two')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_class_exchange_by_id_user_account')),
    sa.ForeignKeyConstraint(['first_id'], ['cohort.id'], name=op.f('fk_class_exchange_first_id_cohort')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_class_exchange_program_id_program')),
    sa.ForeignKeyConstraint(['second_id'], ['cohort.id'], name=op.f('fk_class_exchange_second_id_cohort')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_exchange'))
    )
    with op.batch_alter_table('class_exchange', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_exchange_first_id'), ['first_id'], unique=False)
        batch_op.create_index('ix_class_exchange_program_id_day', ['program_id', 'day', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_class_exchange_second_id'), ['second_id'], unique=False)

    op.create_table('class_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('last_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('hidden_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('hidden_by', sa.String(length=80), nullable=False),
    sa.Column('hidden_reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_class_message_by_id_user_account')),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_class_message_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_class_message_program_id_program')),
    sa.ForeignKeyConstraint(['thread_id'], ['class_message.id'], name=op.f('fk_class_message_thread_id_class_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_message'))
    )
    with op.batch_alter_table('class_message', schema=None) as batch_op:
        batch_op.create_index('ix_class_message_cohort_id_last_at', ['cohort_id', 'last_at', 'id'], unique=False)
        batch_op.create_index('ix_class_message_thread_id', ['thread_id', 'id'], unique=False)

    op.create_table('class_turn',
    sa.Column('period_id', sa.Integer(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('teacher_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_class_turn_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['period_id'], ['class_period.id'], name=op.f('fk_class_turn_period_id_class_period'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['teacher_id'], ['user_account.id'], name=op.f('fk_class_turn_teacher_id_user_account')),
    sa.PrimaryKeyConstraint('period_id', 'cohort_id', name=op.f('pk_class_turn')),
    sa.UniqueConstraint('period_id', 'teacher_id', name=op.f('uq_class_turn_period_id_teacher_id'))
    )
    with op.batch_alter_table('class_turn', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_turn_cohort_id'), ['cohort_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_class_turn_teacher_id'), ['teacher_id'], unique=False)

    op.create_table('class_move',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('from_id', sa.Integer(), nullable=True),
    sa.Column('to_id', sa.Integer(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_class_move_by_id_user_account')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_class_move_enrolment_id_enrolment'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['from_id'], ['cohort.id'], name=op.f('fk_class_move_from_id_cohort')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_class_move_program_id_program')),
    sa.ForeignKeyConstraint(['to_id'], ['cohort.id'], name=op.f('fk_class_move_to_id_cohort')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_move'))
    )
    with op.batch_alter_table('class_move', schema=None) as batch_op:
        batch_op.create_index('ix_class_move_enrolment_id_day', ['enrolment_id', 'day', 'id'], unique=False)
        batch_op.create_index('ix_class_move_from_id_day', ['from_id', 'day'], unique=False)
        batch_op.create_index(batch_op.f('ix_class_move_program_id'), ['program_id'], unique=False)
        batch_op.create_index('ix_class_move_to_id_day', ['to_id', 'day'], unique=False)

    op.create_table('class_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('exchange_id', sa.Integer(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_class_note_by_id_user_account')),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_class_note_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['exchange_id'], ['class_exchange.id'], name=op.f('fk_class_note_exchange_id_class_exchange')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_note'))
    )
    with op.batch_alter_table('class_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_note_exchange_id'), ['exchange_id'], unique=False)

    op.create_table('class_read',
    sa.Column('announcement_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['announcement_id'], ['class_announcement.id'], name=op.f('fk_class_read_announcement_id_class_announcement'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_class_read_user_id_user_account')),
    sa.PrimaryKeyConstraint('announcement_id', 'user_id', name=op.f('pk_class_read'))
    )
    with op.batch_alter_table('class_read', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_read_user_id'), ['user_id'], unique=False)

    op.create_table('class_seat',
    sa.Column('split_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('fixed', sa.Boolean(), nullable=False),
    sa.Column('score', sa.Numeric(precision=6, scale=3), nullable=True),
    sa.Column('gender', sa.String(length=1), nullable=False),
    sa.Column('major', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_class_seat_enrolment_id_enrolment'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['split_id'], ['class_split.id'], name=op.f('fk_class_seat_split_id_class_split'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('split_id', 'enrolment_id', name=op.f('pk_class_seat'))
    )
    with op.batch_alter_table('class_seat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_class_seat_enrolment_id'), ['enrolment_id'], unique=False)
        batch_op.create_index('ix_class_seat_split_id_part', ['split_id', 'part'], unique=False)

    op.create_table('standing_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('suspend', 'resume', 'withdraw', 'readmit', 'enterprise', 'program', name='standingkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('state', sa.Enum('planned', 'done', 'called_off', name='standingstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('expected_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('before', sa.Enum('training', 'remedial', 'suspended', 'completed', 'withdrawn', name='standingbefore', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('after', sa.Enum('training', 'remedial', 'suspended', 'completed', 'withdrawn', name='standingafter', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('enterprise_id', sa.Integer(), nullable=True),
    sa.Column('to_program_id', sa.Integer(), nullable=True),
    sa.Column('other_enrolment_id', sa.Integer(), nullable=True),
    sa.Column('recognised_minutes', sa.Integer(), nullable=False),
    sa.Column('effects', sa.JSON(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('settled_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('remark', sa.String(length=200), nullable=False),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_standing_change_reason')),
    sa.CheckConstraint('recognised_minutes >= 0', name=op.f('ck_standing_change_recognised')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_standing_change_by_id_user_account')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_standing_change_enrolment_id_enrolment')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['organization.id'], name=op.f('fk_standing_change_enterprise_id_organization')),
    sa.ForeignKeyConstraint(['other_enrolment_id'], ['enrolment.id'], name=op.f('fk_standing_change_other_enrolment_id_enrolment')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_standing_change_program_id_program')),
    sa.ForeignKeyConstraint(['to_program_id'], ['program.id'], name=op.f('fk_standing_change_to_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standing_change'))
    )
    with op.batch_alter_table('standing_change', schema=None) as batch_op:
        batch_op.create_index('ix_standing_change_enrolment_id_day', ['enrolment_id', 'day', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_standing_change_other_enrolment_id'), ['other_enrolment_id'], unique=False)
        batch_op.create_index('ix_standing_change_program_id_day', ['program_id', 'day', 'id'], unique=False)
        batch_op.create_index('ix_standing_change_state_day', ['state', 'day'], unique=False)
        batch_op.create_index('uq_standing_change_planned', ['enrolment_id'], unique=True, sqlite_where=sa.text("state = 'planned'"), postgresql_where=sa.text("state = 'planned'"))

    op.execute(FIRST_MOVES)
    op.execute(LEFT_BEFORE)


def downgrade() -> None:
    op.execute("UPDATE enrolment SET state = 'training' WHERE state = 'suspended'")

    with op.batch_alter_table('standing_change', schema=None) as batch_op:
        batch_op.drop_index('uq_standing_change_planned', sqlite_where=sa.text("state = 'planned'"), postgresql_where=sa.text("state = 'planned'"))
        batch_op.drop_index('ix_standing_change_state_day')
        batch_op.drop_index('ix_standing_change_program_id_day')
        batch_op.drop_index(batch_op.f('ix_standing_change_other_enrolment_id'))
        batch_op.drop_index('ix_standing_change_enrolment_id_day')

    op.drop_table('standing_change')
    with op.batch_alter_table('class_seat', schema=None) as batch_op:
        batch_op.drop_index('ix_class_seat_split_id_part')
        batch_op.drop_index(batch_op.f('ix_class_seat_enrolment_id'))

    op.drop_table('class_seat')
    with op.batch_alter_table('class_read', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_class_read_user_id'))

    op.drop_table('class_read')
    with op.batch_alter_table('class_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_class_note_exchange_id'))

    op.drop_table('class_note')
    with op.batch_alter_table('class_move', schema=None) as batch_op:
        batch_op.drop_index('ix_class_move_to_id_day')
        batch_op.drop_index(batch_op.f('ix_class_move_program_id'))
        batch_op.drop_index('ix_class_move_from_id_day')
        batch_op.drop_index('ix_class_move_enrolment_id_day')

    op.drop_table('class_move')
    with op.batch_alter_table('class_turn', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_class_turn_teacher_id'))
        batch_op.drop_index(batch_op.f('ix_class_turn_cohort_id'))

    op.drop_table('class_turn')
    with op.batch_alter_table('class_message', schema=None) as batch_op:
        batch_op.drop_index('ix_class_message_thread_id')
        batch_op.drop_index('ix_class_message_cohort_id_last_at')

    op.drop_table('class_message')
    with op.batch_alter_table('class_exchange', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_class_exchange_second_id'))
        batch_op.drop_index('ix_class_exchange_program_id_day')
        batch_op.drop_index(batch_op.f('ix_class_exchange_first_id'))

    op.drop_table('class_exchange')
    with op.batch_alter_table('class_announcement', schema=None) as batch_op:
        batch_op.drop_index('ix_class_announcement_cohort_id_pinned')

    op.drop_table('class_announcement')
    with op.batch_alter_table('class_split', schema=None) as batch_op:
        batch_op.drop_index('uq_class_split_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_class_split_program_id'))

    op.drop_table('class_split')
    with op.batch_alter_table('class_period', schema=None) as batch_op:
        batch_op.drop_index('ix_class_period_program_id_starts_on')

    op.drop_table('class_period')
    # ### end Alembic commands ###

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.drop_column('recognised_minutes')
        batch_op.drop_constraint(op.f('ck_enrolment_enrolmentstate'), type_='check')
        batch_op.create_check_constraint(op.f('ck_enrolment_enrolmentstate'), STATES_BEFORE)

    with op.batch_alter_table('cohort', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_cohort_merged_into_id_cohort'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_cohort_enterprise_id_organization'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_cohort_enterprise_id'))
        batch_op.drop_column('merged_into_id')
        batch_op.drop_column('closed_on')
        batch_op.drop_column('sponsor')
        batch_op.drop_column('enterprise_id')
