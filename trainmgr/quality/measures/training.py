"""Programmes, trainees, hours, person-days; named classes and apprentices among the students (H3, H7, S8)."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from trainmgr.attendance.models import AttendanceStanding, Mark
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import LEDGER
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program
from trainmgr.programs.rules import ProgramKind
from trainmgr.quality.measures.base import (
    BY_DEPARTMENT,
    Ask,
    ByEnterprise,
    RecordKind,
    Rows,
    hit,
    measure,
    of_program,
    person,
    ran,
    row,
    trained,
)
from trainmgr.quality.rules import Unit

K = ProgramKind
APPRENTICE_KINDS = (K.MODERN_APPRENTICESHIP, K.NEW_APPRENTICESHIP, K.FIELD_ENGINEER)
DAYS_OF_A_WEEK = 7


def _programs(kinds: tuple[ProgramKind, ...] = (), hours: bool = False) -> Rows:
    def rows(ask: Ask) -> sa.Select[Any]:
        amount = sa.cast(Program.planned_minutes, sa.Float) / LEDGER if hours else 1
        found = sa.select(*of_program(amount=amount)).where(ran(ask))
        return found.where(Program.kind.in_(kinds)) if kinds else found

    return rows


def _trainees(kinds: tuple[ProgramKind, ...] = (), hours: bool = False) -> Rows:
    def rows(ask: Ask) -> sa.Select[Any]:
        amount = sa.cast(Enrolment.verified_minutes, sa.Float) / LEDGER if hours else 1
        found = (
            sa.select(*person(amount=amount))
            .join(Program, Program.id == Enrolment.program_id)
            .where(ran(ask), trained(ask))
        )
        return found.where(Program.kind.in_(kinds)) if kinds else found

    return rows


_PARTY = {"by_enterprise": ByEnterprise.PARTY}
_kinds: tuple[ProgramKind, ...]
for _code, _kinds in (
    ("programs", ()),
    ("programs_public", (K.PUBLIC_BENEFIT, K.COMMUNITY)),
    ("programs_rural", (K.RURAL_REVITALISATION,)),
    ("programs_order", (K.ORDER_CLASS,)),
    ("programs_upskilling", (K.EMPLOYEE_UPSKILLING,)),
):
    measure(_code, Unit.COUNT, RecordKind.PROGRAM, **_PARTY)(_programs(_kinds))
for _code, _kinds in (("hours", ()), ("hours_public", (K.PUBLIC_BENEFIT, K.COMMUNITY))):
    measure(_code, Unit.SUM, RecordKind.PROGRAM, **_PARTY)(_programs(_kinds, hours=True))
for _code, _kinds in (
    ("trainees", ()),
    ("trainees_subsidised", (K.SUBSIDISED, K.NEW_APPRENTICESHIP)),
    ("trainees_public", (K.PUBLIC_BENEFIT, K.COMMUNITY)),
    ("trainees_rural", (K.RURAL_REVITALISATION,)),
    ("trainees_upskilling", (K.EMPLOYEE_UPSKILLING,)),
    ("apprentices", APPRENTICE_KINDS),
):
    measure(_code, Unit.COUNT, RecordKind.PERSON)(_trainees(_kinds))
measure("trainee_hours", Unit.SUM, RecordKind.PERSON)(_trainees(hours=True))


@measure("person_days", Unit.COUNT, RecordKind.PERSON)
def _person_days(ask: Ask) -> sa.Select[Any]:
    """A trainee and a day with presence in a register or minutes in a signed log, once a day (see practice.volume)."""
    days = sa.union(_attended(ask), *_logged(ask)).subquery()
    return (
        sa.select(*person(detail=sa.cast(days.c.day, sa.String)))
        .select_from(days)
        .join(Enrolment, Enrolment.id == days.c.enrolment_id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Program.lead_college_id == ask.college_id)
    )


def _attended(ask: Ask) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(AttendanceStanding.enrolment_id, AttendanceStanding.day.label("day")).where(
        AttendanceStanding.mark.in_((Mark.PRESENT, Mark.LATE)),
        AttendanceStanding.day.between(ask.first, ask.last),
    )


def _logged(ask: Ask) -> list[sa.Select[Any]]:
    several = PracticeLog.day_minutes.is_not(None)

    def those(day: Any, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(PracticeLog.enrolment_id, day.label("day")).where(
            PracticeLog.state == LogState.SIGNED, day.between(ask.first, ask.last), condition
        )

    found = [those(PracticeLog.day, sa.and_(PracticeLog.minutes > 0, sa.not_(several)))]
    for number in range(DAYS_OF_A_WEEK):
        worked = PracticeLog.day_minutes[number].as_integer() > 0
        found.append(those(_later(PracticeLog.day, number), sa.and_(several, worked)))
    return found


def _later(day: Any, number: int) -> sa.ColumnElement[date]:
    """A day so many days on; SQLite keeps days as text."""
    if db.engine.dialect.name == "sqlite":
        return sa.func.date(day, f"+{number} days", type_=sa.Date)
    return sa.type_coerce(day + number, sa.Date)


# --- named classes and apprentices among the students -------------------------------------------------


@measure("named_classes", Unit.COUNT, RecordKind.PROGRAM)
def _named_classes(ask: Ask) -> sa.Select[Any]:
    """Classes that carry an enterprise's name, in programmes that ran, not closed before."""
    return (
        sa.select(
            *of_program(
                id=Cohort.id, name=Cohort.name, detail=Organization.name, enterprise_id=Cohort.enterprise_id
            )
        )
        .select_from(Cohort)
        .join(Program, Program.id == Cohort.program_id)
        .join(Organization, Organization.id == Cohort.enterprise_id)
        .where(ran(ask), sa.or_(Cohort.closed_on.is_(None), Cohort.closed_on >= ask.first))
    )


