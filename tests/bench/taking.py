"""`python -m tests.bench test`: 1,800 trainees take a test of 40 items at the same time, each saving every 20 seconds.

A server of its own with one worker on this machine, and here as many browsers as there are trainees, each with its
own connection: the page before the test, the button, the paper, a save every 20 seconds with the answers given since
(the first at a moment of its own), and the hand-in at the end. All that the server said yes to is then looked for in
the database. Meanwhile one browser more fetches the bare page each second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import resource
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

from tests.bench import report
from tests.bench.running import Browser, cpu_seconds, serving
from tests.bench.sitting import Arranged, arrange
from trainmgr.bank.rules import ItemKind
from trainmgr.kernel.db import db
from trainmgr.testing.models import Answer, Attempt

WARM_UP, BARE_ALONE, OPEN_FILES = 10, 100, 16_384
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
KINDS = ("bare", "door", "begin", "paper", "autosave", "hand in")


@dataclass
class Told:
    """What the server answered: how long each kind of request took, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    faults: dict[str, int] = field(default_factory=dict)

    def note(self, kind: str, seconds: float, status: int, wanted: Sequence[int]) -> bool:
        """Note one answer; tells whether it was the one that is wanted."""
        self.times[kind].append(seconds)
        if status in wanted:
            return True
        key = f"{kind} {status}"
        self.faults[key] = self.faults.get(key, 0) + 1
        return False


class Line:
    """One browser's connection, kept open; no more of HTTP than our own server speaks."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie, self.token = port, cookie, ""
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = FORM
    ) -> tuple[int, bytes, float]:
        """Send a request; returns the status, the body and the seconds. A connection that was closed is made anew."""
        for attempt in (1, 2):
            began = time.perf_counter()
            try:
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                head = (
                    f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"
                    f"Accept-Language: zh-CN\r\nX-CSRFToken: {self.token}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n"
                )
                self.writer.write(head.encode() + body)
                status, content = await self._read()
                return status, content, time.perf_counter() - began
            except (OSError, asyncio.IncompleteReadError):
                self.close()
                if attempt == 2:
                    return 0, b"", time.perf_counter() - began
        raise AssertionError

    async def _read(self) -> tuple[int, bytes]:
        assert self.reader is not None
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        for line in lines:
            if line.lower().startswith("set-cookie: trainmgr="):
                self.cookie = line.split(": ", 1)[1].partition(";")[0]
        content = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(lines[0].split()[1]), content

    def close(self) -> None:
        """Let the connection go."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def finish(self) -> None:
        """Let the connection go and wait until it is gone."""
        writer = self.writer
        self.close()
        if writer is not None:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class Taker:
    """One trainee's browser from the page before the test to the hand-in."""

    def __init__(self, line: Line, place: int, number: int, made: Arranged, told: Told) -> None:
        self.line, self.place, self.number, self.made, self.told = line, place, number, made, told
        self.attempt, self.begun = 0, 0.0
        self.confirmed: dict[int, Any] = {}
        self.next_item = 0

    async def begin(self) -> bool:
        """Read the rules, press the button, get the paper."""
        path = f"/tests/{self.place}"
        status, page, took = await self.line.ask("GET", path)
        if not self.told.note("door", took, status, (200,)):
            return False
        self._read_token(page)
        body = urlencode({"csrf_token": self.line.token}).encode()
        status, _page, took = await self.line.ask("POST", f"{path}/begin", body)
        if not self.told.note("begin", took, status, (302, 303)):
            return False
        status, page, took = await self.line.ask("GET", path)
        self.begun = time.perf_counter()
        if not self.told.note("paper", took, status, (200,)):
            return False
        self._read_token(page)
        found = re.search(rb'data-taking="(\d+)"', page)
        self.attempt = int(found[1]) if found else 0
        return bool(found)

    def _read_token(self, page: bytes) -> None:
        found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
        self.line.token = found[1].decode() if found else ""

    async def save(self, answers: int) -> None:
        """Save so many answers, as the page's script does."""
        sequence = int((time.perf_counter() - self.begun) * 1000)
        items = self.made.items
        given = [items[(self.next_item + step) % len(items)] for step in range(answers)]
        self.next_item += answers
        sent = [(key, self._value(kind, sequence), sequence) for key, kind in given]
        body = json.dumps({"attempt": self.attempt, "answers": sent}).encode()
        status, _answer, took = await self.line.ask("POST", f"/tests/{self.place}/answers", body, JSON)
        if self.told.note("autosave", took, status, (200,)):
            self.confirmed.update({key: value for key, value, _sequence in sent})

    def _value(self, kind: ItemKind, sequence: int) -> Any:
        turn = self.number + self.next_item
        if kind is ItemKind.SINGLE:
            return [turn % 4]
        if kind is ItemKind.MULTIPLE:
            return sorted({turn % 4, (turn + 1) % 4})
        if kind is ItemKind.TRUE_FALSE:
            return turn % 2 == 0
        return (
            f"{turn}.{sequence}"
            if kind is ItemKind.NUMBER
            else f"学员 {self.number} 在 {sequence} 毫秒写的回答"
        )

    async def hand_in(self) -> None:
        """Hand in."""
        body = urlencode({"csrf_token": self.line.token, "attempt": self.attempt}).encode()
        status, _page, took = await self.line.ask("POST", f"/tests/{self.place}/hand-in", body)
        self.told.note("hand in", took, status, (302, 303))

    async def take(self, options: argparse.Namespace, begun: float) -> None:
        """Do it all, beginning at a moment of one's own."""
        share = self.number / options.trainees
        await _until(begun + share * options.ramp)
        if not await self.begin():
            return
        first = begun + options.ramp + share * options.every
        for turn in range(max(1, round(options.seconds / options.every))):
            await _until(first + turn * options.every)
            await self.save(options.answers)
        await _until(begun + options.ramp + options.seconds + options.every + share * options.ramp)
        await self.hand_in()


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))


