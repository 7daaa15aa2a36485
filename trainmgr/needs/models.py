"""The needs of a programme: competencies of a post, enterprise indicators, their ranked priorities."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.needs.rules import AnalysisState, Direction
from trainmgr.standards.rules import Dimension

__all__ = [
    "AnalysisState", "Competency", "CompetencyRating", "Dimension", "Direction", "Indicator", "IndicatorLink",
    "NeedsAnalysis",
]  # fmt: skip


class NeedsAnalysis(Model):
    """The one needs analysis of a programme. Weights (percent, add to 100) join the two sides' scores.

    `respondents` are the people whose ratings were taken in. When both sides have signed, `frozen_document` keeps
    exactly what they signed.
    """

    __tablename__ = "needs_analysis"
    __table_args__ = (
        sa.CheckConstraint("trainee_weight BETWEEN 0 AND 100", name="trainee_weight"),
        sa.CheckConstraint("priority_count BETWEEN 1 AND 50", name="priority_count"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), unique=True)
    post: Mapped[str] = mapped_column(sa.String(80), default="")
    state: Mapped[AnalysisState] = mapped_column(choice(AnalysisState), default=AnalysisState.OPEN)
    trainee_weight: Mapped[int] = mapped_column(default=60)
    priority_count: Mapped[int] = mapped_column(default=7)
    respondents: Mapped[int] = mapped_column(default=0)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    frozen_document: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Competency(Model):
    """One competency of the post. Levels and importance run from 1 to 5; scores and rank are written by the actions.

    `trainee_score` is Borich's mean weighted discrepancy score, `enterprise_score` the weighted relative shortfall of
    the linked indicators, both raw; `trainee_points` and `enterprise_points` are the same on 0–100, `score` their
    weighted sum; `rank` 1 is the most pressing. `required_hours` are the hours of the plan that the priority asks for.
    `carried_from` tells what a predecessor programme left open (see actions.copy_from). `version` counts people's
    edits, not new scores: it changes only under the lock on the analysis.
    """

    __tablename__ = "competency"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "name"),
        sa.CheckConstraint("importance BETWEEN 1 AND 5", name="importance"),
        sa.CheckConstraint("required_level BETWEEN 1 AND 5", name="required_level"),
        sa.CheckConstraint("current_level BETWEEN 1 AND 5", name="current_level"),
        sa.CheckConstraint("required_hours >= 0", name="required_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    dimension: Mapped[Dimension] = mapped_column(choice(Dimension), default=Dimension.PROFESSIONAL)
    importance: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
    required_level: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
    current_level: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
    respondents: Mapped[int] = mapped_column(default=0)
    required_hours: Mapped[int] = mapped_column(default=0)
    trainee_score: Mapped[float] = mapped_column(default=0.0)
    enterprise_score: Mapped[float] = mapped_column(default=0.0)
    trainee_points: Mapped[float] = mapped_column(default=0.0)
    enterprise_points: Mapped[float] = mapped_column(default=0.0)
    score: Mapped[float] = mapped_column(default=0.0)
    rank: Mapped[int] = mapped_column(default=0)
    is_priority: Mapped[bool] = mapped_column(default=False)
    carried_from: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)

    ratings: Mapped[list[CompetencyRating]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    indicator_links: Mapped[list[IndicatorLink]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan"
    )


class CompetencyRating(Model):
    """One respondent's view of one competency: how important, how far attained (1–5 each)."""

    __tablename__ = "competency_rating"
    __table_args__ = (
        sa.UniqueConstraint("competency_id", "respondent"),
        sa.CheckConstraint("importance BETWEEN 1 AND 5", name="importance"),
        sa.CheckConstraint("attainment BETWEEN 1 AND 5", name="attainment"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"))
    respondent: Mapped[str] = mapped_column(sa.String(60))
    importance: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
    attainment: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))


class Indicator(Model):
    """A figure that the enterprise is measured by: expected, current, and what the industry reaches."""

    __tablename__ = "enterprise_indicator"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "name"),
        sa.CheckConstraint("weight BETWEEN 1 AND 5", name="weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    unit: Mapped[str] = mapped_column(sa.String(20), default="")
    direction: Mapped[Direction] = mapped_column(choice(Direction), default=Direction.HIGHER)
    weight: Mapped[int] = mapped_column(default=3)
    expected: Mapped[Decimal] = mapped_column(sa.Numeric(14, 4))
    current: Mapped[Decimal] = mapped_column(sa.Numeric(14, 4))
    benchmark: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 4))
    benchmark_source: Mapped[str] = mapped_column(sa.String(120), default="")
    benchmark_year: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    links: Mapped[list[IndicatorLink]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class IndicatorLink(Model):
    """Which competency an indicator depends on."""

    __tablename__ = "indicator_competency"

    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise_indicator.id"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True, index=True)
