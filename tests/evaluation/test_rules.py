"""Windows on the clock, weights that must add up, and who sees what of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trainmgr.evaluation import rules
from trainmgr.evaluation.rules import (
    THREE,
    Level,
    LevelWeight,
    Party,
    Phase,
    phase_of,
    scheme_faults,
    sees_scores,
)

T, E, K = Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER
OPENS = datetime(2026, 11, 16, 16, tzinfo=UTC)
CLOSES = datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "phase"),
    [
        (OPENS - timedelta(microseconds=1), Phase.PLANNED),
        (OPENS, Phase.OPEN),
        (CLOSES - timedelta(microseconds=1), Phase.OPEN),
        (CLOSES, Phase.CLOSED),
    ],
)
def test_a_window_is_open_from_its_first_moment_until_just_before_its_last(now, phase):
    assert phase_of(OPENS, CLOSES, now) is phase


LEVELS = [
    LevelWeight(Level.REACTION, 15, {T: 60, K: 40}),
    LevelWeight(Level.BEHAVIOUR, 25, {T: 20, E: 40, K: 40}),
    LevelWeight(Level.LEARNING, 40, {T: 20, E: 40, K: 40}),
    LevelWeight(Level.RESULTS, 20, {E: 100}),
]
RATED = {(level.level, party) for level in LEVELS for party in level.shares}


def test_a_whole_scheme_has_no_fault():
    assert scheme_faults(LEVELS, RATED) == ()


@pytest.mark.parametrize(
    ("levels", "rated", "msgid"),
    [
        ([*LEVELS[:3], LevelWeight(Level.RESULTS, 21, {E: 100})], RATED, rules.WEIGHTS_SUM),
        ([*LEVELS[:3], LevelWeight(Level.RESULTS, 20, {E: 99})], RATED, rules.SHARES_SUM),
        (LEVELS, RATED - {(Level.RESULTS, E)}, rules.SHARE_UNUSED),
        (LEVELS, RATED | {(Level.RESULTS, K)}, rules.SHARE_MISSING),
    ],
)
def test_a_fault_of_a_scheme_is_named(levels, rated, msgid):
    assert [fault.msgid for fault in scheme_faults(levels, rated)] == [msgid]


def test_a_level_without_weight_needs_no_shares():
    levels = [LevelWeight(Level.REACTION, 0, {}), LevelWeight(Level.LEARNING, 100, {E: 100})]

    assert scheme_faults(levels, {(Level.LEARNING, E)}) == ()


def test_the_parties_weights_follow_from_the_levels():
    weights = rules.party_weights(LEVELS)

    assert {party: weights[party] for party in THREE} == pytest.approx({T: 22, E: 46, K: 32})
    assert not any(weight for party, weight in weights.items() if party not in THREE)


@pytest.mark.parametrize(
    ("phase", "is_trainee", "owes", "submitted", "sees"),
    [
        (Phase.OPEN, False, True, [T, K], False),  # a mentor who has not rated yet stays independent
        (Phase.OPEN, False, False, [E], True),
        (Phase.OPEN, True, False, [T, E], False),  # a trainee waits for all three
        (Phase.OPEN, True, False, [T, E, K], True),
        (Phase.CLOSED, False, True, [], True),
        (Phase.CLOSED, True, True, [E], True),
    ],
)
def test_who_sees_the_others_scores(phase, is_trainee, owes, submitted, sees):
    assert (
        sees_scores(phase=phase, is_trainee=is_trainee, owes=owes, expected=list(THREE), submitted=submitted)
        is sees
    )


def test_stages_end_after_their_weeks():
    assert rules.stage_end(date(2026, 3, 2), [2, 4.4]) == date(2026, 4, 16)
