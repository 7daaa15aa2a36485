"""Who gets a place, who needs which number, and what an entry level may be."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from trainmgr.programs.rules import ProgramKind, Side

LOWEST, HIGHEST = Decimal(1), Decimal(5)


class EnrolmentState(enum.StrEnum):
    """In training, in a remedial loop, completed, or withdrawn."""

    TRAINING = "training"
    REMEDIAL = "remedial"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class ApplicationState(enum.StrEnum):
    """What became of an application so far."""

    PENDING = "pending"
    ADMITTED = "admitted"
    WAITLISTED = "waitlisted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class VerdictKind(enum.StrEnum):
    """One side's verdict on an applicant."""

    ADMIT = "admit"
    REJECT = "reject"


WAITING = frozenset({ApplicationState.PENDING, ApplicationState.WAITLISTED})


def settle(verdicts: Mapping[Side, VerdictKind], places_left: int | None) -> ApplicationState:
    """Settle an application from the verdicts given so far; `places_left` None means without limit.

    One side is enough to reject; admitting takes both sides and a free place.
    """
    if VerdictKind.REJECT in verdicts.values():
        return ApplicationState.REJECTED
    if verdicts.keys() != set(Side):
        return ApplicationState.PENDING
    if places_left is None or places_left > 0:
        return ApplicationState.ADMITTED
    return ApplicationState.WAITLISTED


def places_left(planned_size: int | None, taken: int) -> int | None:
    """Return how many places are free, never less than 0; None when the programme sets no limit."""
    return None if planned_size is None else max(0, planned_size - taken)


@dataclass(frozen=True)
class NumbersNeeded:
    """Which of the two numbers a trainee of a programme must have."""

    student: bool
    employee: bool


# An apprentice is a student and an employee from the first day (招生即招工, 入学即入职), so both numbers are
# needed before the training runs. An order class becomes employed later, employees never become students.
_NEEDED: dict[ProgramKind, NumbersNeeded] = {
    ProgramKind.MODERN_APPRENTICESHIP: NumbersNeeded(student=True, employee=True),
    ProgramKind.NEW_APPRENTICESHIP: NumbersNeeded(student=True, employee=True),
    ProgramKind.FIELD_ENGINEER: NumbersNeeded(student=True, employee=True),
    ProgramKind.ORDER_CLASS: NumbersNeeded(student=True, employee=False),
    ProgramKind.EMPLOYEE_UPSKILLING: NumbersNeeded(student=False, employee=True),
}


def numbers_needed(kind: ProgramKind) -> NumbersNeeded:
    """Return which numbers a kind of programme needs of each trainee; open kinds need none."""
    return _NEEDED.get(kind, NumbersNeeded(student=False, employee=False))


def entry_level(text: str) -> Decimal | None:
    """Return a level from 1 to 5 with at most two decimals, or None when the text is no such level."""
    try:
        level = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not level.is_finite() or not LOWEST <= level <= HIGHEST or level != level.quantize(Decimal("0.01")):
        return None
    return level
