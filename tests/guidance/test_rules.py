"""Signs by table, the plan's cycle as a machine of states, points as arithmetic, who counsels whom."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.guidance import cycle
from trainmgr.guidance.cycle import Facts, PlanStep, Voice
from trainmgr.guidance.risk import (
    DEFAULTS,
    KINDLY,
    REASONS,
    Record,
    RiskCode,
    RiskRule,
    Span,
    limit_fault,
    look,
)
from trainmgr.guidance.rules import (
    Entry,
    Naming,
    balance,
    counsellor_of,
    counter,
    entry_fault,
    over_load,
    week_begins,
)
from trainmgr.programs.rules import Side

pytestmark = pytest.mark.once

C = RiskCode
DAY = date(2026, 11, 20)
SPAN = Span(DAY - timedelta(days=100), DAY + timedelta(days=100))


def _looked(record, code, limit=None):
    rule = DEFAULTS[code] if limit is None else RiskRule(code, Decimal(limit))
    return look(record, {code: rule}, SPAN, DAY)


# --- signs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "record", "raised"),
    [
        (C.ATTENDANCE, Record(attended=17, expected=20), False),  # exactly 85 %
        (C.ATTENDANCE, Record(attended=16, expected=20), True),
        (C.ATTENDANCE, Record(attended=0, expected=4), False),  # too little noted to say anything
        (C.ATTENDANCE, Record(), False),
        (C.SILENT, Record(last_log=DAY - timedelta(days=13)), False),
        (C.SILENT, Record(last_log=DAY - timedelta(days=14)), True),
        (C.SILENT, Record(began=DAY - timedelta(days=20)), True),
        (C.SILENT, Record(), False),
        (C.GATE, Record(failed=1, failed_stage=2), False),
        (C.GATE, Record(failed=2, failed_stage=2), True),
        (C.BEHIND, Record(planned=12_000, handed_in=4_801), False),  # half the time, 100 h planned by now
        (C.BEHIND, Record(planned=12_000, handed_in=4_800), True),
        (C.BEHIND, Record(planned=0, handed_in=0), False),
        (C.TEST, Record(points=Decimal(60), possible=Decimal(100)), False),
        (C.TEST, Record(points=Decimal(59), possible=Decimal(100)), True),
        (C.TEST, Record(points=None, possible=None), False),
        (C.OVERDUE, Record(oldest_due=DAY - timedelta(days=6)), False),
        (C.OVERDUE, Record(oldest_due=DAY - timedelta(days=7)), True),
        (C.RETURNED, Record(came_back=DAY - timedelta(days=29)), True),
        (C.RETURNED, Record(came_back=DAY - timedelta(days=30)), False),
    ],
)
def test_a_sign_is_raised_at_its_limit_and_not_before(code, record, raised):
    assert [one.code for one in _looked(record, code)] == ([code] if raised else [])


@pytest.mark.parametrize("code", list(RiskCode))
def test_every_sign_tells_its_figures_to_both_readers(code):
    record = Record(
        attended=1,
        expected=20,
        last_log=DAY - timedelta(days=60),
        failed=3,
        failed_stage=2,
        planned=60_000,
        handed_in=60,
        points=Decimal(5),
        possible=Decimal(50),
        oldest_due=DAY - timedelta(days=40),
        came_back=DAY,
    )
    (sign,) = _looked(record, code)

    reason = REASONS[code] % sign.params
    assert str(sign.params["limit"]) in reason
    assert str(sign.params["figure"]) in reason
    assert KINDLY[code] % sign.params


def test_a_rule_that_is_switched_off_raises_nothing():
    rules = {C.SILENT: RiskRule(C.SILENT, Decimal(1), enabled=False)}

    assert look(Record(began=DAY - timedelta(days=99)), rules, SPAN, DAY) == []


@given(attended=st.integers(0, 200), missed=st.integers(0, 200), limit=st.integers(1, 100))
def test_being_there_more_often_never_raises_a_sign(attended, missed, limit):
    before = _looked(Record(attended=attended, expected=attended + missed), C.ATTENDANCE, limit)
    after = _looked(Record(attended=attended + missed, expected=attended + missed), C.ATTENDANCE, limit)

    assert after == []
    assert len(before) <= 1


def _days(first, last):
    """Days counted back from today: from `first` ago to `last` ago, both counted."""
    return {DAY - timedelta(days=number) for number in range(last, first + 1)}


@pytest.mark.parametrize(
    ("code", "record", "away", "figure"),
    [
        (C.BEHIND, Record(planned=12_000, handed_in=4_800), set(), 20),
        (C.BEHIND, Record(planned=12_000, handed_in=4_800), _days(10, 1), None),  # 90 h were due by now
        (C.BEHIND, Record(planned=12_000, handed_in=3_600), _days(20, 1), 25),  # of 80 h, 60 are there
        (
            C.BEHIND,
            Record(planned=12_000, handed_in=4_800),
            _days(0, -30),
            20,
        ),  # today and later were never due
        (C.BEHIND, Record(planned=12_000, handed_in=4_800), _days(130, 101), 20),  # before the programme
        (C.BEHIND, Record(planned=12_000, handed_in=0), _days(100, 1), None),  # away all the time
        (C.SILENT, Record(last_log=DAY - timedelta(days=14)), set(), 14),
        (C.SILENT, Record(last_log=DAY - timedelta(days=14)), _days(5, 5), None),
        (C.SILENT, Record(last_log=DAY - timedelta(days=14)), _days(40, 14), 14),  # away before the last log
        (C.SILENT, Record(began=DAY - timedelta(days=90)), _days(80, 11), 20),
    ],
)
def test_days_of_leave_and_suspension_are_not_expected(code, record, away, figure):
    found = _looked(replace(record, away=away), code)

    assert [sign.params["figure"] for sign in found] == ([] if figure is None else [figure])


@given(away=st.sets(st.integers(-120, 120)), day=st.integers(-150, 150))
def test_being_away_never_raises_what_is_expected(away, day):
    off = {DAY + timedelta(days=number) for number in away}

    assert 0 <= SPAN.share(DAY + timedelta(days=day), off) <= SPAN.share(DAY + timedelta(days=day))


@pytest.mark.parametrize(("day", "share"), [(-200, 0.0), (-100, 0.0), (0, 0.5), (100, 1.0), (900, 1.0)])
def test_what_should_be_there_grows_with_the_programmes_days(day, share):
    assert SPAN.share(DAY + timedelta(days=day)) == share


def test_limits_lie_in_their_ranges():
    assert limit_fault(C.ATTENDANCE, Decimal(100)) is None
    assert limit_fault(C.ATTENDANCE, Decimal(101)) is not None
    assert limit_fault(C.SILENT, Decimal(0)) is not None


# --- the cycle --------------------------------------------------------------------------------------------------


def test_the_six_steps_follow_each_other_and_end():
    assert [cycle.following(step) for step in cycle.ORDER[:-1]] == list(cycle.ORDER[1:])
    assert cycle.following(PlanStep.CLOSED) is None
    assert [one.number for one in cycle.ORDER] == [1, 2, 3, 4, 5, 6, 7]
    assert all(b.number == a.number + 1 for a, b in pairwise(cycle.ORDER))


@pytest.mark.parametrize(
    ("step", "facts", "is_fine"),
    [
        (PlanStep.COLLECT, Facts(words="  "), False),
        (PlanStep.COLLECT, Facts(words="读图慢"), True),
        (PlanStep.PLAN, Facts(goals=0, tasks=1), False),
        (PlanStep.PLAN, Facts(goals=1, tasks=0), False),
        (PlanStep.PLAN, Facts(goals=6, tasks=1), False),
        (PlanStep.PLAN, Facts(goals=1, tasks=1), True),
        (PlanStep.DECIDE, Facts(asked=[Voice.TRAINEE, Voice.COLLEGE], signed=[Voice.TRAINEE]), False),
        (PlanStep.DECIDE, Facts(asked=[Voice.TRAINEE], signed=[Voice.TRAINEE, Voice.COLLEGE]), True),
        (PlanStep.DO, Facts(tasks=2, tasks_done=1, last_due=DAY), False),
        (PlanStep.DO, Facts(tasks=2, tasks_done=1, last_due=DAY - timedelta(days=1)), True),
        (PlanStep.DO, Facts(tasks=2, tasks_done=2, last_due=DAY), True),
        (PlanStep.CHECK, Facts(goals=2, checked=1), False),
        (PlanStep.CHECK, Facts(goals=2, checked=2), True),
        (PlanStep.EVALUATE, Facts(words=""), False),
        (PlanStep.EVALUATE, Facts(words="再来一轮"), True),
        (PlanStep.CLOSED, Facts(words="x"), False),
    ],
)
def test_a_step_is_left_only_with_what_it_needs(step, facts, is_fine):
    assert (cycle.fault(step, facts, DAY) is None) == is_fine


def test_only_counsellors_hand_in_what_judges_and_nobody_a_closed_cycle():
    for step in (PlanStep.DO, PlanStep.CHECK, PlanStep.EVALUATE):
        assert not cycle.may_hand_in(step, Voice.TRAINEE)
        assert cycle.may_hand_in(step, Voice.ENTERPRISE)
    assert not any(cycle.may_hand_in(PlanStep.CLOSED, voice) for voice in Voice)


def test_goals_are_written_anew_only_while_deciding_or_carrying_out():
    assert [one for one in PlanStep if cycle.may_go_back(one)] == [PlanStep.DECIDE, PlanStep.DO]


# --- points ----------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Side)), st.integers(-20, 20).filter(bool), st.booleans()), max_size=30
    )
)
def test_a_counter_entry_leaves_the_balance_as_if_nothing_was_given(given_entries):
    entries, kept = [], []
    for number, (side, points, cancelled) in enumerate(given_entries, start=1):
        entries.append(Entry(number, side, points))
        if cancelled:
            entries.append(Entry(1000 + number, side, counter(points), cancels=number))
        else:
            kept.append((side, points))

    found = balance(entries)

    assert found.college == sum(points for side, points in kept if side is Side.COLLEGE)
    assert found.enterprise == sum(points for side, points in kept if side is Side.ENTERPRISE)
    assert found.total == found.college + found.enterprise


@pytest.mark.parametrize(
    ("points", "for_one", "for_all", "is_fine"),
    [
        (5, 5, 0, True),
        (5, 6, 0, False),
        (-5, 6, 0, False),
        (5, 0, 195, True),
        (5, 0, 196, False),
        (0, 0, 0, False),
        (21, 0, 0, False),
    ],
)
def test_a_giver_stays_within_the_weeks_limits(points, for_one, for_all, is_fine):
    assert (entry_fault(points, for_one, for_all, 10, 200) is None) == is_fine


def test_a_week_begins_on_monday():
    assert week_begins(date(2026, 11, 22)) == date(2026, 11, 16) == week_begins(date(2026, 11, 16))


# --- counsellors --------------------------------------------------------------------------------------------------


def test_the_one_named_for_a_trainee_comes_before_the_one_of_the_class():
    namings = [
        Naming(1, Side.COLLEGE, DAY, cohort_id=7),
        Naming(2, Side.COLLEGE, DAY, enrolment_id=5),
        Naming(3, Side.ENTERPRISE, DAY, cohort_id=7, until=DAY + timedelta(days=3)),
    ]

    assert counsellor_of(namings, Side.COLLEGE, 5, 7, DAY) == 2
    assert counsellor_of(namings, Side.COLLEGE, 6, 7, DAY) == 1
    assert counsellor_of(namings, Side.ENTERPRISE, 5, 7, DAY + timedelta(days=2)) == 3
    assert counsellor_of(namings, Side.ENTERPRISE, 5, 7, DAY + timedelta(days=3)) is None
    assert counsellor_of(namings, Side.COLLEGE, 6, None, DAY) is None
    assert counsellor_of(namings, Side.COLLEGE, 5, 7, DAY - timedelta(days=1)) is None


def test_load_above_the_limit_is_a_warning_with_names():
    assert over_load({1: 60, 2: 61, 3: 0}, 60) == [2]
