from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainmgr.lessons.rules import Ring, Segment, class_minutes, difference, unfilled

minutes = st.dictionaries(st.sampled_from(list(Ring)), st.integers(0, 500))


def test_eight_rings_stand_in_three_segments():
    counts = {segment: sum(ring.segment is segment for ring in Ring) for segment in Segment}
    assert counts == {Segment.BEFORE: 1, Segment.IN_CLASS: 6, Segment.AFTER: 1}


@given(minutes)
def test_only_the_rings_in_class_count(given_minutes):
    counted = {ring: value for ring, value in given_minutes.items() if ring.segment is Segment.IN_CLASS}
    assert class_minutes(given_minutes) == sum(counted.values()) == class_minutes(counted)


@given(minutes, st.integers(1, 12), st.sampled_from([40, 45, 50, 60]))
def test_a_lesson_fits_exactly_when_nothing_is_apart(given_minutes, units, unit):
    apart = difference(given_minutes, units, unit)
    assert (apart == 0) == (class_minutes(given_minutes) == units * unit)
    given_minutes = dict(given_minutes)
    given_minutes[Ring.CHECK] = given_minutes.get(Ring.CHECK, 0) + 7
    assert difference(given_minutes, units, unit) == apart + 7


def test_rings_that_say_nothing_are_named_in_their_order():
    filled = dict.fromkeys(Ring, True) | {Ring.CHECK: False, Ring.OPENING: False}
    assert unfilled(filled) == [Ring.OPENING, Ring.CHECK]
