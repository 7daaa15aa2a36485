"""Reads of needs: the analysis of a programme, its ranked competencies, its indicators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job
from trainmgr.needs import rules
from trainmgr.needs.models import (
    AnalysisState,
    BusinessNeed,
    Competency,
    CompetencyRating,
    Indicator,
    IndicatorLink,
    NeedsAnalysis,
    WeightProposal,
)
from trainmgr.needs.rules import Lane, LevelSource, SeriesRule, WeightState
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.queries import may, sides_of
from trainmgr.programs.rules import Side, Work, is_open

SUBJECT = "needs_analysis"  # what signatures are under


def analysis_of(program_id: int) -> NeedsAnalysis | None:
    """Return the needs analysis of a programme, or None while nothing was entered."""
    return db.session.scalars(
        sa.select(NeedsAnalysis).where(NeedsAnalysis.program_id == program_id)
    ).one_or_none()


def analysis_and_proposal(program_id: int) -> tuple[NeedsAnalysis | None, WeightProposal | None]:
    """Return the analysis of a programme and the weights that await consent, with who proposed them: one statement."""
    row = db.session.execute(
        sa.select(NeedsAnalysis, WeightProposal)
        .outerjoin(
            WeightProposal,
            sa.and_(
                WeightProposal.program_id == NeedsAnalysis.program_id,
                WeightProposal.state == WeightState.OPEN,
            ),
        )
        .outerjoin(WeightProposal.by)
        .options(contains_eager(WeightProposal.by))
        .where(NeedsAnalysis.program_id == program_id)
    ).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def competencies_of(program_id: int) -> list[Competency]:
    """Return a programme's competencies, the most pressing first."""
    return list(
        db.session.scalars(
            sa.select(Competency)
            .where(Competency.program_id == program_id)
            .order_by(Competency.rank, Competency.position, Competency.id)
        )
    )


def priorities_of(program_id: int) -> list[Competency]:
    """Return the competencies that the plan must give hours to, the most pressing first."""
    return [competency for competency in competencies_of(program_id) if competency.is_priority]


def indicators_of(program_id: int) -> list[Indicator]:
    """Return a programme's indicators in the order of entry, with their links."""
    return list(
        db.session.scalars(
            sa.select(Indicator)
            .where(Indicator.program_id == program_id)
            .options(joinedload(Indicator.links))
            .order_by(Indicator.id)
        ).unique()
    )


def competency_or_404(program: Program, competency_id: int) -> Competency:
    """Return a competency of this very programme, or answer 404."""
    found: Competency | None = db.session.scalars(
        sa.select(Competency).where(Competency.program_id == program.id, Competency.id == competency_id)
    ).one_or_none()
    return found if found is not None else abort(404)


def indicator_or_404(program: Program, indicator_id: int) -> Indicator:
    """Return an indicator of this very programme with its links, or answer 404."""
    found: Indicator | None = db.session.scalars(
        sa.select(Indicator)
        .where(Indicator.program_id == program.id, Indicator.id == indicator_id)
        .options(selectinload(Indicator.links))
    ).one_or_none()
    return found if found is not None else abort(404)


def business_need_or_404(program: Program, need_id: int) -> BusinessNeed:
    """Return a business need of this very programme, or answer 404."""
    found: BusinessNeed | None = db.session.scalars(
        sa.select(BusinessNeed).where(BusinessNeed.program_id == program.id, BusinessNeed.id == need_id)
    ).one_or_none()
    return found if found is not None else abort(404)


