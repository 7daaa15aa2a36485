"""What a test says of its items: the formulas by examples from the literature, and by what must always hold."""

from __future__ import annotations

import statistics
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.testing.item_statistics import (
    Flag,
    Groups,
    OptionCount,
    Sums,
    added_up,
    cronbach_alpha,
    difficulty,
    discrimination,
    flags,
    option_counts,
    outer_groups,
    pooled_difficulty,
    pooled_discrimination,
    upper_lower,
)

# Section 6 of the Law School Admission Test: how many of 1,000 gave each pattern of answers to five items, from
# 00000 to 11111 (Bock and Lieberman, 1970, table 1).
LSAT = (
    3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15,
    10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298,
)  # fmt: skip
LSAT_MATRIX = np.array(
    [[int(bit) for bit in f"{pattern:05b}"] for pattern, often in enumerate(LSAT) for _ in range(often)],
    dtype=float,
)


# --- examples from the literature --------------------------------------------------------------------


def test_difficulty_of_the_law_school_test():
    """The shares of right answers are those of Bock and Lieberman (1970)."""
    assert difficulty(LSAT_MATRIX, [1] * 5) == pytest.approx([0.924, 0.709, 0.553, 0.763, 0.870])


def test_discrimination_of_the_law_school_test():
    """The point-biserial correlations with the rest are those of Rizopoulos (2006), `descript(LSAT)`, "Excluded"."""
    assert discrimination(LSAT_MATRIX) == pytest.approx([0.1128, 0.1532, 0.1728, 0.1444, 0.1216], abs=0.00005)


def test_alpha_of_the_law_school_test():
    """α and α without each item are those of Rizopoulos (2006), `descript(LSAT)`."""
    without = [cronbach_alpha(np.delete(LSAT_MATRIX, item, axis=1)) for item in range(5)]

    assert cronbach_alpha(LSAT_MATRIX) == pytest.approx(0.2950, abs=0.00005)
    assert without == pytest.approx([0.2754, 0.2376, 0.2168, 0.2459, 0.2663], abs=0.00005)


def test_twenty_seven_per_cent_tell_the_groups_of_a_normal_test_apart_best():
    """Kelley (1939): the gap between the outer groups over its standard error, (φ(z)/q)·√q, is largest at q = 0.27."""
    normal = NormalDist()

    def gap(share):
        return normal.pdf(normal.inv_cdf(share)) / share * share**0.5

    assert max((percent / 100 for percent in range(1, 51)), key=gap) == 0.27


def test_an_item_by_its_upper_and_lower_group():
    """Of 15 strong people 14 and of 15 weak ones 7 are right: D = 0.47; 3 weak: D = 0.73 (worked by hand)."""
    points = np.zeros((30, 2))
    points[:14, 0] = 1
    points[15:22, 0] = 1
    points[:14, 1] = 1
    points[15:18, 1] = 1
    half = np.arange(30) < 15

    assert upper_lower(points, [1, 1], Groups(half, ~half)) == pytest.approx([7 / 15, 11 / 15])


def test_alpha_of_two_items_is_the_stepped_up_correlation_when_their_variances_agree():
    """Spearman (1910) and Brown (1910): 2r / (1 + r)."""
    points = np.array([[1, 2], [2, 1], [3, 4], [4, 3], [5, 6], [6, 5]], dtype=float)
    r = statistics.correlation(points[:, 0].tolist(), points[:, 1].tolist())

    assert cronbach_alpha(points) == pytest.approx(2 * r / (1 + r))


def test_options_are_counted_in_both_groups():
    groups = Groups(np.array([True, True, False, False]), np.array([False, False, True, True]))

    counts = option_counts([{0}, {0}, {1}, set()], 3, {0}, groups)

    assert counts == [
        OptionCount(0, True, 2, 2, 0),
        OptionCount(1, False, 1, 0, 1),
        OptionCount(2, False, 0, 0, 0),
    ]


