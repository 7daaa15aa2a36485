"""Who asks the hosts: trainees who hand in logs and readers of lists, each as often as an answer comes."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from typing import Any

from tests.hosts.hosts import LET_ALONE, PATIENCE, Installation, until

WRITERS, READERS = 4, 2
DAYS = 25  # a day holds 96 quarters of an hour
CLEAR = re.compile(r"请稍候片刻|服务器")


@dataclass
class Load:
    """Who asks the hosts, and what they were told."""

    installation: Installation
    program_id: int
    competency_id: int
    day: Any
    over: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)
    away: list[float] = field(
        default_factory=list
    )  # how long a reader waited for the next good page, in seconds
    broken: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    staff_id: int = 0
    alone: dict[str, float] = field(default_factory=dict)  # until when a host that did not answer is left out

    def write(self, number: int, cookie: str) -> None:
        """Hand in one log after the other; each is sent until a host has said that it stands."""
        token, turn = "", 0
        while not self.over.is_set():
            key, sent = f"host-{number}-{turn}", False
            while not sent and not self.over.is_set():
                if not token:
                    token, cookie = self._token(number + turn, cookie)
                    time.sleep(0.0 if token else 0.2)
                    continue
                fields = self.fields(key, turn, token)
                answer = self._ask(number + turn, "POST", "/logs", fields, cookie)
                if answer is not None and answer[0] in (302, 303):
                    sent = True
                    self.acknowledged.append(key)
                    time.sleep(0.1)
                elif answer is not None and answer[0] < 500:
                    self.broken.append(f"{key}: {answer[0]} {re.sub('<[^>]+>', ' ', answer[1])[-600:]}")
                    return
                else:
                    time.sleep(0.2)
            turn += 1

    def read(self, cookie: str) -> None:
        """Open the list of logs again and again; note how long no good page came."""
        last, turn = time.monotonic(), 0
        while not self.over.is_set():
            answer = self._ask(turn, "GET", f"/logs?program={self.program_id}", None, cookie)
            if answer is not None and answer[0] == 200:
                now = time.monotonic()
                self.away.append(now - last)
                last = now
            turn += 1
            time.sleep(0.02)

    def fields(self, key: str, turn: int, token: str) -> dict[str, str]:
        """Return a filled form of a log."""
        return {
            "csrf_token": token, "client_key": key, "program": str(self.program_id), "stage": "1", "kind": "day",
            "day": (self.day - timedelta(days=turn % DAYS)).isoformat(), "hours": "0.25", "task": f"点检 {key}",
            "competencies": str(self.competency_id), "learned": f"记下第 {turn} 次的间隙，与图纸对照。",
        }  # fmt: skip

    def _token(self, turn: int, cookie: str) -> tuple[str, str]:
        """Open the form: return the token against forged requests, and the cookie that goes with it."""
        answer = self._ask(turn, "GET", "/logs/new", None, cookie)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer[1]) if answer else None
        if answer is None or found is None:
            return "", cookie
        return found[1], (answer[2].get("Set-Cookie") or cookie).partition(";")[0]

    def _ask(
        self, turn: int, method: str, address: str, fields: dict[str, str] | None, cookie: str
    ) -> tuple[int, str, Any] | None:
        """Ask the hosts in turn as a load balancer does: the next one where a connection is refused or cut off.

        A host that did not answer is left alone for a while, unless it is the last.
        """
        webs = list(self.installation.webs.values())
        hosts = [webs[(turn + step) % len(webs)] for step in range(len(webs))]
        for web in sorted(hosts, key=lambda web: time.monotonic() < self.alone.get(web.name, 0.0)):
            try:
                status, text, headers = self.installation.ask(web.place, method, address, fields, cookie)
            except (OSError, HTTPException):
                self.statuses[0] += 1
                self.alone[web.name] = time.monotonic() + LET_ALONE
                continue
            self.statuses[status] += 1
            if status >= 500 and (not CLEAR.search(text) or (status == 503 and "Retry-After" not in headers)):
                self.unclear.append(f"{address} {status}: {text[-400:]}")
            return status, text, headers
        return None


@contextmanager
def working(load):
    """Let everybody write and read meanwhile."""
    threads = [
        threading.Thread(target=load.write, args=(number, cookie))
        for number, cookie in enumerate(load.cookies)
    ]
    threads += [threading.Thread(target=load.read, args=(load.cookies[n],)) for n in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.over.set()
        for thread in threads:
            thread.join(timeout=PATIENCE)


def go_on(load, more=12):
    """Wait until so many more logs are acknowledged."""
    wanted = len(load.acknowledged) + more
    until(lambda: len(load.acknowledged) >= wanted or load.broken, "acknowledged logs")
    assert not load.broken, load.broken
