"""tests taken online

Revision: 0013
After: 0012
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "entry",
                "interim",
                "end",
                name="testpurpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("opens_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("taken_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("analysed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_test_sitting_window")),
        sa.CheckConstraint("form IN (1, 2)", name=op.f("ck_test_sitting_form")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_test_sitting_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_test_sitting_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["instrument_version.id"],
            name=op.f("fk_test_sitting_version_id_instrument_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_sitting")),
        sa.UniqueConstraint("program_id", "name", name=op.f("uq_test_sitting_program_id_name")),
    )
    with op.batch_alter_table("test_sitting", schema=None) as batch_op:
        batch_op.create_index("ix_test_sitting_closed_at_closes_at", ["closed_at", "closes_at"], unique=False)
        batch_op.create_index(
            "ix_test_sitting_program_id_opens_at", ["program_id", "opens_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_test_sitting_version_id"), ["version_id"], unique=False)

    op.create_table(
        "test_participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("cohort_name", sa.String(length=60), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=True),
        sa.Column("enterprise_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("extra_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("attempts BETWEEN 1 AND 10", name=op.f("ck_test_participant_attempts")),
        sa.CheckConstraint("extra_minutes BETWEEN 0 AND 300", name=op.f("ck_test_participant_extra_minutes")),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_test_participant_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_test_participant_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"],
            ["organization.id"],
            name=op.f("fk_test_participant_enterprise_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["test_sitting.id"], name=op.f("fk_test_participant_sitting_id_test_sitting")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_test_participant_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_participant")),
        sa.UniqueConstraint("sitting_id", "user_id", name=op.f("uq_test_participant_sitting_id_user_id")),
    )
    with op.batch_alter_table("test_participant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_test_participant_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_test_participant_sitting_id_cohort_name",
            ["sitting_id", "cohort_name", "name", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_test_participant_sitting_id_enterprise_id", ["sitting_id", "enterprise_id"], unique=False
        )
        batch_op.create_index(
            "ix_test_participant_sitting_id_name", ["sitting_id", "name", "id"], unique=False
        )
        batch_op.create_index(
            "ix_test_participant_user_id_sitting_id", ["user_id", "sitting_id"], unique=False
        )

    op.create_table(
        "test_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "end",
            sa.Enum(
                "handed_in",
                "timed_out",
                "called_off",
                name="attemptend",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("points", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("possible", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name=op.f("ck_test_attempt_ended")),
        sa.CheckConstraint("NOT counts OR ended_at IS NOT NULL", name=op.f("ck_test_attempt_counts")),
        sa.CheckConstraint("points >= 0 AND points <= possible", name=op.f("ck_test_attempt_points")),
        sa.CheckConstraint("waiting >= 0", name=op.f("ck_test_attempt_waiting")),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["test_participant.id"],
            name=op.f("fk_test_attempt_participant_id_test_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["test_sitting.id"], name=op.f("fk_test_attempt_sitting_id_test_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_attempt")),
        sa.UniqueConstraint("participant_id", "number", name=op.f("uq_test_attempt_participant_id_number")),
    )
    with op.batch_alter_table("test_attempt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_test_attempt_sitting_id_ended_at_deadline_at",
            ["sitting_id", "ended_at", "deadline_at"],
            unique=False,
        )
        batch_op.create_index("ix_test_attempt_sitting_id_waiting", ["sitting_id", "waiting"], unique=False)
        batch_op.create_index(
            "uq_test_attempt_counts",
            ["participant_id"],
            unique=True,
            sqlite_where=sa.text("counts"),
            postgresql_where=sa.text("counts"),
        )
        batch_op.create_index(
            "uq_test_attempt_running",
            ["participant_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "test_answer",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("answered_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("points", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("late", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("late_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("points >= 0", name=op.f("ck_test_answer_points")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["test_attempt.id"], name=op.f("fk_test_answer_attempt_id_test_attempt")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_test_answer_item_id_item")),
        sa.PrimaryKeyConstraint("attempt_id", "item_id", name=op.f("pk_test_answer")),
    )
    with op.batch_alter_table("test_answer", schema=None) as batch_op:
        batch_op.create_index("ix_test_answer_item_id", ["item_id", "attempt_id"], unique=False)

    op.create_table(
        "test_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("points", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("done", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("remark", sa.String(length=300), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=False),
        sa.Column("marked_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("client_key", sa.String(length=60), nullable=True),
        sa.CheckConstraint("points >= 0", name=op.f("ck_test_mark_points")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["test_attempt.id"], name=op.f("fk_test_mark_attempt_id_test_attempt")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_test_mark_item_id_item")),
        sa.ForeignKeyConstraint(
            ["marker_id"], ["user_account.id"], name=op.f("fk_test_mark_marker_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_mark")),
        sa.UniqueConstraint(
            "attempt_id", "item_id", "number", name=op.f("uq_test_mark_attempt_id_item_id_number")
        ),
        sa.UniqueConstraint("client_key", name=op.f("uq_test_mark_client_key")),
    )
    with op.batch_alter_table("test_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_test_mark_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_test_mark_marker_id"), ["marker_id"], unique=False)

    op.create_table(
        "test_score",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("competency_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("possible", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_test_score_level")),
        sa.CheckConstraint(
            "points >= 0 AND points <= possible AND possible > 0", name=op.f("ck_test_score_points")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["test_attempt.id"], name=op.f("fk_test_score_attempt_id_test_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["competency_id"],
            ["standard_competency.id"],
            name=op.f("fk_test_score_competency_id_standard_competency"),
        ),
        sa.PrimaryKeyConstraint("attempt_id", "competency_id", name=op.f("pk_test_score")),
    )
    with op.batch_alter_table("test_score", schema=None) as batch_op:
        batch_op.create_index("ix_test_score_competency_id", ["competency_id", "attempt_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("test_score", schema=None) as batch_op:
        batch_op.drop_index("ix_test_score_competency_id")

    op.drop_table("test_score")
    with op.batch_alter_table("test_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_test_mark_marker_id"))
        batch_op.drop_index(batch_op.f("ix_test_mark_item_id"))

    op.drop_table("test_mark")
    with op.batch_alter_table("test_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_test_answer_item_id")

    op.drop_table("test_answer")
    with op.batch_alter_table("test_attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_test_attempt_running",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_test_attempt_counts", sqlite_where=sa.text("counts"), postgresql_where=sa.text("counts")
        )
        batch_op.drop_index("ix_test_attempt_sitting_id_waiting")
        batch_op.drop_index("ix_test_attempt_sitting_id_ended_at_deadline_at")

    op.drop_table("test_attempt")
    with op.batch_alter_table("test_participant", schema=None) as batch_op:
        batch_op.drop_index("ix_test_participant_user_id_sitting_id")
        batch_op.drop_index("ix_test_participant_sitting_id_name")
        batch_op.drop_index("ix_test_participant_sitting_id_enterprise_id")
        batch_op.drop_index("ix_test_participant_sitting_id_cohort_name")
        batch_op.drop_index(batch_op.f("ix_test_participant_enrolment_id"))

    op.drop_table("test_participant")
    with op.batch_alter_table("test_sitting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_test_sitting_version_id"))
        batch_op.drop_index("ix_test_sitting_program_id_opens_at")
        batch_op.drop_index("ix_test_sitting_closed_at_closes_at")

    op.drop_table("test_sitting")
