"""moderation and appeals

Revision: 0027
After: 0026
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moderation_setting",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("talk_days", sa.Integer(), nullable=False),
        sa.Column("appeal_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "talk_days BETWEEN 1 AND 60 AND appeal_days BETWEEN 1 AND 60",
            name=op.f("ck_moderation_setting_days"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_moderation_setting_program_id_program")
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_moderation_setting")),
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("grounds", sa.String(length=1000), nullable=False),
        sa.Column("made_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "upheld",
                "rejected",
                name="appealstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.Column("answered_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name=op.f("ck_appeal_answered")),
        sa.CheckConstraint("grounds <> ''", name=op.f("ck_appeal_grounds")),
        sa.CheckConstraint("state = 'open' OR answer <> ''", name=op.f("ck_appeal_answer")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_appeal_answered_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_appeal_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_appeal_program_id_program")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["evaluation_window.id"], name=op.f("fk_appeal_window_id_evaluation_window")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("window_id", "enrolment_id", name=op.f("uq_appeal_window_id_enrolment_id")),
    )
    op.create_index("ix_appeal_enrolment_id", "appeal", ["enrolment_id"], unique=False)
    op.create_index("ix_appeal_program_id_state", "appeal", ["program_id", "state", "id"], unique=False)
    op.create_table(
        "moderation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "talk",
                "decide",
                "closed",
                name="moderationstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "ending",
            sa.Enum(
                "agreed",
                "decided",
                "settled",
                name="ending",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("gap", sa.Double(), nullable=False),
        sa.Column("opened_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("answer_until", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_moderation_closed")),
        sa.CheckConstraint("(state = 'closed') = (ending IS NOT NULL)", name=op.f("ck_moderation_ended")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_moderation_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_moderation_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["window_id"], ["evaluation_window.id"], name=op.f("fk_moderation_window_id_evaluation_window")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation")),
    )
    op.create_index(
        "ix_moderation_enrolment_id_window_id", "moderation", ["enrolment_id", "window_id"], unique=False
    )
    op.create_index(
        "ix_moderation_program_id_state", "moderation", ["program_id", "state", "id"], unique=False
    )
    op.create_index("ix_moderation_state_answer_until", "moderation", ["state", "answer_until"], unique=False)
    op.create_index(
        "uq_moderation_live",
        "moderation",
        ["window_id", "enrolment_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "moderation_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("moderation_id", sa.Integer(), nullable=True),
        sa.Column("appeal_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "keep",
                "take",
                "set",
                name="decisionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "party",
            sa.Enum(
                "trainee",
                "enterprise",
                "teacher",
                name="party",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("before", sa.Double(), nullable=True),
        sa.Column("after", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'take') = (party IS NOT NULL)", name=op.f("ck_moderation_decision_taken_party")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_moderation_decision_reason")),
        sa.CheckConstraint(
            "(moderation_id IS NULL) <> (appeal_id IS NULL)", name=op.f("ck_moderation_decision_about")
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_moderation_decision_appeal_id_appeal")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_moderation_decision_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_moderation_decision_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["moderation_id"], ["moderation.id"], name=op.f("fk_moderation_decision_moderation_id_moderation")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_moderation_decision_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["window_id"],
            ["evaluation_window.id"],
            name=op.f("fk_moderation_decision_window_id_evaluation_window"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_decision")),
        sa.UniqueConstraint("appeal_id", name=op.f("uq_moderation_decision_appeal_id")),
        sa.UniqueConstraint("moderation_id", name=op.f("uq_moderation_decision_moderation_id")),
    )
    op.create_index(
        "ix_moderation_decision_enrolment_id", "moderation_decision", ["enrolment_id"], unique=False
    )
    op.create_index(
        op.f("ix_moderation_decision_program_id"), "moderation_decision", ["program_id"], unique=False
    )
    op.create_index(
        "ix_moderation_decision_window_id_enrolment_id",
        "moderation_decision",
        ["window_id", "enrolment_id"],
        unique=False,
    )
    op.create_table(
        "moderation_side",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("moderation_id", sa.Integer(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "trainee",
                "enterprise",
                "teacher",
                name="party",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("rater_name", sa.String(length=80), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(
                "waiting",
                "kept",
                "revised",
                "absent",
                name="sideanswer",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("answered_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revised_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(answer = 'revised') = (revised_id IS NOT NULL)", name=op.f("ck_moderation_side_revised")
        ),
        sa.CheckConstraint(
            "(answer IN ('waiting', 'absent')) = (answered_at IS NULL)",
            name=op.f("ck_moderation_side_answered"),
        ),
        sa.CheckConstraint(
            "answer IN ('waiting', 'absent') OR reason <> ''", name=op.f("ck_moderation_side_reason")
        ),
        sa.ForeignKeyConstraint(
            ["moderation_id"], ["moderation.id"], name=op.f("fk_moderation_side_moderation_id_moderation")
        ),
        sa.ForeignKeyConstraint(
            ["rater_id"], ["user_account.id"], name=op.f("fk_moderation_side_rater_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["revised_id"], ["rating.id"], name=op.f("fk_moderation_side_revised_id_rating")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_side")),
        sa.UniqueConstraint("moderation_id", "party", name=op.f("uq_moderation_side_moderation_id_party")),
    )
    op.create_index(
        "ix_moderation_side_rater_id_answer", "moderation_side", ["rater_id", "answer"], unique=False
    )


def downgrade() -> None:
    op.drop_table("moderation_side")
    op.drop_table("moderation_decision")
    op.drop_table("moderation")
    op.drop_table("appeal")
    op.drop_table("moderation_setting")
