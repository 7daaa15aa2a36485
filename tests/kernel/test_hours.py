"""Class hours and minutes are turned into each other in one place."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr import ROOT
from trainmgr.kernel import hours

SIXTY = re.compile(r"(?:[*/%]|//)\s*60\b|\b60\s*\*")
COUNTING = (
    "curriculum",
    "timetable",
    "lessons",
    "practice",
    "enrolment",
    "mentoring",
    "inbox",
    "outcomes",
    "placements",
)


@pytest.mark.parametrize(
    ("class_hours", "ledger"),
    [(0, 0), (1, 60), (8, 480), (Decimal("0.25"), 15), (Decimal("7.5"), 450), (1312, 78720)],
)
def test_the_ledger_keeps_sixty_parts_of_a_class_hour(class_hours, ledger):
    assert hours.ledger_minutes(class_hours) == ledger
    assert hours.ledger_hours(ledger) == class_hours


@pytest.mark.parametrize(
    ("at_school", "at_work", "unit", "minutes"),
    [
        (2, 0, 45, 90),
        (4, 0, 40, 160),
        (0, 8, 45, 480),  # a day at work is eight class hours, whatever a lesson lasts
        (0, 8, 40, 480),
        (32, 64, 45, 32 * 45 + 64 * 60),
        (0, 0, 45, 0),
    ],
)
def test_a_class_hour_lasts_the_unit_at_school_and_an_hour_at_work(at_school, at_work, unit, minutes):
    assert hours.clock_minutes(at_school, at_work, unit) == minutes


@pytest.mark.parametrize(("minutes", "on_a_clock"), [(90, 1.5), (45, 0.75), (0, 0)])
def test_minutes_on_a_clock_are_told_as_hours(minutes, on_a_clock):
    assert hours.clock_hours(minutes) == on_a_clock


def test_nothing_in_the_ledger_is_no_hour():
    assert hours.ledger_hours(None) == hours.ledger_hours(0) == 0


@given(st.lists(st.integers(0, 1440)))
def test_what_is_left_of_a_day_is_never_negative_and_never_more_than_a_day(taken):
    left = hours.left_of_a_day(taken)
    assert 0 <= left <= 1440
    assert left == 0 or left + sum(taken) == 1440


def test_nothing_else_that_counts_hours_multiplies_or_divides_by_sixty():
    paths = [path for name in COUNTING for path in (ROOT / "trainmgr" / name).rglob("*.py")]
    paths += [path for name in COUNTING for path in (ROOT / "templates" / name).rglob("*.html")]
    found = [path for path in paths if SIXTY.search(path.read_text(encoding="utf-8"))]
    assert len(paths) > 100
    assert found == []
