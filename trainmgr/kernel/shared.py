"""What all hosts share for a moment: Redis, where TRAINMGR_REDIS_URL names one; limits and counts of long lists use it.

Nothing lies here that could not be lost. Where Redis is away, `Shared.ask` raises `Away` at once for some seconds, so
that no request waits for it again and again, and the caller counts where it would have counted without one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, current_app, has_app_context

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 0.5  # seconds for one answer, and for one connection
PAUSE = 5.0  # seconds in which a Redis that did not answer is not asked again
MOST_HELD = 1_000  # values that a process holds where there is no Redis
SPACE = "trainmgr"


class Away(Exception):
    """There is no Redis, or it does not answer now."""


class Shared:
    """An application's Redis, asked with little patience."""

    def __init__(self, app: Flask) -> None:
        self.url = str(app.config.get("REDIS_URL") or "")
        self._pepper = hashlib.blake2b(str(app.config["SECRET_KEY"]).encode(), digest_size=32).digest()
        self._client: Redis | None = _connect(self.url) if self.url else None
        self._silent_until = 0.0

    def key(self, *parts: object) -> str:
        """Return the name under which something lies: a keyed digest, of this installation alone.

        An address or a private link does not stand in Redis itself.
        """
        text = "\0".join(str(part) for part in parts).encode()
        return f"{SPACE}:{parts[0]}:{hashlib.blake2b(text, key=self._pepper, digest_size=20).hexdigest()}"

    def ask(self, work: Callable[[Redis], T]) -> T:
        """Let Redis do something; raises Away where there is none or it does not answer."""
        if self._client is None:
            raise Away("no TRAINMGR_REDIS_URL")
        from redis.exceptions import RedisError

        if time.monotonic() < self._silent_until:
            raise Away("it did not answer some seconds ago")
        try:
            return work(self._client)
        except RedisError as error:
            self._silent_until = time.monotonic() + PAUSE
            log.warning("Redis did not answer (%s); limits are counted without it", type(error).__name__)
            raise Away(type(error).__name__) from error


def _connect(url: str) -> Redis:
    try:
        from redis import Redis
    except ImportError:
        raise RuntimeError(
            "TRAINMGR_REDIS_URL names a Redis, for which its client is missing: "
            "pip install -r requirements-redis.txt"
        ) from None
    client: Redis = Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, health_check_interval=30
    )
    return client


def shared() -> Shared:
    """Return the application's Redis; raises Away where no application is, or one without features."""
    found: Shared | None = current_app.extensions.get("shared") if has_app_context() else None
    if found is None:
        raise Away("no application")
    return found


# --- values that are kept for a moment ------------------------------------------------------------


class Shelf:
    """What a process keeps for itself where there is no Redis: so many values, each for its time."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> str | None:
        """Return what was put there and is not too old."""
        with self._lock:
            until, value = self._held.get(key, (0.0, ""))
            return value if time.monotonic() < until else None

    def put(self, key: str, value: str, seconds: float) -> None:
        """Keep a value for so many seconds."""
        with self._lock:
            self._held[key] = (time.monotonic() + seconds, value)
            self._held.move_to_end(key)
            while len(self._held) > MOST_HELD:
                self._held.popitem(last=False)


def kept(name: str, parts: Any, seconds: int, make: Callable[[], T], *, worth: Callable[[T], bool]) -> T:
    """Return a value that may be some seconds old, made anew where none is kept; it is kept only where it is worth it.

    `parts` must say everything that the value depends on, above all what the reader may see. The value must be JSON.
    """
    place = shared()
    key = place.key(name, json.dumps(parts, default=str))
    found = _find(place, key)
    if found is not None:
        known: T = json.loads(found)
        return known
    made = make()
    if worth(made):
        _put(place, key, json.dumps(made), seconds)
    return made


def _find(place: Shared, key: str) -> str | bytes | None:
    try:
        return place.ask(lambda redis: redis.get(key))
    except Away:
        shelf: Shelf = current_app.extensions["shelf"]
        return shelf.get(key)


def _put(place: Shared, key: str, value: str, seconds: int) -> None:
    try:
        place.ask(lambda redis: redis.set(key, value, ex=seconds))
    except Away:
        shelf: Shelf = current_app.extensions["shelf"]
        shelf.put(key, value, seconds)


def init_app(app: Flask) -> None:
    """Give the application its Redis, if it has one, and its shelf."""
    app.extensions["shared"] = Shared(app)
    app.extensions["shelf"] = Shelf()
