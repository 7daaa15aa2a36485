"""Passing and closing gaps, as rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.outcomes.models import GapClosure
from trainmgr.outcomes.rules import PassKind, Standing, closed_share, proposal

LEVEL = st.floats(1, 5)


@pytest.mark.parametrize(
    ("standing", "proposed"),
    [
        (Standing(3.0, 3.0, 3.0), PassKind.PASSED),
        (Standing(2.99, 2.99, 2.99), PassKind.FAILED),
        (Standing(3.4, 3.1, 4.2), PassKind.PASSED),
        (Standing(3.4, 2.6, 4.2), None),
        (Standing(2.0, 1.4, 2.9), PassKind.FAILED),
        (Standing(2.0, 1.4, 3.0), None),
        (Standing(None, None, None), None),
        (Standing(4.0, None, None), PassKind.PASSED),
        (Standing(3 - 1e-15, 3 - 1e-15, 3 - 1e-15), PassKind.PASSED),  # marks of 3 throughout, weighed
    ],
)
def test_only_what_cannot_change_any_more_is_proposed(standing, proposed):
    assert proposal(standing, 3.0) is proposed


@pytest.mark.parametrize(
    ("before", "after", "required", "closed"),
    [
        (2, 4, 4, 1.0),
        (2, 3, 4, 0.5),
        (2, 5, 4, 1.5),
        (2, 1, 4, -0.5),
        (2, 2, 4, 0.0),
        (4, 5, 4, None),
        (4.5, 4.5, 4, None),
        (4 - 1e-15, 4.5, 4, None),
    ],
)
def test_a_gap_is_closed_by_its_share(before, after, required, closed):
    assert closed_share(before, after, required) == closed


@given(LEVEL, LEVEL, LEVEL)
def test_a_gap_is_closed_wholly_exactly_when_the_required_level_is_reached(before, after, required):
    closed = closed_share(before, after, required)

    if closed is None:
        assert before >= required - 1e-9
    elif after >= required:
        assert closed >= 1 - 1e-9
    else:
        assert closed < 1 + 1e-9


def test_a_level_that_misses_the_required_one_by_rounding_alone_is_reached():
    assert GapClosure(after=4 - 1e-15, required=4.0).is_closed
    assert not GapClosure(after=3.99, required=4.0).is_closed