@measure("trainees_named", Unit.COUNT, RecordKind.PERSON)
def _trainees_named(ask: Ask) -> sa.Select[Any]:
    """Trainees of such classes."""
    return (
        _trainees()(ask)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Cohort.enterprise_id.is_not(None))
    )


def _students(ask: Ask, those: sa.Select[Any]) -> sa.Select[Any]:
    """Select the college's students with whether they are among some people."""
    return (
        sa.select(
            *row(
                id=Membership.id,
                name=User.name,
                detail=Membership.number,
                department_id=Membership.department_id,
                amount=hit(Membership.user_id.in_(those)),
            )
        )
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == ask.college_id,
            Membership.role == Role.TRAINEE,
            Membership.created_at < ask.ends,
            sa.or_(Membership.ended_on.is_(None), Membership.ended_on >= ask.first),
        )
    )


def _people(ask: Ask) -> sa.Select[Any]:
    return (
        sa.select(Enrolment.user_id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(ran(ask), trained(ask))
    )


@measure("students", Unit.COUNT, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _all_students(ask: Ask) -> sa.Select[Any]:
    """The college's students."""
    return _students(ask, sa.select(Membership.user_id))


@measure("share_named", Unit.SHARE, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _share_named(ask: Ask) -> sa.Select[Any]:
    """Students in a named class, of all students."""
    named = (
        _people(ask).join(Cohort, Cohort.id == Enrolment.cohort_id).where(Cohort.enterprise_id.is_not(None))
    )
    return _students(ask, named)


@measure("share_apprentices", Unit.SHARE, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _share_apprentices(ask: Ask) -> sa.Select[Any]:
    """Students in an apprenticeship, of all students."""
    return _students(ask, _people(ask).where(Program.kind.in_(APPRENTICE_KINDS)))


@measure("apprentice_majors", Unit.COUNT, RecordKind.PERSON, distinct="name")
def _apprentice_majors(ask: Ask) -> sa.Select[Any]:
    """Majors with apprentices, each once."""
    return (
        _trainees(APPRENTICE_KINDS)(ask)
        .with_only_columns(*person(name=Enrolment.field, detail=None, person_id=None))
        .where(Enrolment.field != "")
    )
