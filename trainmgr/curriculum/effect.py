"""From which day an edition of the plan holds, and until when: pure values, days as people see them."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


class DayFault(enum.StrEnum):
    """Why an amendment cannot take effect on a day."""

    PAST = "past"
    AFTER_THE_END = "after_the_end"
    BEFORE_ITS_BASE = "before_its_base"


def day_fault(
    day: date | None, *, today: date, ends_on: date | None = None, base_from: date | None = None
) -> DayFault | None:
    """Return what is wrong with the day that an amendment names; None for a day that can be, or no day at all.

    `ends_on` is the programme's last day, `base_from` the first day of the edition that it amends.
    """
    if day is None:
        return None
    if day < today:
        return DayFault.PAST
    if ends_on is not None and day > ends_on:
        return DayFault.AFTER_THE_END
    if base_from is not None and day < base_from:
        return DayFault.BEFORE_ITS_BASE
    return None


def first_day(asked: date | None, *, signed_on: date, base_from: date | None = None) -> date:
    """Return the day from which an amendment holds: the one that it names, else that of the second signature.

    It never holds before the edition that it amends.
    """
    return max(day for day in (asked or signed_on, signed_on, base_from) if day is not None)


@dataclass(frozen=True)
class Period:
    """From when to when an edition holds, both days included; None is open (from the beginning, until further)."""

    first: date | None = None
    last: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it never held: the next one took effect on the same day."""
        return self.first is not None and self.last is not None and self.last < self.first


def periods(first_days: Sequence[tuple[int, date | None]]) -> Mapping[int, Period]:
    """Return the period of each signed edition, given (number, first day) of all in the order of their numbers."""
    found: dict[int, Period] = {}
    for place, (number, first) in enumerate(first_days):
        after = first_days[place + 1][1] if place + 1 < len(first_days) else None
        found[number] = Period(first, after - timedelta(days=1) if after else None)
    return found
