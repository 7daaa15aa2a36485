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
        batch_op.create_index(batch_op.f('ix_job_standard_enterprise_id'), ['enterprise_id'], unique=False)

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
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_standard_version_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['standard_id'], ['job_standard.id'], name=op.f('fk_standard_version_standard_id_job_standard')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_version')),
    sa.UniqueConstraint('standard_id', 'number', name=op.f('uq_standard_version_standard_id_number'))
    )
    with op.batch_alter_table('standard_version', schema=None) as batch_op:
        batch_op.create_index('uq_standard_version_draft', ['standard_id'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
        batch_op.create_index('uq_standard_version_published', ['standard_id'], unique=True, sqlite_where=sa.text("state = 'published'"), postgresql_where=sa.text("state = 'published'"))

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


def downgrade() -> None:
    with op.batch_alter_table('version_competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_version_competency_competency_id'))

    op.drop_table('version_competency')
    with op.batch_alter_table('standard_version', schema=None) as batch_op:
        batch_op.drop_index('uq_standard_version_published', sqlite_where=sa.text("state = 'published'"), postgresql_where=sa.text("state = 'published'"))
        batch_op.drop_index('uq_standard_version_draft', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))

    op.drop_table('standard_version')
    with op.batch_alter_table('standard_competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_standard_competency_standard_id'))

    op.drop_table('standard_competency')
    with op.batch_alter_table('job_standard', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_job_standard_enterprise_id'))

    op.drop_table('job_standard')
