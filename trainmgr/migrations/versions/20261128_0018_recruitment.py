"""joint recruitment: the plan with its quotas, the public page, applications to posts, interviews

Revision: 0018
After: 0017
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recruitment_knock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment_knock")),
    )
    with op.batch_alter_table("recruitment_knock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recruitment_knock_address_key_kind_at", ["address_key", "kind", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recruitment_knock_at"), ["at"], unique=False)

    op.create_table(
        "recruitment_page",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("lowest_age", sa.Integer(), nullable=False),
        sa.Column("highest_age", sa.Integer(), nullable=True),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "highest_age IS NULL OR highest_age BETWEEN lowest_age AND 70",
            name=op.f("ck_recruitment_page_highest_age"),
        ),
        sa.CheckConstraint("lowest_age BETWEEN 14 AND 70", name=op.f("ck_recruitment_page_lowest_age")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"],
            ["user_account.id"],
            name=op.f("fk_recruitment_page_changed_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_recruitment_page_program_id_program")
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_recruitment_page")),
        sa.UniqueConstraint("code", name=op.f("uq_recruitment_page_code")),
    )
    op.create_table(
        "recruitment_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "offered",
                "signed",
                "superseded",
                name="recruitmentplanstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column(
            "relation",
            sa.Enum(
                "labour_contract",
                "apprentice_agreement",
                "job_promise",
                name="recruitmentrelation",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("relation_from", sa.Date(), nullable=True),
        sa.Column("pay", sa.Integer(), nullable=True),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("signed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("signed_document", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on",
            name=op.f("ck_recruitment_plan_days"),
        ),
        sa.CheckConstraint("pay IS NULL OR pay BETWEEN 0 AND 100000", name=op.f("ck_recruitment_plan_pay")),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["user_account.id"],
            name=op.f("fk_recruitment_plan_created_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_recruitment_plan_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment_plan")),
        sa.UniqueConstraint("program_id", "number", name=op.f("uq_recruitment_plan_program_id_number")),
    )
    with op.batch_alter_table("recruitment_plan", schema=None) as batch_op:
        batch_op.create_index(
            "uq_recruitment_plan_draft",
            ["program_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'offered')"),
            postgresql_where=sa.text("state IN ('draft', 'offered')"),
        )
        batch_op.create_index(
            "uq_recruitment_plan_signed",
            ["program_id"],
            unique=True,
            sqlite_where=sa.text("state = 'signed'"),
            postgresql_where=sa.text("state = 'signed'"),
        )

    op.create_table(
        "recruitment_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("major", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"],
            ["organization.id"],
            name=op.f("fk_recruitment_post_enterprise_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_recruitment_post_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment_post")),
        sa.UniqueConstraint(
            "program_id",
            "enterprise_id",
            "name",
            "major",
            name=op.f("uq_recruitment_post_program_id_enterprise_id_name_major"),
        ),
    )
    op.create_table(
        "repeated_application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone_encrypted", sa.Text(), nullable=False),
        sa.Column("phone_masked", sa.String(length=20), nullable=False),
        sa.Column("receipt_digest", sa.String(length=64), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_repeated_application_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_repeated_application_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repeated_application")),
        sa.UniqueConstraint("receipt_digest", name=op.f("uq_repeated_application_receipt_digest")),
    )
    with op.batch_alter_table("repeated_application", schema=None) as batch_op:
        batch_op.create_index("ix_repeated_application_program_id_id", ["program_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_repeated_application_user_id"), ["user_id"], unique=False)

    op.create_table(
        "interview_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_interview_slot_time")),
        sa.CheckConstraint("seats BETWEEN 1 AND 500", name=op.f("ck_interview_slot_seats")),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name=op.f("ck_interview_slot_taken")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_interview_slot_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["recruitment_post.id"], name=op.f("fk_interview_slot_post_id_recruitment_post")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_interview_slot_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_slot")),
    )
    with op.batch_alter_table("interview_slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interview_slot_post_id"), ["post_id"], unique=False)
        batch_op.create_index(
            "ix_interview_slot_program_id_day", ["program_id", "day", "starts_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_interview_slot_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "recruitment_quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.CheckConstraint("quota BETWEEN 1 AND 100000", name=op.f("ck_recruitment_quota_quota")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["recruitment_plan.id"], name=op.f("fk_recruitment_quota_plan_id_recruitment_plan")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["recruitment_post.id"], name=op.f("fk_recruitment_quota_post_id_recruitment_post")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment_quota")),
        sa.UniqueConstraint("plan_id", "post_id", name=op.f("uq_recruitment_quota_plan_id_post_id")),
    )
    with op.batch_alter_table("recruitment_quota", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recruitment_quota_post_id"), ["post_id"], unique=False)

    op.create_table(
        "interview_booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("booked_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_interview_booking_application_id_application"),
        ),
        sa.ForeignKeyConstraint(
            ["slot_id"], ["interview_slot.id"], name=op.f("fk_interview_booking_slot_id_interview_slot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_booking")),
    )
    with op.batch_alter_table("interview_booking", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_interview_booking_application_id"), ["application_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_interview_booking_slot_id"), ["slot_id"], unique=False)
        batch_op.create_index(
            "uq_interview_booking_application_id",
            ["application_id"],
            unique=True,
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        )

    op.create_table(
        "interview_panel",
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["slot_id"], ["interview_slot.id"], name=op.f("fk_interview_panel_slot_id_interview_slot")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_interview_panel_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("slot_id", "user_id", name=op.f("pk_interview_panel")),
    )
    with op.batch_alter_table("interview_panel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interview_panel_user_id"), ["user_id"], unique=False)

    op.create_table(
        "interview_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "came",
                "no_show",
                name="interviewoutcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_interview_note_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["interview_booking.id"],
            name=op.f("fk_interview_note_booking_id_interview_booking"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_interview_note_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_note")),
    )
    with op.batch_alter_table("interview_note", schema=None) as batch_op:
        batch_op.create_index("ix_interview_note_application_id_id", ["application_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_interview_note_booking_id"), ["booking_id"], unique=False)

    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.add_column(sa.Column("post_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("phone_encrypted", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("phone_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("phone_masked", sa.String(length=20), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("receipt_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("confirmed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_application_post_id"), ["post_id"], unique=False)
        batch_op.create_index(
            "ix_application_program_id_post_id_state", ["program_id", "post_id", "state"], unique=False
        )
        batch_op.create_unique_constraint(batch_op.f("uq_application_receipt_digest"), ["receipt_digest"])
        batch_op.create_foreign_key(
            batch_op.f("fk_application_post_id_recruitment_post"), "recruitment_post", ["post_id"], ["id"]
        )
    with op.batch_alter_table("application") as batch_op:
        batch_op.alter_column("phone_masked", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_application_post_id_recruitment_post"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_application_receipt_digest"), type_="unique")
        batch_op.drop_index("ix_application_program_id_post_id_state")
        batch_op.drop_index(batch_op.f("ix_application_post_id"))
        batch_op.drop_column("confirmed_at")
        batch_op.drop_column("receipt_digest")
        batch_op.drop_column("phone_masked")
        batch_op.drop_column("phone_digest")
        batch_op.drop_column("phone_encrypted")
        batch_op.drop_column("post_id")

    with op.batch_alter_table("interview_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interview_note_booking_id"))
        batch_op.drop_index("ix_interview_note_application_id_id")

    op.drop_table("interview_note")
    with op.batch_alter_table("interview_panel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interview_panel_user_id"))

    op.drop_table("interview_panel")
    with op.batch_alter_table("interview_booking", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_interview_booking_application_id",
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_interview_booking_slot_id"))
        batch_op.drop_index(batch_op.f("ix_interview_booking_application_id"))

    op.drop_table("interview_booking")
    with op.batch_alter_table("recruitment_quota", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recruitment_quota_post_id"))

    op.drop_table("recruitment_quota")
    with op.batch_alter_table("interview_slot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interview_slot_starts_at"))
        batch_op.drop_index("ix_interview_slot_program_id_day")
        batch_op.drop_index(batch_op.f("ix_interview_slot_post_id"))

    op.drop_table("interview_slot")
    with op.batch_alter_table("repeated_application", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_repeated_application_user_id"))
        batch_op.drop_index("ix_repeated_application_program_id_id")

    op.drop_table("repeated_application")
    op.drop_table("recruitment_post")
    with op.batch_alter_table("recruitment_plan", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_recruitment_plan_signed",
            sqlite_where=sa.text("state = 'signed'"),
            postgresql_where=sa.text("state = 'signed'"),
        )
        batch_op.drop_index(
            "uq_recruitment_plan_draft",
            sqlite_where=sa.text("state IN ('draft', 'offered')"),
            postgresql_where=sa.text("state IN ('draft', 'offered')"),
        )

    op.drop_table("recruitment_plan")
    op.drop_table("recruitment_page")
    with op.batch_alter_table("recruitment_knock", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recruitment_knock_at"))
        batch_op.drop_index("ix_recruitment_knock_address_key_kind_at")

    op.drop_table("recruitment_knock")
