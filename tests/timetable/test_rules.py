from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trainmgr.timetable.holidays import country_day, is_known, unknown_years
from trainmgr.timetable.rules import (
    UNITS,
    Booking,
    DayKind,
    Resource,
    Slot,
    clashes,
    grid,
    missing_units,
    month_of,
    week_of,
    weekly,
)

DAY = date(2026, 11, 23)

slots = st.builds(
    Slot,
    st.sampled_from([DAY, DAY + timedelta(days=1)]),
    st.integers(1, UNITS),
    st.integers(1, 4),
).filter(lambda slot: slot.fits)
bookings = st.builds(
    Booking,
    slots,
    st.integers(1, 2),
    st.integers(1, 2),
    st.one_of(st.none(), st.integers(1, 2)),
    st.integers(1, 9),
)


@given(slots, slots)
def test_two_stretches_meet_exactly_when_they_share_a_unit(one, other):
    shared = {(one.day, unit) for unit in one.numbers} & {(other.day, unit) for unit in other.numbers}
    assert one.meets(other) == bool(shared) == other.meets(one)


@given(bookings, st.lists(bookings, max_size=6))
def test_a_clash_is_what_the_unique_constraints_of_the_database_would_refuse(wanted, taken):
    """One row a unit, unique by class, by teacher and by room, says the same as the rule."""
    rows = {
        (other.slot.day, unit, resource, key)
        for other in taken
        if other.session_id != wanted.session_id
        for unit in other.slot.numbers
        for resource, key in other.keys().items()
    }
    refused = any(
        (wanted.slot.day, unit, resource, key) in rows
        for unit in wanted.slot.numbers
        for resource, key in wanted.keys().items()
    )
    assert bool(clashes(wanted, taken)) == refused


def test_a_session_never_clashes_with_itself_and_rooms_left_open_never_clash():
    one = Booking(Slot(DAY, 1, 2), 1, 1, None, session_id=7)
    assert clashes(one, [one]) == []
    assert clashes(Booking(Slot(DAY, 1, 2), 2, 2, None), [one]) == []


def test_the_class_is_told_before_the_teacher_and_the_room():
    wanted = Booking(Slot(DAY, 2, 2), 1, 1, 1)
    taken = [
        Booking(Slot(DAY, 3, 1), 9, 9, 1, 1),
        Booking(Slot(DAY, 2, 1), 9, 1, None, 2),
        Booking(Slot(DAY, 3, 1), 1, 9, None, 3),
    ]
    assert [clash.resource for clash in clashes(wanted, taken)] == [
        Resource.COHORT,
        Resource.TEACHER,
        Resource.ROOM,
    ]


@given(st.dictionaries(st.integers(1, 9), slots, max_size=6))
def test_a_grid_has_every_unit_of_every_day_exactly_once(placed):
    days = week_of(DAY)
    rows = grid(days, placed)
    covered = [[False] * len(days) for _ in range(UNITS)]
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is not None:
                for below in range(cell.rows):
                    assert not covered[number + below][column]
                    covered[number + below][column] = True
    assert all(all(row) for row in covered)


@given(st.dates(date(2001, 1, 1), date(2099, 1, 1)))
def test_weeks_begin_on_monday_and_a_month_is_whole(day):
    assert week_of(day)[0].weekday() == 0
    assert day in week_of(day)
    listed = [each for week in month_of(day) for each in week]
    assert listed == [listed[0] + timedelta(days=number) for number in range(len(listed))]
    assert {each for each in listed if each.month == day.month} >= {day, day.replace(day=28)}
    assert len(listed) <= 42


@given(st.integers(1, 40))
def test_a_repetition_keeps_the_weekday(weeks):
    days = weekly(DAY, weeks)
    assert len(days) == weeks
    assert {day.weekday() for day in days} == {DAY.weekday()}


def test_more_hours_than_planned_are_never_missing():
    assert (missing_units(16, 6), missing_units(16, 20)) == (10, 0)


def test_the_calendar_knows_holidays_moved_working_days_and_weekends():
    assert country_day(date(2026, 10, 1)).kind is DayKind.HOLIDAY
    assert country_day(date(2026, 10, 1)).name == "国庆节"
    moved = [
        day
        for day in (date(2025, 1, 1) + timedelta(days=number) for number in range(365))
        if country_day(day).kind is DayKind.MOVED_WORKDAY
    ]
    assert date(2025, 1, 26) in moved
    assert all(day.weekday() > 4 for day in moved)
    assert all(country_day(day).is_teaching for day in moved)
    assert country_day(date(2026, 11, 21)).kind is DayKind.WEEKEND


def test_a_year_without_data_falls_back_to_weekends_and_is_named():
    assert not is_known(2099)
    assert unknown_years([date(2026, 12, 31), date(2099, 1, 1), date(2099, 2, 1)]) == [2099]
    assert country_day(date(2099, 10, 1)).kind is DayKind.WORKDAY  # a Thursday
    assert country_day(date(2099, 10, 3)).kind is DayKind.WEEKEND
