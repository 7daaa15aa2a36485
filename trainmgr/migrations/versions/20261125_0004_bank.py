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
    op.create_table('instrument',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('college_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('purpose', sa.String(length=300), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['college_id'], ['organization.id'], name=op.f('fk_instrument_college_id_organization')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_instrument_created_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instrument')),
    sa.UniqueConstraint('college_id', 'name', name=op.f('uq_instrument_college_id_name'))
    )

    op.create_table('item_fault',
    sa.Column('job_id', sa.Integer(), nullable=False),
    sa.Column('row', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_item_fault_job_id_job')),
    sa.PrimaryKeyConstraint('job_id', 'row', name=op.f('pk_item_fault'))
    )

    op.create_table('instrument_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('instrument_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'frozen', name='instrumentstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('pass_percent', sa.Integer(), nullable=False),
    sa.Column('shuffle_items', sa.Boolean(), nullable=False),
    sa.Column('shuffle_options', sa.Boolean(), nullable=False),
    sa.Column('form_policy', sa.Enum('same', 'parallel', name='formpolicy', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('level_2', sa.Integer(), nullable=False),
    sa.Column('level_3', sa.Integer(), nullable=False),
    sa.Column('level_4', sa.Integer(), nullable=False),
    sa.Column('level_5', sa.Integer(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('points', sa.Numeric(precision=8, scale=2), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('frozen_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'frozen') = (frozen_at IS NOT NULL)", name=op.f('ck_instrument_version_frozen')),
    sa.CheckConstraint('1 <= level_2 AND level_2 < level_3 AND level_3 < level_4 AND level_4 < level_5 AND level_5 <= 100', name=op.f('ck_instrument_version_levels')),
    sa.CheckConstraint('minutes BETWEEN 1 AND 600', name=op.f('ck_instrument_version_minutes')),
    sa.CheckConstraint('pass_percent BETWEEN 1 AND 100', name=op.f('ck_instrument_version_pass_percent')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_instrument_version_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_instrument_version_instrument_id_instrument')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instrument_version')),
    sa.UniqueConstraint('instrument_id', 'number', name=op.f('uq_instrument_version_instrument_id_number'))
    )

    with op.batch_alter_table('instrument_version', schema=None) as batch_op:
        batch_op.create_index('uq_instrument_version_draft', ['instrument_id'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))

    op.create_table('blueprint_row',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('difficulty', sa.Enum('easy', 'medium', 'hard', name='difficulty', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('points', sa.Numeric(precision=6, scale=2), nullable=False),
    sa.CheckConstraint('count BETWEEN 1 AND 50', name=op.f('ck_blueprint_row_count')),
    sa.CheckConstraint('points > 0', name=op.f('ck_blueprint_row_points')),
    sa.ForeignKeyConstraint(['competency_id'], ['standard_competency.id'], name=op.f('fk_blueprint_row_competency_id_standard_competency')),
    sa.ForeignKeyConstraint(['version_id'], ['instrument_version.id'], name=op.f('fk_blueprint_row_version_id_instrument_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blueprint_row')),
    sa.UniqueConstraint('version_id', 'competency_id', 'difficulty', name=op.f('uq_blueprint_row_version_id_competency_id_difficulty'))
    )

    with op.batch_alter_table('blueprint_row', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blueprint_row_competency_id'), ['competency_id'], unique=False)

    op.create_table('item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('college_id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('single', 'multiple', 'true_false', 'number', 'short_answer', 'checklist', name='itemkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('difficulty', sa.Enum('easy', 'medium', 'hard', name='difficulty', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('points', sa.Numeric(precision=6, scale=2), nullable=False),
    sa.Column('stem', sa.Text(), nullable=False),
    sa.Column('picture_id', sa.Integer(), nullable=True),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('explanation', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'in_use', 'retired', name='itemstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('drawn_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('times_answered', sa.Integer(), nullable=False),
    sa.Column('p_value', sa.Numeric(precision=5, scale=4), nullable=True),
    sa.Column('discrimination', sa.Numeric(precision=5, scale=4), nullable=True),
    sa.Column('distractors', sa.JSON(), nullable=True),
    sa.CheckConstraint('discrimination BETWEEN -1 AND 1', name=op.f('ck_item_discrimination')),
    sa.CheckConstraint('p_value BETWEEN 0 AND 1', name=op.f('ck_item_p_value')),
    sa.CheckConstraint('points > 0', name=op.f('ck_item_points')),
    sa.CheckConstraint('times_answered >= 0', name=op.f('ck_item_times_answered')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['user_account.id'], name=op.f('fk_item_changed_by_id_user_account')),
    sa.ForeignKeyConstraint(['college_id'], ['organization.id'], name=op.f('fk_item_college_id_organization')),
    sa.ForeignKeyConstraint(['competency_id'], ['standard_competency.id'], name=op.f('fk_item_competency_id_standard_competency')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_item_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['picture_id'], ['stored_file.id'], name=op.f('fk_item_picture_id_stored_file')),
    sa.ForeignKeyConstraint(['replaces_id'], ['item.id'], name=op.f('fk_item_replaces_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item')),
    sa.UniqueConstraint('replaces_id', name=op.f('uq_item_replaces_id'))
    )

    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.create_index('ix_item_college_id_changed_at', ['college_id', 'changed_at', 'id'], unique=False)
        batch_op.create_index('ix_item_college_id_digest', ['college_id', 'digest'], unique=False)
        batch_op.create_index('ix_item_college_id_state_competency_id', ['college_id', 'state', 'competency_id', 'difficulty'], unique=False)
        batch_op.create_index(batch_op.f('ix_item_competency_id'), ['competency_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_item_picture_id'), ['picture_id'], unique=False)
        batch_op.create_index('uq_item_digest_live', ['college_id', 'digest'], unique=True, sqlite_where=sa.text("state <> 'retired'"), postgresql_where=sa.text("state <> 'retired'"))

    op.create_table('paper_item',
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('form', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('points', sa.Numeric(precision=6, scale=2), nullable=False),
    sa.CheckConstraint('form IN (1, 2)', name=op.f('ck_paper_item_form')),
    sa.CheckConstraint('points > 0', name=op.f('ck_paper_item_points')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_paper_item_item_id_item')),
    sa.ForeignKeyConstraint(['version_id'], ['instrument_version.id'], name=op.f('fk_paper_item_version_id_instrument_version')),
    sa.PrimaryKeyConstraint('version_id', 'form', 'item_id', name=op.f('pk_paper_item')),
    sa.UniqueConstraint('version_id', 'form', 'position', name=op.f('uq_paper_item_version_id_form_position'))
    )

    with op.batch_alter_table('paper_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_item_item_id'), ['item_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('paper_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_paper_item_item_id'))
    op.drop_table('paper_item')
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.drop_index('uq_item_digest_live', sqlite_where=sa.text("state <> 'retired'"), postgresql_where=sa.text("state <> 'retired'"))
        batch_op.drop_index(batch_op.f('ix_item_picture_id'))
        batch_op.drop_index(batch_op.f('ix_item_competency_id'))
        batch_op.drop_index('ix_item_college_id_state_competency_id')
        batch_op.drop_index('ix_item_college_id_digest')
        batch_op.drop_index('ix_item_college_id_changed_at')
    op.drop_table('item')
    with op.batch_alter_table('blueprint_row', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_blueprint_row_competency_id'))
    op.drop_table('blueprint_row')
    with op.batch_alter_table('instrument_version', schema=None) as batch_op:
        batch_op.drop_index('uq_instrument_version_draft', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
    op.drop_table('instrument_version')
    op.drop_table('item_fault')
    op.drop_table('instrument')
