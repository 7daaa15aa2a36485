"""The country's holidays and moved working days (调休), as far as the calendar library knows a year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import chinese_calendar

from trainmgr.timetable.rules import DayKind

_FIRST = min(chinese_calendar.holidays).year
_LAST = max(chinese_calendar.holidays).year


@dataclass(frozen=True)
class CountryDay:
    """A day as the country's calendar has it, with the holiday's name in both languages."""

    kind: DayKind
    name: str = ""
    name_en: str = ""

    @property
    def is_teaching(self) -> bool:
        """Whether people work and learn on that day."""
        return self.kind in (DayKind.WORKDAY, DayKind.MOVED_WORKDAY)


def country_day(day: date) -> CountryDay:
    """Return what a day is; in a year that the library does not know only weekends are known."""
    if not is_known(day.year):
        return CountryDay(DayKind.WEEKEND if day.weekday() > 4 else DayKind.WORKDAY)
    is_off, name = chinese_calendar.get_holiday_detail(day)
    if name:
        kind = DayKind.HOLIDAY if is_off else DayKind.MOVED_WORKDAY
        return CountryDay(kind, chinese_calendar.Holiday(name).chinese, name)
    return CountryDay(DayKind.WEEKEND if is_off else DayKind.WORKDAY)


def is_known(year: int) -> bool:
    """Tell whether the library holds a year's holidays."""
    return _FIRST <= year <= _LAST


def unknown_years(days: Iterable[date]) -> list[int]:
    """Return the years among some days for which only weekends are known."""
    return sorted({day.year for day in days if not is_known(day.year)})
