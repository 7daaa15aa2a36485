"""The cycle, the evidence, and whether the next cohort did better."""

import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.improvement.rules import (
    Deed,
    Measure,
    Phase,
    Unit,
    Verdict,
    after,
    compare,
    evidence_fault,
    is_late,
)

LEVEL = Measure(3.0, 30, Unit.LEVEL, 0.5, 4.0, method="terminal")


@pytest.mark.parametrize(
    ("phase", "deed", "then"),
    [
        (Phase.PLAN, Deed.PLANNED, Phase.DO),
        (Phase.PLAN, Deed.REPORTED, None),
        (Phase.PLAN, Deed.CLOSED, None),
        (Phase.DO, Deed.REPORTED, Phase.CHECK),
        (Phase.DO, Deed.CLOSED, None),
        (Phase.CHECK, Deed.CLOSED, Phase.CLOSED),
        (Phase.CHECK, Deed.SENT_BACK, Phase.DO),
        (Phase.CHECK, Deed.HANDED_OVER, None),
        (Phase.CLOSED, Deed.REOPENED, Phase.PLAN),
        (Phase.CLOSED, Deed.CLOSED, None),
    ],
)
def test_nothing_is_closed_but_what_was_checked(phase, deed, then):
    assert after(phase, deed) is then


@pytest.mark.parametrize(
    ("note", "file", "link", "fine"),
    [
        ("做了", True, "", True),
        ("做了", False, "/programs/1/plan", True),
        ("做了", False, " ", False),
        (" ", True, "/x", False),
    ],
)
def test_evidence_is_words_and_a_file_or_a_record(note, file, link, fine):
    assert (evidence_fault(note, file, link) is None) is fine


def test_only_what_is_not_closed_is_late():
    assert is_late(Phase.CHECK, date(2026, 1, 1), date(2026, 1, 2))
    assert not is_late(Phase.CHECK, date(2026, 1, 2), date(2026, 1, 2))
    assert not is_late(Phase.CLOSED, date(2026, 1, 1), date(2026, 1, 2))


def test_a_clear_rise_is_better_by_so_much():
    found = compare(LEVEL, replace(LEVEL, value=3.6))
    assert found.verdict is Verdict.BETTER
    assert found.change == pytest.approx(0.6)
    # Equal spreads and sizes: the pooled interval with 58 degrees of freedom, t = 2.0017.
    assert found.low == pytest.approx(0.6 - 2.0017 * 0.5 * math.sqrt(2 / 30), abs=1e-4)


def test_the_wilson_newcombe_interval_is_the_published_one():
    # Newcombe 1998, table II (a), method 10: 56/70 and 48/80 differ by 0.2 (0.0524 to 0.3339).
    last = Measure(48 / 80, 80, Unit.SHARE)
    found = compare(last, Measure(56 / 70, 70, Unit.SHARE))
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
    assert found.verdict is Verdict.BETTER


@pytest.mark.parametrize(
    ("last", "following", "reason"),
    [
        (None, LEVEL, "Of the last cohort"),
        (LEVEL, None, "Nothing is measured yet"),
        (LEVEL, replace(LEVEL, method="test"), "not measured in the same way"),
        (LEVEL, replace(LEVEL, unit=Unit.SHARE), "not measured in the same way"),
        (LEVEL, replace(LEVEL, n=4), "Fewer than five"),
    ],
)
def test_what_cannot_be_compared_says_why(last, following, reason):
    found = compare(last, following)
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.change is None
    assert reason in found.reason


MEASURES = st.builds(
    Measure,
    value=st.floats(1, 5),
    n=st.integers(5, 3000),
    unit=st.just(Unit.LEVEL),
    sd=st.floats(0, 2),
    upward=st.booleans(),
)


@given(MEASURES, MEASURES)
def test_turning_the_two_round_turns_the_verdict_round(one, other):
    other = replace(other, upward=one.upward)
    there, back = compare(one, other), compare(other, one)
    turned = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert back.verdict is turned.get(there.verdict, there.verdict)
    assert there.change == pytest.approx(-back.change)
    assert there.low <= there.change <= there.high


@given(MEASURES)
def test_a_measure_comes_back_from_its_document(one):
    assert Measure.from_document(one.to_document()) == one
