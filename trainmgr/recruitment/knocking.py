"""Slowing robots down at the public door: how often one address sent the form or guessed a receipt code."""

from __future__ import annotations

from datetime import datetime, timedelta

from trainmgr.identity.rules import Throttle, free_again_at, network_of
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.tally import Tally
from trainmgr.recruitment.door_models import Knock

# A school's computer room applies from one address, so its limit is wide; nobody guesses sixty codes.
LIMITS = {
    "apply": Throttle(60, timedelta(minutes=15), timedelta(seconds=30), timedelta(minutes=10)),
    "receipt": Throttle(20, timedelta(minutes=15), timedelta(seconds=30), timedelta(minutes=10)),
    "check": Throttle(
        20, timedelta(minutes=15), timedelta(seconds=30), timedelta(minutes=10)
    ),  # certificates
}
KEPT = timedelta(days=1)
KNOCKS = {kind: Tally(Knock, KEPT, kind=kind) for kind in LIMITS}


def _key(address: str | None) -> str:
    return blind_index(f"recruitment address {network_of(address)}")


def waits_until(kind: str, address: str | None, *, now: datetime) -> datetime | None:
    """Return from when on an address may knock again, or None when it may now."""
    limit = LIMITS[kind]
    found = KNOCKS[kind].counted("address_key", [_key(address)], since=now - limit.within)
    count, last = found[0] if found else (0, None)
    until = free_again_at(limit, count, last)
    return until if until and until > now else None


def note(kind: str, address: str | None, *, now: datetime) -> None:
    """Count a knock, and forget those of yesterday."""
    KNOCKS[kind].note(now, address_key=_key(address))
    KNOCKS[kind].sweep(now)
