"""attendance: registers, marks, leave, tallies; blocks of a class, bell times, calendar feeds

Revision: 0024
After: 0023
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bell_times",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bell_times_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_bell_times")),
    )
    op.create_table(
        "class_block",
        sa.Column("cohort_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_class_block_dates")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_class_block_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_class_block_cohort_id_cohort")),
        sa.PrimaryKeyConstraint("cohort_id", "stage_number", name=op.f("pk_class_block")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_calendar_feed_token_digest")),
    )
    op.create_table(
        "attendance_setting",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("late_after", sa.Integer(), nullable=False),
        sa.Column("excuse_within", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "excuse_within BETWEEN 0 AND 60", name=op.f("ck_attendance_setting_excuse_within")
        ),
        sa.CheckConstraint("late_after BETWEEN 0 AND 120", name=op.f("ck_attendance_setting_late_after")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_attendance_setting_program_id_program")
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_attendance_setting")),
    )
    op.create_table(
        "attendance_register",
        sa.Column("session_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("begins_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("late_after", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_attendance_register_times")),
        sa.CheckConstraint("late_after BETWEEN 0 AND 120", name=op.f("ck_attendance_register_late_after")),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["user_account.id"],
            name=op.f("fk_attendance_register_closed_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"],
            ["user_account.id"],
            name=op.f("fk_attendance_register_opened_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_attendance_register_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["teaching_session.id"],
            name=op.f("fk_attendance_register_session_id_teaching_session"),
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_attendance_register")),
    )
    op.create_index(
        "ix_attendance_register_closed_at_ends_at",
        "attendance_register",
        ["closed_at", "ends_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_attendance_register_program_id"), "attendance_register", ["program_id"], unique=False
    )
    op.create_table(
        "attendance_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "mark",
            sa.Enum(
                "present",
                "late",
                "excused",
                "absent",
                name="mark",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "code",
                "hand",
                "sheet",
                "link",
                "leave",
                "closing",
                name="attendancesource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_attendance_mark_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_attendance_mark_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["teaching_session.id"],
            name=op.f("fk_attendance_mark_session_id_teaching_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_mark")),
    )
    op.create_index(
        "ix_attendance_mark_enrolment_id_day", "attendance_mark", ["enrolment_id", "day", "id"], unique=False
    )
    op.create_index(
        "ix_attendance_mark_session_id", "attendance_mark", ["session_id", "enrolment_id"], unique=False
    )
    op.create_table(
        "attendance_standing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "mark",
            sa.Enum(
                "present",
                "late",
                "excused",
                "absent",
                name="mark",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "code",
                "hand",
                "sheet",
                "link",
                "leave",
                "closing",
                name="attendancesource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_attendance_standing_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["teaching_session.id"],
            name=op.f("fk_attendance_standing_session_id_teaching_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_standing")),
    )
    op.create_index(
        "ix_attendance_standing_enrolment_id_day",
        "attendance_standing",
        ["enrolment_id", "day", "mark"],
        unique=False,
    )
    op.create_index(
        "uq_attendance_standing_enrolment_id_day",
        "attendance_standing",
        ["enrolment_id", "day"],
        unique=True,
        sqlite_where=sa.text("session_id IS NULL"),
        postgresql_where=sa.text("session_id IS NULL"),
    )
    op.create_index(
        "uq_attendance_standing_session_id_enrolment_id",
        "attendance_standing",
        ["session_id", "enrolment_id"],
        unique=True,
    )
    op.create_table(
        "attendance_tally",
        sa.Column("enrolment_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("excused", sa.Integer(), nullable=False),
        sa.Column("absent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_attendance_tally_enrolment_id_enrolment")
        ),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_attendance_tally")),
    )
    op.create_table(
        "attendance_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_attendance_try_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_try")),
    )
    op.create_index("ix_attendance_try_user_id_at", "attendance_try", ["user_id", "at"], unique=False)
    op.create_table(
        "attendance_leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "sick",
                "personal",
                "official",
                name="leavekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "granted",
                "refused",
                "withdrawn",
                name="leavestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=80), nullable=False),
        sa.Column("decided_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_attendance_leave_decided")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_attendance_leave_dates")),
        sa.CheckConstraint(
            "session_id IS NULL OR starts_on = ends_on", name=op.f("ck_attendance_leave_one_day")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_attendance_leave_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["user_account.id"],
            name=op.f("fk_attendance_leave_decided_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_attendance_leave_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_attendance_leave_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_attendance_leave_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["teaching_session.id"],
            name=op.f("fk_attendance_leave_session_id_teaching_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_leave")),
    )
    op.create_index(
        "ix_attendance_leave_enrolment_id_starts_on",
        "attendance_leave",
        ["enrolment_id", "starts_on"],
        unique=False,
    )
    op.create_index(
        "ix_attendance_leave_program_id_state",
        "attendance_leave",
        ["program_id", "state", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("attendance_leave")
    op.drop_table("attendance_try")
    op.drop_table("attendance_tally")
    op.drop_table("attendance_standing")
    op.drop_table("attendance_mark")
    op.drop_table("attendance_register")
    op.drop_table("attendance_setting")
    op.drop_table("calendar_feed")
    op.drop_table("class_block")
    op.drop_table("bell_times")
