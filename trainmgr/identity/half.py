"""Half a sign-in: the password was right, the code is owed. It stands in the browser's signed cookie, for a while."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import session

from trainmgr.identity.models import User
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db

HALF = "half"
TIME_FOR_CODE = timedelta(minutes=10)


@dataclass(frozen=True)
class Half:
    """What a sign-in brings along: whether to stay, where to go on to, and the other system that it came through."""

    stay: bool = False
    onward: str | None = None
    provider_id: int | None = None
    ticket_digest: str = ""


def start(user: User, entry: Half, *, now: datetime) -> None:
    """Remember in this browser who owes a code; whatever the cookie carried before is dropped."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session[HALF] = {"user": user.id, "at": now.timestamp(), "seal": _seal(user), "entry": asdict(entry)}


def find(*, now: datetime) -> tuple[User, Half] | None:
    """Return who owes a code in this browser, unless it took too long or the password changed meanwhile."""
    kept = session.get(HALF)
    if not isinstance(kept, dict) or not 0 <= now.timestamp() - kept["at"] < TIME_FOR_CODE.total_seconds():
        return None
    user = db.session.get(User, kept["user"])
    if user is None or not user.active or kept["seal"] != _seal(user):
        return None
    return user, Half(**kept["entry"])


def drop() -> None:
    """Forget that a code is owed."""
    session.pop(HALF, None)


def _seal(user: User) -> str:
    return blind_index(f"half a sign-in:{user.id}:{user.password_hash}")[:32]
