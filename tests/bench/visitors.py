"""The browsers of the mixed load: what they send, and what the server answered."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.bench.crowd import Crowd
from tests.bench.logs import WORDS
from tests.bench.taking import FORM, Line

READING = ("inbox", "own logs", "own result", "programme home")
STAFF = ("roster", "people", "sign list")
WRITING = ("log form", "log", "rating form", "rating draft", "rating")
GOOD = {"log": (302, 303), "rating draft": (302, 303), "rating": (302, 303)}  # all others: 200


@dataclass
class Told:
    """What the server answered: seconds by kind of request, and what was not meant."""

    times: dict[str, list[float]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)

    def note(self, kind: str, status: int, seconds: float) -> bool:
        """Note one answer; tells whether it is the one that is meant."""
        self.times.setdefault(kind, []).append(seconds)
        if status in GOOD.get(kind, (200,)):
            return True
        self.fault(f"{kind} {status}")
        return False

    def fault(self, what: str) -> None:
        """Note that something went otherwise than meant."""
        self.faults[what] = self.faults.get(what, 0) + 1

    @property
    def requests(self) -> int:
        """How many requests were answered, those of the bare page left out."""
        return sum(len(times) for kind, times in self.times.items() if kind != "bare")


class Person:
    """One signed-in browser; does one thing after the other."""

    def __init__(self, port: int, cookie: str) -> None:
        self.line, self.busy = Line(port, cookie), asyncio.Lock()


class Visitors:
    """Everybody's browsers, and what they do."""

    def __init__(self, port: int, made: Crowd, told: Told) -> None:
        self.made, self.told = made, told
        self.trainees, self.mentors, self.teachers, self.staff = (
            [Person(port, cookie) for cookie in cookies]
            for cookies in (made.trainees, made.mentors, made.teachers, made.staff)
        )
        self.writers = itertools.count()
        self.rated, self.readers = itertools.count(), itertools.count()
        self.listed = itertools.count()

    @property
    def everybody(self) -> list[Person]:
        """All people."""
        return [*self.trainees, *self.mentors, *self.teachers, *self.staff]

    async def _get(self, who: Person, kind: str, path: str) -> bytes | None:
        async with who.busy:
            status, page, took = await who.line.ask("GET", path)
        if not self.told.note(kind, status, took):
            return None
        if found := re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page):
            who.line.token = found[1].decode()
        return page

    async def _post(self, who: Person, kind: str, path: str, body: bytes, content: str) -> None:
        async with who.busy:
            status, _page, took = await who.line.ask("POST", path, body, content)
        self.told.note(kind, status, took)

    # --- reading ---

    async def read(self, kind: str) -> None:
        """Let the next person read one of the four pages; own logs and results are a trainee's."""
        turn = next(self.readers)
        if kind in ("own logs", "own result"):
            path = "/logs" if kind == "own logs" else "/my-result"
            await self._get(self.trainees[turn % len(self.trainees)], kind, path)
            return
        who = self.everybody[turn % self.made.people]
        await self._get(who, kind, "/" if kind == "inbox" else f"/programs/{self.made.program}")

    async def look_up(self, kind: str) -> None:
        """Let the next member of staff open roster or people, or the next mentor the logs that wait for a signature."""
        turn = next(self.listed)
        who = (self.mentors if kind == "sign list" else self.staff)[
            turn % len(self.mentors if kind == "sign list" else self.staff)
        ]
        paths = {
            "roster": f"/programs/{self.made.program}/roster",
            "people": "/people",
            "sign list": "/logs/to-sign",
        }
        await self._get(who, kind, paths[kind])

    # --- logs ---

    async def open_log(self) -> tuple[Person, bytes, str] | None:
        """Open the form of a log as the next trainee; returns the filled form."""
        number = next(self.writers)
        who, turn = self.trainees[number % len(self.trainees)], number // len(self.trainees)
        page = await self._get(who, "log form", "/logs/new")
        if page is None:
            return None
        found = {name: re.search(rf'name="{name}" value="([^"]*)"'.encode(), page)
                 for name in ("csrf_token", "client_key", "kind")}  # fmt: skip
        weeks = re.findall(rb'<option value="(\d{4}-\d\d-\d\d)"', page)
        if not all(found.values()) or turn >= max(1, len(weeks)):
            self.told.fault("log form without its fields or without a week left")
            return None
        chosen = random.Random(number).sample(WORDS, 8)
        fields = [
            *((name, match[1].decode()) for name, match in found.items() if match),
            ("program", str(self.made.program)), ("stage", "1"), ("task", f"在岗任务 {number % 60}"),
            ("learned", "，".join(chosen) + "。"), ("competencies", str(self.made.competency)),
            ("day", weeks[turn].decode() if weeks else ""), ("hours_1", "8"), ("typed_signs", "120"),
            ("pasted_signs", "0"),
        ]  # fmt: skip
        return who, urlencode(fields).encode(), FORM

    async def hand_in_log(self, filled: tuple[Person, bytes, str] | None) -> None:
        """Hand a filled form in."""
        if filled is not None:
            who, body, content = filled
            await self._post(who, "log", "/logs", body, content)

    # --- ratings ---

    async def open_rating(self, number: int | None = None) -> tuple[Person, str, str, bytes] | None:
        """Open the form for the next trainee as the mentor; even numbers are for a draft, odd ones for the hand-in."""
        number = next(self.rated) if number is None else number
        if number // 2 >= len(self.made.owed):
            self.told.fault("nobody is left to be rated: fewer seconds, or more people")
            return None
        place, enrolment = self.made.owed[number // 2]
        path = f"/ratings/{self.made.window}/{enrolment}/enterprise"
        who = self.mentors[place]
        page = await self._get(who, "rating form", path)
        if page is None:
            return None
        asked = dict.fromkeys(re.findall(r'name="(c\d+)"', page.decode()))
        given = {name: str(random.Random(f"{number}{name}").randint(2, 5)) for name in asked}
        given["csrf_token"] = who.line.token
        kind, tail = ("rating", "") if number % 2 else ("rating draft", "/draft")
        return who, kind, path + tail, urlencode(given).encode()

    async def send_rating(self, filled: tuple[Person, str, str, bytes] | None) -> None:
        """Send a filled form."""
        if filled is not None:
            who, kind, path, body = filled
            await self._post(who, kind, path, body, FORM)

    async def act(self, card: str, number: int) -> None:
        """Do one action of the mix."""
        if card == "reading":
            await self.read(READING[number % len(READING)])
        elif card == "staff":
            await self.look_up(STAFF[number % len(STAFF)])
        elif card == "log":
            await self.hand_in_log(await self.open_log())
        else:
            await self.send_rating(await self.open_rating())

    async def bare(self, who: Person) -> None:
        """Fetch the bare page."""
        await self._get(who, "bare", "/bench/bare")
