"""`python -m tests.bench capacity`: what 10, 100 and 1,000 colleges need, calculated from what the bench measured.

Plain arithmetic: cost of an action × actions in the busiest hour ÷ how full a machine may be. What is measured stands
in `Measured`, what is assumed in `Assumed`; change either and calculate again. `--measured FILE.json` takes the costs
of requests from a run of `python -m tests.bench mixed --postgresql --json FILE.json` instead of those noted here.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.bench import report

KB, MB, GB, TB = 1e3, 1e6, 1e9, 1e12
COLLEGES = (10, 100, 1000)
HOUR = 3600.0
BANDS_A_LOG = 12  # as honesty.bands makes them for a log of some sentences


@dataclass(frozen=True)
class Action:
    """What one action costs: milliseconds of CPU on the web host and in PostgreSQL, bytes of write-ahead log."""

    web_ms: float
    database_ms: float
    wal_bytes: float = 0.0


@dataclass(frozen=True)
class Measured:
    """What was measured: each kind of request, bytes at rest, and the worker's jobs.

    `row_bytes` are bytes of one row with its share of all indexes, by table. `job_seconds` are seconds of a core for
    one job of a college of 15,000 trainees. `photo_ms` is making a photo small and checking it, on the web host.
    """

    requests: Mapping[str, Action]
    row_bytes: Mapping[str, float]
    other_bytes: float
    photo_bytes: float
    photo_ms: float
    job_seconds: Mapping[str, float]


@dataclass(frozen=True)
class Assumed:
    """What nobody has measured yet: how many people do what, and how full machines may be.

    Shares are 0 to 1. `peak_share` is the part of a day's actions that falls into its busiest hour; `peak_day` how many
    times as much as on a mean day is written on the busiest one. `jobs` are how often each job of the worker runs for a
    college in the busiest hour. `wal_factor` is by how much full-page images make the write-ahead log larger: the
    throwaway server of the bench writes none. `warm_share` is the part of a year's rows and indexes that memory holds.
    """

    trainees: int = 15_000
    active: float = 0.5
    reads_a_day: float = 6.0
    lists_a_day: float = 0.2
    days: int = 200
    logs_a_year: float = 40.0
    photos_a_log: float = 0.5
    ratings_a_year: float = 6.0
    drafts_a_rating: float = 2.0
    marks_a_rating: float = 14.0
    attended_days: float = 120.0
    peak_day: float = 3.0
    peak_share: float = 0.2
    utilisation: float = 0.5
    host_cores: int = 8
    wal_factor: float = 3.0
    warm_share: float = 0.5
    jobs: Mapping[str, float] = field(
        default_factory=lambda: {
            "roster of 15,000 read": 1.0,
            "roster exported": 5.0,
            "annual report": 2.0,
            "figures after a change": 60.0,
        }
    )


@dataclass(frozen=True)
class Need:
    """What so many colleges need; cores are busy ones, hosts, workers and machines are after the utilisation."""

    colleges: int
    requests_a_second: float
    web_cores: float
    web_hosts: int
    workers: int
    database_cores: int
    memory_gb: float
    rows_gb_a_year: float
    files_tb_a_year: float
    wal_mb_a_second: float
    millions_of_rows_a_year: float


# Requests: `python -m tests.bench mixed --postgresql`, 29 November 2026, 2 cores at a load of 12, 40 of each kind one
# after the other. Rows of practice_log, rating_score and log_band: the tables of that run; of the others 50,000 made-up
# rows in a throwaway PostgreSQL. `other_bytes`: account, membership, enrolment, assignments, levels, gates, result of
# one trainee, as many rows as in a year of `python -m tests.bench load`. Photos: picture and thumbnail as
# `python -m tests.bench logs` left them. Jobs: docs/bench.md, brought to 15,000 trainees.
MEASURED = Measured(
    requests={
        "bare": Action(2.75, 0.75),
        "inbox": Action(12.75, 6.0), "own logs": Action(6.5, 2.0), "own result": Action(11.75, 4.25),
        "programme home": Action(8.25, 2.25), "log form": Action(12.75, 3.75), "log": Action(33.75, 6.75, 6544),
        "rating form": Action(15.0, 4.0), "rating draft": Action(10.75, 2.0, 6397), "rating": Action(47.5, 11.5, 18082),
        "roster": Action(14.25, 5.0), "people": Action(11.0, 4.25), "sign list": Action(7.0, 2.75),
    },
    row_bytes={
        "practice_log": 519, "log_decision": 155, "log_competency": 82, "log_band": 124, "rating": 380,
        "rating_score": 75, "attendance_standing": 203, "audit_event": 331, "audit_seal": 310,
    },
    other_bytes=5700,
    photo_bytes=517_000,
    photo_ms=18.0,
    job_seconds={
        "roster of 15,000 read": 7.2, "roster exported": 0.7, "annual report": 0.9, "figures after a change": 0.19,
    },
)  # fmt: skip


def an_hour(assumed: Assumed) -> dict[str, float]:
    """Return how many of each kind of request one college sends in its busiest hour.

    A log is a form and a hand-in; a rating is the form, some drafts and the hand-in. Reading is spread evenly over the
    four pages, staff lists over the three.
    """
    present = assumed.trainees * assumed.active * assumed.peak_share
    written = assumed.trainees / assumed.days * assumed.peak_day * assumed.peak_share
    logs, ratings = assumed.logs_a_year * written, assumed.ratings_a_year * written
    reading = dict.fromkeys(
        ("inbox", "own logs", "own result", "programme home"), present * assumed.reads_a_day / 4
    )
    lists = dict.fromkeys(("roster", "people", "sign list"), present * assumed.lists_a_day / 3)
    return reading | lists | {
        "log form": logs, "log": logs, "rating form": ratings * 2, "rating draft": ratings * assumed.drafts_a_rating,
        "rating": ratings,
    }  # fmt: skip


def rows_a_year(assumed: Assumed) -> dict[str, float]:
    """Return how many rows one trainee leaves behind in a year, in the tables that grow with what is written."""
    logs, ratings = assumed.logs_a_year, assumed.ratings_a_year
    return {
        "practice_log": logs, "log_decision": logs, "log_competency": logs, "log_band": logs * BANDS_A_LOG,
        "rating": ratings, "rating_score": ratings * assumed.marks_a_rating,
        "attendance_standing": assumed.attended_days,
        "audit_event": logs + 2 * ratings, "audit_seal": logs + 2 * ratings,
    }  # fmt: skip


def bytes_a_year(measured: Measured, assumed: Assumed) -> float:
    """Return the bytes of rows with indexes that one trainee leaves in the database in a year."""
    grown = sum(count * measured.row_bytes[table] for table, count in rows_a_year(assumed).items())
    return grown + measured.other_bytes


def cores(hourly: Mapping[str, float], costs: Mapping[str, Action], part: str) -> float:
    """Return how many cores so many requests an hour keep busy, on the web host or in PostgreSQL (`part`)."""
    return sum(count * getattr(costs[kind], part) for kind, count in hourly.items()) / 1000 / HOUR


def worker_seconds(measured: Measured, assumed: Assumed) -> float:
    """Return the seconds of a core that one college's jobs take in the busiest hour."""
    return sum(runs * measured.job_seconds[job] for job, runs in assumed.jobs.items())


