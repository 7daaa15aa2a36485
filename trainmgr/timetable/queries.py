"""Reads of timetables: the week of a class, a person, a room; a month; hours planned against hours timetabled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.models import Edition, EditionState, Module
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.queries import may, visible_to
from trainmgr.timetable.following import edition_on, is_stray
from trainmgr.timetable.models import Room, SessionState, TeachingSession
from trainmgr.timetable.rules import missing_units

WHOLE = ("module", "cohort", "teacher", "room", "host")


def _loaded(*names: str) -> list[Any]:
    return [joinedload(getattr(TeachingSession, name)) for name in names]


def cohorts_seen(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Cohort that leaves the classes whose timetable the viewer may see.

    Whoever looks after the timetable or a side's calendar sees all; others the classes of the trainees whom they may
    see (a trainee: the own one), and those that they teach.
    """
    inside = Cohort.program_id == program.id
    if may(program, viewer, Permission.TIMETABLE_EDIT) or may(program, viewer, Permission.CALENDAR_EDIT):
        return inside
    theirs = sa.select(Enrolment.cohort_id).where(visible_in(program, viewer))
    taught = sa.select(TeachingSession.cohort_id).where(
        TeachingSession.program_id == program.id, TeachingSession.teacher_id == viewer.id
    )
    return sa.and_(inside, sa.or_(Cohort.id.in_(theirs), Cohort.id.in_(taught)))


def cohorts_for(program: Program, viewer: User) -> Sequence[Cohort]:
    """Return the classes whose timetable the viewer may see, by name."""
    statement = sa.select(Cohort).where(cohorts_seen(program, viewer))
    return db.session.scalars(statement.order_by(Cohort.name, Cohort.id)).all()


def week_of_cohort(cohort_id: int, days: Sequence[date]) -> Sequence[TeachingSession]:
    """Return the sessions of a class in a week, those that were called off too."""
    return db.session.scalars(
        sa.select(TeachingSession)
        .where(TeachingSession.cohort_id == cohort_id, TeachingSession.day.between(days[0], days[-1]))
        .options(*_loaded(*WHOLE))
        .order_by(TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)
    ).all()


