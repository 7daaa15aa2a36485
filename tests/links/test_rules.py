"""What decides at the door, without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from trainmgr.links import labels
from trainmgr.links.rules import (
    CODE_TRIES,
    Holder,
    LinkState,
    MailState,
    Shut,
    judge_code,
    last_moment,
    masked_mail,
    plain_code,
    state_of,
    why_shut,
)

SECOND = timedelta(seconds=1)
FINE = Holder(active=True, named=True, has_password=False)


@pytest.mark.parametrize(
    ("ended", "expires", "state"),
    [
        (None, NOW + SECOND, LinkState.LIVE),
        (None, NOW, LinkState.EXPIRED),  # the last moment is over
        (NOW - SECOND, NOW + SECOND, LinkState.REVOKED),
        (NOW - SECOND, NOW - SECOND, LinkState.REVOKED),
    ],
)
def test_a_link_is_live_until_its_last_moment_or_until_it_is_revoked(ended, expires, state):
    assert state_of(ended, expires, NOW) is state


@pytest.mark.parametrize(
    ("state", "holder", "why"),
    [
        (LinkState.LIVE, FINE, None),
        (LinkState.EXPIRED, FINE, Shut.EXPIRED),
        (LinkState.REVOKED, FINE, Shut.REVOKED),
        (LinkState.LIVE, Holder(active=False, named=True, has_password=False), Shut.GONE),
        (LinkState.LIVE, Holder(active=True, named=False, has_password=False), Shut.GONE),
        (LinkState.LIVE, Holder(active=True, named=True, has_password=True), Shut.ACCOUNT),
    ],
)
def test_a_link_opens_only_for_a_mentor_of_the_programme_without_a_password(state, holder, why):
    assert why_shut(state, holder) is why


@given(fits=st.booleans(), tries=st.integers(0, 9), seconds=st.integers(-9, 9))
def test_a_right_code_counts_only_while_it_is_fresh_and_not_used_up(fits, tries, seconds):
    why = judge_code(given=True, fits=fits, tries=tries, until=NOW + seconds * SECOND, now=NOW)

    assert (why is None) == (fits and tries < CODE_TRIES and seconds > 0)
    # What is refused for another reason does not tell whether the guess was right.
    other = judge_code(given=True, fits=not fits, tries=tries, until=NOW + seconds * SECOND, now=NOW)
    if seconds <= 0 or tries >= CODE_TRIES:
        assert why is other


def test_without_a_code_nothing_fits():
    assert judge_code(given=False, fits=True, tries=0, until=None, now=NOW) is Shut.NO_CODE


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "123　456"])
def test_a_code_is_read_however_it_is_typed(typed):
    assert plain_code(typed) == "123456"


@given(st.text(max_size=12))
def test_nonsense_is_no_code(typed):
    code = plain_code(typed)
    assert code == "" or (len(code) == 6 and code.isascii() and code.isdigit())


@pytest.mark.parametrize("days", [0, -1, 181])
def test_a_link_lasts_one_to_180_days(days):
    assert last_moment(NOW, 180) - NOW == timedelta(days=180)
    with pytest.raises(ValueError, match="days"):
        last_moment(NOW, days)


def test_a_mail_address_is_shown_masked():
    assert masked_mail("zhou.jianguo@example.com") == "z***@example.com"


def test_every_state_and_refusal_has_its_words():
    assert set(labels.STATES) == set(labels.STATE_TONES) == set(LinkState)
    assert set(labels.MAIL) == set(MailState)
    assert set(labels.WHY) == set(labels.WHY_SHORT) == set(labels.WHAT_TO_DO) == set(Shut)