def need(colleges: int, measured: Measured, assumed: Assumed) -> Need:
    """Calculate what so many colleges need in their common busiest hour, and what a year of them fills."""
    hourly = {kind: count * colleges for kind, count in an_hour(assumed).items()}
    photos = hourly["log"] * assumed.photos_a_log
    web = cores(hourly, measured.requests, "web_ms") + photos * measured.photo_ms / 1000 / HOUR
    database = cores(hourly, measured.requests, "database_ms")
    people, logs = colleges * assumed.trainees, colleges * assumed.trainees * assumed.logs_a_year
    wal = sum(count * measured.requests[kind].wal_bytes for kind, count in hourly.items()) / HOUR
    rows = people * bytes_a_year(measured, assumed)
    return Need(
        colleges=colleges,
        requests_a_second=sum(hourly.values()) / HOUR,
        web_cores=web,
        web_hosts=max(2, math.ceil(web / assumed.utilisation / assumed.host_cores)),
        workers=max(2, math.ceil(colleges * worker_seconds(measured, assumed) / HOUR / assumed.utilisation)),
        database_cores=max(2, math.ceil(database / assumed.utilisation)),
        memory_gb=rows * assumed.warm_share / GB,
        rows_gb_a_year=rows / GB,
        files_tb_a_year=logs * assumed.photos_a_log * measured.photo_bytes / TB,
        wal_mb_a_second=wal * assumed.wal_factor / MB,
        millions_of_rows_a_year=people * sum(rows_a_year(assumed).values()) / 1e6,
    )


