"""`python -m tests.bench mixed`: 1,800 signed-in people read, write logs, rate and look at staff lists, all at once.

Of a hundred actions sixty are reading (inbox, own logs, own result, programme home), twenty-five a log without a photo
(the form, then the hand-in), ten a rating (the form, then a draft or the hand-in by turns), five a staff list (roster,
people, logs to sign). Each person has a connection and a cookie of its own. Four parts, one server with one worker:

1. the bare page alone;
2. each kind of request alone, for what it costs: CPU of the web process and of PostgreSQL, bytes of write-ahead log;
3. everybody at moments of their own, each acting once in `--every` seconds, with a bare page a second beside them;
4. eight at once as fast as they can, first the bare page and then the mix: the requests a second.

Any answer that is not the one meant is a fault, and ends the command with 1. `--database` names a database that `load`
filled: the people of the mix are put in beside everybody else; `--compare` tells how much more a request costs there
than in the measurements of a smaller one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench import report
from tests.bench.running import cpu_seconds, serving
from tests.bench.taking import run_apart
from tests.bench.visitors import READING, STAFF, WRITING, Told, Visitors

OPEN_FILES, WARM_UP, AT_ONCE, BARE_ALONE = 16_384, 8, 8, 80
SHARES = {"reading": 60, "log": 25, "rating": 10, "staff": 5}  # of a hundred actions


def deck(actions: int, seed: int = 3) -> list[str]:
    """Return so many actions in the shares of the mix (to within one of each), in an order that looks like chance."""
    counts = {name: actions * share // 100 for name, share in SHARES.items()}
    counts["reading"] += actions - sum(counts.values())
    cards = [name for name, count in counts.items() for _ in range(count)]
    random.Random(seed).shuffle(cards)
    return cards


# --- what a request costs ----------------------------------------------------------------------------


class Meter:
    """Reads the CPU of the web process and, where there is one, of PostgreSQL with the write-ahead log it wrote."""

    def __init__(self, web: int, cluster: int = 0, url: str = "") -> None:
        self.web, self.cluster = web, cluster
        self.connection: Any = None
        if url:
            import psycopg

            self.connection = psycopg.connect(url, autocommit=True)

    def read(self) -> tuple[float, float, float]:
        """Return seconds of the web process, seconds of PostgreSQL, bytes of write-ahead log, all since the start."""
        written = 0.0
        if self.connection is not None:
            row = self.connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
            written = float(row.fetchone()[0])
        return cpu_seconds(self.web), cpu_seconds(self.cluster) if self.cluster else 0.0, written

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return rows and bytes, with indexes, of each table that holds more than a thousand rows."""
        if self.connection is None:
            return {}
        self.connection.execute("ANALYZE")
        found = self.connection.execute(
            "SELECT relname, reltuples::bigint, pg_total_relation_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 1000 ORDER BY 3 DESC"
        )
        return {name: (rows, size) for name, rows, size in found.fetchall()}


@dataclass(frozen=True)
class Cost:
    """What one request of a kind costs: milliseconds of CPU of web and PostgreSQL, bytes of write-ahead log."""

    web_ms: float
    database_ms: float
    wal_bytes: float


def difference(before: Sequence[float], after: Sequence[float], count: int) -> Cost:
    """Return what one of so many requests cost between two readings (at least one request)."""
    web, database, written = ((b - a) / max(1, count) for a, b in zip(before, after, strict=True))
    return Cost(round(web * 1000, 2), round(database * 1000, 2), round(written))


