"""Standing by its table: what can happen, on which day, and how long somebody was away."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.enrolment.rules import AWAY, IN_TRAINING, EnrolmentState
from trainmgr.enrolment.standing_rules import (
    DAYS_AHEAD,
    DAYS_BACK,
    TABLE,
    Happening,
    Pause,
    StandingKind,
    after,
    day_fault,
    days_paused,
    is_paused,
    pauses,
    possible,
    recognised,
)

pytestmark = pytest.mark.once
TODAY = date(2026, 11, 20)
S, K = EnrolmentState, StandingKind
FORBIDDEN = [
    (S.COMPLETED, kind) for kind in K
] + [(S.WITHDRAWN, K.SUSPEND), (S.WITHDRAWN, K.RESUME), (S.SUSPENDED, K.SUSPEND), (S.SUSPENDED, K.PROGRAM),
     (S.TRAINING, K.RESUME), (S.TRAINING, K.READMIT)]  # fmt: skip


@pytest.mark.parametrize(("state", "kind"), FORBIDDEN)
def test_what_is_not_in_the_table_cannot_happen(state, kind):
    assert after(state, kind) is None
    assert kind not in possible(state)


@given(st.lists(st.sampled_from(list(StandingKind)), max_size=30), st.sampled_from([S.TRAINING, S.REMEDIAL]))
def test_no_sequence_reaches_a_forbidden_state(wanted, state):
    """Whatever is asked in whatever order: nobody is completed by it, loops are not entered, pauses alternate."""
    day, happened = TODAY, []
    for kind in wanted:
        new = after(state, kind)
        if new is None:
            continue
        assert new is not S.COMPLETED
        assert new is not S.REMEDIAL or state is S.REMEDIAL
        assert (new is S.SUSPENDED) == (kind is K.SUSPEND)
        assert (new is S.WITHDRAWN) == (kind in (K.WITHDRAW, K.PROGRAM))
        state, day = new, day + timedelta(days=1)
        happened.append(Happening(kind, day))
    found = pauses(one for one in happened if one.kind is not K.ENTERPRISE)
    assert is_paused(found, day) == (state is S.SUSPENDED)
    for earlier, later in pairwise(found):
        assert earlier.until is not None
        assert earlier.until <= later.since


def test_every_state_but_completion_has_a_way_on():
    assert {state for state, _kind in TABLE} == set(S) - {S.COMPLETED}
    assert not AWAY & IN_TRAINING


@pytest.mark.parametrize(
    ("day", "first", "fine"),
    [
        (TODAY, TODAY, True),
        (TODAY - timedelta(days=1), TODAY, False),
        (TODAY - timedelta(days=DAYS_BACK), date(2020, 1, 1), True),
        (TODAY - timedelta(days=DAYS_BACK + 1), date(2020, 1, 1), False),
        (TODAY + timedelta(days=DAYS_AHEAD), TODAY, True),
        (TODAY + timedelta(days=DAYS_AHEAD + 1), TODAY, False),
    ],
)
def test_a_change_may_be_of_days_within_limits(day, first, fine):
    assert (day_fault(day, TODAY, first=first) is None) == fine


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=5)


@given(SPANS, st.integers(0, 40), st.integers(0, 40))
def test_days_paused_are_the_days_that_a_pause_covers(spans, begin, length):
    found, edge = [], TODAY
    for gap, long in spans:
        since = edge + timedelta(days=gap)
        edge = since + timedelta(days=long)
        found.append(Pause(since, edge))
    if found:
        found[-1] = Pause(found[-1].since)
    first = TODAY + timedelta(days=begin)
    last = first + timedelta(days=length)

    days = [first + timedelta(days=n) for n in range(length + 1)]
    assert days_paused(found, first, last) == sum(is_paused(found, day) for day in days)


def test_leaving_ends_a_pause():
    found = pauses([Happening(K.SUSPEND, TODAY), Happening(K.WITHDRAW, TODAY + timedelta(days=3))])
    assert found == [Pause(TODAY, TODAY + timedelta(days=3))]


@pytest.mark.parametrize(
    ("minutes", "verified", "planned", "taken"),
    [(600, 900, 3000, 600), (900, 600, 3000, 600), (900, 900, 300, 300), (0, 900, 300, 0), (-5, 900, 300, 0)],
)
def test_no_more_is_recognised_than_was_verified_and_is_planned(minutes, verified, planned, taken):
    assert recognised(minutes, verified, planned) == taken