async def _bare(line: Line, told: Told, times: int | None, pause: float) -> None:
    while times is None or len(told.times["bare"]) < times:
        status, _page, took = await line.ask("GET", "/bench/bare")
        told.note("bare", took, status, (200,))
        await asyncio.sleep(pause)


@dataclass
class Cpu:
    """What the server used: for a bare page alone, for a save while only saves were made, and altogether."""

    bare_ms: float = 0.0
    save_ms: float = 0.0
    cores: float = 0.0


async def _watch(options: argparse.Namespace, pid: int, told: Told, cpu: Cpu, begun: float) -> None:
    """Read the server's CPU while everybody has begun and nobody hands in: saves, and a bare page a second."""
    await _until(begun + options.ramp + 0.2 * options.seconds)
    first, saves, bare = cpu_seconds(pid), len(told.times["autosave"]), len(told.times["bare"])
    await _until(begun + options.ramp + options.seconds)
    made = len(told.times["autosave"]) - saves
    used = (cpu_seconds(pid) - first) * 1000 - (len(told.times["bare"]) - bare) * cpu.bare_ms
    cpu.save_ms = used / made if made else 0.0


async def _drive(
    options: argparse.Namespace, port: int, pid: int, made: Arranged, cookies: Sequence[str], staff: str
) -> tuple[Told, Told, list[Taker], float, Cpu]:
    alone, told, cpu = Told(), Told(), Cpu()
    line, other = Line(port, staff), Line(port, staff)
    await _bare(line, Told(), WARM_UP, 0.0)
    used = cpu_seconds(pid)
    await _bare(line, alone, BARE_ALONE, 0.0)
    cpu.bare_ms = (cpu_seconds(pid) - used) * 1000 / BARE_ALONE
    takers = [
        Taker(Line(port, cookie), place, number, made, told)
        for number, ((place, _token), cookie) in enumerate(zip(made.takers, cookies, strict=True))
    ]
    begun, used = time.perf_counter(), cpu_seconds(pid)
    beside = asyncio.create_task(_bare(other, told, None, 1.0))
    await asyncio.gather(
        *(taker.take(options, begun) for taker in takers), _watch(options, pid, told, cpu, begun)
    )
    seconds = time.perf_counter() - begun
    beside.cancel()
    await asyncio.gather(beside, return_exceptions=True)
    cpu.cores = (cpu_seconds(pid) - used) / seconds
    await asyncio.gather(*(each.finish() for each in (line, other, *(taker.line for taker in takers))))
    return alone, told, takers, seconds, cpu


