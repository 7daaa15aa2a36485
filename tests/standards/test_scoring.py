"""The figures of a Delphi round, against worked examples and as properties."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.standards.scoring import (
    ItemFigures,
    Limits,
    Verdict,
    chance_of,
    figures_of,
    kendalls_w,
    ranks_of,
    verdict_on,
)

tables = st.integers(2, 7).flatmap(
    lambda items: st.lists(
        st.lists(st.integers(1, 5), min_size=items, max_size=items), min_size=2, max_size=9
    )
)


def test_w_of_three_executives_who_rank_six_applicants():
    """Siegel (1956), Nonparametric Statistics, chapter 9: rank sums 8, 14, 11, 11, 11, 8; s = 25.5; W = .16."""
    agreement = kendalls_w([[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]])

    assert agreement.w == pytest.approx(25.5 / 157.5)
    assert agreement.chi_square == pytest.approx(3 * 5 * 25.5 / 157.5)


def test_w_with_ties_is_corrected():
    """Siegel (1956), chapter 9, three rankings of ten objects: s = 591, ΣT = 9.5, W = .828 (uncorrected .796)."""
    table = [
        [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
        [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
        [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
    ]

    assert kendalls_w(table).w == pytest.approx(591 / (742.5 - 28.5))
    assert kendalls_w(table).w == pytest.approx(0.828, abs=0.0005)


@pytest.mark.parametrize(
    ("chi_square", "degrees", "p"),
    [(3.841, 1, 0.05), (5.991, 2, 0.05), (16.919, 9, 0.05), (30.144, 19, 0.05), (43.820, 19, 0.001)],
)
def test_chances_are_those_of_the_printed_table(chi_square, degrees, p):
    """The critical values of chi-square as every table prints them (Siegel & Castellan 1988, appendix)."""
    assert chance_of(chi_square, degrees) == pytest.approx(p, rel=0.002)


@pytest.mark.parametrize("table", [[], [[1, 2, 3]], [[4], [5]], [[3, 3, 3], [5, 5, 5]]])
def test_w_is_not_defined_without_two_raters_two_items_and_some_difference(table):
    assert kendalls_w(table) is None


@settings(deadline=None)
@given(tables)
def test_w_lies_between_none_and_full_agreement(table):
    agreement = kendalls_w(table)

    if agreement is not None:
        assert -1e-9 <= agreement.w <= 1 + 1e-9
        assert 0 <= agreement.p_value <= 1


@settings(deadline=None)
@given(tables)
def test_w_does_not_ask_who_said_what_or_in_which_order_items_stand(table):
    first, second = kendalls_w(table), kendalls_w([row[::-1] for row in reversed(table)])

    assert (first is None) == (second is None)
    if first is not None:
        assert first.w == pytest.approx(second.w)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=6, unique=True), st.integers(2, 8))
def test_raters_who_say_the_same_agree_fully(row, raters):
    assert kendalls_w([row] * raters).w == pytest.approx(1)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_ranks_always_add_up(scores):
    n = len(scores)
    assert sum(ranks_of(scores)) == pytest.approx(n * (n + 1) / 2)


def test_figures_of_one_item():
    figures = figures_of([5, 4, 5, 3])

    assert figures.mean == 4.25
    assert figures.full == 0.5
    assert figures.variation == pytest.approx(math.sqrt(2.75 / 3) / 4.25)
    assert figures_of([]) is None
    assert figures_of([4]).variation is None


@pytest.mark.parametrize(
    ("figures", "first", "last"),
    [
        (ItemFigures(9, 3.5, 0.25, 0.2), Verdict.KEEP, Verdict.KEEP),  # each exactly on its threshold
        (ItemFigures(9, 3.4, 0.25, 0.2), Verdict.AGAIN, Verdict.DROP),
        (ItemFigures(9, 4.5, 0.3, 0.1), Verdict.AGAIN, Verdict.DROP),
        (ItemFigures(9, 2.0, 0.4, 0.0), Verdict.DROP, Verdict.DROP),
        (ItemFigures(1, 5.0, None, 1.0), Verdict.AGAIN, Verdict.DROP),  # one voice is no consensus
    ],
)
def test_an_item_is_kept_asked_again_or_dropped(figures, first, last):
    limits = Limits(least_mean=3.5, most_variation=0.25, least_full=0.2)

    assert verdict_on(figures, limits, last_round=False) is first
    assert verdict_on(figures, limits, last_round=True) is last
