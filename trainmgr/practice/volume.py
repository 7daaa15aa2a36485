"""Person-days: how much training took place, counted in days of people (人日) beside the hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trainmgr.attendance.models import AttendanceStanding, Mark
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.practice.periods import WEEK
from trainmgr.programs.models import Program

THERE = (Mark.PRESENT, Mark.LATE)


@dataclass(frozen=True)
class PersonDays:
    """How many days of training, over how many people."""

    days: int
    people: int

    @property
    def each(self) -> float | None:
        """Days a person, of those who have any; None where nobody has."""
        return self.days / self.people if self.people else None


def person_days(program: Program, viewer: User) -> PersonDays:
    """Count the person-days of the trainees whom the viewer may see: one statement.

    A person-day is a trainee and a day on which a register has the trainee present or late, or on which a signed log
    has minutes; both on one day are one person-day, however many lessons or hours. Excused and absent do not count,
    nor logs that wait or came back. Whoever left counts with the days that were spent.
    """
    days = sa.union(_attended(program, viewer), *_logged(program, viewer)).subquery()
    row = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(days.c.enrolment_id.distinct())).select_from(days)
    ).one()
    return PersonDays(*row)


def _attended(program: Program, viewer: User) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(AttendanceStanding.enrolment_id, AttendanceStanding.day)
        .join(Enrolment, Enrolment.id == AttendanceStanding.enrolment_id)
        .where(visible_in(program, viewer), AttendanceStanding.mark.in_(THERE))
    )


def _logged(program: Program, viewer: User) -> list[sa.Select[Any]]:
    """Select the days of signed logs: those of one day, then each day of a week's logs that has minutes."""
    several = PracticeLog.day_minutes.is_not(None)

    def those(day: Any, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return (
            sa.select(PracticeLog.enrolment_id, day)
            .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
            .where(
                visible_in(program, viewer),
                PracticeLog.program_id == program.id,
                PracticeLog.state == LogState.SIGNED,
                condition,
            )
        )

    found = [those(PracticeLog.day, sa.and_(PracticeLog.minutes > 0, sa.not_(several)))]
    for number in range(WEEK):
        worked = PracticeLog.day_minutes[number].as_integer() > 0
        found.append(those(_later(PracticeLog.day, number), sa.and_(several, worked)))
    return found


def _later(day: Any, number: int) -> sa.ColumnElement[date]:
    """A day so many days on; SQLite keeps days as text."""
    if db.engine.dialect.name == "sqlite":
        return sa.func.date(day, f"+{number} days", type_=sa.Date)
    return sa.type_coerce(day + number, sa.Date)
