"""Reads of attendance that other features build on: leave days, rates; and the rows that a viewer may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from flask import abort

from trainmgr.attendance.models import (
    AttendanceRegister,
    AttendanceSetting,
    AttendanceStanding,
    AttendanceTally,
    Leave,
    LeaveState,
)
from trainmgr.attendance.rules import EXCUSE_WITHIN, LATE_AFTER, Mark, Rate, days_of
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import select_one
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.timetable.models import TeachingSession

EXPECTED = Enrolment.state.in_((EnrolmentState.TRAINING, EnrolmentState.REMEDIAL))
AT_ONCE = 500


def chunks(ids: Collection[int]) -> Iterator[list[int]]:
    """Yield ids in pieces that every database takes in one statement."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


# --- for other features ---------------------------------------------------------------------------


def leave_days(enrolment_ids: Collection[int], first: date, last: date) -> dict[int, frozenset[date]]:
    """Return the days of granted whole-day leave between two days (both counted) by enrolment.

    Rest days within a leave are among them; leave from a single session is not. Trainees without leave are left out.
    On such a day nothing is expected: no log, no attendance. One statement for each 500 trainees.
    """
    found: dict[int, frozenset[date]] = {}
    for ids in chunks(enrolment_ids):
        found |= _leave_days(Leave.enrolment_id.in_(ids), first, last)
    return found


def leave_days_in(program_id: int, first: date, last: date) -> dict[int, frozenset[date]]:
    """Return the same of everybody in a programme: one statement, whatever their number."""
    return _leave_days(Leave.program_id == program_id, first, last)


def _leave_days(whose: sa.ColumnElement[bool], first: date, last: date) -> dict[int, frozenset[date]]:
    found: dict[int, set[date]] = {}
    rows = db.session.execute(
        sa.select(Leave.enrolment_id, Leave.starts_on, Leave.ends_on).where(
            whose,
            Leave.session_id.is_(None),
            Leave.state == LeaveState.GRANTED,
            Leave.starts_on <= last,
            Leave.ends_on >= first,
        )
    )
    for enrolment_id, starts_on, ends_on in rows:
        found.setdefault(enrolment_id, set()).update(days_of(max(starts_on, first), min(ends_on, last)))
    return {enrolment_id: frozenset(days) for enrolment_id, days in found.items()}


def rates_of(enrolment_ids: Collection[int]) -> dict[int, Rate]:
    """Return how each trainee attended so far: `attended` of `expected`, and `share`, None while nothing was expected.

    Everybody asked for is in the answer. Excused sessions and days count on neither side; suspended trainees are not
    expected while they are. One statement for each 500 trainees.
    """
    found = {enrolment_id: Rate() for enrolment_id in enrolment_ids}
    for ids in chunks(enrolment_ids):
        rows = db.session.execute(
            sa.select(
                AttendanceTally.enrolment_id,
                AttendanceTally.present,
                AttendanceTally.late,
                AttendanceTally.excused,
                AttendanceTally.absent,
            ).where(AttendanceTally.enrolment_id.in_(ids))
        )
        found |= {enrolment_id: Rate(*counts) for enrolment_id, *counts in rows}
    return found


def trainee_or_404(program: Program, enrolment_id: int, viewer: User) -> tuple[Enrolment, Rate]:
    """Return a trainee as `enrolment_or_404` does, and how they attended so far: one statement."""
    row = db.session.execute(
        select_one(program, enrolment_id, viewer)
        .add_columns(AttendanceTally)
        .outerjoin(AttendanceTally, AttendanceTally.enrolment_id == Enrolment.id)
    ).one_or_none()
    if row is None:
        abort(404)
    enrolment, tally = row
    return enrolment, tally.rate if tally is not None else Rate()


def rates_between(enrolment_ids: Collection[int], first: date, last: date) -> dict[int, Rate]:
    """Return how each trainee attended between two days (both counted), as `rates_of` does: for a stage or a week."""
    found = {enrolment_id: Rate() for enrolment_id in enrolment_ids}
    standing = AttendanceStanding
    for ids in chunks(enrolment_ids):
        rows = db.session.execute(
            sa.select(standing.enrolment_id, standing.mark, sa.func.count())
            .where(standing.enrolment_id.in_(ids), standing.day.between(first, last))
            .group_by(standing.enrolment_id, standing.mark)
        )
        for enrolment_id, mark, number in rows:
            found[enrolment_id] += Rate(**{mark.value: number})
    return found


# --- a session ------------------------------------------------------------------------------------


def limits_of(program_id: int) -> tuple[int, int]:
    """Return a programme's minutes until one is late, and its days in which an absence can be explained."""
    row = db.session.execute(
        sa.select(AttendanceSetting.late_after, AttendanceSetting.excuse_within).where(
            AttendanceSetting.program_id == program_id
        )
    ).one_or_none()
    return (row[0], row[1]) if row else (LATE_AFTER, EXCUSE_WITHIN)


def expected_in(cohort_id: int, day: date) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves who is expected in a class on a day.

    Who left, pauses or has completed is not, nor who joined later.
    """
    return sa.and_(Enrolment.cohort_id == cohort_id, EXPECTED, Enrolment.enrolled_on <= day)


def standings_of(session_id: int) -> dict[int, AttendanceStanding]:
    """Return what counts in a session, by enrolment."""
    rows = db.session.scalars(
        sa.select(AttendanceStanding).where(AttendanceStanding.session_id == session_id)
    )
    return {row.enrolment_id: row for row in rows}


def excused_in(session: TeachingSession, enrolment_ids: Sequence[int] | None = None) -> set[int]:
    """Return the trainees of a class who are excused from a session: for the whole day, or from this session."""
    statement = sa.select(Leave.enrolment_id).where(
        Leave.state == LeaveState.GRANTED,
        Leave.starts_on <= session.day,
        Leave.ends_on >= session.day,
        sa.or_(Leave.session_id.is_(None), Leave.session_id == session.id),
    )
    if enrolment_ids is None:
        members = sa.select(Enrolment.id).where(Enrolment.cohort_id == session.cohort_id)
        return set(db.session.scalars(statement.where(Leave.enrolment_id.in_(members))))
    return set(db.session.scalars(statement.where(Leave.enrolment_id.in_(enrolment_ids))))


def registers_of(session_ids: Collection[int]) -> dict[int, AttendanceRegister]:
    """Return the registers of sessions that have one: one statement."""
    rows = db.session.scalars(
        sa.select(AttendanceRegister).where(AttendanceRegister.session_id.in_(list(session_ids)))
    )
    return {row.session_id: row for row in rows}


def rates_of_sessions(session_ids: Collection[int]) -> Mapping[int, Rate]:
    """Return the rate of each session: one statement."""
    standing, found = AttendanceStanding, dict.fromkeys(session_ids, Rate())
    rows = db.session.execute(
        sa.select(standing.session_id, standing.mark, sa.func.count())
        .where(standing.session_id.in_(list(session_ids)))
        .group_by(standing.session_id, standing.mark)
    )
    for session_id, mark, number in rows:
        assert session_id is not None
        found[session_id] += Rate(**{Mark(mark).value: number})
    return found