def possible_owners(program_id: int, limit: int = 200) -> dict[Side, list[User]]:
    """Return who may answer for a step on each side: those who run, teach or sign for the parties of a programme."""
    rows = db.session.execute(
        sa.select(ProgramParty.role, User)
        .join(Membership, Membership.organization_id == ProgramParty.organization_id)
        .join(User, User.id == Membership.user_id)
        .where(
            ProgramParty.program_id == program_id,
            Membership.ended_on.is_(None),
            User.active,
            sa.or_(
                Membership.role.in_((Role.STAFF, Role.DEPARTMENT_STAFF, Role.ENTERPRISE_COORDINATOR)),
                User.id.in_(
                    sa.select(ProgramPerson.user_id).where(
                        ProgramPerson.program_id == program_id, ProgramPerson.role != Role.TRAINEE
                    )
                ),
            ),
        )
        .distinct()
        .order_by(User.name, User.id)
        .limit(limit)
    )
    found: dict[Side, list[User]] = {side: [] for side in Side}
    for role, user in rows:
        if role.side is not None and user not in found[role.side]:
            found[role.side].append(user)
    return found


@dataclass(frozen=True)
class Means:
    """What the respondents to one competency say on average, unrounded."""

    importance: float
    attainment: float
    respondents: int
    below: int = 0  # of the required level
    above: int = 0


def rating_means(program_id: int) -> dict[int, Means]:
    """Return the means of the respondents' ratings by competency; competencies without ratings are left out."""
    rows = db.session.execute(
        sa.select(
            CompetencyRating.competency_id,
            sa.func.avg(CompetencyRating.importance),
            sa.func.avg(CompetencyRating.attainment),
            sa.func.count(),
            sa.func.sum(sa.case((CompetencyRating.attainment < Competency.required_level, 1), else_=0)),
            sa.func.sum(sa.case((CompetencyRating.attainment > Competency.required_level, 1), else_=0)),
        )
        .join(Competency, Competency.id == CompetencyRating.competency_id)
        .where(Competency.program_id == program_id)
        .group_by(CompetencyRating.competency_id)
    )
    return {
        key: Means(float(importance), float(attained), *counts) for key, importance, attained, *counts in rows
    }


def respondents_of(program_id: int) -> int:
    """Return how many different people rated the programme's competencies."""
    statement = (
        sa.select(sa.func.count(CompetencyRating.respondent.distinct()))
        .join(Competency, Competency.id == CompetencyRating.competency_id)
        .where(Competency.program_id == program_id)
    )
    return db.session.scalar(statement) or 0


def is_weak() -> sa.ColumnElement[bool]:
    """Return the condition on Competency that it is a common weakness: half of those measured or more lack it."""
    return sa.and_(
        Competency.respondents > 0, Competency.below >= rules.COMMON_SHARE * Competency.respondents
    )


def lanes_editable_by(program: Program, viewer: User) -> frozenset[Lane]:
    """Return the sides of the analysis that the viewer may fill in: the college both, an enterprise its own."""
    if not may(program, viewer, Permission.NEEDS_EDIT):
        return frozenset()
    if Side.COLLEGE in sides_of(program, viewer, Permission.NEEDS_EDIT):
        return frozenset(Lane)
    return frozenset({Lane.ENTERPRISE})


def open_lanes(program: Program, analysis: NeedsAnalysis | None, viewer: User) -> frozenset[Lane]:
    """Return what the viewer may fill in now: nothing once it is frozen or the programme has gone on."""
    if not is_open(Work.NEEDS, program.state) or (analysis and analysis.state is AnalysisState.FROZEN):
        return frozenset()
    return lanes_editable_by(program, viewer)