def own_sessions(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on TeachingSession that leaves what the viewer teaches or attends."""
    attended = sa.select(Enrolment.cohort_id).where(
        Enrolment.user_id == viewer.id,
        Enrolment.cohort_id.is_not(None),
        Enrolment.state.not_in(AWAY),
    )
    return sa.or_(TeachingSession.teacher_id == viewer.id, TeachingSession.cohort_id.in_(attended))


def week_of_person(viewer: User, days: Sequence[date]) -> Sequence[TeachingSession]:
    """Return what somebody teaches or attends in a week, in all programmes."""
    return db.session.scalars(
        sa.select(TeachingSession)
        .where(own_sessions(viewer), TeachingSession.day.between(days[0], days[-1]))
        .options(*_loaded(*WHOLE, "program"))
        .order_by(TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)
        .limit(200)
    ).all()


def week_of_room(room: Room, days: Sequence[date], viewer: User) -> list[tuple[TeachingSession, bool]]:
    """Return what takes place in a room in a week, each with whether the viewer may see its programme."""
    rows = db.session.execute(
        sa.select(TeachingSession, visible_to(viewer))
        .join(Program, Program.id == TeachingSession.program_id)
        .where(
            TeachingSession.room_id == room.id,
            TeachingSession.day.between(days[0], days[-1]),
            TeachingSession.state == SessionState.PLANNED,
        )
        .options(*_loaded(*WHOLE, "program"))
        .order_by(TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)
    )
    return [(session, bool(seen)) for session, seen in rows]


def session_or_404(program: Program, session_id: int, viewer: User) -> TeachingSession:
    """Return a session of a class whose timetable the viewer may see, or answer 404: one statement."""
    seen = sa.select(Cohort.id).where(cohorts_seen(program, viewer))
    session = db.session.scalars(
        sa.select(TeachingSession)
        .where(
            TeachingSession.id == session_id,
            TeachingSession.program_id == program.id,
            TeachingSession.cohort_id.in_(seen),
        )
        .options(*_loaded(*WHOLE))
    ).one_or_none()
    return session or abort(404)


def count_by_day(program: Program, viewer: User, first: date, last: date) -> dict[date, int]:
    """Return how many sessions of the classes that the viewer may see stand on each day."""
    seen = sa.select(Cohort.id).where(cohorts_seen(program, viewer))
    rows = db.session.execute(
        sa.select(TeachingSession.day, sa.func.count())
        .where(
            TeachingSession.program_id == program.id,
            TeachingSession.day.between(first, last),
            TeachingSession.state == SessionState.PLANNED,
            TeachingSession.cohort_id.in_(seen),
        )
        .group_by(TeachingSession.day)
    )
    return {row[0]: row[1] for row in rows}


# --- planned and timetabled --------------------------------------------------------------------------


@dataclass(frozen=True)
class HoursLine:
    """A module of the plan in force, and how many of its hours a class has in the timetable."""

    module: Module
    timetabled: int

    @property
    def planned(self) -> int:
        """The module's hours in the plan."""
        return self.module.theory_hours + self.module.practice_hours

    @property
    def missing(self) -> int:
        """The hours that stand in no timetable yet."""
        return missing_units(self.planned, self.timetabled)

    @property
    def surplus(self) -> int:
        """The hours timetabled beyond the plan."""
        return missing_units(self.timetabled, self.planned)


def _in_force(program: Program) -> sa.Select[Any]:
    return (
        sa.select(Module)
        .join(Edition, Edition.id == Module.edition_id)
        .where(Edition.program_id == program.id, Edition.state == EditionState.SIGNED)
    )


def _in_force_on(program: Program, on: date) -> sa.Select[Any]:
    return sa.select(Module).where(Module.edition_id == edition_on(program.id, on))


def modules_in_force(program: Program, on: date | None = None) -> Sequence[Module]:
    """Return the modules of the signed edition in force, now or on a day; none while nothing is signed."""
    modules = _in_force(program) if on is None else _in_force_on(program, on)
    ordered = modules.order_by(Module.stage_number, Module.position, Module.id)
    return db.session.scalars(ordered.options(joinedload(Module.lead_teacher))).all()


def _timetabled(program: Program, cohort_id: int) -> Any:
    return (
        sa.select(TeachingSession.lineage, sa.func.sum(TeachingSession.units).label("units"))
        .where(
            TeachingSession.program_id == program.id,
            TeachingSession.cohort_id == cohort_id,
            TeachingSession.state == SessionState.PLANNED,
        )
        .group_by(TeachingSession.lineage)
        .subquery()
    )


def list_hours(program: Program, cohort_id: int, listing: Listing) -> Page[Any]:
    """Return a page of the plan's modules with the hours that a class has in the timetable."""
    done = _timetabled(program, cohort_id)
    units = sa.func.coalesce(done.c.units, 0)
    statement = _in_force(program).outerjoin(done, done.c.lineage == Module.lineage).add_columns(units)
    missing = Module.theory_hours + Module.practice_hours - units
    orders = {
        "plan": (Module.stage_number, Module.position, Module.id),
        "name": (Module.name, Module.id),
        "missing": (missing, Module.id),
    }
    page = paginate(statement, listing, orders=orders, default="plan", scalars=False)
    lines = [HoursLine(module, int(number)) for module, number in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


@dataclass(frozen=True)
class Sums:
    """Hours of the plan in force, how many a class has in the timetable, sessions whose module the plan has no more."""

    planned: int = 0
    timetabled: int = 0
    strays: int = 0


def sum_hours(program: Program, cohort_id: int, today: date) -> Sums:
    """Add up a class's timetable against the plan in force: one statement."""
    done = _timetabled(program, cohort_id)
    hours = Module.theory_hours + Module.practice_hours
    capped = sa.case(
        (sa.func.coalesce(done.c.units, 0) > hours, hours), else_=sa.func.coalesce(done.c.units, 0)
    )
    modules = _in_force(program).with_only_columns(hours.label("hours"), capped.label("done"))
    each = modules.outerjoin(done, done.c.lineage == Module.lineage).subquery()
    strays = (
        sa.select(sa.func.count(TeachingSession.id))
        .where(TeachingSession.cohort_id == cohort_id, is_stray(program.id, today))
        .scalar_subquery()
    )
    row = db.session.execute(sa.select(sa.func.sum(each.c.hours), sa.func.sum(each.c.done), strays)).one()
    return Sums(int(row[0] or 0), int(row[1] or 0), int(row[2] or 0))


def list_strays(program: Program, cohort_id: int, today: date, listing: Listing) -> Page[Any]:
    """Return a page of a class's sessions to come whose module the plan has no more on their day."""
    statement = (
        sa.select(TeachingSession)
        .where(TeachingSession.cohort_id == cohort_id, is_stray(program.id, today))
        .options(*_loaded("module", "teacher"))
    )
    orders = {"day": (TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)}
    return paginate(statement, listing, orders=orders, default="day")


# --- what a form offers --------------------------------------------------------------------------------


def teachers_for_choice(program: Program, limit: int = 500) -> Sequence[User]:
    """Return who teaches in a programme, by name: its teachers and mentors, and who leads a module in force."""
    related = sa.select(ProgramPerson.user_id).where(
        ProgramPerson.program_id == program.id,
        ProgramPerson.role.in_((Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR)),
        ProgramPerson.until.is_(None),
    )
    leads = _in_force(program).with_only_columns(Module.lead_teacher_id)
    statement = sa.select(User).where(sa.or_(User.id.in_(related), User.id.in_(leads)), User.active)
    return db.session.scalars(statement.order_by(User.name, User.id).limit(limit)).all()
