"""Filling in a needs analysis: competencies of the post, business indicators, weights, hours, ratings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.needs import queries
from trainmgr.needs.keeping import Overtaken, opened, require_version, settle
from trainmgr.needs.models import Competency, CompetencyRating, Indicator, IndicatorLink, NeedsAnalysis
from trainmgr.needs.rules import MOST, Dimension, Direction, Lane
from trainmgr.programs.models import Program

COMPETENCY_ADDED = audit.sentence("needs.add-competency", _l("%(who)s added the competency “%(what)s”"))
COMPETENCY_CHANGED = audit.sentence(
    "needs.change-competency", _l("%(who)s changed the competency “%(what)s”")
)
COMPETENCY_REMOVED = audit.sentence(
    "needs.remove-competency", _l("%(who)s removed the competency “%(what)s”")
)
COMPETENCY_MOVED = audit.sentence(
    "needs.move-competency",
    _l("%(who)s moved the competency “%(what)s” to place %(place)s of the job standard"),
)
INDICATOR_ADDED = audit.sentence("needs.add-indicator", _l("%(who)s added the business indicator “%(what)s”"))
INDICATOR_CHANGED = audit.sentence(
    "needs.change-indicator", _l("%(who)s changed the business indicator “%(what)s”")
)
INDICATOR_REMOVED = audit.sentence(
    "needs.remove-indicator", _l("%(who)s removed the business indicator “%(what)s”")
)
SETTINGS_CHANGED = audit.sentence(
    "needs.change-settings",
    _l(
        "%(who)s set post, weights and number of priorities: %(what)s, %(trainee)s : %(enterprise)s, %(count)s"
    ),
)
HOURS_SET = audit.sentence("needs.set-hours", _l("%(who)s set the hours of %(count)s competencies"))
RATED = audit.sentence("needs.rate", _l("%(who)s took in %(count)s ratings of the competencies"))
RATINGS_DISCARDED = audit.sentence(
    "needs.discard-ratings", _l("%(who)s discarded all ratings of the competencies")
)


@dataclass(frozen=True)
class CompetencyFacts:
    """What is typed about a competency; levels and importance run from 1 to 5, hours are class hours."""

    name: str
    importance: Decimal
    required_level: Decimal
    current_level: Decimal
    name_en: str = ""
    dimension: Dimension = Dimension.PROFESSIONAL
    required_hours: int = 0


@dataclass(frozen=True)
class IndicatorFacts:
    """What is typed about an indicator; `competency_ids` are those that it depends on."""

    name: str
    expected: Decimal
    current: Decimal
    direction: Direction = Direction.HIGHER
    unit: str = ""
    weight: int = 3
    benchmark: Decimal | None = None
    benchmark_source: str = ""
    benchmark_year: int | None = None
    competency_ids: frozenset[int] = frozenset()

    @property
    def columns(self) -> dict[str, Any]:
        """What stands in the indicator's own row."""
        values = asdict(self)
        del values["competency_ids"]
        return values


@dataclass(frozen=True)
class RatingFacts:
    """One respondent's rating of one competency."""

    competency_id: int
    respondent: str
    importance: Decimal
    attainment: Decimal


# --- competencies -------------------------------------------------------------------------------


def create_competency(program: Program, facts: CompetencyFacts, *, by: Actor, now: datetime) -> Competency:
    """Add one competency to the job standard."""
    return create_competencies(program, [facts], by=by, now=now)[0]


def create_competencies(
    program: Program, facts: Sequence[CompetencyFacts], *, by: Actor, now: datetime
) -> list[Competency]:
    """Add competencies at the end of the job standard, in this order."""
    analysis = opened(program)
    present = queries.competencies_of(program.id)
    require_room(len(present) + len(facts), Lane.TRAINEE)
    last = max((competency.position for competency in present), default=0)
    added = [
        Competency(program_id=program.id, position=place, **asdict(values))
        for place, values in enumerate(facts, start=last + 1)
    ]
    db.session.add_all(added)
    for competency in added:
        audit.record(
            COMPETENCY_ADDED, competency, by=by, now=now, program_id=program.id, name=competency.name
        )
    settle(program, analysis, now=now)
    return added


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


