"""The roster: who is in a programme, as far as the reader may see it; searched, sorted and counted in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.enrolment import labels
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import EnrolmentState, numbers_needed
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.crypto import decrypt
from trainmgr.kernel.db import among, db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.rules import ProgramKind

NO_CLASS = "none"
Teacher, Guide = aliased(User), aliased(User)


@dataclass(frozen=True)
class RosterFilter:
    """What a reader narrows the roster to; empty means all. `cohort` is a class id or "none"."""

    cohort: str = ""
    field: str = ""
    state: str = ""
    lacking: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the whole roster is asked for."""
        return not (self.cohort or self.field or self.state or self.lacking)


@dataclass(frozen=True)
class RosterRow:
    """One trainee as the roster shows it."""

    id: int
    name: str
    student_number: str
    employee_number: str
    id_number_masked: str
    field: str
    level: str
    state: EnrolmentState
    planned_minutes: int
    verified_minutes: int
    cohort: str | None
    teacher: str | None
    mentor: str | None
    enterprise: str | None

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill, or nothing for the ordinary states."""
        return labels.ENROLMENT_TONES.get(self.state, "")


@dataclass(frozen=True)
class Summary:
    """How many trainees there are in each state, and how many lack a mentor or a number they need."""

    total: int
    training: int
    remedial: int
    suspended: int
    completed: int
    withdrawn: int
    lacking: int


SHOWN = (
    Enrolment.id, Enrolment.name, Enrolment.student_number, Enrolment.employee_number, Enrolment.id_number_masked,
    Enrolment.field, Enrolment.level, Enrolment.state, Enrolment.planned_minutes, Enrolment.verified_minutes,
    Cohort.name, Teacher.name, Guide.name,
    sa.func.coalesce(sa.func.nullif(Organization.short_name, ""), Organization.name),
)  # fmt: skip

ORDERS = {
    "class": (Enrolment.cohort_id, Enrolment.name, Enrolment.id),
    "name": (Enrolment.name, Enrolment.id),
    "student_number": (Enrolment.student_number, Enrolment.id),
    "employee_number": (Enrolment.employee_number, Enrolment.id),
    "verified": (Enrolment.verified_minutes, Enrolment.id),
}


def lacks_number(kind: ProgramKind) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves trainees without a number that this kind of programme needs."""
    needed = numbers_needed(kind)
    lacks: list[sa.ColumnElement[bool]] = [sa.false()]
    if needed.student:
        lacks.append(Enrolment.student_number == "")
    if needed.employee:
        lacks.append(Enrolment.employee_number == "")
    return sa.or_(*lacks)


def is_lacking(kind: ProgramKind) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves present trainees without a mentor or a number they need."""
    return sa.and_(
        Enrolment.state.in_((EnrolmentState.TRAINING, EnrolmentState.REMEDIAL)),
        sa.or_(
            Enrolment.school_teacher_id.is_(None),
            Enrolment.enterprise_mentor_id.is_(None),
            lacks_number(kind),
        ),
    )


def summary_of(program: Program, viewer: User) -> Summary:
    """Count the trainees whom the viewer may see: one statement."""

    def those(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    states = [those(Enrolment.state == state) for state in EnrolmentState]
    row = db.session.execute(
        sa.select(sa.func.count(), *states, those(is_lacking(program.kind))).where(
            visible_in(program, viewer)
        )
    ).one()
    values: Any = row
    return Summary(*values)


def choices_in(program: Program, viewer: User) -> tuple[list[tuple[int, str]], list[str]]:
    """Return the classes and the fields that the roster can be narrowed to: one statement."""
    named = sa.select(Cohort.id, Cohort.name).where(Cohort.program_id == program.id)
    fields = (
        sa.select(sa.literal(0), Enrolment.field)
        .where(visible_in(program, viewer), Enrolment.field != "")
        .distinct()
    )
    rows = db.session.execute(sa.union_all(named, fields)).all()
    classes = sorted(((key, name) for key, name in rows if key), key=lambda pair: pair[1])
    return classes, sorted(name for key, name in rows if not key)


def roster_page(
    program: Program,
    viewer: User,
    listing: Listing,
    chosen: RosterFilter,
    *,
    by_id_tail: bool,
    total: int | None,
) -> Page[RosterRow]:
    """Return one page of the roster; `total` saves the counting when nothing narrows it."""
    narrowed = bool(listing.q) or not chosen.is_empty
    page = paginate(
        _select(program, viewer, listing.q, chosen, by_id_tail=by_id_tail),
        listing,
        orders=ORDERS,
        default="class",
        total=None if narrowed else total,
        scalars=False,
    )
    return Page(
        [RosterRow(*row) for row in page.items],
        page.number,
        page.size,
        page.total,
        page.q,
        page.sort,
        page.direction,
    )


def _select(program: Program, viewer: User, q: str, chosen: RosterFilter, *, by_id_tail: bool) -> Any:
    return (
        sa.select(*SHOWN)
        .select_from(Enrolment)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Teacher, Teacher.id == Enrolment.school_teacher_id)
        .outerjoin(Guide, Guide.id == Enrolment.enterprise_mentor_id)
        .outerjoin(Organization, Organization.id == Enrolment.enterprise_id)
        .where(visible_in(program, viewer), *_conditions(program, q, chosen, by_id_tail=by_id_tail))
    )


def _conditions(
    program: Program, q: str, chosen: RosterFilter, *, by_id_tail: bool
) -> Iterator[sa.ColumnElement[bool]]:
    if q:
        pattern = like(q)
        found: list[sa.ColumnElement[bool]] = [
            column.ilike(pattern, escape="\\")
            for column in (Enrolment.name, Enrolment.student_number, Enrolment.employee_number)
        ]
        if by_id_tail and len(q) == 4:
            found.append(Enrolment.id_number_tail == q.upper())
        yield sa.or_(*found)
    if chosen.cohort == NO_CLASS:
        yield Enrolment.cohort_id.is_(None)
    elif chosen.cohort.isascii() and chosen.cohort.isdigit() and len(chosen.cohort) < 10:
        yield Enrolment.cohort_id == int(chosen.cohort)
    if chosen.field:
        yield Enrolment.field == chosen.field
    if chosen.state in set(EnrolmentState):
        yield Enrolment.state == EnrolmentState(chosen.state)
    if chosen.lacking:
        yield is_lacking(program.kind)


def count_of(program: Program, viewer: User, *, q: str, chosen: RosterFilter, by_id_tail: bool) -> int:
    """Return how many people an export of the narrowed roster has."""
    narrowed = _conditions(program, q, chosen, by_id_tail=by_id_tail)
    people = sa.select(sa.func.count()).select_from(Enrolment).where(visible_in(program, viewer), *narrowed)
    return db.session.scalar(people) or 0


def ids_of(
    program: Program, viewer: User, *, q: str, chosen: RosterFilter, present: bool = False
) -> list[int]:
    """Return the narrowed roster's people in the order of an export; `present` leaves out who has left."""
    statement = sa.select(Enrolment.id).where(
        visible_in(program, viewer), *_conditions(program, q, chosen, by_id_tail=True)
    )
    if present:
        statement = statement.where(Enrolment.state != EnrolmentState.WITHDRAWN)
    return list(db.session.scalars(statement.order_by(Enrolment.cohort_id, Enrolment.name, Enrolment.id)))


