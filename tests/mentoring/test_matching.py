"""Matching: hard limits, then as many as possible, then the best fit, then even loads."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from trainmgr.mentoring.matching import (
    BALANCE_STEP,
    WEIGHTS,
    Guide,
    Obstacle,
    Trainee,
    cost_of,
    fit_of,
    limit_between,
    propose,
)

FIELDS = ("数控加工", "数控编程", "检测", "")


def trainees(count=8):
    one = st.builds(
        Trainee,
        id=st.just(0),
        organization_id=st.sampled_from([None, 1, 2]),
        field=st.sampled_from(FIELDS),
        present_id=st.sampled_from([None, 101, 102]),
    )
    return st.lists(one, min_size=1, max_size=count).map(
        lambda rows: [Trainee(i, t.organization_id, t.field, t.present_id) for i, t in enumerate(rows, 1)]
    )


def guides(count=4):
    one = st.tuples(
        st.sampled_from([1, 2]),
        st.integers(0, 3),
        st.sets(st.sampled_from(FIELDS[:3]), max_size=2),
        st.integers(0, 4),
    )
    return st.lists(one, min_size=1, max_size=count).map(
        lambda rows: [
            Guide(100 + i, org, capacity, frozenset(fields), taken=taken // 3, guided_before=taken)
            for i, (org, capacity, fields, taken) in enumerate(rows, 1)
        ]
    )


def test_the_weights_add_to_a_hundred():
    assert sum(WEIGHTS.values()) == 100


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(), guides())
def test_no_hard_limit_is_ever_broken(people, mentors):
    by_id = {guide.id: guide for guide in mentors}
    people_by_id = {trainee.id: trainee for trainee in people}

    result = propose(people, mentors)

    assert [pair.trainee_id for pair in result.pairs] == [trainee.id for trainee in people]
    load = Counter(pair.guide_id for pair in result.pairs if pair.guide_id)
    assert all(load[guide.id] <= guide.places for guide in mentors)
    for pair in result.pairs:
        if pair.guide_id:
            assert limit_between(people_by_id[pair.trainee_id], by_id[pair.guide_id], None) is None
        else:
            assert pair.obstacle is not None


def most_that_can_be_placed(people, mentors) -> int:
    """The size of a largest matching, by augmenting paths (Kuhn, 1955)."""
    seats = [guide for guide in mentors for _ in range(min(guide.places, len(people)))]
    owner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for seat, guide in enumerate(seats):
            if seat not in seen and limit_between(people[row], guide, None) is None:
                seen.add(seat)
                if seat not in owner or place(owner[seat], seen):
                    owner[seat] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(people)))


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(), guides())
def test_nobody_is_left_out_who_could_be_placed(people, mentors):
    assert propose(people, mentors).placed == most_that_can_be_placed(people, mentors)


def cost_in_all(people, mentors, guide_of) -> int:
    """What a proposal costs: every pair its misfit, every further trainee of one mentor a step more."""
    by_id = {guide.id: guide for guide in mentors}
    fits = sum(cost_of(fit_of(one, by_id[guide_of[one.id]])) for one in people if guide_of[one.id])
    loads = Counter(guide_id for guide_id in guide_of.values() if guide_id)
    return fits + sum(BALANCE_STEP * load * (load - 1) // 2 for load in loads.values())


def least_cost(people, mentors) -> int:
    """The least cost of placing as many as can be, by the Hungarian method over single seats (Kuhn, 1955)."""
    seats = [(guide, seat) for guide in mentors for seat in range(min(guide.places, len(people)))]
    forbidden, nobody = 10**9, 10**6
    table = np.full((len(people), len(seats) + len(people)), float(forbidden))
    for row, one in enumerate(people):
        table[row, len(seats) + row] = nobody
        for column, (guide, seat) in enumerate(seats):
            if limit_between(one, guide, None) is None:
                table[row, column] = cost_of(fit_of(one, guide)) + BALANCE_STEP * seat
    rows, columns = linear_sum_assignment(table)
    return int(sum(table[rows, columns])) % nobody


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(12), guides(6))
def test_no_other_way_of_placing_as_many_is_better(people, mentors):
    found = {pair.trainee_id: pair.guide_id for pair in propose(people, mentors).pairs}

    assert cost_in_all(people, mentors, found) == least_cost(people, mentors)


def test_many_equally_good_mentors_all_get_somebody():
    """Twelve of them used to take all, and the others none."""
    people = [Trainee(i, 1, "检测") for i in range(60)]

    result = propose(people, [Guide(i, 1, 5, frozenset({"检测"})) for i in range(1, 31)])

    assert set(result.load.values()) == {2}


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(), guides())
def test_equal_input_gives_an_equal_answer(people, mentors):
    assert propose(people, mentors) == propose(people, mentors)


def test_a_locked_pair_is_kept_and_takes_its_seat():
    mentor = Guide(1, 1, capacity=1)
    people = [Trainee(1, 1), Trainee(2, 1, locked_id=1)]

    result = propose(people, [mentor])

    assert [(p.guide_id, p.locked) for p in result.pairs] == [(None, False), (1, True)]
    assert result.pairs[0].obstacle is Obstacle.CAPACITY


def test_equal_fits_are_spread_evenly():
    result = propose([Trainee(i, 1) for i in range(9)], [Guide(i, 1, capacity=9) for i in (1, 2, 3)])

    assert set(result.load.values()) == {3}


def test_the_same_field_comes_before_balance():
    people = [Trainee(i, 1, "检测") for i in range(3)]

    result = propose(people, [Guide(1, 1, 5, frozenset({"检测"})), Guide(2, 1, 5)])

    assert result.load == {1: 3, 2: 0}


def test_the_present_mentor_stays_when_all_else_is_equal():
    result = propose([Trainee(1, 1, present_id=2)], [Guide(1, 1, 5), Guide(2, 1, 5)])

    assert result.pairs[0].guide_id == 2


def test_each_limit_is_named_when_it_binds():
    until = date(2027, 6, 30)
    person = Trainee(1, 1, "检测")

    def obstacle(*mentors):
        return propose([person], mentors, until=until).pairs[0].obstacle

    assert obstacle() is Obstacle.NO_MENTOR
    assert obstacle(Guide(1, 2, 5)) is Obstacle.ORGANIZATION
    assert obstacle(Guide(1, 1, 5, frozenset({"焊接"}))) is Obstacle.FIELD
    assert obstacle(Guide(1, 1, 5, qualified_until=date(2027, 1, 1))) is Obstacle.QUALIFICATION
    assert obstacle(Guide(1, 1, 0)) is Obstacle.CAPACITY
    assert obstacle(Guide(1, 1, 5, qualified_until=until)) is None


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(1), guides(1))
def test_a_fit_lies_between_nothing_and_all(people, mentors):
    assert 0 <= fit_of(people[0], mentors[0]).total <= 1
