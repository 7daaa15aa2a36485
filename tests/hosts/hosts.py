"""An installation on several hosts: PostgreSQL, Redis, web hosts, workers, and whoever asks them from outside.

Each host is a network namespace with an address of its own where these can be made, else a process of this machine.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.databases import postgres_binaries, run_cluster, start_cluster
from tests.hosts.network import Loopback, network
from tests.redises import RedisServer
from trainmgr import create_app

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds that anything may take on a busy machine before it counts as broken
ANSWER_SECONDS = 10.0  # that a browser waits for an answer before it asks another host
LET_ALONE = (
    2.0  # seconds that a host which did not answer is left out, as by nginx's fail_timeout in ops/nginx.conf
)
Place = tuple[str, int]


def until(found: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until a thing is so, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)
    return value


class Web:
    """A web host: where it answers, the file that takes it out of traffic, its process while it runs."""

    def __init__(self, name: str, place: Place, drain: Path) -> None:
        self.name, self.place, self.drain = name, place, drain
        self.process: subprocess.Popen[bytes] | None = None


class Installation:
    """Everything that runs, started and ended piece by piece."""

    def __init__(self, folder: Path) -> None:
        binaries = postgres_binaries()
        assert binaries is not None
        self.network = network()
        for name in ("database", "redis"):
            self.network.add(name)
        # Another account runs PostgreSQL, which may not enter the test's own folder.
        self.binaries, self.cluster = binaries, Path(tempfile.mkdtemp(prefix="trainmgr-pg-"))
        self.folder, self.shared = folder, folder / "shared"  # the hosts' common files
        self.shared.mkdir()
        port = self.network.free_port("database", 5432)
        self.listening = {"within": self.network.within("database"), "port": port,
                          "address": self.network.address("database") if self.network.can_cut else ""}  # fmt: skip
        self.database = start_cluster(binaries, self.cluster, **self.listening)
        socket_url = f"postgresql://postgres@/postgres?host={quote(str(self.cluster), safe='')}&port={port}"
        where = f"postgresql://postgres@{self.listening['address']}:{port}/postgres"
        redis = (self.network.address("redis"), 6379) if self.network.can_cut else None
        self.redis = RedisServer(redis, tuple(self.network.within("redis")))
        self.settings = {
            "TRAINMGR_DATABASE_URL": where if self.network.can_cut else socket_url,
            "TRAINMGR_JOBS_URL": where if self.network.can_cut else socket_url,
            "TRAINMGR_REDIS_URL": self.redis.url,
            "TRAINMGR_INSTANCE_PATH": str(self.shared),
            "TRAINMGR_SECRET_KEY": "only for these hosts",
            "TRAINMGR_JOBS_STALE_SECONDS": "3",
        }
        # The test itself looks into the database by its socket, whatever becomes of the network.
        self.app = create_app(
            {
                "SQLALCHEMY_DATABASE_URI": socket_url,
                "JOBS_URL": socket_url,
                "INSTANCE_PATH": str(self.shared),
                "SECRET_KEY": "only for these hosts",
            }
        )
        self.webs: dict[str, Web] = {}
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.log = (folder / "log").open("wb")

    # --- starting and ending ---

    def _start(self, name: str, *command: str, **settings: str) -> subprocess.Popen[bytes]:
        environment = os.environ | self.settings | settings
        environment.pop("DATABASE_URL", None)
        return subprocess.Popen(
            [*self.network.within(name), sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def begin_web(self, name: str) -> Web:
        """Let a web host begin to start, the first time or again."""
        web = self.webs.get(name)
        if web is None:
            self.network.add(name)
            place = (self.network.address(name), self.network.free_port(name, 5000))
            web = self.webs[name] = Web(name, place, self.folder / f"{name}.drain")
        host, port = web.place
        options = f"--interface wsgi --host {host} --port {port} --no-ws --workers 1 --blocking-threads 4"
        options += " --workers-kill-timeout 100 run:app"
        web.process = self._start(name, "granian", *options.split(), TRAINMGR_DRAIN_FILE=str(web.drain))
        return web

    def start_web(self, name: str) -> Web:
        """Start a web host and wait until it answers."""
        web = self.begin_web(name)
        until(lambda: self.answers(web), "a web host's answer")
        return web

    def answers(self, web: Web, path: str = "/healthz") -> bool:
        """Tell whether a web host says that it is well."""
        with suppress(OSError, http.client.HTTPException):
            return self.ask(web.place, "GET", path)[0] == 200
        return False

    def start_worker(self, name: str = "worker") -> None:
        """Start a worker host."""
        if name not in getattr(self.network, "hosts", {}):
            self.network.add(name)
        self.workers[name] = self._start(name, "trainmgr.kernel.jobs")

    def kill_web(self, name: str) -> None:
        """End a web host with all its processes, without a word."""
        process, self.webs[name].process = self.webs[name].process, None
        assert process is not None
        _kill(process)

    def stop_web(self, name: str) -> None:
        """Ask a web host to end, as systemd does, and wait until it has."""
        process, self.webs[name].process = self.webs[name].process, None
        assert process is not None
        process.terminate()
        process.wait(timeout=PATIENCE)

    def kill_worker(self, name: str = "worker") -> None:
        """End a worker in the middle of what it does."""
        _kill(self.workers.pop(name))

    def stop_database(self) -> None:
        """Stop PostgreSQL as an upgrade does: who is connected is cut off."""
        self.database.send_signal(signal.SIGINT)
        self.database.wait(timeout=PATIENCE)

    def start_database(self) -> None:
        """Start PostgreSQL again."""
        self.database = run_cluster(self.binaries, self.cluster, **self.listening)

    def end(self) -> None:
        """End whatever still runs."""
        for process in (*(web.process for web in self.webs.values()), *self.workers.values()):
            if process is not None:
                _kill(process)
        self.redis.end()
        self.database.send_signal(signal.SIGINT)
        self.database.wait(timeout=PATIENCE)
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.network.end()
        self.log.close()

    # --- asking ---

    def ask(
        self,
        place: Place,
        method: str,
        address: str,
        fields: dict[str, str] | None = None,
        cookie: str = "",
    ) -> tuple[int, str, http.client.HTTPMessage]:
        """Send one request over a connection of its own; returns status, text and headers."""
        connection = _Connection(self.network, place)
        try:
            headers = {"Cookie": cookie, "Accept-Language": "zh-CN"}
            if fields is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields, doseq=True) if fields is not None else None
            connection.request(method, address, body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode(), response.headers
        finally:
            connection.close()


class NotConnected(OSError):
    """The host took no connection, so that nothing was sent to it."""


class _Connection(http.client.HTTPConnection):
    """A connection to a host of the test's network."""

    def __init__(self, network: Loopback, place: Place) -> None:
        super().__init__(*place, timeout=ANSWER_SECONDS)
        self.network = network

    def connect(self) -> None:
        try:
            self.sock = self.network.connect((self.host, self.port))
        except OSError as error:
            raise NotConnected(str(error)) from error
        self.sock.settimeout(ANSWER_SECONDS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=PATIENCE)


