"""Logs are asked for before their time is over, and only from those who were there: not on leave, suspended or gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.attendance.queries import leave_days
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.kernel.msgids import N_
from trainmgr.practice.away import days_away
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.owed import IN_TRAINING
from trainmgr.practice.periods import Asked, LogKind, Terms, asked_periods, still_open
from trainmgr.practice.rules import COUNTED, LogState
from trainmgr.practice.terms import terms_by_program, terms_of
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Step
from trainmgr.timetable.holidays import country_day

MINUTE = 7  # of each hour: often enough, and no work for nothing in the others

WRITE = code(
    "logs-to-write",
    DueCode(
        step=Step.PRACTICE,
        title=N_("Tell of your practice: %(first)s – %(last)s"),
        hint=N_("three minutes will do"),
        verb=N_("Write a log"),
        endpoint="practice.new_log",
    ),
)


@each_minute
def turn(now: datetime) -> Iterator[int]:
    """Bring what is asked of trainees up to date, once an hour, one programme after the other."""
    if now.minute != MINUTE:
        return
    programs = db.session.scalars(
        sa.select(Program).where(Program.state == State.RUNNING).order_by(Program.id)
    ).all()
    known = terms_by_program(programs)
    for program in programs:
        yield renew(program, now, terms=known[program.id])


def renew(
    program: Program,
    now: datetime,
    enrolment_ids: Collection[int] | None = None,
    *,
    terms: Terms | None = None,
) -> int:
    """Ask the trainees of a programme (or some) for the logs that are still open; returns of how many.

    Five selects and the statements of `put_many`, whatever the number of trainees.
    """
    today = local_day(now)
    periods = asked_periods(terms or terms_of(program), today) if program.state is State.RUNNING else []
    people = _people(program, enrolment_ids)
    lines = _lines(program, people, periods, today) if periods else []
    asked = {line.user_id for line in lines}
    idle = [Line(user_id=one.user_id, amount=0) for one in people if one.user_id not in asked]
    whole = enrolment_ids is None
    dues.put_many(
        WRITE, lines if whole else [*lines, *idle], program_id=program.id, visible_from=today, replace=whole
    )
    return len(lines)


def on_leave(enrolment: Enrolment, program: Program, today: date) -> int:
    """Return on how many working days of the training so far a trainee was on granted leave: one statement."""
    first = max(enrolment.enrolled_on, program.starts_on or date.min)
    away = leave_days([enrolment.id], first, today).get(enrolment.id, frozenset())
    return sum(1 for day in away if country_day(day).is_teaching)


def _people(program: Program, enrolment_ids: Collection[int] | None) -> list[Any]:
    statement = sa.select(Enrolment.id, Enrolment.user_id, Enrolment.enrolled_on).where(
        Enrolment.program_id == program.id, IN_TRAINING
    )
    if enrolment_ids is not None:
        statement = statement.where(Enrolment.id.in_(enrolment_ids))
    return list(db.session.execute(statement))


def _lines(program: Program, people: list[Any], periods: list[Asked], today: date) -> list[Line]:
    first, last = periods[0].first, periods[-1].last
    ids = [one.id for one in people]
    told, away = _told(program, first, last, ids), days_away(program.id, first, last, ids)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    working = {day for day in days if country_day(day).is_teaching}
    begin, end = program.starts_on or date.min, program.ends_on or date.max
    lines = []
    for one in people:
        missing = still_open(
            periods, told=told.get(one.id, ()), away=away.get(one.id, ()), working=working,
            first=max(one.enrolled_on, begin), last=end,
        )  # fmt: skip
        if missing:
            lines.append(
                Line(
                    user_id=one.user_id, amount=len(missing), due_on=missing[0].until,
                    params={"first": {"day": missing[0].first.isoformat()},
                            "last": {"day": min(missing[-1].last, max(today, missing[-1].first)).isoformat()}},
                )
            )  # fmt: skip
    return lines


def _told(program: Program, first: date, last: date, ids: Collection[int]) -> dict[int, set[date]]:
    """The first days of the logs that were handed in or begun, by trainee; a log lies within one period."""
    statement = sa.select(PracticeLog.enrolment_id, PracticeLog.day).where(
        PracticeLog.program_id == program.id,
        PracticeLog.day.between(first, last),
        PracticeLog.kind == LogKind.PRACTICE,
        PracticeLog.state.in_((*COUNTED, LogState.RETURNED)),
    )
    if len(ids) == 1:
        statement = statement.where(PracticeLog.enrolment_id.in_(ids))
    found: dict[int, set[date]] = {}
    for enrolment_id, day in db.session.execute(statement):
        found.setdefault(enrolment_id, set()).add(day)
    return found
