"""what assigning mentors keeps to; proposals of several ways; two-way choice

Revision: 0017
After: 0016
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WAYS = "way IN ('best_fit', 'even_loads', 'fewest_changes', 'two_way')"
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "choice_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "college", "enterprise", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "proposing",
            sa.Enum(
                "trainees", "mentors", name="proposing", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("most_wishes", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("trainees_until", sa.Date(), nullable=False),
        sa.Column("mentors_until", sa.Date(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("matched_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("most_wishes BETWEEN 1 AND 20", name=op.f("ck_choice_round_most_wishes")),
        sa.CheckConstraint(
            "trainees_until >= opens_on AND mentors_until > trainees_until", name=op.f("ck_choice_round_days")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_choice_round_opened_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_choice_round_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_round")),
        sa.UniqueConstraint(
            "program_id", "side", "number", name=op.f("uq_choice_round_program_id_side_number")
        ),
    )
    op.create_table(
        "mentor_leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_mentor_leave_dates")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_mentor_leave_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_leave_mentor_id_mentor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_leave")),
    )
    with op.batch_alter_table("mentor_leave", schema=None) as batch_op:
        batch_op.create_index("ix_mentor_leave_mentor_id_ends_on", ["mentor_id", "ends_on"], unique=False)

    op.create_table(
        "mentoring_terms",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("typical_enterprise", sa.Integer(), nullable=False),
        sa.Column("typical_college", sa.Integer(), nullable=False),
        sa.Column("most_km", sa.Integer(), nullable=True),
        sa.Column("most_leave", sa.Integer(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("most_km IS NULL OR most_km > 0", name=op.f("ck_mentoring_terms_most_km")),
        sa.CheckConstraint("most_leave >= 0", name=op.f("ck_mentoring_terms_most_leave")),
        sa.CheckConstraint(
            "typical_enterprise > 0 AND typical_college > 0", name=op.f("ck_mentoring_terms_typical")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_mentoring_terms_program_id_program")
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_mentoring_terms")),
    )
    op.create_table(
        "site_distance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("one", sa.String(length=80), nullable=False),
        sa.Column("other", sa.String(length=80), nullable=False),
        sa.Column("km", sa.Integer(), nullable=False),
        sa.CheckConstraint("km >= 0", name=op.f("ck_site_distance_km")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_site_distance_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_distance")),
        sa.UniqueConstraint("program_id", "one", "other", name=op.f("uq_site_distance_program_id_one_other")),
    )
    op.create_table(
        "choice_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.CheckConstraint("declined OR rank IS NOT NULL", name=op.f("ck_choice_answer_says")),
        sa.CheckConstraint(
            "rank IS NULL OR (rank >= 1 AND NOT declined)", name=op.f("ck_choice_answer_rank")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
            name=op.f("fk_choice_answer_enrolment_id_enrolment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_choice_answer_mentor_id_mentor")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["choice_round.id"], name=op.f("fk_choice_answer_round_id_choice_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_answer")),
        sa.UniqueConstraint(
            "round_id",
            "mentor_id",
            "enrolment_id",
            name=op.f("uq_choice_answer_round_id_mentor_id_enrolment_id"),
        ),
        sa.UniqueConstraint(
            "round_id", "mentor_id", "rank", name=op.f("uq_choice_answer_round_id_mentor_id_rank")
        ),
    )
    with op.batch_alter_table("choice_answer", schema=None) as batch_op:
        batch_op.create_index("ix_choice_answer_enrolment_id", ["enrolment_id"], unique=False)

    op.create_table(
        "choice_wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_choice_wish_rank")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
            name=op.f("fk_choice_wish_enrolment_id_enrolment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_choice_wish_mentor_id_mentor")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["choice_round.id"], name=op.f("fk_choice_wish_round_id_choice_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_wish")),
        sa.UniqueConstraint(
            "round_id",
            "enrolment_id",
            "mentor_id",
            name=op.f("uq_choice_wish_round_id_enrolment_id_mentor_id"),
        ),
        sa.UniqueConstraint(
            "round_id", "enrolment_id", "rank", name=op.f("uq_choice_wish_round_id_enrolment_id_rank")
        ),
    )
    with op.batch_alter_table("choice_wish", schema=None) as batch_op:
        batch_op.create_index("ix_choice_wish_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index("ix_choice_wish_round_id_mentor_id", ["round_id", "mentor_id"], unique=False)

    op.create_table(
        "trainee_site",
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
            name=op.f("fk_trainee_site_enrolment_id_enrolment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_trainee_site_program_id_program")
        ),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_trainee_site")),
    )
    with op.batch_alter_table("trainee_site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trainee_site_program_id"), ["program_id"], unique=False)

    with op.batch_alter_table("mentor_proposal") as batch_op:
        batch_op.drop_index("uq_mentor_proposal_open")
        batch_op.add_column(sa.Column("way", sa.String(length=32), nullable=False, server_default="best_fit"))
        batch_op.add_column(sa.Column("round_id", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_mentor_proposal_way"), WAYS)
        batch_op.create_foreign_key(
            op.f("fk_mentor_proposal_round_id_choice_round"), "choice_round", ["round_id"], ["id"]
        )
    with op.batch_alter_table("mentor_proposal") as batch_op:
        batch_op.alter_column("way", server_default=None)
        batch_op.create_index(op.f("ix_mentor_proposal_round_id"), ["round_id"])
    _unique_open("program_id", "side", "way")


def _unique_open(*columns: str) -> None:
    op.create_index(
        "uq_mentor_proposal_open",
        "mentor_proposal",
        columns,
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.execute("UPDATE mentor_proposal SET state = 'dropped' WHERE state = 'open' AND way <> 'best_fit'")
    with op.batch_alter_table("mentor_proposal") as batch_op:
        batch_op.drop_index("uq_mentor_proposal_open")
        batch_op.drop_index(op.f("ix_mentor_proposal_round_id"))
        batch_op.drop_constraint(op.f("fk_mentor_proposal_round_id_choice_round"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_mentor_proposal_way"), type_="check")
        batch_op.drop_column("round_id")
        batch_op.drop_column("way")
    _unique_open("program_id", "side")
    with op.batch_alter_table("trainee_site", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trainee_site_program_id"))

    op.drop_table("trainee_site")
    with op.batch_alter_table("choice_wish", schema=None) as batch_op:
        batch_op.drop_index("ix_choice_wish_round_id_mentor_id")
        batch_op.drop_index("ix_choice_wish_enrolment_id")

    op.drop_table("choice_wish")
    with op.batch_alter_table("choice_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_choice_answer_enrolment_id")

    op.drop_table("choice_answer")
    op.drop_table("site_distance")
    op.drop_table("mentoring_terms")
    with op.batch_alter_table("mentor_leave", schema=None) as batch_op:
        batch_op.drop_index("ix_mentor_leave_mentor_id_ends_on")

    op.drop_table("mentor_leave")
    op.drop_table("choice_round")
