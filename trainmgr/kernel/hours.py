"""Class hours (学时) and minutes: the one place that turns one into the other (docs/decisions/0014).

A class hour is what plans, timetables and ledgers count in. On a clock it lasts a programme's unit at school (45
minutes unless the programme decides otherwise) and an hour at work. The ledger of logs keeps sixty parts of
a class hour, wherever it was spent, so that quarters stay whole and planned, submitted and verified hours are the
same thing.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

HOUR = 60  # minutes of an hour on a clock
DAY = 24 * HOUR
LEDGER = 60  # parts of a class hour in the ledger of logs
UNIT = 45  # minutes of a class hour at school, unless a programme decides otherwise


def ledger_minutes(class_hours: int | Decimal) -> int:
    """Return what class hours are in the ledger: 8 are 480, a quarter is 15."""
    return int(class_hours * LEDGER)


def ledger_hours(minutes: int | None) -> float:
    """Return how many class hours the ledger holds: 480 are 8, 450 are 7.5; nothing is 0."""
    return (minutes or 0) / LEDGER


def lesson_minutes(units: int, unit: int = UNIT) -> int:
    """Return how long class hours last on a clock at school: 2 of 45 minutes are 90."""
    return units * unit


def clock_minutes(at_school: int, at_work: int = 0, unit: int = UNIT) -> int:
    """Return how long class hours last on a clock: those at school by the unit, those at work an hour each."""
    return lesson_minutes(at_school, unit) + at_work * HOUR


def clock_hours(minutes: int) -> float:
    """Return minutes on a clock as hours: 90 are 1.5."""
    return minutes / HOUR


def left_of_a_day(taken: Iterable[int]) -> int:
    """Return what is left of a day beside what was taken of it, in the ledger's parts, never below 0."""
    return max(0, DAY - sum(taken))
