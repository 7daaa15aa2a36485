"""What practice asks of whom: logs to sign, logs that came back, remedial tasks, gates to judge.

Each function counts anew for a programme, or only for some people, and brings the inboxes up to date: one select and
the two or three statements of `put_many`, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.rules import AWAY
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.practice.gate_models import RemedialTask
from trainmgr.practice.gating import TaskState
from trainmgr.practice.models import GateDecision, LogDecision, PracticeLog
from trainmgr.practice.rules import DAYS_TO_JUDGE, DAYS_TO_SIGN, GateOutcome, LogState
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step

SIGN = code(
    "logs-to-sign",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Sign one log", "Sign %(amount)s logs"),
        hint=N_("sign them, or send them back with a comment"),
        verb=N_("Sign"),
        endpoint="practice.list_logs_to_sign",
    ),
)
RETURNED = code(
    "logs-returned",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Write one returned log again", "Write %(amount)s returned logs again"),
        hint=N_("the comment says what is missing"),
        verb=N_("Open it"),
        endpoint="practice.list_my_logs",
    ),
)
REMEDIAL = code(
    "remedial",
    DueCode(
        step=Step.PRACTICE,
        title=N_("Remedial task for stage %(stage)s: %(task)s"),
        hint=N_("report it when it is done; a mentor checks it"),
        verb=N_("Open it"),
        endpoint="practice.show_remedial_task",
        subject_arg="task_id",
    ),
)
CHECK = code(
    "remedial-to-check",
    DueCode(
        step=Step.PRACTICE,
        title=N_n(
            "Check one remedial task that is reported as done",
            "Check %(amount)s remedial tasks that are reported as done",
        ),
        hint=N_("accept them, or give them back with a comment"),
        verb=N_("Check them"),
        endpoint="practice.list_remedial",
    ),
)
AGAIN = code(
    "gates-again",
    DueCode(
        step=Step.PRACTICE,
        title=N_n(
            "Judge one trainee again after a remedial task",
            "Judge %(amount)s trainees again after a remedial task",
        ),
        hint=N_("all tasks of the plan are checked"),
        verb=N_("Judge the gate"),
        endpoint="practice.show_practice",
    ),
)
GATES = code(
    "gates-to-judge",
    DueCode(
        step=Step.PRACTICE,
        title=N_n(
            "Gate of stage %(stage)s: one trainee to judge",
            "Gate of stage %(stage)s: %(amount)s trainees to judge",
        ),
        hint=N_("passed, or into a remedial loop with a task and a date"),
        verb=N_("Judge the gate"),
        endpoint="practice.show_gate",
        subject_arg="stage_number",
    ),
)

IN_TRAINING = Enrolment.state.in_((EnrolmentState.TRAINING, EnrolmentState.REMEDIAL))


def _those(statement: Any, column: Any, ids: Collection[int] | None) -> Any:
    return statement if ids is None else statement.where(column.in_(ids))


def _put(name: str, lines: Iterable[Line], program_id: int, now: datetime, whole: bool) -> None:
    dues.put_many(name, lines, program_id=program_id, visible_from=local_day(now), replace=whole)


def renew_to_sign(program_id: int, now: datetime, signer_ids: Collection[int] | None = None) -> None:
    """Count the logs that wait for each mentor (or only for some); the oldest sets the date."""
    statement: Any = (
        sa.select(PracticeLog.signer_id, sa.func.count(), sa.func.min(PracticeLog.submitted_at))
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(
            PracticeLog.program_id == program_id,
            PracticeLog.state == LogState.SUBMITTED,
            PracticeLog.signer_id.is_not(None),
            Enrolment.state != EnrolmentState.WITHDRAWN,
        )
        .group_by(PracticeLog.signer_id)
    )
    rows = db.session.execute(_those(statement, PracticeLog.signer_id, signer_ids)).all()
    lines = {
        row[0]: Line(user_id=row[0], amount=row[1], due_on=local_day(row[2]) + timedelta(days=DAYS_TO_SIGN))
        for row in rows
    }
    idle = [Line(user_id=key, amount=0) for key in signer_ids or () if key not in lines]
    _put(SIGN, [*lines.values(), *idle], program_id, now, signer_ids is None)


def renew_returned(program_id: int, now: datetime, enrolment_ids: Collection[int] | None = None) -> None:
    """Count the logs that came back to each trainee (or only to some)."""
    returned = sa.and_(PracticeLog.enrolment_id == Enrolment.id, PracticeLog.state == LogState.RETURNED)
    statement: Any = (
        sa.select(Enrolment.user_id, sa.func.count(PracticeLog.id), sa.func.min(LogDecision.at))
        .outerjoin(PracticeLog, sa.and_(returned, Enrolment.state.not_in(AWAY)))
        .outerjoin(LogDecision, LogDecision.log_id == PracticeLog.id)
        .where(Enrolment.program_id == program_id)
        .group_by(Enrolment.user_id)
    )
    if enrolment_ids is None:
        statement = statement.having(sa.func.count(PracticeLog.id) > 0)
    rows = db.session.execute(_those(statement, Enrolment.id, enrolment_ids))
    lines = [
        Line(user_id=user, amount=count, due_on=local_day(at) + timedelta(days=DAYS_TO_SIGN) if at else None)
        for user, count, at in rows
    ]
    _put(RETURNED, lines, program_id, now, enrolment_ids is None)


def renew_loops(program_id: int, now: datetime) -> None:
    """Tell trainees their remedial tasks, and whoever sent them there what to check and whom to judge again."""
    rows = db.session.execute(
        sa.select(
            Enrolment.user_id, RemedialTask.id, RemedialTask.what, RemedialTask.due_on, RemedialTask.state,
            GateDecision.id.label("decision"), GateDecision.stage_number, GateDecision.by_id,
            GateDecision.remedial_done_on,
        )
        .select_from(GateDecision)
        .join(Enrolment, Enrolment.id == GateDecision.enrolment_id)
        .join(RemedialTask, RemedialTask.decision_id == GateDecision.id)
        .where(
            GateDecision.program_id == program_id,
            GateDecision.is_latest,
            GateDecision.outcome == GateOutcome.REMEDIAL,
            Enrolment.program_id == program_id,
            IN_TRAINING,
        )
    ).all()  # fmt: skip
    tasks = [
        Line(user_id=row.user_id, subject_id=row.id, due_on=row.due_on,
             params={"stage": row.stage_number, "task": row.what})
        for row in rows if row.state is TaskState.OPEN
    ]  # fmt: skip
    _put(REMEDIAL, tasks, program_id, now, whole=True)
    reported: dict[int, list[date]] = {}
    done: dict[int, dict[int, date]] = {}
    for row in rows:
        if row.state is TaskState.REPORTED:
            reported.setdefault(row.by_id, []).append(row.due_on)
        if row.remedial_done_on is not None:
            done.setdefault(row.by_id, {})[row.decision] = row.remedial_done_on
    checks = [Line(user_id=judge, amount=len(days), due_on=min(days)) for judge, days in reported.items()]
    _put(CHECK, checks, program_id, now, whole=True)
    again = [
        Line(user_id=judge, amount=len(days), due_on=min(days.values()) + timedelta(days=DAYS_TO_JUDGE))
        for judge, days in done.items()
    ]
    _put(AGAIN, again, program_id, now, whole=True)


def put_gates(program: Program, undecided: dict[int, tuple[int, date | None]], now: datetime) -> None:
    """Ask the lead college's staff for the gates of stages that are over: stage → (trainees, the stage's last day)."""
    lines = [
        Line(
            organization_id=program.lead_college_id,
            role=Role.STAFF,
            subject_id=number,
            amount=amount,
            due_on=last + timedelta(days=DAYS_TO_JUDGE) if last else None,
            params={"stage": number},
        )
        for number, (amount, last) in undecided.items()
    ]
    _put(GATES, lines, program.id, now, whole=True)


def renew_all(program_id: int, now: datetime) -> None:
    """Count everything that practice asks for in a programme anew."""
    renew_to_sign(program_id, now)
    renew_returned(program_id, now)
    renew_loops(program_id, now)
