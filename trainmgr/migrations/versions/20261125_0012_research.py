"""research

Revision: 0012
After: 0011
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('study',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('college_id', sa.Integer(), nullable=False),
    sa.Column('major', sa.String(length=80), nullable=False),
    sa.Column('question', sa.String(length=300), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('decision', sa.Enum('add', 'upgrade', 'keep', 'drop', name='decision', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL OR reason <> '')", name=op.f('ck_study_decided')),
    sa.ForeignKeyConstraint(['college_id'], ['organization.id'], name=op.f('fk_study_college_id_organization')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_study_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user_account.id'], name=op.f('fk_study_decided_by_id_user_account')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_study_edition_id_edition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study'))
    )
    with op.batch_alter_table('study', schema=None) as batch_op:
        batch_op.create_index('ix_study_college_id_major', ['college_id', 'major', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_study_edition_id'), ['edition_id'], unique=False)
    op.create_table('study_evidence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('market', 'enterprise', 'graduate', 'policy', 'peer', 'technology', name='evidencekind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('finding', sa.String(length=300), nullable=False),
    sa.Column('figure', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=160), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('year BETWEEN 1990 AND 2100', name=op.f('ck_study_evidence_year')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_study_evidence_by_id_user_account')),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_study_evidence_study_id_study')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study_evidence'))
    )
    with op.batch_alter_table('study_evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_study_evidence_study_id'), ['study_id'], unique=False)
    op.create_table('study_standard',
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_study_standard_study_id_study')),
    sa.ForeignKeyConstraint(['version_id'], ['standard_version.id'], name=op.f('fk_study_standard_version_id_standard_version')),
    sa.PrimaryKeyConstraint('study_id', 'version_id', name=op.f('pk_study_standard'))
    )
    with op.batch_alter_table('study_standard', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_study_standard_version_id'), ['version_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('study_standard', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_study_standard_version_id'))
    op.drop_table('study_standard')
    with op.batch_alter_table('study_evidence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_study_evidence_study_id'))
    op.drop_table('study_evidence')
    with op.batch_alter_table('study', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_study_edition_id'))
        batch_op.drop_index('ix_study_college_id_major')
    op.drop_table('study')
