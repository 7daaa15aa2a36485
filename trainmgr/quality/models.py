"""Indicators as data, a college's targets, and the figures of a year as they were computed last."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.quality.rules import Audience, Better, Group, ScopeKind


class QualityIndicator(Model):
    """One version of a college's indicator, from a day on; the last written of those that hold counts. Never changed.

    Its code is that of an indicator of the program (quality/library.toml), or the college's own. `measure` names how it
    is computed; nothing here is a figure.
    """

    __tablename__ = "quality_indicator"
    __table_args__ = (
        sa.CheckConstraint("weight >= 0", name="weight"),
        sa.Index("ix_quality_indicator_college_id_code", "college_id", "code", "valid_from", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    code: Mapped[str] = mapped_column(sa.String(40))
    valid_from: Mapped[date]
    measure: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    definition: Mapped[str] = mapped_column(sa.String(400), default="")
    definition_en: Mapped[str] = mapped_column(sa.String(400), default="")
    source: Mapped[str] = mapped_column(sa.String(120), default="")
    source_en: Mapped[str] = mapped_column(sa.String(120), default="")
    unit_name: Mapped[str] = mapped_column(sa.String(20), default="")
    unit_name_en: Mapped[str] = mapped_column(sa.String(30), default="")
    group: Mapped[Group] = mapped_column("group_name", choice(Group, "qualitygroup"))
    golds: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    tables: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    better: Mapped[Better] = mapped_column(choice(Better))
    audience: Mapped[Audience] = mapped_column(choice(Audience))
    weight: Mapped[float] = mapped_column(default=1.0)
    decimals: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class QualityTarget(Model):
    """A college's target of an indicator for a year (0 to 1 for shares; None takes it back). Never changed."""

    __tablename__ = "quality_target"
    __table_args__ = (sa.Index("ix_quality_target_college_id_year", "college_id", "year", "code", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    code: Mapped[str] = mapped_column(sa.String(40))
    year: Mapped[int]
    value: Mapped[float | None]
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class QualityFigure(Model):
    """What records added up to for an indicator, a scope and a year, when it was computed last (QualityRun).

    `people` are those who answered a survey; `is_hidden` that its figure must not be shown (computing.hidden_of).
    """

    __tablename__ = "quality_figure"
    __table_args__ = (
        sa.Index("ix_quality_figure_scope_kind_scope_id", "scope_kind", "scope_id", "college_id", "year"),
    )

    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    scope_kind: Mapped[ScopeKind] = mapped_column(choice(ScopeKind), primary_key=True)
    scope_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    numerator: Mapped[float]
    denominator: Mapped[float]
    people: Mapped[int] = mapped_column(default=0)
    is_hidden: Mapped[bool] = mapped_column(default=False)


class QualityRun(Model):
    """When the figures of a college's year were computed last."""

    __tablename__ = "quality_run"

    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)


@sa.event.listens_for(QualityIndicator, "before_update")
@sa.event.listens_for(QualityTarget, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What was defined or set stays as it was written: a later version takes over."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")
