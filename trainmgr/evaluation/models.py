"""Three parties, four levels: schemes, windows, ratings, and the results kept up to date when a rating arrives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import labels
from trainmgr.evaluation.rules import (
    Level,
    LevelWeight,
    Party,
    Phase,
    RatingState,
    SchemeState,
    WindowKind,
    party_weights,
    phase_of,
)
from trainmgr.evaluation.scoring import Item, Plan
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.needs.models import Dimension


class Scheme(Model):
    """Who rates what with which weight; marks and divergence are in points of the 1–5 scale.

    `levels` holds what each level weighs and how the parties share it, all in percent: a list of
    {"level", "weight", "shares": {party: percent}}. The three party weights follow from it (see `weigh`).
    """

    __tablename__ = "evaluation_scheme"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.CheckConstraint(
            "ABS(trainee_weight + enterprise_weight + teacher_weight - 100) < 0.01", name="weights"
        ),
        sa.CheckConstraint("pass_mark BETWEEN 1 AND 5 AND good_mark BETWEEN 1 AND 5", name="marks"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[SchemeState] = mapped_column(choice(SchemeState), default=SchemeState.DRAFT)
    levels: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    trainee_weight: Mapped[float]
    enterprise_weight: Mapped[float]
    teacher_weight: Mapped[float]
    divergence: Mapped[float] = mapped_column(default=2.0)
    pass_mark: Mapped[float] = mapped_column(default=3.0)
    good_mark: Mapped[float] = mapped_column(default=4.25)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    edited_at: Mapped[datetime] = mapped_column(UTCDateTime)
    edited_by: Mapped[str] = mapped_column(sa.String(80), default="")
    version: Mapped[int] = mapped_column(default=1)

    criteria: Mapped[list[Criterion]] = relationship(
        order_by="Criterion.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def level_weights(self) -> tuple[LevelWeight, ...]:
        """What each level weighs and who shares it."""
        return tuple(
            LevelWeight(
                Level(row["level"]),
                row["weight"],
                {Party(party): share for party, share in row["shares"].items()},
            )
            for row in self.levels
        )

    def weigh(self, levels: tuple[LevelWeight, ...]) -> None:
        """Set what the levels weigh, and with it what each party does."""
        self.levels = [
            {
                "level": level.level.value,
                "weight": level.weight,
                "shares": {party.value: share for party, share in level.shares.items() if share},
            }
            for level in levels
        ]
        weights = party_weights(levels)
        self.trainee_weight = weights[Party.TRAINEE]
        self.enterprise_weight = weights[Party.ENTERPRISE]
        self.teacher_weight = weights[Party.TEACHER]

    @property
    def plan(self) -> Plan:
        """The scheme as scoring wants it (the criteria must be loaded)."""
        return Plan(tuple(criterion.item for criterion in self.criteria), self.level_weights)


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
    key: Mapped[str] = mapped_column(sa.String(60), default="")
    level: Mapped[Level] = mapped_column(choice(Level))
    dimension: Mapped[Dimension] = mapped_column(choice(Dimension), default=Dimension.PROFESSIONAL)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    hint: Mapped[str] = mapped_column(sa.String(200), default="")
    hint_en: Mapped[str] = mapped_column(sa.String(200), default="")
    anchors: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # five pairs [zh, en]
    meanings: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # five pairs or none
    weight: Mapped[float] = mapped_column(default=1.0)
    by_trainee: Mapped[bool] = mapped_column(default=False)
    by_enterprise: Mapped[bool] = mapped_column(default=False)
    by_teacher: Mapped[bool] = mapped_column(default=False)
    competency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("competency.id"), index=True)

    @property
    def parties(self) -> frozenset[Party]:
        """Who rates it."""
        flags = (self.by_trainee, self.by_enterprise, self.by_teacher)
        return frozenset(party for party, rates in zip(Party, flags, strict=True) if rates)

    @property
    def item(self) -> Item:
        """The criterion as scoring wants it."""
        return Item(self.id, self.level, self.weight, self.parties, self.competency_id)

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return labels.in_language(self.name, self.name_en)

    @property
    def hint_label(self) -> str:
        """Its hint in the reader's language."""
        return labels.in_language(self.hint, self.hint_en)

    @property
    def words(self) -> list[str]:
        """The words of the marks 1 to 5 in the reader's language."""
        return [labels.in_language(zh, en) for zh, en in self.anchors]

    def word(self, mark: int) -> str:
        """The word of one mark, 1 to 5, in the reader's language."""
        zh, en = self.anchors[mark - 1]
        return labels.in_language(zh, en)

    @property
    def meaning_words(self) -> list[str]:
        """What the marks 1 to 5 mean, in the reader's language; empty where nothing is said."""
        return [labels.in_language(zh, en) for zh, en in self.meanings]


class Window(Model):
    """A time in which the parties rate, about some levels, after some stages.

    `stage_number` is the last of `stages`. `tally` counts {party: {"expected", "submitted", "unassigned"}}; it is
    written by actions alone and does not move `version`. A terminal window is settled by staff when it has closed
    with ratings missing: its provisional results are then taken as they are. `phase_seen` is the phase that inboxes and
    the thread were last brought up to.
    """

    __tablename__ = "evaluation_window"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "kind", "stage_number"),
        sa.CheckConstraint("closes_at > opens_at", name="times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    scheme_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_scheme.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    kind: Mapped[WindowKind] = mapped_column(choice(WindowKind))
    stage_number: Mapped[int] = mapped_column(default=0)
    stages: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    levels: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    weight: Mapped[float] = mapped_column(default=0.0)
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tally: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    phase_seen: Mapped[Phase] = mapped_column(choice(Phase), default=Phase.PLANNED)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by: Mapped[str] = mapped_column(sa.String(80), default="")
    settled_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    scheme: Mapped[Scheme] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    def phase(self, now: datetime) -> Phase:
        """Where it stands on the clock."""
        return phase_of(self.opens_at, self.closes_at, now)

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return labels.in_language(self.name, self.name_en)

    @property
    def level_names(self) -> str:
        """What it asks about, in the reader's language."""
        return labels.in_a_row(labels.LEVELS[Level(level)] for level in self.levels)

    @property
    def plan(self) -> Plan:
        """What is judged in it (the scheme and its criteria must be loaded)."""
        return self.scheme.plan.limited_to(Level(level) for level in self.levels)

    def count(self, party: Party, what: str) -> int:
        """Return one figure of the tally: how many ratings of a party are "expected", "submitted" or "unassigned"."""
        return int(self.tally.get(party.value, {}).get(what, 0))

    @property
    def parties(self) -> tuple[Party, ...]:
        """The parties that rate in it."""
        return tuple(party for party in Party if party.value in self.tally)

    @property
    def outstanding(self) -> int:
        """How many ratings are still to come."""
        return sum(self.count(party, "expected") - self.count(party, "submitted") for party in self.parties)


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
    coverage: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rating.id"), unique=True)
    correction_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    rater: Mapped[User] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    window: Mapped[Window] = relationship(lazy="raise_on_sql")
    scores: Mapped[list[RatingScore]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


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
    `low`–`high` is the range that what was not judged could still bring it to. `entry_level` and `exit_level` are means
    over the same competencies: those with a level before and after (see evaluation.scoring).
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
