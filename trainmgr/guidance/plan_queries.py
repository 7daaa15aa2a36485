"""Reads of individual plans: a plan with everything in it, and the facts that a cycle begins with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.attendance.models import AttendanceTally
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import entry_levels
from trainmgr.guidance.cycle import PlanStep, Voice, asked_to_sign
from trainmgr.guidance.plan_models import PlanGoal, PlanRecord, PlanSignature, StudyPlan, StudyTask
from trainmgr.guidance.planning import Speaker
from trainmgr.guidance.queries import Counsellors, guided_in
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.msgids import N_
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.programs.models import Program
from trainmgr.programs.queries import sides_of
from trainmgr.programs.rules import Side

WIDEST_GAPS = 3
PARTS: dict[str, Any] = {
    "records": PlanRecord, "goals": PlanGoal, "tasks": StudyTask, "signatures": PlanSignature,
}  # fmt: skip


def _whole() -> list[Any]:
    return [
        selectinload(StudyPlan.records),
        selectinload(StudyPlan.goals).options(joinedload(PlanGoal.competency), joinedload(PlanGoal.check)),
        selectinload(StudyPlan.tasks),
        selectinload(StudyPlan.signatures),
    ]


@cache
def _cycles() -> sa.Select[Any]:
    """Select a trainee's cycles with all that is in them, a row for each part, each kind of part in its column."""
    kinds = sa.union_all(
        *(sa.select(sa.literal(place).label("kind")) for place in range(len(PARTS)))
    ).subquery()
    statement = sa.select(StudyPlan, *PARTS.values()).select_from(StudyPlan).join(kinds, sa.true())
    for place, part in enumerate(PARTS.values()):
        statement = statement.outerjoin(part, sa.and_(kinds.c.kind == place, part.plan_id == StudyPlan.id))
    return (
        statement.where(StudyPlan.enrolment_id == sa.bindparam("enrolment_id", type_=sa.Integer))
        .options(joinedload(PlanGoal.competency), joinedload(PlanGoal.check))
        .order_by(
            StudyPlan.number.desc(),
            PlanRecord.id,
            *(PlanGoal.revision, PlanGoal.position),
            *(StudyTask.revision, StudyTask.position),
            PlanSignature.at,
        )
    )


def plans_of(enrolment: Enrolment) -> list[StudyPlan]:
    """Return a trainee's cycles with all that is in them, the newest first: one statement."""
    found: dict[StudyPlan, dict[str, list[Any]]] = {}
    for plan, *parts in db.session.execute(_cycles(), {"enrolment_id": enrolment.id}):
        collections = found.setdefault(plan, {name: [] for name in PARTS})
        for name, part in zip(PARTS, parts, strict=True):
            if part is not None:
                collections[name].append(part)
    for plan, collections in found.items():
        for name, rows in collections.items():
            set_committed_value(plan, name, rows)
    return list(found)


def plan_or_404(program: Program, plan_id: int, viewer: User) -> StudyPlan:
    """Return a plan of a trainee whom the viewer guides, or answer 404."""
    plan: StudyPlan | None = db.session.scalars(
        sa.select(StudyPlan)
        .join(StudyPlan.enrolment)
        .where(StudyPlan.id == plan_id, guided_in(program, viewer))
        .options(contains_eager(StudyPlan.enrolment), *_whole())
    ).one_or_none()
    return plan if plan is not None else abort(404)


def task_or_404(plan: StudyPlan, task_id: int) -> StudyTask:
    """Return a task of a plan, or answer 404."""
    return next((one for one in plan.tasks if one.id == task_id), None) or abort(404)


