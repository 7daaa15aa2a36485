"""How often an address that needs no sign-in may be asked: counted in this process, forgotten after the window.

Each of several processes counts for itself, so that the limit is at most that many times as high: enough to keep a
broken client or a guesser from wearing the machine out, not a lock. Whoever guesses is held off by the length of what
there is to guess.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

MOST_KEYS = 20_000


class Pace:
    """At most so many askings of one key within a stretch of time."""

    def __init__(self, most: int, within: timedelta) -> None:
        self.most, self.within = most, within
        self._windows: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def takes(self, key: str, now: datetime) -> bool:
        """Count one asking; returns False when the key has asked too often in the present window."""
        with self._lock:
            began, count = self._windows.pop(key, (now, 0))
            if now - began >= self.within:
                began, count = now, 0
            self._windows[key] = (began, count + 1)
            while len(self._windows) > MOST_KEYS:
                self._windows.popitem(last=False)
            return count < self.most
