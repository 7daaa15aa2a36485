"""employment

Revision: 0032
After: 0031
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follow_up_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("opened_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_follow_up_round_days")),
        sa.CheckConstraint("months BETWEEN 0 AND 60", name=op.f("ck_follow_up_round_months")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_follow_up_round_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_follow_up_round_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_round")),
        sa.UniqueConstraint("program_id", "months", name=op.f("uq_follow_up_round_program_id_months")),
    )
    with op.batch_alter_table("follow_up_round", schema=None) as batch_op:
        batch_op.create_index(
            "ix_follow_up_round_closed_at_opens_on", ["closed_at", "opens_on"], unique=False
        )
        batch_op.create_index("ix_follow_up_round_year_months", ["year", "months"], unique=False)

    op.create_table(
        "employer_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("confirmed OR note <> ''", name=op.f("ck_employer_word_note")),
        sa.CheckConstraint(
            "satisfaction IS NULL OR satisfaction BETWEEN 1 AND 5", name=op.f("ck_employer_word_satisfaction")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_employer_word_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_employer_word_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_employer_word_organization_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_employer_word_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["follow_up_round.id"], name=op.f("fk_employer_word_round_id_follow_up_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_word")),
        sa.UniqueConstraint(
            "round_id", "enrolment_id", "number", name=op.f("uq_employer_word_round_id_enrolment_id_number")
        ),
    )
    with op.batch_alter_table("employer_word", schema=None) as batch_op:
        batch_op.create_index("ix_employer_word_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_employer_word_program_id_organization_id", ["program_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_employer_word_present",
            ["round_id", "enrolment_id"],
            unique=True,
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )

    op.create_table(
        "follow_up_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "graduate",
                "employer",
                "staff",
                name="answersource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_note", sa.String(length=120), nullable=False),
        sa.Column(
            "destination",
            sa.Enum(
                "employed",
                "flexible",
                "own_business",
                "study",
                "army",
                "seeking",
                "not_seeking",
                name="destination",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("employer_id", sa.Integer(), nullable=True),
        sa.Column("employer_name", sa.String(length=120), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.Column(
            "match_kind",
            sa.Enum(
                "yes", "partly", "no", name="match_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("income_cents", sa.BigInteger(), nullable=True),
        sa.Column(
            "income_band",
            sa.Enum(
                "to_3000",
                "to_4000",
                "to_5000",
                "to_6000",
                "to_8000",
                "to_10000",
                "above",
                name="income_band",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("is_retained", sa.Boolean(), nullable=True),
        sa.Column("promoted", sa.Boolean(), nullable=True),
        sa.Column("promoted_to", sa.String(length=80), nullable=False),
        sa.Column("certified", sa.Boolean(), nullable=True),
        sa.Column("certificate", sa.String(length=120), nullable=False),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "destination <> 'employed' OR employer_id IS NOT NULL OR employer_name <> ''",
            name=op.f("ck_follow_up_answer_employer"),
        ),
        sa.CheckConstraint(
            "destination IN ('employed', 'flexible', 'own_business')"
            " OR (match_kind IS NULL AND income_cents IS NULL AND income_band IS NULL AND post = '')",
            name=op.f("ck_follow_up_answer_working"),
        ),
        sa.CheckConstraint(
            "source = 'graduate' OR source_note <> ''", name=op.f("ck_follow_up_answer_source_note")
        ),
        sa.CheckConstraint(
            "income_cents IS NULL OR income_cents > 0", name=op.f("ck_follow_up_answer_income")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_follow_up_answer_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["organization.id"], name=op.f("fk_follow_up_answer_employer_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_follow_up_answer_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_follow_up_answer_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["follow_up_round.id"], name=op.f("fk_follow_up_answer_round_id_follow_up_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_answer")),
        sa.UniqueConstraint(
            "round_id",
            "enrolment_id",
            "number",
            name=op.f("uq_follow_up_answer_round_id_enrolment_id_number"),
        ),
    )
    with op.batch_alter_table("follow_up_answer", schema=None) as batch_op:
        batch_op.create_index("ix_follow_up_answer_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_follow_up_answer_program_id_employer_id", ["program_id", "employer_id"], unique=False
        )
        batch_op.create_index(
            "uq_follow_up_answer_present",
            ["round_id", "enrolment_id"],
            unique=True,
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )

    op.create_table(
        "follow_up_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_follow_up_reminder_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_follow_up_reminder_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["follow_up_round.id"], name=op.f("fk_follow_up_reminder_round_id_follow_up_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_reminder")),
        sa.UniqueConstraint(
            "round_id",
            "enrolment_id",
            "on_day",
            name=op.f("uq_follow_up_reminder_round_id_enrolment_id_on_day"),
        ),
    )
    with op.batch_alter_table("follow_up_reminder", schema=None) as batch_op:
        batch_op.create_index("ix_follow_up_reminder_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_reminder_program_id"), ["program_id"], unique=False)

    op.create_table(
        "post_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "trial",
                "confirmed",
                "promoted",
                "left",
                name="poststep",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("pay_cents", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("cancels_id", sa.Integer(), nullable=True),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cancels_id IS NULL OR note <> ''", name=op.f("ck_post_event_cancel_note")),
        sa.CheckConstraint("pay_cents IS NULL OR pay_cents > 0", name=op.f("ck_post_event_pay")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_post_event_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["cancels_id"], ["post_event.id"], name=op.f("fk_post_event_cancels_id_post_event")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_post_event_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_post_event_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_post_event_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_event")),
    )
    with op.batch_alter_table("post_event", schema=None) as batch_op:
        batch_op.create_index("ix_post_event_enrolment_id", ["enrolment_id", "on_day", "id"], unique=False)
        batch_op.create_index(
            "ix_post_event_organization_id", ["organization_id", "program_id"], unique=False
        )
        batch_op.create_index("ix_post_event_program_id_kind", ["program_id", "kind", "on_day"], unique=False)
        batch_op.create_index(
            "uq_post_event_cancels_id",
            ["cancels_id"],
            unique=True,
            sqlite_where=sa.text("cancels_id IS NOT NULL"),
            postgresql_where=sa.text("cancels_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_post_event_present",
            ["enrolment_id"],
            unique=True,
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )

    op.create_table(
        "record_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_record_consent_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_record_consent_organization_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_record_consent_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_consent")),
    )
    with op.batch_alter_table("record_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_consent_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_record_consent_program_id_organization_id", ["program_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_record_consent_present",
            ["enrolment_id", "organization_id"],
            unique=True,
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )

    op.create_table(
        "carried_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_carried_record_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["record_consent.id"], name=op.f("fk_carried_record_consent_id_record_consent")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_carried_record_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_carried_record_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_carried_record_organization_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_carried_record_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carried_record")),
        sa.UniqueConstraint("code", name=op.f("uq_carried_record_code")),
        sa.UniqueConstraint("document_sha256", name=op.f("uq_carried_record_document_sha256")),
        sa.UniqueConstraint(
            "enrolment_id",
            "organization_id",
            "number",
            name=op.f("uq_carried_record_enrolment_id_organization_id_number"),
        ),
    )
    with op.batch_alter_table("carried_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_carried_record_consent_id"), ["consent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_carried_record_file_id"), ["file_id"], unique=False)
        batch_op.create_index("ix_carried_record_organization_id", ["organization_id"], unique=False)
        batch_op.create_index("ix_carried_record_pdf_sha256", ["pdf_sha256"], unique=False)
        batch_op.create_index("ix_carried_record_program_id_id", ["program_id", "id"], unique=False)

    with op.batch_alter_table("mentor_link", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("for_graduate", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    op.execute("DELETE FROM mentor_link WHERE for_graduate")  # they would open a mentor's inbox
    with op.batch_alter_table("mentor_link", schema=None) as batch_op:
        batch_op.drop_column("for_graduate")

    with op.batch_alter_table("carried_record", schema=None) as batch_op:
        batch_op.drop_index("ix_carried_record_program_id_id")
        batch_op.drop_index("ix_carried_record_pdf_sha256")
        batch_op.drop_index("ix_carried_record_organization_id")
        batch_op.drop_index(batch_op.f("ix_carried_record_file_id"))
        batch_op.drop_index(batch_op.f("ix_carried_record_consent_id"))

    op.drop_table("carried_record")
    with op.batch_alter_table("record_consent", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_record_consent_present",
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )
        batch_op.drop_index("ix_record_consent_program_id_organization_id")
        batch_op.drop_index(batch_op.f("ix_record_consent_enrolment_id"))

    op.drop_table("record_consent")
    with op.batch_alter_table("post_event", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_post_event_present",
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )
        batch_op.drop_index(
            "uq_post_event_cancels_id",
            sqlite_where=sa.text("cancels_id IS NOT NULL"),
            postgresql_where=sa.text("cancels_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_post_event_program_id_kind")
        batch_op.drop_index("ix_post_event_organization_id")
        batch_op.drop_index("ix_post_event_enrolment_id")

    op.drop_table("post_event")
    with op.batch_alter_table("follow_up_reminder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_up_reminder_program_id"))
        batch_op.drop_index("ix_follow_up_reminder_enrolment_id")

    op.drop_table("follow_up_reminder")
    with op.batch_alter_table("follow_up_answer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_follow_up_answer_present",
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )
        batch_op.drop_index("ix_follow_up_answer_program_id_employer_id")
        batch_op.drop_index("ix_follow_up_answer_enrolment_id")

    op.drop_table("follow_up_answer")
    with op.batch_alter_table("employer_word", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_employer_word_present",
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )
        batch_op.drop_index("ix_employer_word_program_id_organization_id")
        batch_op.drop_index("ix_employer_word_enrolment_id")

    op.drop_table("employer_word")
    with op.batch_alter_table("follow_up_round", schema=None) as batch_op:
        batch_op.drop_index("ix_follow_up_round_year_months")
        batch_op.drop_index("ix_follow_up_round_closed_at_opens_on")

    op.drop_table("follow_up_round")
