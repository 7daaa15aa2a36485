"""The arithmetic of reports and gains, held against published examples and by properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.testing.reporting import (
    STILL_OPEN,
    GainBand,
    Group,
    Pairs,
    Share,
    band_of,
    normalised_gain,
    weakest_first,
    wilson,
)

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# --- Wilson's interval ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3 (score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_the_published_examples(count, n, low, high):
    assert wilson(count, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(counts)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(pair):
    count, n = pair
    low, high = wilson(count, n)

    assert 0 <= low <= count / n <= high <= 1
    assert low < high


@given(counts)
def test_the_interval_of_those_who_are_not_below_is_its_mirror(pair):
    count, n = pair
    low, high = wilson(count, n)
    other_low, other_high = wilson(n - count, n)

    assert other_low == pytest.approx(1 - high, abs=1e-9)
    assert other_high == pytest.approx(1 - low, abs=1e-9)


@given(counts)
def test_ten_times_as_many_people_make_the_interval_narrower(pair):
    count, n = pair
    low, high = wilson(count, n)
    narrow_low, narrow_high = wilson(count * 10, n * 10)

    assert narrow_high - narrow_low < high - low


@pytest.mark.parametrize(("count", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_has_no_interval(count, n):
    with pytest.raises(ValueError, match="no share"):
        wilson(count, n)


def test_a_share_of_nobody_is_unknown_and_fewer_than_five_are_few():
    nobody = Share(0, 0)
    assert (nobody.value, nobody.interval, nobody.low, nobody.high) == (None, None, None, None)
    assert Share(1, 4).is_small
    assert not Share(1, 5).is_small


# --- groups -------------------------------------------------------------------------------------------


def test_a_group_tells_mean_level_mean_share_and_who_is_below_and_above():
    group = Group.of([(1, 2, 0.2), (3, 1, 0.6), (5, 1, 1.0)], required=3.0)

    assert (group.n, group.mean_level, group.mean_share) == (4, 2.5, pytest.approx(0.45))
    assert group.below == Share(2, 4)
    assert group.above == 1


def test_a_required_level_between_two_levels_takes_the_higher_one():
    assert Group.of([(3, 4, 2.4), (4, 1, 0.8)], required=3.5).below == Share(4, 5)


def test_nobody_has_no_mean_and_without_a_required_level_nobody_is_below():
    nobody = Group.of([], required=3.0)
    assert (nobody.mean_level, nobody.mean_share, nobody.below) == (None, None, Share(0, 0))
    assert Group.of([(1, 2, 0.2)]).below is None


def test_the_commonest_weakness_comes_first_and_what_is_not_measured_last():
    groups = {
        1: Group.of([(3, 5, 3.0)], required=3.0),  # nobody below
        2: Group.of([(2, 5, 2.0)], required=3.0),  # all below, by one level
        3: Group.of([(1, 5, 1.0)], required=3.0),  # all below, by two
        4: Group.of([], required=3.0),
        5: Group.of([(1, 5, 1.0)]),
    }

    assert weakest_first(groups)[:3] == [3, 2, 1]
    assert set(weakest_first(groups)[3:]) == {4, 5}


# --- gain ---------------------------------------------------------------------------------------------


def test_the_normalised_gain_is_that_of_the_example():
    # Hake's ⟨g⟩: of the 60 % that could still be gained, 30 % was.
    assert normalised_gain(0.4, 0.7) == pytest.approx(0.5)


def test_the_normalised_gain_is_undefined_when_all_was_right_before():
    assert normalised_gain(1.0, 1.0) is None
    assert band_of(None) is None


shares = st.floats(0, 1, allow_nan=False)
below_one = st.floats(0, 0.999, allow_nan=False)


@given(below_one, shares)
def test_the_normalised_gain_is_at_most_1_and_has_the_sign_of_the_gain(before, after):
    gain = normalised_gain(before, after)

    assert gain is not None
    assert gain <= 1 + 1e-9
    assert (gain > 0) == (after > before)


@given(below_one)
def test_all_right_at_the_end_is_a_gain_of_1_and_no_change_one_of_0(before):
    assert normalised_gain(before, 1.0) == pytest.approx(1.0)
    assert normalised_gain(before, before) == 0


@pytest.mark.parametrize(
    ("gain", "band"),
    [
        (0.7, GainBand.HIGH),
        (0.69, GainBand.MEDIUM),
        (0.3, GainBand.MEDIUM),
        (0.29, GainBand.LOW),
        (0.0, GainBand.LOW),
        (-0.01, GainBand.FALL),
    ],
)
def test_the_regions_of_the_gain_are_hakes(gain, band):
    assert band_of(gain) is band


people = st.lists(st.tuples(shares, shares), min_size=1, max_size=40)


def paired(rows, required=3.0):
    """Return the sums over people with these shares before and after; a level a fifth."""
    crossed: dict[tuple[int, int], int] = {}
    for before, after in rows:
        key = min(5, int(before * 5) + 1), min(5, int(after * 5) + 1)
        crossed[key] = crossed.get(key, 0) + 1
    return Pairs(
        crossed,
        sum(before for before, _after in rows),
        sum(after for _before, after in rows),
        sum(before * before for before, _after in rows),
        sum(after * after for _before, after in rows),
        required,
    )


@given(people)
def test_sums_over_pairs_give_means_and_counts(rows):
    pairs = paired(rows)

    assert pairs.n == len(rows)
    assert pairs.share_before == pytest.approx(sum(row[0] for row in rows) / len(rows))
    assert pairs.below_before.count == sum(1 for row in rows if min(5, int(row[0] * 5) + 1) < 3)
    assert pairs.below_after.n == len(rows)


@given(people)
def test_the_effect_has_the_sign_of_the_gain_and_is_never_infinite(rows):
    effect = paired(rows).effect

    assert effect is None or math.isfinite(effect)
    if effect is not None and len(rows) > 1:
        assert (effect > 0) == (
            sum(row[1] for row in rows) / len(rows) > sum(row[0] for row in rows) / len(rows)
        )


def test_the_effect_is_the_difference_in_mean_standard_deviations():
    # Before 0.2, 0.4, 0.6 and after 0.5, 0.7, 0.9: both have a standard deviation of 0.2.
    assert paired([(0.2, 0.5), (0.4, 0.7), (0.6, 0.9)]).effect == pytest.approx(1.5)


def test_the_effect_is_unknown_for_one_person_and_where_nobody_differs():
    assert paired([(0.2, 0.5)]).effect is None
    assert paired([(0.2, 0.5), (0.2, 0.5)]).effect is None


def test_a_weakness_stays_open_from_a_fifth_below_on():
    below, above = (0.1, 0.1), (0.1, 0.9)

    assert paired([below] + [above] * 4).is_open
    assert not paired([below] + [above] * 5).is_open
    assert pytest.approx(0.2) == STILL_OPEN
    assert not paired([below], required=None).is_open


def test_nobody_measured_twice_has_no_gain():
    nobody = paired([])

    assert (nobody.gain, nobody.band, nobody.effect, nobody.level_before) == (None, None, None, None)
    assert nobody.is_small
