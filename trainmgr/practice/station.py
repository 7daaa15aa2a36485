"""How the step Practice of a programme stands, and what practice does when others change something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.models import PlanStage
from trainmgr.curriculum.queries import stages_of
from trainmgr.enrolment.hooks import Change, after_leaving, after_return
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import User
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.mentoring.hooks import Handover, after_handover
from trainmgr.practice import asking, owed, spots, talk
from trainmgr.practice.models import GateDecision, PracticeLog
from trainmgr.practice.rules import DAYS_TO_SIGN, GateOutcome, LogState, Stage, gates_in, next_stage
from trainmgr.programs.hooks import Move, after_entering
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Assessment, Figure, Missing, State, Step, StepState
from trainmgr.programs.thread import assesses, follows

STAFF = N_("Programme staff")
UNDER_WAY = (State.RUNNING, State.EVALUATING)
PRESENT = Enrolment.state.not_in(AWAY)


def stage_lines(stages: Sequence[PlanStage]) -> list[Stage]:
    """Return a plan's stages as the rules take them."""
    return [Stage(s.number, bool(s.gate), s.remedial, s.starts_on, s.ends_on) for s in stages]


@dataclass(frozen=True)
class Tally:
    """What there is to count of a programme's practice; hours in minutes."""

    present: int
    planned: int
    submitted: int
    verified: int
    remedial: int
    waiting: int
    oldest: datetime | None
    signers: Sequence[str]
    stages: Sequence[Stage] = ()
    current: int = 0
    undecided: Mapping[int, int] = field(default_factory=dict)  # gate → trainees without a judgement

    @property
    def due_on(self) -> date | None:
        """When the oldest waiting log is to be signed."""
        return local_day(self.oldest) + timedelta(days=DAYS_TO_SIGN) if self.oldest else None


def tally(program: Program) -> Tally:
    """Count a programme's hours, waiting logs and open gates: four aggregate selects."""
    people = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Enrolment.planned_minutes), 0),
            sa.func.coalesce(sa.func.sum(Enrolment.submitted_minutes), 0),
            sa.func.coalesce(sa.func.sum(Enrolment.verified_minutes), 0),
            sa.func.count(sa.case((Enrolment.state == EnrolmentState.REMEDIAL, 1))),
        ).where(Enrolment.program_id == program.id, PRESENT)
    ).one()
    logs = db.session.execute(
        sa.select(User.name, sa.func.count(), sa.func.min(PracticeLog.submitted_at))
        .select_from(PracticeLog)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .outerjoin(User, User.id == PracticeLog.signer_id)
        .where(PracticeLog.program_id == program.id, PracticeLog.state == LogState.SUBMITTED, PRESENT)
        .group_by(PracticeLog.signer_id, User.name)
        .order_by(sa.func.count().desc(), PracticeLog.signer_id)
    ).all()
    stages = stage_lines(stages_of(program.id))
    return Tally(
        *people,
        waiting=sum(row[1] for row in logs),
        oldest=min((row[2] for row in logs if row[2]), default=None),
        signers=[row[0] for row in logs if row[0]],
        stages=stages,
        current=program.current_stage,
        undecided=_undecided(program, gates_in(stages), people[0]),
    )


def _undecided(program: Program, gates: Sequence[int], present: int) -> dict[int, int]:
    # The programme is named for both tables: PostgreSQL cannot know how many have left and would, where it guesses that
    # nearly nobody stayed, begin with all trainees of the installation.
    rows = db.session.execute(
        sa.select(GateDecision.stage_number, sa.func.count())
        .join(Enrolment, Enrolment.id == GateDecision.enrolment_id)
        .where(
            GateDecision.program_id == program.id,
            GateDecision.is_latest,
            Enrolment.program_id == program.id,
            PRESENT,
        )
        .group_by(GateDecision.stage_number)
    )
    judged = {row[0]: row[1] for row in rows}
    return {number: present - judged.get(number, 0) for number in gates if judged.get(number, 0) < present}


