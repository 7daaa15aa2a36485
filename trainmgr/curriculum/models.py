"""Editions of the plan: stages, modules, and the hours that each module gives to each competency."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.curriculum.aligning import Alignment, AlignmentVerdict
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.pathways.rules import Layer, PracticeLevel, Venue

__all__ = [
    "Alignment", "AlignmentCheck", "AlignmentVerdict", "Edition", "EditionState", "EditionStep", "Layer", "Module",
    "ModuleCompetency", "PlanRule", "PlanStage", "PracticeLevel", "Venue",
]  # fmt: skip


class EditionState(enum.StrEnum):
    """Draft while edited, offered while signatures are awaited, signed (in force), superseded by a later one.

    Agreed is what both have signed for a day that has not come yet: until then the signed one before holds.
    """

    DRAFT = "draft"
    OFFERED = "offered"
    AGREED = "agreed"
    SIGNED = "signed"
    SUPERSEDED = "superseded"


class Edition(Model):
    """One edition of a programme's plan. A signed one never changes; the next is made from it, as its amendment.

    `effective_on` is the day that an amendment names for itself (None: as soon as both have signed); `in_force_from`
    is the first day on which it holds, noted at the second signature (None for a first edition: from the beginning).
    `signed_document` is the content that both signed, to name what differs should its digest not hold any more.
    """

    __tablename__ = "edition"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.Index(
            "uq_edition_signed", "program_id", unique=True,
            sqlite_where=sa.text("state = 'signed'"), postgresql_where=sa.text("state = 'signed'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int]
    state: Mapped[EditionState] = mapped_column(choice(EditionState), default=EditionState.DRAFT)
    based_on_id: Mapped[int | None] = mapped_column(sa.ForeignKey("edition.id"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    offered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    effective_on: Mapped[date | None]
    in_force_from: Mapped[date | None]
    signed_document: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True), deferred=True)
    version: Mapped[int] = mapped_column(default=1)

    stages: Mapped[list[PlanStage]] = relationship(
        order_by="PlanStage.number", lazy="raise_on_sql", cascade="all, delete-orphan"
    )
    modules: Mapped[list[Module]] = relationship(
        order_by="Module.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id], lazy="raise_on_sql")
    changed_by: Mapped[User | None] = relationship(foreign_keys=[changed_by_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class PlanStage(Model):
    """A stage of an edition; its number is the same from edition to edition and names the stage gate.

    A remedial stage is only for those who failed a gate: its hours count for nobody else.
    """

    __tablename__ = "plan_stage"
    __table_args__ = (
        sa.UniqueConstraint("edition_id", "number"),
        sa.CheckConstraint("hours >= 0", name="hours"),
        sa.CheckConstraint("weeks >= 0", name="weeks"),
        sa.CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="dates"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    venue: Mapped[Venue] = mapped_column(choice(Venue))
    weeks: Mapped[int] = mapped_column(default=0)
    hours: Mapped[int] = mapped_column(default=0)
    gate: Mapped[str] = mapped_column(sa.String(200), default="")
    gate_en: Mapped[str] = mapped_column(sa.String(200), default="")
    remedial: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Module(Model):
    """A module (course, project, workplace task) of an edition; hours are whole class hours (学时).

    `lineage` is the same in every edition that the module was copied into, whatever its name becomes.
    """

    __tablename__ = "module"
    __table_args__ = (
        sa.UniqueConstraint("edition_id", "name"),
        sa.UniqueConstraint("edition_id", "lineage"),
        sa.CheckConstraint("theory_hours >= 0", name="theory_hours"),
        sa.CheckConstraint("practice_hours >= 0", name="practice_hours"),
        sa.CheckConstraint("theory_hours + practice_hours > 0", name="hours"),
        sa.Index("ix_module_edition_id_position", "edition_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"))
    stage_number: Mapped[int]
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    theory_hours: Mapped[int] = mapped_column(default=0)
    practice_hours: Mapped[int] = mapped_column(default=0)
    layer: Mapped[Layer] = mapped_column(choice(Layer))
    practice_level: Mapped[PracticeLevel] = mapped_column(choice(PracticeLevel))
    venue: Mapped[Venue] = mapped_column(choice(Venue))
    taught_by_enterprise: Mapped[bool] = mapped_column(default=False)
    jointly_developed: Mapped[bool] = mapped_column(default=False)
    lineage: Mapped[str] = mapped_column(sa.String(32), default=lambda: uuid4().hex)
    lead_teacher_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    coverage: Mapped[list[ModuleCompetency]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    lead_teacher: Mapped[User | None] = relationship(foreign_keys=[lead_teacher_id], lazy="raise_on_sql")
    changed_by: Mapped[User | None] = relationship(foreign_keys=[changed_by_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class ModuleCompetency(Model):
    """The hours of a module that serve a competency: one cell of the coverage matrix."""

    __tablename__ = "module_competency"
    __table_args__ = (sa.CheckConstraint("hours > 0", name="hours"),)

    module_id: Mapped[int] = mapped_column(sa.ForeignKey("module.id"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True, index=True)
    hours: Mapped[int]


class EditionStep(Model):
    """One edit of a draft that can be taken back, with who did it; `changes` hold what was before and after.

    Steps are numbered in their order. Undoing marks a step, redoing unmarks it, a new edit drops the marked ones.
    They end when the edition is offered.
    """

    __tablename__ = "edition_step"
    __table_args__ = (sa.UniqueConstraint("edition_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    changes: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    undone: Mapped[bool] = mapped_column(default=False)

    by: Mapped[User] = relationship(lazy="raise_on_sql")


class PlanRule(Model):
    """What a programme has decided about one rule of its plan other than its pathway says, and why.

    `key` names the rule (see pathways.rulebook); `low` and `high` are its limits, or the value of a setting.
    """

    __tablename__ = "plan_rule"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "key"),
        sa.CheckConstraint("high IS NULL OR low IS NULL OR high > low", name="limits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    key: Mapped[str] = mapped_column(sa.String(60))
    off: Mapped[bool] = mapped_column(default=False)
    low: Mapped[float | None]
    high: Mapped[float | None]
    reason: Mapped[str] = mapped_column(sa.Text)
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    changed_by: Mapped[User] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class AlignmentCheck(Model):
    """Somebody's look at whether a module is in step in one of the five ways, with the evidence; it never changes.

    It belongs to the module's `lineage` and so holds from edition to edition; the newest one counts until it expires.
    """

    __tablename__ = "alignment_check"
    __table_args__ = (
        sa.CheckConstraint("valid_until > checked_on", name="validity"),
        sa.Index("ix_alignment_check_program_id_lineage", "program_id", "lineage", "alignment"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    lineage: Mapped[str] = mapped_column(sa.String(32))
    alignment: Mapped[Alignment] = mapped_column(choice(Alignment))
    verdict: Mapped[AlignmentVerdict] = mapped_column(choice(AlignmentVerdict))
    evidence: Mapped[str] = mapped_column(sa.Text)
    link: Mapped[str] = mapped_column(sa.String(500), default="")
    checked_on: Mapped[date]
    valid_until: Mapped[date]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User] = relationship(lazy="raise_on_sql")
