"""What a log may say, and when a gate is to be judged."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.pathways.rules import Venue
from trainmgr.practice.rules import (
    GateOutcome,
    HoursFault,
    Judgement,
    Span,
    Stage,
    Standing,
    day_fault,
    gates_in,
    minutes_of,
    next_stage,
    side_of,
    stage_on,
    standing_at,
)
from trainmgr.programs.rules import Side

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("8", 480), ("7.5", 450), ("0.25", 15), ("24", 1440), (" 7,75 ", 465), ("８．５", 510), ("1e1", 600)],
)
def test_hours_are_read_in_quarters_as_people_type_them(text, minutes):
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "acht", "0", "-1", "24.25", "7.3", "8.1", "nan", "inf", "1e99", "8 小时"]
)
def test_other_hours_are_refused_with_a_reason(text):
    with pytest.raises(HoursFault) as fault:
        minutes_of(text)
    assert str(fault.value).endswith(".")


@given(st.integers(1, 96))
def test_every_quarter_of_a_day_survives_being_typed(quarters):
    assert minutes_of(f"{quarters / 4:g}") == quarters * 15


@pytest.mark.parametrize(
    ("day", "is_fine"),
    [(DAY, True), (DAY + timedelta(1), False), (DAY - timedelta(10), True), (DAY - timedelta(11), False)],
)
def test_a_log_is_of_a_day_that_has_come_and_after_enrolment(day, is_fine):
    assert (day_fault(day, Span(DAY - timedelta(10)), DAY) is None) is is_fine


@given(
    st.integers(-40, 40), st.integers(-30, 0), st.integers(-30, 30), st.integers(0, 30), st.integers(-30, 30)
)
def test_the_first_and_last_day_are_the_borders_of_what_is_refused(offset, enrolled, starts, length, left):
    span = Span(
        DAY + timedelta(enrolled),
        DAY + timedelta(starts),
        DAY + timedelta(starts + length),
        DAY + timedelta(left),
    )
    day = DAY + timedelta(offset)
    assert (day_fault(day, span, DAY) is None) == (span.first <= day <= span.last(DAY))


def test_the_enterprise_signs_only_what_was_done_there():
    assert {venue: side_of(venue) for venue in Venue} == {
        venue: Side.ENTERPRISE if venue is Venue.ENTERPRISE else Side.COLLEGE for venue in Venue
    }


STAGES = [
    Stage(1, True, False, DAY - timedelta(60), DAY - timedelta(31)),
    Stage(2, False, False, DAY - timedelta(30), DAY),
    Stage(3, True, True),
    Stage(4, True),
]


@pytest.mark.parametrize(
    ("day", "current", "expected"),
    [(DAY - timedelta(40), 2, 1), (DAY, 1, 2), (DAY + timedelta(5), 4, 4), (DAY + timedelta(5), 3, 1)],
)
def test_the_stage_follows_the_dates_and_else_the_programme(day, current, expected):
    assert stage_on(day, STAGES, current) == expected


def test_remedial_stages_are_left_out_of_the_road():
    assert [next_stage(STAGES, current) for current in (0, 1, 2, 3, 4)] == [1, 2, 4, 4, None]
    assert gates_in(STAGES) == [1, 4]


PASSED, LOOP, DONE = (
    Judgement(GateOutcome.PASSED),
    Judgement(GateOutcome.REMEDIAL),
    Judgement(GateOutcome.REMEDIAL, True),
)


@pytest.mark.parametrize(
    ("number", "current", "latest", "expected"),
    [
        (1, 1, {}, Standing.OPEN),
        (1, 0, {}, Standing.AHEAD),
        (4, 4, {}, Standing.BLOCKED),
        (4, 4, {1: LOOP}, Standing.BLOCKED),
        (4, 4, {1: DONE}, Standing.BLOCKED),
        (4, 4, {1: PASSED}, Standing.OPEN),
        (4, 2, {1: PASSED}, Standing.AHEAD),
        (1, 4, {1: LOOP}, Standing.REMEDIAL),
        (1, 4, {1: DONE}, Standing.READY),
        (1, 4, {1: PASSED}, Standing.PASSED),
    ],
)
def test_a_gate_opens_when_the_stage_has_come_and_the_one_before_is_passed(number, current, latest, expected):
    assert standing_at(number, [1, 4], current, latest) is expected
