"""How often a token may ask: counted in the database for all processes, which take ten requests at a time."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trainmgr.api.models import ApiToken, ApiUse
from trainmgr.api.rules import LEASE
from trainmgr.kernel.db import aside, db

MOST_KEPT = 10_000
_left: dict[
    tuple[str, int], tuple[int, int]
] = {}  # (database, token) → the minute, and requests still in hand
_lock = Lock()


def forget() -> None:
    """Drop what this process holds."""
    with _lock:
        _left.clear()


def takes(token_id: int, per_minute: int, now: datetime) -> bool:
    """Count a request; False when the token has asked too often in this minute.

    Asks the database once in ten requests, in a transaction of its own; the token's last use is noted there too.
    """
    minute, key = int(now.timestamp()) // 60, (str(db.engine.url), token_id)
    with _lock:
        kept, left = _left.get(key, (0, 0))
        if kept == minute and left > 0:
            _left[key] = (minute, left - 1)
            return True
    lease = min(LEASE, per_minute)
    if not _leased(token_id, per_minute, lease, minute, now):
        return False
    with _lock:
        if len(_left) >= MOST_KEPT:
            _left.clear()
        _left[key] = (minute, lease - 1)
    return True


def _leased(token_id: int, per_minute: int, lease: int, minute: int, now: datetime) -> bool:
    """Take a lease of a minute's requests; two processes at once take one after the other."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(ApiUse).values(token_id=token_id, minute=minute, given=lease)
    fresh = ApiUse.minute != minute
    given = sa.case((fresh, lease), else_=ApiUse.given + lease)
    taken = statement.on_conflict_do_update(
        index_elements=["token_id"],
        set_={"minute": minute, "given": given},
        where=sa.or_(fresh, ApiUse.given + lease <= per_minute),
    )
    with aside() as connection:
        if connection.execute(taken.returning(ApiUse.given)).first() is None:
            return False
        connection.execute(sa.update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))
    return True
