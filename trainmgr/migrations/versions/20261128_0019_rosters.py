"""rosters

Revision: 0019
After: 0018
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sheet_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sheet", sa.String(length=80), nullable=False),
        sa.Column("places", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_draft")),
    )
    with op.batch_alter_table("sheet_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sheet_draft_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sheet_draft_program_id"), ["program_id"], unique=False)

    op.create_table(
        "sheet_matching",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("header", sa.String(length=64), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "kind", "header", name=op.f("pk_sheet_matching")),
    )
    op.create_table(
        "roster_entry",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Boolean(), nullable=False),
        sa.Column("membership", sa.Boolean(), nullable=False),
        sa.Column("related", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_roster_entry_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_roster_entry_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", "row", name=op.f("pk_roster_entry")),
    )
    with op.batch_alter_table("roster_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_entry_enrolment_id"), ["enrolment_id"], unique=False)

    op.create_table(
        "real_name_layout",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_real_name_layout_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_real_name_layout_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("college_id", name=op.f("pk_real_name_layout")),
    )


def downgrade() -> None:
    op.drop_table("real_name_layout")
    with op.batch_alter_table("roster_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_entry_enrolment_id"))

    op.drop_table("roster_entry")
    op.drop_table("sheet_matching")
    with op.batch_alter_table("sheet_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sheet_draft_program_id"))
        batch_op.drop_index(batch_op.f("ix_sheet_draft_by_id"))

    op.drop_table("sheet_draft")
