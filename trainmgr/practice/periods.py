"""What days a log covers, until when it is taken, which days are asked for: pure decisions over dates and minutes."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trainmgr.kernel.hours import DAY, LEDGER
from trainmgr.kernel.msgids import N_
from trainmgr.pathways.schema import LogFrequency

WEEK = 7
BACK_DAYS = 7
DAY_LIMIT = 12 * LEDGER
SPOT_PERCENT = 5
MOST_BACK = 60
NOTICE_DAYS = 2  # a week is asked for from its Friday on


class LogKind(enum.StrEnum):
    """A log tells of days of practice, or it is a case written up in five parts."""

    PRACTICE = "practice"
    CASE = "case"


@dataclass(frozen=True)
class Terms:
    """How a programme keeps logs: how often, days after a period's end in which it is taken, minutes of a usual day.

    `spot_percent` of the logs that a mentor was handed in a week are drawn for a spot check. `version` 0: as the
    pathway says.
    """

    frequency: LogFrequency = LogFrequency.WEEKLY
    back_days: int = BACK_DAYS
    day_limit: int = DAY_LIMIT
    spot_percent: int = SPOT_PERCENT
    version: int = 0

    @property
    def is_weekly(self) -> bool:
        """Whether one log covers a week."""
        return self.frequency is LogFrequency.WEEKLY


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def days_of_week(day: date) -> list[date]:
    """Return the seven days of a day's week, Monday first."""
    first = monday_of(day)
    return [first + timedelta(days=number) for number in range(WEEK)]


# --- what one log covers ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Covered:
    """The days of one log: from the first to the last with work, and the minutes of each day between."""

    first: date
    minutes: tuple[int, ...]

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=len(self.minutes) - 1)

    @property
    def total(self) -> int:
        """All minutes."""
        return sum(self.minutes)

    def worked(self) -> Iterator[tuple[date, int]]:
        """Yield the days with work and their minutes."""
        for number, minutes in enumerate(self.minutes):
            if minutes:
                yield self.first + timedelta(days=number), minutes


def covered(day: date, minutes: int, day_minutes: Sequence[int] | None) -> Covered:
    """Return what a stored log covers; one without minutes by day is of its one day."""
    return Covered(day, tuple(day_minutes) if day_minutes else (minutes,))


def cover_week(day: date, minutes: Sequence[int]) -> Covered:
    """Return what seven numbers of minutes, Monday first, cover in a day's week; nothing at all is its Monday."""
    days = days_of_week(day)
    worked = [number for number, amount in enumerate(minutes) if amount]
    if not worked:
        return Covered(days[0], (0,))
    first, last = worked[0], worked[-1]
    return Covered(days[first], tuple(minutes[first : last + 1]))


def by_day(logs: Iterable[Covered]) -> dict[date, int]:
    """Add up the minutes of several logs by day."""
    found: dict[date, int] = {}
    for log in logs:
        for day, minutes in log.worked():
            found[day] = found.get(day, 0) + minutes
    return found


def doubled_days(new: Covered, others: Iterable[Covered]) -> list[date]:
    """Return the days with work of a new log that another one tells of already."""
    taken = by_day(others)
    return [day for day, _minutes in new.worked() if day in taken]


def overfull_days(new: Covered, others: Iterable[Covered], most: int) -> list[tuple[date, int]]:
    """Return the days that would pass a number of minutes, each with what was taken before."""
    taken = by_day(others)
    return [(day, taken.get(day, 0)) for day, minutes in new.worked() if minutes + taken.get(day, 0) > most]


# --- until when ------------------------------------------------------------------------------------


def period_of(day: date, frequency: LogFrequency) -> tuple[date, date]:
    """Return the first and the last day of the period that a day belongs to: its week, or the day itself."""
    if frequency is LogFrequency.DAILY:
        return day, day
    first = monday_of(day)
    return first, first + timedelta(days=WEEK - 1)


def open_until(day: date, terms: Terms) -> date:
    """Return the last day on which a log of a day is taken: some days after the end of its period."""
    return period_of(day, terms.frequency)[1] + timedelta(days=terms.back_days)


def late_days(log: Covered, terms: Terms, today: date, opened: Collection[date] = ()) -> list[date]:
    """Return the days with work of a log for which it comes too late and that nobody has opened again."""
    return [day for day, _m in log.worked() if day not in opened and open_until(day, terms) < today]


# --- what is asked for -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A period for which a log is asked: until when it is taken."""

    first: date
    last: date
    until: date


def asked_periods(terms: Terms, today: date) -> list[Asked]:
    """Return the periods that may be asked for today, the oldest first: a week from its Friday on, a day on itself."""
    step = 1 if terms.frequency is LogFrequency.DAILY else WEEK
    notice = 0 if terms.frequency is LogFrequency.DAILY else NOTICE_DAYS
    first, last = period_of(today, terms.frequency)
    found = []
    while (until := last + timedelta(days=terms.back_days)) >= today:
        if last - timedelta(days=notice) <= today:
            found.append(Asked(first, last, until))
        first, last = first - timedelta(days=step), last - timedelta(days=step)
    return found[::-1]


def still_open(
    periods: Sequence[Asked],
    *,
    told: Collection[date],
    away: Collection[date],
    working: Collection[date],
    first: date,
    last: date,
) -> list[Asked]:
    """Return the periods in which a trainee has a working day of which nothing was told.

    `told` are days with a log, `away` days on leave, `working` the days on which people work at all; the training
    lasts from `first` to `last`. A period with any log counts as told of.
    """
    found = []
    for period in periods:
        days = [
            period.first + timedelta(days=number)
            for number in range((period.last - period.first).days + 1)
        ]  # fmt: skip
        if any(day in told for day in days):
            continue
        if any(day in working and day not in away and first <= day <= last for day in days):
            found.append(period)
    return found


def fault_of_terms(back_days: int, day_limit: int, spot_percent: int) -> tuple[str, str] | None:
    """Return which figure of a programme's terms cannot hold and the msgid of why, or None."""
    if not 0 <= back_days <= MOST_BACK:
        return "back_days", N_("From 0 to 60 days.")
    if not LEDGER <= day_limit <= DAY:
        return "day_limit", N_("From 1 to 24 hours.")
    if not 0 <= spot_percent <= 100:
        return "spot_percent", N_("From 0 to 100 percent.")
    return None
