"""Deeds on lesson plans: writing, finishing, copying, teaching by one; trainees tick their tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from trainmgr.curriculum.models import Module
from trainmgr.curriculum.units import unit_minutes
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.hours import lesson_minutes
from trainmgr.lessons import labels, queries, station
from trainmgr.lessons.models import LessonPlan, LessonRing, LessonTick, LessonUse, LessonVersion
from trainmgr.lessons.rules import LessonState, Ring, Who, difference, unfilled
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work, is_open
from trainmgr.timetable.models import TeachingSession

Materials = Mapping[str, Sequence[Mapping[str, Any]]]

BEGUN = audit.sentence("lesson.create", _l("%(who)s began the lesson plan “%(what)s”"))
CHANGED = audit.sentence("lesson.change", _l("%(who)s changed the lesson plan “%(what)s”"))
FINISHED = audit.sentence(
    "lesson.finish", _l("%(who)s finished version %(number)s of the lesson plan “%(what)s”")
)
COPIED = audit.sentence("lesson.copy", _l("%(who)s copied a lesson plan as “%(what)s”"))
USED = audit.sentence("lesson.use", _l("%(who)s set “%(what)s” as the plan of %(count)s sessions"))


@dataclass(frozen=True)
class RingFacts:
    """What is written in one ring."""

    minutes: int = 0
    content: str = ""
    method: str = ""
    material: str = ""
    who: Who = Who.TEACHER


@dataclass(frozen=True)
class PlanFacts:
    """What is written in a plan."""

    title: str
    aims: str
    units: int
    rings: Mapping[Ring, RingFacts]


def require_open(program: Program) -> None:
    """Stop unless lesson plans of the programme may be written now."""
    if not is_open(Work.CURRICULUM, program.state):
        raise RuleBroken(
            _("The programme is %(state)s; its lesson plans stay as they are.", state=program.state_label)
        )


def _require_new_title(program_id: int, lineage: str, title: str, plan_id: int | None = None) -> None:
    same = sa.select(LessonPlan.id).where(
        LessonPlan.program_id == program_id, LessonPlan.lineage == lineage, LessonPlan.title == title
    )
    if db.session.scalar(same) not in (None, plan_id):
        raise RuleBroken(_("This module has a lesson plan “%(title)s” already.", title=title))


def create_plan(
    program: Program, module: Module, title: str, units: int, *, by: User, now: datetime
) -> LessonPlan:
    """Begin a lesson plan of a module with eight empty rings."""
    require_open(program)
    _require_new_title(program.id, module.lineage, title)
    plan = LessonPlan(
        program_id=program.id, lineage=module.lineage, title=title, units=units, created_by_id=by.id,
        changed_by_id=by.id, changed_at=now, rings=[LessonRing(ring=ring) for ring in Ring],
    )  # fmt: skip
    db.session.add(plan)
    audit.record(BEGUN, plan, by=by, now=now, program_id=program.id, name=title)
    return plan


def save_plan(
    program: Program, plan: LessonPlan, facts: PlanFacts, *, version: int, by: User, now: datetime
) -> None:
    """Keep what was written; minutes need not add up yet. Trainees go on seeing the last finished version."""
    require_open(program)
    if plan.version != version:
        raise Conflict(
            _("%(name)s changed this plan meanwhile. Yours is still in the fields; compare before you save again.",
              name=plan.changed_by.name)
        )  # fmt: skip
    _require_new_title(program.id, plan.lineage, facts.title, plan.id)
    plan.title, plan.aims, plan.units = facts.title, facts.aims, facts.units
    rows = {row.ring: row for row in plan.rings}
    for ring, written in facts.rings.items():
        for name, value in vars(written).items():
            setattr(rows[ring], name, value)
    plan.state, plan.changed_by_id, plan.changed_at = LessonState.DRAFT, by.id, now
    db.session.flush()
    audit.record(CHANGED, plan, by=by, now=now, program_id=program.id, name=plan.title)


def require_finishable(program: Program, plan: LessonPlan) -> None:
    """Stop with what is missing before a plan can be finished: rings that say nothing, minutes that do not add up."""
    empty = unfilled({row.ring: bool(row.content.strip()) for row in plan.rings})
    if empty:
        names = _(", ").join(str(labels.RINGS[ring]) for ring in empty)
        raise RuleBroken(_("These rings say nothing yet: %(names)s.", names=names))
    minutes = unit_minutes(program)
    apart = difference({row.ring: row.minutes for row in plan.rings}, plan.units, minutes)
    if apart:
        whole = lesson_minutes(plan.units, minutes)
        text = _(
            "%(units)s × %(minutes)s = %(whole)s minutes", units=plan.units, minutes=minutes, whole=whole
        )
        if apart > 0:
            raise RuleBroken(ngettext("The rings in class are %(num)s minute too long for %(lesson)s.",
                                      "The rings in class are %(num)s minutes too long for %(lesson)s.",
                                      apart, lesson=text))  # fmt: skip
        raise RuleBroken(ngettext("The rings in class lack %(num)s minute to %(lesson)s.",
                                  "The rings in class lack %(num)s minutes to %(lesson)s.",
                                  -apart, lesson=text))  # fmt: skip


def touch(program: Program, plan: LessonPlan, *, by: User, now: datetime) -> None:
    """Note that what a plan's rings work with has changed: it is a draft until it is finished again."""
    plan.state, plan.changed_by_id, plan.changed_at = LessonState.DRAFT, by.id, now
    db.session.flush()
    audit.record(CHANGED, plan, by=by, now=now, program_id=program.id, name=plan.title)


