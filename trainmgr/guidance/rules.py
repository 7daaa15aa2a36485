"""Counsellors, points and awards: who counts for whom, how points add up, when a giver has given enough."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trainmgr.kernel.msgids import N_
from trainmgr.programs.rules import Side

MOST_GUIDED = 60  # trainees of one counsellor, unless a programme decides otherwise
WEEKLY_FOR_ONE = 10  # points that one giver gives one trainee in a week
WEEKLY_FOR_ALL = 200  # points that one giver gives in a week
MOST_POINTS = 20  # points of one entry, up or down
TOP = 10  # people of a ranking


class Ranking(enum.StrEnum):
    """What trainees see of others' points: nothing, or the first ten of those who agreed to be shown."""

    OWN = "own"
    TOP = "top"


class Aspect(enum.StrEnum):
    """What a reason for points is about."""

    CONDUCT = "conduct"
    VALUES = "values"
    DILIGENCE = "diligence"
    SKILL = "skill"
    TEAMWORK = "teamwork"
    SAFETY = "safety"


class AwardKind(enum.StrEnum):
    """What an award is."""

    SCHOLARSHIP = "scholarship"
    TITLE = "title"
    PRIZE = "prize"


@dataclass(frozen=True)
class Entry:
    """One entry of points: a reason of one side, or the counter-entry that cancels one (`cancels` names it)."""

    id: int
    side: Side
    points: int
    cancels: int | None = None


@dataclass(frozen=True)
class Balance:
    """Points of both levels, kept apart and added."""

    college: int = 0
    enterprise: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.college + self.enterprise


def balance(entries: Iterable[Entry]) -> Balance:
    """Add entries up by side; a counter-entry carries the opposite of what it cancels, so both vanish."""
    sums = dict.fromkeys(Side, 0)
    for one in entries:
        sums[one.side] += one.points
    return Balance(sums[Side.COLLEGE], sums[Side.ENTERPRISE])


def counter(points: int) -> int:
    """Return the points of the entry that cancels one."""
    return -points


def entry_fault(points: int, for_one: int, for_all: int, most_one: int, most_all: int) -> str | None:
    """Return the msgid of why points cannot be given: too many for one trainee or in all this week; None when fine.

    `for_one` and `for_all` are the points, up or down, that the giver gave this week already.
    """
    size = abs(points)
    if size == 0 or size > MOST_POINTS:
        return N_("From 1 to 20 points, up or down.")
    if for_one + size > most_one:
        return N_("That is more than one giver may give one trainee in a week.")
    if for_all + size > most_all:
        return N_("That is more than one giver may give in a week.")
    return None


def week_begins(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


# --- counsellors -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Naming:
    """A counsellor named for a class or for one trainee, from a day, until a day (not included) or for good."""

    user_id: int
    side: Side
    since: date
    until: date | None = None
    cohort_id: int | None = None
    enrolment_id: int | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def counsellor_of(
    namings: Sequence[Naming], side: Side, enrolment_id: int, cohort_id: int | None, day: date
) -> int | None:
    """Return who counsels a trainee on a side: named for the trainee, else for the class; None for nobody."""
    fitting = [one for one in namings if one.side is side and one.holds_on(day)]
    own = [one.user_id for one in fitting if one.enrolment_id == enrolment_id]
    of_class = [one.user_id for one in fitting if cohort_id is not None and one.cohort_id == cohort_id]
    return next(iter(own + of_class), None)


def over_load(loads: Mapping[int, int], most: int) -> list[int]:
    """Return whose load is above the programme's limit: a warning, never a refusal."""
    return sorted(user_id for user_id, load in loads.items() if load > most)
