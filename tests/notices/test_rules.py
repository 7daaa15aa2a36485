"""When something may go out, what a robot is told, and which addresses are never called."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.kernel.outward import is_public
from trainmgr.notices.rules import (
    MOST_TRIES,
    Quiet,
    RobotKind,
    address_fault,
    answer_fault,
    body_of,
    next_allowed,
    next_try,
    signed,
)

ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def open_but(*closed: str):
    return lambda day: day.isoformat() not in closed


@pytest.mark.parametrize(
    ("moment", "closed", "goes"),
    [
        ("2026-11-24T09:00", (), "2026-11-24T09:00"),
        ("2026-11-24T21:00", (), "2026-11-25T08:00"),
        ("2026-11-25T03:00", (), "2026-11-25T08:00"),
        ("2026-11-25T07:59", (), "2026-11-25T08:00"),
        ("2026-11-25T08:00", (), "2026-11-25T08:00"),
        ("2026-11-24T22:00", ("2026-11-25", "2026-11-26"), "2026-11-27T08:00"),
        ("2026-11-24T10:00", ("2026-11-24",), "2026-11-25T08:00"),
    ],
)
def test_what_falls_into_quiet_hours_or_closed_days_waits(moment, closed, goes):
    assert next_allowed(at(moment), Quiet(), open_but(*closed)) == at(goes)


def test_quiet_hours_may_lie_within_a_day_or_not_be_there():
    noon = Quiet(time(12), time(14))
    assert next_allowed(at("2026-11-24T13:00"), noon, open_but()) == at("2026-11-24T14:00")
    none = Quiet(time(8), time(8))
    assert next_allowed(at("2026-11-24T03:00"), none, open_but()) == at("2026-11-24T03:00")
    everyday = Quiet(closed_days=False)
    assert next_allowed(at("2026-11-24T10:00"), everyday, open_but("2026-11-24")) == at("2026-11-24T10:00")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.times(),
    st.times(),
    st.booleans(),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=40),
)
def test_it_is_never_sent_in_the_quiet_and_never_before_its_time(moment, begins, ends, closed_days, closed):
    quiet = Quiet(begins.replace(tzinfo=None), ends.replace(tzinfo=None), closed_days)
    moment = moment.replace(tzinfo=ZONE)
    goes = next_allowed(moment, quiet, lambda day: day not in closed)
    assert goes >= moment
    assert goes == moment or goes - moment < timedelta(days=62)
    assert not quiet.covers(goes.time())
    assert not closed_days or goes.date() not in closed


def test_tries_come_further_and_further_apart_and_end():
    now = datetime(2026, 11, 24, tzinfo=UTC)
    pauses = [next_try(tries, now) - now for tries in range(1, MOST_TRIES)]
    assert pauses == sorted(pauses)
    assert next_try(MOST_TRIES, now) is None


def test_each_robot_is_told_in_its_own_format():
    assert body_of(RobotKind.WECOM, "评价", ["共 3 人"]) == {
        "msgtype": "markdown",
        "markdown": {"content": "**评价**\n\n共 3 人"},
    }
    assert body_of(RobotKind.DINGTALK, "评价", ["共 3 人"]) == {
        "msgtype": "markdown",
        "markdown": {"title": "评价", "text": "### 评价\n\n共 3 人"},
    }


def test_dingtalk_is_signed_by_time_and_secret():
    # The value is that of the sample code of open.dingtalk.com (customize-robot-security-settings) for these.
    url = signed("https://oapi.dingtalk.com/robot/send?access_token=XX", "this is secret", 1577262236757)
    assert url == (
        "https://oapi.dingtalk.com/robot/send?access_token=XX&timestamp=1577262236757"
        "&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"
    )
    assert signed("https://x/y", "", 1) == "https://x/y"


@pytest.mark.parametrize(
    ("answer", "fine", "final"),
    [
        ({"errcode": 0}, True, None),
        ({"errcode": 93000}, False, True),
        ({"errcode": 45009}, False, False),
        ({"errcode": 130101}, False, False),
        ({}, False, True),
        ([1], False, True),
        ({"errcode": "0"}, False, True),
    ],
)
def test_a_robots_answer_says_whether_it_took_it(answer, fine, final):
    fault = answer_fault(answer)
    assert (fault is None) is fine
    assert fine or fault[1] is final


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::",
        "255.255.255.255", "not an address", "ff02::1",
    ],
)  # fmt: skip
def test_no_network_of_ours_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2400:3200::1", "119.29.29.29"])
def test_the_world_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", True),
        ("https://oapi.dingtalk.com:443/robot/send?access_token=1", True),
        ("http://qyapi.weixin.qq.com/", False),
        ("https://", False),
        ("https://user:pass@qyapi.weixin.qq.com/", False),
        ("https://qyapi.weixin.qq.com:8443/", False),
        ("https://qyapi.weixin.qq.com:99999/", False),
        ("https://a b/", False),
        ("https://a/#x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_https_on_its_own_port_can_be_a_robots_address(address, fine):
    assert (address_fault(address) is None) is fine