def taken_from(measured: Measured, run: Mapping[str, Any]) -> Measured:
    """Return the measurements with the costs and row sizes of another run of the mixed load on PostgreSQL."""
    found = {
        kind: Action(one["web_ms"], one["database_ms"], one["wal_bytes"])
        for kind, one in run["kinds"].items()
    }
    sizes = {name: size / rows for name, (rows, size) in run.get("sizes", {}).items() if rows}
    known = {name: sizes.get(name, before) for name, before in measured.row_bytes.items()}
    return replace(measured, requests=found, row_bytes=known)


LINES = (
    ("trainees", lambda one, assumed: f"{one.colleges * assumed.trainees:,}"),
    ("requests a second in the busiest hour", lambda one, _: f"{one.requests_a_second:,.0f}"),
    ("cores that the web hosts keep busy", lambda one, _: f"{one.web_cores:,.1f}"),
    ("web hosts of 8 cores (two at the least)", lambda one, _: f"{one.web_hosts:,}"),
    ("worker processes (two at the least)", lambda one, _: f"{one.workers:,}"),
    ("cores of PostgreSQL", lambda one, _: f"{one.database_cores:,}"),
    ("memory for this year's rows and indexes", lambda one, _: f"{one.memory_gb:,.0f} GB"),
    ("rows and indexes of a year", lambda one, _: f"{one.rows_gb_a_year:,.0f} GB"),
    ("rows of a year", lambda one, _: f"{one.millions_of_rows_a_year:,.0f} million"),
    ("write-ahead log in the busiest hour", lambda one, _: f"{one.wal_mb_a_second:,.2f} MB/s"),
    ("photos of a year", lambda one, _: f"{one.files_tb_a_year:,.1f} TB"),
)


def table(needs: Sequence[Need], assumed: Assumed) -> str:
    """Return what is needed as a Markdown table."""
    head = ["calculated", *(f"{one.colleges:,} colleges" for one in needs)]
    rows = [[name, *(of(one, assumed) for one in needs)] for name, of in LINES]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def run(options: argparse.Namespace) -> int:
    """Calculate and print the table; returns 0."""
    measured, assumed = MEASURED, Assumed()
    if options.measured:
        measured = taken_from(measured, report.read(options.measured)[0])
    print(table([need(colleges, measured, assumed) for colleges in COLLEGES], assumed))
    print()
    print(
        f"a trainee: {sum(rows_a_year(assumed).values()):,.0f} rows and "
        f"{bytes_a_year(measured, assumed) / KB:,.1f} KB a year; a college's busiest hour: "
        f"{sum(an_hour(assumed).values()):,.0f} requests, {worker_seconds(measured, assumed):,.0f} s of the worker"
    )
    return 0