def update_competency(
    program: Program,
    competency: Competency,
    facts: CompetencyFacts,
    *,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change a competency; importance and current level of a rated one stay what its respondents say."""
    analysis = opened(program)
    competency = _fresh(competency)
    require_version(competency, version)
    values = asdict(facts)
    if competency.respondents:
        del values["importance"], values["current_level"]
    if _assign(competency, values):
        competency.version += 1
        audit.record(
            COMPETENCY_CHANGED, competency, by=by, now=now, program_id=program.id, name=competency.name
        )
    settle(program, analysis, now=now)


def remove_competency(program: Program, competency: Competency, *, by: Actor, now: datetime) -> None:
    """Remove a competency with its ratings and links; refused when the plan or other records speak of it."""
    analysis = opened(program)
    competency = _fresh(competency)
    audit.record(COMPETENCY_REMOVED, competency, by=by, now=now, program_id=program.id, name=competency.name)
    key = competency.id
    try:
        with db.session.begin_nested():
            db.session.execute(sa.delete(IndicatorLink).where(IndicatorLink.competency_id == key))
            db.session.execute(sa.delete(CompetencyRating).where(CompetencyRating.competency_id == key))
            db.session.execute(sa.delete(Competency).where(Competency.id == key))
    except IntegrityError:
        raise RuleBroken(
            _(
                "“%(name)s” is used by the training plan or by records of trainees, so it stays. "
                "Take it out of the plan first.",
                name=competency.name,
            )
        ) from None
    _forget_links()
    for place, other in enumerate(_in_order(program.id), start=1):
        other.position = place
    analysis.respondents = queries.respondents_of(program.id)
    settle(program, analysis, now=now)


def move_competency(
    program: Program, competency: Competency, *, places: int, by: Actor, now: datetime
) -> None:
    """Move a competency up (negative) or down in the job standard; the order settles ties in the ranking."""
    analysis = opened(program)
    order = _in_order(program.id)
    at = order.index(_fresh(competency))
    to = min(max(at + places, 0), len(order) - 1)
    order.insert(to, order.pop(at))
    for place, other in enumerate(order, start=1):
        other.position = place
    if to != at:
        audit.record(
            COMPETENCY_MOVED,
            competency,
            by=by,
            now=now,
            program_id=program.id,
            name=competency.name,
            place=to + 1,
        )
    settle(program, analysis, now=now)


def _in_order(program_id: int) -> list[Competency]:
    return sorted(queries.competencies_of(program_id), key=lambda c: (c.position, c.id))


def _fresh(competency: Competency) -> Competency:
    """Return the competency as it stands under the lock."""
    found = db.session.get(Competency, competency.id, populate_existing=True)
    require(found is not None, _("Somebody has removed this competency meanwhile."))
    assert found is not None
    return found


def _assign(thing: Any, values: Mapping[str, Any]) -> bool:
    """Write values; returns whether any of them is new."""
    changed = {name: value for name, value in values.items() if getattr(thing, name) != value}
    for name, value in changed.items():
        setattr(thing, name, value)
    return bool(changed)


# --- indicators ---------------------------------------------------------------------------------


def create_indicator(program: Program, facts: IndicatorFacts, *, by: Actor, now: datetime) -> Indicator:
    """Add a figure that the enterprise is measured by."""
    analysis = opened(program)
    present = db.session.scalar(
        sa.select(sa.func.count()).select_from(Indicator).where(Indicator.program_id == program.id)
    )
    require_room((present or 0) + 1, Lane.ENTERPRISE)
    indicator = add_indicator(program, facts)
    audit.record(INDICATOR_ADDED, indicator, by=by, now=now, program_id=program.id, name=indicator.name)
    settle(program, analysis, now=now)
    return indicator


def add_indicator(program: Program, facts: IndicatorFacts) -> Indicator:
    """Write an indicator with its links; the caller settles the analysis afterwards."""
    indicator = Indicator(program_id=program.id, **facts.columns)
    db.session.add(indicator)
    db.session.flush()
    set_links(program, indicator, facts.competency_ids)
    return indicator


def update_indicator(
    program: Program,
    indicator: Indicator,
    facts: IndicatorFacts,
    *,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change an indicator and what it depends on."""
    analysis = opened(program)
    indicator = _fresh_indicator(indicator)
    require_version(indicator, version)
    if change_indicator(program, indicator, facts):
        audit.record(INDICATOR_CHANGED, indicator, by=by, now=now, program_id=program.id, name=indicator.name)
    settle(program, analysis, now=now)


def change_indicator(program: Program, indicator: Indicator, facts: IndicatorFacts) -> bool:
    """Write an indicator's new facts; returns whether anything changed. The caller settles the analysis."""
    relinked = facts.competency_ids != {link.competency_id for link in indicator.links}
    changed = _assign(indicator, facts.columns)
    if relinked and not changed:
        flag_modified(indicator, "weight")  # the version counts new links too
    db.session.flush()
    if relinked:
        set_links(program, indicator, facts.competency_ids)
    return changed or relinked


def set_links(program: Program, indicator: Indicator, competency_ids: Iterable[int]) -> None:
    """Link an indicator to exactly these competencies of the programme."""
    own = set(
        db.session.scalars(
            sa.select(Competency.id).where(
                Competency.program_id == program.id, Competency.id.in_(competency_ids)
            )
        )
    )
    db.session.execute(sa.delete(IndicatorLink).where(IndicatorLink.indicator_id == indicator.id))
    rows = [{"indicator_id": indicator.id, "competency_id": key} for key in sorted(own)]
    if rows:
        db.session.execute(sa.insert(IndicatorLink), rows)
    _forget_links()


def remove_indicator(program: Program, indicator: Indicator, *, by: Actor, now: datetime) -> None:
    """Remove an indicator with its links."""
    analysis = opened(program)
    indicator = _fresh_indicator(indicator)
    audit.record(INDICATOR_REMOVED, indicator, by=by, now=now, program_id=program.id, name=indicator.name)
    db.session.execute(sa.delete(IndicatorLink).where(IndicatorLink.indicator_id == indicator.id))
    db.session.execute(sa.delete(Indicator).where(Indicator.id == indicator.id))
    settle(program, analysis, now=now)


def _fresh_indicator(indicator: Indicator) -> Indicator:
    found: Indicator | None = db.session.scalars(
        sa.select(Indicator)
        .where(Indicator.id == indicator.id)
        .options(selectinload(Indicator.links))
        .execution_options(populate_existing=True)
    ).one_or_none()
    require(found is not None, _("Somebody has removed this indicator meanwhile."))
    assert found is not None
    return found


def _forget_links() -> None:
    """Links are written in bulk: let loaded indicators read theirs again."""
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, IndicatorLink):
            db.session.expunge(thing)
        elif isinstance(thing, Indicator):
            db.session.expire(thing, ["links"])


