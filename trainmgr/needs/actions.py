"""Filling in a needs analysis: competencies of the post, business indicators, weights, hours, ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.needs import queries, weights
from trainmgr.needs.keeping import (
    Overtaken,
    assign,
    forget_links,
    opened,
    require_room,
    require_version,
    settle,
)
from trainmgr.needs.models import Competency, CompetencyRating, IndicatorLink
from trainmgr.needs.rules import Lane, LevelSource
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side
from trainmgr.standards.rules import Dimension

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
SETTINGS_CHANGED = audit.sentence(
    "needs.change-settings",
    _l("%(who)s set post and number of priorities: %(what)s, %(count)s"),
)
HOURS_SET = audit.sentence("needs.set-hours", _l("%(who)s set the hours of %(count)s competencies"))


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
    elif competency.level_source is LevelSource.NONE:
        values["level_source"] = LevelSource.TYPED
    if assign(competency, values):
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
    forget_links()
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


# --- weights and hours --------------------------------------------------------------------------


def update_settings(
    program: Program,
    *,
    post: str,
    trainee_weight: int,
    priority_count: int,
    reason: str = "",
    version: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Name the post, say how many become priorities, and propose weights (percent of the trainee side).

    Other weights than those in force take the other side's consent (see needs.weights). Version 0 is a form that was
    opened when no post was named yet.
    """
    analysis = opened(program)
    if version != 0 or analysis.post:
        require_version(analysis, version)
    values = {"post": post, "priority_count": priority_count}
    if assign(analysis, values):
        audit.record(
            SETTINGS_CHANGED,
            analysis,
            by=by,
            now=now,
            program_id=program.id,
            name=post,
            count=priority_count,
        )
    settle(program, analysis, now=now)
    weights.propose(program, trainee_weight, side=Side.COLLEGE, reason=reason, by=by, now=now)


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
