"""What a timetable is made of: the units of a day, where things clash, which weeks a repetition takes."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

UNITS = 12  # numbered places of a day, the same in every programme; see docs/decisions/0011-units-occupied.md
MOST_WEEKS = 40
# When units begin where a house has not said otherwise.
STARTS = (
    "08:00",
    "08:50",
    "09:50",
    "10:40",
    "14:00",
    "14:50",
    "15:50",
    "16:40",
    "19:00",
    "19:50",
    "20:40",
    "21:30",
)


class SessionState(enum.StrEnum):
    """A session takes place, or was called off; one that was called off stays visible and occupies nothing."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


class DayKind(enum.StrEnum):
    """What the country's calendar says of a day."""

    WORKDAY = "workday"
    MOVED_WORKDAY = "moved_workday"  # a Saturday or Sunday worked in exchange for a day off (调休)
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


class Resource(enum.StrEnum):
    """What can be in one place only at a time."""

    COHORT = "cohort"
    TEACHER = "teacher"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of units on one day."""

    day: date
    first_unit: int
    units: int

    @property
    def last_unit(self) -> int:
        """The last unit of the stretch."""
        return self.first_unit + self.units - 1

    @property
    def numbers(self) -> range:
        """The units one by one."""
        return range(self.first_unit, self.last_unit + 1)

    @property
    def fits(self) -> bool:
        """Whether the stretch lies within a day's units."""
        return self.first_unit >= 1 and self.units >= 1 and self.last_unit <= UNITS

    def meets(self, other: Slot) -> bool:
        """Tell whether two stretches share a unit."""
        return (
            self.day == other.day
            and self.first_unit <= other.last_unit
            and other.first_unit <= self.last_unit
        )


def bell(text: str) -> time | None:
    """Return the time of day in a text such as 08:50 or 8：5; None when it is none."""
    hours, colon, minutes = text.strip().replace("：", ":").partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(hours) < 3 and len(minutes) < 3):
        return None
    return time(int(hours), int(minutes)) if int(hours) < 24 and int(minutes) < 60 else None


def faulty_bells(texts: Sequence[str]) -> list[int]:
    """Return the units whose beginning is no time of day, or not later than the one before: 1 to 12."""
    faults, last = [], time.min
    for unit, text in enumerate(texts, start=1):
        begins = bell(text)
        if begins is None or (unit > 1 and begins <= last):
            faults.append(unit)
        else:
            last = begins
    return faults


def on_the_clock(slot: Slot, starts: Sequence[str], minutes: int) -> tuple[datetime, datetime]:
    """Return when a stretch of units begins and ends, in local time without a zone.

    `starts` are the beginnings of the twelve units, `minutes` how long a unit lasts; it ends with its last unit.
    """
    first, last = bell(starts[slot.first_unit - 1]), bell(starts[slot.last_unit - 1])
    assert first is not None
    assert last is not None
    begins = datetime.combine(slot.day, first)
    return begins, datetime.combine(slot.day, last) + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Booking:
    """Who and what a session occupies while it lasts; a session without a room occupies none."""

    slot: Slot
    cohort_id: int
    teacher_id: int
    room_id: int | None = None
    session_id: int | None = None

    def keys(self) -> dict[Resource, int]:
        """Return what is occupied."""
        taken = {Resource.COHORT: self.cohort_id, Resource.TEACHER: self.teacher_id}
        return taken | ({Resource.ROOM: self.room_id} if self.room_id is not None else {})


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing that two sessions want at the same time; `with_id` is the session that has it."""

    resource: Resource
    with_id: int | None
    slot: Slot


def clashes(wanted: Booking, taken: Iterable[Booking]) -> list[Clash]:
    """Return what a booking wants that others have: class before teacher before room, a session never with itself."""
    found = [
        Clash(resource, other.session_id, other.slot)
        for other in taken
        if wanted.slot.meets(other.slot)
        and (wanted.session_id is None or other.session_id != wanted.session_id)
        for resource, key in wanted.keys().items()
        if other.keys().get(resource) == key
    ]
    return sorted(found, key=lambda clash: (list(Resource).index(clash.resource), clash.slot.first_unit))


def weekly(first: date, weeks: int) -> list[date]:
    """Return the same weekday in so many weeks, the first day among them."""
    return [first + timedelta(weeks=number) for number in range(weeks)]


def week_of(day: date) -> list[date]:
    """Return the seven days of a day's week, Monday first."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def month_of(day: date) -> list[list[date]]:
    """Return the weeks that a day's month touches, Monday first."""
    first = day.replace(day=1)
    weeks = [week_of(first)]
    while (monday := weeks[-1][-1] + timedelta(days=1)).month == first.month:
        weeks.append(week_of(monday))
    return weeks


def missing_units(planned: int, timetabled: int) -> int:
    """Return how many of a module's hours stand in no timetable yet; more than planned is never less than none."""
    return max(0, planned - timetabled)


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a weekly grid: what begins there (None: free) over how many rows."""

    session_id: int | None
    rows: int = 1


def grid(days: Sequence[date], slots: Mapping[int, Slot], last: int = UNITS) -> list[list[Cell | None]]:
    """Return a grid of units × days; a place that a session above covers is None.

    Of sessions at the same place (a week of several classes) only the first stands in the grid.
    """
    covered: dict[tuple[date, int], int] = {}
    for session_id, slot in sorted(
        slots.items(), key=lambda item: (item[1].day, item[1].first_unit, item[0])
    ):
        if not any((slot.day, unit) in covered for unit in slot.numbers):
            covered |= {(slot.day, unit): session_id for unit in slot.numbers}
    rows: list[list[Cell | None]] = []
    for unit in range(1, last + 1):
        row: list[Cell | None] = []
        for day in days:
            here = covered.get((day, unit))
            if here is None:
                row.append(Cell(None))
            elif slots[here].first_unit == unit:
                row.append(Cell(here, min(slots[here].last_unit, last) - unit + 1))
            else:
                row.append(None)
        rows.append(row)
    return rows
