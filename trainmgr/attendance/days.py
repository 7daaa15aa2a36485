"""Attendance on days of work, where there is no session: noted by whoever guides or runs the trainees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.attendance.marking import Occasion, note
from trainmgr.attendance.models import AttendanceStanding
from trainmgr.attendance.registers import require_open
from trainmgr.attendance.rules import Cell, Mark, Plan, Source, plan_of
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program
from trainmgr.timetable.models import SessionState, TeachingSession

NOTED = audit.sentence(
    "attendance.day", _l("%(who)s noted the attendance of %(count)s trainees at work on %(day)s")
)


def note_day(
    program: Program,
    day: date,
    cells: Mapping[int, Cell],
    *,
    rest: Mark | None,
    by: User,
    now: datetime,
    source: Source = Source.HAND,
) -> Plan:
    """Write what was changed on a day of work; `cells` are of trainees whom the writer may see.

    Whoever has a session on that day is noted there and left out here.
    """
    require_open(program)
    if day > local_day(now):
        raise RuleBroken(_("This day is still to come."))
    if program.starts_on and day < program.starts_on:
        raise RuleBroken(_("This day lies before the programme."))
    standing = _standing_on(day, list(cells))
    in_class = _in_class(day, list(cells))
    known = {key: cell for key, cell in cells.items() if key not in in_class}
    plan = plan_of(known, standing, rest)
    note(Occasion(day), plan.changes, source, by=by, now=now)
    if plan.changes:
        audit.record(
            NOTED, "attendance_standing", by=by, now=now, program_id=program.id, count=len(plan.changes),
            day={"day": day.isoformat()},
        )  # fmt: skip
    return plan


def _standing_on(day: date, enrolment_ids: list[int]) -> dict[int, Mark]:
    rows = db.session.execute(
        sa.select(AttendanceStanding.enrolment_id, AttendanceStanding.mark).where(
            AttendanceStanding.enrolment_id.in_(enrolment_ids),
            AttendanceStanding.day == day,
            AttendanceStanding.session_id.is_(None),
        )
    )
    return {row[0]: row[1] for row in rows}


def _in_class(day: date, enrolment_ids: list[int]) -> set[int]:
    rows = db.session.scalars(
        sa.select(Enrolment.id)
        .join(TeachingSession, TeachingSession.cohort_id == Enrolment.cohort_id)
        .where(
            Enrolment.id.in_(enrolment_ids),
            TeachingSession.day == day,
            TeachingSession.state == SessionState.PLANNED,
        )
    )
    return set(rows)
