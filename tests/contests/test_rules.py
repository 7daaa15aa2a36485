"""Totals, the mean with extremes left out, and places with ties."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.contests.rules import Measure, Prize, final, places, total, won

pytestmark = pytest.mark.once
SCORES = st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100)


def test_a_total_is_the_weighted_share_of_the_maxima():
    measures = [Measure(1, Decimal(60), Decimal(2)), Measure(2, Decimal(20), Decimal(1))]

    assert total({1: Decimal(30), 2: Decimal(20)}, measures) == Decimal("66.67")
    assert total({1: Decimal(60), 2: Decimal(20)}, measures) == 100
    assert total({1: Decimal(0), 2: Decimal(0)}, measures) == 0


@pytest.mark.parametrize(
    ("totals", "drop", "expected"),
    [
        ([], True, None),
        (["80"], True, "80"),
        (["80", "90"], True, "85"),
        (["10", "80", "90"], True, "80"),
        (["10", "80", "90"], False, "60"),
        (["70", "70", "70", "100"], True, "70"),
    ],
)
def test_extremes_are_left_out_from_three_judges_on(totals, drop, expected):
    found = final([Decimal(one) for one in totals], drop_extremes=drop)

    assert found == (None if expected is None else Decimal(expected))


def test_equal_scores_share_a_place_and_the_next_one_is_skipped():
    scores = {1: Decimal(90), 2: Decimal(95), 3: Decimal(90), 4: Decimal(50)}

    assert places(scores) == {2: 1, 1: 2, 3: 2, 4: 4}


@settings(max_examples=50)
@given(st.lists(SCORES, max_size=12).map(lambda all_: dict(enumerate(all_))))
def test_a_place_is_one_more_than_the_number_of_better_scores(scores):
    for entry, place in places(scores).items():
        assert place == 1 + sum(1 for other in scores.values() if other > scores[entry])


@settings(max_examples=50)
@given(st.lists(SCORES, min_size=1, max_size=9), st.booleans(), st.randoms())
def test_the_order_of_judges_never_matters_and_the_mean_lies_within(totals, drop, random):
    shuffled = list(totals)
    random.shuffle(shuffled)

    found = final(totals, drop_extremes=drop)

    assert found == final(shuffled, drop_extremes=drop)
    assert min(totals) <= found <= max(totals)


def test_ties_all_win_the_prize_of_their_place():
    prizes = [Prize(7, 1, 1), Prize(8, 2, 3)]

    assert won(prizes, {1: 1, 2: 1, 3: 3, 4: 4}) == [(7, 1), (7, 2), (8, 3)]
