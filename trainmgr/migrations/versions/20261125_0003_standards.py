"""standards

Revision: 0003
After: 0001
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0003'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('certificate_standard',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=160), nullable=False),
    sa.Column('issuer', sa.String(length=120), nullable=False),
    sa.Column('level', sa.String(length=40), nullable=False),
    sa.Column('is_one_plus_x', sa.Boolean(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_certificate_standard_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_standard')),
    sa.UniqueConstraint('key', name=op.f('uq_certificate_standard_key')),
    sa.UniqueConstraint('organization_id', 'name', 'level', name=op.f('uq_certificate_standard_organization_id_name_level'))
    )
    op.create_table('expert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('employer', sa.String(length=120), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('field', sa.String(length=80), nullable=False),
    sa.Column('occupation', sa.String(length=80), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_expert_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert')),
    sa.UniqueConstraint('organization_id', 'name', 'employer', name=op.f('uq_expert_organization_id_name_employer'))
    )
    with op.batch_alter_table('expert', schema=None) as batch_op:
        batch_op.create_index('ix_expert_organization_id_occupation', ['organization_id', 'occupation'], unique=False)

    op.create_table('job_standard',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('college_id', sa.Integer(), nullable=False),
    sa.Column('enterprise_id', sa.Integer(), nullable=True),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('post', sa.String(length=80), nullable=False),
    sa.Column('post_en', sa.String(length=120), nullable=False),
    sa.Column('occupation', sa.String(length=80), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['college_id'], ['organization.id'], name=op.f('fk_job_standard_college_id_organization')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_job_standard_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['organization.id'], name=op.f('fk_job_standard_enterprise_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_standard')),
    sa.UniqueConstraint('college_id', 'code', name=op.f('uq_job_standard_college_id_code')),
    sa.UniqueConstraint('key', name=op.f('uq_job_standard_key'))
    )
    with op.batch_alter_table('job_standard', schema=None) as batch_op:
        batch_op.create_index('ix_job_standard_college_id_post', ['college_id', 'post'], unique=False)
        batch_op.create_index(batch_op.f('ix_job_standard_enterprise_id'), ['enterprise_id'], unique=False)

    op.create_table('certificate_unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('certificate_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate_standard.id'], name=op.f('fk_certificate_unit_certificate_id_certificate_standard')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_unit')),
    sa.UniqueConstraint('certificate_id', 'code', name=op.f('uq_certificate_unit_certificate_id_code')),
    sa.UniqueConstraint('key', name=op.f('uq_certificate_unit_key'))
    )
    op.create_table('standard_competency',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('standard_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['standard_id'], ['job_standard.id'], name=op.f('fk_standard_competency_standard_id_job_standard')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_competency')),
    sa.UniqueConstraint('key', name=op.f('uq_standard_competency_key'))
    )
    with op.batch_alter_table('standard_competency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_standard_competency_standard_id'), ['standard_id'], unique=False)

    op.create_table('standard_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('standard_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'published', 'outdated', name='versionstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('published_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('typical_experts', sa.Integer(), nullable=False),
    sa.Column('typical_difficulty', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('typical_importance', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('typical_frequency', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('typical_difficulty BETWEEN 1 AND 5', name=op.f('ck_standard_version_typical_difficulty')),
    sa.CheckConstraint('typical_experts >= 1', name=op.f('ck_standard_version_typical_experts')),
    sa.CheckConstraint('typical_frequency BETWEEN 1 AND 5', name=op.f('ck_standard_version_typical_frequency')),
    sa.CheckConstraint('typical_importance BETWEEN 1 AND 5', name=op.f('ck_standard_version_typical_importance')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_standard_version_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['standard_id'], ['job_standard.id'], name=op.f('fk_standard_version_standard_id_job_standard')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_version')),
    sa.UniqueConstraint('standard_id', 'number', name=op.f('uq_standard_version_standard_id_number'))
    )
    with op.batch_alter_table('standard_version', schema=None) as batch_op:
        batch_op.create_index('uq_standard_version_draft', ['standard_id'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
        batch_op.create_index('uq_standard_version_published', ['standard_id'], unique=True, sqlite_where=sa.text("state = 'published'"), postgresql_where=sa.text("state = 'published'"))

    op.create_table('certificate_mapping',
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['competency_id'], ['standard_competency.id'], name=op.f('fk_certificate_mapping_competency_id_standard_competency')),
    sa.ForeignKeyConstraint(['unit_id'], ['certificate_unit.id'], name=op.f('fk_certificate_mapping_unit_id_certificate_unit')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_certificate_mapping_version_id_standard_version')),
    sa.PrimaryKeyConstraint('version_id', 'competency_id', 'unit_id', name=op.f('pk_certificate_mapping'))
    )
    with op.batch_alter_table('certificate_mapping', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_mapping_competency_id'), ['competency_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_certificate_mapping_unit_id'), ['unit_id'], unique=False)

    op.create_table('delphi_panelist',
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('expert_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], name=op.f('fk_delphi_panelist_expert_id_expert')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_delphi_panelist_version_id_standard_version')),
    sa.PrimaryKeyConstraint('version_id', 'expert_id', name=op.f('pk_delphi_panelist'))
    )
    with op.batch_alter_table('delphi_panelist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delphi_panelist_expert_id'), ['expert_id'], unique=False)

    op.create_table('delphi_round',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('subject', sa.Enum('competencies', 'tasks', name='delphi_subject', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('least_mean', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('most_variation', sa.Numeric(precision=4, scale=3), nullable=False),
    sa.Column('least_full', sa.Numeric(precision=4, scale=3), nullable=False),
    sa.Column('raters', sa.Integer(), nullable=False),
    sa.Column('w', sa.Double(), nullable=True),
    sa.Column('chi_square', sa.Double(), nullable=True),
    sa.Column('p_value', sa.Double(), nullable=True),
    sa.Column('opened_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('closed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('least_full BETWEEN 0 AND 1', name=op.f('ck_delphi_round_least_full')),
    sa.CheckConstraint('least_mean BETWEEN 1 AND 5', name=op.f('ck_delphi_round_least_mean')),
    sa.CheckConstraint('most_variation BETWEEN 0 AND 1', name=op.f('ck_delphi_round_most_variation')),
    sa.CheckConstraint('number IN (1, 2)', name=op.f('ck_delphi_round_number')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_delphi_round_version_id_standard_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delphi_round')),
    sa.UniqueConstraint('version_id', 'number', name=op.f('uq_delphi_round_version_id_number'))
    )
    op.create_table('expert_interview',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('expert_id', sa.Integer(), nullable=False),
    sa.Column('held_on', sa.Date(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], name=op.f('fk_expert_interview_expert_id_expert')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_expert_interview_version_id_standard_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_interview')),
    sa.UniqueConstraint('version_id', 'expert_id', 'held_on', name=op.f('uq_expert_interview_version_id_expert_id_held_on'))
    )
    with op.batch_alter_table('expert_interview', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_expert_interview_expert_id'), ['expert_id'], unique=False)

    op.create_table('program_standard',
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('standard_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('chosen_by_id', sa.Integer(), nullable=False),
    sa.Column('chosen_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['chosen_by_id'], ['user_account.id'], name=op.f('fk_program_standard_chosen_by_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_program_standard_program_id_program')),
    sa.ForeignKeyConstraint(['standard_id'], ['job_standard.id'], name=op.f('fk_program_standard_standard_id_job_standard')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_program_standard_version_id_standard_version')),
    sa.PrimaryKeyConstraint('program_id', 'standard_id', name=op.f('pk_program_standard'))
    )
    with op.batch_alter_table('program_standard', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_program_standard_standard_id'), ['standard_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_program_standard_version_id'), ['version_id'], unique=False)

    op.create_table('standard_signature',
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('side', sa.Enum('college', 'enterprise', name='side', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('signed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_standard_signature_organization_id_organization')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_standard_signature_user_id_user_account')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_standard_signature_version_id_standard_version')),
    sa.PrimaryKeyConstraint('version_id', 'side', name=op.f('pk_standard_signature'))
    )
    op.create_table('standard_task',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.Enum('representative', 'typical', 'learning', 'school', name='taskkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=160), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_standard_task_version_id_standard_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_task')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_standard_task_version_id_key')),
    sa.UniqueConstraint('version_id', 'kind', 'name', name=op.f('uq_standard_task_version_id_kind_name'))
    )
    op.create_table('version_competency',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('dimension', sa.Enum('professional', 'social', 'method', 'values', name='dimension', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('importance', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('required_level', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('levels', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('importance BETWEEN 1 AND 5', name=op.f('ck_version_competency_importance')),
    sa.CheckConstraint('required_level BETWEEN 1 AND 5', name=op.f('ck_version_competency_required_level')),
    sa.ForeignKeyConstraint(['competency_id'], ['standard_competency.id'], name=op.f('fk_version_competency_competency_id_standard_competency')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_version_competency_version_id_standard_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_version_competency')),
    sa.UniqueConstraint('version_id', 'competency_id', name=op.f('uq_version_competency_version_id_competency_id')),
    sa.UniqueConstraint('version_id', 'name', name=op.f('uq_version_competency_version_id_name'))
    )
    with op.batch_alter_table('version_competency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_version_competency_competency_id'), ['competency_id'], unique=False)

    op.create_table('delphi_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('subject_key', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=160), nullable=False),
    sa.Column('raters', sa.Integer(), nullable=False),
    sa.Column('mean', sa.Double(), nullable=True),
    sa.Column('variation', sa.Double(), nullable=True),
    sa.Column('full', sa.Double(), nullable=True),
    sa.Column('verdict', sa.Enum('keep', 'again', 'drop', name='delphi_verdict', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.ForeignKeyConstraint(['round_id'], ['delphi_round.id'], name=op.f('fk_delphi_item_round_id_delphi_round')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delphi_item')),
    sa.UniqueConstraint('round_id', 'subject_key', name=op.f('uq_delphi_item_round_id_subject_key'))
    )
    op.create_table('task_competency',
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['competency_id'], ['standard_competency.id'], name=op.f('fk_task_competency_competency_id_standard_competency')),
    sa.ForeignKeyConstraint(['task_id'], ['standard_task.id'], name=op.f('fk_task_competency_task_id_standard_task')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_task_competency_version_id_standard_version')),
    sa.PrimaryKeyConstraint('task_id', 'competency_id', name=op.f('pk_task_competency'))
    )
    with op.batch_alter_table('task_competency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_competency_competency_id'), ['competency_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_competency_version_id'), ['version_id'], unique=False)

    op.create_table('task_rating',
    sa.Column('interview_id', sa.Integer(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('difficulty', sa.SmallInteger(), nullable=False),
    sa.Column('importance', sa.SmallInteger(), nullable=False),
    sa.Column('frequency', sa.SmallInteger(), nullable=False),
    sa.CheckConstraint('difficulty BETWEEN 1 AND 5', name=op.f('ck_task_rating_difficulty')),
    sa.CheckConstraint('frequency BETWEEN 1 AND 5', name=op.f('ck_task_rating_frequency')),
    sa.CheckConstraint('importance BETWEEN 1 AND 5', name=op.f('ck_task_rating_importance')),
    sa.ForeignKeyConstraint(['interview_id'], ['expert_interview.id'], name=op.f('fk_task_rating_interview_id_expert_interview')),
    sa.ForeignKeyConstraint(['task_id'], ['standard_task.id'], name=op.f('fk_task_rating_task_id_standard_task')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_task_rating_version_id_standard_version')),
    sa.PrimaryKeyConstraint('interview_id', 'task_id', name=op.f('pk_task_rating'))
    )
    with op.batch_alter_table('task_rating', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_rating_task_id'), ['task_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_rating_version_id'), ['version_id'], unique=False)

    op.create_table('task_source',
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['source_id'], ['standard_task.id'], name=op.f('fk_task_source_source_id_standard_task')),
    sa.ForeignKeyConstraint(['task_id'], ['standard_task.id'], name=op.f('fk_task_source_task_id_standard_task')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_task_source_version_id_standard_version')),
    sa.PrimaryKeyConstraint('task_id', 'source_id', name=op.f('pk_task_source'))
    )
    with op.batch_alter_table('task_source', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_source_source_id'), ['source_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_source_version_id'), ['version_id'], unique=False)

    op.create_table('delphi_rating',
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('expert_id', sa.Integer(), nullable=False),
    sa.Column('score', sa.SmallInteger(), nullable=False),
    sa.CheckConstraint('score BETWEEN 1 AND 5', name=op.f('ck_delphi_rating_score')),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], name=op.f('fk_delphi_rating_expert_id_expert')),
    sa.ForeignKeyConstraint(['item_id'], ['delphi_item.id'], name=op.f('fk_delphi_rating_item_id_delphi_item')),
    sa.PrimaryKeyConstraint('item_id', 'expert_id', name=op.f('pk_delphi_rating'))
    )
    with op.batch_alter_table('delphi_rating', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delphi_rating_expert_id'), ['expert_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('delphi_rating', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delphi_rating_expert_id'))

    op.drop_table('delphi_rating')
    with op.batch_alter_table('task_source', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_source_version_id'))
        batch_op.drop_index(batch_op.f('ix_task_source_source_id'))

    op.drop_table('task_source')
    with op.batch_alter_table('task_rating', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_rating_version_id'))
        batch_op.drop_index(batch_op.f('ix_task_rating_task_id'))

    op.drop_table('task_rating')
    with op.batch_alter_table('task_competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_competency_version_id'))
        batch_op.drop_index(batch_op.f('ix_task_competency_competency_id'))

    op.drop_table('task_competency')
    op.drop_table('delphi_item')
    with op.batch_alter_table('version_competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_version_competency_competency_id'))

    op.drop_table('version_competency')
    op.drop_table('standard_task')
    op.drop_table('standard_signature')
    with op.batch_alter_table('program_standard', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_program_standard_version_id'))
        batch_op.drop_index(batch_op.f('ix_program_standard_standard_id'))

    op.drop_table('program_standard')
    with op.batch_alter_table('expert_interview', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_expert_interview_expert_id'))

    op.drop_table('expert_interview')
    op.drop_table('delphi_round')
    with op.batch_alter_table('delphi_panelist', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delphi_panelist_expert_id'))

    op.drop_table('delphi_panelist')
    with op.batch_alter_table('certificate_mapping', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_certificate_mapping_unit_id'))
        batch_op.drop_index(batch_op.f('ix_certificate_mapping_competency_id'))

    op.drop_table('certificate_mapping')
    with op.batch_alter_table('standard_version', schema=None) as batch_op:
        batch_op.drop_index('uq_standard_version_published', sqlite_where=sa.text("state = 'published'"), postgresql_where=sa.text("state = 'published'"))
        batch_op.drop_index('uq_standard_version_draft', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))

    op.drop_table('standard_version')
    with op.batch_alter_table('standard_competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_standard_competency_standard_id'))

    op.drop_table('standard_competency')
    op.drop_table('certificate_unit')
    with op.batch_alter_table('job_standard', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_job_standard_enterprise_id'))
        batch_op.drop_index('ix_job_standard_college_id_post')

    op.drop_table('job_standard')
    with op.batch_alter_table('expert', schema=None) as batch_op:
        batch_op.drop_index('ix_expert_organization_id_occupation')

    op.drop_table('expert')
    op.drop_table('certificate_standard')
