"""what gates ask for, remedial plans of several tasks; counsellors, individual plans, tutoring, points and awards

Revision: 0025
After: 0024
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

LATEST = sa.text("is_latest")


def upgrade() -> None:
    """Every remedial judgement becomes a plan of one task; a task that was reported as done counts as accepted."""
    _create()
    with op.batch_alter_table("gate_decision") as batch_op:
        batch_op.drop_index("uq_gate_decision_latest")
        batch_op.add_column(sa.Column("findings", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("waiver", sa.String(length=300), nullable=False, server_default=""))
    with op.batch_alter_table("gate_decision") as batch_op:
        batch_op.alter_column("findings", server_default=None)
        batch_op.alter_column("waiver", server_default=None)
    _unique_latest()
    op.execute(
        "INSERT INTO remedial_task"
        " (program_id, enrolment_id, decision_id, position, what, partner, due_on, state, version)"
        " SELECT program_id, enrolment_id, id, 1, remedial_task, '', remedial_due_on,"
        " CASE WHEN remedial_done_on IS NULL THEN 'open' ELSE 'accepted' END, 1"
        " FROM gate_decision WHERE outcome = 'remedial'"
    )
    _lead_to_tasks()


def _lead_to_tasks() -> None:
    """What was due from a trainee led to the trainee's page; now it leads to the task."""
    op.execute("DELETE FROM due WHERE code = 'remedial'")
    rows = (
        op.get_bind()
        .execute(
            sa.text(
                "SELECT t.id, t.program_id, t.what, t.due_on, d.stage_number, d.at, e.user_id FROM remedial_task t"
                " JOIN gate_decision d ON d.id = t.decision_id JOIN enrolment e ON e.id = t.enrolment_id"
                " WHERE t.state = 'open' AND d.is_latest AND e.state IN ('training', 'remedial')"
            ).columns(due_on=sa.Date(), at=trainmgr.kernel.db.UTCDateTime())
        )
        .all()
    )
    due = sa.table(
        "due", *(sa.column(name) for name in ("key", "program_id", "code", "user_id", "subject_id", "amount")),
        sa.column("params", sa.JSON()), sa.column("visible_from", sa.Date()), sa.column("due_on", sa.Date()),
        sa.column("paused", sa.Boolean()), sa.column("reminded_by"),
    )  # fmt: skip
    values = [
        {
            "key": f"{row.program_id}:remedial:u{row.user_id}:{row.id}", "program_id": row.program_id,
            "code": "remedial", "user_id": row.user_id, "subject_id": row.id, "amount": 1,
            "params": {"stage": row.stage_number, "task": row.what}, "visible_from": row.at.date(),
            "due_on": row.due_on, "paused": False, "reminded_by": "",
        }
        for row in rows
    ]  # fmt: skip
    if values:
        op.bulk_insert(due, values)


def _unique_latest() -> None:
    op.create_index(
        "uq_gate_decision_latest",
        "gate_decision",
        ["enrolment_id", "stage_number"],
        unique=True,
        sqlite_where=LATEST,
        postgresql_where=LATEST,
    )


