"""How often a token may ask, counted for all hosts.

In Redis, where the installation has one, each request counts at once; else, and while it is away, in the database,
from which processes take ten requests at a time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trainmgr.api.models import ApiToken, ApiUse
from trainmgr.api.rules import LEASE
from trainmgr.kernel.db import aside, db
from trainmgr.kernel.pace import asked
from trainmgr.kernel.shared import Away

MOST_KEPT = 10_000
MINUTE = timedelta(minutes=1)
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

    Asks Redis each time, or the database once in ten requests; the token's last use is noted in the database, in a
    transaction of its own.
    """
    minute, key = int(now.timestamp()) // 60, (str(db.engine.url), token_id)
    try:
        turn = asked("api", str(token_id), now, MINUTE)
    except Away:
        return _takes_from_database(token_id, per_minute, minute, key, now)
    if turn == 1:
        with aside() as connection:
            connection.execute(_used(token_id, now))
    return turn <= per_minute


def _takes_from_database(
    token_id: int, per_minute: int, minute: int, key: tuple[str, int], now: datetime
) -> bool:
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
        connection.execute(_used(token_id, now))
    return True


def _used(token_id: int, now: datetime) -> sa.Update:
    return sa.update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now)
