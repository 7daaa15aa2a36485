"""How many places are left, who needs which number, and what an entry level may be."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from trainmgr.programs.rules import ProgramKind

LOWEST, HIGHEST = Decimal(1), Decimal(5)


class EnrolmentState(enum.StrEnum):
    """In training, in a remedial loop, suspended for a time, completed, or withdrawn."""

    TRAINING = "training"
    REMEDIAL = "remedial"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


# Nothing is asked of these: no logs, no ratings, no tests, no gates. A suspended trainee keeps place and class.
AWAY = frozenset({EnrolmentState.SUSPENDED, EnrolmentState.WITHDRAWN})
IN_TRAINING = frozenset({EnrolmentState.TRAINING, EnrolmentState.REMEDIAL})


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


def gender_in(id_number: str) -> str:
    """Return "M" or "F" by the sequence number in an ID number (GB 11643-1999: odd for men), "" without one."""
    return "MF"[int(id_number[16]) % 2 == 0] if len(id_number) == 18 else ""


class Foreseen(enum.StrEnum):
    """What would become of a row of a roster."""

    NEW = "new"
    KNOWN = "known"
    FILLED = "filled"
    ALREADY = "already"
