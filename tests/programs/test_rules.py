from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainmgr.programs.amounts import parse_percent, parse_yuan, say_hundredths
from trainmgr.programs.rules import (
    FORWARD,
    OPEN_IN,
    ORDER,
    Missing,
    State,
    Work,
    blocking,
    is_open,
    next_state,
    opens_in,
    shares_fault,
)

unhurried = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@pytest.mark.parametrize("state", [State.CLOSED, State.SUSPENDED, State.CANCELLED])
def test_nothing_is_open_in_a_programme_that_is_not_under_way(state):
    assert not any(is_open(work, state) for work in Work)


@pytest.mark.parametrize(
    ("work", "first", "last"),
    [
        (Work.SETUP, State.DRAFT, State.EVALUATING),
        (Work.PARTIES, State.DRAFT, State.ANALYSING),
        (Work.REVENUE, State.DRAFT, State.RECRUITING),
        (Work.NEEDS, State.DRAFT, State.ANALYSING),
        (Work.CURRICULUM, State.DESIGNING, State.EVALUATING),
        (Work.ENROLMENT, State.RECRUITING, State.RUNNING),
        (Work.MENTORING, State.DESIGNING, State.EVALUATING),
        (Work.PRACTICE, State.RUNNING, State.EVALUATING),
        (Work.SCHEME, State.DESIGNING, State.EVALUATING),
        (Work.EVALUATION, State.RUNNING, State.EVALUATING),
        (Work.RESULT, State.EVALUATING, State.EVALUATING),
        (Work.ENTRY_TEST, State.DRAFT, State.RUNNING),
        (Work.TEST, State.RUNNING, State.EVALUATING),
    ],
)
def test_each_work_is_open_from_one_state_to_another_without_a_gap(work, first, last):
    wanted = set(ORDER[ORDER.index(first) : ORDER.index(last) + 1])
    assert OPEN_IN[work] == wanted
    assert opens_in(work) is first


def test_the_road_leads_from_draft_to_closed_in_six_steps():
    state, steps = State.DRAFT, 0
    while (following := next_state(state)) is not None:
        state, steps = following, steps + 1
    assert (state, steps) == (State.CLOSED, len(FORWARD))


def test_an_earlier_gate_that_is_open_again_blocks_later_ones_too():
    early, late, free = (
        Missing("a", blocks=State.DESIGNING),
        Missing("b", blocks=State.EVALUATING),
        Missing("c"),
    )
    assert blocking([early, late, free], State.RECRUITING) == [early]
    assert blocking([early, late, free], State.EVALUATING) == [early, late]


@unhurried
@given(st.lists(st.integers(min_value=1, max_value=9_999), min_size=1, max_size=12))
def test_shares_are_right_exactly_when_the_rest_completes_them(parts):
    rest = 10_000 - sum(parts)
    whole = [*parts, rest] if rest > 0 else parts
    assert (shares_fault(whole) is None) == (sum(whole) == 10_000)


@pytest.mark.parametrize("shares", [[], [10_000, 0], [5_000, 4_999], [10_001], [12_000, -2_000]])
def test_a_split_that_is_no_split_is_told(shares):
    assert shares_fault(shares)


@unhurried
@given(st.integers(min_value=0, max_value=10**13))
def test_an_amount_survives_being_written_and_read(cents):
    assert parse_yuan(say_hundredths(cents)) == cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("864000", 86_400_000),
        ("864,000.50", 86_400_050),
        ("¥ 0.1", 10),
        ("12元", 1_200),
        ("￥１２，３４５．６７", 1_234_567),
    ],
)
def test_yuan_are_read_to_the_cent(text, cents):
    assert parse_yuan(text) == cents


@pytest.mark.parametrize("text", ["", "abc", "1.234", "-1", "1e40", "NaN", "Infinity", "9" * 40, "1,0a"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_yuan(text)


@pytest.mark.parametrize(
    ("text", "points"), [("55", 5_500), ("12.5%", 1_250), (" 0.01 ", 1), ("１００％", 10_000)]
)
def test_percentages_are_read_to_the_hundredth(text, points):
    assert parse_percent(text) == points


@unhurried
@given(st.text(max_size=20))
def test_any_text_is_a_number_of_hundredths_or_a_refusal(text):
    with contextlib.suppress(ValueError):
        assert isinstance(parse_percent(text), int)


@unhurried
@given(
    st.builds(
        Missing,
        msgid=st.text(),
        blocks=st.sampled_from([None, *State]),
        who=st.text(),
        due_on=st.none() | st.dates(),
        due_code=st.text(),
    )
)
def test_what_is_missing_survives_being_stored(item):
    assert Missing.from_document(item.to_document()) == item
