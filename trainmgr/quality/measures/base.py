"""What a measure is: a select of records with what each adds to numerator and denominator, and its registry."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.evaluation.windows import local_midnight
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.quality.rules import Period, ScopeKind, Unit

S = ScopeKind
EVERYWHERE = frozenset(ScopeKind)
IN_COLLEGE = frozenset({S.COLLEGE})
BY_DEPARTMENT = frozenset({S.COLLEGE, S.DEPARTMENT})

# A programme counts from the moment that it runs; what was only planned or called off is no training.
RAN = (State.RUNNING, State.EVALUATING, State.CLOSED, State.SUSPENDED)


class RecordKind(enum.StrEnum):
    """What stands behind a figure."""

    PERSON = "person"  # a trainee in a programme; person_id is the enrolment
    PROGRAM = "program"
    OTHER = "other"  # something of the college: a teacher, a resource, a base


class ByEnterprise(enum.StrEnum):
    """How records are an enterprise's: each its own, or those of the programmes that it takes part in."""

    ROW = "row"
    PARTY = "party"


@dataclass(frozen=True)
class Ask:
    """Which college, which days."""

    college_id: int
    period: Period

    @property
    def first(self) -> date:
        """The first day."""
        return self.period.first

    @property
    def last(self) -> date:
        """The last day."""
        return self.period.last

    @property
    def begins(self) -> datetime:
        """The first moment, as clocks at the installation show it."""
        return local_midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment after the last day."""
        return local_midnight(self.last + timedelta(days=1))


Rows = Callable[[Ask], sa.Select[Any]]


@dataclass(frozen=True)
class Measure:
    """A named computation. `rows` selects the columns of `row()`; `distinct` counts names or ids once.

    `is_survey`: answers of people who were promised that theirs is not told apart (see rules.LEAST).
    """

    code: str
    unit: Unit
    kind: RecordKind
    rows: Rows
    scopes: frozenset[ScopeKind] = EVERYWHERE
    by_enterprise: ByEnterprise = ByEnterprise.ROW
    distinct: str = ""
    is_survey: bool = False


MEASURES: dict[str, Measure] = {}


def measure(code: str, unit: Unit, kind: RecordKind, **options: Any) -> Callable[[Rows], Rows]:
    """Register a select of records as a measure."""

    def register(rows: Rows) -> Rows:
        if code in MEASURES:
            raise ValueError(f"two measures named {code!r}")
        MEASURES[code] = Measure(code, unit, kind, rows, **options)
        return rows

    return register


def row(
    *,
    id: Any,  # noqa: A002 - named like the column that it becomes
    name: Any,
    detail: Any = None,
    program_id: Any = None,
    department_id: Any = None,
    enterprise_id: Any = None,
    person_id: Any = None,
    respondent: Any = None,
    amount: Any = 1,
    whole: Any = 1,
) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the columns of a measure's select: what a record adds to the numerator is `amount`, below it `whole`."""

    def column(value: Any, label: str, kind: Any) -> sa.ColumnElement[Any]:
        expression = sa.cast(sa.null(), kind) if value is None else value
        if not isinstance(expression, sa.ColumnElement) and not hasattr(expression, "__clause_element__"):
            expression = sa.literal(expression, kind)
        return sa.type_coerce(expression, kind).label(label)

    return (
        column(id, "id", sa.Integer),
        column(name, "name", sa.String),
        column("" if detail is None else detail, "detail", sa.String),
        column(program_id, "program_id", sa.Integer),
        column(department_id, "department_id", sa.Integer),
        column(enterprise_id, "enterprise_id", sa.Integer),
        column(person_id, "person_id", sa.Integer),
        column(respondent, "respondent", sa.Integer),
        column(amount, "amount", sa.Float),
        column(whole, "whole", sa.Float),
    )


def hit(condition: Any) -> sa.ColumnElement[int]:
    """Return 1 where a condition holds, else 0."""
    return sa.case((condition, 1), else_=0)


def ran(ask: Ask) -> sa.ColumnElement[bool]:
    """Return the condition on Program that leaves the college's programmes that ran on some of the days."""
    return sa.and_(
        Program.lead_college_id == ask.college_id,
        Program.state.in_(RAN),
        Program.starts_on <= ask.last,
        sa.or_(Program.ends_on.is_(None), Program.ends_on >= ask.first),
    )


def trained(ask: Ask) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves who was in training on some of the days and did not withdraw."""
    return sa.and_(
        Enrolment.state != EnrolmentState.WITHDRAWN,
        Enrolment.enrolled_on <= ask.last,
        sa.or_(Enrolment.left_on.is_(None), Enrolment.left_on >= ask.first),
    )


def person(**more: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the columns of a record that is a trainee (Enrolment and Program must be selected from)."""
    columns: dict[str, Any] = {
        "id": Enrolment.id,
        "name": Enrolment.name,
        "detail": Enrolment.student_number,
        "program_id": Enrolment.program_id,
        "department_id": Program.department_id,
        "enterprise_id": Enrolment.enterprise_id,
        "person_id": Enrolment.id,
    }
    return row(**columns | more)


def of_program(**more: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the columns of a record that is a programme, or belongs to one."""
    columns: dict[str, Any] = {
        "id": Program.id,
        "name": Program.name,
        "detail": Program.code,
        "program_id": Program.id,
        "department_id": Program.department_id,
    }
    return row(**columns | more)
