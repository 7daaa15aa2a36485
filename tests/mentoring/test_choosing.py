"""Two-way choice: pairs within capacity that nobody would rather break, the best for the side that proposes."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.mentoring.choosing import (
    DayFault,
    Days,
    Fault,
    Phase,
    Preferences,
    Proposing,
    blocking_pairs,
    fault_in,
    fault_in_days,
    first_wishes,
    in_order,
    phase_on,
    stable_pairs,
)

SIDES = list(Proposing)


@st.composite
def preferences(draw, trainees=5, mentors=3):
    """Lists of both sides, some of them short, some naming who did not name back; seats from none to three."""
    people, masters = (
        range(1, draw(st.integers(1, trainees)) + 1),
        range(101, 101 + draw(st.integers(1, mentors))),
    )

    def some_of(names):
        return draw(st.lists(st.sampled_from(list(names)), unique=True, max_size=len(names)))

    return Preferences(
        wishes={who: some_of(masters) for who in people},
        answers={who: some_of(people) for who in masters},
        seats={who: draw(st.integers(0, 3)) for who in masters},
    )


def all_stable(prefs: Preferences) -> list[dict[int, int]]:
    """Every stable set of pairs, by trying all sets that keep to names and seats."""
    ways = [
        [None, *(mentor for mentor in named if who in prefs.answers[mentor])]
        for who, named in prefs.wishes.items()
    ]
    found = []
    for way in product(*ways):
        pairs = {who: mentor for who, mentor in zip(prefs.wishes, way, strict=True) if mentor}
        load = Counter(pairs.values())
        if all(count <= prefs.seats[mentor] for mentor, count in load.items()) and is_stable(prefs, pairs):
            found.append(pairs)
    return found


def is_stable(prefs: Preferences, pairs: dict[int, int]) -> bool:
    """Read from the definition (Gale and Shapley, 1962), not from the module."""
    for who, named in prefs.wishes.items():
        for mentor in named:
            if who not in prefs.answers[mentor] or pairs.get(who) == mentor:
                continue
            present = pairs.get(who)
            prefers = present is None or named.index(mentor) < named.index(present)
            held = [other for other, one in pairs.items() if one == mentor]
            liked = prefs.answers[mentor]
            wanted = len(held) < prefs.seats[mentor] or any(
                liked.index(who) < liked.index(other) for other in held
            )
            if prefers and wanted and prefs.seats[mentor]:
                return False
    return True


@settings(deadline=None)
@given(preferences(9, 5), st.sampled_from(SIDES))
def test_pairs_are_stable_within_the_seats_and_only_of_those_who_name_each_other(prefs, proposing):
    pairs = stable_pairs(prefs, proposing)

    assert is_stable(prefs, pairs)
    assert blocking_pairs(prefs, pairs) == []
    assert all(count <= prefs.seats[mentor] for mentor, count in Counter(pairs.values()).items())
    assert all(mentor in prefs.wishes[who] and who in prefs.answers[mentor] for who, mentor in pairs.items())


@settings(deadline=None)
@given(preferences())
def test_every_trainee_gets_the_best_of_all_stable_pairs_when_trainees_propose(prefs):
    pairs, stable = stable_pairs(prefs, Proposing.TRAINEES), all_stable(prefs)

    assert pairs in stable
    for who, named in prefs.wishes.items():
        places = [named.index(one[who]) for one in stable if who in one]
        assert (named.index(pairs[who]) if who in pairs else None) == (min(places) if places else None)


@settings(deadline=None)
@given(preferences())
def test_every_trainee_gets_the_last_of_all_stable_pairs_when_mentors_propose(prefs):
    """The best for the one side is the worst for the other (Knuth, 1976)."""
    pairs, stable = stable_pairs(prefs, Proposing.MENTORS), all_stable(prefs)

    assert pairs in stable
    for who, named in prefs.wishes.items():
        places = [named.index(one[who]) for one in stable if who in one]
        assert (named.index(pairs[who]) if who in pairs else None) == (max(places) if places else None)


@settings(deadline=None)
@given(preferences(7, 4))
def test_the_same_people_are_left_without_whoever_proposes(prefs):
    """Rural hospitals (Roth, 1986): who is paired, and how many each mentor has, is the same in all stable sets."""
    one, other = (stable_pairs(prefs, side) for side in SIDES)

    assert one.keys() == other.keys()
    assert Counter(one.values()) == Counter(other.values())


@settings(deadline=None)
@given(preferences(6, 3), st.sampled_from(SIDES), st.data())
def test_a_blocking_pair_is_found_exactly_when_there_is_one(prefs, proposing, data):
    pairs = stable_pairs(prefs, proposing)
    moved = data.draw(st.sampled_from(list(prefs.wishes)))
    possible = [mentor for mentor in prefs.wishes[moved] if moved in prefs.answers[mentor]]
    changed = {who: mentor for who, mentor in pairs.items() if who != moved}
    if possible:
        changed[moved] = data.draw(st.sampled_from(possible))
    if any(count > prefs.seats[mentor] for mentor, count in Counter(changed.values()).items()):
        return

    assert (blocking_pairs(prefs, changed) == []) == is_stable(prefs, changed)


def test_one_example_by_hand():
    prefs = Preferences(
        wishes={1: [101, 102], 2: [101, 102], 3: [101]},
        answers={101: [3, 2, 1], 102: [1, 2]},
        seats={101: 1, 102: 5},
    )

    pairs = stable_pairs(prefs, Proposing.TRAINEES)

    assert pairs == {1: 102, 2: 102, 3: 101}
    assert first_wishes(prefs, pairs) == 1


def test_the_proposing_side_makes_a_difference():
    prefs = Preferences({1: [101, 102], 2: [102, 101]}, {101: [2, 1], 102: [1, 2]}, {101: 1, 102: 1})

    assert stable_pairs(prefs, Proposing.TRAINEES) == {1: 101, 2: 102}
    assert stable_pairs(prefs, Proposing.MENTORS) == {1: 102, 2: 101}


def test_a_mentor_with_no_seats_takes_nobody_and_blocks_nothing():
    prefs = Preferences({1: [101]}, {101: [1]}, {101: 0})

    assert [stable_pairs(prefs, side) for side in SIDES] == [{}, {}]
    assert blocking_pairs(prefs, {}) == []


def test_strangers_doubles_and_too_many_are_told_apart():
    assert fault_in([1, 2], {1, 2, 3}, 2) is None
    assert fault_in([1, 9], {1, 2, 3}, 2) is Fault.STRANGER
    assert fault_in([1, 1], {1, 2, 3}, 2) is Fault.DOUBLE
    assert fault_in([1, 2, 3], {1, 2, 3}, 2) is Fault.TOO_MANY


def test_ranked_come_before_accepted_and_those_by_their_fit():
    assert in_order({4: None, 5: 2, 6: 1, 7: None, 8: None}, {4: 0.5, 7: 0.9, 8: 0.5}) == [6, 5, 7, 4, 8]


def test_each_last_day_counts_in_full():
    days = (date(2026, 12, 1), date(2026, 12, 7), date(2026, 12, 14))

    assert phase_on(date(2026, 11, 30), *days) is Phase.AHEAD
    assert [phase_on(date(2026, 12, day), *days) for day in (1, 7)] == [Phase.TRAINEES] * 2
    assert [phase_on(date(2026, 12, day), *days) for day in (8, 14)] == [Phase.MENTORS] * 2
    assert phase_on(date(2026, 12, 15), *days) is Phase.OVER


DAYS = Days(date(2026, 11, 20), date(2026, 11, 22), date(2026, 11, 25))


@pytest.mark.parametrize(
    ("today", "moved", "fault"),
    [
        (19, (21, 23, 26), None),  # ahead: all of it
        (19, (18, 23, 26), DayFault.PAST),
        (21, (20, 24, 28), None),  # trainees choose: the first day stays
        (21, (21, 24, 28), DayFault.BEGUN),
        (21, (20, 20, 28), DayFault.PAST),
        (23, (20, 22, 30), None),  # mentors answer: only their last day
        (23, (20, 24, 30), DayFault.ANSWERING),
        (27, (20, 22, 29), None),  # over, and opened once more for the mentors
        (27, (20, 22, 26), DayFault.PAST),
        (21, (20, 22, 25), DayFault.NOTHING),
        (19, (20, 25, 25), DayFault.ORDER),
        (19, (24, 23, 25), DayFault.ORDER),
    ],
)
def test_days_of_a_round_are_moved_only_ahead_and_never_after_names_were_seen(today, moved, fault):
    after = Days(*(date(2026, 11, day) for day in moved))

    assert fault_in_days(DAYS, after, date(2026, 11, today)) is fault
