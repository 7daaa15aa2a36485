"""Which days a log covers, until when it is taken, and which periods are asked for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.periods import (
    Covered,
    Terms,
    asked_periods,
    by_day,
    cover_week,
    covered,
    days_of_week,
    doubled_days,
    fault_of_terms,
    late_days,
    monday_of,
    open_until,
    overfull_days,
    still_open,
)

pytestmark = pytest.mark.once

MONDAY = date(2026, 11, 16)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
WEEKS = st.lists(st.sampled_from((0, 15, 240, 480, 1440)), min_size=7, max_size=7)
WEEKLY, DAILY = Terms(), Terms(LogFrequency.DAILY)


def day(number):
    return MONDAY + timedelta(days=number)


@given(DAYS, WEEKS)
def test_a_week_covers_exactly_the_days_with_hours_and_loses_none(on, minutes):
    span = cover_week(on, minutes)

    worked = {each: amount for each, amount in zip(days_of_week(on), minutes, strict=True) if amount}
    assert dict(span.worked()) == worked
    assert span.total == sum(minutes)
    assert monday_of(span.first) == monday_of(span.last) == monday_of(on)
    if worked:
        assert (span.first, span.last) == (min(worked), max(worked))
        again = covered(span.first, span.total, list(span.minutes) if len(span.minutes) > 1 else None)
        assert again == span


@given(DAYS, WEEKS, DAYS, WEEKS)
def test_two_logs_share_a_day_from_either_side_or_from_neither(one, first, other, second):
    a, b = cover_week(one, first), cover_week(other, second)

    shared = {each for each, _m in a.worked()} & {each for each, _m in b.worked()}
    assert set(doubled_days(a, [b])) == set(doubled_days(b, [a])) == shared
    assert all(by_day([a, b])[each] > by_day([a])[each] for each in shared)


@given(DAYS, WEEKS, WEEKS)
def test_a_day_is_overfull_only_beyond_its_24_hours(on, first, second):
    a, b = cover_week(on, first), cover_week(on, second)

    told = {each for each, _taken in overfull_days(a, [b], 1440)}
    assert told == {each for each, amount in a.worked() if by_day([a, b])[each] > 1440}


@pytest.mark.parametrize(
    ("terms", "of", "until"),
    [
        (WEEKLY, day(0), day(13)),
        (WEEKLY, day(6), day(13)),
        (WEEKLY, day(7), day(20)),
        (DAILY, day(0), day(7)),
        (Terms(back_days=0), day(3), day(6)),
        (Terms(LogFrequency.DAILY, back_days=0), day(3), day(3)),
    ],
)
def test_a_log_is_taken_until_some_days_after_the_end_of_its_period(terms, of, until):
    assert open_until(of, terms) == until
    assert late_days(Covered(of, (60,)), terms, until) == []
    assert late_days(Covered(of, (60,)), terms, until + timedelta(days=1)) == [of]
    assert late_days(Covered(of, (60,)), terms, until + timedelta(days=1), {of}) == []


@pytest.mark.parametrize(
    ("terms", "today", "firsts"),
    [
        (WEEKLY, day(0), [day(-7)]),  # on Monday only last week
        (WEEKLY, day(3), [day(-7)]),
        (WEEKLY, day(4), [day(-7), day(0)]),  # from Friday on this week too
        (Terms(back_days=0), day(3), []),
        (Terms(back_days=0), day(6), [day(0)]),
        (DAILY, day(2), [day(n) for n in range(-5, 3)]),
        (Terms(LogFrequency.DAILY, back_days=0), day(2), [day(2)]),
    ],
)
def test_a_period_is_asked_for_shortly_before_its_end_and_while_it_is_taken(terms, today, firsts):
    assert [each.first for each in asked_periods(terms, today)] == firsts
    assert all(each.until >= today for each in asked_periods(terms, today))


@pytest.mark.parametrize(
    ("told", "away", "first", "asked"),
    [
        ((), (), date.min, [day(-7), day(0)]),
        ((day(-5),), (), date.min, [day(0)]),  # a week with any log is told of
        ((), tuple(day(n) for n in range(-7, -2)), date.min, [day(0)]),  # a week on leave is not asked for
        ((), (day(0),), date.min, [day(-7), day(0)]),  # one day of leave leaves the others
        ((), (), day(2), [day(0)]),  # enrolled on Wednesday of this week
        ((), (), day(5), []),  # enrolled on a Saturday: no working day of this week is left
    ],
)
def test_nothing_is_asked_for_a_week_that_was_told_of_or_in_which_one_was_away(told, away, first, asked):
    periods = asked_periods(WEEKLY, day(4))
    working = {day(n) for n in (*range(-7, -2), *range(5))}

    found = still_open(periods, told=told, away=away, working=working, first=first, last=date.max)

    assert [each.first for each in found] == asked


@given(DAYS, st.sets(DAYS), st.sets(DAYS))
def test_more_leave_and_more_logs_never_ask_for_more(today, told, away):
    working = {today - timedelta(days=n) for n in range(20)}
    bare = still_open(
        asked_periods(WEEKLY, today), told=(), away=(), working=working, first=date.min, last=date.max
    )
    less = still_open(
        asked_periods(WEEKLY, today), told=told, away=away, working=working, first=date.min, last=date.max
    )
    assert set(less) <= set(bare)


@pytest.mark.parametrize(
    ("figures", "name"),
    [((-1, 480, 5), "back_days"), ((61, 480, 5), "back_days"), ((7, 59, 5), "day_limit"), ((7, 1441, 5), "day_limit"),
     ((7, 480, 101), "spot_percent"), ((7, 480, -1), "spot_percent")],
)  # fmt: skip
def test_terms_that_cannot_hold_are_refused_by_name(figures, name):
    fault = fault_of_terms(*figures)
    assert fault is not None
    assert fault[0] == name


def test_usual_terms_hold():
    assert fault_of_terms(7, 720, 5) is None
    assert fault_of_terms(0, 60, 0) is None
