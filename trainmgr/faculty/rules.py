"""What a teacher's or master's profile says, which grade it reaches, when its qualifications end: pure decisions."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

# Days before a qualification ends from which it stands in the inbox.
WARNED_DAYS = 90
LOWEST, HIGHEST = 1, 5


class DualLevel(enum.StrEnum):
    """The level of a dual-qualification (双师型) teacher."""

    JUNIOR = "junior"
    MIDDLE = "middle"
    SENIOR = "senior"


class Dimension(enum.StrEnum):
    """The three dimensions in which teachers are rated: 教学实施力, 技术应用力, 社会服务力."""

    TEACHING = "teaching"
    TECHNOLOGY = "technology"
    SERVICE = "service"


class Grade(enum.StrEnum):
    """The four grades of a teacher's growth, from the first to the last."""

    NEW = "new"
    QUALIFIED = "qualified"
    BACKBONE = "backbone"
    MASTER = "master"


class EntryState(enum.StrEnum):
    """What became of an entry in the practice ledger; only confirmed ones count."""

    ENTERED = "entered"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Confirmed(enum.StrEnum):
    """How an entry was confirmed: by the enterprise itself here, or by staff from its paper."""

    ENTERPRISE = "enterprise"
    PAPER = "paper"


class DayPart(enum.StrEnum):
    """The parts of a day in which somebody is available."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


# The timetable's units (1 to 12) of each part of a day.
UNITS: dict[DayPart, tuple[int, ...]] = {
    DayPart.MORNING: (1, 2, 3, 4),
    DayPart.AFTERNOON: (5, 6, 7, 8),
    DayPart.EVENING: (9, 10, 11, 12),
}
DUAL_ORDER = list(DualLevel)
GRADES = list(Grade)


def units_of(parts: Iterable[str]) -> dict[str, list[int]]:
    """Return the units of each weekday ("1" to "7") that parts such as "1-morning" name; nonsense is left out."""
    found: dict[str, list[int]] = {}
    for text in parts:
        weekday, _, part = text.partition("-")
        if weekday in set("1234567") and part in set(DayPart):
            found.setdefault(weekday, []).extend(UNITS[DayPart(part)])
    return {weekday: sorted(set(units)) for weekday, units in sorted(found.items())}


def parts_of(working_time: Mapping[str, Iterable[int]]) -> list[str]:
    """Return the parts of days whose units are all among the working time."""
    return [
        f"{weekday}-{part}"
        for weekday, units in sorted(working_time.items())
        for part in DayPart
        if set(UNITS[part]) <= set(units)
    ]


# --- qualifications -----------------------------------------------------------------------------


def binding_until(held: Iterable[tuple[str, date | None]]) -> date | None:
    """Return the day on which the first of the needed qualifications ends; None when none ends.

    `held` are the name and the last day (None: unlimited) of each; a renewal has the same name and the later day.
    """
    latest: dict[str, date] = {}
    for name, until in held:
        latest[name] = max(latest.get(name, date.min), until or date.max)
    first = min(latest.values(), default=date.max)
    return None if first == date.max else first


def warned_from(until: date) -> date:
    """Return the day from which it is told that a qualification ends."""
    return until - timedelta(days=WARNED_DAYS)


# --- grades -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Needs:
    """What a grade asks for at least; 0 and None ask nothing.

    `years` of work as a teacher or master; `practice_days` at enterprises in the window of the ledger; `rating` the
    lowest of the three dimensions, 1 to 5; `courses` led; valid `qualifications`; `tutored` trainees.
    """

    years: int = 0
    practice_days: int = 0
    rating: int = 0
    courses: int = 0
    qualifications: int = 0
    tutored: int = 0
    dual: DualLevel | None = None


@dataclass(frozen=True)
class Record:
    """What somebody has; in the units of Needs. `rating` is 0 for nobody rated yet."""

    years: int = 0
    practice_days: int = 0
    rating: int = 0
    courses: int = 0
    qualifications: int = 0
    tutored: int = 0
    dual: DualLevel | None = None


COUNTED = ("years", "practice_days", "rating", "courses", "qualifications", "tutored")

# The defaults of the house; a college sets its own (docs/decisions/0024).
DEFAULT_NEEDS: dict[Grade, Needs] = {
    Grade.QUALIFIED: Needs(years=1, practice_days=30, rating=3, courses=1, qualifications=1),
    Grade.BACKBONE: Needs(
        years=5, practice_days=180, rating=4, courses=2, qualifications=2, tutored=5, dual=DualLevel.MIDDLE
    ),
    Grade.MASTER: Needs(
        years=10, practice_days=180, rating=5, courses=3, qualifications=2, tutored=15, dual=DualLevel.SENIOR
    ),
}


@dataclass(frozen=True)
class Lack:
    """One thing that a grade asks for: what there is, what is asked."""

    key: str
    have: int
    want: int

    @property
    def missing(self) -> int:
        """How much is missing; 0 when it is reached."""
        return max(0, self.want - self.have)


def next_grade(grade: Grade) -> Grade | None:
    """Return the grade after one, or None after the last."""
    place = GRADES.index(grade) + 1
    return GRADES[place] if place < len(GRADES) else None


def dual_rank(level: DualLevel | None) -> int:
    """Return a level as a number: 0 for none, 1 to 3."""
    return 0 if level is None else DUAL_ORDER.index(level) + 1


def compared(record: Record, needs: Needs) -> list[Lack]:
    """Return everything that a grade asks for with what there is; what is not asked is left out."""
    lines = [Lack(key, getattr(record, key), getattr(needs, key)) for key in COUNTED]
    lines.append(Lack("dual", dual_rank(record.dual), dual_rank(needs.dual)))
    return [line for line in lines if line.want]


def lacking(record: Record, needs: Needs) -> list[Lack]:
    """Return what a grade asks for and is not there."""
    return [line for line in compared(record, needs) if line.missing]


def whole_years(since: date, on: date) -> int:
    """Return the whole years from a day to another; 0 when the first lies later."""
    years = on.year - since.year - ((on.month, on.day) < (since.month, since.day))
    return max(0, years)