def run_apart(work: Any) -> Any:
    """Run a coroutine in a thread of its own: a browser's event loop may be running in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def run(options: argparse.Namespace) -> int:
    """Arrange, drive, count; returns 1 when an answer is lost or the limit is passed."""
    from flask_migrate import upgrade

    from tests.bench.app import create

    app = create()
    with app.app_context():
        upgrade()
    now = datetime.now(UTC)
    whole = timedelta(seconds=2 * options.ramp + options.seconds + options.every)
    made = arrange(
        app, options.trainees, opens_at=now - timedelta(minutes=1), closes_at=now + whole + timedelta(hours=1),
        minutes=int(whole.total_seconds() // 60) + 30,
    )  # fmt: skip
    cookies = [_cookie(app, token) for _place, token in made.takers]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, OPEN_FILES), hard), hard))
    with serving() as (port, pid):
        browser = Browser(port)
        browser.sign_in(made.staff)
        browser.connection.close()
        driven = _drive(options, port, pid, made, cookies, browser.cookie)
        alone, told, takers, seconds, cpu = run_apart(driven)
    found = summary(options, alone, told, seconds, cpu) | _compare(app, takers)
    with app.app_context():
        db.engine.dispose()
    print(tell(found))
    if options.json:
        report.write(options.json, [found])
    return int(bool(found["lost"] or found["faults"] or found["p99_of_bare"] > report.AUTOSAVE_LIMIT))


def _cookie(app: Flask, token: str) -> str:
    serializer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return f"trainmgr={serializer.dumps({'_user_id': token, '_fresh': True})}"


def _compare(app: Flask, takers: Sequence[Taker]) -> dict[str, int]:
    """Return how many answers the server said yes to, how many of them stand in the database, how many are lost."""
    with app.app_context():
        known: dict[int, dict[int, Any]] = {}
        mine = sa.select(Attempt.id).where(Attempt.sitting_id == takers[0].made.sitting_id)
        for attempt, item, value in db.session.execute(
            sa.select(Answer.attempt_id, Answer.item_id, Answer.value).where(
                Answer.attempt_id.in_(mine), Answer.sequence > 0
            )
        ):
            known.setdefault(attempt, {})[item] = value
    sent = [(taker.attempt, item, value) for taker in takers for item, value in taker.confirmed.items()]
    stored = sum(1 for attempt, item, value in sent if known.get(attempt, {}).get(item) == value)
    return {"confirmed": len(sent), "stored": stored, "lost": len(sent) - stored}


def summary(
    options: argparse.Namespace, alone: Told, told: Told, seconds: float, cpu: float
) -> dict[str, Any]:
    """Return what was measured as numbers."""
    bare = statistics.median(alone.times["bare"]) * 1000
    lines = {kind: _line(times, bare) for kind, times in told.times.items() if times}
    return {
        "trainees": options.trainees,
        "seconds": round(seconds, 1),
        "saves_per_second": round(options.trainees / options.every, 1),
        "bare_alone_ms": round(bare, 2),
        "cores": round(cpu.cores, 2),
        "bare_cpu_ms": round(cpu.bare_ms, 2),
        "autosave_cpu_ms": round(cpu.save_ms, 2),
        "p99_of_bare": lines["autosave"]["p99_of_bare"] if "autosave" in lines else float("inf"),
        "faults": told.faults,
        "requests": lines,
    }


def _line(times: list[float], bare: float) -> dict[str, float]:
    ordered = sorted(moment * 1000 for moment in times)
    p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {
        "count": len(ordered), "p50_ms": round(p50, 2), "p99_ms": round(p99, 2), "longest_ms": round(ordered[-1], 2),
        "p50_of_bare": round(p50 / bare, 2), "p99_of_bare": round(p99 / bare, 2),
    }  # fmt: skip


def tell(found: dict[str, Any]) -> str:
    """Return the measurements as lines."""
    lines = [
        f"{found['trainees']} trainees, {found['saves_per_second']} saves a second, {found['seconds']} seconds",
        f"the server used {found['cores']} cores; the bare page alone takes {found['bare_alone_ms']} ms",
        f"CPU of a bare page {found['bare_cpu_ms']} ms, of an autosave {found['autosave_cpu_ms']} ms",
        f"{'request':<10}{'count':>8}{'p50 ms':>9}{'p99 ms':>9}{'longest':>9}{'p50/bare':>10}{'p99/bare':>10}",
    ]
    for kind, one in found["requests"].items():
        mark = "!" if kind == "autosave" and one["p99_of_bare"] > report.AUTOSAVE_LIMIT else ""
        lines.append(
            f"{kind:<10}{one['count']:>8}{one['p50_ms']:>9}{one['p99_ms']:>9}{one['longest_ms']:>9}"
            f"{one['p50_of_bare']:>10}{one['p99_of_bare']:>10}{mark}"
        )
    lines.append(f"answers confirmed {found['confirmed']}, stored {found['stored']}, lost {found['lost']}")
    lines += [f"{count} × {what}" for what, count in found["faults"].items()]
    return "\n".join(lines)
