"""What marks, rates and codes are, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.attendance import codes
from trainmgr.attendance.rules import (
    Cell,
    Mark,
    Rate,
    add_up,
    at_closing,
    days_of,
    may_still_ask,
    on_arrival,
    plan_of,
    rate_of,
    takes_codes,
    with_leave,
)

BEGINS = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
ENDS = BEGINS + timedelta(minutes=95)
MARKS = st.lists(st.sampled_from(Mark))
SECRET = b"k" * 32


@given(MARKS)
def test_a_rate_has_its_share_between_nothing_and_all_and_leaves_the_excused_out(marks):
    rate = rate_of(marks)

    assert rate.noted == len(marks)
    assert rate.expected == sum(mark is not Mark.EXCUSED for mark in marks)
    assert rate.attended <= rate.expected
    assert (rate.share is None) == (rate.expected == 0)
    assert rate.share is None or 0 <= rate.share <= 1


@given(MARKS)
def test_an_excused_session_moves_no_rate_and_an_absence_never_raises_one(marks):
    before = rate_of(marks)

    assert rate_of([*marks, Mark.EXCUSED]).share == before.share
    assert (rate_of([*marks, Mark.ABSENT]).share or 0) <= (1 if before.share is None else before.share)


@given(st.lists(MARKS))
def test_the_rate_of_a_class_is_that_of_all_its_marks(people):
    assert add_up(rate_of(marks) for marks in people) == rate_of([mark for marks in people for mark in marks])


def test_figures_by_hand():
    assert Rate(present=15, late=3, excused=2, absent=2).share == pytest.approx(18 / 20)
    assert Rate(excused=4).share is None


@pytest.mark.parametrize(
    ("minutes", "mark"),
    [(-15, Mark.PRESENT), (0, Mark.PRESENT), (10, Mark.PRESENT), (10.02, Mark.LATE), (80, Mark.LATE)],
)
def test_a_scan_is_late_once_more_than_the_limit_has_gone(minutes, mark):
    assert on_arrival(BEGINS + timedelta(minutes=minutes), BEGINS, 10) is mark


@pytest.mark.parametrize(
    ("minutes", "taken"), [(-16, False), (-15, True), (0, True), (94, True), (95, False), (600, False)]
)
def test_codes_are_taken_from_a_quarter_of_an_hour_before_until_the_end(minutes, taken):
    assert takes_codes(BEGINS + timedelta(minutes=minutes), BEGINS, ENDS) is taken


def test_leave_makes_an_absence_excused_and_nothing_else():
    assert {mark: with_leave(mark) for mark in Mark} == {
        Mark.PRESENT: Mark.PRESENT, Mark.LATE: Mark.LATE, Mark.EXCUSED: Mark.EXCUSED, Mark.ABSENT: Mark.EXCUSED,
    }  # fmt: skip
    assert (at_closing(True), at_closing(False)) == (Mark.EXCUSED, Mark.ABSENT)


def test_an_absence_can_be_explained_for_some_days():
    day = date(2026, 11, 20)

    assert may_still_ask(day, day + timedelta(days=3), 3)
    assert not may_still_ask(day, day + timedelta(days=4), 3)
    assert may_still_ask(day, day - timedelta(days=30), 0)
    assert days_of(day, day + timedelta(days=2)) == [day, date(2026, 11, 21), date(2026, 11, 22)]


# --- the grid ---------------------------------------------------------------------------------------

MAYBE = st.none() | st.sampled_from(Mark)


@given(
    st.dictionaries(st.integers(1, 30), st.builds(Cell, MAYBE, MAYBE)),
    st.dictionaries(st.integers(1, 30), st.sampled_from(Mark)),
    MAYBE,
)
def test_a_grid_never_writes_over_what_its_writer_had_not_seen(cells, present, rest):
    plan = plan_of(cells, present, rest)

    assert not plan.changes.keys() & plan.conflicts.keys()
    for key, mark in plan.changes.items():
        assert present.get(key) in (None, cells[key].seen)
        assert mark is not present.get(key)
    for key, mark in plan.conflicts.items():
        assert present[key] is mark is not cells[key].seen
        assert cells[key].wanted not in (None, cells[key].seen, mark)


def test_the_rest_is_noted_only_of_whom_nothing_is_known():
    cells = {
        1: Cell(None, None),
        2: Cell(Mark.ABSENT, None),
        3: Cell(None, None),
        4: Cell(Mark.LATE, Mark.LATE),
    }

    plan = plan_of(cells, {3: Mark.LATE, 4: Mark.LATE}, rest=Mark.PRESENT)

    assert plan.changes == {1: Mark.PRESENT, 2: Mark.ABSENT}
    assert plan.conflicts == {}


# --- the code ---------------------------------------------------------------------------------------


@given(st.binary(min_size=16, max_size=32), st.integers(1, 10**9), st.integers(0, 2**31), st.floats(0, 60))
def test_a_code_is_taken_for_its_step_and_the_grace_and_not_a_moment_longer(secret, session_id, step, later):
    code, shown = codes.code_of(secret, session_id, step), step * codes.STEP
    seen_again = code == codes.code_of(secret, session_id, codes.step_of(shown + later))

    taken = codes.is_taken(secret, session_id, code, shown + later)

    assert taken == (later < codes.STEP + codes.GRACE) or seen_again
    assert not codes.is_taken(secret, session_id, code, shown - 1) or seen_again


@given(st.floats(0, 2**31))
def test_what_is_left_of_a_step_ends_in_the_next(seconds):
    left = codes.left_of_step(seconds)

    assert 0 < left <= codes.STEP
    assert codes.step_of(round(seconds + left, 3)) == codes.step_of(seconds) + 1


def test_a_code_belongs_to_its_session_and_its_secret():
    now = 1_800_000_003.0
    code = codes.code_of(SECRET, 7, codes.step_of(now))

    assert codes.is_taken(SECRET, 7, code, now)
    assert not codes.is_taken(SECRET, 8, code, now)
    assert not codes.is_taken(b"j" * 32, 7, code, now)
    assert len(code) == codes.LENGTH
    assert set(code) <= set(codes.LETTERS)


def test_a_code_may_be_typed_as_people_type():
    now = 1_800_000_003.0
    code = codes.code_of(SECRET, 7, codes.step_of(now))
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)

    for text in (code.lower(), f" {code[:3]} {code[3:]} ", f"{code[:3]}-{code[3:]}", wide):
        assert codes.is_taken(SECRET, 7, text, now)
    assert not codes.is_taken(SECRET, 7, "", now)
    assert not codes.is_taken(SECRET, 7, "中文中文中文", now)
