"""Contests with their scoring sheets: criteria, prizes, judges, entries, scores, places. Scores never change."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.contests import labels
from trainmgr.contests.rules import (
    ContestKind,
    ContestState,
    Grade,
    Level,
    Measure,
    Prize,
    PrizeKind,
    SheetState,
)
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.programs.models import Program

COUNTS = sa.text("state = 'submitted'")
ACTIVE = sa.text("is_active")


class Contest(Model):
    """A contest that a college holds: of one programme, or of the whole college (no programme).

    `enterprise_id` is the enterprise that holds it with the college and gives its scholarships.
    """

    __tablename__ = "contest"
    __table_args__ = (
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published"),
        sa.CheckConstraint("entries_until IS NULL OR entries_until <= held_on", name="dates"),
        sa.Index("ix_contest_college_id_held_on", "college_id", "held_on", "id"),
        sa.Index("ix_contest_program_id", "program_id"),
        sa.Index("ix_contest_enterprise_id", "enterprise_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[ContestKind] = mapped_column(choice(ContestKind))
    level: Mapped[Level] = mapped_column(choice(Level, "contest_level"))
    is_team: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    place: Mapped[str] = mapped_column(sa.String(120), default="")
    held_on: Mapped[date]
    entries_until: Mapped[date | None]
    drop_extremes: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ContestState] = mapped_column(choice(ContestState), default=ContestState.DRAFT)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    program: Mapped[Program | None] = relationship(lazy="raise_on_sql")
    enterprise: Mapped[Organization | None] = relationship(foreign_keys=[enterprise_id], lazy="raise_on_sql")
    criteria: Mapped[list[ContestCriterion]] = relationship(
        order_by="ContestCriterion.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )
    prizes: Mapped[list[ContestPrize]] = relationship(
        order_by="ContestPrize.first_place", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return labels.in_language(self.name, self.name_en)

    @property
    def kind_label(self) -> Any:
        """Its kind in words."""
        return labels.KINDS[self.kind]

    @property
    def level_label(self) -> Any:
        """Its level in words."""
        return labels.LEVELS[self.level]

    @property
    def state_label(self) -> Any:
        """Where it stands, in words."""
        return labels.STATES[self.state]

    @property
    def measures(self) -> list[Measure]:
        """The criteria as the ranking wants them."""
        return [Measure(one.id, one.most, one.weight) for one in self.criteria]


class ContestCriterion(Model):
    """A line of the scoring sheet."""

    __tablename__ = "contest_criterion"
    __table_args__ = (
        sa.UniqueConstraint("contest_id", "position"),
        sa.CheckConstraint("most > 0 AND weight > 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(sa.ForeignKey("contest.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    most: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))
    weight: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))


class ContestPrize(Model):
    """What the places from one to another win; money in cents of one prize (a team shares it)."""

    __tablename__ = "contest_prize"
    __table_args__ = (
        sa.CheckConstraint("first_place >= 1 AND last_place >= first_place", name="places"),
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name="amount"),
        sa.Index("ix_contest_prize_contest_id", "contest_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(sa.ForeignKey("contest.id"))
    kind: Mapped[PrizeKind] = mapped_column(choice(PrizeKind))
    grade: Mapped[Grade] = mapped_column(choice(Grade))
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    first_place: Mapped[int]
    last_place: Mapped[int]
    amount_cents: Mapped[int | None]

    @property
    def label(self) -> Any:
        """What it is called: its own name, else its grade."""
        return self.name or labels.GRADES[self.grade]

    @property
    def kind_label(self) -> Any:
        """Prize or scholarship, in words."""
        return labels.PRIZES[self.kind]

    @property
    def row(self) -> Prize:
        """The prize as the rules want it."""
        return Prize(self.id, self.first_place, self.last_place)


class ContestJudge(Model):
    """Somebody who scores a contest, and for whom: the college, the enterprise or from outside."""

    __tablename__ = "contest_judge"
    __table_args__ = (sa.UniqueConstraint("contest_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(sa.ForeignKey("contest.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class ContestEntry(Model):
    """A trainee or a team in a contest; `score` and `placed` are written when the ranking is published."""

    __tablename__ = "contest_entry"
    __table_args__ = (
        sa.UniqueConstraint("contest_id", "number"),
        sa.CheckConstraint("is_active OR reason <> ''", name="reason"),
        sa.CheckConstraint("(score IS NULL) = (placed IS NULL)", name="placed"),
        sa.Index("ix_contest_entry_contest_id_placed", "contest_id", "placed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(sa.ForeignKey("contest.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    is_active: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    score: Mapped[Decimal | None] = mapped_column(sa.Numeric(6, 2))
    placed: Mapped[int | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    members: Mapped[list[ContestMember]] = relationship(order_by="ContestMember.id", lazy="raise_on_sql")


class ContestMember(Model):
    """A trainee in an entry; in one contest in one entry at a time."""

    __tablename__ = "contest_member"
    __table_args__ = (
        sa.Index(
            "uq_contest_member_active", "contest_id", "enrolment_id", unique=True,
            sqlite_where=ACTIVE, postgresql_where=ACTIVE,
        ),
        sa.Index("ix_contest_member_entry_id", "entry_id"),
        sa.Index("ix_contest_member_enrolment_id", "enrolment_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(sa.ForeignKey("contest.id"))
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("contest_entry.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    is_active: Mapped[bool] = mapped_column(default=True)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class ScoreSheet(Model):
    """One judge's points for one entry; a correction is a new sheet beside it. `total` is from 0 to 100."""

    __tablename__ = "contest_score"
    __table_args__ = (
        sa.CheckConstraint("total BETWEEN 0 AND 100", name="total"),
        sa.CheckConstraint("corrects_id IS NULL OR reason <> ''", name="reason"),
        sa.Index(
            "uq_contest_score_counts", "entry_id", "judge_id", unique=True,
            sqlite_where=COUNTS, postgresql_where=COUNTS,
        ),
        sa.Index("ix_contest_score_contest_id_state", "contest_id", "state"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(sa.ForeignKey("contest.id"))
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("contest_entry.id"))
    judge_id: Mapped[int] = mapped_column(sa.ForeignKey("contest_judge.id"))
    state: Mapped[SheetState] = mapped_column(choice(SheetState), default=SheetState.SUBMITTED)
    points: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # {criterion id: points as text}
    total: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))
    comment: Mapped[str] = mapped_column(sa.String(200), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contest_score.id"), unique=True)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
