"""needs lanes

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('business_need',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('source', sa.String(length=120), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_business_need_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_business_need'))
    )
    with op.batch_alter_table('business_need', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_business_need_program_id'), ['program_id'], unique=False)
    op.create_table('lane_product',
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.Enum('standard', 'instrument', 'test', 'report', 'weaknesses', 'priorities', 'business_need', 'expected', 'current', 'gap', 'benchmark', 'shortfalls', name='lanestep', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('college_owner_id', sa.Integer(), nullable=True),
    sa.Column('enterprise_owner_id', sa.Integer(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('done', sa.Boolean(), nullable=False),
    sa.Column('made', sa.String(length=200), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('endpoint', sa.String(length=80), nullable=False),
    sa.Column('args', sa.JSON(), nullable=False),
    sa.Column('done_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['college_owner_id'], ['user_account.id'], name=op.f('fk_lane_product_college_owner_id_user_account')),
    sa.ForeignKeyConstraint(['enterprise_owner_id'], ['user_account.id'], name=op.f('fk_lane_product_enterprise_owner_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_lane_product_program_id_program')),
    sa.PrimaryKeyConstraint('program_id', 'step', name=op.f('pk_lane_product'))
    )
    op.create_table('weight_proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('trainee_weight', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('state', sa.Enum('open', 'accepted', 'refused', 'withdrawn', name='weightstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('side', sa.Enum('college', 'enterprise', name='side', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.String(length=300), nullable=False),
    sa.CheckConstraint('trainee_weight BETWEEN 0 AND 100', name=op.f('ck_weight_proposal_trainee_weight')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['user_account.id'], name=op.f('fk_weight_proposal_answered_by_id_user_account')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_weight_proposal_by_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_weight_proposal_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weight_proposal'))
    )
    with op.batch_alter_table('weight_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_weight_proposal_program_id'), ['program_id'], unique=False)
        batch_op.create_index('uq_weight_proposal_open', ['program_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('indicator_figure',
    sa.Column('indicator_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('value', sa.Numeric(precision=14, scale=4), nullable=False),
    sa.ForeignKeyConstraint(['indicator_id'], ['enterprise_indicator.id'], name=op.f('fk_indicator_figure_indicator_id_enterprise_indicator')),
    sa.PrimaryKeyConstraint('indicator_id', 'month', name=op.f('pk_indicator_figure'))
    )
    with op.batch_alter_table('competency', schema=None) as batch_op:
        batch_op.add_column(sa.Column('post', sa.String(length=80), server_default='', nullable=False))
        batch_op.add_column(sa.Column('standard_competency_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('level_source', sa.Enum('typed', 'rated', 'tested', 'none', name='levelsource', native_enum=False, create_constraint=True, length=32), server_default='typed', nullable=False))
        batch_op.add_column(sa.Column('below', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('above', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_check_constraint(batch_op.f('ck_competency_ranks'), 'below >= 0 AND above >= 0')
        batch_op.create_index(batch_op.f('ix_competency_standard_competency_id'), ['standard_competency_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_competency_standard_competency_id_standard_competency'), 'standard_competency', ['standard_competency_id'], ['id'])
    with op.batch_alter_table('enterprise_indicator', schema=None) as batch_op:
        batch_op.add_column(sa.Column('need_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('series_rule', sa.Enum('typed', 'latest', 'mean', 'sum', name='seriesrule', native_enum=False, create_constraint=True, length=32), server_default='typed', nullable=False))
        batch_op.create_index(batch_op.f('ix_enterprise_indicator_need_id'), ['need_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_enterprise_indicator_need_id_business_need'), 'business_need', ['need_id'], ['id'])

    _say_where_levels_come_from()



def _say_where_levels_come_from() -> None:
    """Levels that respondents rated are known as such, with how many of them lie below and above what is required."""
    ratings = "SELECT count(*) FROM competency_rating r WHERE r.competency_id = competency.id AND r.attainment"
    op.execute(
        "UPDATE competency SET level_source = 'rated', "
        f"below = ({ratings} < competency.required_level), above = ({ratings} > competency.required_level) "
        "WHERE respondents > 0"
    )


def downgrade() -> None:
    with op.batch_alter_table('enterprise_indicator', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_enterprise_indicator_need_id_business_need'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_enterprise_indicator_need_id'))
        batch_op.drop_constraint(batch_op.f('ck_enterprise_indicator_seriesrule'), type_='check')
        batch_op.drop_column('series_rule')
        batch_op.drop_column('need_id')
    with op.batch_alter_table('competency', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_competency_standard_competency_id_standard_competency'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_competency_standard_competency_id'))
        batch_op.drop_constraint(batch_op.f('ck_competency_ranks'), type_='check')
        batch_op.drop_column('above')
        batch_op.drop_column('below')
        batch_op.drop_constraint(batch_op.f('ck_competency_levelsource'), type_='check')
        batch_op.drop_column('level_source')
        batch_op.drop_column('standard_competency_id')
        batch_op.drop_column('post')
    op.drop_table('indicator_figure')
    with op.batch_alter_table('weight_proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_weight_proposal_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_weight_proposal_program_id'))
    op.drop_table('weight_proposal')
    op.drop_table('lane_product')
    with op.batch_alter_table('business_need', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_business_need_program_id'))
    op.drop_table('business_need')