class Balancer:
    """Hands requests to the hosts that say they are ready, in turns, as a load balancer with health checks does.

    It sends nothing twice: only where no connection came about is the next host asked.
    """

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.ready: set[str] = set()
        self.busy: dict[str, int] = {}
        self.turn = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._looker = threading.Thread(target=self._look, name="health checks")
        self._looker.start()

    def _look(self) -> None:
        while not self._over.is_set():
            for web in list(self.installation.webs.values()):
                good = self.installation.answers(web, "/readyz")
                with self._lock:
                    (self.ready.add if good else self.ready.discard)(web.name)
            self._over.wait(0.1)

    def ask(self, method: str, address: str, **more: Any) -> tuple[int, str, http.client.HTTPMessage, str]:
        """Hand one request on; returns the answer and which host gave it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            web = self._next()
            if web is None:
                time.sleep(0.05)
                continue
            try:
                return (*self.installation.ask(web.place, method, address, **more), web.name)
            except NotConnected:
                time.sleep(0.05)
            finally:
                with self._lock:
                    self.busy[web.name] -= 1
        raise AssertionError("no host was ready")

    def _next(self) -> Web | None:
        with self._lock:
            names = sorted(self.ready)
            if not names:
                return None
            self.turn += 1
            name = names[self.turn % len(names)]
            self.busy[name] = self.busy.get(name, 0) + 1
            return self.installation.webs[name]

    def is_out(self, name: str) -> bool:
        """Tell whether a host gets no more requests and has answered all it got."""
        with self._lock:
            return name not in self.ready and not self.busy.get(name)

    def is_in(self, name: str) -> bool:
        """Tell whether a host gets requests."""
        with self._lock:
            return name in self.ready

    def end(self) -> None:
        """Stop looking."""
        self._over.set()
        self._looker.join(timeout=PATIENCE)
