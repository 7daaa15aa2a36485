"""Stage gates: judging one trainee or many, sending somebody into a remedial loop, and the way back out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.models import PlanStage
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.practice import measures, owed, remedial
from trainmgr.practice.gate_labels import CONDITIONS
from trainmgr.practice.gating import Finding, lacking
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.practice.remedial import TaskPlan
from trainmgr.practice.rules import JUDGEABLE, Judgement, Standing, gates_in, standing_at
from trainmgr.practice.station import stage_lines
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import refresh

PASSED = audit.sentence("practice.gate.pass", _l("%(who)s let %(what)s pass the gate of stage %(stage)s"))
PASSED_MANY = audit.sentence(
    "practice.gate.pass_many", _l("%(who)s let %(count)s trainees pass the gate of stage %(stage)s")
)
LOOPED = audit.sentence(
    "practice.gate.remedial", _l("%(who)s sent %(what)s into a remedial loop at stage %(stage)s: %(reason)s")
)
WAIVED = audit.sentence(
    "practice.gate.waive",
    _l("%(who)s let %(what)s pass the gate of stage %(stage)s although a condition is not met: %(reason)s"),
)


@dataclass(frozen=True)
class Verdict:
    """What is decided on one trainee at a gate; a remedial loop needs its tasks.

    `waiver` is the reason for a pass although a condition of the gate is not shown to be met.
    """

    outcome: GateOutcome
    comment: str = ""
    tasks: Sequence[TaskPlan] = ()
    waiver: str = ""


@dataclass
class Passing:
    """How many passed, and who was left out because things stood otherwise."""

    passed: int = 0
    left_out: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def judgements(decisions: Sequence[GateDecision]) -> dict[int, Judgement]:
    """Return the latest judgement at each gate from one trainee's decisions."""
    return {
        one.stage_number: Judgement(one.outcome, one.remedial_done_on is not None, one.attempt)
        for one in decisions
        if one.is_latest
    }


def _latest(enrolment_ids: Sequence[int]) -> dict[int, dict[int, GateDecision]]:
    found: dict[int, dict[int, GateDecision]] = {key: {} for key in enrolment_ids}
    for one in db.session.scalars(
        sa.select(GateDecision)
        .where(GateDecision.enrolment_id.in_(enrolment_ids), GateDecision.is_latest)
        .execution_options(populate_existing=True)
    ):
        found[one.enrolment_id][one.stage_number] = one
    return found