# --- weights and hours --------------------------------------------------------------------------


def update_settings(
    program: Program,
    *,
    post: str,
    trainee_weight: int,
    priority_count: int,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Name the post, weigh the two sides (percent of the trainee side), say how many become priorities."""
    analysis = opened(program)
    require_version(analysis, version)
    values = {"post": post, "trainee_weight": trainee_weight, "priority_count": priority_count}
    if _assign(analysis, values):
        audit.record(
            SETTINGS_CHANGED,
            analysis,
            by=by,
            now=now,
            program_id=program.id,
            name=post,
            trainee=trainee_weight,
            enterprise=100 - trainee_weight,
            count=priority_count,
        )
    settle(program, analysis, now=now)


def set_hours(
    program: Program,
    hours: Mapping[int, int],
    *,
    seen: Mapping[int, int] | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Say how many hours of the plan competencies ask for; `seen` are the hours that the typist saw before."""
    analysis = opened(program)
    found = {competency.id: competency for competency in queries.competencies_of(program.id)}
    wanted = {key: value for key, value in hours.items() if key in found}
    now_there = {
        key: found[key].required_hours
        for key, value in wanted.items()
        if seen is not None and found[key].required_hours not in (seen.get(key, 0), value)
    }
    if now_there:
        raise Overtaken(
            _(
                "Somebody has set some of these hours meanwhile. Theirs stand beside yours: compare, then save again."
            ),
            now_there,
        )
    changed = [key for key, value in wanted.items() if found[key].required_hours != value]
    for key in changed:
        found[key].required_hours = wanted[key]
        found[key].version += 1
    if changed:
        audit.record(
            HOURS_SET, analysis, by=by, now=now, program_id=program.id, name=analysis.post, count=len(changed)
        )
    settle(program, analysis, now=now)


# --- ratings ------------------------------------------------------------------------------------


def rate(program: Program, ratings: Sequence[RatingFacts], *, by: Actor, now: datetime) -> int:
    """Take in respondents' ratings, a later one of the same person replacing the earlier; returns how many were new."""
    analysis = opened(program)
    written = write_ratings(program, ratings)
    if written:
        audit.record(
            RATED, analysis, by=by, now=now, program_id=program.id, name=analysis.post, count=written
        )
    settle_ratings(program, analysis, now=now)
    return written


def write_ratings(program: Program, ratings: Sequence[RatingFacts]) -> int:
    """Write the ratings that are new or changed; returns how many. The caller settles the analysis."""
    wanted = {(rating.competency_id, rating.respondent): rating for rating in ratings}
    present: dict[tuple[int, str], CompetencyRating] = {}
    people = sorted({rating.respondent for rating in ratings})
    for start in range(0, len(people), 200):
        rows = db.session.scalars(
            sa.select(CompetencyRating)
            .join(Competency, Competency.id == CompetencyRating.competency_id)
            .where(
                Competency.program_id == program.id,
                CompetencyRating.respondent.in_(people[start : start + 200]),
            )
        )
        present |= {(row.competency_id, row.respondent): row for row in rows}
    new, changed = [], 0
    for key, rating in wanted.items():
        known = present.get(key)
        if known is None:
            new.append(asdict(rating))
        else:
            changed += _assign(known, {"importance": rating.importance, "attainment": rating.attainment})
    if new:
        db.session.execute(sa.insert(CompetencyRating), new)
    db.session.flush()
    return len(new) + changed


def settle_ratings(program: Program, analysis: NeedsAnalysis, *, now: datetime) -> None:
    """Count the respondents and rank anew."""
    analysis.respondents = queries.respondents_of(program.id)
    settle(program, analysis, now=now)


def discard_ratings(program: Program, *, by: Actor, now: datetime) -> None:
    """Remove all ratings; importance and current level keep the last means and can be typed again."""
    analysis = opened(program)
    own = sa.select(Competency.id).where(Competency.program_id == program.id)
    db.session.execute(
        sa.delete(CompetencyRating).where(CompetencyRating.competency_id.in_(own)),
        execution_options={"synchronize_session": "fetch"},
    )
    audit.record(RATINGS_DISCARDED, analysis, by=by, now=now, program_id=program.id, name=analysis.post)
    settle_ratings(program, analysis, now=now)
