"""The needs of a programme: competencies of a post, enterprise indicators, their ranked priorities."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.needs.rules import (
    AnalysisState,
    Direction,
    LaneStep,
    LevelSource,
    SeriesRule,
    WeightState,
)
from trainmgr.programs.rules import Side
from trainmgr.standards.rules import Dimension

__all__ = [
    "AnalysisState",
    "BusinessNeed",
    "Competency",
    "CompetencyRating",
    "Dimension",
    "Direction",
    "Indicator",
    "IndicatorFigure",
    "IndicatorLink",
    "LaneProduct",
    "LevelSource",
    "NeedsAnalysis",
    "SeriesRule",
    "WeightProposal",
    "WeightState",
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


class LaneProduct(Model):
    """How one of the twelve steps stands: whose it is on each side, until when, and what it has made.

    The product is written when its records change (see needs.lanes): `made` is a msgid with `params`, `endpoint` and
    `args` lead to it. A step without a product is not done, whoever says so.
    """

    __tablename__ = "lane_product"

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    step: Mapped[LaneStep] = mapped_column(choice(LaneStep), primary_key=True)
    college_owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    enterprise_owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    due_on: Mapped[date | None]
    done: Mapped[bool] = mapped_column(default=False)
    made: Mapped[str] = mapped_column(sa.String(200), default="")
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    endpoint: Mapped[str] = mapped_column(sa.String(80), default="")
    args: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    college_owner: Mapped[User | None] = relationship(foreign_keys=[college_owner_id], lazy="raise_on_sql")
    enterprise_owner: Mapped[User | None] = relationship(
        foreign_keys=[enterprise_owner_id], lazy="raise_on_sql"
    )


class WeightProposal(Model):
    """New weights of the two sides, proposed by one and in force once the other consents."""

    __tablename__ = "weight_proposal"
    __table_args__ = (
        sa.CheckConstraint("trainee_weight BETWEEN 0 AND 100", name="trainee_weight"),
        sa.Index(
            "uq_weight_proposal_open", "program_id", unique=True,
            sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    trainee_weight: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(300))
    state: Mapped[WeightState] = mapped_column(choice(WeightState), default=WeightState.OPEN)
    side: Mapped[Side] = mapped_column(choice(Side))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str] = mapped_column(sa.String(300), default="")

    by: Mapped[User] = relationship(foreign_keys=[by_id], lazy="raise_on_sql")
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id], lazy="raise_on_sql")


class Competency(Model):
    """One competency of the post. Levels and importance run from 1 to 5; scores and rank are written by the actions.

    `trainee_score` is Borich's mean weighted discrepancy score, `enterprise_score` the weighted relative shortfall of
    the linked indicators, both raw; `trainee_points` and `enterprise_points` are the same on 0–100, `score` their
    weighted sum; `rank` 1 is the most pressing. `required_hours` are the hours of the plan that the priority asks for.
    `carried_from` tells what a predecessor programme left open (see actions.copy_from). `version` counts people's
    edits, not new scores: it changes only under the lock on the analysis.

    `standard_competency_id` is its lasting identity where it comes from a job standard (of the post `post`).
    `level_source` tells where the current level comes from; `below` and `above` of the `respondents` are those whose
    level lies below or above the required one (for the ranked discrepancy score).
    """

    __tablename__ = "competency"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "name"),
        sa.CheckConstraint("importance BETWEEN 1 AND 5", name="importance"),
        sa.CheckConstraint("required_level BETWEEN 1 AND 5", name="required_level"),
        sa.CheckConstraint("current_level BETWEEN 1 AND 5", name="current_level"),
        sa.CheckConstraint("required_hours >= 0", name="required_hours"),
        sa.CheckConstraint("below >= 0 AND above >= 0", name="ranks"),
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
    post: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    standard_competency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("standard_competency.id"), index=True
    )
    level_source: Mapped[LevelSource] = mapped_column(
        choice(LevelSource), default=LevelSource.TYPED, server_default=LevelSource.TYPED.value
    )
    below: Mapped[int] = mapped_column(default=0, server_default="0")
    above: Mapped[int] = mapped_column(default=0, server_default="0")
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


class BusinessNeed(Model):
    """What the enterprise needs the training for, in its own words; indicators say how it is measured."""

    __tablename__ = "business_need"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    position: Mapped[int]
    text: Mapped[str] = mapped_column(sa.String(300))
    source: Mapped[str] = mapped_column(sa.String(120), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Indicator(Model):
    """A figure that the enterprise is measured by: expected, current, and what the industry reaches.

    `current` is typed, or computed from the figures by month as `series_rule` says.
    """

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
    need_id: Mapped[int | None] = mapped_column(sa.ForeignKey("business_need.id"), index=True)
    series_rule: Mapped[SeriesRule] = mapped_column(
        choice(SeriesRule), default=SeriesRule.TYPED, server_default=SeriesRule.TYPED.value
    )
    version: Mapped[int] = mapped_column(default=1)

    links: Mapped[list[IndicatorLink]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class IndicatorLink(Model):
    """Which competency an indicator depends on."""

    __tablename__ = "indicator_competency"

    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise_indicator.id"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True, index=True)


class IndicatorFigure(Model):
    """What an indicator was in one month (the month's first day stands for it)."""

    __tablename__ = "indicator_figure"

    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise_indicator.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[Decimal] = mapped_column(sa.Numeric(14, 4))
