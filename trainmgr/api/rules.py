"""What tokens may do, how they look, where a list goes on, how a webhook is signed and tried again; pure."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

PREFIX = "tm_"
LONGEST_LIFE = timedelta(days=366)
LARGEST_PAGE, USUAL_PAGE = 100, 50
LONGEST_KEY = 80
KEPT_FOR = timedelta(days=7)  # how long an answer is kept for its idempotency key
PER_MINUTE = 600
LEASE = 10  # requests that a process takes from the count at once


class Area(enum.StrEnum):
    """What a scope is about."""

    PROGRAMS = "programs"
    NEEDS = "needs"
    CURRICULUM = "curriculum"
    PEOPLE = "people"
    ENROLMENTS = "enrolments"
    ASSIGNMENTS = "assignments"
    LOGS = "logs"
    ATTENDANCE = "attendance"
    RATINGS = "ratings"
    RESULTS = "results"
    CERTIFICATES = "certificates"
    INDICATORS = "indicators"


WRITABLE = (
    Area.PROGRAMS,
    Area.NEEDS,
    Area.PEOPLE,
    Area.ENROLMENTS,
    Area.ASSIGNMENTS,
    Area.LOGS,
    Area.ATTENDANCE,
    Area.RATINGS,
    Area.CERTIFICATES,
)


def scope(area: Area, *, write: bool = False) -> str:
    """Return the name of a scope: "logs:read", "logs:write"."""
    return f"{area.value}:{'write' if write else 'read'}"


SCOPES = (*(scope(area) for area in Area), *(scope(area, write=True) for area in WRITABLE))


def known_scopes(wanted: Iterable[str]) -> list[str]:
    """Return those of the wanted scopes that there are, in their own order, each once."""
    asked = set(wanted)
    return [one for one in SCOPES if one in asked]


# --- tokens --------------------------------------------------------------------------------------------------


def new_token() -> str:
    """Return a token of 256 random bits with a beginning by which scanners of leaked secrets know it."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Return what is stored of a token: SHA-256; slow hashing adds nothing to 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_in(header: str | None) -> str | None:
    """Return the token of an Authorization header, None where there is none of ours."""
    kind, _blank, token = (header or "").strip().partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token.startswith(PREFIX) or len(token) > 100 or not token.isascii():
        return None
    return token


# --- lists ---------------------------------------------------------------------------------------------------


def cursor_of(values: Sequence[object]) -> str:
    """Return where a list goes on, as a text that fits into an address."""
    told = json.dumps([str(value) for value in values], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def values_of(cursor: str, count: int) -> list[str] | None:
    """Return the values of a cursor; None for what is no cursor of so many values."""
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = json.loads(told)
    except ValueError:
        return None
    is_ours = isinstance(found, list) and len(found) == count and all(isinstance(one, str) for one in found)
    return found if is_ours else None


# --- webhooks ------------------------------------------------------------------------------------------------


class Event(enum.StrEnum):
    """What an organisation's other systems can be told of."""

    ENROLMENT_ADMITTED = "enrolment.admitted"
    LOG_SIGNED = "log.signed"
    RATING_SUBMITTED = "rating.submitted"
    CERTIFICATE_ISSUED = "certificate.issued"


class DeliveryState(enum.StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


PAUSES = (1, 5, 30, 120, 360, 1440)  # minutes before the second try, the third and so on
MOST_TRIES = len(PAUSES) + 1
LOST_AFTER = timedelta(minutes=10)  # a delivery under way for so long lost its worker


def next_try(attempts: int, now: datetime) -> datetime | None:
    """Return when a delivery that was not taken is tried again; None once it was tried seven times."""
    return None if attempts >= MOST_TRIES else now + timedelta(minutes=PAUSES[attempts - 1])


def signature(secret: str, body: bytes, seconds: int) -> str:
    """Return the signature of a body sent at a moment (seconds since 1970): `t=…,v1=…`.

    v1 is the HMAC-SHA256 of "<seconds>.<body>" in hexadecimal digits; the receiver refuses old moments.
    """
    told = f"{seconds}.".encode() + body
    return f"t={seconds},v1={hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()}"
