"""How many places are left, who needs which number, what an entry level may be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.enrolment.rules import entry_level, numbers_needed, places_left
from trainmgr.programs.rules import ProgramKind


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
