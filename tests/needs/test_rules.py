"""The rules of needs: Borich, relative shortfalls, one ranked list, proposed hours."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.needs import rules
from trainmgr.needs.rules import Ability, Direction, Gauge, Rating

level = st.integers(100, 500).map(lambda hundredths: hundredths / 100)
figure = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
direction = st.sampled_from(Direction)


@st.composite
def abilities(draw, least=1, most=12):
    keys = draw(st.lists(st.integers(1, 99), unique=True, min_size=least, max_size=most))
    return [
        Ability(key, place, importance=draw(level), required=draw(level), current=draw(level))
        for place, key in enumerate(keys, start=1)
    ]


@st.composite
def gauges_for(draw, given_abilities):
    keys = [ability.key for ability in given_abilities]
    return [
        Gauge(
            number,
            weight=draw(st.integers(1, 5)),
            shortfall=draw(st.just(0.0) | st.floats(1e-6, 1)),
            competencies=frozenset(draw(st.sets(st.sampled_from(keys), max_size=len(keys)))),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


@st.composite
def analyses(draw):
    found = draw(abilities())
    return found, draw(gauges_for(found)), draw(st.integers(0, 100)), draw(st.integers(1, 12))


def rank(found, gauges=(), weight=60, count=7):
    return rules.ranked(found, gauges, trainee_weight=weight, priority_count=count)


# --- Borich ---------------------------------------------------------------------------------------


def test_the_score_is_the_mean_of_each_respondents_gap_weighted_with_the_mean_importance():
    ratings = [Rating(5, 2), Rating(4, 3), Rating(3, 1)]
    # Mean importance 4; gaps to 4 are 2, 1 and 3; (8 + 4 + 12) / 3 = 8.
    assert rules.borich(4, ratings) == pytest.approx(8)


def test_a_surplus_of_one_respondent_counts_against_the_gap_of_another():
    assert rules.borich(3, [Rating(4, 2), Rating(4, 4)]) == pytest.approx(0)


def test_without_respondents_there_is_no_score():
    with pytest.raises(ValueError, match="no respondents"):
        rules.borich(4, [])


@given(level, st.lists(st.builds(Rating, level, level), min_size=1, max_size=40))
def test_typed_means_give_the_same_score_as_the_respondents_behind_them(required, ratings):
    importance = math.fsum(r.importance for r in ratings) / len(ratings)
    current = math.fsum(r.attainment for r in ratings) / len(ratings)
    assert rules.borich(required, ratings) == pytest.approx(
        rules.borich_of_means(importance, required, current), abs=1e-9
    )


@pytest.mark.parametrize(("respondents", "few"), [(0, False), (1, True), (4, True), (5, False), (66, False)])
def test_means_of_fewer_than_five_people_are_marked(respondents, few):
    assert rules.is_few(respondents) is few


# --- shortfalls -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "current", "expected", "benchmark", "share"),
    [
        (Direction.HIGHER, 91, 96, None, 5 / 96),
        (Direction.LOWER, 12, 5, None, 7 / 12),
        (Direction.LOWER, 3.1, 1.5, None, 1.6 / 3.1),
        (Direction.HIGHER, 96, 96, None, 0),
        (Direction.HIGHER, 99, 96, None, 0),
        (Direction.LOWER, 4, 5, None, 0),
        (Direction.HIGHER, 91, 96, 98, 7 / 98),  # the industry does better than is expected
        (Direction.HIGHER, 91, 96, 93, 5 / 96),  # the expectation is the more demanding one
        (Direction.LOWER, 12, 5, 4, 8 / 12),
        (Direction.LOWER, 12, 5, 8, 7 / 12),
        (Direction.LOWER, 3, 0, None, 1),  # no accident at all is expected
        (Direction.LOWER, 0, 0, None, 0),
        (Direction.HIGHER, -20, -10, None, 0.5),  # a loss is to be halved
        (Direction.HIGHER, -20, 10, None, 1),
        (Direction.HIGHER, 0, 0, None, 0),
    ],
)
def test_a_shortfall_is_a_share_of_the_larger_figure(direction, current, expected, benchmark, share):
    found = rules.shortfall(direction, current=current, expected=expected, benchmark=benchmark)
    assert found == pytest.approx(share)


@given(direction, figure, figure, st.none() | figure, st.floats(0.001, 1000))
def test_a_shortfall_does_not_depend_on_the_unit(direction, current, expected, benchmark, factor):
    before = rules.shortfall(direction, current=current, expected=expected, benchmark=benchmark)
    after = rules.shortfall(
        direction,
        current=current * factor,
        expected=expected * factor,
        benchmark=None if benchmark is None else benchmark * factor,
    )
    assert 0 <= before <= 1
    assert after == pytest.approx(before, abs=1e-9)


@given(figure, figure, st.none() | figure)
def test_less_of_what_should_be_more_is_never_a_smaller_shortfall(expected, current, benchmark):
    now = rules.shortfall(Direction.HIGHER, current=current, expected=expected, benchmark=benchmark)
    worse = rules.shortfall(Direction.HIGHER, current=current - 1, expected=expected, benchmark=benchmark)
    assert worse >= now


def test_a_shortfall_is_split_among_the_competencies_it_is_linked_to():
    gauges = [Gauge(1, 4, 0.5, frozenset({7, 8})), Gauge(2, 1, 0.2, frozenset({8})), Gauge(3, 5, 1.0)]
    assert rules.shares(gauges) == {7: pytest.approx(1.0), 8: pytest.approx(1.2)}


def test_the_key_shortfalls_are_the_largest_that_make_up_half_of_all():
    gauges = [Gauge(1, 1, 0.2), Gauge(2, 5, 0.1), Gauge(3, 3, 0.2), Gauge(4, 2, 0.0)]
    assert rules.key_shortfalls(gauges) == [3, 2]
    assert rules.key_shortfalls([Gauge(1, 3, 0.0)]) == []


# --- the list -------------------------------------------------------------------------------------


def test_both_sides_are_expressed_in_points_of_their_largest_and_weighed():
    found = [Ability(1, 1, 5, 4, 2), Ability(2, 2, 4, 4, 3), Ability(3, 3, 3, 3, 3)]
    gauges = [Gauge(1, 4, 0.5, frozenset({2})), Gauge(2, 2, 0.5, frozenset({3}))]
    first, second, third = rank(found, gauges, weight=60, count=7)
    assert (first.key, first.trainee_score, first.trainee_points, first.score) == (2, 4, 40, 64)
    assert (second.key, second.trainee_score, second.enterprise_points, second.score) == (1, 10, 0, 60)
    assert (third.key, third.enterprise_points, third.score) == (3, 50, 20)


def test_what_is_mastered_is_no_priority_even_where_an_indicator_falls_short():
    found = [Ability(1, 1, 5, 3, 3), Ability(2, 2, 4, 4, 3.5)]
    standings = rank(found, [Gauge(1, 5, 1.0, frozenset({1}))], weight=10, count=1)
    assert [(s.key, s.is_priority) for s in standings] == [(1, False), (2, True)]


def test_equal_scores_go_by_importance_then_gap_then_the_order_of_the_standard():
    found = [Ability(1, 3, 3, 4, 2), Ability(2, 2, 2, 4, 1), Ability(3, 1, 3, 4, 2)]
    assert [s.key for s in rank(found)] == [3, 1, 2]


@given(analyses(), st.randoms())
def test_the_order_of_typing_changes_nothing(analysis, random):
    found, gauges, weight, count = analysis
    shuffled, mixed = list(found), list(gauges)
    random.shuffle(shuffled)
    random.shuffle(mixed)
    assert rank(found, gauges, weight, count) == rank(shuffled, mixed, weight, count)


@given(analyses(), st.integers(2, 20))
def test_the_list_does_not_depend_on_the_scale_of_the_indicators_weights(analysis, factor):
    found, gauges, weight, count = analysis
    scaled = [Gauge(g.key, g.weight * factor, g.shortfall, g.competencies) for g in gauges]
    before, after = rank(found, gauges, weight, count), rank(found, scaled, weight, count)
    for left, right in zip(
        sorted(before, key=lambda s: s.key), sorted(after, key=lambda s: s.key), strict=True
    ):
        assert left.score == pytest.approx(right.score, abs=1e-3)


@given(analyses(), st.data())
def test_a_larger_gap_never_lowers_the_score_or_the_rank(analysis, data):
    found, gauges, weight, count = analysis
    chosen = data.draw(st.sampled_from(found))
    wider = Ability(
        chosen.key, chosen.position, chosen.importance, chosen.required, max(1.0, chosen.current - 0.5)
    )
    before = next(s for s in rank(found, gauges, weight, count) if s.key == chosen.key)
    changed = [wider if a is chosen else a for a in found]
    after = next(s for s in rank(changed, gauges, weight, count) if s.key == chosen.key)
    assert after.score >= before.score
    assert after.rank <= before.rank


@given(analyses())
def test_scores_stay_between_nothing_and_a_hundred_and_ranks_are_complete(analysis):
    found, gauges, weight, count = analysis
    standings = rank(found, gauges, weight, count)
    assert all(0 <= s.score <= 100 for s in standings)
    assert [s.rank for s in standings] == list(range(1, len(found) + 1))
    assert [s.score for s in standings] == sorted((s.score for s in standings), reverse=True)
    gaps = {a.key: a.gap for a in found}
    chosen = [s for s in standings if s.is_priority]
    assert len(chosen) <= count
    assert all(gaps[s.key] > 0 and s.score > 0 for s in chosen)


@given(st.lists(st.tuples(level, level), min_size=1, max_size=8))
def test_without_any_gap_nothing_scores(pairs):
    found = [Ability(n, n, i, min(r, 4), max(r, 4)) for n, (i, r) in enumerate(pairs)]
    gauges = [Gauge(1, 5, 0.0, frozenset({0}))]
    assert all(s.score == 0 and not s.is_priority for s in rank(found, gauges))


# --- hours ----------------------------------------------------------------------------------------


@given(st.dictionaries(st.integers(1, 99), st.floats(0, 100), min_size=1, max_size=20), st.integers(0, 3000))
def test_proposed_hours_add_up_and_leave_nobody_without(scores, total):
    if total < len(scores):
        with pytest.raises(ValueError, match="fewer"):
            rules.propose_hours(scores, total)
        return
    hours = rules.propose_hours(scores, total)
    assert hours.keys() == scores.keys()
    assert sum(hours.values()) == total
    assert min(hours.values()) >= 1


def test_hours_are_shared_by_score():
    assert rules.propose_hours({1: 50, 2: 30, 3: 20}, 800) == {1: 400, 2: 240, 3: 160}
    assert rules.propose_hours({1: 1, 2: 1, 3: 1}, 10) == {1: 4, 2: 3, 3: 3}
    assert rules.propose_hours({1: 0, 2: 0}, 9) == {1: 5, 2: 4}
    assert rules.propose_hours({1: 99, 2: 0.1}, 5) == {1: 4, 2: 1}
