"""What every change of a needs analysis begins and ends with: the lock on it, and the list ranked anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.needs import queries, rules
from trainmgr.needs.models import (
    AnalysisState,
    BusinessNeed,
    Competency,
    Indicator,
    IndicatorLink,
    NeedsAnalysis,
)
from trainmgr.needs.queries import SUBJECT, Means
from trainmgr.needs.rules import MOST, Ability, Gauge, Lane, LevelSource
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.signing import find_signatures
from trainmgr.programs.thread import refresh

HUNDREDTH = Decimal("0.01")


class Overtaken(Conflict):
    """Somebody else changed the same thing meanwhile; `theirs` is how it stands now."""

    def __init__(self, message: object, theirs: Any) -> None:
        super().__init__(message)
        self.theirs = theirs


def locked(program: Program) -> NeedsAnalysis:
    """Return the analysis of a programme (begun if need be), locked: changes and signatures wait for each other."""
    statement = (
        sa.select(NeedsAnalysis)
        .where(NeedsAnalysis.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    db.session.flush()
    analysis = db.session.scalars(statement).one_or_none()
    if analysis is None:
        analysis = NeedsAnalysis(program_id=program.id)
        db.session.add(analysis)
        db.session.flush()
    return analysis


def opened(program: Program) -> NeedsAnalysis:
    """Return the analysis locked for a change; refused once it is frozen, and while a signature stands under it."""
    require_open(program, Work.NEEDS)
    analysis = locked(program)
    require_unfrozen(analysis)
    require(
        not find_signatures(SUBJECT, analysis.id),
        _(
            "One side has signed already. Withdraw its signature first; after the change both sides sign anew."
        ),
    )
    return analysis


def require_unfrozen(analysis: NeedsAnalysis) -> None:
    """Refuse to touch what both sides have signed."""
    require(
        analysis.state is AnalysisState.OPEN,
        _(
            "Both sides have signed this needs analysis. It is frozen; "
            "changes go into the next edition of the programme."
        ),
    )


def require_version(
    thing: BusinessNeed | NeedsAnalysis | Competency | Indicator, version: int | None
) -> None:
    """Refuse a change that was typed over an older version of the same thing."""
    if version is None or version == thing.version:
        return
    name = queries.last_editor(thing)
    message = (
        _(
            "%(name)s has changed this meanwhile. Both versions are shown: compare, then save yours again.",
            name=name,
        )
        if name
        else _("This was changed meanwhile. Both versions are shown: compare, then save yours again.")
    )
    raise Overtaken(message, thing)


def require_room(wanted: int, lane: Lane) -> None:
    """Refuse more than can be ranked and read in one list."""
    if lane is Lane.TRAINEE:
        message = _(
            "A job standard holds at most %(most)s competencies. Join those that are trained together.",
            most=MOST,
        )
    else:
        message = _(
            "An analysis holds at most %(most)s indicators. Keep those that the business is steered by.",
            most=MOST,
        )
    require(wanted <= MOST, message)


def assign(thing: Any, values: Mapping[str, Any]) -> bool:
    """Write values; returns whether any of them is new."""
    changed = {name: value for name, value in values.items() if getattr(thing, name) != value}
    for name, value in changed.items():
        setattr(thing, name, value)
    return bool(changed)


def forget_links(only: Indicator | None = None) -> None:
    """Links are written in bulk: let loaded indicators (or only one of them) read theirs again."""
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, IndicatorLink) and (only is None or thing.indicator_id == only.id):
            db.session.expunge(thing)
        elif isinstance(thing, Indicator) and (only is None or thing is only):
            db.session.expire(thing, ["links"])


def settle(program: Program, analysis: NeedsAnalysis, *, now: datetime) -> None:
    """Rank the competencies anew and bring the step and the inboxes up to date."""
    db.session.flush()
    rescore(analysis)
    refresh(program.id, Step.NEEDS, now=now)


def rescore(analysis: NeedsAnalysis) -> None:
    """Write scores, ranks and priorities from the ratings, the typed levels and the indicators."""
    competencies = queries.competencies_of(analysis.program_id)
    means = queries.rating_means(analysis.program_id)
    for competency in competencies:
        _take_means(competency, means.get(competency.id))
    standings = rules.ranked(
        [_ability(competency, means.get(competency.id)) for competency in competencies],
        [gauge_of(indicator) for indicator in queries.indicators_of(analysis.program_id)],
        trainee_weight=analysis.trainee_weight,
        priority_count=analysis.priority_count,
    )
    by_id = {competency.id: competency for competency in competencies}
    for standing in standings:
        competency = by_id[standing.key]
        competency.trainee_score, competency.enterprise_score = (
            standing.trainee_score,
            standing.enterprise_score,
        )
        competency.trainee_points = standing.trainee_points
        competency.enterprise_points = standing.enterprise_points
        competency.score, competency.rank = standing.score, standing.rank
        competency.is_priority = standing.is_priority
    db.session.flush()


def _take_means(competency: Competency, means: Means | None) -> None:
    """What respondents say is the level, unless a test has measured it; then they only say how important it is."""
    if means:
        competency.importance = _hundredths(means.importance)
    if competency.level_source is LevelSource.TESTED:
        return
    competency.respondents = means.respondents if means else 0
    competency.below, competency.above = (means.below, means.above) if means else (0, 0)
    if means:
        competency.current_level = _hundredths(means.attainment)
        competency.level_source = LevelSource.RATED
    elif competency.level_source is LevelSource.RATED:
        competency.level_source = LevelSource.TYPED


def _hundredths(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(HUNDREDTH, ROUND_HALF_UP)


def _ability(competency: Competency, means: Means | None) -> Ability:
    """The score is computed from the exact means; the rounded ones are for people."""
    return Ability(
        key=competency.id,
        position=competency.position,
        importance=means.importance if means else float(competency.importance),
        required=float(competency.required_level),
        current=means.attainment
        if means and competency.level_source is LevelSource.RATED
        else float(competency.current_level),
    )


def gauge_of(indicator: Indicator) -> Gauge:
    """Return an indicator as it is scored (its links must be loaded)."""
    return Gauge(
        key=indicator.id,
        weight=indicator.weight,
        shortfall=rules.shortfall(
            indicator.direction,
            current=float(indicator.current),
            expected=float(indicator.expected),
            benchmark=None if indicator.benchmark is None else float(indicator.benchmark),
        ),
        competencies=frozenset(link.competency_id for link in indicator.links),
    )