def _locked(program: Program, ids: Sequence[int], viewer: User) -> list[Enrolment]:
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .where(
                visible_in(program, viewer),
                Enrolment.id.in_(ids),
                Enrolment.state.not_in(AWAY),
            )
            .order_by(Enrolment.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def decide(
    program: Program,
    enrolment: Enrolment,
    number: int,
    verdict: Verdict,
    *,
    attempt: int,
    stages: Sequence[PlanStage],
    by: User,
    now: datetime,
) -> None:
    """Judge a trainee at a gate: passed, or into a remedial loop. `attempt` is the one that the judge saw."""
    require_open(program, Work.PRACTICE)
    require(enrolment.user_id != by.id, _("Nobody judges their own work."))
    present = next(iter(_locked(program, [enrolment.id], by)), None)
    require(present is not None, _("%(name)s has left the programme.", name=enrolment.name))
    latest = _latest([enrolment.id])[enrolment.id]
    before = latest.get(number)
    if attempt != (before.attempt if before else 0) + 1:
        raise Conflict(
            _("%(who)s judged this gate meanwhile. Look at it again.", who=before.by_name if before else "–")
        )
    gates = gates_in(stage_lines(stages))
    require(number in gates, _("Stage %(stage)s has no gate.", stage=number))
    _require_judgeable(
        standing_at(number, gates, program.current_stage, judgements(list(latest.values()))), enrolment.name
    )
    conditions = measures.conditions_of(program.id, number, local_day(now))
    found = measures.findings_of(program.id, number, conditions, [enrolment.id])[enrolment.id]
    if verdict.outcome is GateOutcome.REMEDIAL:
        remedial.require_plan(verdict.tasks, local_day(now))
    else:
        _require_reason(found, verdict.waiver)
    if before is not None:
        before.is_latest = False
        db.session.flush()
    row = _row(program, enrolment.id, number, verdict, attempt, by, now)
    row.findings = [snapshot(one) for one in found]
    row.waiver = verdict.waiver if row.outcome is GateOutcome.PASSED and lacking(found) else ""
    db.session.add(row)
    remedial.open_plan(row, verdict.tasks)
    _tell(program, enrolment, row, by=by, now=now)
    _settle(program, now)


def _tell(program: Program, enrolment: Enrolment, row: GateDecision, *, by: User, now: datetime) -> None:
    in_loop = row.outcome is GateOutcome.REMEDIAL
    if enrolment.state is not EnrolmentState.COMPLETED:
        enrolment.state = EnrolmentState.REMEDIAL if in_loop else EnrolmentState.TRAINING
    audit.record(
        LOOPED if in_loop else WAIVED if row.waiver else PASSED,
        enrolment,
        by=by,
        now=now,
        program_id=program.id,
        name=enrolment.name,
        stage=row.stage_number,
        reason=row.remedial_task or row.waiver or row.comment,
    )


def _require_reason(found: Sequence[Finding], waiver: str) -> None:
    short = lacking(found)
    if short and not waiver.strip():
        names = _("; ").join(str(CONDITIONS[one.kind]) for one in short)
        raise RuleBroken(
            _("Not shown to be met: %(names)s. Letting pass all the same needs a reason.", names=names)
        )


def snapshot(found: Finding) -> dict[str, Any]:
    """Return a finding as it is kept with the judgement."""
    figures = {"limit": found.limit, "figure": found.figure, "part": found.part, "whole": found.whole}
    return {"kind": found.kind.value} | {
        key: None if value is None else str(round(value, 4)) for key, value in figures.items()
    }


def _row(
    program: Program, enrolment_id: int, number: int, verdict: Verdict, attempt: int, by: User, now: datetime
) -> GateDecision:
    is_loop = verdict.outcome is GateOutcome.REMEDIAL
    return GateDecision(
        program_id=program.id,
        enrolment_id=enrolment_id,
        stage_number=number,
        attempt=attempt,
        outcome=verdict.outcome,
        comment=verdict.comment,
        remedial_task=remedial.in_short(verdict.tasks) if is_loop else "",
        remedial_due_on=max(one.due_on for one in verdict.tasks) if is_loop else None,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )


def _require_judgeable(standing: Standing, name: str) -> None:
    sentences = {
        Standing.PASSED: _("%(name)s has passed this gate already.", name=name),
        Standing.REMEDIAL: _("%(name)s has not reported the remedial task as done yet.", name=name),
        Standing.BLOCKED: _("%(name)s has not passed the gate before this one yet.", name=name),
        Standing.AHEAD: _("The programme has not reached this stage yet."),
    }
    require(standing in JUDGEABLE, sentences.get(standing, ""))


def pass_many(
    program: Program,
    ids: Sequence[int],
    number: int,
    *,
    stages: Sequence[PlanStage],
    by: User,
    now: datetime,
) -> Passing:
    """Let many trainees pass a gate at once; whoever cannot be judged now is left out and named."""
    require_open(program, Work.PRACTICE)
    gates = gates_in(stage_lines(stages))
    require(number in gates, _("Stage %(stage)s has no gate.", stage=number))
    people = _locked(program, ids, by)
    latest = _latest([one.id for one in people])
    conditions = measures.conditions_of(program.id, number, local_day(now))
    found = measures.findings_of(program.id, number, conditions, [one.id for one in people])
    result, passing = Passing(), []
    for one in people:
        known = judgements(list(latest[one.id].values()))
        standing = standing_at(number, gates, program.current_stage, known)
        if standing not in JUDGEABLE or one.user_id == by.id:
            result.left_out.append(one.name)
        elif lacking(found[one.id]):
            result.lacking.append(one.name)
        else:
            passing.append(one)
    result.passed = len(passing)
    if passing:
        _pass(program, passing, number, latest, found, by=by, now=now)
        audit.record(
            PASSED_MANY, program, by=by, now=now, program_id=program.id, count=len(passing), stage=number
        )
        _settle(program, now)
    return result


def _pass(
    program: Program,
    people: Sequence[Enrolment],
    number: int,
    latest: dict[int, dict[int, GateDecision]],
    found: Mapping[int, Sequence[Finding]],
    *,
    by: User,
    now: datetime,
) -> None:
    before = {one.id: latest[one.id].get(number) for one in people}
    for decision in before.values():
        if decision is not None:
            decision.is_latest = False
    db.session.flush()
    facts = {
        "program_id": program.id,
        "stage_number": number,
        "outcome": GateOutcome.PASSED,
        "comment": "",
        "is_latest": True,
        "remedial_task": "",
        "waiver": "",
        "by_id": by.id,
        "by_name": by.name,
        "at": now,
    }
    rows = [
        facts
        | {
            "enrolment_id": key,
            "attempt": (known.attempt if known else 0) + 1,
            "findings": [snapshot(one) for one in found[key]],
        }
        for key, known in before.items()
    ]
    db.session.execute(sa.insert(GateDecision), rows)
    for one in people:
        if one.state is EnrolmentState.REMEDIAL:
            one.state = EnrolmentState.TRAINING


def _settle(program: Program, now: datetime) -> None:
    db.session.flush()
    owed.renew_loops(program.id, now)
    refresh(program.id, Step.PRACTICE, now=now)
