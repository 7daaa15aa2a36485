"""Who was there: the four states, when somebody is late, what leave does, how a rate is counted."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LATE_AFTER = 10  # minutes after the beginning from which a scan is late, unless a programme decides otherwise
EXCUSE_WITHIN = (
    3  # days after an absence in which it can still be explained, unless a programme decides otherwise
)
OPENS_BEFORE = timedelta(minutes=15)
LONGEST_LEAVE = 90  # days of one request


class Mark(enum.StrEnum):
    """How somebody stands in a session or on a day of work."""

    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"


class Source(enum.StrEnum):
    """How a mark came about."""

    CODE = "code"  # the trainee scanned or typed the code on the screen
    HAND = "hand"
    SHEET = "sheet"
    LINK = "link"  # a mentor without an account, by a personal link
    LEAVE = "leave"  # leave that was granted
    CLOSING = "closing"  # nothing was noted when the session was closed


class LeaveKind(enum.StrEnum):
    """Why somebody asks to be excused."""

    SICK = "sick"
    PERSONAL = "personal"
    OFFICIAL = "official"


class LeaveState(enum.StrEnum):
    """What became of a request to be excused."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Rate:
    """Sessions and days attended of those expected; the excused count on neither side."""

    present: int = 0
    late: int = 0
    excused: int = 0
    absent: int = 0

    @property
    def attended(self) -> int:
        """The numerator: present or late."""
        return self.present + self.late

    @property
    def expected(self) -> int:
        """The denominator: present, late or absent."""
        return self.attended + self.absent

    @property
    def noted(self) -> int:
        """Everything that was noted, the excused too."""
        return self.expected + self.excused

    @property
    def share(self) -> float | None:
        """Attended over expected, 0 to 1; None while nothing was expected, never 1."""
        return self.attended / self.expected if self.expected else None

    def __add__(self, other: Rate) -> Rate:
        return Rate(
            self.present + other.present,
            self.late + other.late,
            self.excused + other.excused,
            self.absent + other.absent,
        )


def rate_of(marks: Iterable[Mark]) -> Rate:
    """Count marks."""
    counts = dict.fromkeys(Mark, 0)
    for mark in marks:
        counts[mark] += 1
    return Rate(**{mark.value: number for mark, number in counts.items()})


def add_up(rates: Iterable[Rate]) -> Rate:
    """Add rates: the rate of a class is that of all its marks, never the mean of its people's rates."""
    return sum(rates, Rate())


def on_arrival(now: datetime, begins: datetime, late_after: int) -> Mark:
    """Return how somebody stands who comes in now: late when more than so many minutes have gone."""
    return Mark.LATE if now > begins + timedelta(minutes=late_after) else Mark.PRESENT


def takes_codes(now: datetime, begins: datetime, ends: datetime) -> bool:
    """Tell whether a session takes codes: from a quarter of an hour before it begins until it ends."""
    return begins - OPENS_BEFORE <= now < ends


def at_closing(is_excused: bool) -> Mark:
    """Return how somebody stands of whom nothing was noted when the session was closed."""
    return Mark.EXCUSED if is_excused else Mark.ABSENT


def with_leave(mark: Mark) -> Mark:
    """Return what leave granted afterwards makes of a mark: an absence is excused, whoever came stays who came."""
    return Mark.EXCUSED if mark is Mark.ABSENT else mark


def may_still_ask(last_day: date, today: date, within: int) -> bool:
    """Tell whether an absence up to a day can still be explained; what is to come always can."""
    return today <= last_day + timedelta(days=within)


def days_of(starts_on: date, ends_on: date) -> list[date]:
    """Return the days from one to another, both counted."""
    return [starts_on + timedelta(days=number) for number in range((ends_on - starts_on).days + 1)]


@dataclass(frozen=True, slots=True)
class Cell:
    """What somebody wants noted of a trainee, and what stood there when they looked (None: nothing)."""

    wanted: Mark | None
    seen: Mark | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a grid that was sent writes, and whom somebody else has noted otherwise meanwhile."""

    changes: dict[int, Mark]
    conflicts: dict[int, Mark]


def plan_of(cells: Mapping[int, Cell], present: Mapping[int, Mark], rest: Mark | None = None) -> Plan:
    """Compare a grid with what stands now: only what was changed is written, nothing of others is lost.

    `rest` is noted of everyone of whom nothing was noted or wanted. A cell that somebody else changed meanwhile is a
    conflict unless both mean the same; one that was left as it was seen stays as the other wrote it.
    """
    changes: dict[int, Mark] = {}
    conflicts: dict[int, Mark] = {}
    for key, cell in cells.items():
        now = present.get(key)
        wanted = rest if cell.wanted is None and now is None else cell.wanted
        if wanted is None or wanted is now or (wanted is cell.seen):
            continue
        if now is not cell.seen and now is not None:
            conflicts[key] = now
        else:
            changes[key] = wanted
    return Plan(changes, conflicts)