def last_editor(subject: BusinessNeed | NeedsAnalysis | Competency | Indicator) -> str:
    """Return who changed a thing last, as the audit trail has it; "" when nobody is known."""
    events = db.session.scalars(
        sa.select(AuditEvent)
        .where(AuditEvent.subject_kind == subject.__tablename__, AuditEvent.subject_id == subject.id)
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    event = events.one_or_none()
    return event.actor_name if event else ""


def import_or_404(program: Program, job_id: int, kind: str) -> Job:
    """Return the job of a spreadsheet that was taken in for this very programme, or answer 404."""
    found = db.session.get(Job, job_id)
    if found is None or found.program_id != program.id or found.kind != kind:
        abort(404)
    return found


def stored_file(file_id: int | None) -> StoredFile | None:
    """Return a stored file, or None."""
    return db.session.get(StoredFile, file_id) if file_id else None


# --- how far it is ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """What an analysis holds so far, counted in SQL."""

    post: str = ""
    frozen: bool = False
    competencies: int = 0
    gaps: int = 0
    priorities: int = 0
    without_hours: int = 0
    unmeasured: int = 0
    tested: int = 0
    weak: int = 0
    respondents: int = 0
    indicators: int = 0
    linked: int = 0
    in_series: int = 0
    benchmarks: int = 0
    proposed_weight: int | None = None
    analysis_id: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was entered yet."""
        return not (self.post or self.competencies or self.indicators)

    @property
    def is_complete(self) -> bool:
        """Whether everything is there that the two sides sign."""
        return bool(
            self.post
            and self.gaps
            and self.priorities
            and self.indicators
            and not self.without_hours
            and not self.unmeasured
            and self.proposed_weight is None
        )


def progress_of(program_id: int) -> Progress:
    """Count what the analysis of a programme holds: one statement."""
    of_program = Competency.program_id == program_id

    def counted(condition: Any) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    competencies = (
        sa.select(
            sa.func.count().label("competencies"),
            counted(Competency.required_level > Competency.current_level).label("gaps"),
            counted(Competency.is_priority).label("priorities"),
            counted(sa.and_(Competency.is_priority, Competency.required_hours == 0)).label("without_hours"),
            counted(Competency.level_source == LevelSource.NONE).label("unmeasured"),
            counted(Competency.level_source == LevelSource.TESTED).label("tested"),
            counted(is_weak()).label("weak"),
        )
        .where(of_program)
        .subquery()
    )
    indicators = (
        sa.select(sa.func.count())
        .where(Indicator.program_id == program_id)
        .scalar_subquery()
        .label("indicators")
    )
    linked = (
        sa.select(sa.func.count(IndicatorLink.indicator_id.distinct()))
        .join(Indicator, Indicator.id == IndicatorLink.indicator_id)
        .where(Indicator.program_id == program_id)
        .scalar_subquery()
        .label("linked")
    )
    of_indicators = Indicator.program_id == program_id
    in_series = sa.select(sa.func.count()).where(of_indicators, Indicator.series_rule != SeriesRule.TYPED)
    benchmarks = sa.select(sa.func.count()).where(
        of_indicators,
        Indicator.benchmark.is_not(None),
        Indicator.benchmark_source != "",
        Indicator.benchmark_year.is_not(None),
    )
    proposed = sa.select(WeightProposal.trainee_weight).where(
        WeightProposal.program_id == program_id, WeightProposal.state == WeightState.OPEN
    )
    analysis = sa.select(NeedsAnalysis).where(NeedsAnalysis.program_id == program_id).subquery()
    row = (
        db.session.execute(
            sa.select(
                *competencies.c,
                indicators,
                linked,
                in_series.scalar_subquery().label("in_series"),
                benchmarks.scalar_subquery().label("benchmarks"),
                proposed.scalar_subquery().label("proposed_weight"),
                analysis.c.id,
                analysis.c.post,
                analysis.c.state,
                analysis.c.respondents,
            ).select_from(competencies.outerjoin(analysis, sa.true()))
        )
        .mappings()
        .one()
    )
    return Progress(
        post=row["post"] or "",
        frozen=row["state"] is AnalysisState.FROZEN,
        competencies=row["competencies"],
        gaps=row["gaps"],
        priorities=row["priorities"],
        without_hours=row["without_hours"],
        unmeasured=row["unmeasured"],
        tested=row["tested"],
        weak=row["weak"],
        in_series=row["in_series"],
        benchmarks=row["benchmarks"],
        proposed_weight=row["proposed_weight"],
        respondents=row["respondents"] or 0,
        indicators=row["indicators"],
        linked=row["linked"],
        analysis_id=row["id"],
    )
