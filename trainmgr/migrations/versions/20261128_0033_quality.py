"""indicators and dashboards

Revision: 0033
After: 0032
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep indicators, targets and figures; index systems and evaluations by outside assessors."""
    op.create_table(
        "quality_indicator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("definition", sa.String(length=400), nullable=False),
        sa.Column("definition_en", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("source_en", sa.String(length=120), nullable=False),
        sa.Column("unit_name", sa.String(length=20), nullable=False),
        sa.Column("unit_name_en", sa.String(length=30), nullable=False),
        sa.Column(
            "group_name",
            sa.Enum(
                "training",
                "people",
                "quality",
                "employment",
                "cooperation",
                "service",
                "faculty",
                "resources",
                name="qualitygroup",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("golds", sa.JSON(), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column(
            "better",
            sa.Enum("higher", "lower", name="better", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "audience",
            sa.Enum(
                "college",
                "parties",
                "outside",
                name="audience",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_quality_indicator_weight")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_quality_indicator_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_quality_indicator_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_indicator")),
    )
    op.create_index(
        "ix_quality_indicator_college_id_code",
        "quality_indicator",
        ["college_id", "code", "valid_from", "id"],
        unique=False,
    )
    op.create_table(
        "quality_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_quality_target_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_quality_target_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_target")),
    )
    op.create_index(
        "ix_quality_target_college_id_year",
        "quality_target",
        ["college_id", "year", "code", "id"],
        unique=False,
    )
    op.create_table(
        "quality_figure",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column(
            "scope_kind",
            sa.Enum(
                "college",
                "department",
                "program",
                "enterprise",
                name="scopekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("scope_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("numerator", sa.Double(), nullable=False),
        sa.Column("denominator", sa.Double(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_quality_figure_college_id_organization")
        ),
        sa.PrimaryKeyConstraint(
            "college_id", "year", "code", "scope_kind", "scope_id", name=op.f("pk_quality_figure")
        ),
    )
    op.create_index(
        "ix_quality_figure_scope_kind_scope_id",
        "quality_figure",
        ["scope_kind", "scope_id", "college_id", "year"],
        unique=False,
    )
    op.create_table(
        "quality_run",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("computed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_quality_run_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("college_id", "year", name=op.f("pk_quality_run")),
    )
    op.create_table(
        "maturity_tree",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft", "released", name="treestate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("released_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'released') = (released_at IS NOT NULL)", name=op.f("ck_maturity_tree_released")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_maturity_tree_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_maturity_tree_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maturity_tree")),
        sa.UniqueConstraint("college_id", "name", name=op.f("uq_maturity_tree_college_id_name")),
    )
    op.create_table(
        "maturity_index",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tree_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "dimension",
            sa.Enum(
                "results",
                "innovation",
                "cooperation",
                name="maturitydimension",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "quantitative",
                "qualitative",
                name="indexkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("meaning", sa.String(length=300), nullable=False),
        sa.Column("meaning_en", sa.String(length=300), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("indicator", sa.String(length=40), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'quantitative' OR indicator <> ''", name=op.f("ck_maturity_index_indicator")
        ),
        sa.CheckConstraint("weight > 0 AND weight <= 100", name=op.f("ck_maturity_index_weight")),
        sa.ForeignKeyConstraint(
            ["tree_id"], ["maturity_tree.id"], name=op.f("fk_maturity_index_tree_id_maturity_tree")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maturity_index")),
    )
    op.create_index(
        "ix_maturity_index_tree_id_position", "maturity_index", ["tree_id", "position"], unique=False
    )
    op.create_table(
        "maturity_evaluation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("tree_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("house_id", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "submitted",
                "withdrawn",
                name="evaluationstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("level", sa.Double(), nullable=True),
        sa.Column("covered", sa.Double(), nullable=True),
        sa.Column("submitted_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'submitted') = (submitted_at IS NOT NULL)",
            name=op.f("ck_maturity_evaluation_submitted"),
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR withdrawn_reason <> ''", name=op.f("ck_maturity_evaluation_withdrawn")
        ),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_maturity_evaluation_days")),
        sa.ForeignKeyConstraint(
            ["assessor_id"], ["user_account.id"], name=op.f("fk_maturity_evaluation_assessor_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_maturity_evaluation_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_maturity_evaluation_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["house_id"], ["organization.id"], name=op.f("fk_maturity_evaluation_house_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["tree_id"], ["maturity_tree.id"], name=op.f("fk_maturity_evaluation_tree_id_maturity_tree")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maturity_evaluation")),
    )
    op.create_index(
        "ix_maturity_evaluation_assessor_id", "maturity_evaluation", ["assessor_id", "id"], unique=False
    )
    op.create_index(
        "ix_maturity_evaluation_college_id", "maturity_evaluation", ["college_id", "id"], unique=False
    )
    op.create_table(
        "maturity_program",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["maturity_evaluation.id"],
            name=op.f("fk_maturity_program_evaluation_id_maturity_evaluation"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_maturity_program_program_id_program")
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "program_id", name=op.f("pk_maturity_program")),
    )
    op.create_index(op.f("ix_maturity_program_program_id"), "maturity_program", ["program_id"], unique=False)
    op.create_table(
        "maturity_score",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("index_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("numerator", sa.Double(), nullable=True),
        sa.Column("denominator", sa.Double(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_maturity_score_level")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["maturity_evaluation.id"],
            name=op.f("fk_maturity_score_evaluation_id_maturity_evaluation"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_maturity_score_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["index_id"], ["maturity_index.id"], name=op.f("fk_maturity_score_index_id_maturity_index")
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "index_id", name=op.f("pk_maturity_score")),
    )
    op.create_index(op.f("ix_maturity_score_file_id"), "maturity_score", ["file_id"], unique=False)
    op.create_index(op.f("ix_maturity_score_index_id"), "maturity_score", ["index_id"], unique=False)
    op.create_table(
        "maturity_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "strength",
                "weakness",
                name="maturityfindingkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("index_id", sa.Integer(), nullable=True),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("advice", sa.String(length=500), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["maturity_evaluation.id"],
            name=op.f("fk_maturity_finding_evaluation_id_maturity_evaluation"),
        ),
        sa.ForeignKeyConstraint(
            ["index_id"], ["maturity_index.id"], name=op.f("fk_maturity_finding_index_id_maturity_index")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_maturity_finding_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maturity_finding")),
    )
    op.create_index(
        "ix_maturity_finding_evaluation_id", "maturity_finding", ["evaluation_id", "id"], unique=False
    )
    op.create_index(op.f("ix_maturity_finding_index_id"), "maturity_finding", ["index_id"], unique=False)
    op.create_index(op.f("ix_maturity_finding_program_id"), "maturity_finding", ["program_id"], unique=False)


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("maturity_finding")
    op.drop_table("maturity_score")
    op.drop_table("maturity_program")
    op.drop_table("maturity_evaluation")
    op.drop_table("maturity_index")
    op.drop_table("maturity_tree")
    op.drop_table("quality_run")
    op.drop_table("quality_figure")
    op.drop_table("quality_target")
    op.drop_table("quality_indicator")
