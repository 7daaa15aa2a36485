"""Runs the tests on SQLite and again on PostgreSQL: `python tools/test.py [pytest arguments]`.

The second run leaves out what no database takes part in. `TRAINMGR_NO_SKIP=1` turns every skip into a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, its project's is not
from tests.databases import POSTGRES_HINT, postgres_is_possible  # noqa: E402

NO_TESTS = 5


@dataclass(frozen=True)
class Run:
    """How one run of the suite ended."""

    name: str
    passed: int
    failed: int
    skipped: int
    exit_code: int

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.name}: {self.passed} passed, {self.failed} failed{skipped}"


def run_suite(name: str, database: str, arguments: list[str]) -> Run:
    """Run pytest against one kind of database and count what it did."""
    print(f"\n== {name} ==", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "auto",
            "--maxprocesses",
            "4",
            "--dist",
            "worksteal",  # neighbours stay with one worker, which builds what they share once
            "--database",
            database,
        ]
        command += [f"--junit-xml={report}", *arguments]
        exit_code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        return Run(name, *count(report), exit_code)


def count(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests in pytest's own report."""
    if not report.exists():
        return 0, 0, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314  our own file
    tests = failed = skipped = 0
    for suite in suites:
        tests += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return tests - failed - skipped, failed, skipped


def main(arguments: list[str]) -> int:
    missing = "" if postgres_is_possible() else POSTGRES_HINT
    # Each template is compiled once for all workers of both runs; and so is each module, for every server, worker and
    # command that tests start (compiling the whole program takes four seconds of a core).
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, TRAINMGR_TEST_TEMPLATES=folder):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        runs = [run_suite("SQLite", "sqlite", arguments)]
        if not missing:
            runs.append(run_suite("PostgreSQL", "postgresql", arguments))

    print()
    for run in runs:
        print(run)
    if missing:
        print(f"Not run: the PostgreSQL run {missing}")
    # With arguments, a run may rightly be left without a test; with none, it may not.
    allowed = {0, NO_TESTS} if arguments and any(run.passed for run in runs) else {0}
    refused = bool(missing) and os.environ.get("TRAINMGR_NO_SKIP") == "1"
    return int(refused or any(run.exit_code not in allowed for run in runs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