def speaker_in(program: Program, enrolment: Enrolment, viewer: User, named: Counsellors) -> Speaker | None:
    """Return as whom somebody acts in a trainee's plan; None for readers who only look.

    The trainee speaks as trainee, a named counsellor for the side; staff and teachers who guide speak for their side
    while nobody is named on it.
    """
    both = named.both(enrolment)
    asked = asked_to_sign(Side.COLLEGE in both, Side.ENTERPRISE in both)
    if len(asked) == 1:
        asked = [Voice.TRAINEE, Voice.COLLEGE]
    if enrolment.user_id == viewer.id:
        return Speaker(viewer, Voice.TRAINEE, asked)
    for side, user in both.items():
        if user.id == viewer.id:
            return Speaker(viewer, Voice(side.value), asked)
    sides = sides_of(program, viewer, Permission.GUIDANCE_GIVE) - set(both)
    free = next((one for one in Side if one in sides), None)
    return Speaker(viewer, Voice(free.value), asked) if free else None


# --- the facts a cycle begins with -------------------------------------------------------------------------


def collected(program: Program, enrolment: Enrolment, plans: list[StudyPlan]) -> list[dict[str, Any]]:
    """Return what the records say of a trainee now, as msgids with figures: levels and gaps, hours, attendance, gate.

    The evaluation of the cycle before comes first, so that one begins from the other.
    """
    facts: list[dict[str, Any]] = []
    before = next((one for one in plans if one.closed_at is not None), None)
    if before is not None:
        words = next((one.words for one in reversed(before.records) if one.step is PlanStep.EVALUATE), "")
        facts.append(
            {"msgid": N_("Cycle %(number)s ended with: %(words)s"), "number": before.number, "words": words}
        )
    facts += _gaps(program, enrolment)
    facts.append(
        {
            "msgid": N_("Hours: %(verified)s verified of %(planned)s planned"),
            "verified": ledger_hours(enrolment.verified_minutes),
            "planned": ledger_hours(enrolment.planned_minutes),
        }
    )
    tally, decision = _tally_and_gate(enrolment)
    return [*facts, _attendance(tally), _gate(decision)]


def _gaps(program: Program, enrolment: Enrolment) -> list[dict[str, Any]]:
    lines = [one for one in entry_levels(program.id, enrolment.id) if one.level is not None]
    if not lines:
        return [{"msgid": N_("Entry levels: no data")}]
    widest = sorted(lines, key=lambda one: (one.level or 0) - one.required)[:WIDEST_GAPS]
    return [
        {
            "msgid": N_("Entry level in %(name)s: %(level)s, required %(required)s"),
            "name": {"zh": one.name, "en": one.name_en or one.name},
            "level": float(one.level or 0),
            "required": float(one.required),
        }
        for one in widest
    ]


def _tally_and_gate(enrolment: Enrolment) -> Sequence[Any]:
    """The trainee's attendance so far and the last judgement at a gate, None where there is none: one statement."""
    judged = sa.and_(GateDecision.enrolment_id == Enrolment.id, GateDecision.is_latest)
    return db.session.execute(
        sa.select(AttendanceTally, GateDecision)
        .select_from(Enrolment)
        .outerjoin(AttendanceTally, AttendanceTally.enrolment_id == Enrolment.id)
        .outerjoin(GateDecision, judged)
        .where(Enrolment.id == enrolment.id)
        .order_by(GateDecision.at.desc(), GateDecision.id.desc())
        .limit(1)
    ).one()


def _attendance(tally: AttendanceTally | None) -> dict[str, Any]:
    if tally is None or not tally.rate.expected:
        return {"msgid": N_("Attendance: no data")}
    return {
        "msgid": N_("Attendance: %(attended)s of %(expected)s"),
        "attended": tally.rate.attended,
        "expected": tally.rate.expected,
    }


def _gate(last: GateDecision | None) -> dict[str, Any]:
    if last is None:
        return {"msgid": N_("Gates: none judged yet")}
    if last.outcome is GateOutcome.PASSED:
        return {"msgid": N_("Last gate: passed at stage %(stage)s"), "stage": last.stage_number}
    return {
        "msgid": N_("Last gate: remedial plan at stage %(stage)s, attempt %(attempt)s"),
        "stage": last.stage_number,
        "attempt": last.attempt,
    }


def latest_words(plan: StudyPlan, step: PlanStep) -> PlanRecord | None:
    """Return the last record of a step."""
    return next((one for one in reversed(plan.records) if one.step is step), None)
