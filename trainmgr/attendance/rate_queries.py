"""Reads of attendance rates: trainees, classes, one trainee's history; rows start from what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.attendance.models import AttendanceMark, AttendanceStanding, AttendanceTally
from trainmgr.attendance.rules import Rate
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.timetable.models import TeachingSession

TALLY = AttendanceTally
COUNTS = (TALLY.present, TALLY.late, TALLY.excused, TALLY.absent)


@dataclass(frozen=True)
class TraineeLine:
    """A trainee with the rate over everything noted."""

    enrolment: Enrolment
    rate: Rate


def _with_tally(*columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Enrolment)
        .outerjoin(TALLY, TALLY.enrolment_id == Enrolment.id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
    )


def _narrowed(program: Program, viewer: User, q: str, cohort: int | None) -> list[sa.ColumnElement[bool]]:
    conditions = [visible_in(program, viewer)]
    if cohort is not None:
        conditions.append(Enrolment.cohort_id == cohort)
    if q:
        conditions.append(sa.or_(contains(Enrolment.name, q), contains(Enrolment.student_number, q)))
    return conditions


def list_rates(
    program: Program, viewer: User, listing: Listing, cohort: int | None = None
) -> Page[TraineeLine]:
    """Return a page of trainees with their rates; whoever was expected nowhere stands behind the others."""
    statement = (
        _with_tally(Enrolment, *COUNTS)
        .where(*_narrowed(program, viewer, listing.q, cohort))
        .options(contains_eager(Enrolment.cohort))
    )
    attended = TALLY.present + TALLY.late
    share = sa.cast(attended, sa.Float) / sa.func.nullif(attended + TALLY.absent, 0)
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "rate": (sa.func.coalesce(share, 2), Enrolment.id),
        "late": (sa.func.coalesce(TALLY.late, 0), Enrolment.id),
        "absent": (sa.func.coalesce(TALLY.absent, 0), Enrolment.id),
    }
    page = paginate(statement, listing, orders=orders, default="rate", scalars=False)
    lines = [TraineeLine(one, Rate(*(number or 0 for number in counts))) for one, *counts in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


def rows_of_rates(program: Program, viewer: User, cohort: int | None = None) -> sa.Select[Any]:
    """Return the select of every trainee's name, numbers, class and counts, for the sheet."""
    return (
        _with_tally(
            Enrolment.student_number, Enrolment.employee_number, Enrolment.name,
            sa.func.coalesce(Cohort.name, ""), *(sa.func.coalesce(column, 0) for column in COUNTS),
        )
        .where(*_narrowed(program, viewer, "", cohort))
        .order_by(Cohort.name, Enrolment.student_number, Enrolment.id)
    )  # fmt: skip


@dataclass(frozen=True)
class ClassLine:
    """A class with the rate of all its people's marks."""

    id: int | None
    name: str
    people: int
    rate: Rate


def rates_of_classes(program: Program, viewer: User) -> list[ClassLine]:
    """Return the rate of each class, as far as its people are visible: one statement; their sum is the programme's."""
    sums = [sa.func.coalesce(sa.func.sum(column), 0) for column in COUNTS]
    rows = db.session.execute(
        _with_tally(Cohort.id, Cohort.name, sa.func.count(), *sums)
        .where(visible_in(program, viewer))
        .group_by(Cohort.id, Cohort.name)
        .order_by(Cohort.name, Cohort.id)
    )
    return [
        ClassLine(key, name or "", people, Rate(*(int(number) for number in counts)))
        for key, name, people, *counts in rows
    ]


@dataclass(frozen=True)
class HistoryLine:
    """A session or a day of one trainee: what counts, and every note that led to it."""

    standing: AttendanceStanding
    session: TeachingSession | None
    notes: Sequence[AttendanceMark]


def history_of(enrolment: Enrolment, listing: Listing, mark: str = "") -> Page[HistoryLine]:
    """Return a page of what was noted of a trainee, the latest first: three statements."""
    statement = (
        sa.select(AttendanceStanding, TeachingSession)
        .outerjoin(TeachingSession, TeachingSession.id == AttendanceStanding.session_id)
        .where(AttendanceStanding.enrolment_id == enrolment.id)
        .options(joinedload(TeachingSession.module))
    )
    if mark:
        statement = statement.where(AttendanceStanding.mark == mark)
    orders = {"day": (sa.desc(AttendanceStanding.day), sa.desc(AttendanceStanding.id))}
    page = paginate(statement, Listing(listing.number), orders=orders, default="day", scalars=False)
    notes = _notes_of(enrolment.id, [standing.day for standing, _session in page.items])
    lines = [
        HistoryLine(standing, session, notes.get((standing.day, standing.session_id), []))
        for standing, session in page.items
    ]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


def _notes_of(enrolment_id: int, days: Sequence[date]) -> dict[tuple[date, int | None], list[AttendanceMark]]:
    found: dict[tuple[date, int | None], list[AttendanceMark]] = {}
    if days:
        rows = db.session.scalars(
            sa.select(AttendanceMark)
            .where(AttendanceMark.enrolment_id == enrolment_id, AttendanceMark.day.in_(set(days)))
            .order_by(AttendanceMark.id)
        )
        for row in rows:
            found.setdefault((row.day, row.session_id), []).append(row)
    return found
