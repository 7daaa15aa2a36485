"""Matching: hard limits, then as many as possible, then the best fit, then even loads; or with the fewest changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from trainmgr.mentoring import flow
from trainmgr.mentoring.matching import moves_for, propose
from trainmgr.mentoring.rules import (
    EVEN_STEP,
    WEIGHTS,
    Guide,
    Obstacle,
    Terms,
    Trainee,
    cost_of,
    cost_of_load,
    fit_of,
    limit_between,
    limits_between,
    time_fit,
)

FIELDS = ("数控加工", "数控编程", "检测", "")
SITES = ("一厂", "二厂", "三厂", "")
SINCE, UNTIL = date(2026, 9, 1), date(2027, 6, 30)
TERMS = Terms(SINCE, UNTIL, most_km=40, distances={("一厂", "二厂"): 12, ("三厂", "二厂"): 55})
PLAIN = Terms()
LEAVES = ((), ((UNTIL - timedelta(days=9), UNTIL),), ((SINCE, UNTIL),))
# Nothing stated; Monday morning; Monday morning and Tuesday; Friday afternoon.
TIMES = tuple(map(frozenset, ((), ((1, 1), (1, 2)), ((1, 1), (1, 2), (2, 1)), ((5, 7),))))


def trainees(count=8):
    one = st.builds(
        Trainee,
        id=st.just(0),
        organization_id=st.sampled_from([None, 1, 2]),
        field=st.sampled_from(FIELDS),
        present_id=st.sampled_from([None, 101, 102]),
        site=st.sampled_from(SITES),
        known_ids=st.frozensets(st.sampled_from([101, 103, 104]), max_size=2),
        times=st.sampled_from(TIMES),
    )
    return st.lists(one, min_size=1, max_size=count).map(
        lambda rows: [replace(trainee, id=i) for i, trainee in enumerate(rows, 1)]
    )


def guides(count=4):
    one = st.builds(
        Guide,
        id=st.just(0),
        organization_id=st.sampled_from([1, 2]),
        capacity=st.integers(0, 3),
        fields=st.frozensets(st.sampled_from(FIELDS[:3]), max_size=2),
        qualified_until=st.sampled_from([None, UNTIL, UNTIL - timedelta(days=1)]),
        taken=st.integers(0, 1),
        guided_before=st.integers(0, 4),
        sites=st.frozensets(st.sampled_from(SITES[:3]), max_size=2),
        leaves=st.sampled_from(LEAVES),
        times=st.sampled_from(TIMES),
    )
    return st.lists(one, min_size=1, max_size=count).map(
        lambda rows: [replace(guide, id=100 + i) for i, guide in enumerate(rows, 1)]
    )


def test_the_weights_add_to_a_hundred():
    assert sum(WEIGHTS.values()) == 100


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(), guides())
def test_no_hard_limit_is_ever_broken(people, mentors):
    by_id = {guide.id: guide for guide in mentors}
    people_by_id = {trainee.id: trainee for trainee in people}

    result = propose(people, mentors, TERMS)

    assert [pair.trainee_id for pair in result.pairs] == [trainee.id for trainee in people]
    load = Counter(pair.guide_id for pair in result.pairs if pair.guide_id)
    assert all(load[guide.id] <= guide.places for guide in mentors)
    for pair in result.pairs:
        if pair.guide_id:
            assert limit_between(people_by_id[pair.trainee_id], by_id[pair.guide_id], TERMS) is None
        else:
            assert pair.obstacle is not None


def most_that_can_be_placed(people, mentors) -> int:
    """The size of a largest matching, by augmenting paths (Kuhn, 1955)."""
    seats = [guide for guide in mentors for _ in range(min(guide.places, len(people)))]
    owner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for seat, guide in enumerate(seats):
            if seat not in seen and limit_between(people[row], guide, TERMS) is None:
                seen.add(seat)
                if seat not in owner or place(owner[seat], seen):
                    owner[seat] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(people)))


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(), guides())
def test_nobody_is_left_out_who_could_be_placed(people, mentors):
    assert propose(people, mentors, TERMS).placed == most_that_can_be_placed(people, mentors)


def cost_in_all(people, mentors, guide_of, terms=TERMS) -> int:
    """What a proposal costs: every pair its misfit, every further trainee of one mentor a step more."""
    by_id = {guide.id: guide for guide in mentors}
    fits = sum(cost_of(fit_of(one, by_id[guide_of[one.id]], terms)) for one in people if guide_of[one.id])
    loads = Counter(guide_id for guide_id in guide_of.values() if guide_id)
    return fits + sum(cost_of_load(load, terms) for load in loads.values())


def least_cost(people, mentors, terms=TERMS) -> int:
    """The least cost of placing as many as can be, by the Hungarian method over single seats (Kuhn, 1955)."""
    seats = [(guide, seat) for guide in mentors for seat in range(min(guide.places, len(people)))]
    forbidden, nobody = 10**10, 10**7
    table = np.full((len(people), len(seats) + len(people)), float(forbidden))
    for row, one in enumerate(people):
        table[row, len(seats) + row] = nobody
        for column, (guide, seat) in enumerate(seats):
            if limit_between(one, guide, TERMS) is None:
                table[row, column] = cost_of(fit_of(one, guide, terms)) + terms.balance_step * seat
    rows, columns = linear_sum_assignment(table)
    return int(sum(table[rows, columns])) % nobody


@pytest.mark.parametrize("step", [Terms.balance_step, EVEN_STEP])
@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(12), guides(6))
def test_no_other_way_of_placing_as_many_is_better(step, people, mentors):
    terms = replace(TERMS, balance_step=step)

    found = {pair.trainee_id: pair.guide_id for pair in propose(people, mentors, terms).pairs}

    assert cost_in_all(people, mentors, found, terms) == least_cost(people, mentors, terms)


@settings(deadline=None)
@given(trainees(12), guides(6))
def test_to_put_a_seat_for_everybody_first_is_the_same_as_to_make_it_heavy(people, mentors):
    light = propose(people, mentors, TERMS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "HEAVY", 0)
        first = propose(people, mentors, TERMS)

    assert first.placed == light.placed
    costs = [
        cost_in_all(people, mentors, {p.trainee_id: p.guide_id for p in found.pairs})
        for found in (light, first)
    ]
    assert costs[0] == costs[1]


# --- the fewest changes -----------------------------------------------------------------------------


def changes_in(people, mentors, guide_of) -> int:
    """How many leave a mentor whom they have and could keep."""
    by_id = {guide.id: guide for guide in mentors}
    return sum(
        guide_of[one.id] != one.present_id
        for one in people
        if one.present_id in by_id and limit_between(one, by_id[one.present_id], TERMS) is None
    )


def rank_of(people, mentors, guide_of) -> tuple[int, int, int]:
    """What comes first: nobody left out, then no change, then the cost."""
    without = sum(guide_id is None for guide_id in guide_of.values())
    return without, changes_in(people, mentors, guide_of), cost_in_all(people, mentors, guide_of)


def all_ways(people, mentors):
    """Every way of giving each trainee a possible mentor or nobody, within the seats."""
    places = {guide.id: guide.places for guide in mentors}
    possible = [
        [None, *(guide.id for guide in mentors if limit_between(one, guide, TERMS) is None)] for one in people
    ]
    for way in product(*possible):
        loads = Counter(guide_id for guide_id in way if guide_id)
        if all(load <= places[guide_id] for guide_id, load in loads.items()):
            yield {one.id: guide_id for one, guide_id in zip(people, way, strict=True)}


@settings(deadline=None, max_examples=200)
@given(trainees(5), guides(4))
def test_no_other_way_changes_fewer_pairs_or_costs_less_with_as_few_changes(people, mentors):
    result = propose(people, mentors, TERMS, fewest_changes=True)

    found = {pair.trainee_id: pair.guide_id for pair in result.pairs}
    assert rank_of(people, mentors, found) == min(
        rank_of(people, mentors, way) for way in all_ways(people, mentors)
    )


@settings(deadline=None)
@given(trainees(5), guides(4))
def test_the_best_of_all_ways_is_found(people, mentors):
    found = {pair.trainee_id: pair.guide_id for pair in propose(people, mentors, TERMS).pairs}

    def rank(way):
        return sum(guide_id is None for guide_id in way.values()), cost_in_all(people, mentors, way)

    assert rank(found) == min(rank(way) for way in all_ways(people, mentors))


def test_after_a_mentor_left_only_the_waiting_are_placed_where_there_is_room():
    people = [Trainee(i, 1, present_id=1 if i < 3 else 2) for i in range(5)] + [Trainee(9, 1)]

    result = propose(people, [Guide(1, 1, 5), Guide(2, 1, 5), Guide(3, 1, 1)], PLAIN, fewest_changes=True)

    assert [pair.guide_id for pair in result.pairs] == [1, 1, 1, 2, 2, 3]


def test_one_moves_when_that_is_the_only_way_to_place_another():
    people = [Trainee(1, 1, "检测", present_id=1), Trainee(2, 1, "焊接")]
    mentors = [Guide(1, 1, 1), Guide(2, 1, 1, frozenset({"检测"}))]

    result = propose(people, mentors, PLAIN, fewest_changes=True)

    assert [pair.guide_id for pair in result.pairs] == [2, 1]


# --- what a change by hand costs --------------------------------------------------------------------


@settings(deadline=None)
@given(trainees(6), guides(4), st.data())
def test_the_price_of_a_move_is_the_difference_of_the_whole_cost(people, mentors, data):
    result = propose(people, mentors, TERMS)
    found = {pair.trainee_id: pair.guide_id for pair in result.pairs}
    one = data.draw(st.sampled_from(people))

    for move in moves_for(one, mentors, result.load, found[one.id], TERMS):
        after = cost_in_all(people, mentors, found | {one.id: move.guide.id})
        assert move.price == after - cost_in_all(people, mentors, found)
        if move.is_possible and found[one.id]:
            assert move.price >= 0, "the proposal would not be the best"


def test_many_equally_good_mentors_all_get_somebody():
    """Twelve of them used to take all, and the others none."""
    people = [Trainee(i, 1, "检测") for i in range(60)]

    result = propose(people, [Guide(i, 1, 5, frozenset({"检测"})) for i in range(1, 31)])

    assert set(result.load.values()) == {2}


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(), guides())
def test_equal_input_gives_an_equal_answer(people, mentors):
    assert propose(people, mentors, TERMS) == propose(people, mentors, TERMS)


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
    person = Trainee(1, 1, "检测", site="二厂")

    def obstacle(*mentors):
        return propose([person], mentors, TERMS).pairs[0].obstacle

    assert obstacle() is Obstacle.NO_MENTOR
    assert obstacle(Guide(1, 2, 5)) is Obstacle.ORGANIZATION
    assert obstacle(Guide(1, 1, 5, frozenset({"焊接"}))) is Obstacle.FIELD
    assert obstacle(Guide(1, 1, 5, qualified_until=UNTIL - timedelta(days=1))) is Obstacle.QUALIFICATION
    assert obstacle(Guide(1, 1, 5, sites=frozenset({"三厂"}))) is Obstacle.SITE
    assert obstacle(Guide(1, 1, 5, leaves=((SINCE, UNTIL),))) is Obstacle.LEAVE
    assert obstacle(Guide(1, 1, 0)) is Obstacle.CAPACITY
    assert obstacle(Guide(1, 1, 5, qualified_until=UNTIL, sites=frozenset({"一厂"}))) is None


def test_the_limit_that_is_easiest_to_give_binds():
    far = Guide(1, 1, 5, frozenset({"焊接"}), sites=frozenset({"三厂"}))
    ending = Guide(2, 1, 5, qualified_until=SINCE)
    person = Trainee(1, 1, "检测", site="二厂")

    assert limits_between(person, far, TERMS) == [Obstacle.FIELD, Obstacle.SITE]
    assert propose([person], [far, ending], TERMS).pairs[0].obstacle is Obstacle.SITE


def test_a_short_leave_is_no_obstacle():
    away = Guide(1, 1, 5, leaves=((UNTIL - timedelta(days=13), UNTIL + timedelta(days=60)),))

    assert limit_between(Trainee(1, 1), away, TERMS) is None
    assert limit_between(Trainee(1, 1), away, replace(TERMS, most_leave=13)) is Obstacle.LEAVE


def test_the_master_of_the_school_stage_follows_to_the_workplace():
    people = [Trainee(i, 1, known_ids=frozenset({1 if i % 2 else 2})) for i in range(6)]

    result = propose(people, [Guide(i, 1, 5) for i in (1, 2, 3)], PLAIN)

    assert [pair.guide_id for pair in result.pairs] == [2, 1, 2, 1, 2, 1]


def test_the_nearer_site_is_taken():
    person = Trainee(1, 1, site="一厂")

    result = propose(
        [person],
        [Guide(1, 1, 5, sites=frozenset({"二厂"})), Guide(2, 1, 5, sites=frozenset({"一厂"}))],
        TERMS,
    )

    assert (result.pairs[0].guide_id, result.pairs[0].next_best_id) == (2, 1)


@settings(deadline=None)  # the machine may be busy with other tests
@given(trainees(1), guides(1))
def test_a_fit_lies_between_nothing_and_all(people, mentors):
    assert 0 <= fit_of(people[0], mentors[0], TERMS).total <= 1


def test_the_mentor_who_is_at_work_when_the_class_is_comes_first():
    monday = frozenset({(1, 1), (1, 2)})
    night, day = (
        Guide(id=101, organization_id=1, capacity=2, times=frozenset({(1, 12), (2, 12)})),
        Guide(id=102, organization_id=1, capacity=2, times=monday | {(3, 1)}),
    )
    trainee = Trainee(id=1, organization_id=1, times=monday)

    assert [time_fit(trainee, guide) for guide in (night, day)] == [0, 1]
    assert time_fit(trainee, replace(day, times=frozenset({(1, 1)}))) == 0.5
    assert time_fit(replace(trainee, times=frozenset()), day) == 0.5  # nothing is planned yet
    assert propose([trainee], [night, day], PLAIN).pairs[0].guide_id == 102


def test_weights_set_before_there_was_one_for_working_time_still_hold():
    old = Terms(weights={"field": 50, "continuity": 20, "distance": 15, "experience": 15})
    trainee = Trainee(id=1, organization_id=1, times=TIMES[1])

    fits = {
        fit_of(trainee, Guide(id=2, organization_id=1, capacity=1, times=times), old).total for times in TIMES
    }

    assert len(fits) == 1