async def costs(crowd: Visitors, meter: Meter, each: int, rated: int) -> dict[str, Cost]:
    """Do each kind of request so many times, one after the other and nothing else; returns what one of them costs.

    `rated` is how many trainees the mentors have rated so far.
    """
    found: dict[str, Cost] = {}

    async def measure(kind: str, deeds: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
        before = meter.read()
        given = [await deed() for deed in deeds]
        found[kind] = difference(before, meter.read(), len(deeds))
        return given

    await measure("bare", [lambda: crowd.bare(crowd.staff[0])] * each)
    for kind in READING:
        await measure(kind, [lambda kind=kind: crowd.read(kind)] * each)  # type: ignore[misc]
    for kind in STAFF:
        await measure(kind, [lambda kind=kind: crowd.look_up(kind)] * each)  # type: ignore[misc]
    forms = await measure("log form", [crowd.open_log] * each)
    await measure("log", [lambda form=form: crowd.hand_in_log(form) for form in forms])  # type: ignore[misc]
    for kind, first in (("rating draft", 0), ("rating", 1)):
        numbers = range(2 * rated + first, 2 * (rated + each), 2)
        opened = await measure(
            "rating form",
            [lambda number=number: crowd.open_rating(number) for number in numbers],  # type: ignore[misc]
        )
        await measure(kind, [lambda form=form: crowd.send_rating(form) for form in opened])  # type: ignore[misc]
    crowd.rated = itertools.count(2 * (rated + each))
    return found


# --- the load ----------------------------------------------------------------------------------------


async def paced(crowd: Visitors, seconds: float, every: float) -> None:
    """Let everybody act at moments of their own, so that in the mean each does once in `every` seconds."""
    cards = deck(max(20, round(seconds * crowd.made.people / every)))
    begun, chance = time.perf_counter(), random.Random(5)

    async def one(card: str, number: int) -> None:
        moment = seconds * (number + chance.random()) / len(cards)
        await asyncio.sleep(max(0.0, begun + moment - time.perf_counter()))
        await crowd.act(card, number)

    async def beside() -> None:
        for second in range(int(seconds)):
            await asyncio.sleep(max(0.0, begun + second - time.perf_counter()))
            await crowd.bare(crowd.staff[-1])

    await asyncio.gather(beside(), *(one(card, number) for number, card in enumerate(cards)))


async def at_once(seconds: float, deed: Callable[[int], Awaitable[Any]]) -> None:
    """Let eight do one deed after the other for so many seconds; each deed is given its number."""
    end, numbers = time.perf_counter() + seconds, itertools.count()

    async def one() -> None:
        while time.perf_counter() < end:
            await deed(next(numbers))

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def drive(options: argparse.Namespace, port: int, made: Any, meter: Meter) -> dict[str, Any]:
    """Run the four parts; returns what was measured."""
    warm, alone, told, bare, full = (Told() for _ in range(5))
    crowd = Visitors(port, made, warm)
    for _ in range(WARM_UP):
        await crowd.bare(crowd.staff[0])
        for kind in (*READING, *STAFF):
            await (crowd.read if kind in READING else crowd.look_up)(kind)
    crowd.told = alone
    for _ in range(BARE_ALONE):
        await crowd.bare(crowd.staff[0])
    crowd.told = singly = Told()
    await costs(crowd, meter, 2, 0)  # what is made once, at the first of its kind, is not measured
    each = await costs(crowd, meter, options.each, 2)
    crowd.told = told
    before, begun = meter.read(), time.perf_counter()
    await paced(crowd, options.seconds, options.every)
    took, whole = time.perf_counter() - begun, difference(before, meter.read(), told.requests)
    crowd.told = bare
    short = options.seconds / 4
    await at_once(short, lambda number: crowd.bare(crowd.trainees[number % len(crowd.trainees)]))
    crowd.told, cards = full, deck(1000, seed=9)
    await at_once(short, lambda number: crowd.act(cards[number % 1000], number))
    await asyncio.gather(*(each.line.finish() for each in crowd.everybody))
    found = summary(alone, told, each, whole, took)
    found["people"], found["faults"] = made.people, _together(warm, alone, singly, told, bare, full)
    found["bare_per_second"] = round(len(bare.times.get("bare", ())) / short, 1)
    found["mixed_per_second"] = round(full.requests / short, 1)
    return found


def _together(*parts: Told) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for what, count in part.faults.items():
            found[what] = found.get(what, 0) + count
    return found


def summary(alone: Told, told: Told, each: dict[str, Cost], whole: Cost, seconds: float) -> dict[str, Any]:
    """Return the times of the paced part as ratios to the bare page alone, and the costs."""
    bare = statistics.median(alone.times["bare"]) * 1000
    kinds = {}
    for kind in ("bare", *READING, *WRITING, *STAFF):
        cost = each.get(kind, Cost(0, 0, 0))
        ordered = sorted(moment * 1000 for moment in told.times.get(kind, ()))
        kinds[kind] = {"count": len(ordered), "web_ms": cost.web_ms, "database_ms": cost.database_ms,
                       "wal_bytes": cost.wal_bytes} | _times(ordered, bare)  # fmt: skip
    mixed = sorted(m * 1000 for kind, times in told.times.items() if kind != "bare" for m in times)
    return {
        "seconds": round(seconds, 1), "requests": told.requests, "per_second": round(told.requests / seconds, 1),
        "bare_alone_ms": round(bare, 2), "web_ms": whole.web_ms, "database_ms": whole.database_ms,
        "wal_bytes": whole.wal_bytes, "cores": round(whole.web_ms * told.requests / seconds / 1000, 2),
        "all": _times(mixed, bare), "kinds": kinds,
    }  # fmt: skip


def _times(ordered: Sequence[float], bare: float) -> dict[str, float]:
    if not ordered:
        return {}
    p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {
        "p50_ms": round(p50, 1), "p99_ms": round(p99, 1), "p50_of_bare": round(p50 / bare, 2),
        "p99_of_bare": round(p99 / bare, 2),
    }  # fmt: skip


MOST_GROWTH = 1.2
# How many requests of each kind a hundred actions of the mix are.
OF_A_HUNDRED = {
    **dict.fromkeys(READING, SHARES["reading"] / len(READING)),
    **dict.fromkeys(("log form", "log"), SHARES["log"]), "rating form": SHARES["rating"],
    **dict.fromkeys(("rating draft", "rating"), SHARES["rating"] / 2),
    **dict.fromkeys(STAFF, SHARES["staff"] / len(STAFF)),
}  # fmt: skip


def growth(found: dict[str, Any], smaller: dict[str, Any]) -> tuple[list[str], float]:
    """Return what each kind of request costs in bare pages of its own run, divided by the same of a smaller database,
    as lines; and the growth of the whole mix.

    The cost is the CPU of web process and PostgreSQL together, of each kind done alone: other work on the machine
    changes it least. That of the mix is the mean over its requests.
    """

    def cost(run: dict[str, Any], kind: str) -> float:
        one = run["kinds"][kind]
        return float(one["web_ms"] + one["database_ms"])

    def mix(run: dict[str, Any]) -> float:
        return sum(cost(run, kind) * share for kind, share in OF_A_HUNDRED.items()) / sum(
            OF_A_HUNDRED.values()
        )

    bare = cost(found, "bare") / max(0.01, cost(smaller, "bare"))

    def line(name: str, before: float, now: float) -> tuple[str, float]:
        grown = now / max(0.01, before) / max(0.01, bare)
        return (
            f"{name:<16}{before:>10.2f}{now:>10.2f}{grown:>9.2f}{'!' if grown > MOST_GROWTH else ''}",
            grown,
        )

    lines = [f"{'CPU with PG, ms':<16}{'before':>10}{'now':>10}{'growth':>9}"]
    lines += [line(kind, cost(smaller, kind), cost(found, kind))[0] for kind in ("bare", *OF_A_HUNDRED)]
    whole, grown = line("the mix", mix(smaller), mix(found))
    rates = [run["mixed_per_second"] / max(0.1, run["bare_per_second"]) for run in (smaller, found)]
    lines += [whole, f"eight at once, of bare pages: {rates[0]:.2f} before, {rates[1]:.2f} now"]
    return lines, grown


def tell(found: dict[str, Any]) -> str:
    """Return the measurements as lines."""
    whole, most, bare = found["all"], found["mixed_per_second"], found["bare_per_second"]
    load = f"{found['requests']} requests in {found['seconds']} s ({found['per_second']} a second)"
    lines = [
        f"{found['people']} people, {load}, {found['cores']} cores of the web process",
        f"bare page: p50 {found['bare_alone_ms']} ms; in it p50 {whole['p50_of_bare']}, p99 {whole['p99_of_bare']}",
        f"a request: {found['web_ms']} ms web, {found['database_ms']} ms PostgreSQL, {found['wal_bytes']} bytes WAL",
        f"eight at once: {most} a second, bare pages {bare}, ratio {most / max(0.1, bare):.2f}",
        f"{'request':<16}{'count':>7}{'p50/bare':>10}{'p99/bare':>10}{'CPU ms':>9}{'PG ms':>8}{'WAL':>8}",
    ]
    for kind, one in found["kinds"].items():
        lines.append(
            f"{kind:<16}{one['count']:>7}{one.get('p50_of_bare', '–'):>10}{one.get('p99_of_bare', '–'):>10}"
            f"{one['web_ms']:>9}{one['database_ms']:>8}{one['wal_bytes']:>8}"
        )
    for name, (rows, size) in list(found.get("sizes", {}).items())[:12]:
        lines.append(f"{name:<32}{rows:>9} rows {size / rows:>7.0f} bytes each with indexes")
    lines += [f"FAULT {count} × {what}" for what, count in found["faults"].items()]
    return "\n".join(lines)


# --- the databases -----------------------------------------------------------------------------------


@contextmanager
def database(
    wanted_postgresql: bool, folder: Path, filled: str | None = None
) -> Iterator[tuple[str, int, str]]:
    """Make a database of the run's own, or take one that is filled; yields its URL and, for PostgreSQL, the server's
    process and a plain URL.
    """
    if filled:
        is_postgresql = filled.startswith("postgresql")
        yield filled, postmaster(filled), filled if is_postgresql else ""
        return
    if not wanted_postgresql:
        path = folder / "mixed.db"
        for tail in ("", "-wal", "-shm"):
            Path(f"{path}{tail}").unlink(missing_ok=True)
        yield f"sqlite:///{path}", 0, ""
        return
    from tests.databases import PostgresDatabase, plain_url, postgres_server

    with postgres_server() as server:
        made = PostgresDatabase(server, "trainmgr_bench_mixed")
        made.create()
        try:
            yield made.url, postmaster(server), plain_url(made.url)
        finally:
            made.remove()


def postmaster(url: str) -> int:
    """Return the process of a throwaway cluster, 0 for a server that is none of ours."""
    folder = parse_qs(urlsplit(url).query).get("host", [""])[0]
    try:
        return int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def run(options: argparse.Namespace) -> int:
    """Arrange, drive and tell; returns 1 when any answer was not the one meant."""
    from tests.bench.__main__ import DATABASE

    DATABASE.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="mixed-") as instance,
        database(options.postgresql, DATABASE, options.database) as (url, cluster, plain),
    ):
        place = str(DATABASE) if options.database else instance  # the key of its personal data lies there
        os.environ |= {"DATABASE_URL": url, "TRAINMGR_INSTANCE_PATH": place}
        found = _measure(options, cluster, plain)
    found["load"] = [round(one, 1) for one in os.getloadavg()]
    print(tell(found))
    if options.compare:
        print("\n".join(growth(found, json.loads(options.compare.read_text())[0])[0]))
    if options.json:
        report.write(options.json, [found])
    return int(bool(found["faults"]))


def _measure(options: argparse.Namespace, cluster: int, plain: str) -> dict[str, Any]:
    from flask_migrate import upgrade

    from tests.bench import crowd
    from tests.bench.app import create
    from trainmgr.kernel.db import db

    app = create()
    with app.app_context():
        upgrade()
    made = crowd.arrange(app, options.people, datetime.now(UTC))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, OPEN_FILES), hard), hard))
    with serving() as (port, pid):
        meter = Meter(pid, cluster, plain)
        if plain:
            meter.sizes()  # what was inserted as rows is known to the planner, as it would be after a night
        found = run_apart(drive(options, port, made, meter))
        found["sizes"] = meter.sizes()
        if meter.connection is not None:
            meter.connection.close()
    with app.app_context():
        db.engine.dispose()
    return found
