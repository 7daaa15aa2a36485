"""Starts everything on this machine: the web server and one worker, and stops both (`python run.py`).

Command-line tools and servers find the application here: `flask --app run …`, `granian --interface wsgi run:app`.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from tools import setup

ROOT = Path(__file__).resolve().parent
HOST = "127.0.0.1"
SECONDS_TO_START = 180  # it starts in seconds; a machine that is busy with something else is given its time
SECONDS_TO_STOP = 10
# A browser keeps its connection open; of 1,800 who take a test, granian's usual 1,024 would let the rest wait.
CONNECTIONS = 4096
RESTARTS = 5  # of the worker, before something must be wrong with it
SET_UP = "py tools\\setup.py" if os.name == "nt" else "make setup"

if __name__ not in ("__main__", "__mp_main__"):
    from trainmgr import create_app

    app = create_app()
    # What was made so far stays: the collector need not look it through again (a tenth of a large page's time).
    gc.collect()
    gc.freeze()


class CannotStart(Exception):
    """The reason why nothing was started, for the person at the keyboard."""


class Stopped(Exception):
    """Somebody asked for the end."""


def stop_on_signal(number: int, frame: FrameType | None) -> None:
    """End in the main thread, where the children are waited for."""
    raise Stopped


def check_set_up() -> None:
    """Refuse to start where set-up has not run, or another Python than its own is used."""
    own = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if any(importlib.util.find_spec(name) is None for name in ("flask", "granian", "huey")):
        if own.exists():
            raise CannotStart(f"This Python lacks what set-up installed. Start it with: {own} run.py")
        raise CannotStart(f"trainmgr is not set up yet. Run this first: {SET_UP}")
    if not (ROOT / "static" / "vendor" / ".fetched.json").exists():
        raise CannotStart(f"The front-end files are missing. Run this first: {SET_UP}")
    if not setup.is_migrated():
        raise CannotStart(f"The database has not had the newest migrations. Run this first: {SET_UP}")


def read_port(text: str) -> int:
    """Read PORT as a person may have typed it."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT is {text!r}; it has to be a number from 1 to 65535.")
    return int(text)


def check_port(port: int) -> None:
    """Say so at once when another program answers there."""
    with socket.socket() as probe:
        if os.name != "nt":  # on Windows this option would share the port instead
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise CannotStart(f"Port {port} is kept for the administrator; choose one above 1023.") from None
        except OSError:
            free = "set PORT=5001 && python run.py" if os.name == "nt" else "make run PORT=5001"
            raise CannotStart(f"Port {port} is taken by another program. Choose another: {free}") from None


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Start one part of the program with this Python, in this folder."""
    # In a group of its own: Ctrl-C reaches this process alone, which then ends its parts in good order.
    group = None if os.name == "nt" else 0
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, process_group=group
    )


def allow_connections() -> None:
    """Let this process and its parts hold so many connections; many systems allow 1,024 open files unless asked."""
    if os.name == "nt":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(2 * CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def start_web(port: int) -> subprocess.Popen[bytes]:
    """Start the web server."""
    options = f"--interface wsgi --host {HOST} --port {port} --no-ws --log-level warning --workers 1"
    # A slow upload must not hold up the pages of others; more threads than this only wait for each other.
    options += f" --blocking-threads {2 * (os.cpu_count() or 1) + 1} --workers-kill-timeout 5"
    options += f" --backlog {CONNECTIONS} --backpressure {CONNECTIONS}"
    allow_connections()
    return start("-m", "granian", *options.split(), "run:app")


def start_worker() -> subprocess.Popen[bytes]:
    """Start the one worker that does the long jobs."""
    return start("-m", "trainmgr.kernel.jobs")


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, wait, and insist where one does not."""
    for process in processes:
        # A Ctrl-C in Windows' console has reached them already; terminating would cut them off.
        if process.poll() is None and os.name != "nt":
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_STOP
    for process in processes:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(web: subprocess.Popen[bytes], address: str) -> None:
    """Wait for the first answer; say what it lacks when the database does not answer."""
    deadline = time.monotonic() + SECONDS_TO_START
    while web.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310  our own address
            return
        except urllib.error.HTTPError as error:
            if error.code == 503:
                raise CannotStart(f"The database does not answer. If it was never made: {SET_UP}") from None
            raise CannotStart(
                f"The server answers with error {error.code}; its log above says why."
            ) from None
        except OSError:
            time.sleep(0.1)
    raise CannotStart("The web server did not start; its log above says why.")


def demo_sign_ins() -> str:
    """The demo's sign-ins as a table; nothing where this copy brings no demo."""
    try:
        from trainmgr.demo import BY_LINK, SIGN_INS
    except ImportError:
        return ""
    rows = [(str(role), str(name), str(password)) for role, name, password in SIGN_INS]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (1, 2)]
    lines = [f"    {name:<{widths[0]}}  {password:<{widths[1]}}  {role}" for role, name, password in rows]
    role, path, code = BY_LINK
    by_link = f"  {role}:\n    {path}  code {code}"
    return "\n".join(["  Demo sign-ins (user name, password, role):", *lines, by_link])


def serve(port: int) -> int:
    """Run the web server and the worker until one of them fails for good or somebody asks for the end."""
    address = f"http://{HOST}:{port}"
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(start_web(port))
        running.append(start_worker())
        wait_until_healthy(running[0], address)
        print(f"\n  trainmgr is running at {address}\n{demo_sign_ins()}\n\n  Ctrl-C stops it.\n", flush=True)
        return watch(running)
    except (KeyboardInterrupt, Stopped):
        print("\nStopping ...", flush=True)
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop(running)


def watch(running: list[subprocess.Popen[bytes]]) -> int:
    """Start the worker again when it dies; end when the web server does."""
    restarts = 0
    while True:
        web, worker = running
        if web.poll() is not None:
            print("The web server has ended by itself; its log above says why.", file=sys.stderr)
            return 1
        if worker.poll() is not None:
            if restarts == RESTARTS:
                print("The worker keeps ending; its log above says why.", file=sys.stderr)
                return 1
            restarts += 1
            print("The worker has ended; starting it again.", file=sys.stderr)
            running[1] = start_worker()
        time.sleep(0.5)


def main() -> int:
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):  # as far as this system has them
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop_on_signal)
    try:
        check_set_up()
        port = read_port(os.environ.get("PORT") or "5000")
        check_port(port)
        return serve(port)
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Stopped):
        return 0


if __name__ == "__main__":
    sys.exit(main())
