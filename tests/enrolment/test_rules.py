"""Who gets a place, who needs which number, what an entry level may be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.enrolment.rules import (
    ApplicationState,
    VerdictKind,
    entry_level,
    numbers_needed,
    places_left,
    settle,
)
from trainmgr.programs.rules import ProgramKind, Side

C, E = Side.COLLEGE, Side.ENTERPRISE
YES, NO = VerdictKind.ADMIT, VerdictKind.REJECT


@pytest.mark.parametrize(
    ("verdicts", "places", "outcome"),
    [
        ({}, 1, ApplicationState.PENDING),
        ({C: YES}, 1, ApplicationState.PENDING),
        ({E: YES}, 0, ApplicationState.PENDING),
        ({C: NO}, 1, ApplicationState.REJECTED),
        ({E: NO, C: YES}, 1, ApplicationState.REJECTED),
        ({C: YES, E: YES}, 1, ApplicationState.ADMITTED),
        ({C: YES, E: YES}, None, ApplicationState.ADMITTED),
        ({C: YES, E: YES}, 0, ApplicationState.WAITLISTED),
    ],
)
def test_an_application_is_settled_by_both_sides_and_the_places(verdicts, places, outcome):
    assert settle(verdicts, places) is outcome


@given(
    st.dictionaries(st.sampled_from(Side), st.sampled_from(VerdictKind)),
    st.none() | st.integers(min_value=0, max_value=3),
)
def test_nobody_is_admitted_without_both_sides_and_a_place(verdicts, places):
    if settle(verdicts, places) is ApplicationState.ADMITTED:
        assert verdicts == {C: YES, E: YES}
        assert places is None or places > 0


@pytest.mark.parametrize(
    ("planned", "taken", "left"), [(40, 38, 2), (40, 40, 0), (40, 41, 0), (None, 500, None)]
)
def test_places_left_are_never_less_than_none(planned, taken, left):
    assert places_left(planned, taken) == left


def test_an_apprentice_needs_both_numbers_and_a_guest_none():
    both = numbers_needed(ProgramKind.MODERN_APPRENTICESHIP)
    assert both.student
    assert both.employee
    none = numbers_needed(ProgramKind.PUBLIC_BENEFIT)
    assert not none.student
    assert not none.employee


@pytest.mark.parametrize(
    ("text", "level"),
    [("1", Decimal(1)), ("2.5", Decimal("2.5")), ("5", Decimal(5)), ("0", None), ("5.01", None), ("2.333", None),
     ("three", None), ("", None), ("NaN", None), ("1e9", None)],
)  # fmt: skip
def test_an_entry_level_runs_from_one_to_five(text, level):
    assert entry_level(text) == level


@given(st.text(max_size=12))
def test_whatever_is_typed_as_a_level_is_a_level_or_nothing(text):
    level = entry_level(text)
    assert level is None or Decimal(1) <= level <= Decimal(5)
