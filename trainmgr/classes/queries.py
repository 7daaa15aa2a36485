"""Reads of classes: lists with their sizes, who was in one on a day, histories, and classes named by enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload

from trainmgr.classes.models import ClassMove
from trainmgr.classes.seeing import classes_seen
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to

Later, Before, Into = aliased(ClassMove), aliased(Cohort), aliased(Cohort)
PRESENT = Enrolment.state != EnrolmentState.WITHDRAWN


@dataclass(frozen=True)
class ClassLine:
    """A class with how many people are in it, how many of them are suspended, and who named it."""

    id: int
    name: str
    closed_on: date | None
    sponsor: str
    enterprise: str | None
    people: int
    suspended: int
    merged_into: str | None


def list_classes(program: Program, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of the programme's classes that the viewer belongs to: open ones first, two statements."""
    people = (
        sa.select(
            Enrolment.cohort_id.label("cohort_id"),
            sa.func.count().label("people"),
            sa.func.count(sa.case((Enrolment.state == EnrolmentState.SUSPENDED, 1))).label("suspended"),
        )
        .where(visible_in(program, viewer), PRESENT, Enrolment.cohort_id.is_not(None))
        .group_by(Enrolment.cohort_id)
        .subquery()
    )
    number = sa.func.coalesce(people.c.people, 0)
    statement: Any = (
        sa.select(
            Cohort.id, Cohort.name, Cohort.closed_on, Cohort.sponsor, Organization.name, number,
            sa.func.coalesce(people.c.suspended, 0), Into.name,
        )
        .select_from(Cohort)
        .outerjoin(people, people.c.cohort_id == Cohort.id)
        .outerjoin(Organization, Organization.id == Cohort.enterprise_id)
        .outerjoin(Into, Into.id == Cohort.merged_into_id)
        .where(classes_seen(program, viewer))
    )  # fmt: skip
    if listing.q:
        statement = statement.where(contains(Cohort.name, listing.q))
    orders = {"name": (Cohort.closed_on.is_not(None), Cohort.name, Cohort.id), "people": (number, Cohort.id)}
    page = paginate(statement, listing, orders=orders, default="name", scalars=False)
    lines = [ClassLine(*row) for row in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


def open_classes(program_id: int) -> list[Cohort]:
    """Return the classes of a programme that people can come into, by name."""
    return list(
        db.session.scalars(
            sa.select(Cohort)
            .where(Cohort.program_id == program_id, Cohort.closed_on.is_(None))
            .order_by(Cohort.name, Cohort.id)
        )
    )


def open_classes_seen(program: Program, viewer: User) -> list[Cohort]:
    """Return the open classes of a programme that the viewer belongs to, by name."""
    return list(
        db.session.scalars(
            sa.select(Cohort)
            .where(classes_seen(program, viewer), Cohort.closed_on.is_(None))
            .order_by(Cohort.name, Cohort.id)
            .limit(500)
        )
    )


def class_or_404(program: Program, cohort_id: int, viewer: User) -> Cohort:
    """Return a class that the viewer belongs to, or answer 404: one statement."""
    cohort: Cohort | None = db.session.scalars(
        sa.select(Cohort)
        .where(Cohort.id == cohort_id, classes_seen(program, viewer))
        .options(joinedload(Cohort.enterprise))
    ).one_or_none()
    return cohort if cohort is not None else abort(404)


# --- who was in a class ------------------------------------------------------------------------------


def members_on(
    program: Program, cohort: Cohort, viewer: User, listing: Listing, day: date, today: date
) -> Page[Any]:
    """Return a page of a class's people on a day: as it is for today, from the moves for a day before."""
    statement: Any = sa.select(Enrolment).where(visible_in(program, viewer))
    if day >= today:
        statement = statement.where(Enrolment.cohort_id == cohort.id, PRESENT)
    else:
        statement = statement.where(
            sa.or_(Enrolment.id.in_(_inside_on(cohort.id, day)), _never_moved(cohort.id, day)),
            sa.or_(Enrolment.left_on.is_(None), Enrolment.left_on > day),
        )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Enrolment.name, listing.q), contains(Enrolment.student_number, listing.q))
        )
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "number": (Enrolment.student_number, Enrolment.id),
        "field": (Enrolment.field, Enrolment.name, Enrolment.id),
    }
    return paginate(statement, listing, orders=orders, default="name")


def _never_moved(cohort_id: int, day: date) -> sa.ColumnElement[bool]:
    """Who has been in one class only, since the enrolment, needs no record for it."""
    return sa.and_(
        Enrolment.cohort_id == cohort_id,
        Enrolment.enrolled_on <= day,
        ~sa.exists().where(ClassMove.enrolment_id == Enrolment.id),
    )


def _inside_on(cohort_id: int, day: date) -> sa.Select[Any]:
    """Return the enrolments whose last move up to a day led into a class."""
    later = sa.exists().where(
        Later.enrolment_id == ClassMove.enrolment_id,
        Later.day <= day,
        sa.or_(Later.day > ClassMove.day, sa.and_(Later.day == ClassMove.day, Later.id > ClassMove.id)),
    )
    return sa.select(ClassMove.enrolment_id).where(
        ClassMove.to_id == cohort_id, ClassMove.day <= day, ~later.correlate(ClassMove)
    )


@dataclass(frozen=True)
class MoveLine:
    """One change of class in words: who, from where, to where, since when, why, by whom."""

    enrolment_id: int
    name: str
    before: str | None
    after: str | None
    day: date
    reason: str
    by_name: str


