"""curriculum alignment

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alignment_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("lineage", sa.String(length=32), nullable=False),
        sa.Column(
            "alignment",
            sa.Enum(
                "goals",
                "content",
                "scene",
                "assessment",
                "textbook",
                name="alignment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "verdict",
            sa.Enum(
                "in_step",
                "out_of_step",
                name="alignmentverdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until > checked_on", name=op.f("ck_alignment_check_validity")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_alignment_check_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_alignment_check_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alignment_check")),
    )
    op.create_index(
        "ix_alignment_check_program_id_lineage", "alignment_check", ["program_id", "lineage", "alignment"]
    )
    with op.batch_alter_table("edition") as batch_op:
        batch_op.add_column(sa.Column("signed_document", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("edition") as batch_op:
        batch_op.drop_column("signed_document")
    op.drop_table("alignment_check")
