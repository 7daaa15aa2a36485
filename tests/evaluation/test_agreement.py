"""How far raters agree: published values, an independent library, and what never matters."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trainmgr.evaluation.agreement import Agreement, Reading, Why, agreement, agreement_of

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section D: four observers, twelve units.
OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
UNITS = [
    [int(mark) for mark in unit if mark != "."]
    for unit in zip(*(line.split() for line in OBSERVERS.strip().splitlines()), strict=True)
]

units = st.lists(st.lists(st.integers(1, 5), min_size=0, max_size=4), min_size=1, max_size=25)


@pytest.mark.parametrize(("metric", "alpha"), [("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example(metric, alpha):
    assert agreement(UNITS, metric).alpha == pytest.approx(alpha, abs=0.0006)


@pytest.mark.parametrize("metric", ["ordinal", "interval"])
@given(given_units=units)
def test_the_library_finds_the_same(metric, given_units):
    width = max(map(len, given_units))
    assume(width > 1)
    table = np.array([unit + [np.nan] * (width - len(unit)) for unit in given_units], float).T
    found = agreement(given_units, metric)
    if found.alpha is None:
        return

    theirs = krippendorff.alpha(
        reliability_data=table, level_of_measurement=metric, value_domain=[1, 2, 3, 4, 5]
    )

    assert found.alpha == pytest.approx(theirs, abs=1e-9)


@given(units, st.randoms(use_true_random=False))
def test_the_order_of_raters_and_people_never_matters(given_units, chance):
    found = agreement(given_units)
    turned = [chance.sample(unit, len(unit)) for unit in given_units]
    chance.shuffle(turned)

    again = agreement(turned)

    assert (again.n, again.why) == (found.n, found.why)
    for one, other in zip(
        (found.alpha, found.low, found.high), (again.alpha, again.low, again.high), strict=True
    ):
        assert one == pytest.approx(other)


@given(units)
def test_alpha_is_at_most_one_and_within_its_interval(given_units):
    found = agreement(given_units)

    if found.alpha is not None:
        assert found.alpha <= 1 + 1e-12
    if found.low is not None:
        assert found.low <= found.alpha <= found.high <= 1 + 1e-12


@given(st.integers(1, 5), st.integers(2, 30), st.integers(2, 3))
def test_where_nothing_varies_it_is_undefined_and_never_one(mark, people, raters):
    found = agreement([[mark] * raters] * people)

    assert found == Agreement(None, None, None, people, Why.NOTHING_VARIES)
    assert found.reading is None


@pytest.mark.parametrize("given_units", [[], [[]], [[3]], [[1], [5], [2]]])
def test_nobody_judged_twice(given_units):
    assert agreement(given_units) == Agreement(None, None, None, 0, Why.NOBODY_TWICE)


def test_few_people_give_no_interval():
    found = agreement([[1, 2], [3, 3], [5, 4]])

    assert (found.low, found.high, found.why) == (None, None, Why.FEW)
    assert found.alpha is not None


def test_full_agreement_is_one():
    found = agreement([[mark, mark] for mark in (1, 2, 3, 4, 5) * 3])

    assert (found.alpha, found.low, found.high) == pytest.approx((1, 1, 1))
    assert found.reading is Reading.RELIABLE


def test_more_people_narrow_the_interval():
    few, many = agreement(UNITS * 2), agreement(UNITS * 20)

    assert many.high - many.low < (few.high - few.low) / 2


def test_several_criteria_of_a_person_are_drawn_together():
    """Ten people whose raters agree on all criteria or on none: not forty judgements but ten."""
    agreeing, apart = [[2, 2], [4, 4], [1, 1], [5, 5]], [[1, 5], [5, 1], [2, 5], [4, 1]]
    people = [agreeing, apart] * 5
    counts = np.array([[[unit.count(m) for m in range(1, 6)] for unit in person] for person in people], float)

    together = agreement_of(counts)
    alone = agreement([unit for person in people for unit in person])

    assert together.alpha == pytest.approx(alone.alpha)
    assert together.n == 10
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("given_units", "metric"), [([[0, 1]], "ordinal"), ([[6, 1]], "ordinal"), ([[1, 2]], "x")]
)
def test_nonsense_is_refused(given_units, metric):
    with pytest.raises(ValueError, match=r"scale|metric"):
        agreement(given_units, metric)
