"""improvement: items with their deeds, findings set aside, changes proposed to plans

Revision: 0034
After: 0033
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "improvement_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "gap",
                "alignment",
                "indicator",
                "maturity",
                "hand",
                name="asidesource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_improvement_aside_reason")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_improvement_aside_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_improvement_aside_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_aside")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_improvement_aside_source_source_key")),
    )
    op.create_index(
        "ix_improvement_aside_program_id", "improvement_aside", ["program_id", "id"], unique=False
    )
    op.create_table(
        "improvement_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "gap",
                "alignment",
                "indicator",
                "maturity",
                "hand",
                name="improvementsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("finding", sa.String(length=1000), nullable=False),
        sa.Column("standard", sa.String(length=300), nullable=False),
        sa.Column("measure_ref", sa.String(length=120), nullable=False),
        sa.Column("measure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "phase",
            sa.Enum(
                "plan",
                "do",
                "check",
                "closed",
                name="improvementphase",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("doer_id", sa.Integer(), nullable=False),
        sa.Column("doer_name", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("plan", sa.String(length=1000), nullable=False),
        sa.Column("evidence_note", sa.String(length=1000), nullable=False),
        sa.Column("evidence_file_id", sa.Integer(), nullable=True),
        sa.Column("evidence_link", sa.String(length=300), nullable=False),
        sa.Column("proposed_change", sa.String(length=500), nullable=False),
        sa.Column("checker_id", sa.Integer(), nullable=True),
        sa.Column("checker_name", sa.String(length=80), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "phase <> 'closed' OR (checker_id IS NOT NULL AND checker_id <> doer_id)",
            name=op.f("ck_improvement_item_checked"),
        ),
        sa.CheckConstraint("phase = 'plan' OR plan <> ''", name=op.f("ck_improvement_item_planned")),
        sa.CheckConstraint(
            "phase NOT IN ('check', 'closed') OR (evidence_note <> '' AND (evidence_file_id IS NOT NULL OR evidence_link <> ''))",
            name=op.f("ck_improvement_item_evidence"),
        ),
        sa.CheckConstraint("title <> '' AND standard <> ''", name=op.f("ck_improvement_item_words")),
        sa.CheckConstraint("round_number > 0", name=op.f("ck_improvement_item_round")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_improvement_item_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["user_account.id"], name=op.f("fk_improvement_item_checker_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["doer_id"], ["user_account.id"], name=op.f("fk_improvement_item_doer_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"],
            ["stored_file.id"],
            name=op.f("fk_improvement_item_evidence_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_improvement_item_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_item")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_improvement_item_source_source_key")),
    )
    op.create_index(
        "ix_improvement_item_doer_id_phase", "improvement_item", ["doer_id", "phase", "due_on"], unique=False
    )
    op.create_index(
        op.f("ix_improvement_item_evidence_file_id"), "improvement_item", ["evidence_file_id"], unique=False
    )
    op.create_index(
        "ix_improvement_item_phase_due_on", "improvement_item", ["phase", "due_on", "id"], unique=False
    )
    op.create_index(
        "ix_improvement_item_program_id_phase",
        "improvement_item",
        ["program_id", "phase", "due_on", "id"],
        unique=False,
    )
    op.create_table(
        "improvement_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column(
            "deed",
            sa.Enum(
                "taken_up",
                "planned",
                "reported",
                "sent_back",
                "closed",
                "reopened",
                "handed_over",
                name="improvementdeed",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_improvement_deed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_improvement_deed_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["improvement_item.id"], name=op.f("fk_improvement_deed_item_id_improvement_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_deed")),
    )
    op.create_index(op.f("ix_improvement_deed_file_id"), "improvement_deed", ["file_id"], unique=False)
    op.create_index("ix_improvement_deed_item_id", "improvement_deed", ["item_id", "id"], unique=False)
    op.create_table(
        "improvement_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "taken",
                "declined",
                name="proposalstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("proposed_change", sa.String(length=500), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=True),
        sa.Column("lineage", sa.String(length=32), nullable=False),
        sa.Column("module_name", sa.String(length=80), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("made_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'declined' OR reason <> ''", name=op.f("ck_improvement_proposal_declined")
        ),
        sa.CheckConstraint(
            "state <> 'taken' OR (lineage <> '' AND module_name <> '')",
            name=op.f("ck_improvement_proposal_taken"),
        ),
        sa.CheckConstraint(
            "state = 'open' OR by_id IS NOT NULL", name=op.f("ck_improvement_proposal_decided")
        ),
        sa.CheckConstraint("hours >= 0", name=op.f("ck_improvement_proposal_hours")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_improvement_proposal_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["improvement_item.id"],
            name=op.f("fk_improvement_proposal_item_id_improvement_item"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_improvement_proposal_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_proposal")),
        sa.UniqueConstraint(
            "item_id",
            "round_number",
            "program_id",
            name=op.f("uq_improvement_proposal_item_id_round_number_program_id"),
        ),
    )
    op.create_index(
        "ix_improvement_proposal_program_id_state",
        "improvement_proposal",
        ["program_id", "state", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Away with them."""
    op.drop_index("ix_improvement_proposal_program_id_state", table_name="improvement_proposal")
    op.drop_table("improvement_proposal")
    op.drop_index(op.f("ix_improvement_deed_file_id"), table_name="improvement_deed")
    op.drop_index("ix_improvement_deed_item_id", table_name="improvement_deed")
    op.drop_table("improvement_deed")
    op.drop_index("ix_improvement_item_doer_id_phase", table_name="improvement_item")
    op.drop_index(op.f("ix_improvement_item_evidence_file_id"), table_name="improvement_item")
    op.drop_index("ix_improvement_item_phase_due_on", table_name="improvement_item")
    op.drop_index("ix_improvement_item_program_id_phase", table_name="improvement_item")
    op.drop_table("improvement_item")
    op.drop_index("ix_improvement_aside_program_id", table_name="improvement_aside")
    op.drop_table("improvement_aside")
