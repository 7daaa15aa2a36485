"""Levels, codes, masked names."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.certificates import rules
from trainmgr.certificates.rules import LADDER, SENIOR_AND_ABOVE, Family, Level


def test_every_level_has_its_place_on_one_ladder():
    assert set(LADDER) == set(Level)
    for family in Family:
        ranks = [rung.rank for rung in LADDER.values() if rung.family is family]
        assert ranks == list(range(1, len(ranks) + 1))
    assert len([one for one in LADDER.values() if one.family is Family.SKILL]) == 8
    assert SENIOR_AND_ABOVE[0] is Level.SENIOR
    assert SENIOR_AND_ABOVE[-1] is Level.CHIEF_TECHNICIAN


@pytest.mark.parametrize(
    ("name", "shown"),
    [("周建国", "周*国"), ("张三", "张*"), ("欧阳小满", "欧**满"), ("阿", "*"), ("", ""), ("John Smith", "J*********")],
)  # fmt: skip
def test_a_strangers_name_is_masked(name, shown):
    assert rules.masked_name(name) == shown


@given(st.text(min_size=2, max_size=80))
def test_a_masked_name_is_as_long_and_never_the_name(name):
    shown = rules.masked_name(name)

    assert len(shown) == len(name)
    assert shown != name or set(name[1:-1] or name[1:]) == {"*"}


@given(st.booleans())
def test_a_code_is_read_however_it_was_typed(with_holder):
    code, part = rules.new_code(), rules.new_holder_part() if with_holder else ""
    typed = rules.spaced(code + part).lower().replace("-", " - ")

    assert rules.parts_of(typed) == (code, part)
    assert len(code) == 16


@pytest.mark.parametrize(("days", "expiring"), [(-1, False), (0, True), (90, True), (91, False)])
def test_what_ends_within_ninety_days_is_expiring(days, expiring):
    today = date(2026, 11, 20)

    assert rules.is_expiring(today + timedelta(days=days), today) is expiring
    assert rules.is_expiring(None, today) is False
