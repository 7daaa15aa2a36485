"""Parties and four levels: schemes, windows, who rates, ratings, and the results kept up to date when one arrives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import labels
from trainmgr.evaluation.rules import (
    LEAST_PEERS,
    THREE,
    Level,
    LevelWeight,
    NoticeKind,
    Party,
    Phase,
    RatingState,
    SchemeState,
    WindowKind,
    party_weights,
    phase_of,
)
from trainmgr.evaluation.scoring import Item, Plan, coverage_of
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.needs.models import Dimension


class Scheme(Model):
    """Who rates what with which weight; marks and divergence are in points of the 1–5 scale.

    `levels` holds what each level weighs and how the parties share it, all in percent: a list of
    {"level", "weight", "shares": {party: percent}}. The party weights follow from it (see `weigh`). Where peers rate,
    `peer_raters` of them rate each trainee.
    """

    __tablename__ = "evaluation_scheme"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.CheckConstraint(
            "ABS(trainee_weight + enterprise_weight + teacher_weight"
            " + peer_weight + counsellor_weight + assessor_weight - 100) < 0.01",
            name="weights",
        ),
        sa.CheckConstraint("peer_raters BETWEEN 3 AND 10", name="peer_raters"),
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
    peer_weight: Mapped[float] = mapped_column(default=0.0)
    counsellor_weight: Mapped[float] = mapped_column(default=0.0)
    assessor_weight: Mapped[float] = mapped_column(default=0.0)
    peer_raters: Mapped[int] = mapped_column(default=LEAST_PEERS)
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
        for party, weight in party_weights(levels).items():
            setattr(self, f"{party.value}_weight", weight)

    @property
    def parties(self) -> tuple[Party, ...]:
        """The three, and whoever has a share or a criterion besides (the criteria must be loaded)."""
        shared = {party for level in self.level_weights for party, share in level.shares.items() if share}
        asked = {party for criterion in self.criteria for party in criterion.parties}
        return tuple(party for party in Party if party in THREE or party in shared | asked)

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
        sa.CheckConstraint(
            "by_trainee OR by_enterprise OR by_teacher OR by_peer OR by_counsellor OR by_assessor",
            name="parties",
        ),
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
    by_peer: Mapped[bool] = mapped_column(default=False)
    by_counsellor: Mapped[bool] = mapped_column(default=False)
    by_assessor: Mapped[bool] = mapped_column(default=False)
    competency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("competency.id"), index=True)

    @property
    def parties(self) -> frozenset[Party]:
        """Who rates it."""
        return frozenset(party for party in Party if getattr(self, f"by_{party.value}"))

    @property
    def item(self) -> Item:
        """The criterion as scoring wants it."""
        return Item(self.id, self.level, self.weight, self.parties, self.competency_id, self.dimension)

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

    def word(self, mark: float) -> str:
        """The word of one mark, 1 to 5, in the reader's language; of a mean mark that of the nearest one."""
        zh, en = self.anchors[int(mark + 0.5) - 1]
        return labels.in_language(zh, en)

    @property
    def meaning_words(self) -> list[str]:
        """What the marks 1 to 5 mean, in the reader's language; empty where nothing is said."""
        return [labels.in_language(zh, en) for zh, en in self.meanings]


class Window(Model):
    """A time in which the parties rate, about some levels, after some stages.

    `stage_number` is the last of `stages`. A follow-up opens `months_after` the end of the training. `asked` names the
    parties where not all of the scheme's are asked. `first_reminder_at` and `second_reminder_at` are when whoever has
    not answered is reminded (None: not at all), `notified` is the last notice that the clock has sent, `assigned_from`
    tells from which counsellors and assessors raters were named. `tally` counts {party: {"expected", "submitted",
    "unassigned"}}; it is written by actions alone and does not move `version`. A terminal window is settled by staff
    when it has closed with ratings missing: its provisional results are then taken as they are. `phase_seen` is the
    phase that inboxes and the thread were last brought up to.
    """

    __tablename__ = "evaluation_window"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "kind", "stage_number", "months_after"),
        sa.CheckConstraint("closes_at > opens_at", name="times"),
        sa.CheckConstraint("(kind = 'follow_up') = (months_after > 0)", name="months_after"),
        sa.CheckConstraint("kind <> 'follow_up' OR weight = 0", name="follow_up_weight"),
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
    asked: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    months_after: Mapped[int] = mapped_column(default=0)
    weight: Mapped[float] = mapped_column(default=0.0)
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tally: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    phase_seen: Mapped[Phase] = mapped_column(choice(Phase), default=Phase.PLANNED)
    first_reminder_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    second_reminder_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    notified: Mapped[NoticeKind | None] = mapped_column(choice(NoticeKind, "notified"))
    assigned_from: Mapped[str] = mapped_column(sa.String(60), default="")
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
        return self.scheme.plan.limited_to((Level(level) for level in self.levels), self.asked_parties)

    @property
    def asked_parties(self) -> tuple[Party, ...]:
        """The parties that are asked; none named means all of the scheme's."""
        return tuple(party for party in Party if party.value in self.asked)

    @property
    def asked_names(self) -> str:
        """Who is asked where not all are, in the reader's language."""
        return labels.in_a_row(labels.PARTIES[party] for party in self.asked_parties)

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


