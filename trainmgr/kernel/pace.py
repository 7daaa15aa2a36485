"""How often something may be asked within a stretch of time: in Redis for all hosts, else in this process alone.

Without Redis each of several processes counts for itself, so that the limit is at most that many times as high: enough
to keep a broken client or a guesser from wearing the machine out, not a lock. Whoever guesses is held off by the length
of what there is to guess.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from trainmgr.kernel.shared import Away, shared

MOST_KEYS = 20_000


def asked(name: str, key: str, now: datetime, within: timedelta) -> int:
    """Count one asking in Redis and return the how manieth it is in this window; raises Away.

    Windows follow one another without a gap, from midnight UTC on where `within` divides a day: that of now is the same
    on every host. Two that ask at once get different numbers.
    """
    place, seconds = shared(), int(within.total_seconds())

    def work(redis: Any) -> int:
        window = int(now.timestamp()) // seconds
        counter = place.key("pace", name, key, window)
        with redis.pipeline(transaction=True) as line:  # a counter never stays without its end
            line.incr(counter)
            line.expire(counter, 2 * seconds)
            return int(line.execute()[0])

    return place.ask(work)


class Pace:
    """At most so many askings of one key within a stretch of time; `name` tells one pace from another in Redis."""

    def __init__(self, most: int, within: timedelta, name: str = "") -> None:
        self.most, self.within, self.name = most, within, name or f"{most} in {within}"
        self._windows: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def takes(self, key: str, now: datetime) -> bool:
        """Count one asking; returns False when the key has asked too often in the present window."""
        try:
            return asked(self.name, key, now, self.within) <= self.most
        except Away:
            return self._takes_here(key, now)

    def _takes_here(self, key: str, now: datetime) -> bool:
        with self._lock:
            began, count = self._windows.pop(key, (now, 0))
            if now - began >= self.within:
                began, count = now, 0
            self._windows[key] = (began, count + 1)
            while len(self._windows) > MOST_KEYS:
                self._windows.popitem(last=False)
            return count < self.most
