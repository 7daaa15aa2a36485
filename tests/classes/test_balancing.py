"""Balanced classes: what holds for every split, whoever is in it."""

import random
from collections import Counter
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.classes.balancing import (
    Person,
    Table,
    Unsplittable,
    gaps,
    groups_of,
    plain_cut,
    portraits,
    split,
    targets,
)

pytestmark = pytest.mark.once

PEOPLE = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(2, 10).map(lambda half: half / 2)),
        st.sampled_from(["", "f", "m"]),
        st.sampled_from(["机电", "数控", "电气"]),
    ),
    min_size=8,
    max_size=60,
).map(lambda rows: [Person(key, *row) for key, row in enumerate(rows, start=1)])


@given(PEOPLE, st.integers(2, 5), st.integers(0, 3))
@settings(max_examples=60)
def test_nobody_is_lost_or_doubled_and_sizes_differ_by_one_at_most(people, classes, seed):
    seats = split(people, classes, seed=seed)

    sizes = Counter(seats.values())
    assert seats.keys() == {person.key for person in people}
    assert set(sizes) == set(range(classes))
    assert max(sizes.values()) - min(sizes.values()) <= 1


@given(PEOPLE, st.integers(2, 4), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_in_which_people_come_does_not_matter(people, classes, lot):
    shuffled = list(people)
    lot.shuffle(shuffled)

    assert split(shuffled, classes, seed=7) == split(people, classes, seed=7)


@given(PEOPLE, st.integers(2, 5))
@settings(max_examples=60)
def test_a_split_is_never_worse_than_a_plain_cut_of_the_list(people, classes):
    table = Table(people)
    cut = plain_cut(table, targets(len(people), classes, {}))

    assert table.imbalance(split(people, classes), classes) <= table.imbalance(cut, classes) + 1e-9


@given(PEOPLE, st.integers(2, 4), st.data())
@settings(max_examples=40)
def test_who_is_locked_stays(people, classes, data):
    some = data.draw(st.lists(st.sampled_from(people), max_size=4, unique_by=lambda person: person.key))
    locked = {person.key: place % classes for place, person in enumerate(some)}

    seats = split(people, classes, locked=locked)

    sizes = Counter(seats.values())
    assert {key: seats[key] for key in locked} == locked
    assert max(sizes.values()) - min(sizes.values()) <= 1


@given(PEOPLE, st.integers(2, 4))
@settings(max_examples=30)
def test_a_swap_that_is_offered_leads_to_the_imbalance_that_was_promised(people, classes):
    table, seats = Table(people), split(people, classes)
    key = people[0].key

    for other, promised in table.best_swaps(seats, classes, key, fixed=frozenset()):
        swapped = seats | {key: seats[other], other: seats[key]}
        assert table.imbalance(swapped, classes) == pytest.approx(promised, abs=1e-9)


def test_the_average_by_chance_is_what_many_random_divisions_have():
    lot = random.Random(5)
    people = [
        Person(key, lot.uniform(1, 5), lot.choice("fm"), lot.choice(["甲", "乙", "丙"])) for key in range(40)
    ]
    table, sizes = Table(people), [14, 13, 13]
    trials = []
    for _trial in range(800):
        lot.shuffle(order := list(range(40)))
        trials.append(table.imbalance({key: 0 if i < 14 else 1 + i % 2 for i, key in enumerate(order)}, 3))

    assert table.expected_by_chance(sizes) == pytest.approx(sum(trials) / len(trials), rel=0.08)


def test_a_clear_case_comes_out_even():
    people = [Person(key, 1 + key % 5, "fm"[key % 2], "甲乙"[key // 2 % 2]) for key in range(40)]

    found = portraits(groups_of(people, split(people, 2)), 2)

    assert [one.people for one in found] == [20, 20]
    far = gaps(found)
    assert far.gender == far.major == 0
    assert far.standardised is not None
    assert far.standardised < 0.1


@pytest.mark.parametrize(("classes", "better"), [(4, 20), (45, 10)])
def test_1800_people_take_well_under_a_second_and_are_far_better_than_chance(classes, better):
    lot = random.Random(1)
    people = [
        Person(key, lot.gauss(3, 0.8), lot.choice("fmm"), lot.choice("一二三四五六")) for key in range(1800)
    ]
    begun = process_time()
    seats = split(people, classes)
    taken = process_time() - begun

    table = Table(people)
    assert taken < 3  # 0.05 s and 0.4 s on an idle core
    by_chance = table.expected_by_chance(targets(1800, classes, {}))
    assert table.imbalance(seats, classes) < by_chance / better


@pytest.mark.parametrize(
    ("people", "classes", "locked"),
    [(3, 4, {}), (6, 1, {}), (6, 99, {}), (6, 2, {0: 1, 1: 1, 2: 1, 3: 1})],
)
def test_what_cannot_be_split_is_refused(people, classes, locked):
    with pytest.raises(Unsplittable):
        split([Person(key) for key in range(people)], classes, locked=locked)


def test_people_without_test_gender_or_major_are_simply_halved():
    assert Counter(split([Person(key) for key in range(9)], 2).values()) == {0: 5, 1: 4}
