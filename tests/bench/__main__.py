"""`python -m tests.bench load|run|test|roster|report|logs|judge|mixed|api|capacity|drill`: fill a database, measure."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATABASE = ROOT / "instance" / "bench"


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    load = commands.add_parser("load", help="fill an empty database")
    load.add_argument("--scale", type=int, default=1, help="how many colleges' years (1)")
    run = commands.add_parser("run", help="start the server and measure each page")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    run.add_argument(
        "--compare", type=Path, metavar="FILE", help="measurements of a smaller scale, for the growth"
    )
    run.add_argument("--only", metavar="WORD", default="", help="only pages whose name has this in it")
    run.add_argument("--requests", type=int, default=60, help="how many of each page at most (60)")
    test = commands.add_parser("test", help="let trainees take a test of 40 items at the same time")
    test.add_argument("--trainees", type=int, default=1800, help="how many (1,800)")
    test.add_argument("--seconds", type=int, default=600, help="how long they answer (600)")
    test.add_argument("--every", type=float, default=20.0, help="seconds between the saves of one page (20)")
    test.add_argument(
        "--ramp", type=float, default=60.0, help="seconds in which they begin, and hand in (60)"
    )
    test.add_argument("--answers", type=int, default=2, help="answers in one save (2)")
    test.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    roster = commands.add_parser("roster", help="read a roster by its job, and insert the same rows barely")
    roster.add_argument("--rows", type=int, default=50_000, help="how many people (50,000)")
    roster.add_argument(
        "--postgresql", action="store_true", help="on a throwaway PostgreSQL instead of SQLite"
    )
    roster.add_argument("--json", type=Path, metavar="FILE", help="write the measurement there")
    annual = commands.add_parser("report", help="write an annual report by its job, and send its SQL bare")
    annual.add_argument("--trainees", type=int, default=50_786, help="how many (50,786)")
    annual.add_argument(
        "--postgresql", action="store_true", help="on a throwaway PostgreSQL instead of SQLite"
    )
    annual.add_argument("--json", type=Path, metavar="FILE", help="write the measurement there")
    logs = commands.add_parser(
        "logs", help="let trainees hand in a log with a photo, and mentors sign 500 at once"
    )
    logs.add_argument("--trainees", type=int, default=1800, help="how many (1,800)")
    logs.add_argument("--seconds", type=int, default=600, help="within how long (600)")
    logs.add_argument(
        "--photos",
        choices=("phone", "camera"),
        default="phone",
        help="made small by the page, or 12 million pixels",
    )
    logs.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    judge = commands.add_parser(
        "judge", help="work out and show the results of 1,800 whom three parties judged"
    )
    judge.add_argument("--trainees", type=int, default=1800, help="how many (1,800)")
    judge.add_argument("--requests", type=int, default=30, help="how many of each page at most (30)")
    judge.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    mixed = commands.add_parser("mixed", help="let people read, write logs, rate and look up, all at once")
    mixed.add_argument("--people", type=int, default=1800, help="how many are signed in (1,800)")
    mixed.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    mixed.add_argument(
        "--every", type=float, default=60.0, help="seconds between two actions of a person (60)"
    )
    mixed.add_argument("--each", type=int, default=40, help="how many of each kind are measured alone (40)")
    mixed.add_argument(
        "--postgresql", action="store_true", help="on a throwaway PostgreSQL instead of SQLite"
    )
    mixed.add_argument("--database", metavar="URL", help="a database that `load` filled, to work in")
    mixed.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    mixed.add_argument(
        "--compare", type=Path, metavar="FILE", help="measurements of a smaller scale, for the growth"
    )
    api = commands.add_parser(
        "api", help="ask each list of the API for 100 rows beside a handler written by hand"
    )
    api.add_argument("--requests", type=int, default=60, help="how many of each (60)")
    api.add_argument("--postgresql", action="store_true", help="on a throwaway PostgreSQL instead of SQLite")
    api.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    capacity = commands.add_parser("capacity", help="calculate what 10, 100 and 1,000 colleges need")
    capacity.add_argument(
        "--measured", type=Path, metavar="FILE", help="what `mixed --postgresql --json FILE` found"
    )
    drill = commands.add_parser(
        "drill", help="back up what `load` filled while somebody writes, restore it, and compare"
    )
    drill.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    for command in (load, run, test, logs, judge, drill):
        command.add_argument(
            "--database", metavar="URL", help="the database; without it one in instance/bench"
        )
    options = parser.parse_args(arguments)
    if options.command in ("roster", "report", "mixed", "api", "capacity"):
        return measure_job(options)
    DATABASE.mkdir(parents=True, exist_ok=True)
    name = f"{options.command}.db" if options.command in ("test", "logs", "judge") else "bench.db"
    url = options.database or f"sqlite:///{DATABASE / name}"
    os.environ |= {"DATABASE_URL": url, "TRAINMGR_INSTANCE_PATH": str(DATABASE)}
    os.environ.pop("TRAINMGR_DATABASE_URL", None)
    if options.command == "load":
        return load_all(options.scale)
    from tests.bench import drill as drilling
    from tests.bench import judging, running, taking
    from tests.bench import logs as writing

    known = {"test": taking, "logs": writing, "judge": judging, "drill": drilling}
    return known.get(options.command, running).run(options)


def measure_job(options: argparse.Namespace) -> int:
    """Measure an import, an annual report or a mixed load in a database of its own."""
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("TRAINMGR_DATABASE_URL", None)
    from tests.bench import api_lists, capacity, mixed, reporting, rostering

    known = {"roster": rostering, "report": reporting, "mixed": mixed, "api": api_lists, "capacity": capacity}
    return known[options.command].run(options)


def load_all(scale: int) -> int:
    """Make the tables where there are none, and fill them."""
    from flask_migrate import upgrade

    from tests.bench.filling import fill
    from trainmgr import create_app
    from trainmgr.kernel.clock import utcnow

    with create_app().app_context():
        upgrade()
        fill(scale=scale, now=utcnow(), say=lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
