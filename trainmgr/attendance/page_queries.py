"""Reads of attendance's pages, a page at a time; rows start from what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.attendance.models import (
    AttendanceRegister,
    AttendanceStanding,
    Leave,
    LeaveState,
)
from trainmgr.attendance.queries import (
    EXPECTED,
    chunks,
    excused_in,
    expected_in,
    rates_of_sessions,
    standings_of,
)
from trainmgr.attendance.rules import Cell, Rate
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may
from trainmgr.timetable.models import SessionState, TeachingSession
from trainmgr.timetable.queries import cohorts_seen

MOST_IN_A_GRID = 200


def may_take(program: Program, session: TeachingSession, viewer: User) -> bool:
    """Tell whether somebody takes the attendance of a session: who teaches it, and who runs the timetable."""
    if not may(program, viewer, Permission.ATTENDANCE_TAKE):
        return False
    return session.teacher_id == viewer.id or may(program, viewer, Permission.TIMETABLE_EDIT)


# --- sessions -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SessionLine:
    """A session with its register (None: nobody opened it) and what was noted."""

    session: TeachingSession
    register: AttendanceRegister | None
    rate: Rate


def list_sessions(
    program: Program,
    viewer: User,
    listing: Listing,
    *,
    until: date,
    cohort: int | None = None,
    own: bool = False,
    missing: bool = False,
) -> Page[Any]:
    """Return a page of the sessions up to a day, the latest first, each with its register and rate."""
    statement = (
        sa.select(TeachingSession, AttendanceRegister)
        .outerjoin(AttendanceRegister, AttendanceRegister.session_id == TeachingSession.id)
        .where(
            TeachingSession.program_id == program.id,
            TeachingSession.day <= until,
            TeachingSession.state == SessionState.PLANNED,
            TeachingSession.cohort_id.in_(sa.select(Cohort.id).where(cohorts_seen(program, viewer))),
        )
        .options(
            joinedload(TeachingSession.module),
            joinedload(TeachingSession.cohort),
            joinedload(TeachingSession.teacher),
        )
    )
    if cohort is not None:
        statement = statement.where(TeachingSession.cohort_id == cohort)
    if own:
        statement = statement.where(TeachingSession.teacher_id == viewer.id)
    if missing:
        statement = statement.where(AttendanceRegister.session_id.is_(None))
    # The order of the index (programme, day), so that no 50,000 rows are sorted; within a page the units follow below.
    orders = {"day": (sa.desc(TeachingSession.day), sa.desc(TeachingSession.id))}
    page = paginate(statement, Listing(listing.number), orders=orders, default="day", scalars=False)
    rates = rates_of_sessions([session.id for session, _register in page.items])
    lines = [SessionLine(session, register, rates[session.id]) for session, register in page.items]
    lines.sort(key=lambda line: (-line.session.day.toordinal(), line.session.first_unit, line.session.id))
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


@dataclass(frozen=True)
class GridLine:
    """One trainee in the grid of a session or a day: what stands there, and whether leave was granted."""

    enrolment: Enrolment
    standing: AttendanceStanding | None
    is_excused: bool = False


def grid_of(session: TeachingSession) -> list[GridLine]:
    """Return whoever is expected in a session, and whoever was noted: three statements for any class."""
    standing = standings_of(session.id)
    people = db.session.scalars(
        sa.select(Enrolment)
        .where(sa.or_(expected_in(session.cohort_id, session.day), Enrolment.id.in_(list(standing))))
        .order_by(Enrolment.student_number, Enrolment.name, Enrolment.id)
    ).all()
    excused = excused_in(session)
    return [GridLine(one, standing.get(one.id), one.id in excused) for one in people]


def seen_in(program: Program, session: TeachingSession, viewer: User) -> list[GridLine]:
    """Return who was noted in a session, of the trainees whom the viewer may see: one statement."""
    rows = db.session.execute(
        sa.select(Enrolment, AttendanceStanding)
        .join(AttendanceStanding, AttendanceStanding.enrolment_id == Enrolment.id)
        .where(AttendanceStanding.session_id == session.id, visible_in(program, viewer))
        .order_by(Enrolment.student_number, Enrolment.name, Enrolment.id)
    )
    return [GridLine(one, standing) for one, standing in rows]


def count_noted(session_id: int, cohort_id: int, day: date) -> tuple[Rate, int]:
    """Return what was noted in a session so far, and how many are expected: two statements."""
    expected = sa.select(sa.func.count()).where(expected_in(cohort_id, day))
    return rates_of_sessions([session_id])[session_id], db.session.scalar(expected) or 0


# --- days of work -----------------------------------------------------------------------------------


def list_day(
    program: Program, viewer: User, day: date, listing: Listing, cohort: int | None = None
) -> Page[GridLine]:
    """Return up to 200 trainees whom the viewer may see and who have no session on a day, with what was noted."""
    has_session = sa.exists().where(
        TeachingSession.cohort_id == Enrolment.cohort_id,
        TeachingSession.day == day,
        TeachingSession.state == SessionState.PLANNED,
    )
    on_leave = sa.exists().where(
        Leave.enrolment_id == Enrolment.id, Leave.state == LeaveState.GRANTED, Leave.session_id.is_(None),
        Leave.starts_on <= day, Leave.ends_on >= day,
    )  # fmt: skip
    statement = (
        sa.select(Enrolment, AttendanceStanding, on_leave)
        .outerjoin(
            AttendanceStanding,
            sa.and_(
                AttendanceStanding.enrolment_id == Enrolment.id,
                AttendanceStanding.day == day,
                AttendanceStanding.session_id.is_(None),
            ),
        )
        .where(visible_in(program, viewer), EXPECTED, Enrolment.enrolled_on <= day, ~has_session)
        .where(Enrolment.user_id != viewer.id)
    )
    if cohort is not None:
        statement = statement.where(Enrolment.cohort_id == cohort)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders = {"name": (Enrolment.name, Enrolment.id)}
    page = paginate(statement, listing, orders=orders, default="name", size=MOST_IN_A_GRID, scalars=False)
    lines = [GridLine(one, standing, bool(excused)) for one, standing, excused in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


def of_the_visible(program: Program, viewer: User, cells: dict[int, Cell]) -> dict[int, Cell]:
    """Return the cells of trainees whom the viewer may see, never the own one: one statement for each 500."""
    seen: set[int] = set()
    for ids in chunks(cells):
        seen.update(
            db.session.scalars(
                sa.select(Enrolment.id).where(
                    visible_in(program, viewer),
                    EXPECTED,
                    Enrolment.id.in_(ids),
                    Enrolment.user_id != viewer.id,
                )
            )
        )
    return {key: cell for key, cell in cells.items() if key in seen}


# --- a trainee's own, and leave ---------------------------------------------------------------------


def own_enrolments(viewer: User) -> Sequence[Enrolment]:
    """Return where somebody is in training now, with the programme: one statement."""
    return db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.user_id == viewer.id, EXPECTED)
        .options(joinedload(Enrolment.program), joinedload(Enrolment.cohort))
        .order_by(sa.desc(Enrolment.enrolled_on), Enrolment.id)
        .limit(20)
    ).all()


def own_enrolment_or_404(program: Program, viewer: User) -> Enrolment:
    """Return somebody's own place in a programme, or answer 404."""
    found = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.program_id == program.id, Enrolment.user_id == viewer.id, EXPECTED)
        .options(joinedload(Enrolment.cohort))
    ).one_or_none()
    return found or abort(404)


