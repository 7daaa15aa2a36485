"""parties, follow-up windows and reminders of the evaluation

Revision: 0026
After: 0025
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

THREE = ("trainee", "enterprise", "teacher")
PARTIES = (*THREE, "peer", "counsellor", "assessor")
NOTICES = ("invitation", "first_reminder", "second_reminder", "by_hand")
SUBMITTED = sa.text("state = 'submitted'")
STANDS_ALONE = sa.text("state = 'submitted' AND party IN ('trainee', 'enterprise', 'teacher')")
IS_BY_CLOCK = sa.text("kind <> 'by_hand'")
IS_BY_HAND = sa.text("kind = 'by_hand'")
WEIGHTS = "ABS(trainee_weight + enterprise_weight + teacher_weight{more} - 100) < 0.01"


def upgrade() -> None:
    """Windows that are open already are taken as announced: nobody is written to about them."""
    _widen_schemes()
    _widen_windows()
    _widen_ratings()
    _create_raters()
    _create_notices()


def _widen_schemes() -> None:
    with op.batch_alter_table("evaluation_scheme") as batch_op:
        for party in PARTIES[3:]:
            batch_op.add_column(_with_default(f"{party}_weight", sa.Double(), "0"))
        batch_op.add_column(_with_default("peer_raters", sa.Integer(), "3"))
        batch_op.drop_constraint(op.f("ck_evaluation_scheme_weights"), type_="check")
    with op.batch_alter_table("evaluation_scheme") as batch_op:
        more = "".join(f" + {party}_weight" for party in PARTIES[3:])
        batch_op.create_check_constraint(op.f("ck_evaluation_scheme_weights"), WEIGHTS.format(more=more))
        batch_op.create_check_constraint(
            op.f("ck_evaluation_scheme_peer_raters"), "peer_raters BETWEEN 3 AND 10"
        )
        for column in (*(f"{party}_weight" for party in PARTIES[3:]), "peer_raters"):
            batch_op.alter_column(column, server_default=None)
    with op.batch_alter_table("criterion") as batch_op:
        for party in PARTIES[3:]:
            batch_op.add_column(_with_default(f"by_{party}", sa.Boolean(), sa.false()))
        batch_op.drop_constraint(op.f("ck_criterion_parties"), type_="check")
    with op.batch_alter_table("criterion") as batch_op:
        rated = " OR ".join(f"by_{party}" for party in PARTIES)
        batch_op.create_check_constraint(op.f("ck_criterion_parties"), rated)
        for party in PARTIES[3:]:
            batch_op.alter_column(f"by_{party}", server_default=None)


def _with_default(name: str, kind: sa.types.TypeEngine, value: object) -> sa.Column:
    return sa.Column(name, kind, nullable=False, server_default=value)


def _widen_windows() -> None:
    moment = trainmgr.kernel.db.UTCDateTime(timezone=True)
    notified = sa.Enum(*NOTICES, name="notified", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("evaluation_window") as batch_op:
        batch_op.add_column(_with_default("asked", sa.JSON(), "[]"))
        batch_op.add_column(_with_default("months_after", sa.Integer(), "0"))
        batch_op.add_column(sa.Column("first_reminder_at", moment, nullable=True))
        batch_op.add_column(sa.Column("second_reminder_at", moment, nullable=True))
        batch_op.add_column(sa.Column("notified", notified, nullable=True))
        batch_op.add_column(_with_default("assigned_from", sa.String(60), ""))
        batch_op.drop_constraint(op.f("ck_evaluation_window_windowkind"), type_="check")
        batch_op.drop_constraint(op.f("uq_evaluation_window_program_id_kind_stage_number"), type_="unique")
    with op.batch_alter_table("evaluation_window") as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_evaluation_window_windowkind"), "kind IN ('process', 'terminal', 'follow_up')"
        )
        batch_op.create_check_constraint(
            op.f("ck_evaluation_window_months_after"), "(kind = 'follow_up') = (months_after > 0)"
        )
        batch_op.create_check_constraint(
            op.f("ck_evaluation_window_follow_up_weight"), "kind <> 'follow_up' OR weight = 0"
        )
        batch_op.create_unique_constraint(
            op.f("uq_evaluation_window_program_id_kind_stage_number_months_after"),
            ["program_id", "kind", "stage_number", "months_after"],
        )
        for column in ("asked", "months_after", "assigned_from"):
            batch_op.alter_column(column, server_default=None)
    op.execute("UPDATE evaluation_window SET notified = 'second_reminder' WHERE phase_seen <> 'planned'")


def _widen_ratings() -> None:
    with op.batch_alter_table("rating") as batch_op:
        batch_op.drop_index("uq_rating_submitted")
        batch_op.drop_constraint(op.f("ck_rating_party"), type_="check")
        batch_op.create_check_constraint(op.f("ck_rating_party"), _in(PARTIES))
    _unique_ratings()
    op.create_index(
        "uq_rating_submitted_by_rater", "rating", ["window_id", "enrolment_id", "party", "rater_id"],
        unique=True, sqlite_where=SUBMITTED, postgresql_where=SUBMITTED,
    )  # fmt: skip
    with op.batch_alter_table("result") as batch_op:
        for party in PARTIES[3:]:
            batch_op.add_column(sa.Column(f"{party}_score", sa.Double(), nullable=True))


def _unique_ratings(where: sa.TextClause = STANDS_ALONE) -> None:
    op.create_index(
        "uq_rating_submitted", "rating", ["window_id", "enrolment_id", "party"],
        unique=True, sqlite_where=where, postgresql_where=where,
    )  # fmt: skip


def _in(parties: tuple[str, ...]) -> str:
    return "party IN (" + ", ".join(f"'{party}'" for party in parties) + ")"


def _create_raters() -> None:
    party = sa.Enum(*PARTIES, name="party", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "window_rater",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("party", party, nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(_in(PARTIES[3:]), name=op.f("ck_window_rater_many")),
        *_keys("window_rater", evaluation_window="window_id", enrolment="enrolment_id"),
        sa.PrimaryKeyConstraint(
            "window_id", "party", "enrolment_id", "user_id", name=op.f("pk_window_rater")
        ),
    )
    op.create_index("ix_window_rater_user_id", "window_rater", ["user_id", "window_id"])
    op.create_index("ix_window_rater_program_id", "window_rater", ["program_id"])
    op.create_index("ix_window_rater_enrolment_id", "window_rater", ["enrolment_id"])


def _keys(table: str, **more: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for other, column in {**more, "user_account": "user_id", "program": "program_id"}.items()
    ]


def _create_notices() -> None:
    kind = sa.Enum(*NOTICES, name="noticekind", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "window_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_window_notice_amount")),
        *_keys("window_notice", evaluation_window="window_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_notice")),
    )
    op.create_index(
        "uq_window_notice_by_clock", "window_notice", ["window_id", "user_id", "kind"],
        unique=True, sqlite_where=IS_BY_CLOCK, postgresql_where=IS_BY_CLOCK,
    )  # fmt: skip
    op.create_index(
        "uq_window_notice_by_hand", "window_notice", ["window_id", "user_id", "day"],
        unique=True, sqlite_where=IS_BY_HAND, postgresql_where=IS_BY_HAND,
    )  # fmt: skip
    op.create_index("ix_window_notice_program_id", "window_notice", ["program_id"])
    op.create_index("ix_window_notice_user_id", "window_notice", ["user_id"])


def downgrade() -> None:
    """What only the added parties and follow-ups hold goes; a scheme that weighed them keeps no weights that add up."""
    _drop_what_is_new()
    with op.batch_alter_table("result") as batch_op:
        for party in PARTIES[3:]:
            batch_op.drop_column(f"{party}_score")
    with op.batch_alter_table("rating") as batch_op:
        batch_op.drop_index("uq_rating_submitted_by_rater")
        batch_op.drop_index("uq_rating_submitted")
        batch_op.drop_constraint(op.f("ck_rating_party"), type_="check")
        batch_op.create_check_constraint(op.f("ck_rating_party"), _in(THREE))
    _unique_ratings(SUBMITTED)
    _narrow_windows()
    _narrow_schemes()


def _drop_what_is_new() -> None:
    op.drop_table("window_notice")
    op.drop_table("window_rater")
    window = sa.table("evaluation_window", sa.column("id"), sa.column("kind"))
    rating = sa.table("rating", *(sa.column(name) for name in ("id", "party", "window_id", "corrects_id")))
    score = sa.table("rating_score", sa.column("rating_id"))
    follow_ups = sa.select(window.c.id).where(window.c.kind == "follow_up")
    goes = sa.or_(rating.c.party.not_in(THREE), rating.c.window_id.in_(follow_ups))
    op.execute(sa.delete(score).where(score.c.rating_id.in_(sa.select(rating.c.id).where(goes))))
    op.execute(sa.update(rating).where(goes).values(corrects_id=None))
    op.execute(sa.delete(rating).where(goes))
    for name in ("attainment", "result"):
        table = sa.table(name, sa.column("window_id"))
        op.execute(sa.delete(table).where(table.c.window_id.in_(follow_ups)))
    op.execute(sa.delete(window).where(window.c.kind == "follow_up"))
    criteria = sa.table("criterion", *(sa.column(f"by_{party}", sa.Boolean()) for party in THREE))
    nobody = sa.not_(sa.or_(*(criteria.c[f"by_{party}"] for party in THREE)))
    op.execute(sa.update(criteria).where(nobody).values(by_teacher=True))
    op.execute(
        "UPDATE evaluation_scheme SET teacher_weight = 100 - trainee_weight - enterprise_weight"
        " WHERE ABS(trainee_weight + enterprise_weight + teacher_weight - 100) >= 0.01"
    )


def _narrow_windows() -> None:
    with op.batch_alter_table("evaluation_window") as batch_op:
        batch_op.drop_constraint(op.f("ck_evaluation_window_follow_up_weight"), type_="check")
        batch_op.drop_constraint(op.f("ck_evaluation_window_months_after"), type_="check")
        batch_op.drop_constraint(op.f("ck_evaluation_window_windowkind"), type_="check")
        batch_op.drop_constraint(op.f("ck_evaluation_window_notified"), type_="check")
        batch_op.drop_constraint(
            op.f("uq_evaluation_window_program_id_kind_stage_number_months_after"), type_="unique"
        )
        for column in (
            "assigned_from", "notified", "second_reminder_at", "first_reminder_at", "months_after", "asked",
        ):  # fmt: skip
            batch_op.drop_column(column)
    with op.batch_alter_table("evaluation_window") as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_evaluation_window_windowkind"), "kind IN ('process', 'terminal')"
        )
        batch_op.create_unique_constraint(
            op.f("uq_evaluation_window_program_id_kind_stage_number"), ["program_id", "kind", "stage_number"]
        )


def _narrow_schemes() -> None:
    with op.batch_alter_table("criterion") as batch_op:
        batch_op.drop_constraint(op.f("ck_criterion_parties"), type_="check")
        for party in PARTIES[3:]:
            batch_op.drop_column(f"by_{party}")
    with op.batch_alter_table("criterion") as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_criterion_parties"), "by_trainee OR by_enterprise OR by_teacher"
        )
    with op.batch_alter_table("evaluation_scheme") as batch_op:
        batch_op.drop_constraint(op.f("ck_evaluation_scheme_weights"), type_="check")
        batch_op.drop_constraint(op.f("ck_evaluation_scheme_peer_raters"), type_="check")
        for column in (*(f"{party}_weight" for party in PARTIES[3:]), "peer_raters"):
            batch_op.drop_column(column)
    with op.batch_alter_table("evaluation_scheme") as batch_op:
        batch_op.create_check_constraint(op.f("ck_evaluation_scheme_weights"), WEIGHTS.format(more=""))
