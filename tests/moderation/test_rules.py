"""Who is apart, what a verdict comes to, and what counts when results are worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.evaluation.decided import counting, judge
from trainmgr.evaluation.rules import Level, LevelWeight, Party
from trainmgr.evaluation.scoring import Item, Plan, evaluate
from trainmgr.moderation.rules import (
    DecisionKind,
    ModerationState,
    SideAnswer,
    Verdict,
    after_answers,
    apart,
    differs,
    in_time,
    sides,
)

pytestmark = pytest.mark.once
TRAINEE, ENTERPRISE, TEACHER = Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER
BOTH = frozenset({ENTERPRISE, TEACHER})
PLAN = Plan(
    tuple(Item(number, Level.LEARNING, 1, BOTH, competency_id=9) for number in (1, 2)),
    (LevelWeight(Level.LEARNING, 100, {ENTERPRISE: 50, TEACHER: 50}),),
)
MARKS = st.dictionaries(st.sampled_from([1, 2]), st.sampled_from([None, 1, 2, 3, 4, 5]))
GIVEN = st.fixed_dictionaries({ENTERPRISE: MARKS, TEACHER: MARKS})
DECIDED = st.dictionaries(st.sampled_from([1, 2]), st.integers(1, 5))


def test_the_sides_are_those_at_the_ends_of_a_criterion_that_is_apart():
    marks = {TRAINEE: {1: 4, 2: 3}, ENTERPRISE: {1: 2, 2: 3}, TEACHER: {1: 5, 2: 3}}

    assert apart(marks, 2) == (1,)
    assert sides(marks, (1,)) == BOTH
    assert apart(marks, 4) == ()
    assert sides(marks, ()) == frozenset()


def test_what_nobody_saw_or_only_one_judged_is_never_apart():
    assert apart({ENTERPRISE: {1: None, 2: 1}, TEACHER: {1: 5}}, 1) == ()


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([SideAnswer.WAITING, SideAnswer.KEPT], ModerationState.TALK),
        ([SideAnswer.KEPT, SideAnswer.REVISED], ModerationState.DECIDE),
        ([SideAnswer.ABSENT, SideAnswer.KEPT], ModerationState.DECIDE),
    ],
)
def test_it_waits_for_the_raters_as_long_as_one_is_awaited(answers, state):
    assert after_answers(answers) is state


def test_a_verdict_keeps_takes_or_sets_and_never_outside_what_is_in_question():
    given = {ENTERPRISE: {1: 2, 2: None, 3: 1}, TEACHER: {1: 5, 2: 4, 3: 5}}

    assert Verdict(DecisionKind.KEEP, marks={1: 3}).decided(given, (1, 2)) == {}
    assert Verdict(DecisionKind.TAKE, TEACHER).decided(given, (1, 2)) == {1: 5, 2: 4}
    assert Verdict(DecisionKind.TAKE, ENTERPRISE).decided(given, (1, 2)) == {1: 2}
    assert Verdict(DecisionKind.SET, marks={1: 3, 3: 3}).decided(given, (1, 2)) == {1: 3}


def test_a_decided_mark_differs_only_from_a_mark_that_was_given():
    assert differs({ENTERPRISE: {1: 2}, TEACHER: {1: 3}}, {1: 3})
    assert not differs({ENTERPRISE: {1: 3}, TEACHER: {1: 3, 2: None}}, {1: 3, 2: 4})


def test_an_appeal_is_in_time_from_the_closing_until_the_last_moment():
    closes = datetime(2026, 11, 20, tzinfo=UTC)
    until = closes + timedelta(days=7)

    assert in_time(closes, until, closes)
    assert in_time(closes, until, until - timedelta(seconds=1))
    assert not in_time(closes, until, until)
    assert not in_time(closes, until, closes - timedelta(seconds=1))


@settings(max_examples=60)
@given(GIVEN, DECIDED)
def test_a_decision_moves_the_composite_alone_and_what_was_not_seen_stays_so(marks, decided):
    plain, found = evaluate(PLAN, marks), judge(PLAN, marks, decided)

    assert found.scores == plain.scores
    assert found.divergence == plain.divergence
    assert found.composite.missing == plain.composite.missing
    assert found.composite == evaluate(PLAN, counting(marks, decided)).composite
    assert judge(PLAN, marks, {}) == plain
    for party, given_marks in counting(marks, decided).items():
        for criterion, mark in given_marks.items():
            assert (mark is None) == (marks[party][criterion] is None)


def test_several_raters_of_a_party_are_each_replaced():
    assert counting({TEACHER: [{1: 2}, {1: None}]}, {1: 4}) == {TEACHER: [{1: 4}, {1: None}]}
