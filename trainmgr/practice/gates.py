"""Stage gates: judging one trainee or many, sending somebody into a remedial loop, and the way back out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.models import PlanStage
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.practice import owed
from trainmgr.practice.models import GateDecision, GateOutcome
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
DONE = audit.sentence(
    "practice.gate.done", _l("%(who)s reported the remedial task of %(what)s for stage %(stage)s as done")
)


@dataclass(frozen=True)
class Verdict:
    """What is decided on one trainee at a gate; a remedial loop needs its task and date."""

    outcome: GateOutcome
    comment: str = ""
    task: str = ""
    due_on: date | None = None


@dataclass
class Passing:
    """How many passed, and who was left out because things stood otherwise."""

    passed: int = 0
    left_out: list[str] = field(default_factory=list)


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
                Enrolment.state != EnrolmentState.WITHDRAWN,
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
    if verdict.outcome is GateOutcome.REMEDIAL and (
        verdict.due_on is None or verdict.due_on < local_day(now)
    ):
        raise RuleBroken(_("The remedial task needs a day that is not over yet."))
    if before is not None:
        before.is_latest = False
        db.session.flush()
    db.session.add(_row(program, enrolment.id, number, verdict, attempt, by, now))
    if enrolment.state is not EnrolmentState.COMPLETED:
        in_loop = verdict.outcome is GateOutcome.REMEDIAL
        enrolment.state = EnrolmentState.REMEDIAL if in_loop else EnrolmentState.TRAINING
    audit.record(
        PASSED if verdict.outcome is GateOutcome.PASSED else LOOPED, enrolment, by=by, now=now,
        program_id=program.id, name=enrolment.name, reason=verdict.task or verdict.comment, stage=number,
    )  # fmt: skip
    _settle(program, now)


def _row(
    program: Program, enrolment_id: int, number: int, verdict: Verdict, attempt: int, by: User, now: datetime
) -> GateDecision:
    is_loop = verdict.outcome is GateOutcome.REMEDIAL
    return GateDecision(
        program_id=program.id, enrolment_id=enrolment_id, stage_number=number, attempt=attempt,
        outcome=verdict.outcome, comment=verdict.comment, remedial_task=verdict.task if is_loop else "",
        remedial_due_on=verdict.due_on if is_loop else None, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip


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
    result, passing = Passing(), []
    for one in people:
        known = judgements(list(latest[one.id].values()))
        if standing_at(number, gates, program.current_stage, known) in JUDGEABLE:
            passing.append(one)
        else:
            result.left_out.append(one.name)
    result.passed = len(passing)
    if passing:
        _pass(program, passing, number, latest, by=by, now=now)
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
        "program_id": program.id, "stage_number": number, "outcome": GateOutcome.PASSED, "comment": "",
        "is_latest": True, "remedial_task": "", "by_id": by.id, "by_name": by.name, "at": now,
    }  # fmt: skip
    rows = [
        facts | {"enrolment_id": key, "attempt": (known.attempt if known else 0) + 1}
        for key, known in before.items()
    ]
    db.session.execute(sa.insert(GateDecision), rows)
    for one in people:
        if one.state is EnrolmentState.REMEDIAL:
            one.state = EnrolmentState.TRAINING


def report_done(program: Program, enrolment: Enrolment, number: int, *, by: User, now: datetime) -> None:
    """Report a remedial task as done, so that the gate is judged again; told twice it is done once."""
    require_open(program, Work.PRACTICE)
    require(_locked(program, [enrolment.id], by), _("%(name)s has left the programme.", name=enrolment.name))
    loop = _latest([enrolment.id])[enrolment.id].get(number)
    if loop is None or loop.outcome is not GateOutcome.REMEDIAL:
        raise RuleBroken(_("There is no remedial loop at this gate."))
    if loop.remedial_done_on is not None:
        return
    loop.remedial_done_on = local_day(now)
    audit.record(DONE, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name, stage=number)
    _settle(program, now)


def _settle(program: Program, now: datetime) -> None:
    db.session.flush()
    owed.renew_loops(program.id, now)
    refresh(program.id, Step.PRACTICE, now=now)