def finish(
    program: Program,
    plan: LessonPlan,
    *,
    by: User,
    now: datetime,
    quiz: Mapping[str, list[int]] | None = None,
    materials: Materials | None = None,
) -> LessonVersion:
    """Finish a plan: what it says becomes a version that trainees see and that never changes."""
    require_open(program)
    require_finishable(program, plan)
    plan.published += 1
    plan.state, plan.changed_by_id, plan.changed_at = LessonState.FINISHED, by.id, now
    version = LessonVersion(
        plan_id=plan.id,
        number=plan.published,
        content=content_of(plan, quiz, materials),
        finished_by_id=by.id,
        finished_at=now,
    )
    db.session.add(version)
    audit.record(
        FINISHED, plan, by=by, now=now, program_id=program.id, name=plan.title, number=plan.published
    )
    station.put_dues([plan.id], program.id, now=now)
    return version


def content_of(
    plan: LessonPlan, quiz: Mapping[str, list[int]] | None = None, materials: Materials | None = None
) -> dict[str, Any]:
    """Return what a plan says, as its version keeps it.

    `quiz` names the items that each ring asks, `materials` the resources that it works with.
    """
    rows = {row.ring: row for row in plan.rings}
    return {
        "title": plan.title,
        "aims": plan.aims,
        "units": plan.units,
        "rings": [
            {"ring": ring.value}
            | {name: getattr(rows[ring], name) for name in ("minutes", "content", "method", "material")}
            | {"who": rows[ring].who.value, "quiz": (quiz or {}).get(ring.value, [])}
            | {"materials": [dict(one) for one in (materials or {}).get(ring.value, ())]}
            for ring in Ring
        ],
    }


def copy_plan(
    plan: LessonPlan, program: Program, module: Module, title: str, *, by: User, now: datetime
) -> LessonPlan:
    """Copy a plan into a module, perhaps of another programme; the copy begins as a draft."""
    require_open(program)
    _require_new_title(program.id, module.lineage, title)
    names = ("ring", "minutes", "content", "method", "material", "who")
    copy = LessonPlan(
        program_id=program.id, lineage=module.lineage, title=title, aims=plan.aims, units=plan.units,
        copied_from_id=plan.id, created_by_id=by.id, changed_by_id=by.id, changed_at=now,
        rings=[LessonRing(**{name: getattr(row, name) for name in names}) for row in plan.rings],
    )  # fmt: skip
    db.session.add(copy)
    db.session.flush()
    audit.record(COPIED, copy, by=by, now=now, program_id=program.id, name=title)
    return copy


def teach_by(
    program: Program, plan: LessonPlan, wanted: Collection[int], *, today: date, by: User, now: datetime
) -> int:
    """Set the coming sessions that are taught by a plan: those named, and no others; returns how many there are."""
    require_open(program)
    offered = queries.sessions_for(plan, today)
    known = {session.id for session, _plan_id in offered}
    taken = [session_id for session_id in wanted if session_id in known]
    others = {plan_id for session, plan_id in offered if plan_id and session.id in taken}
    db.session.execute(
        sa.delete(LessonUse).where(
            sa.or_(
                LessonUse.session_id.in_(taken),
                sa.and_(LessonUse.plan_id == plan.id, LessonUse.session_id.in_(known)),
            )
        )
    )
    if taken:
        rows = [{"session_id": session_id, "plan_id": plan.id} for session_id in taken]
        db.session.execute(sa.insert(LessonUse), rows)
    audit.record(USED, plan, by=by, now=now, program_id=program.id, name=plan.title, count=len(taken))
    station.put_dues([plan.id, *others], program.id, now=now)
    return len(taken)


def tick(
    session: TeachingSession, enrolment_id: int, ring: Ring, done: bool, *, today: date, now: datetime
) -> None:
    """Note that a trainee has done the task before or after a session, or take the note back.

    A tick is the trainee's own note, not a deed on a record: it stands in no trail.
    """
    if ring is Ring.ON_THE_JOB and session.day > today:
        raise RuleBroken(_("What is done after class can be ticked from the day of the class on."))
    if session.is_cancelled:
        raise RuleBroken(_("This session was called off."))
    key = (enrolment_id, session.id, ring)
    known = db.session.get(LessonTick, key)
    if done and known is None:
        db.session.add(LessonTick(enrolment_id=enrolment_id, session_id=session.id, ring=ring, at=now))
    elif not done and known is not None:
        db.session.delete(known)