def test_an_option_that_the_item_does_not_have_counts_nowhere():
    assert [one.count for one in option_counts([{0, 7}], 2, {0}, None)] == [1, 0]


# --- what cannot be told -------------------------------------------------------------------------------


def test_nobody_tells_nothing():
    nobody = np.zeros((0, 3))

    assert difficulty(nobody, [1, 1, 1]) == [None] * 3
    assert discrimination(nobody) == [None] * 3
    assert outer_groups(nobody.sum(axis=1)) is None
    assert cronbach_alpha(nobody) is None


def test_where_nothing_varies_nothing_discriminates():
    same = np.ones((6, 3))

    assert discrimination(same) == [None] * 3
    assert outer_groups(same.sum(axis=1)) is None
    assert upper_lower(same, [1, 1, 1], None) == [None] * 3
    assert cronbach_alpha(same) is None


def test_one_item_has_no_rest_to_agree_with():
    assert discrimination(np.array([[1.0], [0.0]])) == [None]
    assert cronbach_alpha(np.array([[1.0], [0.0]])) is None


def test_who_ties_with_the_last_of_a_group_belongs_to_it():
    groups = outer_groups(np.array([9.0, 7, 7, 7, 5, 5, 5, 3, 3, 3, 1]))

    assert groups is not None
    assert groups.sizes == (4, 4)  # three of eleven would be 27 per cent


def test_groups_that_would_meet_are_none():
    assert outer_groups(np.array([5.0, 5, 5, 5, 5, 5, 5, 5, 5, 4])) is None


def test_small_groups_are_named_so():
    few, many = outer_groups(np.arange(10.0)), outer_groups(np.arange(20.0))

    assert few is not None
    assert few.is_small
    assert many is not None
    assert not many.is_small


# --- flags ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "correlation", "found"),
    [
        (0.90, 0.3, [Flag.TOO_EASY]),
        (0.89, 0.3, []),
        (0.20, 0.3, []),
        (0.19, 0.3, [Flag.TOO_HARD]),
        (0.5, -0.01, [Flag.NEGATIVE]),
        (0.5, 0.0, [Flag.LITTLE]),
        (0.5, 0.19, [Flag.LITTLE]),
        (0.5, 0.20, []),
        (1.0, None, [Flag.TOO_EASY]),
    ],
)
def test_flags_follow_the_stated_thresholds(p, correlation, found):
    assert flags(30, p, correlation) == found


def test_a_wrong_option_that_nobody_chose_and_one_that_the_strong_chose_are_flagged():
    right, unchosen, misleading = (
        OptionCount(0, True, 20, 9, 4),
        OptionCount(1, False, 0, 0, 0),
        OptionCount(2, False, 6, 4, 1),
    )

    assert flags(30, 0.5, 0.3, [right, unchosen]) == [Flag.UNCHOSEN]
    assert flags(30, 0.5, 0.3, [right, misleading]) == [Flag.MISLEADING]


def test_nothing_is_flagged_for_fewer_than_five_people():
    assert flags(4, 1.0, -0.5) == []


# --- all sittings --------------------------------------------------------------------------------------


def sums_of(x, y):
    return Sums(len(x), sum(x), sum(y), sum(a * a for a in x), sum(b * b for b in y), x @ y)


def test_one_sitting_pooled_is_the_sitting_itself():
    points = LSAT_MATRIX[::7]
    rest = points.sum(axis=1) - points[:, 2]

    pooled = pooled_discrimination([sums_of(points[:, 2], rest / 4)])

    assert pooled == pytest.approx(discrimination(points)[2])
    assert pooled_difficulty([sums_of(points[:, 2], rest / 4)]) == pytest.approx(points[:, 2].mean())


