"""contests and awards

Revision: 0030
After: 0029
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("enterprise_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "skill",
                "teamwork",
                "solution",
                "other",
                name="contestkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "college",
                "city",
                "province",
                "nation",
                "international",
                name="contest_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_team", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=160), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("entries_until", sa.Date(), nullable=True),
        sa.Column("drop_extremes", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "open",
                "judging",
                "published",
                name="conteststate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("published_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)", name=op.f("ck_contest_published")
        ),
        sa.CheckConstraint(
            "entries_until IS NULL OR entries_until <= held_on", name=op.f("ck_contest_dates")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_contest_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_contest_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["organization.id"], name=op.f("fk_contest_enterprise_id_organization")
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_contest_program_id_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest")),
    )
    op.create_index("ix_contest_college_id_held_on", "contest", ["college_id", "held_on", "id"], unique=False)
    op.create_index("ix_contest_enterprise_id", "contest", ["enterprise_id"], unique=False)
    op.create_index("ix_contest_program_id", "contest", ["program_id"], unique=False)
    op.create_table(
        "contest_criterion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("most", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("weight", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.CheckConstraint("most > 0 AND weight > 0", name=op.f("ck_contest_criterion_amounts")),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_criterion_contest_id_contest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_criterion")),
        sa.UniqueConstraint("contest_id", "position", name=op.f("uq_contest_criterion_contest_id_position")),
    )
    op.create_table(
        "contest_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("placed", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("is_active OR reason <> ''", name=op.f("ck_contest_entry_reason")),
        sa.CheckConstraint("(score IS NULL) = (placed IS NULL)", name=op.f("ck_contest_entry_placed")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_contest_entry_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_entry_contest_id_contest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_entry")),
        sa.UniqueConstraint("contest_id", "number", name=op.f("uq_contest_entry_contest_id_number")),
    )
    op.create_index(
        "ix_contest_entry_contest_id_placed", "contest_entry", ["contest_id", "placed"], unique=False
    )
    op.create_table(
        "contest_judge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_judge_contest_id_contest")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_contest_judge_organization_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_contest_judge_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_judge")),
        sa.UniqueConstraint("contest_id", "user_id", name=op.f("uq_contest_judge_contest_id_user_id")),
    )
    op.create_index(op.f("ix_contest_judge_user_id"), "contest_judge", ["user_id"], unique=False)
    op.create_table(
        "contest_prize",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "prize", "scholarship", name="prizekind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "grade",
            sa.Enum(
                "grand",
                "first",
                "second",
                "third",
                "merit",
                name="grade",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_place", sa.Integer(), nullable=False),
        sa.Column("last_place", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name=op.f("ck_contest_prize_amount")),
        sa.CheckConstraint(
            "first_place >= 1 AND last_place >= first_place", name=op.f("ck_contest_prize_places")
        ),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_prize_contest_id_contest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_prize")),
    )
    op.create_index("ix_contest_prize_contest_id", "contest_prize", ["contest_id"], unique=False)
    op.create_table(
        "contest_award",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("contest_id", sa.Integer(), nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("prize_id", sa.Integer(), nullable=True),
        sa.Column("contest_name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "prize", "scholarship", name="prizekind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "college",
                "city",
                "province",
                "nation",
                "international",
                name="contest_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "grade",
            sa.Enum(
                "grand",
                "first",
                "second",
                "third",
                "merit",
                name="grade",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holders_text", sa.String(length=300), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("awarded_on", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("giver_id", sa.Integer(), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason = '')", name=op.f("ck_contest_award_withdrawn")
        ),
        sa.CheckConstraint("(entry_id IS NULL) = (contest_id IS NULL)", name=op.f("ck_contest_award_entry")),
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name=op.f("ck_contest_award_amount")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_contest_award_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_contest_award_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_award_contest_id_contest")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["contest_entry.id"], name=op.f("fk_contest_award_entry_id_contest_entry")
        ),
        sa.ForeignKeyConstraint(
            ["giver_id"], ["organization.id"], name=op.f("fk_contest_award_giver_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["prize_id"], ["contest_prize.id"], name=op.f("fk_contest_award_prize_id_contest_prize")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_contest_award_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["proof_id"], ["stored_file.id"], name=op.f("fk_contest_award_proof_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_award")),
        sa.UniqueConstraint("entry_id", "prize_id", name=op.f("uq_contest_award_entry_id_prize_id")),
    )
    op.create_index(
        "ix_contest_award_college_id_year_level",
        "contest_award",
        ["college_id", "year", "level", "id"],
        unique=False,
    )
    op.create_index("ix_contest_award_contest_id", "contest_award", ["contest_id"], unique=False)
    op.create_index("ix_contest_award_program_id", "contest_award", ["program_id"], unique=False)
    op.create_table(
        "contest_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_member_contest_id_contest")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_contest_member_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["contest_entry.id"], name=op.f("fk_contest_member_entry_id_contest_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_member")),
    )
    op.create_index("ix_contest_member_enrolment_id", "contest_member", ["enrolment_id"], unique=False)
    op.create_index("ix_contest_member_entry_id", "contest_member", ["entry_id"], unique=False)
    op.create_index(
        "uq_contest_member_active",
        "contest_member",
        ["contest_id", "enrolment_id"],
        unique=True,
        sqlite_where=sa.text("is_active"),
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "contest_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("judge_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "submitted",
                "corrected",
                name="sheetstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("total", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("comment", sa.String(length=200), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("corrects_id IS NULL OR reason <> ''", name=op.f("ck_contest_score_reason")),
        sa.CheckConstraint("total BETWEEN 0 AND 100", name=op.f("ck_contest_score_total")),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_score_contest_id_contest")
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["contest_score.id"], name=op.f("fk_contest_score_corrects_id_contest_score")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["contest_entry.id"], name=op.f("fk_contest_score_entry_id_contest_entry")
        ),
        sa.ForeignKeyConstraint(
            ["judge_id"], ["contest_judge.id"], name=op.f("fk_contest_score_judge_id_contest_judge")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_score")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_contest_score_corrects_id")),
    )
    op.create_index(
        "ix_contest_score_contest_id_state", "contest_score", ["contest_id", "state"], unique=False
    )
    op.create_index(
        "uq_contest_score_counts",
        "contest_score",
        ["entry_id", "judge_id"],
        unique=True,
        sqlite_where=sa.text("state = 'submitted'"),
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.create_table(
        "contest_shortlist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("removed_reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_contest_shortlist_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_shortlist_contest_id_contest")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_contest_shortlist_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"],
            ["organization.id"],
            name=op.f("fk_contest_shortlist_enterprise_id_organization"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_shortlist")),
    )
    op.create_index("ix_contest_shortlist_enrolment_id", "contest_shortlist", ["enrolment_id"], unique=False)
    op.create_index(
        "ix_contest_shortlist_enterprise_id_at",
        "contest_shortlist",
        ["enterprise_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_contest_shortlist_listed",
        "contest_shortlist",
        ["enterprise_id", "enrolment_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "contest_award_holder",
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["contest_award.id"], name=op.f("fk_contest_award_holder_award_id_contest_award")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_contest_award_holder_enrolment_id_enrolment")
        ),
        sa.PrimaryKeyConstraint("award_id", "enrolment_id", name=op.f("pk_contest_award_holder")),
    )
    op.create_index(
        op.f("ix_contest_award_holder_enrolment_id"), "contest_award_holder", ["enrolment_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("contest_award_holder")
    op.drop_table("contest_shortlist")
    op.drop_table("contest_score")
    op.drop_table("contest_member")
    op.drop_table("contest_award")
    op.drop_table("contest_prize")
    op.drop_table("contest_judge")
    op.drop_table("contest_entry")
    op.drop_table("contest_criterion")
    op.drop_table("contest")
