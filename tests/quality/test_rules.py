"""The pure rules: values of sums, verdicts, periods; levels, totals and their ranges of the maturity evaluation."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.quality.maturity_rules import (
    MaturityDimension,
    Scored,
    Stage,
    by_dimension,
    level_of,
    limits_fault,
    stage_of,
    total,
    weights_missing,
)
from trainmgr.quality.rules import (
    Better,
    Figure,
    Period,
    Sums,
    Unit,
    Verdict,
    change,
    figure_of,
    value_of,
    verdict_of,
)

pytestmark = pytest.mark.once
COUNTS = st.integers(0, 100_000)
LEVELS = st.one_of(st.none(), st.integers(1, 5))
SCORES = st.lists(
    st.builds(Scored, st.sampled_from(MaturityDimension), st.floats(0.5, 50), LEVELS), min_size=1, max_size=12
)


@pytest.mark.parametrize(
    ("unit", "sums", "value"),
    [
        (Unit.SHARE, Sums(0, 0), None),
        (Unit.SHARE, Sums(0, 4), 0),
        (Unit.MEAN, Sums(9, 2), 4.5),
        (Unit.MEAN, Sums(0, 0), None),
        (Unit.COUNT, Sums(0, 0), 0),
        (Unit.SUM, Sums(7.5, 0), 7.5),
    ],
)
def test_a_value_follows_from_its_sums_and_nothing_over_nothing_is_none(unit, sums, value):
    assert value_of(unit, sums) == value


@pytest.mark.parametrize(
    ("value", "target", "better", "verdict"),
    [
        (0.95, 0.95, Better.HIGHER, Verdict.MET),
        (0.94, 0.95, Better.HIGHER, Verdict.NEAR),
        (0.80, 0.95, Better.HIGHER, Verdict.MISSED),
        (3, 4, Better.LOWER, Verdict.MET),
        (5, 4, Better.LOWER, Verdict.MISSED),
        (None, 0.95, Better.HIGHER, Verdict.NO_DATA),
        (0.5, None, Better.HIGHER, Verdict.OPEN),
    ],
)
def test_a_verdict_says_how_a_value_stands_against_its_target(value, target, better, verdict):
    assert verdict_of(value, target, better) is verdict


@given(st.integers(1, 4), COUNTS, COUNTS)
def test_a_survey_of_too_few_shows_nothing_of_how_they_answered(people, numerator, denominator):
    figure = figure_of("x", Unit.SHARE, Sums(numerator, denominator, people), is_survey=True)

    assert (figure.is_small, figure.value, figure.numerator, figure.denominator) == (True, None, None, None)
    assert figure.verdict is Verdict.NO_DATA


def test_a_change_needs_both_years():
    figure = Figure("x", 1, 2, 0.5, Unit.SHARE)
    assert change(figure, None) is None
    assert change(figure, Figure("x", 0, 0, None, Unit.SHARE)) is None
    assert change(figure, Figure("x", 1, 4, 0.25, Unit.SHARE)) == 0.25


def test_a_period_knows_the_one_before_and_refuses_to_run_backwards():
    assert Period.of_year(2026).before == Period.of_year(2025)
    assert Period(date(2024, 2, 29), date(2024, 8, 31)).before == Period(date(2023, 2, 28), date(2023, 8, 31))
    with pytest.raises(ValueError, match="ends before"):
        Period(date(2026, 1, 2), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("value", "limits", "level"),
    [
        (None, (0.5, 0.6, 0.7, 0.8), None),
        (0.49, (0.5, 0.6, 0.7, 0.8), 1),
        (0.5, (0.5, 0.6, 0.7, 0.8), 2),
        (1, (0.5, 0.6, 0.7, 0.8), 5),
        (9, (8, 6, 4, 2), 1),
        (4, (8, 6, 4, 2), 4),
        (0, (8, 6, 4, 2), 5),
    ],
)
def test_a_level_follows_from_four_limits_rising_or_falling(value, limits, level):
    assert level_of(value, limits) == level


@pytest.mark.parametrize("limits", [(), (1, 2, 3), (1, 2, 2, 3), (1, 3, 2, 4)])
def test_limits_that_do_not_go_one_way_are_none(limits):
    assert limits_fault(limits)


@given(SCORES)
def test_the_whole_stays_within_what_is_missing_could_make_of_it(scores):
    whole = total(scores)

    if whole.level is None:
        assert all(one.level is None for one in scores)
        return
    assert whole.low - 1e-9 <= whole.level <= whole.high + 1e-9
    if not whole.is_partial:
        assert whole.low == pytest.approx(whole.high)


@given(SCORES, st.integers(1, 5))
def test_giving_a_missing_level_lands_within_the_range_told_before(scores, level):
    before = total(scores)
    given_now = [Scored(one.dimension, one.weight, one.level or level) for one in scores]

    if before.level is not None:
        assert before.low - 1e-9 <= total(given_now).level <= before.high + 1e-9
    assert set(by_dimension(scores)) == {one.dimension for one in scores}


def test_days_and_weights():
    days = date(2026, 11, 1), date(2026, 11, 10)
    assert [stage_of(*days, date(2026, 11, day)) for day in (1, 10, 11)] == [
        Stage.OPEN,
        Stage.OPEN,
        Stage.OVER,
    ]
    assert stage_of(*days, date(2026, 10, 31)) is Stage.PLANNED
    assert weights_missing([33.333, 33.333, 33.334]) == 0
    assert weights_missing([60, 30]) == 10
