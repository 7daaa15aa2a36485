"""What guidance asks of whom: the next step of a plan, its tasks, tutoring under way, signs to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import IN_TRAINING
from trainmgr.guidance import queries
from trainmgr.guidance.cycle import PlanStep, Voice, asked_to_sign
from trainmgr.guidance.labels import STEP_MSGIDS
from trainmgr.guidance.models import RiskSign, SignState, TutoringState, TutoringTask
from trainmgr.guidance.plan_models import PlanRecord, PlanSignature, StudyPlan, StudyTask
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step

DAYS = 7  # for a step of a plan, and for a look at a sign

PLAN = code(
    "plan-next",
    DueCode(
        step=Step.PRACTICE,
        title=N_("Individual plan of %(name)s: %(step)s"),
        hint=N_("the next of the six steps"),
        verb=N_("Open it"),
        endpoint="guidance.show_plan",
        subject_arg="enrolment_id",
    ),
)
TASKS = code(
    "plan-tasks",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Your individual plan: one task", "Your individual plan: %(amount)s tasks"),
        hint=N_("note each one when it is done"),
        verb=N_("Open it"),
        endpoint="guidance.show_plan",
        subject_arg="enrolment_id",
    ),
)
TUTOR = code(
    "tutoring",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Tutoring: one task under way", "Tutoring: %(amount)s tasks under way"),
        hint=N_("write down the result when it is done"),
        verb=N_("Open it"),
        endpoint="guidance.list_tutoring",
    ),
)
SIGNS = code(
    "risk-signs",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("One trainee may need help", "%(amount)s trainees may need help"),
        hint=N_("each with its reason; help, or say why not"),
        verb=N_("Look"),
        endpoint="guidance.list_signs",
    ),
)
SPEAKS = {Voice.COLLEGE: Side.COLLEGE, Voice.ENTERPRISE: Side.ENTERPRISE}


def _put(name: str, lines: Iterable[Line], program_id: int, now: datetime) -> None:
    dues.put_many(name, lines, program_id=program_id, visible_from=local_day(now), replace=True)


def renew_plans(program_id: int, now: datetime) -> None:
    """Ask everybody for the next step of the running plans: four selects and the statements of `put_many`."""
    rows = db.session.execute(
        sa.select(StudyPlan, Enrolment)
        .join(Enrolment, Enrolment.id == StudyPlan.enrolment_id)
        .where(
            StudyPlan.program_id == program_id,
            StudyPlan.closed_at.is_(None),
            Enrolment.state.in_(IN_TRAINING),
        )
    ).all()
    counsellors = queries.counsellors_of(program_id)
    signed = _signed(program_id)
    since = _since(program_id)
    steps: list[Line] = []
    for plan, enrolment in rows:
        named = counsellors.both(enrolment)
        users = {Voice.TRAINEE: enrolment.user_id} | {
            voice: named[side].id for voice, side in SPEAKS.items() if side in named
        }
        begun = since.get(plan.id) or local_day(plan.opened_at)
        turn = _asked(plan, named, signed.get((plan.id, plan.revision), set()))
        steps += [_step_line(plan, enrolment, users[voice], begun) for voice in turn if voice in users]
    _put(PLAN, steps, program_id, now)
    _put(TASKS, _task_lines(program_id), program_id, now)


def _step_line(plan: StudyPlan, enrolment: Enrolment, user_id: int, begun: date) -> Line:
    return Line(
        user_id=user_id,
        subject_id=enrolment.id,
        due_on=begun + timedelta(days=DAYS),
        params={"name": enrolment.name, "step": {"msgid": STEP_MSGIDS[plan.step]}},
    )


def _asked(plan: StudyPlan, named: Mapping[Side, object], signed: set[Voice]) -> list[Voice]:
    """Whose turn it is: the trainee collects, counsellors plan, check and evaluate, each signs for themselves."""
    match plan.step:
        case PlanStep.COLLECT:
            return [Voice.TRAINEE]
        case PlanStep.DECIDE:
            wanted = asked_to_sign(Side.COLLEGE in named, Side.ENTERPRISE in named)
            return [voice for voice in wanted if voice not in signed]
        case PlanStep.DO | PlanStep.CLOSED:
            return []
        case _:
            return [Voice.COLLEGE, Voice.ENTERPRISE]


def _signed(program_id: int) -> dict[tuple[int, int], set[Voice]]:
    rows = db.session.execute(
        sa.select(PlanSignature.plan_id, PlanSignature.revision, PlanSignature.voice)
        .join(StudyPlan, StudyPlan.id == PlanSignature.plan_id)
        .where(StudyPlan.program_id == program_id, StudyPlan.closed_at.is_(None))
    )
    found: dict[tuple[int, int], set[Voice]] = {}
    for plan_id, revision, voice in rows:
        found.setdefault((plan_id, revision), set()).add(voice)
    return found


def _since(program_id: int) -> dict[int, date]:
    rows = db.session.execute(
        sa.select(PlanRecord.plan_id, sa.func.max(PlanRecord.at))
        .join(StudyPlan, StudyPlan.id == PlanRecord.plan_id)
        .where(StudyPlan.program_id == program_id, StudyPlan.closed_at.is_(None))
        .group_by(PlanRecord.plan_id)
    )
    return {plan_id: local_day(at) for plan_id, at in rows}


def _task_lines(program_id: int) -> list[Line]:
    rows = db.session.execute(
        sa.select(Enrolment.user_id, Enrolment.id, sa.func.count(), sa.func.min(StudyTask.due_on))
        .select_from(StudyTask)
        .join(StudyPlan, sa.and_(StudyPlan.id == StudyTask.plan_id, StudyPlan.revision == StudyTask.revision))
        .join(Enrolment, Enrolment.id == StudyPlan.enrolment_id)
        .where(
            StudyPlan.program_id == program_id,
            StudyPlan.step == PlanStep.DO,
            StudyTask.done_on.is_(None),
            Enrolment.state.in_(IN_TRAINING),
        )
        .group_by(Enrolment.user_id, Enrolment.id)
    )
    return [Line(user_id=row[0], subject_id=row[1], amount=row[2], due_on=row[3]) for row in rows]


def renew_tutoring(program_id: int, now: datetime) -> None:
    """Tell tutors how many tasks they have under way; the earliest sets the date."""
    rows = db.session.execute(
        sa.select(TutoringTask.tutor_id, sa.func.count(), sa.func.min(TutoringTask.due_on))
        .join(Enrolment, Enrolment.id == TutoringTask.enrolment_id)
        .where(
            TutoringTask.program_id == program_id,
            TutoringTask.state == TutoringState.OPEN,
            Enrolment.state.in_(IN_TRAINING),
        )
        .group_by(TutoringTask.tutor_id)
    )
    lines = [Line(user_id=row[0], amount=row[1], due_on=row[2]) for row in rows]
    _put(TUTOR, lines, program_id, now)


def renew_signs(program: Program, now: datetime) -> None:
    """Tell counsellors how many of their trainees have a sign; who has no counsellor is the staff's."""
    rows = db.session.execute(
        sa.select(Enrolment.id, Enrolment.cohort_id, sa.func.min(RiskSign.found_on))
        .join(RiskSign, RiskSign.enrolment_id == Enrolment.id)
        .where(
            RiskSign.program_id == program.id,
            RiskSign.state == SignState.OPEN,
            Enrolment.state.in_(IN_TRAINING),
        )
        .group_by(Enrolment.id, Enrolment.cohort_id)
    ).all()
    counsellors = queries.counsellors_of(program.id) if rows else queries.Counsellors({}, {})
    by_person: dict[int | None, list[date]] = {}
    for enrolment_id, cohort_id, found_on in rows:
        found = {counsellors.of(enrolment_id, cohort_id, side) for side in Side}
        people: set[int | None] = {user.id for user in found if user is not None}
        for user_id in people or {None}:
            by_person.setdefault(user_id, []).append(found_on)
    lines = [
        Line(user_id=key, amount=len(days), due_on=min(days) + timedelta(days=DAYS))
        if key
        else Line(
            organization_id=program.lead_college_id,
            role=Role.STAFF,
            amount=len(days),
            due_on=min(days) + timedelta(days=DAYS),
        )
        for key, days in by_person.items()
    ]
    _put(SIGNS, lines, program.id, now)


def renew_all(program: Program, now: datetime) -> None:
    """Count everything that guidance asks for in a programme anew."""
    renew_plans(program.id, now)
    renew_tutoring(program.id, now)
    renew_signs(program, now)
