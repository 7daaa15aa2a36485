"""How mild raters are: told apart from whom they had where they overlap, and said why not where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.evaluation.leniency import Given, Why, leniencies

E, T = "enterprise", "teacher"


def scores(*rows):
    return [Given(*row) for row in rows]


def test_a_mentor_with_strong_trainees_is_not_called_mild():
    """The teacher gives both mentors' trainees what the mentors give: one has the strong ones."""
    worth = {"a": 4.5, "b": 4.0, "c": 2.5, "d": 2.0}
    rows = [("mild?", t, E, worth[t]) for t in "ab"] + [("strict?", t, E, worth[t]) for t in "cd"]
    rows += [("teacher", t, T, worth[t]) for t in "abcd"]

    found = leniencies(scores(*rows))[E, "mild?"]

    assert found.raw == pytest.approx(1.0)
    assert found.corrected == pytest.approx(0.0, abs=1e-9)
    assert found.compared == 1


def test_a_mild_mentor_with_like_trainees_is_found():
    rows = [("mild", t, E, 4.0) for t in "ab"] + [("strict", t, E, 3.0) for t in "cd"]
    rows += [("teacher", t, T, 3.5) for t in "abcd"]

    found = leniencies(scores(*rows))

    assert found[E, "mild"].corrected == pytest.approx(0.5)
    assert found[E, "strict"].corrected == pytest.approx(-0.5)
    assert found[E, "mild"].is_clear


def test_without_overlap_the_raw_difference_stays_and_says_why():
    rows = [("one", t, E, 4.0) for t in "ab"] + [("other", t, E, 3.0) for t in "cd"]
    rows += [("teacher 1", t, T, 3.5) for t in "ab"] + [("teacher 2", t, T, 3.5) for t in "cd"]

    found = leniencies(scores(*rows))

    assert found[E, "one"].raw == pytest.approx(0.5)
    assert {each.why for each in found.values()} == {Why.NO_OVERLAP}
    assert all(each.corrected is None for each in found.values())


def test_the_only_rater_of_a_party_is_compared_with_nobody():
    found = leniencies(scores(("one", "a", E, 4.0), ("one", "b", E, 2.0), ("teacher", "a", T, 3.0)))

    assert found[E, "one"].why is Why.ONLY_RATER
    assert found[E, "one"].raw == 0


def test_where_every_mark_is_needed_for_the_fit_there_is_no_interval():
    found = leniencies(scores(("one", "a", E, 4.0), ("other", "a", E, 3.0)))

    assert found[E, "one"].corrected == pytest.approx(0.5)
    assert (found[E, "one"].low, found[E, "one"].why) == (None, Why.NO_SPARE)


def test_nobody_rated_nothing_said():
    assert leniencies([]) == {}


ratings = st.lists(
    st.tuples(
        st.sampled_from(["m1", "m2", "m3"]), st.integers(0, 6), st.sampled_from([E, T]), st.integers(4, 20)
    ).map(lambda row: Given(row[0], row[1], row[2], row[3] / 4)),
    min_size=1,
    max_size=25,
    unique_by=lambda one: (one.party, one.rater, one.trainee),
)


@given(ratings, st.randoms(use_true_random=False))
def test_the_order_of_ratings_never_matters(rows, chance):
    found, turned = leniencies(rows), list(rows)
    chance.shuffle(turned)

    assert leniencies(turned) == found


@given(ratings)
def test_the_milder_and_the_stricter_balance_within_what_hangs_together(rows):
    found = leniencies(rows)

    for party in (E, T):
        mine = [each for (of, _), each in found.items() if of == party]
        assert sum(each.n * each.raw for each in mine) == pytest.approx(0, abs=1e-6)
        corrected = [each for each in mine if each.corrected is not None]
        assert sum(each.n * each.corrected for each in corrected) == pytest.approx(0, abs=1e-5)


@given(ratings, st.floats(-1, 1))
def test_a_milder_mentor_moves_by_what_he_is_milder(rows, more):
    """All of m1's marks for the enterprise raised: compared raters move apart by just that."""
    raised = [
        Given(
            one.rater,
            one.trainee,
            one.party,
            one.score + (more if (one.party, one.rater) == (E, "m1") else 0),
        )
        for one in rows
    ]
    before, after = leniencies(rows), leniencies(raised)
    one, other = (E, "m1"), (E, "m2")

    if one in before and other in before and before[one].compared == 1 == before[other].compared:
        moved = (after[one].corrected - after[other].corrected) - (
            before[one].corrected - before[other].corrected
        )
        assert moved == pytest.approx(more, abs=1e-5)


def test_many_raters_and_trainees_take_no_noticeable_time():
    import time

    rows = [Given(i % 180, i, E, 3 + (i % 5) / 4) for i in range(1_800)]
    rows += [Given(i * 7 % 40, i, T, 3 + (i % 7) / 6) for i in range(1_800)]
    start = time.process_time()

    assert len(leniencies(rows)) == 220
    assert time.process_time() - start < 20
