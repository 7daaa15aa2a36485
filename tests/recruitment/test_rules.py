"""Who gets a place."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.programs.rules import Side
from trainmgr.recruitment.rules import (
    ApplicationState,
    Line,
    Room,
    VerdictKind,
    moving_up,
    plan_faults,
    room_in,
    settle,
    slot_starts,
    takes_applications,
)

C, E = Side.COLLEGE, Side.ENTERPRISE
YES, NO = VerdictKind.ADMIT, VerdictKind.REJECT


@pytest.mark.parametrize(
    ("verdicts", "places", "outcome"),
    [
        ({}, 1, ApplicationState.PENDING),
        ({C: YES}, 1, ApplicationState.PENDING),
        ({E: YES}, 0, ApplicationState.PENDING),
        ({C: NO}, 1, ApplicationState.REJECTED),
        ({E: NO, C: YES}, 1, ApplicationState.REJECTED),
        ({C: YES, E: YES}, 1, ApplicationState.ADMITTED),
        ({C: YES, E: YES}, None, ApplicationState.ADMITTED),
        ({C: YES, E: YES}, 0, ApplicationState.WAITLISTED),
    ],
)
def test_an_application_is_settled_by_both_sides_and_the_places(verdicts, places, outcome):
    assert settle(verdicts, places) is outcome


@given(
    st.dictionaries(st.sampled_from(Side), st.sampled_from(VerdictKind)),
    st.none() | st.integers(min_value=0, max_value=3),
)
def test_nobody_is_admitted_without_both_sides_and_a_place(verdicts, places):
    if settle(verdicts, places) is ApplicationState.ADMITTED:
        assert verdicts == {C: YES, E: YES}
        assert places is None or places > 0


# --- places by enterprise, post and major --------------------------------------------------------

POSTS = st.integers(min_value=1, max_value=4)
WAITING = st.lists(st.none() | POSTS, max_size=30).map(lambda posts: list(enumerate(posts)))
ROOMS = st.builds(
    Room,
    st.none() | st.integers(min_value=0, max_value=20),
    st.none() | st.dictionaries(POSTS, st.integers(min_value=0, max_value=5)),
)


@given(WAITING, ROOMS)
def test_no_post_and_no_programme_gets_more_people_than_it_has_places(waiting, room):
    posts = dict(waiting)
    admitted = moving_up(waiting, room)

    assert room.total is None or len(admitted) <= room.total
    if room.by_post is not None:
        amounts = Counter(posts[one] for one in admitted if posts[one] is not None)
        assert all(amount <= room.by_post.get(post, 0) for post, amount in amounts.items())


@given(WAITING, ROOMS)
def test_nobody_is_passed_over_by_somebody_of_the_same_post(waiting, room):
    admitted = set(moving_up(waiting, room))

    for post in {post for _one, post in waiting}:
        line = [one in admitted for one, its in waiting if its == post]
        assert line == sorted(line, reverse=True)


@given(WAITING, ROOMS)
def test_no_place_stays_free_while_somebody_waits_for_it(waiting, room):
    posts = dict(waiting)
    admitted = moving_up(waiting, room)
    for one in admitted:
        room = room.without_one(posts[one])

    assert all(room.left_for(post) == 0 for one, post in waiting if one not in set(admitted))


@pytest.mark.parametrize(
    ("total", "quotas", "taken", "post", "left"),
    [
        (None, None, {}, 1, None),
        (3, None, {}, None, 3),
        (3, {1: 5}, {1: 4}, 1, 1),
        (0, {1: 5}, {}, 1, 0),
        (9, {1: 5}, {1: 7}, 1, 0),
        (9, {1: 5}, {}, 2, 0),
        (9, {1: 5}, {}, None, 9),
        (None, {1: 5}, {1: 2}, 1, 3),
    ],
)
def test_the_room_for_an_applicant_is_the_tighter_of_post_and_programme(total, quotas, taken, post, left):
    assert room_in(total, quotas, taken).left_for(post) == left


@pytest.mark.parametrize(
    ("lines", "planned", "days", "faults"),
    [
        ([Line("a", 5)], 5, (date(2026, 1, 1), date(2026, 2, 1)), 0),
        ([Line("a", 5), Line("b", 1)], 5, (date(2026, 1, 1), date(2026, 2, 1)), 1),
        ([Line("a", 5)], None, (None, date(2026, 2, 1)), 1),
        ([], 5, (None, None), 2),
        ([Line("a", 5, taken=6), Line("b", 2, taken=2)], 40, (date(2026, 1, 1), date(2026, 2, 1)), 1),
    ],
)
def test_a_plan_is_signed_only_when_it_is_whole(lines, planned, days, faults):
    assert len(plan_faults(lines, planned, *days)) == faults


def test_applications_are_taken_on_the_first_and_on_the_last_day():
    first, last = date(2026, 3, 1), date(2026, 3, 9)
    assert takes_applications(first, first, last)
    assert takes_applications(last, first, last)
    assert not takes_applications(date(2026, 2, 28), first, last)
    assert not takes_applications(date(2026, 3, 10), first, last)
    assert not takes_applications(first, None, last)


def test_interviews_follow_each_other_without_a_gap():
    begins = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert [start.strftime("%H:%M") for start in slot_starts(begins, 20, 4)] == [
        "09:00",
        "09:20",
        "09:40",
        "10:00",
    ]