def _create() -> None:
    op.create_table(
        "gate_condition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("stage_number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "hours",
                "attendance",
                "test",
                "practical",
                "logs",
                name="conditionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("limit_value", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("instrument_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "limit_value IS NULL OR limit_value > 0", name=op.f("ck_gate_condition_limit_value")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_gate_condition_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_gate_condition_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_gate_condition_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_condition")),
        sa.UniqueConstraint(
            "program_id",
            "stage_number",
            "kind",
            "valid_from",
            name=op.f("uq_gate_condition_program_id_stage_number_kind_valid_from"),
        ),
    )
    with op.batch_alter_table("gate_condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gate_condition_instrument_id"), ["instrument_id"], unique=False)

    op.create_table(
        "guidance_setting",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("most_guided", sa.Integer(), nullable=False),
        sa.Column(
            "ranking",
            sa.Enum("own", "top", name="ranking", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("weekly_for_one", sa.Integer(), nullable=False),
        sa.Column("weekly_for_all", sa.Integer(), nullable=False),
        sa.Column("looked_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("most_guided > 0", name=op.f("ck_guidance_setting_most_guided")),
        sa.CheckConstraint(
            "weekly_for_one > 0 AND weekly_for_all > 0", name=op.f("ck_guidance_setting_weekly")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_guidance_setting_program_id_program")
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_guidance_setting")),
    )
    op.create_table(
        "point_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "college", "enterprise", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "aspect",
            sa.Enum(
                "conduct",
                "values",
                "diligence",
                "skill",
                "teamwork",
                "safety",
                name="aspect",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points <> 0 AND points BETWEEN -20 AND 20", name=op.f("ck_point_rule_points")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_point_rule_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_point_rule_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_rule")),
    )
    with op.batch_alter_table("point_rule", schema=None) as batch_op:
        batch_op.create_index("ix_point_rule_program_id_side", ["program_id", "side", "id"], unique=False)

    op.create_table(
        "risk_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "attendance",
                "silent",
                "gate",
                "behind",
                "test",
                "overdue",
                "returned",
                name="riskcode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("limit_value", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_risk_rule_by_id_user_account")),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_risk_rule_program_id_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_rule")),
    )
    with op.batch_alter_table("risk_rule", schema=None) as batch_op:
        batch_op.create_index("ix_risk_rule_program_id_code", ["program_id", "code", "id"], unique=False)

    op.create_table(
        "counsel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "college", "enterprise", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(cohort_id IS NULL) <> (enrolment_id IS NULL)", name=op.f("ck_counsel_whom")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_counsel_days")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_counsel_by_id_user_account")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_counsel_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_counsel_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_counsel_program_id_program")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_counsel_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counsel")),
    )
    with op.batch_alter_table("counsel", schema=None) as batch_op:
        batch_op.create_index("ix_counsel_program_id_user_id", ["program_id", "user_id"], unique=False)
        batch_op.create_index("ix_counsel_user_id", ["user_id", "until"], unique=False)
        batch_op.create_index(
            "uq_counsel_cohort_id_side",
            ["cohort_id", "side"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )
        batch_op.create_index(
            "uq_counsel_enrolment_id_side",
            ["enrolment_id", "side"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )

    op.create_table(
        "guidance_award",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "college", "enterprise", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "scholarship",
                "title",
                "prize",
                name="awardkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("awarded_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name=op.f("ck_guidance_award_amount")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_guidance_award_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_guidance_award_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_guidance_award_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guidance_award")),
    )
    with op.batch_alter_table("guidance_award", schema=None) as batch_op:
        batch_op.create_index("ix_guidance_award_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_guidance_award_program_id_awarded_on", ["program_id", "awarded_on", "id"], unique=False
        )

    op.create_table(
        "point_consent",
        sa.Column("enrolment_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
            name=op.f("fk_point_consent_enrolment_id_enrolment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_point_consent")),
    )
    op.create_table(
        "point_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "college", "enterprise", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cancels_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cancels_id IS NULL OR note <> ''", name=op.f("ck_point_entry_cancels")),
        sa.CheckConstraint("points <> 0", name=op.f("ck_point_entry_points")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_point_entry_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["cancels_id"], ["point_entry.id"], name=op.f("fk_point_entry_cancels_id_point_entry")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_point_entry_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_point_entry_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["point_rule.id"], name=op.f("fk_point_entry_rule_id_point_rule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_entry")),
        sa.UniqueConstraint("cancels_id", name=op.f("uq_point_entry_cancels_id")),
    )
    with op.batch_alter_table("point_entry", schema=None) as batch_op:
        batch_op.create_index("ix_point_entry_by_id_day", ["by_id", "day"], unique=False)
        batch_op.create_index("ix_point_entry_enrolment_id_day", ["enrolment_id", "day", "id"], unique=False)
        batch_op.create_index("ix_point_entry_program_id_day", ["program_id", "day", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_point_entry_rule_id"), ["rule_id"], unique=False)

    op.create_table(
        "study_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "collect",
                "plan",
                "decide",
                "do",
                "check",
                "evaluate",
                "closed",
                name="planstep",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(step = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_study_plan_closed")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_study_plan_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_study_plan_opened_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_study_plan_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_plan")),
        sa.UniqueConstraint("enrolment_id", "number", name=op.f("uq_study_plan_enrolment_id_number")),
    )
    with op.batch_alter_table("study_plan", schema=None) as batch_op:
        batch_op.create_index("ix_study_plan_program_id_step", ["program_id", "step", "id"], unique=False)
        batch_op.create_index(
            "uq_study_plan_running",
            ["enrolment_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "tutoring_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("tutor_id", sa.Integer(), nullable=False),
        sa.Column("tutor_name", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "done",
                "called_off",
                name="tutoringstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("result", sa.String(length=500), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_on IS NULL)", name=op.f("ck_tutoring_task_ended")),
        sa.CheckConstraint("state = 'open' OR result <> ''", name=op.f("ck_tutoring_task_result")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_tutoring_task_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_tutoring_task_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_tutoring_task_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["tutor_id"], ["user_account.id"], name=op.f("fk_tutoring_task_tutor_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tutoring_task")),
    )
    with op.batch_alter_table("tutoring_task", schema=None) as batch_op:
        batch_op.create_index("ix_tutoring_task_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_tutoring_task_program_id_state_due_on", ["program_id", "state", "due_on", "id"], unique=False
        )
        batch_op.create_index("ix_tutoring_task_tutor_id_state", ["tutor_id", "state"], unique=False)

    op.create_table(
        "award_withdrawal",
        sa.Column("award_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["guidance_award.id"], name=op.f("fk_award_withdrawal_award_id_guidance_award")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_award_withdrawal_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_award_withdrawal")),
    )
    op.create_table(
        "plan_goal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("seen_by", sa.String(length=200), nullable=False),
        sa.Column("competency_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["competency_id"], ["competency.id"], name=op.f("fk_plan_goal_competency_id_competency")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["study_plan.id"], name=op.f("fk_plan_goal_plan_id_study_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_goal")),
        sa.UniqueConstraint(
            "plan_id", "revision", "position", name=op.f("uq_plan_goal_plan_id_revision_position")
        ),
    )
    with op.batch_alter_table("plan_goal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_goal_competency_id"), ["competency_id"], unique=False)

    op.create_table(
        "plan_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "collect",
                "plan",
                "decide",
                "do",
                "check",
                "evaluate",
                "closed",
                name="planstep",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "voice",
            sa.Enum(
                "trainee",
                "college",
                "enterprise",
                name="voice",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_plan_record_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["study_plan.id"], name=op.f("fk_plan_record_plan_id_study_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_record")),
    )
    with op.batch_alter_table("plan_record", schema=None) as batch_op:
        batch_op.create_index("ix_plan_record_plan_id", ["plan_id", "id"], unique=False)

    op.create_table(
        "plan_signature",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "voice",
            sa.Enum(
                "trainee",
                "college",
                "enterprise",
                name="voice",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_plan_signature_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["study_plan.id"], name=op.f("fk_plan_signature_plan_id_study_plan")
        ),
        sa.PrimaryKeyConstraint("plan_id", "revision", "voice", name=op.f("pk_plan_signature")),
    )
    with op.batch_alter_table("plan_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_signature_by_id"), ["by_id"], unique=False)

    op.create_table(
        "remedial_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column(
            "condition",
            sa.Enum(
                "hours",
                "attendance",
                "test",
                "practical",
                "logs",
                name="conditionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("module_id", sa.Integer(), nullable=True),
        sa.Column("material_id", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "reported",
                "accepted",
                name="taskstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name=op.f("ck_remedial_task_minutes")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["gate_decision.id"], name=op.f("fk_remedial_task_decision_id_gate_decision")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_remedial_task_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["material_id"], ["material.id"], name=op.f("fk_remedial_task_material_id_material")
        ),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_remedial_task_module_id_module")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_remedial_task_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedial_task")),
        sa.UniqueConstraint("decision_id", "position", name=op.f("uq_remedial_task_decision_id_position")),
    )
    with op.batch_alter_table("remedial_task", schema=None) as batch_op:
        batch_op.create_index("ix_remedial_task_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_remedial_task_material_id"), ["material_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_remedial_task_module_id"), ["module_id"], unique=False)
        batch_op.create_index(
            "ix_remedial_task_program_id_state_due_on", ["program_id", "state", "due_on", "id"], unique=False
        )

    op.create_table(
        "risk_sign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "attendance",
                "silent",
                "gate",
                "behind",
                "test",
                "overdue",
                "returned",
                name="riskcode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "accepted",
                "dismissed",
                "gone",
                name="signstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("quiet_until", sa.Date(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state <> 'accepted' OR task_id IS NOT NULL", name=op.f("ck_risk_sign_accepted")),
        sa.CheckConstraint(
            "state <> 'dismissed' OR (reason <> '' AND quiet_until IS NOT NULL)",
            name=op.f("ck_risk_sign_dismissed"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_risk_sign_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_risk_sign_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_risk_sign_program_id_program")),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tutoring_task.id"], name=op.f("fk_risk_sign_task_id_tutoring_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_sign")),
    )
    with op.batch_alter_table("risk_sign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_sign_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index("ix_risk_sign_program_id_state", ["program_id", "state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_sign_task_id"), ["task_id"], unique=False)
        batch_op.create_index(
            "uq_risk_sign_open",
            ["enrolment_id", "code"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "study_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_note", sa.String(length=300), nullable=False),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["done_by_id"], ["user_account.id"], name=op.f("fk_study_task_done_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["study_plan.id"], name=op.f("fk_study_task_plan_id_study_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_task")),
        sa.UniqueConstraint(
            "plan_id", "revision", "position", name=op.f("uq_study_task_plan_id_revision_position")
        ),
    )
    op.create_table(
        "goal_check",
        sa.Column("goal_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "reached",
            sa.Enum(
                "yes", "partly", "no", name="reached", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("evidence", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_goal_check_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["goal_id"], ["plan_goal.id"], name=op.f("fk_goal_check_goal_id_plan_goal")),
        sa.PrimaryKeyConstraint("goal_id", name=op.f("pk_goal_check")),
    )
    op.create_table(
        "remedial_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_remedial_report_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_remedial_report_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["remedial_task.id"], name=op.f("fk_remedial_report_task_id_remedial_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedial_report")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_remedial_report_task_id_number")),
    )
    with op.batch_alter_table("remedial_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remedial_report_file_id"), ["file_id"], unique=False)

    op.create_table(
        "remedial_check",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("accepted OR comment <> ''", name=op.f("ck_remedial_check_comment")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_remedial_check_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["remedial_report.id"], name=op.f("fk_remedial_check_report_id_remedial_report")
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_remedial_check")),
    )
    with op.batch_alter_table("remedial_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remedial_check_by_id"), ["by_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("gate_decision") as batch_op:
        batch_op.drop_index("uq_gate_decision_latest")
        batch_op.drop_column("waiver")
        batch_op.drop_column("findings")
    _unique_latest()
    op.execute(
        "DELETE FROM due WHERE code IN"
        " ('remedial', 'remedial-to-check', 'plan-next', 'plan-tasks', 'tutoring', 'risk-signs')"
    )
    with op.batch_alter_table("remedial_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remedial_check_by_id"))

    op.drop_table("remedial_check")
    with op.batch_alter_table("remedial_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remedial_report_file_id"))

    op.drop_table("remedial_report")
    op.drop_table("goal_check")
    op.drop_table("study_task")
    with op.batch_alter_table("risk_sign", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_risk_sign_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_risk_sign_task_id"))
        batch_op.drop_index("ix_risk_sign_program_id_state")
        batch_op.drop_index(batch_op.f("ix_risk_sign_enrolment_id"))

    op.drop_table("risk_sign")
    with op.batch_alter_table("remedial_task", schema=None) as batch_op:
        batch_op.drop_index("ix_remedial_task_program_id_state_due_on")
        batch_op.drop_index(batch_op.f("ix_remedial_task_module_id"))
        batch_op.drop_index(batch_op.f("ix_remedial_task_material_id"))
        batch_op.drop_index("ix_remedial_task_enrolment_id")

    op.drop_table("remedial_task")
    with op.batch_alter_table("plan_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_signature_by_id"))

    op.drop_table("plan_signature")
    with op.batch_alter_table("plan_record", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_record_plan_id")

    op.drop_table("plan_record")
    with op.batch_alter_table("plan_goal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_goal_competency_id"))

    op.drop_table("plan_goal")
    op.drop_table("award_withdrawal")
    with op.batch_alter_table("tutoring_task", schema=None) as batch_op:
        batch_op.drop_index("ix_tutoring_task_tutor_id_state")
        batch_op.drop_index("ix_tutoring_task_program_id_state_due_on")
        batch_op.drop_index("ix_tutoring_task_enrolment_id")

    op.drop_table("tutoring_task")
    with op.batch_alter_table("study_plan", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_study_plan_running",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.drop_index("ix_study_plan_program_id_step")

    op.drop_table("study_plan")
    with op.batch_alter_table("point_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_point_entry_rule_id"))
        batch_op.drop_index("ix_point_entry_program_id_day")
        batch_op.drop_index("ix_point_entry_enrolment_id_day")
        batch_op.drop_index("ix_point_entry_by_id_day")

    op.drop_table("point_entry")
    op.drop_table("point_consent")
    with op.batch_alter_table("guidance_award", schema=None) as batch_op:
        batch_op.drop_index("ix_guidance_award_program_id_awarded_on")
        batch_op.drop_index("ix_guidance_award_enrolment_id")

    op.drop_table("guidance_award")
    with op.batch_alter_table("counsel", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_counsel_enrolment_id_side",
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )
        batch_op.drop_index(
            "uq_counsel_cohort_id_side",
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )
        batch_op.drop_index("ix_counsel_user_id")
        batch_op.drop_index("ix_counsel_program_id_user_id")

    op.drop_table("counsel")
    with op.batch_alter_table("risk_rule", schema=None) as batch_op:
        batch_op.drop_index("ix_risk_rule_program_id_code")

    op.drop_table("risk_rule")
    with op.batch_alter_table("point_rule", schema=None) as batch_op:
        batch_op.drop_index("ix_point_rule_program_id_side")

    op.drop_table("point_rule")
    op.drop_table("guidance_setting")
    with op.batch_alter_table("gate_condition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gate_condition_instrument_id"))

    op.drop_table("gate_condition")
