"""Attendance of the 蓝思 class: sessions up to today with who came late, leave granted and asked for, days at work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.attendance import days as work_days
from trainmgr.attendance import leaves, registers
from trainmgr.attendance.marking import Occasion, note
from trainmgr.attendance.models import Leave, Mark, Source
from trainmgr.attendance.rules import Cell, LeaveKind
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.timetable.models import SessionState, TeachingSession

# By place in the class: who is late, who is missing; the others come by the code.
LATE, MISSING = (3, 17), (8, 21)


def attend(case: Case) -> Case:
    """Tell the attendance of the last three weeks' sessions, of one master's trainees at work, and two requests."""
    people = [one for one in case.enrolments() if one.state is not EnrolmentState.WITHDRAWN]
    held = _held(case)
    _excuse(case, people[21], held)
    for number, session in enumerate(held):
        _take(case, session, people, number)
    _at_work(case, people, {session.day for session in held})
    _still_asking(case, people[5])
    return case


def _held(case: Case) -> list[TeachingSession]:
    """Return the class's sessions before today, the last twelve."""
    rows = db.session.scalars(
        sa.select(TeachingSession)
        .where(
            TeachingSession.program_id == case.program.id,
            TeachingSession.day < case.days.today,
            TeachingSession.state == SessionState.PLANNED,
        )
        .options(joinedload(TeachingSession.module), joinedload(TeachingSession.teacher))
        .order_by(TeachingSession.day.desc(), TeachingSession.first_unit.desc())
        .limit(12)
    ).all()
    return list(reversed(rows))


def _take(case: Case, session: TeachingSession, people: Sequence[Enrolment], number: int) -> None:
    """Open the register, let the class come in, close it; the missing change places a little from week to week."""
    hour, minute = (8, 0) if session.first_unit < 5 else (14, 0)
    start = case.days.at(session.day, hour, minute)
    register = registers.open_register(case.program, session, by=session.teacher, now=start)
    late, missing = {LATE[number % 2]}, {MISSING[0] if number % 3 == 0 else MISSING[1]}
    on_time = {one.id: Mark.PRESENT for place, one in enumerate(people) if place not in late | missing}
    behind = {people[place].id: Mark.LATE for place in late if place < len(people)}
    occasion = Occasion.of(session)
    note(occasion, on_time, Source.CODE, by=None, now=start + timedelta(minutes=2))
    note(occasion, behind, Source.CODE, by=None, now=start + timedelta(minutes=14))
    registers.close(register, session, by=session.teacher, now=start + timedelta(minutes=90))


def _excuse(case: Case, trainee: Enrolment, held: Sequence[TeachingSession]) -> None:
    """One trainee was ill in the week of the last session; the school teacher has granted it."""
    if not held:
        return
    first = held[-1].day
    now = case.days.at(first, 7, 20)
    leave = _ask(
        case, trainee, LeaveKind.SICK, first, first + timedelta(days=1), "发烧，校医院建议休息两天", now
    )
    teacher = _teacher_of(case, trainee)
    leaves.grant(case.program, leave, version=leave.version, words="好好休息，回来补上点检记录。", by=teacher,
                 now=now + timedelta(minutes=25))  # fmt: skip


def _still_asking(case: Case, trainee: Enrolment) -> None:
    """One trainee asks for a day next week; nobody has answered yet."""
    day = case.days.monday + timedelta(days=9)
    _ask(case, trainee, LeaveKind.PERSONAL, day, day, "回家办理户籍手续", case.days.at(case.days.ago(1), 19))


def _ask(
    case: Case, trainee: Enrolment, kind: LeaveKind, first: date, last: date, reason: str, now: datetime
) -> Leave:
    person = db.session.get_one(User, trainee.user_id)
    leave = leaves.ask(
        case.program, trainee, kind=kind, starts_on=first, ends_on=last, session=None, reason=reason, photo=None,
        by=person, now=now,
    )  # fmt: skip
    db.session.flush()
    return leave


def _teacher_of(case: Case, trainee: Enrolment) -> User:
    return db.session.get_one(User, trainee.school_teacher_id) if trainee.school_teacher_id else case.staff


def _at_work(case: Case, people: Sequence[Enrolment], taught: set[date]) -> None:
    """The first master has noted the days of the last week on which the class had no session."""
    mentor_id = next((one.enterprise_mentor_id for one in people if one.enterprise_mentor_id), None)
    if mentor_id is None:
        return
    mentor = db.session.get_one(User, mentor_id)
    own = [one for one in people if one.enterprise_mentor_id == mentor_id]
    for back in range(7, 0, -1):
        day = case.days.ago(back)
        if day.weekday() < 5 and day not in taught:
            marks = {
                one.id: Mark.LATE if (place, back) == (1, 3) else Mark.PRESENT
                for place, one in enumerate(own)
            }
            cells = {key: Cell(mark, None) for key, mark in marks.items()}
            work_days.note_day(case.program, day, cells, rest=None, by=mentor, now=case.days.at(day, 17, 40))
