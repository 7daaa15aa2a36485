"""How guessing is slowed down, which passwords will do, what a browser is called."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from trainmgr.identity.guessing import is_soon_found
from trainmgr.identity.rules import (
    PER_ACCOUNT,
    PER_ADDRESS,
    browser_name,
    free_again_at,
    network_of,
    password_fault,
)

throttles = st.sampled_from([PER_ACCOUNT, PER_ADDRESS])


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (500, 900)],
)
def test_after_five_failures_the_wait_doubles_up_to_a_quarter_of_an_hour(failures, seconds):
    assert free_again_at(PER_ACCOUNT, failures, NOW) == NOW + timedelta(seconds=seconds)


@given(throttles, st.integers(0, 200))
def test_free_tries_cost_no_wait_and_later_ones_never_less_than_before(throttle, failures):
    until = free_again_at(throttle, failures, NOW)
    if failures < throttle.free:
        assert until is None
    else:
        assert NOW + throttle.first_wait <= until <= NOW + throttle.longest_wait
        assert until <= free_again_at(throttle, failures + 1, NOW)


def test_a_campus_behind_one_address_has_many_more_tries_than_one_account():
    assert PER_ADDRESS.free >= 10 * PER_ACCOUNT.free
    assert free_again_at(PER_ADDRESS, PER_ADDRESS.free - 1, NOW) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_ipv6_customer_counts_as_one_address(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("短了点", "shorter"),
        ("short-123", "shorter"),
        ("x" * 129, "longer"),
        ("zhangwei2026", "own name"),
        ("ZHANGWEI9999", "own name"),
        ("2026JN00012!", "own name"),
        ("2026jn00012!!", "own name"),
        ("123456789012", "tried first"),
        ("９８７６５４３２１０９８", "tried first"),
        ("qwertyuiopas", "tried first"),
        ("P@ssword123!", None),  # for the lists of guessing.py
        ("woaini1314520", "tried first"),
        ("aaaaaaaabbbb", "too few"),
        ("kiln-otter-47", None),
        ("今天也要好好学习机床知识", None),
        ("今天也要好好学习", "shorter"),
        ("zhangwei likes blue lathes", None),
    ],
)
def test_passwords_that_others_would_try_first_are_refused(password, fault):
    found = password_fault(password, ["zhangwei", "张伟", "2026JN00012"])
    assert (found is None) if fault is None else fault in found


@pytest.mark.parametrize(
    "password",
    [
        "P@ssword123!",
        "password1234",
        "Password2026",
        "passwordpassword",
        "qwertyuiop1234",
        "iloveyou123456",
        "1qaz2wsx3edc4rfv",
        "abcabcabcabc",
        "correcthorse",
        "2026jn00012a1b2",
        "aaaaaaaaaaaaaaaa1b2",
    ],
)
def test_leaked_passwords_and_what_is_made_of_them_are_soon_found(password):
    assert is_soon_found(password, ["zhangwei", "张伟", "2026JN00012"])


@pytest.mark.parametrize(
    "password",
    ["kiln-otter-47", "今天也要好好学习机床知识", "zhangwei likes blue lathes", "peixun-demo-2026"],
)
def test_a_short_sentence_is_not(password):
    assert not is_soon_found(password, ["zhangwei", "张伟"])


@given(st.text(max_size=11))
def test_nothing_short_is_taken(password):
    assert "shorter" in (password_fault(password, []) or "")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/116 Mobile Safari/537 MicroMessenger/8.0",
            "WeChat · Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/126 Safari/537 Edg/126", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17 Safari/604", "Safari · iPhone"),
        ("curl/8", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(user_agent, name):
    assert browser_name(user_agent) == name
