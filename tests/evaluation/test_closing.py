"""Gains and their intervals: worked examples, simulated coverage, and what cannot be said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.evaluation.closing import Paired, Sample, apart

levels = st.floats(1, 5, allow_nan=False).map(lambda x: round(x, 2))
pairs = st.lists(st.tuples(levels, levels), min_size=2, max_size=40)

# Student (1908): hours of sleep gained under two drugs by the same ten patients.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_students_sleep():
    gains = Paired.of(zip(FIRST, SECOND, strict=True)).gains

    assert gains.mean == pytest.approx(1.58)
    assert gains.interval == pytest.approx((0.7001142, 2.4598858), abs=1e-6)


def test_welch_on_the_same_figures():
    found = apart(Sample.of(SECOND), Sample.of(FIRST))

    assert found.value == pytest.approx(1.58)
    assert found.interval == pytest.approx((-0.2054832, 3.3654832), abs=1e-6)
    assert not found.is_clear


def test_nobody_has_no_gain_and_one_person_no_interval():
    nobody, one = Paired.of([]), Paired.of([(2.0, 3.0)])

    assert (nobody.gains.mean, nobody.gains.interval, nobody.closure(4).share) == (None, None, None)
    assert (one.gains.mean, one.gains.interval) == (1.0, None)
    assert (one.closure(4).share, one.closure(4).interval) == (0.5, None)


def test_without_a_gap_nothing_is_closed():
    found = Paired.of([(4.0, 4.5), (4.0, 5.0)]).closure(4)

    assert (found.share, found.interval) == (None, None)


def test_when_everybody_reaches_the_required_level_the_share_is_one_and_sure():
    found = Paired.of([(1.0, 4.0), (2.0, 4.0), (3.0, 4.0), (2.0, 4.0)]).closure(4)

    assert (found.share, *found.interval) == pytest.approx((1, 1, 1), abs=1e-6)


def test_a_gap_that_may_be_none_gives_no_interval():
    found = Paired.of([(1.0, 2.0), (4.9, 5.0), (4.0, 4.0)]).closure(4)

    assert found.share is not None
    assert found.interval is None


def test_a_gap_that_rounding_alone_leaves_is_none():
    found = Paired.of([(3.3, 4.0)] * 3).closure(3.3)

    assert sum([3.3] * 3) / 3 < 3.3
    assert found.share is None


@given(pairs, st.floats(1, 5))
def test_the_interval_holds_what_a_paired_test_does_not_reject(given_pairs, required):
    from scipy.stats import ttest_1samp

    found = Paired.of(given_pairs).closure(required)
    if found.interval is None or found.interval[1] - found.interval[0] < 1e-4:
        return
    assert found.interval[0] - 1e-9 <= found.share <= found.interval[1] + 1e-9
    for end in found.interval:
        left = [(after - before) - end * (required - before) for before, after in given_pairs]
        if np.std(left) > 1e-6:
            assert ttest_1samp(left, 0).pvalue == pytest.approx(0.05, abs=0.002)


@given(pairs)
def test_the_order_of_people_never_matters(given_pairs):
    one, other = Paired.of(given_pairs), Paired.of(reversed(given_pairs))

    assert one.gains.mean == pytest.approx(other.gains.mean)
    if one.gains.interval:
        assert one.gains.interval == pytest.approx(other.gains.interval, abs=1e-5)


def test_nineteen_of_twenty_intervals_hold_the_true_share():
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(1_000):
        before = chance.normal(2.0, 0.6, 15)
        after = before + chance.normal(1.2, 0.5, 15)
        low, high = Paired.of(zip(before, after, strict=True)).closure(4.0).interval
        held += low <= 0.6 <= high

    assert 925 <= held <= 975


# --- two groups -------------------------------------------------------------------------------------


@given(st.lists(levels, min_size=2, max_size=20), st.lists(levels, min_size=2, max_size=20))
def test_either_class_may_come_first(a, b):
    one, other = apart(Sample.of(a), Sample.of(b)), apart(Sample.of(b), Sample.of(a))

    assert one.value == pytest.approx(-other.value)
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))
    assert one.is_clear == other.is_clear


@pytest.mark.parametrize(
    ("a", "b", "value", "has_interval"),
    [([3.0], [4.0, 5.0], -1.5, False), ([3.0], [4.0], -1.0, False), ([4.0, 4.0], [3.0, 3.0], 1.0, True)],
)
def test_small_and_equal_classes(a, b, value, has_interval):
    found = apart(Sample.of(a), Sample.of(b))

    assert found.value == value
    assert (found.interval is not None) is has_interval
    assert found.size is None


def test_a_class_without_anybody_is_not_compared():
    assert apart(Sample.of([]), Sample.of([3.0])) is None
