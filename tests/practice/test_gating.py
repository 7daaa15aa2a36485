"""What a gate asks for: how a trainee stands against it, what is missing, which version holds on which day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.practice.gating import (
    Condition,
    ConditionKind,
    Measure,
    Met,
    TaskState,
    after_check,
    after_report,
    finding,
    findings,
    in_force,
    is_closed,
    lacking,
    limit_fault,
)

pytestmark = pytest.mark.once

K = ConditionKind
DAY = date(2026, 11, 20)


def _condition(kind=K.LOGS, limit="90", days=0, **values):
    return Condition(kind, None if limit is None else Decimal(limit), DAY + timedelta(days=days), **values)


@pytest.mark.parametrize(
    ("kind", "limit", "part", "whole", "met", "missing"),
    [
        (K.HOURS, "40", "40", None, Met.MET, "0"),
        (K.HOURS, "40", "39.75", None, Met.MISSING, "0.25"),
        (K.HOURS, "40", "0", None, Met.MISSING, "40"),  # no hour verified is a fact, not a gap in the records
        (K.ATTENDANCE, "90", "9", "10", Met.MET, "0"),
        (K.ATTENDANCE, "90", "8", "10", Met.MISSING, "10"),
        (K.ATTENDANCE, "90", "0", "0", Met.UNKNOWN, "90"),  # nothing noted is neither 0 % nor 100 %
        (K.TEST, "60", "59.99", "100", Met.MISSING, "0.01"),
        (K.TEST, "60", "60", "100", Met.MET, "0"),
        (K.PRACTICAL, "100", "7", "7", Met.MET, "0"),
        (K.LOGS, "66.67", "2", "3", Met.MISSING, "0.01"),  # two thirds are less than 66.67
    ],
)
def test_a_condition_is_met_from_its_limit_on(kind, limit, part, whole, met, missing):
    found = finding(
        _condition(kind, limit), Measure(Decimal(part), None if whole is None else Decimal(whole))
    )

    assert found.met is met
    assert found.shown_missing == Decimal(missing)


def test_nothing_recorded_is_not_known_and_still_lacking():
    found = findings(
        [_condition(K.ATTENDANCE), _condition(K.LOGS)], {K.LOGS: Measure(Decimal(9), Decimal(10))}
    )

    assert [one.met for one in found] == [Met.UNKNOWN, Met.MET]
    assert [one.kind for one in lacking(found)] == [K.ATTENDANCE]


@given(
    kind=st.sampled_from(list(K)),
    limit=st.decimals("0.01", "100", places=2),
    part=st.integers(0, 500),
    more=st.integers(0, 500),
)
def test_what_is_missing_is_what_raises_to_met(kind, limit, part, more):
    condition = Condition(kind, limit, DAY)
    found = finding(condition, Measure(Decimal(part), Decimal(part + more)))
    if found.met is Met.UNKNOWN:
        assert found.figure is None
        return

    raised = found.figure + found.shown_missing

    assert raised >= limit
    assert (found.met is Met.MET) == (found.shown_missing == 0)
    assert found.met is Met.MET or raised - Decimal("0.01") < limit


def test_the_version_that_began_last_holds_and_one_without_a_limit_ends_it():
    versions = [
        _condition(limit="95", days=5),
        _condition(limit="90", days=0),
        _condition(K.HOURS, "40", days=0),
        _condition(K.HOURS, None, days=3),
    ]

    def held(days):
        return {one.kind: one.limit for one in in_force(versions, DAY + timedelta(days=days))}

    assert held(-1) == {}
    assert held(0) == {K.HOURS: Decimal(40), K.LOGS: Decimal(90)}
    assert held(3) == {K.LOGS: Decimal(90)}
    assert held(9) == {K.LOGS: Decimal(95)}


@pytest.mark.parametrize(
    ("kind", "limit", "is_fine"),
    [(K.HOURS, "0", False), (K.HOURS, "2000", True), (K.HOURS, "2000.5", False), (K.TEST, "100", True),
     (K.TEST, "100.01", False), (K.LOGS, "-1", False)],
)  # fmt: skip
def test_limits_lie_in_their_ranges(kind, limit, is_fine):
    assert (limit_fault(kind, Decimal(limit)) is None) == is_fine


def test_a_remedial_task_goes_open_reported_accepted_or_back():
    assert [after_report(state) for state in TaskState] == [TaskState.REPORTED, None, None]
    assert [after_check(state, True) for state in TaskState] == [None, TaskState.ACCEPTED, None]
    assert [after_check(state, False) for state in TaskState] == [None, TaskState.OPEN, None]


def test_a_plan_is_closed_when_every_task_is_accepted():
    assert not is_closed([])
    assert not is_closed([TaskState.ACCEPTED, TaskState.REPORTED])
    assert is_closed([TaskState.ACCEPTED, TaskState.ACCEPTED])