@assesses(Step.PRACTICE)
def assess(program: Program, now: datetime) -> Assessment:
    """Practice is done when every log is signed, every gate judged and nobody is in a remedial loop."""
    found = tally(program)
    today = local_day(now)
    over = _over(found, program, today)
    last_days = {stage.number: stage.ends_on for stage in found.stages}
    owed.put_gates(program, {number: (amount, last_days[number]) for number, amount in over.items()}, now)
    missing = _missing(program, found) if program.state in UNDER_WAY else []
    late = bool(over) or (found.due_on is not None and found.due_on < today)
    params = {
        "stage": found.current,
        "stages": len([stage for stage in found.stages if not stage.remedial]),
        "share": f"{found.verified / found.planned * 100:.1f}%" if found.planned else "–",
        "hours": f"{ledger_hours(found.verified):g}",
        "waiting": found.waiting,
        "remedial": found.remedial,
        "undecided": sum(over.values()),
    }
    note, tone = _note(found, over)
    return Assessment(
        _state(program, found, bool(missing), late),
        count=_count(found) if program.state not in (State.DRAFT, State.ANALYSING, State.DESIGNING) else "",
        note=note,
        note_tone=tone,
        params=params,
        missing=missing,
        figures=[
            Figure(
                N_("Verified hours"),
                part=round(ledger_hours(found.verified), 2),
                whole=round(ledger_hours(found.planned), 2),
                share=True,
                hint=N_("%(waiting)s logs wait for a signature") if found.waiting else "",
                params={"waiting": found.waiting},
            )
        ]
        if found.planned
        else [],
    )


def _over(found: Tally, program: Program, today: date) -> dict[int, int]:
    """The open gates of stages that are over: left behind, past their last day, or the programme is being evaluated."""
    if program.state not in UNDER_WAY:
        return {}
    done = {
        stage.number
        for stage in found.stages
        if stage.number < found.current
        or (stage.number == found.current and stage.ends_on is not None and stage.ends_on < today)
        or program.state is State.EVALUATING
    }
    return {number: amount for number, amount in found.undecided.items() if number in done}


def _count(found: Tally) -> str:
    if found.stages and found.current:
        return N_("stage %(stage)s / %(stages)s, %(share)s verified")
    return N_("%(hours)s hours verified") if found.submitted else ""


def _note(found: Tally, over: Mapping[int, int]) -> tuple[str, str]:
    if found.waiting and found.remedial:
        return N_("%(waiting)s logs to sign, %(remedial)s in remedial"), "warn"
    if found.waiting:
        return N_("%(waiting)s logs to sign"), "warn"
    if found.remedial:
        return N_("%(remedial)s in remedial"), "warn"
    if over:
        return N_("%(undecided)s gate judgements to make"), "warn"
    return (N_("every log signed"), "ok") if found.verified else ("", "")


def _state(program: Program, found: Tally, missing: bool, late: bool) -> StepState:
    if program.state is State.CLOSED:
        return StepState.DONE
    if program.state not in UNDER_WAY or not found.present:
        return StepState.NEXT
    if late:
        return StepState.ASKING
    return StepState.NOW if missing or not found.verified else StepState.DONE


def _missing(program: Program, found: Tally) -> list[Missing]:
    page: dict[str, Any] = {"endpoint": "practice.show_practice", "args": {"program_id": program.id}}
    missing = []
    if found.waiting:
        missing.append(
            Missing(
                N_n("One log is not signed", "%(amount)s logs are not signed"), blocks=State.EVALUATING,
                params={"amount": found.waiting},
                who=found.signers[0] if len(found.signers) == 1 else "",
                who_msgid="" if len(found.signers) == 1 else N_("Mentors") if found.signers else STAFF,
                due_on=found.due_on, due_code=owed.SIGN, endpoint="practice.show_practice",
                args={"program_id": program.id, "waiting": 1},
            )
        )  # fmt: skip
    if found.undecided:
        missing.append(
            Missing(
                N_n("One judgement at a stage gate is open", "%(amount)s judgements at stage gates are open"),
                blocks=State.EVALUATING, who_msgid=STAFF,
                params={"amount": sum(found.undecided.values())}, due_code=owed.GATES, **page,
            )
        )  # fmt: skip
    if found.remedial:
        missing.append(
            Missing(
                N_n("One trainee is in a remedial loop", "%(amount)s trainees are in a remedial loop"),
                blocks=State.EVALUATING,
                params={"amount": found.remedial}, who_msgid=N_("Trainees"), due_code=owed.REMEDIAL, **page,
            )
        )  # fmt: skip
    return missing


