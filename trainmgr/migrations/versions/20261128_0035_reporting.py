"""evidence packs; texts, cases, templates and versions of annual reports

Revision: 0035
After: 0034
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

YEAR = "year BETWEEN 2000 AND 2099"
CHAPTERS = ("overview", "talent", "service", "culture", "international", "cooperation", "assurance", "outlook")


def _chapter(name):
    return sa.Enum(*CHAPTERS, name=name, native_enum=False, create_constraint=True, length=32)


def _by():
    return [
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    ]


def _to(table, column, other, **more):
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", **more)


def upgrade() -> None:
    """Five tables; nothing that exists changes."""
    op.create_table(
        "evidence_pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        *_by(),
        sa.Column("file_id", sa.Integer(), nullable=True),
        _to("evidence_pack", "by_id", "user_account"),
        _to("evidence_pack", "enrolment_id", "enrolment"),
        _to("evidence_pack", "file_id", "stored_file"),
        _to("evidence_pack", "program_id", "program"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_pack"),
    )
    with op.batch_alter_table("evidence_pack") as batch_op:
        batch_op.create_index("ix_evidence_pack_digest", ["digest"])
        batch_op.create_index("ix_evidence_pack_enrolment_id", ["enrolment_id"])
        batch_op.create_index("ix_evidence_pack_file_id", ["file_id"])
        batch_op.create_index("ix_evidence_pack_program_id_id", ["program_id", "id"])
    op.create_table(
        "report_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("chapter", _chapter("reportchapter"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        *_by(),
        sa.CheckConstraint(YEAR, name="year"),
        _to("report_text", "by_id", "user_account"),
        _to("report_text", "college_id", "organization"),
        sa.PrimaryKeyConstraint("id", name="pk_report_text"),
        sa.UniqueConstraint(
            "college_id", "year", "chapter", "number", name="uq_report_text_college_id_year_chapter_number"
        ),
    )
    op.create_table(
        "report_case",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("chapter", _chapter("casechapter"), nullable=False),
        sa.CheckConstraint(YEAR, name="year"),
        _to("report_case", "college_id", "organization"),
        _to("report_case", "material_id", "material", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("college_id", "year", "material_id", name="pk_report_case"),
    )
    with op.batch_alter_table("report_case") as batch_op:
        batch_op.create_index("ix_report_case_material_id", ["material_id"])
    op.create_table(
        "report_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.JSON(), nullable=False),
        *_by(),
        _to("report_template", "by_id", "user_account"),
        _to("report_template", "college_id", "organization"),
        _to("report_template", "file_id", "stored_file"),
        sa.PrimaryKeyConstraint("id", name="pk_report_template"),
        sa.UniqueConstraint("college_id", "number", name="uq_report_template_college_id_number"),
    )
    with op.batch_alter_table("report_template") as batch_op:
        batch_op.create_index("ix_report_template_file_id", ["file_id"])
        batch_op.create_index(
            "uq_report_template_present", ["college_id"], unique=True,
            sqlite_where=sa.text("is_present"), postgresql_where=sa.text("is_present"),
        )
    op.create_table(
        "annual_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("template_number", sa.Integer(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        *_by(),
        sa.CheckConstraint(YEAR, name="year"),
        _to("annual_report", "by_id", "user_account"),
        _to("annual_report", "college_id", "organization"),
        _to("annual_report", "file_id", "stored_file"),
        sa.PrimaryKeyConstraint("id", name="pk_annual_report"),
        sa.UniqueConstraint("college_id", "year", "number", name="uq_annual_report_college_id_year_number"),
    )
    with op.batch_alter_table("annual_report") as batch_op:
        batch_op.create_index("ix_annual_report_file_id", ["file_id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("annual_report", "report_template", "report_case", "report_text", "evidence_pack"):
        op.drop_table(table)
