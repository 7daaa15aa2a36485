"""What happened under a key, and how often lately: failed sign-ins, knocks at a public door.

Counted in Redis where the installation has one, else, and while it is away, in a table; either way for all hosts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.kernel.shared import Away, Shared, shared

Counted = tuple[int, datetime | None]  # how many, and when the last one was


class Tally:
    """Events of one kind. The table has a column for each kind of key, `at`, and the columns that are `fixed`.

    In Redis each key is a sorted set of moments; what is older than `kept` goes by itself.
    """

    def __init__(self, model: Any, kept: timedelta, **fixed: str) -> None:
        self.model, self.kept, self.fixed = model, kept, fixed

    def note(self, now: datetime, **keys: str) -> None:
        """Count one event under a key of each column; an empty key counts for nobody."""
        try:
            place = shared()
            place.ask(lambda redis: self._add(redis, place, now, keys))
        except Away:
            db.session.add(self.model(at=now, **keys, **self.fixed))
            db.session.flush()

    def counted(self, column: str, keys: Iterable[str], *, since: datetime) -> list[Counted]:
        """Return for each key under which something happened after a moment how often, and when last."""
        wanted = [key for key in dict.fromkeys(keys) if key]
        if not wanted:
            return []
        try:
            place = shared()
            return place.ask(lambda redis: self._look(redis, place, column, wanted, since))
        except Away:
            return self._look_in_table(column, wanted, since)

    def forget(self, column: str, keys: Iterable[str]) -> None:
        """Drop what was counted under keys of one column; the other column of the same events stays.

        In the table as well, where an absence of Redis may have left something.
        """
        wanted = [key for key in keys if key]
        if not wanted:
            return
        model = self.model
        db.session.execute(
            sa.update(model).where(getattr(model, column).in_(wanted), *self._mine()).values({column: ""})
        )
        try:
            place = shared()
            place.ask(lambda redis: redis.delete(*(self._key(place, column, key) for key in wanted)))
        except Away:
            return

    def sweep(self, now: datetime) -> None:
        """Delete the rows that are out of date; Redis does it by itself."""
        db.session.execute(sa.delete(self.model).where(self.model.at < now - self.kept, *self._mine()))

    # --- in Redis ---

    def _key(self, place: Shared, column: str, key: str) -> str:
        return place.key(self.model.__tablename__, *sorted(self.fixed.items()), column, key)

    def _add(self, redis: Any, place: Shared, now: datetime, keys: dict[str, str]) -> None:
        # One transaction: a set never stays without its end, whatever happens between two of these lines.
        moment, member = now.timestamp(), secrets.token_hex(8)
        with redis.pipeline(transaction=True) as line:
            for column, key in keys.items():
                if key:
                    name = self._key(place, column, key)
                    line.zadd(name, {member: moment})
                    line.zremrangebyscore(name, "-inf", (now - self.kept).timestamp())
                    line.expire(name, int(self.kept.total_seconds()) + 60)
            line.execute()

    def _look(
        self, redis: Any, place: Shared, column: str, keys: list[str], since: datetime
    ) -> list[Counted]:
        with redis.pipeline(transaction=False) as line:
            for key in keys:
                name = self._key(place, column, key)
                line.zcount(name, f"({since.timestamp()!r}", "+inf")
                line.zrevrange(name, 0, 0, withscores=True)
            told = line.execute()
        return [
            (count, datetime.fromtimestamp(newest[0][1], UTC))
            for count, newest in zip(told[::2], told[1::2], strict=True)
            if count
        ]

    # --- in the table ---

    def _mine(self) -> list[sa.ColumnElement[bool]]:
        return [getattr(self.model, name) == value for name, value in self.fixed.items()]

    def _look_in_table(self, column: str, keys: list[str], since: datetime) -> list[Counted]:
        of = getattr(self.model, column)
        found = db.session.execute(
            sa.select(sa.func.count(), sa.func.max(self.model.at))
            .where(of.in_(keys), self.model.at > since, *self._mine())
            .group_by(of)
        )
        return [(count, last) for count, last in found]