class WindowRater(OfCollege, Model):
    """Somebody who rates a trainee in a window for a party of several: a peer, a counsellor, an assessor.

    Who has rated keeps the row; who stopped before is taken out, who came is put in (see `assigning`).
    """

    __tablename__ = "window_rater"
    __table_args__ = (
        sa.CheckConstraint("party IN ('peer', 'counsellor', 'assessor')", name="many"),
        sa.Index("ix_window_rater_user_id", "user_id", "window_id"),
        sa.Index("ix_window_rater_program_id", "lead_college_id", "program_id"),
        sa.Index("ix_window_rater_enrolment_id", "enrolment_id"),
    )

    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"), primary_key=True)
    party: Mapped[Party] = mapped_column(choice(Party), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True)
    program_id: Mapped[int]


STANDS_ALONE = sa.text("state = 'submitted' AND party IN ('trainee', 'enterprise', 'teacher')")
IS_BY_CLOCK = sa.text("kind <> 'by_hand'")
IS_BY_HAND = sa.text("kind = 'by_hand'")


class WindowNotice(OfCollege, Model):
    """What a rater was sent about a window, and when: each kind once, by hand at most once a day. Never changed."""

    __tablename__ = "window_notice"
    __table_args__ = (
        sa.Index(
            "uq_window_notice_by_clock", "window_id", "user_id", "kind", unique=True,
            sqlite_where=IS_BY_CLOCK, postgresql_where=IS_BY_CLOCK,
        ),
        sa.Index(
            "uq_window_notice_by_hand", "window_id", "user_id", "day", unique=True,
            sqlite_where=IS_BY_HAND, postgresql_where=IS_BY_HAND,
        ),
        sa.Index("ix_window_notice_program_id", "lead_college_id", "program_id"),
        sa.Index("ix_window_notice_user_id", "user_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    kind: Mapped[NoticeKind] = mapped_column(choice(NoticeKind))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    day: Mapped[date]
    amount: Mapped[int]
    by_name: Mapped[str] = mapped_column(sa.String(80), default="")


class Rating(OfCollege, Model):
    """One person's judgement of one trainee in one window for a party.

    At most one submitted one counts per party, or per rater where a party has several.
    """

    __tablename__ = "rating"
    __table_args__ = (
        sa.Index("uq_rating_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.Index("ix_rating_window_id_enrolment_id", "window_id", "enrolment_id"),
        sa.Index("ix_rating_rater_id_state", "rater_id", "state"),
        sa.Index("ix_rating_program_id", "lead_college_id", "program_id"),
        sa.Index(
            "uq_rating_submitted", "window_id", "enrolment_id", "party", unique=True,
            sqlite_where=STANDS_ALONE, postgresql_where=STANDS_ALONE,
        ),
        sa.Index(
            "uq_rating_submitted_by_rater", "window_id", "enrolment_id", "party", "rater_id", unique=True,
            sqlite_where=sa.text("state = 'submitted'"), postgresql_where=sa.text("state = 'submitted'"),
        ),
        sa.Index(
            "uq_rating_draft", "window_id", "enrolment_id", "party", "rater_id", unique=True,
            sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
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


class RatingScore(OfCollege, Model, by="rating_id", above="rating"):
    """A score from 1 to 5 on one criterion; None says "no chance to see"."""

    __tablename__ = "rating_score"
    __table_args__ = (sa.CheckConstraint("score BETWEEN 1 AND 5", name="score"),)

    rating_id: Mapped[int] = mapped_column(primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True, index=True)
    score: Mapped[int | None]


class Result(OfCollege, Model):
    """What the parties' ratings of a trainee in a window come to; written whenever one of them is submitted.

    Scores lie on the 1–5 scale. With a party missing the composite is of those present, `is_provisional` is set (as it
    is when less than `scoring.LEAST_COVERAGE` of the weight was judged), and `low`–`high` is the range that what was
    not judged could still bring it to. `entry_level` and `exit_level` are means
    over the same competencies: those with a level before and after (see evaluation.scoring).
    """

    __tablename__ = "result"
    __table_args__ = (
        sa.Index("ix_result_program_id", "lead_college_id", "program_id"),
        sa.UniqueConstraint("window_id", "enrolment_id"),
        sa.Index("ix_result_window_id_composite", "window_id", "composite", "id"),
        sa.Index("ix_result_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    trainee_score: Mapped[float | None]
    enterprise_score: Mapped[float | None]
    teacher_score: Mapped[float | None]
    peer_score: Mapped[float | None]
    counsellor_score: Mapped[float | None]
    assessor_score: Mapped[float | None]
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

    @property
    def coverage(self) -> float | None:
        """The share of the weight that was judged, 0 to 1; None while there is no composite."""
        return None if self.low is None or self.high is None else coverage_of(self.low, self.high)

    def score(self, party: Party) -> float | None:
        """A party's score, 1 to 5; None while it has none."""
        score: float | None = getattr(self, f"{party.value}_score")
        return score


class Attainment(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """A trainee's level in one competency after the training: the weighted mean of the parties that rated it (1–5)."""

    __tablename__ = "attainment"

    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(primary_key=True, index=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True)
    level: Mapped[float]

    __table_args__ = (sa.Index("ix_attainment_window_id_competency_id", "window_id", "competency_id"),)
