"""How days at enterprises add up: against counting day by day, over leap years, at the edges of the window."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.faculty.ledger import (
    EVERY_DAY,
    Limits,
    Spell,
    can_still_be_met,
    days_between,
    runs_of,
    standing,
    window_start,
    years_after,
    years_before,
)

days = st.dates(date(2018, 1, 1), date(2028, 12, 31))
weekdays = st.one_of(st.just(EVERY_DAY), st.frozensets(st.integers(1, 7), min_size=1))
ON = date(2026, 11, 20)


@st.composite
def spells(draw):
    first = draw(days)
    return Spell(first, first + timedelta(days=draw(st.integers(0, 400))), draw(weekdays))


def days_of(spell):
    """Count by hand: each day of a spell on one of its weekdays."""
    span = (spell.last - spell.first).days + 1
    each = (spell.first + timedelta(days=number) for number in range(span))
    return {day for day in each if day.isoweekday() in spell.weekdays}


@given(st.lists(spells(), max_size=5), days, st.integers(0, 2000))
def test_a_day_counts_once_however_many_stays_hold_it(stays, first, length):
    last = first + timedelta(days=length)

    counted = days_between(runs_of(stays), first, last)

    everyday = set().union(*(days_of(one) for one in stays)) if stays else set()
    assert counted == sum(first <= day <= last for day in everyday)


@given(st.lists(spells(), max_size=5))
def test_runs_neither_touch_nor_overlap_and_keep_their_order(stays):
    runs = runs_of(stays)

    assert all(first <= last for first, last in runs)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(runs))


@given(days, st.integers(1, 10))
def test_the_window_has_whole_years(on, years):
    start = window_start(on, years)

    assert start == years_before(on, years) + timedelta(days=1)
    assert 365 * years <= (on - start).days + 1 <= 365 * years + years // 4 + 2


@given(st.lists(spells(), min_size=1, max_size=4), days)
def test_what_is_kept_holds_until_the_day_that_is_told_and_no_longer(stays, on):
    runs = [run for run in runs_of(stays) if run[1] <= on.toordinal()]
    limits = Limits(days_a_year=0, days_in_window=60, window_years=5)
    where = standing(runs, limits, on)
    if where.window_missing:
        assert where.holds_until is None
        return

    still = standing(runs, limits, where.holds_until)
    after = standing(runs, limits, where.holds_until + timedelta(days=1))

    assert where.holds_until >= on
    assert still.window_missing == 0
    assert after.window_missing > 0


@pytest.mark.parametrize(
    ("day", "years", "before", "after"),
    [
        (date(2024, 2, 29), 1, date(2023, 2, 28), date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2020, 2, 29), date(2028, 2, 29)),
        (date(2026, 11, 20), 5, date(2021, 11, 20), date(2031, 11, 20)),
    ],
)
def test_the_29th_of_february_has_a_day_in_every_year(day, years, before, after):
    assert (years_before(day, years), years_after(day, years)) == (before, after)


def stay(first, days):
    return Spell(first, first + timedelta(days=days - 1))


@pytest.mark.parametrize(("days", "missing"), [(0, 90), (1, 89), (89, 1), (90, 0), (120, 0)])
def test_the_calendar_year_asks_three_months_of_thirty_days(days, missing):
    runs = runs_of([stay(date(2026, 3, 1), days)]) if days else []

    where = standing(runs, Limits(), ON)

    assert (where.year_days, where.year_missing, where.year_by) == (days, missing, date(2026, 12, 31))


def test_days_after_the_day_asked_for_do_not_count_yet():
    where = standing(runs_of([stay(ON, 100)]), Limits(), ON)

    assert (where.year_days, where.window_days) == (1, 1)


@pytest.mark.parametrize(
    ("first", "counted"),
    [
        (date(2021, 11, 21), 10),  # the first day of the window
        (date(2021, 11, 16), 5),  # half before it
        (date(2021, 11, 11), 0),  # all before it
    ],
)
def test_the_five_years_slide_day_by_day(first, counted):
    assert standing(runs_of([stay(first, 10)]), Limits(), ON).window_days == counted


@pytest.mark.parametrize(
    ("since", "by", "late"),
    [
        (None, ON, True),  # long in service: overdue
        (date(2015, 9, 1), date(2020, 8, 31), True),
        (date(2024, 9, 1), date(2029, 8, 31), False),  # new: five years from the beginning
        (date(2021, 11, 21), date(2026, 11, 20), True),  # the last day is today
    ],
)
def test_the_missing_months_are_due_five_years_after_the_beginning(since, by, late):
    where = standing([], Limits(), ON, since)

    assert (where.window_missing, where.window_by, where.window_late) == (180, by, late)


@pytest.mark.parametrize(
    ("since", "missing"), [(date(2026, 1, 1), 90), (date(2026, 1, 2), 0), (date(2025, 9, 1), 90)]
)
def test_the_year_of_entering_service_is_not_asked_unless_whole(since, missing):
    assert standing([], Limits(), ON, since).year_missing == missing


def test_a_year_that_is_nearly_over_can_no_longer_be_met():
    short, long = standing(runs_of([stay(date(2026, 3, 1), 60)]), Limits(), ON), standing([], Limits(), ON)

    assert can_still_be_met(short, ON)  # 30 missing, 41 days left
    assert not can_still_be_met(long, ON)


def test_a_stay_on_single_weekdays_counts_those_days_only():
    tuesdays = Spell(date(2026, 9, 1), date(2026, 9, 30), frozenset({2}))

    assert runs_of([tuesdays]) == [(date(2026, 9, number).toordinal(),) * 2 for number in (1, 8, 15, 22, 29)]
