"""Measuring: a server of our own on this machine, signed-in browsers, each page some dozens of times."""

from __future__ import annotations

import argparse
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.bench import PASSWORD, PEOPLE, report
from tests.bench.editing import Desk, Done
from tests.bench.pages import BARE

ROOT = Path(__file__).resolve().parents[2]
WARM_UP, ROUNDS, SECONDS_A_PAGE = 4, 2, 12.0
BARE_REQUESTS = 200
CONNECTIONS = 4096
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Measured:
    """What a page costs: requests a second by two browsers at once, times of one, CPU of the server, SQL, size."""

    page: str
    rps: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    cpu_ratio: float
    statements: int
    bytes: int


# --- the server ------------------------------------------------------------------------------------


@contextmanager
def serving() -> Iterator[tuple[int, int]]:
    """Start the application with one worker on a free port of the loopback; yields the port and the process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"--interface wsgi --host 127.0.0.1 --port {port} --no-ws --log-level warning --workers 1"
    options += f" --backlog {CONNECTIONS} --backpressure {CONNECTIONS}"  # as run.py
    threads = 2 * (os.cpu_count() or 1) + 1
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "granian",
            *options.split(),
            "--blocking-threads",
            str(threads),
            "tests.bench.app:app",
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit("The server ended before it answered.")
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not answer within a minute.")


def cpu_seconds(pid: int) -> float:
    """Return the CPU that a process and its children have used."""
    return sum(_own_cpu(each) for each in _family(pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _own_cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


# --- the browsers ----------------------------------------------------------------------------------


class Browser:
    """One connection with one cookie."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port, self.cookie = port, cookie
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, address: str, *, piece: bool = False) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Fetch a page, or a piece of it as a script does."""
        return self._ask("GET", address, piece=piece)

    def post(self, address: str, fields: Mapping[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send a form as a script does and return the piece of the page that it gets."""
        return self._ask("POST", address, urlencode(fields), piece=True)

    def _ask(
        self, method: str, address: str, body: str | None = None, *, piece: bool = False
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        headers = {"Cookie": self.cookie, "Accept-Language": "zh-CN"}
        if piece:
            headers["HX-Request"] = "true"
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, address, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        if cookie := response.getheader("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        return response.status, response.headers, content

    def sign_in(self, username: str) -> None:
        """Sign in by the form, as a person does."""
        _status, _headers, page = self.get("/sign-in")
        text = page.decode()
        fields = {
            "csrf_token": _value(r'name="csrf_token"[^>]*value="([^"]+)"', text),
            "name": username,
            "password": PASSWORD,
        }
        status, _headers, _content = self._ask("POST", "/sign-in", urlencode(fields))
        if status not in (302, 303):
            raise SystemExit(f"{username} could not sign in: {status}")


def _value(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"The sign-in page has changed; nothing fits {pattern}.")
    return found[1]


# --- measuring -------------------------------------------------------------------------------------


@dataclass
class Cost:
    """What some dozens of requests of one page came to."""

    times: list[float]
    cpu: float
    statements: int
    size: int
    rps: float


class Stand:
    """Fetches pages and reads what they cost the server."""

    def __init__(self, port: int, pid: int, requests: int) -> None:
        self.port, self.pid, self.requests = port, pid, requests
        self.cookies: dict[str, str] = {}

    def cookie(self, person: str) -> str:
        """Return somebody's cookie; signs in the first time."""
        if person not in self.cookies:
            browser = Browser(self.port)
            browser.sign_in(PEOPLE[person][0])
            self.cookies[person] = browser.cookie
        return self.cookies[person]

    def measure(self, person: str, address: str, requests: int) -> Cost:
        """Fetch a page one after the other, then by two at once; the CPU is of the first part."""
        browser = Browser(self.port, self.cookie(person))
        for _ in range(WARM_UP):
            status, headers, content = browser.get(address)
            if status != 200:
                raise SystemExit(f"{address} answered {status} to {person}.")
        times, begun, cpu = [], time.perf_counter(), cpu_seconds(self.pid)
        while len(times) < requests and time.perf_counter() - begun < SECONDS_A_PAGE:
            started = time.perf_counter()
            browser.get(address)
            times.append(time.perf_counter() - started)
        used = (cpu_seconds(self.pid) - cpu) / len(times)
        return Cost(
            times,
            used,
            int(headers["X-Statements"]),
            len(content),
            self._rate(person, address, len(times) // 2),
        )

    def measure_edit(self, deed: Callable[[], Done], requests: int) -> Cost:
        """Do one kind of edit some dozens of times; one browser only, since two would edit in each other's way."""
        done = [deed() for _ in range(WARM_UP)]
        begun, cpu = time.perf_counter(), cpu_seconds(self.pid)
        while len(done) - WARM_UP < requests and time.perf_counter() - begun < SECONDS_A_PAGE:
            done.append(deed())
        counted = done[WARM_UP:]
        used = (cpu_seconds(self.pid) - cpu) / len(counted)
        statements, size = max(each.statements for each in counted), max(each.size for each in counted)
        rate = len(counted) / (time.perf_counter() - begun)
        return Cost([each.seconds for each in counted], used, statements, size, rate)

    def _rate(self, person: str, address: str, each: int) -> float:
        def fetch(_number: int) -> None:
            browser = Browser(self.port, self.cookie(person))
            for _ in range(each):
                browser.get(address)

        begun = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(fetch, range(2)))
        return 2 * each / (time.perf_counter() - begun)


def run(options: argparse.Namespace) -> int:
    """Measure every page, print them, write and compare them where asked."""
    from tests.bench.app import create
    from tests.bench.pages import addresses, large_plan

    app = create()
    wanted = [page for page in addresses(app) if options.only in page[0]]
    plan = large_plan(app)
    with serving() as (port, pid):
        stand = Stand(port, pid, options.requests)
        costs: dict[str, list[Cost]] = {}
        for _ in range(ROUNDS):
            costs.setdefault(BARE, []).append(stand.measure("staff", "/bench/bare", BARE_REQUESTS))
            for name, person, address in wanted:
                costs.setdefault(name, []).append(stand.measure(person, address, options.requests))
            for name, deed in Desk(Browser(port, stand.cookie("staff")), plan).deeds():
                if options.only in name:
                    costs.setdefault(name, []).append(stand.measure_edit(deed, options.requests))
        costs[BARE].append(stand.measure("staff", "/bench/bare", BARE_REQUESTS))
    found = summed(costs)
    print(report.table(found))
    if options.json:
        report.write(options.json, [asdict(each) for each in found])
    if options.compare:
        print(report.growth(found, report.read(options.compare)))
    return 0


def summed(costs: dict[str, list[Cost]]) -> list[Measured]:
    bare = statistics.median(cost.cpu for cost in costs[BARE])
    return [_sum(name, parts, bare) for name, parts in costs.items()]


def _sum(name: str, parts: list[Cost], bare: float) -> Measured:
    times = sorted(moment for part in parts for moment in part.times)
    # Of the rounds the cheapest counts: whatever else the machine does only ever adds.
    cpu = bare if name == BARE else min(part.cpu for part in parts)
    return Measured(
        page=name,
        rps=round(max(part.rps for part in parts), 1),
        p50_ms=round(statistics.median(times) * 1000, 2),
        p99_ms=round(times[min(len(times) - 1, int(len(times) * 0.99))] * 1000, 2),
        cpu_ms=round(cpu * 1000, 2),
        cpu_ratio=round(cpu / bare, 2),
        statements=max(part.statements for part in parts),
        bytes=parts[-1].size,
    )
