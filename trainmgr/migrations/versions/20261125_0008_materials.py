"""materials

Revision: 0008
After: 0007
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('material',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('courseware', 'video', 'document', 'case', 'task', 'regulation', 'contest', 'case_write_up', name='materialkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('occupation', sa.String(length=80), nullable=False),
    sa.Column('collection', sa.String(length=80), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('update_kind', sa.Enum('yearly', 'quarterly', 'immediate', 'tracked', name='updatekind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('retired_on', sa.Date(), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('latest_number', sa.Integer(), nullable=False),
    sa.Column('renewed_on', sa.Date(), nullable=True),
    sa.Column('checked_on', sa.Date(), nullable=True),
    sa.Column('asked_on', sa.Date(), nullable=True),
    sa.Column('counted_from', sa.Date(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_material_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['owner_id'], ['organization.id'], name=op.f('fk_material_owner_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material'))
    )
    with op.batch_alter_table('material', schema=None) as batch_op:
        batch_op.create_index('ix_material_occupation', ['occupation'], unique=False)
        batch_op.create_index('ix_material_owner_id_collection', ['owner_id', 'collection'], unique=False)
        batch_op.create_index('ix_material_owner_id_due_on', ['owner_id', 'due_on', 'id'], unique=False)
        batch_op.create_index('ix_material_owner_id_title', ['owner_id', 'title', 'id'], unique=False)

    op.create_table('material_pack',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('occupation', sa.String(length=80), nullable=False),
    sa.Column('purpose', sa.String(length=300), nullable=False),
    sa.Column('items_count', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_material_pack_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['owner_id'], ['organization.id'], name=op.f('fk_material_pack_owner_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_pack')),
    sa.UniqueConstraint('owner_id', 'name', name=op.f('uq_material_pack_owner_id_name'))
    )
    with op.batch_alter_table('material_pack', schema=None) as batch_op:
        batch_op.create_index('ix_material_pack_occupation', ['occupation'], unique=False)

    op.create_table('update_rule',
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('update_kind', sa.Enum('yearly', 'quarterly', 'immediate', 'tracked', name='updatekind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('share', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('days BETWEEN 1 AND 1825', name=op.f('ck_update_rule_days')),
    sa.CheckConstraint('share BETWEEN 0 AND 100', name=op.f('ck_update_rule_share')),
    sa.ForeignKeyConstraint(['owner_id'], ['organization.id'], name=op.f('fk_update_rule_owner_id_organization')),
    sa.PrimaryKeyConstraint('owner_id', 'update_kind', name=op.f('pk_update_rule'))
    )
    op.create_table('material_share',
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_material_share_material_id_material')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_material_share_organization_id_organization')),
    sa.PrimaryKeyConstraint('material_id', 'organization_id', name=op.f('pk_material_share'))
    )
    with op.batch_alter_table('material_share', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_material_share_organization_id'), ['organization_id'], unique=False)

    op.create_table('material_use',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('lineage', sa.String(length=32), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_material_use_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_material_use_material_id_material')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_material_use_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_use')),
    sa.UniqueConstraint('program_id', 'lineage', 'material_id', name=op.f('uq_material_use_program_id_lineage_material_id'))
    )
    with op.batch_alter_table('material_use', schema=None) as batch_op:
        batch_op.create_index('ix_material_use_material_id_program_id', ['material_id', 'program_id'], unique=False)

    op.create_table('material_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'published', name='materialstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=True),
    sa.Column('link', sa.String(length=500), nullable=False),
    sa.Column('changes', sa.Text(), nullable=False),
    sa.Column('share', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'published') = (published_on IS NOT NULL)", name=op.f('ck_material_version_published')),
    sa.CheckConstraint("file_id IS NULL OR link = ''", name=op.f('ck_material_version_content')),
    sa.CheckConstraint('share BETWEEN 0 AND 100', name=op.f('ck_material_version_share')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_material_version_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_material_version_file_id_stored_file')),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_material_version_material_id_material')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_version')),
    sa.UniqueConstraint('material_id', 'number', name=op.f('uq_material_version_material_id_number'))
    )
    with op.batch_alter_table('material_version', schema=None) as batch_op:
        batch_op.create_index('ix_material_version_file_id', ['file_id'], unique=False)
        batch_op.create_index('ix_material_version_published_on', ['published_on', 'material_id'], unique=False)
        batch_op.create_index('uq_material_version_draft', ['material_id'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))

    op.create_table('pack_item',
    sa.Column('pack_id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_pack_item_material_id_material')),
    sa.ForeignKeyConstraint(['pack_id'], ['material_pack.id'], name=op.f('fk_pack_item_pack_id_material_pack')),
    sa.PrimaryKeyConstraint('pack_id', 'material_id', name=op.f('pk_pack_item'))
    )
    with op.batch_alter_table('pack_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pack_item_material_id'), ['material_id'], unique=False)

    op.create_table('pack_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pack_id', sa.Integer(), nullable=False),
    sa.Column('expert', sa.String(length=80), nullable=False),
    sa.Column('post', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['pack_id'], ['material_pack.id'], name=op.f('fk_pack_note_pack_id_material_pack')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pack_note'))
    )
    with op.batch_alter_table('pack_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pack_note_pack_id'), ['pack_id'], unique=False)

    op.create_table('task_sheet',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('lineage', sa.String(length=32), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('aim', sa.Text(), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('tools', sa.JSON(), nullable=False),
    sa.Column('safety', sa.JSON(), nullable=False),
    sa.Column('standard', sa.JSON(), nullable=False),
    sa.Column('records', sa.JSON(), nullable=False),
    sa.Column('changed_by_id', sa.Integer(), nullable=False),
    sa.Column('changed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['changed_by_id'], ['user_account.id'], name=op.f('fk_task_sheet_changed_by_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_task_sheet_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_sheet')),
    sa.UniqueConstraint('program_id', 'number', name=op.f('uq_task_sheet_program_id_number'))
    )
    with op.batch_alter_table('task_sheet', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_sheet_lineage'), ['lineage'], unique=False)

    op.create_table('case_text',
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('analysis', sa.Text(), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('effect', sa.Text(), nullable=False),
    sa.Column('lessons', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['material_version.id'], name=op.f('fk_case_text_version_id_material_version')),
    sa.PrimaryKeyConstraint('version_id', name=op.f('pk_case_text'))
    )
    op.create_table('material_occasion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('noted_on', sa.Date(), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['answered_by_id'], ['material_version.id'], name=op.f('fk_material_occasion_answered_by_id_material_version')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_material_occasion_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_material_occasion_material_id_material')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_occasion'))
    )
    with op.batch_alter_table('material_occasion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_material_occasion_answered_by_id'), ['answered_by_id'], unique=False)
        batch_op.create_index('ix_material_occasion_material_id_noted_on', ['material_id', 'noted_on'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('material_occasion', schema=None) as batch_op:
        batch_op.drop_index('ix_material_occasion_material_id_noted_on')
        batch_op.drop_index(batch_op.f('ix_material_occasion_answered_by_id'))

    op.drop_table('material_occasion')
    op.drop_table('case_text')
    with op.batch_alter_table('task_sheet', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_sheet_lineage'))

    op.drop_table('task_sheet')
    with op.batch_alter_table('pack_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_pack_note_pack_id'))

    op.drop_table('pack_note')
    with op.batch_alter_table('pack_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_pack_item_material_id'))

    op.drop_table('pack_item')
    with op.batch_alter_table('material_version', schema=None) as batch_op:
        batch_op.drop_index('uq_material_version_draft', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
        batch_op.drop_index('ix_material_version_published_on')
        batch_op.drop_index('ix_material_version_file_id')

    op.drop_table('material_version')
    with op.batch_alter_table('material_use', schema=None) as batch_op:
        batch_op.drop_index('ix_material_use_material_id_program_id')

    op.drop_table('material_use')
    with op.batch_alter_table('material_share', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_material_share_organization_id'))

    op.drop_table('material_share')
    op.drop_table('update_rule')
    with op.batch_alter_table('material_pack', schema=None) as batch_op:
        batch_op.drop_index('ix_material_pack_occupation')

    op.drop_table('material_pack')
    with op.batch_alter_table('material', schema=None) as batch_op:
        batch_op.drop_index('ix_material_owner_id_title')
        batch_op.drop_index('ix_material_owner_id_due_on')
        batch_op.drop_index('ix_material_owner_id_collection')
        batch_op.drop_index('ix_material_occupation')

    op.drop_table('material')