def test_an_easier_second_paper_does_not_make_an_item_discriminate():
    """Within each sitting the item tells nothing; that one sitting did better in all is not the item's merit."""
    weak = sums_of(np.array([0.0, 1, 0, 1]), np.array([0.1, 0.1, 0.3, 0.3]))
    strong = sums_of(np.array([1.0, 0, 1, 1]), np.array([0.8, 0.9, 0.9, 0.8]))

    assert pooled_discrimination([weak]) == pytest.approx(0)
    assert abs(pooled_discrimination([weak, strong])) < 0.2


def test_nothing_pooled_is_nothing():
    assert pooled_difficulty([]) is None
    assert pooled_discrimination([Sums(3, 3, 1.5, 3, 0.75, 1.5)]) is None


def test_ticks_are_added_up_for_the_bank():
    assert added_up([([0, 2], 5), ([2], 2), ([9], 1)], 3) == {"0": 5, "1": 0, "2": 7}


# --- what always holds -----------------------------------------------------------------------------------


@st.composite
def papers(draw, least=2):
    people = draw(st.integers(least, 25))
    items = draw(st.integers(2, 6))
    halves = st.lists(st.integers(0, 4), min_size=items, max_size=items)
    rows = draw(st.lists(halves, min_size=people, max_size=people))
    return np.array(rows, dtype=float) / 2


@given(papers())
def test_every_figure_stays_in_its_range(points):
    possible = [2.0] * points.shape[1]
    groups = outer_groups(points.sum(axis=1))
    alpha = cronbach_alpha(points)

    assert all(0 <= p <= 1 for p in difficulty(points, possible))
    assert all(r is None or -1 <= r <= 1 for r in discrimination(points))
    assert all(d is None or -1 <= d <= 1 for d in upper_lower(points, possible, groups))
    assert alpha is None or alpha <= 1 + 1e-9


def alike(first, second):
    """Tell whether two lists of figures agree, None only with None."""
    return [f is None for f in first] == [s is None for s in second] and all(
        f is None or abs(f - s) < 1e-6 for f, s in zip(first, second, strict=True)
    )


@given(papers(), st.randoms(use_true_random=False))
def test_the_order_of_the_people_changes_nothing(points, dice):
    order = list(range(len(points)))
    dice.shuffle(order)
    mixed, possible = points[order], [2.0] * points.shape[1]
    groups, others = outer_groups(points.sum(axis=1)), outer_groups(mixed.sum(axis=1))

    assert alike(difficulty(points, possible), difficulty(mixed, possible))
    assert alike(discrimination(points), discrimination(mixed))
    assert alike(upper_lower(points, possible, groups), upper_lower(mixed, possible, others))
    assert (groups and groups.sizes) == (others and others.sizes)


@given(papers())
def test_the_outer_groups_are_apart_and_hold_at_least_their_share(points):
    totals = points.sum(axis=1)
    groups = outer_groups(totals)

    if groups is not None:
        assert not (groups.upper & groups.lower).any()
        assert min(groups.sizes) >= max(1, round(0.27 * len(totals)))
        assert totals[groups.upper].min() > totals[groups.lower].max()


@given(papers())
def test_discrimination_is_the_correlation_that_the_standard_library_computes(points):
    found = discrimination(points)

    for item, r in enumerate(found):
        own = points[:, item].tolist()
        rest = (points.sum(axis=1) - points[:, item]).tolist()
        if len(set(own)) == 1 or len(set(rest)) == 1:
            assert r is None
        else:
            assert r == pytest.approx(statistics.correlation(own, rest), abs=1e-9)


@given(papers(), st.floats(0.5, 8))
def test_the_size_of_a_point_changes_neither_alpha_nor_discrimination(points, factor):
    assert alike([cronbach_alpha(points)], [cronbach_alpha(points * factor)])
    assert alike(discrimination(points), discrimination(points * factor))


@given(papers(), papers())
def test_pooling_measures_each_sitting_from_its_own_means(first, second):
    def pooled(shift):
        lines = ((first, 0.0), (second, shift))
        return pooled_discrimination([sums_of(points[:, 0], points[:, 1] + more) for points, more in lines])

    assert alike([pooled(0.0)], [pooled(0.5)])