def export_rows(
    program: Program,
    viewer: User,
    *,
    q: str = "",
    chosen: RosterFilter | None = None,
    ids: Sequence[int] = (),
    by_id_tail: bool = False,
    unmask: bool = False,
) -> Iterator[tuple[Any, ...]]:
    """Return the rows of an export, read a thousand at a time once the first is asked for; any number in one memory.

    Columns: name, student number, employee number, ID number, class, enterprise, field, level, post, teacher,
    mentor, planned hours, verified hours, state, enrolled on, left on, reason of leaving.
    """
    statement = sa.select(
        Enrolment.name, Enrolment.student_number, Enrolment.employee_number,
        User.id_number_encrypted if unmask else Enrolment.id_number_masked,
        Cohort.name, Organization.name, Enrolment.field, Enrolment.level, Enrolment.post, Teacher.name, Guide.name,
        Enrolment.planned_minutes, Enrolment.verified_minutes, Enrolment.state, Enrolment.enrolled_on,
        Enrolment.left_on, Enrolment.left_reason,
    )  # fmt: skip
    statement = (
        statement.select_from(Enrolment)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Teacher, Teacher.id == Enrolment.school_teacher_id)
        .outerjoin(Guide, Guide.id == Enrolment.enterprise_mentor_id)
        .outerjoin(Organization, Organization.id == Enrolment.enterprise_id)
        .where(
            visible_in(program, viewer),
            *_conditions(program, q, chosen or RosterFilter(), by_id_tail=by_id_tail),
        )
        .order_by(Enrolment.cohort_id, Enrolment.name, Enrolment.id)
        .execution_options(yield_per=1_000)
    )
    if unmask:
        statement = statement.join(User, User.id == Enrolment.user_id)
    if ids:
        statement = statement.where(among(Enrolment.id, ids))
    return _exported(statement, unmask)


def _exported(statement: Any, unmask: bool) -> Iterator[tuple[Any, ...]]:
    states = {state: str(label) for state, label in labels.ENROLMENT_STATES.items()}
    for row in db.session.execute(statement):
        values = list(row)
        if unmask:
            values[3] = decrypt(values[3]) if values[3] else ""
        values[11], values[12] = ledger_hours(values[11]), ledger_hours(values[12])
        values[13] = states[values[13]]
        yield tuple(values)


def numberless_page(program: Program, viewer: User, listing: Listing) -> Page[Enrolment]:
    """Return one page of the present trainees who lack a number that the programme's kind needs: two statements.

    Where the kind needs none, those without an employee number or without a student number are shown.
    """
    needed = numbers_needed(program.kind)
    lacks = lacks_number(program.kind)
    if not (needed.student or needed.employee):
        lacks = sa.or_(Enrolment.student_number == "", Enrolment.employee_number == "")
    statement = sa.select(Enrolment).where(
        visible_in(program, viewer), Enrolment.state != EnrolmentState.WITHDRAWN, lacks
    )
    if listing.q:
        statement = statement.where(Enrolment.name.ilike(like(listing.q), escape="\\"))
    page: Page[Enrolment] = paginate(statement, listing, orders=NUMBERLESS, default="name")
    return page


NUMBERLESS = {"name": (Enrolment.name, Enrolment.id)}
