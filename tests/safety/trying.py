"""Sends cases to the room where uploads are tried, and tells what is a fault: `Door`, `fault_of`.

`python -m tests.safety.trying` (by `tools/probe.py uploads`) sends every case to every entrance.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import Any

from tests.safety.entrances import ENTRANCES, Entrance
from tests.safety.mutations import ANY_SHORT, FAMILIES
from trainmgr import ROOT

MOST_SECONDS = 10.0  # of the processor, whatever else the machine does
MOST_GROWTH = 400 * 1024 * 1024
PATIENCE = 900.0  # seconds until a process that says nothing is ended, however busy the machine is
OPENING = 1800.0  # seconds that it may take to make the world


class Door:
    """A process in which files are tried; one that ends or hangs is told of and begun anew."""

    def __enter__(self) -> Door:
        self.process: Any = None
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _begin(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.safety.room"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True).start()
        if not self._line(OPENING):
            self._end()
            raise RuntimeError("the room for uploads did not open")

    @staticmethod
    def _read(stream: Iterable[str], lines: queue.Queue[str]) -> None:
        for line in stream:
            lines.put(line)
        lines.put("")

    def _line(self, patience: float = PATIENCE) -> str | None:
        """Return the next line; "" when the process is over, None when it says nothing."""
        try:
            return self.lines.get(timeout=patience)
        except queue.Empty:
            return None

    def _end(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def ask(self, entrance: str, case: str) -> dict[str, Any]:
        """Return what became of a case at an entrance."""
        if self.process is None:
            self._begin()
        self.process.stdin.write(json.dumps({"entrance": entrance, "case": case}) + "\n")
        self.process.stdin.flush()
        line = self._line()
        if line:
            told: dict[str, Any] = json.loads(line)
            return told
        fault = "the process ended" if line == "" else "no answer"
        self._end()
        return {"entrance": entrance, "case": case, "status": 500, "fault": fault, "seconds": 0, "grown": 0}


def fault_of(told: dict[str, Any]) -> str:
    """Return a sentence about what must not be, or nothing."""
    reasons = []
    if told["status"] >= 500:
        reasons.append(f"answered {told['status']}: {told.get('fault', 'without saying why')}")
    if told["seconds"] > MOST_SECONDS:
        reasons.append(f"took {told['seconds']:.1f} s of the processor")
    if told["grown"] > MOST_GROWTH:
        reasons.append(f"took {told['grown'] / 2**20:.0f} MB")
    return f"{told['entrance']}, {told['case']}: {'; '.join(reasons)}" if reasons else ""


def short_cases(entrance: Entrance) -> tuple[str, ...]:
    """Return the cases that the suite tries at an entrance."""
    return ANY_SHORT if entrance.short else FAMILIES[entrance.family].short


def all_cases(entrance: Entrance) -> tuple[str, ...]:
    """Return every case of an entrance."""
    return tuple(FAMILIES[entrance.family].cases)


def main() -> int:
    """Try everything and say what was found; returns 1 when something was."""
    found, tried = [], 0
    with Door() as door:
        for entrance in ENTRANCES:
            told = [door.ask(entrance.key, case) for case in all_cases(entrance)]
            faults = [fault for fault in map(fault_of, told) if fault]
            tried, found = tried + len(told), found + faults
            longest, most = max(one["seconds"] for one in told), max(one["grown"] for one in told)
            print(
                f"{entrance.key}: {len(told)} files, {longest:.1f} s of the processor and {most >> 20} MB at most",
                *faults, sep="\n", flush=True,
            )  # fmt: skip
    print(f"Uploads: {tried} files at {len(ENTRANCES)} entrances, {len(found)} found")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
