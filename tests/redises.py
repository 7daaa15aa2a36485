"""A Redis for tests: started on a Unix socket in a folder of its own, ended with the test."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

REDIS_HINT = "needs redis-server (Debian package: redis-server)"
SECONDS_TO_START = 120


def redis_is_possible() -> bool:
    """Whether this machine can run the tests with a Redis."""
    return shutil.which("redis-server") is not None


class RedisServer:
    """One server that keeps nothing on disk; it ends with this process, however that ends.

    It listens on a socket of its folder, so that no two ever want one port; `address`: on this address and port too.
    """

    def __init__(self, address: tuple[str, int] | None = None, within: tuple[str, ...] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tm-redis-"))
        self.socket = self.folder / "s"
        host, port = address or ("", 0)
        self.url = f"redis://{host}:{port}/0" if address else f"unix://{self.socket}?db=0"
        self._command = [
            *within,
            *_dying_with_us(),
            "redis-server",
            "--port",
            str(port),
            "--unixsocket",
            str(self.socket),
        ]
        self._command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]
        if address:
            self._command += ["--bind", host, "--protected-mode", "no"]
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again, empty; returns once it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"Redis did not start:\n{(self.folder / 'log').read_text(errors='replace')}"
                )
            time.sleep(0.02)

    def _answers(self) -> bool:
        from redis import Redis
        from redis.exceptions import RedisError

        try:
            with Redis(unix_socket_path=str(self.socket)) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def stop(self) -> None:
        """End it without a word; what it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """Let it take connections and answer nothing any more."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        """End it and take its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _dying_with_us() -> list[str]:
    return ["setpriv", "--pdeathsig=KILL"] if shutil.which("setpriv") else []
