"""How marks become scores, composites with their bounds, divergence, attainment and gain."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainmgr.evaluation import scoring
from trainmgr.evaluation.rules import THREE, Level, LevelWeight, Party
from trainmgr.evaluation.scoring import Item, Plan, composite, evaluate, party_score

T, E, K = Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER
ALL = frozenset(THREE)
unhurried = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

# The weights of the eight-stage pathway.
LEVELS = (
    LevelWeight(Level.REACTION, 15, {T: 60, K: 40}),
    LevelWeight(Level.BEHAVIOUR, 25, {T: 20, E: 40, K: 40}),
    LevelWeight(Level.LEARNING, 40, {T: 20, E: 40, K: 40}),
    LevelWeight(Level.RESULTS, 20, {E: 100}),
)
ITEMS = (
    Item(1, Level.REACTION, 1, frozenset({T})),
    Item(2, Level.REACTION, 1, frozenset({K})),
    Item(3, Level.BEHAVIOUR, 1, ALL),
    Item(4, Level.BEHAVIOUR, 3, ALL),
    Item(5, Level.LEARNING, 1, ALL, competency_id=71),
    Item(6, Level.LEARNING, 1, ALL, competency_id=72),
    Item(7, Level.RESULTS, 1, frozenset({E})),
)
PLAN = Plan(ITEMS, LEVELS)


def rated_by(party):
    return [item.id for item in ITEMS if party in item.parties]


marks = st.integers(1, 5)
some_marks = st.one_of(st.none(), marks)


def answers_of(party, mark=some_marks):
    return st.fixed_dictionaries(dict.fromkeys(rated_by(party), mark))


everything = st.fixed_dictionaries({party: answers_of(party, marks) for party in THREE})
anything = st.fixed_dictionaries({}, optional={party: answers_of(party) for party in THREE})


# --- by table ---------------------------------------------------------------------------------------


def test_the_weights_of_the_pathway_give_each_party_its_points():
    assert PLAN.party_points == pytest.approx({T: 22, E: 46, K: 32})
    assert PLAN.points[E] == pytest.approx({3: 2.5, 4: 7.5, 5: 8, 6: 8, 7: 20})


@pytest.mark.parametrize(
    ("given_marks", "points", "value", "coverage", "low", "high"),
    [
        ({1: 4, 2: 2}, {1: 1, 2: 1}, 3.0, 1.0, 3.0, 3.0),
        ({1: 4, 2: 2}, {1: 3, 2: 1}, 3.5, 1.0, 3.5, 3.5),
        ({1: 4, 2: None}, {1: 1, 2: 1}, 4.0, 0.5, 2.5, 4.5),
        ({1: 4}, {1: 1, 2: 3}, 4.0, 0.25, 1.75, 4.75),
        ({1: None, 2: None}, {1: 1, 2: 1}, None, 0.0, 1.0, 5.0),
        ({}, {1: 1}, None, 0.0, 1.0, 5.0),
        ({9: 1}, {1: 1}, None, 0.0, 1.0, 5.0),
    ],
)
def test_a_partys_score_leaves_out_what_it_had_no_chance_to_see(
    given_marks, points, value, coverage, low, high
):
    score = party_score(given_marks, points)

    assert (score.value, score.coverage) == (value, coverage)
    assert (score.low, score.high) == (low, high)


def test_a_missing_party_makes_the_composite_provisional_and_counts_as_bounds_not_as_zero():
    full = scoring.Score(4.0, 1.0, 4.0, 4.0)

    result = composite({T: full, E: full}, {T: 20, E: 45, K: 35})

    assert result.value == pytest.approx(4.0)
    assert result.is_provisional
    assert result.missing == (K,)
    assert result.low == pytest.approx((65 * 4 + 35 * 1) / 100)
    assert result.high == pytest.approx((65 * 4 + 35 * 5) / 100)


def test_nothing_judged_has_no_composite_and_can_become_anything():
    result = composite({}, {T: 20, E: 45, K: 35})

    assert (result.value, result.low, result.high) == (None, 1.0, 5.0)
    assert result.missing == (T, E, K)


def test_a_party_that_saw_nothing_is_missing_too():
    result = evaluate(PLAN, {T: dict.fromkeys(rated_by(T), 4), E: dict.fromkeys(rated_by(E)), K: {2: 4}})

    assert result.composite.missing == (E,)


def test_a_party_without_criteria_in_the_window_is_not_missing():
    plan = PLAN.limited_to([Level.REACTION])

    result = evaluate(plan, {T: {1: 4}, K: {2: 2}})

    assert plan.party_points == pytest.approx({T: 9, K: 6})
    assert not result.composite.is_provisional
    assert result.composite.value == pytest.approx((9 * 4 + 6 * 2) / 15)


def test_divergence_is_the_greatest_gap_on_one_criterion_and_is_not_hidden_by_equal_means():
    given_marks = {T: {3: 5, 4: 1}, E: {3: 1, 4: 5}, K: {3: 3, 4: None}}

    assert [(d.criterion_id, d.gap) for d in scoring.divergences(given_marks)] == [(3, 4), (4, 4)]


@pytest.mark.parametrize("given_marks", [{}, {T: {3: 5}}, {T: {3: 5}, E: {4: 1}}, {T: {3: 5}, E: {3: None}}])
def test_divergence_is_undefined_where_no_two_parties_judged_the_same(given_marks):
    assert scoring.divergences(given_marks) == []


def test_attainment_weighs_the_parties_by_their_share_in_the_level():
    reached = scoring.attainments(PLAN, {T: {5: 5}, E: {5: 3}, K: {5: 4, 6: None}})

    assert reached == {71: pytest.approx((20 * 5 + 40 * 3 + 40 * 4) / 100)}


@pytest.mark.parametrize(
    ("entry", "level", "gained", "normalised"),
    [
        (2.0, 4.0, 2.0, 2 / 3),
        (2.0, 5.0, 3.0, 1.0),
        (3.0, 2.0, -1.0, -0.5),
        (5.0, 5.0, 0.0, None),
        (None, 4.0, None, None),
        (2.0, None, None, None),
    ],
)
def test_gain_and_normalised_gain(entry, level, gained, normalised):
    assert scoring.gain(entry, level) == gained
    assert scoring.normalised_gain(entry, level) == (
        None if normalised is None else pytest.approx(normalised)
    )


NOTHING = {T: {}, E: {}, K: {}}


@unhurried
@given(everything, st.floats(1, 99))
def test_two_windows_that_say_the_same_come_to_the_same_over_the_whole_training(given_marks, weight):
    table = scoring.level_scores(PLAN, given_marks)

    result = scoring.overall(LEVELS, [(weight, table), (100 - weight, table)])

    assert result.value == pytest.approx(evaluate(PLAN, given_marks).composite.value)
    assert not result.is_provisional


@unhurried
@given(everything, everything)
def test_a_window_still_to_come_leaves_the_whole_provisional_and_lands_within_its_bounds(first, second):
    early, late = (
        scoring.level_scores(PLAN.limited_to([Level.BEHAVIOUR]), first),
        scoring.level_scores(PLAN, second),
    )

    before = scoring.overall(LEVELS, [(30, early), (70, scoring.level_scores(PLAN, NOTHING))])
    after = scoring.overall(LEVELS, [(30, early), (70, late)])

    assert before.is_provisional
    assert not after.is_provisional
    assert before.low - 1e-9 <= after.value <= before.high + 1e-9


def test_a_level_counts_only_the_windows_that_ask_about_it():
    early = scoring.level_scores(PLAN.limited_to([Level.BEHAVIOUR]), {p: {3: 1, 4: 1} for p in THREE})
    late = scoring.level_scores(PLAN, {p: dict.fromkeys(rated_by(p), 5) for p in THREE})

    result = scoring.overall(LEVELS, [(50, early), (50, late)])

    assert result.value == pytest.approx((25 * 3 + 75 * 5) / 100)


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (1, "below"),
        (2.99, "below"),
        (3 - 1e-12, "meets"),
        (3, "meets"),
        (4.24, "meets"),
        (4.25, "good"),
        (5, "good"),
    ],
)
def test_a_grade_is_held_against_the_schemes_marks(score, grade):
    assert scoring.grade_of(score, 3.0, 4.25) == grade


def test_out_of_a_hundred_a_point_is_twenty():
    assert [scoring.hundred(score) for score in (None, 1, 3, 4.02, 5)] == [
        None,
        20,
        60,
        pytest.approx(80.4),
        100,
    ]


# --- properties -------------------------------------------------------------------------------------


@unhurried
@given(anything)
def test_the_composite_lies_between_the_parties_and_within_its_bounds(given_marks):
    result = evaluate(PLAN, given_marks)

    values = [score.value for score in result.scores.values() if score.value is not None]
    if not values:
        assert result.composite.value is None
        return
    value = result.composite.value
    assert min(values) - 1e-9 <= value <= max(values) + 1e-9
    assert result.composite.low - 1e-9 <= value <= result.composite.high + 1e-9
    assert 1 <= result.composite.low <= result.composite.high <= 5


@unhurried
@given(anything, st.data())
def test_whatever_a_missing_party_says_lands_within_the_bounds(given_marks, data):
    before = evaluate(PLAN, given_marks)
    late = {party: data.draw(answers_of(party)) for party in before.composite.missing}

    after = evaluate(PLAN, {**given_marks, **late})

    if after.composite.value is not None:
        assert before.composite.low - 1e-9 <= after.composite.value <= before.composite.high + 1e-9
        assert before.composite.low - 1e-9 <= after.composite.low
        assert after.composite.high <= before.composite.high + 1e-9


@unhurried
@given(anything)
def test_no_weight_is_given_away_without_the_provisional_mark(given_marks):
    found = evaluate(PLAN, given_marks).composite
    silent = [p for p in PLAN.party_points if all(m is None for m in given_marks.get(p, {}).values())]
    judged = sum(
        PLAN.points[party].get(criterion, 0)
        for party, answers in given_marks.items()
        for criterion, mark in answers.items()
        if mark is not None
    )
    coverage = judged / sum(PLAN.party_points.values())

    assert found.coverage == pytest.approx(coverage)
    assert set(found.missing) == set(silent)
    if silent or coverage < scoring.LEAST_COVERAGE - 1e-6:
        assert found.is_provisional
    elif coverage > scoring.LEAST_COVERAGE + 1e-6:
        assert not found.is_provisional


@pytest.mark.parametrize(
    ("submitted", "expected", "is_over", "counts"),
    [
        (2, 2, True, False),
        (3, 4, False, False),
        (3, 4, True, True),
        (3, 3, False, True),
        (0, 0, False, False),
    ],
)
def test_peers_count_when_nobody_is_to_come_any_more(submitted, expected, is_over, counts):
    assert scoring.peers_count(submitted, expected, is_over=is_over) is counts


@unhurried
@given(everything, st.sampled_from(list(THREE)))
def test_the_bounds_are_reached_by_the_lowest_and_the_highest_marks(given_marks, absent):
    rest = {party: answers for party, answers in given_marks.items() if party is not absent}
    bounds = evaluate(PLAN, rest).composite

    worst = evaluate(PLAN, rest | {absent: dict.fromkeys(rated_by(absent), 1)}).composite
    best = evaluate(PLAN, rest | {absent: dict.fromkeys(rated_by(absent), 5)}).composite

    assert (worst.value, best.value) == (pytest.approx(bounds.low), pytest.approx(bounds.high))


@unhurried
@given(everything)
def test_with_everything_judged_nothing_is_open_and_the_levels_add_up(given_marks):
    result = evaluate(PLAN, given_marks).composite

    assert not result.is_provisional
    assert result.low == pytest.approx(result.value)
    assert result.high == pytest.approx(result.value)
    by_level = scoring.level_composites(PLAN, given_marks)
    assert sum(w.weight / 100 * by_level[w.level].value for w in LEVELS) == pytest.approx(result.value)


@unhurried
@given(anything, st.permutations(list(THREE)), st.permutations(ITEMS))
def test_the_order_of_parties_and_criteria_does_not_matter(given_marks, parties, items):
    shuffled = {
        party: dict(reversed(given_marks[party].items())) for party in parties if party in given_marks
    }

    one, other = evaluate(PLAN, given_marks), evaluate(Plan(tuple(items), LEVELS[::-1]), shuffled)

    assert one.divergence == other.divergence
    assert one.attainments == {c: pytest.approx(level) for c, level in other.attainments.items()}
    assert set(one.composite.missing) == set(other.composite.missing)
    for name in ("value", "low", "high"):
        assert getattr(one.composite, name) == (
            None
            if one.composite.value is None and name == "value"
            else pytest.approx(getattr(other.composite, name))
        )


@unhurried
@given(anything)
def test_leaving_out_is_the_same_as_saying_nothing(given_marks):
    spoken = {p: {c: m for c, m in answers.items() if m is not None} for p, answers in given_marks.items()}

    assert evaluate(PLAN, spoken) == evaluate(PLAN, given_marks)


@unhurried
@given(everything, st.sampled_from(ITEMS), st.sampled_from(list(THREE)))
def test_a_better_mark_never_lowers_the_composite(given_marks, item, party):
    if party not in item.parties or given_marks[party][item.id] == 5:
        return
    better = {**given_marks, party: {**given_marks[party], item.id: given_marks[party][item.id] + 1}}

    assert evaluate(PLAN, better).composite.value > evaluate(PLAN, given_marks).composite.value


@unhurried
@given(everything)
def test_divergence_is_nought_only_where_all_agree(given_marks):
    gap = evaluate(PLAN, given_marks).divergence

    shared = [item.id for item in ITEMS if len(item.parties) > 1]
    agree = all(len({a[c] for a in given_marks.values() if c in a}) == 1 for c in shared)
    assert (gap == 0) is agree
    assert 0 <= gap <= 4


@unhurried
@given(st.floats(1, 4.9), st.floats(1, 5))
def test_the_normalised_gain_is_one_at_the_top_and_has_the_sign_of_the_gain(entry, level):
    g = scoring.normalised_gain(entry, level)

    assert g <= 1 + 1e-9
    assert (g > 0) is (level > entry)
    assert scoring.normalised_gain(entry, 5.0) == pytest.approx(1)