def _leaves(program: Program, viewer: User) -> sa.Select[Any]:
    taught = sa.select(TeachingSession.id).where(
        TeachingSession.program_id == program.id, TeachingSession.teacher_id == viewer.id
    )
    return (
        sa.select(Leave)
        .join(Enrolment, Enrolment.id == Leave.enrolment_id)
        .where(
            Leave.program_id == program.id,
            sa.or_(visible_in(program, viewer), Leave.session_id.in_(taught)),
        )
        .options(
            contains_eager(Leave.enrolment).joinedload(Enrolment.cohort),
            joinedload(Leave.session).joinedload(TeachingSession.module),
        )
    )


def list_leaves(program: Program, viewer: User, listing: Listing, state: str = "") -> Page[Leave]:
    """Return a page of the requests of trainees whom the viewer may see or teaches in that session."""
    statement = _leaves(program, viewer)
    if state:
        statement = statement.where(Leave.state == state)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders = {
        "asked": (sa.desc(Leave.id),),
        "first": (Leave.starts_on, Leave.id),
        "name": (Enrolment.name, Leave.id),
    }
    return paginate(statement, listing, orders=orders, default="asked")


def leave_or_404(program: Program, leave_id: int, viewer: User) -> Leave:
    """Return a request that the viewer may see, or answer 404: one statement."""
    leave = db.session.scalars(_leaves(program, viewer).where(Leave.id == leave_id)).one_or_none()
    return leave or abort(404)


def may_decide(program: Program, leave: Leave, viewer: User) -> bool:
    """Tell whether somebody decides on a request that they see: nobody on their own."""
    return leave.enrolment.user_id != viewer.id and may(program, viewer, Permission.ATTENDANCE_EXCUSE)