# --- when others change something -------------------------------------------------------------------


@after_entering(State.RUNNING)
def begin_first_stage(move: Move) -> None:
    """The training begins with its first stage."""
    if not move.program.current_stage:
        move.program.current_stage = next_stage(stage_lines(stages_of(move.program.id)), 0) or 0


@after_handover
def follow_mentors(handover: Handover) -> None:
    """Logs that wait for a signature go to the successor; what was signed stays signed by whom it was."""
    by_signer: dict[int | None, list[int]] = {}
    for enrolment_id, user_id in handover.successors.items():
        by_signer.setdefault(user_id, []).append(enrolment_id)
    for user_id, enrolment_ids in by_signer.items():
        for start in range(0, len(enrolment_ids), 500):
            db.session.execute(
                sa.update(PracticeLog)
                .where(
                    PracticeLog.enrolment_id.in_(enrolment_ids[start : start + 500]),
                    PracticeLog.side == handover.side,
                    PracticeLog.state == LogState.SUBMITTED,
                )
                .values(signer_id=user_id, version=PracticeLog.version + 1),
                execution_options={"synchronize_session": False},
            )
    for log in [thing for thing in db.session.identity_map.values() if isinstance(thing, PracticeLog)]:
        db.session.expire(log)
    owed.renew_to_sign(handover.program_id, handover.now)
    spots.follow(handover.program_id, by_signer, handover.side, handover.now)
    talk.forget_former(handover.program_id, list(handover.successors), handover.now)


@follows(Step.MENTORING, own=Step.PRACTICE)
def name_new_signers(program_id: int, now: datetime) -> bool:
    """Who is asked for signatures may be somebody else when mentors have changed."""
    waits = sa.select(PracticeLog.id).where(
        PracticeLog.program_id == program_id, PracticeLog.state == LogState.SUBMITTED
    )
    return db.session.scalar(waits.limit(1)) is not None


@after_leaving
def forget_leavers(change: Change) -> None:
    """Nothing is due any more because of trainees who left."""
    db.session.flush()
    owed.renew_all(change.program_id, change.now)
    _renew_asked(change)


def _renew_asked(change: Change) -> None:
    """Ask for logs, spot checks and reading only where somebody is there."""
    program = db.session.get_one(Program, change.program_id)
    asking.renew(program, change.now)
    spots.renew(program.id, change.now)
    talk.renew(program.id, change.now)


@after_return
def take_back(change: Change) -> None:
    """Whoever left in a remedial loop comes back into it."""
    db.session.flush()
    in_loop = sa.exists().where(
        GateDecision.enrolment_id == Enrolment.id,
        GateDecision.is_latest,
        GateDecision.outcome == GateOutcome.REMEDIAL,
    )
    db.session.execute(
        sa.update(Enrolment)
        .where(
            Enrolment.id.in_(list(change.enrolment_ids)), Enrolment.state == EnrolmentState.TRAINING, in_loop
        )
        .values(state=EnrolmentState.REMEDIAL),
        execution_options={"synchronize_session": False},
    )
    for thing in [row for row in db.session.identity_map.values() if isinstance(row, Enrolment)]:
        db.session.expire(thing)
    owed.renew_all(change.program_id, change.now)
    _renew_asked(change)