def _moves() -> Any:
    return (
        sa.select(
            Enrolment.id,
            Enrolment.name,
            Before.name,
            Into.name,
            ClassMove.day,
            ClassMove.reason,
            ClassMove.by_name,
        )
        .select_from(ClassMove)
        .join(Enrolment, Enrolment.id == ClassMove.enrolment_id)
        .outerjoin(Before, Before.id == ClassMove.from_id)
        .outerjoin(Into, Into.id == ClassMove.to_id)
    )


def history_of(program: Program, cohort: Cohort, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of the moves into and out of a class, the latest first, of trainees whom the viewer may see."""
    statement = _moves().where(
        visible_in(program, viewer), sa.or_(ClassMove.from_id == cohort.id, ClassMove.to_id == cohort.id)
    )
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders = {"day": (ClassMove.day.desc(), ClassMove.id.desc())}
    page = paginate(statement, listing, orders=orders, default="day", scalars=False)
    lines = [MoveLine(*row) for row in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


def moves_of(enrolment_id: int) -> list[MoveLine]:
    """Return a trainee's changes of class, the latest first: one statement."""
    rows: Sequence[Any] = db.session.execute(
        _moves()
        .where(ClassMove.enrolment_id == enrolment_id)
        .order_by(ClassMove.day.desc(), ClassMove.id.desc())
        .limit(50)
    ).all()
    return [MoveLine(*row) for row in rows]


# --- classes named by enterprises -----------------------------------------------------------------------


@dataclass(frozen=True)
class NamedFigures:
    """How many classes enterprises named, their people, and all people: 2,802 of 14,675 is a share, not typed in."""

    classes: int
    people: int
    everybody: int


def programs_seen(viewer: User) -> sa.Select[Any]:
    """Return a select of the programmes' ids that the viewer's organisation takes part in."""
    return sa.select(Program.id).where(visible_to(viewer))


def _counted(viewer_programs: Any, year: int | None) -> list[Any]:
    conditions = [Enrolment.program_id.in_(viewer_programs), PRESENT]
    if year is not None:
        conditions.append(Enrolment.enrolled_on.between(date(year, 1, 1), date(year, 12, 31)))
    return conditions


def named_figures(programs: Any, year: int | None, college_id: int | None) -> NamedFigures:
    """Count named classes, their trainees and all trainees of some programmes (a select of ids): one statement.

    Each person counts once, however many programmes he or she is in; whoever has left counts nowhere.
    """
    conditions = _counted(programs, year)
    if college_id is not None:
        conditions.append(Enrolment.college_id == college_id)
    named = Cohort.enterprise_id.is_not(None)
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.distinct(sa.case((named, Cohort.id)))),
            sa.func.count(sa.distinct(sa.case((named, Enrolment.user_id)))),
            sa.func.count(sa.distinct(Enrolment.user_id)),
        )
        .select_from(Enrolment)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(*conditions)
    ).one()
    return NamedFigures(*row)


def list_named(programs: Any, year: int | None, college_id: int | None, listing: Listing) -> Page[Any]:
    """Return a page of named classes with enterprise, programme and people: two statements."""
    conditions = _counted(programs, year)
    if college_id is not None:
        conditions.append(Enrolment.college_id == college_id)
    people = (
        sa.select(
            Enrolment.cohort_id.label("cohort_id"),
            sa.func.count(sa.distinct(Enrolment.user_id)).label("people"),
        )
        .where(*conditions)
        .group_by(Enrolment.cohort_id)
        .subquery()
    )
    statement: Any = (
        sa.select(
            Cohort.id,
            Cohort.name,
            Cohort.program_id,
            Program.name,
            Organization.name,
            Cohort.sponsor,
            people.c.people,
        )
        .join(people, people.c.cohort_id == Cohort.id)
        .join(Program, Program.id == Cohort.program_id)
        .join(Organization, Organization.id == Cohort.enterprise_id)
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Cohort.name, listing.q), contains(Organization.name, listing.q))
        )
    orders = {
        "enterprise": (Organization.name, Cohort.name, Cohort.id),
        "name": (Cohort.name, Cohort.id),
        "people": (people.c.people, Cohort.id),
    }
    return paginate(statement, listing, orders=orders, default="enterprise", scalars=False)


def named_by_college(programs: Any, year: int | None) -> list[tuple[int, str, NamedFigures]]:
    """Return the figures of each college with trainees in these programmes, by name: one statement."""
    named = Cohort.enterprise_id.is_not(None)
    rows = db.session.execute(
        sa.select(
            Organization.id,
            Organization.name,
            sa.func.count(sa.distinct(sa.case((named, Cohort.id)))),
            sa.func.count(sa.distinct(sa.case((named, Enrolment.user_id)))),
            sa.func.count(sa.distinct(Enrolment.user_id)),
        )
        .select_from(Enrolment)
        .join(Organization, Organization.id == Enrolment.college_id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(*_counted(programs, year))
        .group_by(Organization.id, Organization.name)
        .order_by(Organization.name, Organization.id)
        .limit(200)
    )
    return [(row[0], row[1], NamedFigures(*row[2:])) for row in rows]


def years_of(programs: Any) -> list[int]:
    """Return the years in which people of these programmes were enrolled, the latest first."""
    first, last = db.session.execute(
        sa.select(sa.func.min(Enrolment.enrolled_on), sa.func.max(Enrolment.enrolled_on)).where(
            Enrolment.program_id.in_(programs)
        )
    ).one()
    return list(range(last.year, first.year - 1, -1)) if first else []
