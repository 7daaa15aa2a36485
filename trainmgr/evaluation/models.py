"""Three parties, four levels: schemes, windows, ratings, and the results kept up to date when a rating arrives."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.needs.models import Dimension


class Party(enum.StrEnum):
    """Who judges: the trainee, the enterprise, the teacher."""

    TRAINEE = "trainee"
    ENTERPRISE = "enterprise"
    TEACHER = "teacher"


class Level(enum.StrEnum):
    """The four levels: learning experience, learning behaviour, ability gain, enterprise satisfaction."""

    REACTION = "reaction"
    BEHAVIOUR = "behaviour"
    LEARNING = "learning"
    RESULTS = "results"


class SchemeState(enum.StrEnum):
    """A scheme is a draft until its first window opens; then it is frozen and edits make a new version."""

    DRAFT = "draft"
    FROZEN = "frozen"


class WindowKind(enum.StrEnum):
    """A window judges a stage (process) or the whole training (terminal)."""

    PROCESS = "process"
    TERMINAL = "terminal"


class RatingState(enum.StrEnum):
    """A draft is its author's; a submitted rating never changes; a corrected one is kept but no longer counts."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTED = "corrected"


class Scheme(Model):
    """Who rates what with which weight. Weights are percents and add to 100; divergence is in points of the 1–5 scale."""

    __tablename__ = "evaluation_scheme"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.CheckConstraint("trainee_weight + enterprise_weight + teacher_weight = 100", name="weights"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[SchemeState] = mapped_column(choice(SchemeState), default=SchemeState.DRAFT)
    trainee_weight: Mapped[int] = mapped_column(default=20)
    enterprise_weight: Mapped[int] = mapped_column(default=45)
    teacher_weight: Mapped[int] = mapped_column(default=35)
    divergence: Mapped[float] = mapped_column(default=1.0)
    pass_mark: Mapped[float] = mapped_column(default=3.0)
    version: Mapped[int] = mapped_column(default=1)

    criteria: Mapped[list[Criterion]] = relationship(
        order_by="Criterion.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Criterion(Model):
    """One thing that is judged from 1 to 5, by the named parties, at one of the four levels.

    `weight` counts within a party's score. A criterion may stand for a competency: then its ratings are the
    trainee's level after the training.
    """

    __tablename__ = "criterion"
    __table_args__ = (
        sa.UniqueConstraint("scheme_id", "position"),
        sa.CheckConstraint("weight > 0", name="weight"),
        sa.CheckConstraint("by_trainee OR by_enterprise OR by_teacher", name="parties"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_scheme.id"))
    position: Mapped[int]
    level: Mapped[Level] = mapped_column(choice(Level))
    dimension: Mapped[Dimension] = mapped_column(choice(Dimension), default=Dimension.PROFESSIONAL)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    hint: Mapped[str] = mapped_column(sa.String(200), default="")
    hint_en: Mapped[str] = mapped_column(sa.String(200), default="")
    anchors: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # five pairs [zh, en]
    weight: Mapped[int] = mapped_column(default=1)
    by_trainee: Mapped[bool] = mapped_column(default=False)
    by_enterprise: Mapped[bool] = mapped_column(default=False)
    by_teacher: Mapped[bool] = mapped_column(default=False)
    competency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("competency.id"), index=True)


class Window(Model):
    """A time in which the parties rate. `tally` counts expected and submitted ratings per party."""

    __tablename__ = "evaluation_window"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "kind", "stage_number"),
        sa.CheckConstraint("closes_at > opens_at", name="times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    scheme_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_scheme.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    kind: Mapped[WindowKind] = mapped_column(choice(WindowKind))
    stage_number: Mapped[int] = mapped_column(default=0)
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tally: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)

    scheme: Mapped[Scheme] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Rating(Model):
    """One party's judgement of one trainee in one window. At most one submitted one counts per party."""

    __tablename__ = "rating"
    __table_args__ = (
        sa.Index("ix_rating_window_id_enrolment_id", "window_id", "enrolment_id"),
        sa.Index("ix_rating_rater_id_state", "rater_id", "state"),
        sa.Index("ix_rating_program_id", "program_id"),
        sa.Index(
            "uq_rating_submitted", "window_id", "enrolment_id", "party", unique=True,
            sqlite_where=sa.text("state = 'submitted'"), postgresql_where=sa.text("state = 'submitted'"),
        ),
        sa.Index(
            "uq_rating_draft", "window_id", "enrolment_id", "party", "rater_id", unique=True,
            sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    party: Mapped[Party] = mapped_column(choice(Party))
    rater_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    state: Mapped[RatingState] = mapped_column(choice(RatingState), default=RatingState.DRAFT)
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    score: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rating.id"), unique=True)
    correction_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    rater: Mapped[User] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    window: Mapped[Window] = relationship(lazy="raise_on_sql")
    scores: Mapped[list[RatingScore]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class RatingScore(Model):
    """A score from 1 to 5 on one criterion; None says "no chance to see"."""

    __tablename__ = "rating_score"
    __table_args__ = (sa.CheckConstraint("score BETWEEN 1 AND 5", name="score"),)

    rating_id: Mapped[int] = mapped_column(sa.ForeignKey("rating.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True, index=True)
    score: Mapped[int | None]


class Result(Model):
    """What the parties' ratings of a trainee in a window come to; written whenever one of them is submitted.

    Scores lie on the 1–5 scale. With a party missing the composite is of those present, `is_provisional` is set, and
    `low`–`high` is the range that the missing one could still bring it to.
    """

    __tablename__ = "result"
    __table_args__ = (
        sa.UniqueConstraint("window_id", "enrolment_id"),
        sa.Index("ix_result_window_id_composite", "window_id", "composite", "id"),
        sa.Index("ix_result_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    trainee_score: Mapped[float | None]
    enterprise_score: Mapped[float | None]
    teacher_score: Mapped[float | None]
    composite: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    is_provisional: Mapped[bool] = mapped_column(default=True)
    divergence: Mapped[float | None]
    is_divergent: Mapped[bool] = mapped_column(default=False)
    entry_level: Mapped[float | None]
    exit_level: Mapped[float | None]
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    window: Mapped[Window] = relationship(lazy="raise_on_sql")


class Attainment(Model):
    """A trainee's level in one competency after the training: the weighted mean of the parties that rated it (1–5)."""

    __tablename__ = "attainment"

    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), primary_key=True, index=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True)
    level: Mapped[float]

    __table_args__ = (sa.Index("ix_attainment_window_id_competency_id", "window_id", "competency_id"),)
