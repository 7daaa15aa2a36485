"""Editing the large plan on its board as a browser does: each answer is the piece of the page that changed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

from tests.bench import large

THEORY, LONGER = large.THEORY, large.THEORY + 1


class Browser(Protocol):
    """What is needed of a browser: to fetch, and to send a form as the board's script does."""

    def get(self, address: str, *, piece: bool = False) -> tuple[int, Mapping[str, str], bytes]:
        """Fetch a page, or a piece of it."""

    def post(self, address: str, fields: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        """Send a form and get the piece of the page that changed."""


@dataclass
class Done:
    """One request of a kind: seconds, statements, bytes."""

    seconds: float
    statements: int
    size: int


class Desk:
    """One person before the board of a plan; every deed is one request."""

    def __init__(self, browser: Browser, program_id: int) -> None:
        self.browser, self.plan = browser, f"/programs/{program_id}/plan"
        status, _headers, content = browser.get(f"{self.plan}/board")
        if status != 200:
            raise SystemExit(f"The board answered {status}.")
        page = content.decode()
        self.token = _value(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        self.version = _value(r'name="version" value="(\d+)"', page)
        self.edition = _value(r"/plan/(\d+)/arrange", page)
        cards = re.findall(r'class="tile-pick"[^>]*value="(\d+)"', page)
        self.card = cards[len(cards) // 2]
        self.moves, self.hours = cycle(("up", "down")), cycle((LONGER, THEORY))

    def move(self) -> Done:
        """Move a card up, the next time down again."""
        return self._send(f"{self.edition}/arrange", {"module": self.card, "do": next(self.moves)})

    def ask_hours(self) -> Done:
        """Open a card's hours for editing."""
        begun = time.perf_counter()
        answer = self.browser.get(f"{self.plan}/modules/{self.card}/hours", piece=True)
        return self._done(begun, answer)

    def set_hours(self) -> Done:
        """Change a card's hours, the next time back."""
        fields = {"theory_hours": str(next(self.hours)), "practice_hours": str(large.PRACTICE)}
        return self._send(f"modules/{self.card}/hours", fields)

    def undo(self) -> Done:
        """Take the last edit back."""
        return self._send(f"{self.edition}/undo", {})

    def redo(self) -> Done:
        """Do again what was taken back last."""
        return self._send(f"{self.edition}/redo", {})

    def deeds(self) -> Iterator[tuple[str, Callable[[], Done]]]:
        """Yield every kind of edit in an order in which each finds what it needs."""
        yield "large: move a card", self.move
        yield "large: ask for hours", self.ask_hours
        yield "large: change hours", self.set_hours
        yield "large: undo", self.undo
        yield "large: redo", self.redo

    def _send(self, address: str, fields: Mapping[str, str]) -> Done:
        sent = {"csrf_token": self.token, "version": self.version, **fields}
        begun = time.perf_counter()
        answer = self.browser.post(f"{self.plan}/{address}", sent)
        done = self._done(begun, answer)
        self.version = _value(r'name="version" value="(\d+)"', answer[2].decode())
        return done

    def _done(self, begun: float, answer: tuple[int, Mapping[str, str], bytes]) -> Done:
        status, headers, content = answer
        if status != 200 or "HX-Retarget" in headers:
            raise SystemExit(f"An edit of the board was answered {status}: {content[:500].decode()}")
        return Done(time.perf_counter() - begun, int(headers["X-Statements"]), len(content))


def _value(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"The board has changed; nothing fits {pattern}.")
    return found[1]
