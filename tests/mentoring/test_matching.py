"""Matching: hard limits, then as many as possible, then the best fit, then even loads."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from trainmgr.mentoring.matching import WEIGHTS, Guide, Obstacle, Trainee, fit_of, limit_between, propose

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


@given(trainees(), guides())
def test_nobody_is_left_out_who_could_be_placed(people, mentors):
    assert propose(people, mentors).placed == most_that_can_be_placed(people, mentors)


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


@given(trainees(1), guides(1))
def test_a_fit_lies_between_nothing_and_all(people, mentors):
    assert 0 <= fit_of(people[0], mentors[0]).total <= 1
