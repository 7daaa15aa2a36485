"""`python -m tests.bench load|run|test`: fill a database, measure what its pages cost, let 1,800 take a test."""

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
    for command in (load, run, test):
        command.add_argument(
            "--database", metavar="URL", help="the database; without it one in instance/bench"
        )
    options = parser.parse_args(arguments)
    DATABASE.mkdir(parents=True, exist_ok=True)
    name = "test.db" if options.command == "test" else "bench.db"
    url = options.database or f"sqlite:///{DATABASE / name}"
    os.environ |= {"DATABASE_URL": url, "TRAINMGR_INSTANCE_PATH": str(DATABASE)}
    os.environ.pop("TRAINMGR_DATABASE_URL", None)
    if options.command == "load":
        return load_all(options.scale)
    from tests.bench import running, taking

    return (taking if options.command == "test" else running).run(options)


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
