"""Finding programmes, trainees and people by name or number; each section starts from what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity import queries as identity
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.queries import select_visible, visible_to

SHOWN = 20
TAIL = 4  # how many of an ID number's last signs are kept to search by


@dataclass(frozen=True)
class Found:
    """The first of what fits, and whether there is more."""

    rows: Sequence[Any] = ()
    has_more: bool = False


@dataclass(frozen=True)
class Results:
    """What was found of each kind."""

    programs: Found = field(default_factory=Found)
    trainees: Found = field(default_factory=Found)
    people: Found = field(default_factory=Found)

    @property
    def count(self) -> int:
        """How many rows are shown."""
        return len(self.programs.rows) + len(self.trainees.rows) + len(self.people.rows)


def search(viewer: User, text: str) -> Results:
    """Return what the viewer may see and the text fits: four statements at most, whatever there is."""
    if not text:
        return Results()
    seen = viewer.permissions
    return Results(
        programs=_first(_programs(viewer, text)) if Permission.PROGRAM_VIEW in seen else Found(),
        trainees=_first(_trainees(viewer, text)) if Permission.ENROLMENT_VIEW in seen else Found(),
        people=_first(_people(viewer, text)) if Permission.PEOPLE_VIEW in seen else Found(),
    )


def page_of_trainees(viewer: User, listing: Listing) -> Page[Enrolment]:
    """Return a page of the trainees that fit, across all programmes that the viewer may see."""
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "number": (Enrolment.student_number, Enrolment.id),
        "program": (Program.name, Enrolment.name, Enrolment.id),
    }
    return paginate(_trainees(viewer, listing.q), listing, orders=orders, default="name")


def _first(statement: sa.Select[Any]) -> Found:
    rows = db.session.scalars(statement.limit(SHOWN + 1)).all()
    return Found(rows[:SHOWN], len(rows) > SHOWN)


def _programs(viewer: User, text: str) -> sa.Select[Any]:
    fits = (contains(column, text) for column in (Program.name, Program.name_en, Program.code))
    return (
        select_visible(viewer)
        .where(sa.or_(*fits))
        .options(sa.orm.load_only(Program.name, Program.name_en, Program.code, Program.state))
        .order_by(Program.created_at.desc(), Program.id.desc())
    )


def _trainees(viewer: User, text: str) -> sa.Select[Any]:
    columns = (Enrolment.name, Enrolment.student_number, Enrolment.employee_number)
    fits: list[sa.ColumnElement[bool]] = [contains(column, text) for column in columns]
    if len(text) == TAIL:
        fits.append(Enrolment.id_number_tail == text.upper())
    return (
        sa.select(Enrolment)
        .join(Enrolment.program)
        .where(visible_trainees(viewer), sa.or_(*fits))
        .options(contains_eager(Enrolment.program).load_only(Program.name, Program.name_en, Program.state))
        .order_by(Enrolment.name, Enrolment.id)
    )


def _people(viewer: User, text: str) -> sa.Select[Any]:
    return identity.select_people(viewer, text).order_by(User.name, User.id)


def visible_trainees(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves the trainees whom the viewer may see in any programme.

    It says for all programmes at once what enrolment.queries.visible_in says for one; a test holds them together.
    """
    seen: list[sa.ColumnElement[bool]] = [Enrolment.user_id == viewer.id]
    if colleges := viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF):
        led = sa.select(Program.id).where(Program.lead_college_id.in_(colleges))
        seen += [Enrolment.program_id.in_(led), Enrolment.college_id.in_(colleges)]
    if departments := viewer.departments_as(Role.DEPARTMENT_STAFF):
        own = sa.select(Program.id).where(Program.department_id.in_(departments))
        seen.append(Enrolment.program_id.in_(own))
    if enterprises := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(Enrolment.enterprise_id.in_(enterprises))
    if Role.SCHOOL_TEACHER in viewer.roles:
        seen.append(Enrolment.school_teacher_id == viewer.id)
    if Role.ENTERPRISE_MENTOR in viewer.roles:
        seen.append(Enrolment.enterprise_mentor_id == viewer.id)
    seen += _named(viewer)
    programs = sa.select(Program.id).where(visible_to(viewer))
    return sa.and_(Enrolment.program_id.in_(programs), sa.or_(*seen))


def _named(viewer: User) -> list[sa.ColumnElement[bool]]:
    def in_programs_that_name_me_as(role: Role) -> sa.ColumnElement[bool]:
        return Enrolment.program_id.in_(
            sa.select(ProgramPerson.program_id).where(
                ProgramPerson.user_id == viewer.id, ProgramPerson.role == role
            )
        )

    seen: list[sa.ColumnElement[bool]] = []
    sides = (
        (Role.COLLEGE_COUNSELLOR, Enrolment.college_id),
        (Role.ENTERPRISE_COUNSELLOR, Enrolment.enterprise_id),
    )
    for role, house in sides:
        if own := viewer.organizations_as(role):
            seen.append(sa.and_(house.in_(own), in_programs_that_name_me_as(role)))
    if Role.OUTSIDE_ASSESSOR in viewer.roles:
        seen.append(in_programs_that_name_me_as(Role.OUTSIDE_ASSESSOR))
    return seen
