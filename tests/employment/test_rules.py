"""Answers that hold together, rates with nothing to divide by, retention, steps of a post."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.employment.course import (
    PostStep,
    Step,
    add_months,
    course_of,
    months_between,
    next_steps,
    step_fault,
)
from trainmgr.employment.rules import (
    MIDDLES,
    WORKING,
    Answer,
    Band,
    Counts,
    Destination,
    Match,
    Rate,
    answer_faults,
    band_of,
    employer_key,
    is_retained,
    tidy_answer,
    total,
)

pytestmark = pytest.mark.once

WORKS = Answer(Destination.EMPLOYED, employer_name="甲公司", match=Match.YES)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (WORKS, None),
        (Answer(Destination.EMPLOYED, match=Match.YES), "employer_name"),
        (Answer(Destination.EMPLOYED, employer_id=3), "match"),
        (Answer(Destination.FLEXIBLE, match=Match.NO, income_cents=0), "income"),
        (Answer(Destination.OWN_BUSINESS, match=Match.NO, income_cents=100_000_001), "income"),
        (Answer(Destination.STUDY), None),
        (Answer(Destination.SEEKING), None),
    ],
)
def test_an_answer_names_the_field_that_does_not_hold(answer, field):
    assert list(answer_faults(answer)) == ([field] if field else [])


@given(st.sampled_from(Destination), st.sampled_from([None, *Match]), st.sampled_from([None, *Band]))
def test_what_does_not_apply_is_dropped_whatever_was_typed(destination, match, band):
    kept = tidy_answer(
        Answer(destination, 3, "", "钳工", match, None, band, True, "班长", True, "高级工", "好")
    )
    assert (kept.match, kept.income_band, bool(kept.post)) == (
        (match, band, True) if destination in WORKING else (None, None, False)
    )
    assert (kept.certificate, kept.remark) == ("高级工", "好")


@given(st.integers(1, 100_000_000))
def test_a_figure_lies_in_its_band_and_bands_rise(cents):
    assert tidy_answer(
        Answer(Destination.EMPLOYED, 1, match=Match.YES, income_cents=cents)
    ).income_band is band_of(cents)
    assert list(Band).index(band_of(cents)) <= list(Band).index(band_of(cents + 1))
    assert [band_of(middle) for middle in MIDDLES.values()] == list(Band)


@pytest.mark.parametrize(
    ("before", "now", "stays"),
    [
        (None, WORKS, None),
        (Answer(Destination.SEEKING), WORKS, None),
        (WORKS, Answer(Destination.ARMY), False),
        (WORKS, Answer(Destination.EMPLOYED, employer_name="甲有限公司"), True),
        (WORKS, Answer(Destination.EMPLOYED, employer_name="乙公司"), False),
        (Answer(Destination.EMPLOYED, employer_id=1), Answer(Destination.EMPLOYED, employer_id=1), True),
        (Answer(Destination.EMPLOYED, employer_id=1), Answer(Destination.EMPLOYED, employer_id=2), False),
    ],
)
def test_somebody_stays_with_an_employer_or_not(before, now, stays):
    assert is_retained(before, now) is stays


def test_names_of_employers_are_compared_without_their_legal_form():
    assert (
        employer_key("重庆（庆铃）汽车有限公司")
        == employer_key("重庆庆铃汽车 股份有限公司")
        == "重庆庆铃汽车"
    )


def test_a_rate_without_anything_to_divide_by_is_none_never_nothing_or_everything():
    empty = Counts(graduates=0)
    for rate in (empty.destination, empty.match, empty.promotion, empty.satisfaction, empty.certificates):
        assert rate.value is None
    assert (Rate(1, 4).value, Counts(graduates=4, answered=3, secured=2).destination) == (0.25, Rate(2, 4, 1))


@given(st.lists(st.integers(0, 9), max_size=8))
def test_an_income_is_told_of_five_and_more_people_only(sizes):
    whole = total(Counts(income_n=n, income_sum=n * 500_000) for n in sizes)
    assert whole.income == (500_000 if sum(sizes) >= 5 else None)
    assert whole.income_hidden is (0 < sum(sizes) < 5)


DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("history", "kind", "on", "organization", "fits"),
    [
        ([], PostStep.TRIAL, DAY, 1, True),
        ([], PostStep.PROMOTED, DAY, 1, False),
        ([], PostStep.TRIAL, date(2026, 7, 1), 1, False),  # not yet
        ([PostStep.TRIAL], PostStep.CONFIRMED, DAY, 1, True),
        ([PostStep.TRIAL], PostStep.PROMOTED, DAY, 1, False),
        ([PostStep.TRIAL], PostStep.CONFIRMED, date(2026, 2, 1), 1, False),  # before the trial
        ([PostStep.TRIAL], PostStep.CONFIRMED, DAY, 2, False),  # elsewhere without leaving
        ([PostStep.TRIAL, PostStep.LEFT], PostStep.TRIAL, DAY, 2, True),
        ([PostStep.TRIAL, PostStep.CONFIRMED, PostStep.PROMOTED], PostStep.PROMOTED, DAY, 1, True),
    ],
)
def test_a_step_follows_those_before_it(history, kind, on, organization, fits):
    past = [Step(one, date(2026, 2, 10), 1) for one in history]
    assert (step_fault(past, Step(kind, on, organization), date(2026, 6, 1)) is None) is fits


def test_who_was_confirmed_and_is_on_trial_again_makes_no_more_converts_than_people():
    steps = (PostStep.TRIAL, PostStep.CONFIRMED, PostStep.LEFT, PostStep.TRIAL)
    again = course_of([Step(one, DAY, 1) for one in steps], DAY)
    kept = course_of([Step(one, DAY, 1) for one in steps[:2]], DAY)

    assert (again + kept).conversion == Rate(2, 2, 0)
    assert (again.kept, again.left, again.on_trial) == (0, 0, 1)


@given(st.sampled_from([None, *PostStep]))
def test_there_is_always_a_next_step(last):
    assert next_steps(last)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 60))
def test_months_are_counted_back_as_they_were_added(day, months):
    assert months - 1 <= months_between(day, add_months(day, months)) <= months
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
