"""An installation on several hosts, as processes of this machine: PostgreSQL, web hosts, a worker, and a front that
hands each request to a host that answers, as a load balancer does.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.databases import postgres_binaries, run_cluster, start_cluster
from trainmgr import create_app

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds that anything may take on a busy machine before it counts as broken


def until(found: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until a thing is so, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)
    return value


class Installation:
    """Everything that runs, started and ended piece by piece."""

    def __init__(self, folder: Path) -> None:
        binaries = postgres_binaries()
        assert binaries is not None
        # Another account runs PostgreSQL, which may not enter the test's own folder.
        self.binaries, self.cluster = binaries, Path(tempfile.mkdtemp(prefix="trainmgr-pg-"))
        self.shared = folder / "shared"  # the hosts' common files
        self.shared.mkdir()
        self.database = start_cluster(binaries, self.cluster)
        where = f"postgresql://postgres@/postgres?host={quote(str(self.cluster), safe='')}"
        self.settings = {
            "TRAINMGR_DATABASE_URL": where,
            "TRAINMGR_JOBS_URL": where,
            "TRAINMGR_INSTANCE_PATH": str(self.shared),
            "TRAINMGR_SECRET_KEY": "only for these hosts",
            "TRAINMGR_JOBS_STALE_SECONDS": "3",
        }
        self.app = create_app(
            {
                "SQLALCHEMY_DATABASE_URI": where,
                "JOBS_URL": where,
                "INSTANCE_PATH": str(self.shared),
                "SECRET_KEY": "only for these hosts",
            }
        )
        self.webs: dict[int, subprocess.Popen[bytes]] = {}
        self.worker: subprocess.Popen[bytes] | None = None
        self.log = (folder / "log").open("wb")

    # --- starting and ending ---

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        environment = os.environ | self.settings
        environment.pop("DATABASE_URL", None)
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def start_web(self, port: int = 0) -> int:
        """Start a web host and wait until it answers; returns its port."""
        if not port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        options = f"--interface wsgi --host 127.0.0.1 --port {port} --no-ws --workers 1 --blocking-threads 4 run:app"
        self.webs[port] = self._start("granian", *options.split())
        until(lambda: self._answers(port), "a web host's answer")
        return port

    def _answers(self, port: int) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return ask(port, "GET", "/healthz")[0] == 200
        return False

    def start_worker(self) -> None:
        """Start the worker host."""
        self.worker = self._start("trainmgr.kernel.jobs")

    def kill_web(self, port: int) -> None:
        """End a web host with all its processes, without a word."""
        _kill(self.webs.pop(port))

    def kill_worker(self) -> None:
        """End the worker in the middle of what it does."""
        assert self.worker is not None
        _kill(self.worker)
        self.worker = None

    def stop_database(self) -> None:
        """Stop PostgreSQL as an upgrade does: who is connected is cut off."""
        self.database.send_signal(signal.SIGINT)
        self.database.wait(timeout=PATIENCE)

    def start_database(self) -> None:
        """Start PostgreSQL again."""
        self.database = run_cluster(self.binaries, self.cluster)

    def end(self) -> None:
        """End whatever still runs."""
        for process in (*self.webs.values(), self.worker):
            if process is not None:
                _kill(process)
        self.database.terminate()
        self.database.wait(timeout=PATIENCE)
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.log.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=PATIENCE)


def ask(
    port: int, method: str, address: str, fields: dict[str, str] | None = None, cookie: str = ""
) -> tuple[int, str, http.client.HTTPMessage]:
    """Send one request over a connection of its own; returns status, text and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Cookie": cookie, "Accept-Language": "zh-CN"}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(
            method, address, urlencode(fields, doseq=True) if fields is not None else None, headers
        )
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers
    finally:
        connection.close()
