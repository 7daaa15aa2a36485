"""How days at enterprises add up: overlaps once, a calendar year and a sliding window of years, pure.

Two rules are kept to (docs/decisions/0024): at least three months in each calendar year, and at least six months in
any five years. A month counts as 30 days, so 90 days a year and 180 in the window unless a college sets other figures.
A day is a calendar day within an entry on one of its weekdays; one day counts once, however many entries hold it.
Days are also handled as ordinals (date.toordinal()), so that a database adds them up without knowing dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

EVERY_DAY = frozenset(range(1, 8))
Run = tuple[int, int]


@dataclass(frozen=True)
class Spell:
    """One stay at an enterprise: first and last day, and on which weekdays (1 Monday to 7 Sunday)."""

    first: date
    last: date
    weekdays: frozenset[int] = EVERY_DAY


@dataclass(frozen=True)
class Limits:
    """What is asked, in days: in a calendar year, and in a window of some years."""

    days_a_year: int = 90
    days_in_window: int = 180
    window_years: int = 5


def runs_of(spells: Iterable[Spell]) -> list[Run]:
    """Return the days of all spells as runs (first and last ordinal) that neither touch nor overlap, in order."""
    pieces = sorted(piece for spell in spells for piece in _pieces(spell))
    merged: list[Run] = []
    for first, last in pieces:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _pieces(spell: Spell) -> Iterable[Run]:
    first, last = spell.first.toordinal(), spell.last.toordinal()
    if spell.weekdays >= EVERY_DAY:
        return [(first, last)] if last >= first else []
    return [(day, day) for day in range(first, last + 1) if (day - 1) % 7 + 1 in spell.weekdays]


def days_between(runs: Iterable[Run], first: date, last: date) -> int:
    """Return how many days of the runs lie from one day to another, both counted."""
    low, high = first.toordinal(), last.toordinal()
    return sum(max(0, min(end, high) - max(begin, low) + 1) for begin, end in runs)


def years_before(day: date, years: int) -> date:
    """Return the same day of an earlier year; the 29th of February becomes the 28th where there is none."""
    return _moved(day, -years)


def years_after(day: date, years: int) -> date:
    """Return the same day of a later year; the 29th of February becomes the 28th where there is none."""
    return _moved(day, years)


def _moved(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def window_start(on: date, years: int) -> date:
    """Return the first day of the window of whole years that ends on a day."""
    return years_before(on, years) + timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """Where somebody stands on a day under both rules.

    `year_missing` is 0 in the calendar year of entering service: the rule asks whole years. `window_by` is the day by
    which the missing days must be there (None when nothing is missing); `window_late` says that it has passed.
    `holds_until` is the last day on which the window rule is still kept without another day of practice.
    """

    year_days: int
    year_missing: int
    year_by: date
    window_days: int
    window_missing: int
    window_by: date | None
    window_late: bool
    holds_until: date | None

    @property
    def is_fulfilled(self) -> bool:
        """Whether both rules are kept."""
        return not self.year_missing and not self.window_missing


def standing(runs: Sequence[Run], limits: Limits, on: date, since: date | None = None) -> Standing:
    """Return where somebody stands on a day; `since` is when service began (None: long ago)."""
    new_year, year_end = date(on.year, 1, 1), date(on.year, 12, 31)
    in_year = days_between(runs, new_year, on)
    asked = since is None or since < new_year or since == new_year
    start = window_start(on, limits.window_years)
    in_window = days_between(runs, start, on)
    missing = max(0, limits.days_in_window - in_window)
    by = years_after(since, limits.window_years) - timedelta(days=1) if since else on
    return Standing(
        year_days=in_year,
        year_missing=max(0, limits.days_a_year - in_year) if asked else 0,
        year_by=year_end,
        window_days=in_window,
        window_missing=missing,
        window_by=(max(by, on) if by >= on else by) if missing else None,
        window_late=bool(missing) and by <= on,
        holds_until=None if missing else _holds_until(runs, limits, start, in_window - limits.days_in_window),
    )


def _holds_until(runs: Sequence[Run], limits: Limits, start: date, spare: int) -> date | None:
    """Return the last day before the day that may not leave the window leaves it."""
    left, low = spare + 1, start.toordinal()
    for begin, end in runs:
        begin = max(begin, low)
        if end < begin:
            continue
        if end - begin + 1 >= left:
            day = date.fromordinal(begin + left - 1)
            return _last_with(day, limits.window_years)
        left -= end - begin + 1
    return None  # nothing is asked


def _last_with(day: date, years: int) -> date:
    """Return the last day whose window still holds a day."""
    last = years_after(day, years) + timedelta(days=1)
    while window_start(last, years) > day:
        last -= timedelta(days=1)
    return last


def can_still_be_met(standing: Standing, on: date) -> bool:
    """Tell whether the days that a year lacks still fit into it."""
    return (standing.year_by - on).days >= standing.year_missing
