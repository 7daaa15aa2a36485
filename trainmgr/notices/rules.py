"""When something may be sent, when it is tried again, and what a group robot is told; pure."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote_plus, urlsplit

from trainmgr.kernel.msgids import N_

QUIET_BEGINS, QUIET_ENDS = time(21), time(8)
PAUSES = (1, 5, 30, 120, 360)  # minutes before the second try, the third and so on
MOST_TRIES = len(PAUSES) + 1
GIVEN_UP_AFTER = timedelta(minutes=10)  # a message that is being sent for so long lost its worker
MOST_DAYS_AHEAD = 60  # the longest closed period that a message waits out


class Channel(enum.StrEnum):
    """How a message goes out."""

    MAIL = "mail"
    ROBOT = "robot"


class Topic(enum.StrEnum):
    """What a message is about."""

    DIGEST = "digest"
    INVITATION = "invitation"
    LATE = "late"
    TEST = "test"
    ACCOUNT = "account"


class RobotKind(enum.StrEnum):
    """Whose group robot it is."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"


class Outcome(enum.StrEnum):
    """Where a message stands: waiting for its time, being sent, sent, given up, or no longer of use."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


# --- quiet hours -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quiet:
    """The hours in which nothing is sent, mostly over midnight; equal ends mean that there are none."""

    begins: time = QUIET_BEGINS
    ends: time = QUIET_ENDS
    closed_days: bool = True

    def covers(self, at: time) -> bool:
        """Tell whether a time of day is quiet."""
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return self.begins != self.ends and (at >= self.begins or at < self.ends)


def next_allowed(moment: datetime, quiet: Quiet, is_open: Callable[[date], bool]) -> datetime:
    """Return the first moment from `moment` on (local, aware) that is neither quiet nor on a closed day.

    After sixty closed days in a row the message goes all the same: it waits, and is never lost.
    """
    at = moment
    for _day in range(MOST_DAYS_AHEAD):
        if quiet.closed_days and not is_open(at.date()):
            at = _at(at + timedelta(days=1), time(0))
        elif quiet.covers(at.time()):
            tomorrow = at.time() >= quiet.begins and quiet.begins > quiet.ends
            at = _at(at + timedelta(days=1) if tomorrow else at, quiet.ends)
        else:
            return at
    return moment


def _at(moment: datetime, clock: time) -> datetime:
    return datetime.combine(moment.date(), clock, moment.tzinfo)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """Return when a message that was not taken is tried again; None once it was tried six times."""
    return None if attempts >= MOST_TRIES else now + timedelta(minutes=PAUSES[attempts - 1])


# --- group robots ------------------------------------------------------------------------------------------


def body_of(kind: RobotKind, title: str, lines: list[str]) -> dict[str, Any]:
    """Return the message in the robot's own format.

    Sources: developer.work.weixin.qq.com/document/path/91770 (group robots),
    open.dingtalk.com/document/orgapp/custom-robots-send-group-messages.
    """
    text = "\n\n".join(lines)
    if kind is RobotKind.WECOM:
        return {"msgtype": "markdown", "markdown": {"content": f"**{title}**\n\n{text}"}}
    return {"msgtype": "markdown", "markdown": {"title": title, "text": f"### {title}\n\n{text}"}}


def signed(address: str, secret: str, milliseconds: int) -> str:
    """Return a DingTalk address with its signature: HMAC-SHA256 of time and secret, in base64, for an hour.

    Source: open.dingtalk.com/document/orgapp/customize-robot-security-settings.
    """
    if not secret:
        return address
    told = f"{milliseconds}\n{secret}".encode()
    mark = base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()
    joint = "&" if urlsplit(address).query else "?"
    return f"{address}{joint}timestamp={milliseconds}&sign={quote_plus(mark)}"


# What the robots answer when they are asked too often: worth another try.
BUSY = frozenset({45009, 130101, 410100, -1})


def answer_fault(answer: Any) -> tuple[str, bool] | None:
    """Return why a robot did not take a message, and whether that is final; None when it did."""
    code = answer.get("errcode") if isinstance(answer, dict) else None
    if code == 0:
        return None
    if not isinstance(code, int):
        return "the answer is not that of a robot", True
    return f"the robot answered {code}", code not in BUSY


def address_fault(address: str) -> str | None:
    """Return the msgid of why an address cannot be a robot's; None when it may be one."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return N_("This is not an address.")
    if parts.scheme != "https" or not parts.hostname:
        return N_("The address of a robot begins with https://.")
    if parts.username or parts.password or parts.fragment or any(sign.isspace() for sign in address):
        return N_("This is not the address of a robot.")
    if port not in (None, 443):
        return N_("The address of a robot has no port of its own.")
    return None
