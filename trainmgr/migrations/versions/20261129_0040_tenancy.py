"""tenancy: every large table carries its college, and its indexes begin with it

Revision: 0040
After: 0039
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

COLLEGE = "lead_college_id"
OF_A_PROGRAM = (
    "appeal", "application", "assignment", "attendance_leave", "attendance_register", "carried_record",
    "certificate", "claim_person", "class_move", "counsel", "due", "employer_word", "enrolment", "evidence_pack",
    "external_certificate", "follow_up_answer", "follow_up_reminder", "gate_decision", "guidance_award", "log_band",
    "moderation", "moderation_decision", "pass_decision", "placement", "placement_change", "point_entry",
    "post_event", "practice_log", "program_person", "rating", "record_consent", "remedial_task", "result",
    "risk_sign", "spot_check", "standing_change", "study_plan", "teaching_session", "test_sitting", "trainee_site",
    "tutoring_task", "window_notice", "window_rater", "webhook_delivery",
)  # fmt: skip
# The others, after the ones that they hang on: (table, column, the table above).
OF_A_ROW = (
    ("attainment", "enrolment_id", "enrolment"), ("attendance_mark", "enrolment_id", "enrolment"),
    ("attendance_standing", "enrolment_id", "enrolment"), ("attendance_tally", "enrolment_id", "enrolment"),
    ("entry_level", "enrolment_id", "enrolment"), ("lesson_quiz_answer", "enrolment_id", "enrolment"),
    ("lesson_tick", "enrolment_id", "enrolment"), ("log_opening", "enrolment_id", "enrolment"),
    ("log_case", "log_id", "practice_log"), ("log_comment", "log_id", "practice_log"),
    ("log_competency", "log_id", "practice_log"), ("log_decision", "log_id", "practice_log"),
    ("log_hint", "log_id", "practice_log"), ("log_photo", "log_id", "practice_log"),
    ("log_reading", "log_id", "practice_log"), ("rating_score", "rating_id", "rating"),
    ("test_participant", "sitting_id", "test_sitting"), ("test_attempt", "participant_id", "test_participant"),
    ("test_answer", "attempt_id", "test_attempt"), ("test_mark", "attempt_id", "test_attempt"),
    ("test_score", "attempt_id", "test_attempt"),
)  # fmt: skip
ABOVE = ("program", "enrolment", "practice_log", "rating", "test_sitting", "test_participant", "test_attempt")
INDEXES = (
    ("appeal", "ix_appeal_program_id_state", ["program_id", "state", "id"]),
    ("application", "ix_application_program_id_post_id_state", ["program_id", "post_id", "state"]),
    ("application", "ix_application_program_id_state_id", ["program_id", "state", "id"]),
    ("assignment", "ix_assignment_program_id_side", ["program_id", "side"]),
    ("attendance_leave", "ix_attendance_leave_program_id_state", ["program_id", "state", "id"]),
    ("attendance_register", "ix_attendance_register_program_id", ["program_id"]),
    ("carried_record", "ix_carried_record_program_id_id", ["program_id", "id"]),
    ("certificate", "ix_certificate_program_id", ["program_id", "id"]),
    ("class_move", "ix_class_move_program_id", ["program_id"]),
    ("counsel", "ix_counsel_program_id_user_id", ["program_id", "user_id"]),
    ("due", "ix_due_program_id_code", ["program_id", "code"]),
    ("employer_word", "ix_employer_word_program_id_organization_id", ["program_id", "organization_id"]),
    ("enrolment", "ix_enrolment_program_id_cohort_id_name", ["program_id", "cohort_id", "name", "id"]),
    ("enrolment", "ix_enrolment_program_id_enterprise_id", ["program_id", "enterprise_id"]),
    ("enrolment", "ix_enrolment_program_id_name_id", ["program_id", "name", "id"]),
    ("enrolment", "ix_enrolment_program_id_student_number", ["program_id", "student_number"]),
    ("evidence_pack", "ix_evidence_pack_program_id_id", ["program_id", "id"]),
    ("external_certificate", "ix_external_certificate_program_id", ["program_id", "id"]),
    ("follow_up_answer", "ix_follow_up_answer_program_id_employer_id", ["program_id", "employer_id"]),
    ("follow_up_reminder", "ix_follow_up_reminder_program_id", ["program_id"]),
    ("gate_decision", "ix_gate_decision_program_id_stage_number", ["program_id", "stage_number"]),
    ("guidance_award", "ix_guidance_award_program_id_awarded_on", ["program_id", "awarded_on", "id"]),
    ("moderation", "ix_moderation_program_id_state", ["program_id", "state", "id"]),
    ("moderation_decision", "ix_moderation_decision_program_id", ["program_id"]),
    ("pass_decision", "ix_pass_decision_program_id_is_present", ["program_id", "is_present"]),
    ("placement", "ix_placement_program_id_starts_on", ["program_id", "starts_on", "id"]),
    ("placement", "ix_placement_program_id_state_starts_on", ["program_id", "state", "starts_on", "id"]),
    ("placement_change", "ix_placement_change_program_id_effective_on", ["program_id", "effective_on", "id"]),
    ("point_entry", "ix_point_entry_program_id_day", ["program_id", "day", "id"]),
    ("post_event", "ix_post_event_program_id_kind", ["program_id", "kind", "on_day"]),
    ("practice_log", "ix_practice_log_program_id_day", ["program_id", "day", "id"]),
    ("practice_log", "ix_practice_log_program_id_state_day", ["program_id", "state", "day", "id"]),
    ("rating", "ix_rating_program_id", ["program_id"]),
    ("record_consent", "ix_record_consent_program_id_organization_id", ["program_id", "organization_id"]),
    ("remedial_task", "ix_remedial_task_program_id_state_due_on", ["program_id", "state", "due_on", "id"]),
    ("result", "ix_result_program_id", ["program_id"]),
    ("risk_sign", "ix_risk_sign_program_id_state", ["program_id", "state", "id"]),
    ("spot_check", "ix_spot_check_program_id_result", ["program_id", "result"]),
    ("standing_change", "ix_standing_change_program_id_day", ["program_id", "day", "id"]),
    ("study_plan", "ix_study_plan_program_id_step", ["program_id", "step", "id"]),
    ("teaching_session", "ix_teaching_session_program_id_cohort_id_lineage", ["program_id", "cohort_id", "lineage"]),
    ("teaching_session", "ix_teaching_session_program_id_day", ["program_id", "day"]),
    ("test_sitting", "ix_test_sitting_program_id_opens_at", ["program_id", "opens_at", "id"]),
    ("trainee_site", "ix_trainee_site_program_id", ["program_id"]),
    ("tutoring_task", "ix_tutoring_task_program_id_state_due_on", ["program_id", "state", "due_on", "id"]),
    ("window_notice", "ix_window_notice_program_id", ["program_id"]),
    ("window_rater", "ix_window_rater_program_id", ["program_id"]),
    ("audit_event", "ix_audit_event_program_id_at", ["program_id", "at", "id"]),
)  # fmt: skip
LARGE = (*((table, "program_id", "program") for table in OF_A_PROGRAM), *OF_A_ROW)


def upgrade() -> None:
    """Fill the college from the row above, a statement a table; from then on the database holds both together."""
    for table, column, above in (*LARGE, ("audit_event", "program_id", "program")):
        _add(table, column, above)
    for table in ABOVE:
        op.create_index(op.f(f"uq_{table}_id_{COLLEGE}"), table, ["id", COLLEGE], unique=True)
    _hold(with_college=True)
    for table, name, columns in INDEXES:
        op.create_index(name, table, [COLLEGE, *columns])


def downgrade() -> None:
    for table, name, _columns in INDEXES:
        op.drop_index(name, table)
    _hold(with_college=False)
    for table in ABOVE:
        op.drop_index(op.f(f"uq_{table}_id_{COLLEGE}"), table)
    for table in (*(table for table, _column, _above in LARGE), "audit_event"):
        op.drop_column(table, COLLEGE)
    for table, name, columns in INDEXES:
        op.create_index(name, table, columns)


def _add(table: str, column: str, above: str) -> None:
    for name in [name for of, name, _columns in INDEXES if of == table]:
        op.drop_index(name, table)
    op.add_column(table, sa.Column(COLLEGE, sa.Integer(), nullable=True))
    op.execute(
        f"UPDATE {table} SET {COLLEGE} = up.{COLLEGE} FROM {above} AS up WHERE up.id = {table}.{column}"  # noqa: S608
    )


def _hold(*, with_college: bool) -> None:
    """Let the foreign keys to the rows above take the college along, or no longer."""
    also = [COLLEGE] if with_college else []
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("PRAGMA writable_schema=ON")
    for table, column, above in LARGE:
        (_write_definition if sqlite else _alter)(table, above, [column, *also], ["id", *also])
    if sqlite:
        op.execute("PRAGMA writable_schema=RESET")


def _alter(table: str, above: str, columns: list[str], held_to: list[str]) -> None:
    name = op.f(f"fk_{table}_{columns[0]}_{above}")
    op.drop_constraint(name, table, type_="foreignkey")
    ondelete = "CASCADE" if table == "webhook_delivery" else None
    op.create_foreign_key(name, table, above, columns, held_to, ondelete=ondelete)
    op.alter_column(table, COLLEGE, existing_type=sa.Integer(), nullable=COLLEGE not in columns)


def _write_definition(table: str, above: str, columns: list[str], held_to: list[str]) -> None:
    """Change what SQLite keeps as the table's definition, as its manual has it for constraints that all rows meet.

    Rebuilding 66 tables would copy every row of the installation; the foreign keys are checked at the end all the same.
    """
    bind = op.get_bind()
    definition = bind.scalar(sa.text("SELECT sql FROM sqlite_schema WHERE name = :table"), {"table": table})
    name = f"fk_{table}_{columns[0]}_{above}"
    key = rf'(CONSTRAINT "?{name}"? FOREIGN KEY ?)\([^)]*\)( REFERENCES "?{above}"? ?)\([^)]*\)'
    held = rf"\1({', '.join(columns)})\2({', '.join(held_to)})"
    definition, keys = re.subn(key, held, definition)
    null = " NOT NULL" if COLLEGE in columns else ""
    definition, colleges = re.subn(
        rf"\b{COLLEGE} INTEGER( NOT NULL)?", f"{COLLEGE} INTEGER{null}", definition
    )
    if (keys, colleges) != (1, 1):
        raise RuntimeError(f"the definition of {table} is not what this migration knows")
    bind.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": definition, "table": table},
    )
