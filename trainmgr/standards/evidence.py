"""What a version rests on: experts, interviews with their ratings of tasks, the two rounds of a Delphi study."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.standards.models import StandardTask
from trainmgr.standards.scoring import Subject, Verdict


class Expert(Model):
    """Somebody of the field who is asked about posts; `organization` keeps the entry in its pool."""

    __tablename__ = "expert"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "name", "employer"),
        sa.Index("ix_expert_organization_id_occupation", "organization_id", "occupation"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    employer: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(80), default="")
    field: Mapped[str] = mapped_column(sa.String(80), default="")
    occupation: Mapped[str] = mapped_column(sa.String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class Interview(Model):
    """A conversation with an expert about the tasks of the post."""

    __tablename__ = "expert_interview"
    __table_args__ = (sa.UniqueConstraint("version_id", "expert_id", "held_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"))
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("expert.id"), index=True)
    held_on: Mapped[date]
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    expert: Mapped[Expert] = relationship(lazy="raise_on_sql")
    ratings: Mapped[list[TaskRating]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")


class TaskRating(Model):
    """What an expert said of one representative task: difficulty, importance, frequency, 1 to 5 each."""

    __tablename__ = "task_rating"
    __table_args__ = (
        sa.CheckConstraint("difficulty BETWEEN 1 AND 5", name="difficulty"),
        sa.CheckConstraint("importance BETWEEN 1 AND 5", name="importance"),
        sa.CheckConstraint("frequency BETWEEN 1 AND 5", name="frequency"),
    )

    interview_id: Mapped[int] = mapped_column(sa.ForeignKey("expert_interview.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_task.id"), primary_key=True, index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), index=True)
    difficulty: Mapped[int] = mapped_column(sa.SmallInteger)
    importance: Mapped[int] = mapped_column(sa.SmallInteger)
    frequency: Mapped[int] = mapped_column(sa.SmallInteger)

    task: Mapped[StandardTask] = relationship(lazy="raise_on_sql")


class DelphiPanelist(Model):
    """An expert who is asked in the rounds about a version."""

    __tablename__ = "delphi_panelist"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), primary_key=True)
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("expert.id"), primary_key=True, index=True)

    expert: Mapped[Expert] = relationship(lazy="raise_on_sql")


class DelphiRound(Model):
    """The first or second round about the items of a draft, with its thresholds.

    `raters` experts rated every item; `w`, `chi_square` and `p_value` are of them (None where W is not defined).
    """

    __tablename__ = "delphi_round"
    __table_args__ = (
        sa.UniqueConstraint("version_id", "number"),
        sa.CheckConstraint("number IN (1, 2)", name="number"),
        sa.CheckConstraint("least_mean BETWEEN 1 AND 5", name="least_mean"),
        sa.CheckConstraint("most_variation BETWEEN 0 AND 1", name="most_variation"),
        sa.CheckConstraint("least_full BETWEEN 0 AND 1", name="least_full"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"))
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    subject: Mapped[Subject] = mapped_column(choice(Subject, "delphi_subject"))
    least_mean: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
    most_variation: Mapped[Decimal] = mapped_column(sa.Numeric(4, 3))
    least_full: Mapped[Decimal] = mapped_column(sa.Numeric(4, 3))
    raters: Mapped[int] = mapped_column(default=0)
    w: Mapped[float | None]
    chi_square: Mapped[float | None]
    p_value: Mapped[float | None]
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    items: Mapped[list[DelphiItem]] = relationship(
        order_by="DelphiItem.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )


class DelphiItem(Model):
    """One thing that a round asks about, worded as it was asked; `subject_key` is the competency's or task's key."""

    __tablename__ = "delphi_item"
    __table_args__ = (sa.UniqueConstraint("round_id", "subject_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("delphi_round.id"))
    position: Mapped[int]
    subject_key: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    raters: Mapped[int] = mapped_column(default=0)
    mean: Mapped[float | None]
    variation: Mapped[float | None]
    full: Mapped[float | None]
    verdict: Mapped[Verdict | None] = mapped_column(choice(Verdict, "delphi_verdict"))

    ratings: Mapped[list[DelphiRating]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")


class DelphiRating(Model):
    """How important one expert finds one item, 1 to 5."""

    __tablename__ = "delphi_rating"
    __table_args__ = (sa.CheckConstraint("score BETWEEN 1 AND 5", name="score"),)

    item_id: Mapped[int] = mapped_column(sa.ForeignKey("delphi_item.id"), primary_key=True)
    expert_id: Mapped[int] = mapped_column(sa.ForeignKey("expert.id"), primary_key=True, index=True)
    score: Mapped[int] = mapped_column(sa.SmallInteger)
