"""What attendance asks of whom: requests for leave to decide, registers of sessions that nobody opened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from trainmgr.attendance.models import AttendanceRegister, Leave
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Step
from trainmgr.timetable.models import SessionState, TeachingSession

LEAVE = code(
    "leave-to-decide",
    DueCode(
        step=Step.PRACTICE,
        title=N_("%(name)s asks for leave"),
        hint=N_("%(days)s days from %(first)s; an answer before the first day helps everybody"),
        verb=N_("Decide on it"),
        endpoint="attendance.show_leave",
        subject_arg="leave_id",
    ),
)
TAKE = code(
    "attendance-to-take",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Note the attendance of one session", "Note the attendance of %(amount)s sessions"),
        hint=N_("they are over and nobody opened their registers"),
        verb=N_("Note them"),
        endpoint="attendance.list_registers",
    ),
)
LOOK_BACK = timedelta(days=7)


def ask_deciders(leave: Leave, enrolment: Enrolment, session: TeachingSession | None, *, today: date) -> None:
    """Put a request before whoever may decide it: those who guide the trainee, else the staff of the college."""
    people = {enrolment.school_teacher_id, enrolment.enterprise_mentor_id}
    people |= {session.teacher_id} if session else set()
    params = {
        "name": enrolment.name,
        "days": leave.days,
        "first": {"day": leave.starts_on.isoformat()},
    }
    due_on = max(leave.starts_on, today)
    lines = [
        Line(user_id=person, subject_id=leave.id, due_on=due_on, params=params)
        for person in sorted(person for person in people if person)
    ]
    if not lines:
        lines = [
            Line(
                organization_id=enrolment.college_id, role=Role.STAFF, subject_id=leave.id, due_on=due_on,
                params=params,
            )
        ]  # fmt: skip
    dues.put_many(LEAVE, lines, program_id=leave.program_id, visible_from=today)


def drop_leaves(program_id: int, leave_ids: Iterable[int]) -> None:
    """Take requests off every inbox."""
    dues.drop(LEAVE, program_id=program_id, subject_ids=leave_ids)


def renew_registers(program_id: int, today: date) -> None:
    """Count for each teacher the sessions of the last week that are over and have no register: four statements."""
    missing = ~sa.exists().where(AttendanceRegister.session_id == TeachingSession.id)
    rows = db.session.execute(
        sa.select(TeachingSession.teacher_id, sa.func.count(), sa.func.min(TeachingSession.day))
        .where(
            TeachingSession.program_id == program_id,
            TeachingSession.day.between(today - LOOK_BACK, today - timedelta(days=1)),
            TeachingSession.state == SessionState.PLANNED,
            missing,
        )
        .group_by(TeachingSession.teacher_id)
    )
    lines = [Line(user_id=user_id, amount=number, due_on=first) for user_id, number, first in rows]
    dues.put_many(TAKE, lines, program_id=program_id, visible_from=today, replace=True)


@each_minute
def look_for_registers(now: datetime) -> None:
    """Once a day, shortly after midnight, ask for the registers of the day before.

    Only in programmes that take attendance here: one that keeps it elsewhere is not asked.
    """
    if local_day(now - timedelta(minutes=1)) == local_day(now):
        return
    programs = db.session.scalars(
        sa.select(Program.id).where(
            Program.state == State.RUNNING,
            sa.exists().where(AttendanceRegister.program_id == Program.id),
        )
    ).all()
    for program_id in programs:
        renew_registers(program_id, local_day(now))
