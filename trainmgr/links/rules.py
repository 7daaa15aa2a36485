"""When a personal link opens, when its code is right, how long things last: pure decisions."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

FEWEST_DAYS, USUAL_DAYS, MOST_DAYS = 1, 30, 180
MOST_AT_ONCE = 50  # links for graduates that are given and shown in one go
VISIT = timedelta(
    hours=12
)  # how long one opening lasts; the bound browser opens the link again without a code
CODE_DIGITS = 6
CODE_LIFE = timedelta(hours=2)
GRADUATE_CODE_LIFE = timedelta(days=14)  # told with many others, class by class, not by phone on the spot
CODE_TRIES = 5  # with 6 digits: one guess in 200,000 hits before the code is used up
TOKEN_BYTES = 24  # 192 bits
ASKED_FOR = timedelta(minutes=30)  # how long a browser that showed the link may take to type the code


class LinkState(enum.StrEnum):
    """How a link stands: LIVE opens, the others never."""

    LIVE = "live"
    EXPIRED = "expired"
    REVOKED = "revoked"


class MailState(enum.StrEnum):
    """What became of the mail with the link: NONE was asked for, or it waits, has gone, could not be delivered."""

    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Shut(enum.StrEnum):
    """Why a link, or a code typed for it, was refused."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    GONE = "gone"  # the mentor's account is closed, or the mentor is none of this programme any more
    ACCOUNT = "account"  # the mentor has an own password by now
    NOT_ASKED = "not_asked"  # a code without a link shown before
    NO_CODE = "no_code"
    CODE_OLD = "code_old"
    CODE_SPENT = "code_spent"
    CODE_WRONG = "code_wrong"
    WAIT = "wait"


def state_of(ended_at: datetime | None, expires_at: datetime, now: datetime) -> LinkState:
    """Return how a link stands at a moment; revoked comes before expired, the last moment is already over."""
    if ended_at is not None:
        return LinkState.REVOKED
    return LinkState.EXPIRED if expires_at <= now else LinkState.LIVE


@dataclass(frozen=True)
class Holder:
    """What is known of the person whom a link is for."""

    active: bool
    named: bool
    has_password: bool


def why_shut(state: LinkState, holder: Holder) -> Shut | None:
    """Return why a link does not open for anybody, or None when it may."""
    if state is LinkState.REVOKED:
        return Shut.REVOKED
    if state is LinkState.EXPIRED:
        return Shut.EXPIRED
    if not (holder.active and holder.named):
        return Shut.GONE
    return Shut.ACCOUNT if holder.has_password else None


def judge_code(*, given: bool, fits: bool, tries: int, until: datetime | None, now: datetime) -> Shut | None:
    """Return why a code is refused, or None when it lets in.

    `given`: whether there is a code at all; `tries`: how many were wrong before this one; a code that is too old or
    used up is refused whether it fits or not, so that a right guess cannot be told from a wrong one.
    """
    if not given or until is None:
        return Shut.NO_CODE
    if until <= now:
        return Shut.CODE_OLD
    if tries >= CODE_TRIES:
        return Shut.CODE_SPENT
    return None if fits else Shut.CODE_WRONG


def last_moment(now: datetime, days: int) -> datetime:
    """Return until when a link of so many days lasts; raises ValueError outside 1 to 180."""
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ValueError(f"{days} days")
    return now + timedelta(days=days)


def plain_code(typed: str) -> str:
    """Return the digits of a code as it was typed, "" for nonsense: spaces, hyphens, full-width digits do no harm."""
    digits = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in typed if sign not in " -　\t")
    return digits if digits.isascii() and digits.isdigit() and len(digits) == CODE_DIGITS else ""


def masked_mail(address: str) -> str:
    """Return a mail address as the pages and the trail may show it: z***@example.com."""
    name, _at, home = address.partition("@")
    return f"{name[:1]}***@{home}" if home else ""
