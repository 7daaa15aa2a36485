"""`python run.py` starts everything, says where, and leaves nothing behind."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import run

ROOT = Path(run.__file__).parent
PATIENCE = 120  # seconds that anything may take on a busy machine
pytestmark = pytest.mark.skipif(os.name == "nt", reason="ends processes by signals")


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """Start run.py with an instance folder of its own."""
    started = []

    def start_one(port):
        environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL",)}
        environment |= {"PORT": str(port), "TRAINMGR_INSTANCE_PATH": str(tmp_path), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [sys.executable, "run.py"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Whoever runs tests in the background hands an ignored Ctrl-C down to them.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        for left in [process.pid, *(int(line.split()[0]) for line in living(process.pid))]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def read_until(process, text):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"never said {text!r}, but: {''.join(lines)}")


def living(session):
    """The processes of a session that still run."""
    found = subprocess.run(
        ["ps", "-o", "pid=,stat=,args=", "-g", str(session)], capture_output=True, text=True
    )
    return [line for line in found.stdout.splitlines() if " Z" not in line and "<defunct>" not in line]


def worker_of(session, seconds=PATIENCE):
    """The number of the process that does the jobs, once it is there: it is told of when it has hardly begun."""
    deadline = time.monotonic() + seconds
    while True:
        found = [line.split()[0] for line in living(session) if "trainmgr.kernel.jobs" in line]
        if found:
            return found[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_starts_a_worker_that_dies_again_and_ends_with_all_its_parts(start, port, ending):
    process = start(port)
    read_until(process, f"running at http://127.0.0.1:{port}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()
    parts = "\n".join(living(process.pid))
    assert "granian" in parts
    assert "trainmgr.kernel.jobs" in parts
    if ending == signal.SIGTERM:  # once is enough, and a start takes long
        end_and_await_the_next(process)

    os.killpg(process.pid, ending)  # as a terminal does

    assert process.wait(timeout=PATIENCE) == 0
    assert living(process.pid) == []
    run.check_port(port)


def end_and_await_the_next(process):
    """Kill the worker and wait until another does its work."""
    worker = worker_of(process.pid)

    os.kill(int(worker), signal.SIGKILL)

    read_until(process, "The worker has ended; starting it again.")
    assert worker_of(process.pid) != worker


def test_a_taken_port_is_told_before_anything_starts(start, port):
    with socket.create_server(("127.0.0.1", port)):
        process = start(port)
        said = process.stdout.read()

    assert process.wait(timeout=PATIENCE) == 1
    assert said == f"Port {port} is taken by another program. Choose another: make run PORT=5001\n"


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "50 00"])
def test_a_port_that_is_none_is_refused(text):
    with pytest.raises(run.CannotStart, match="a number from 1 to 65535"):
        run.read_port(text)


def test_a_database_that_is_behind_is_told(monkeypatch):
    monkeypatch.setattr(run.setup, "is_migrated", lambda: False)

    with pytest.raises(run.CannotStart, match="has not had the newest migrations"):
        run.check_set_up()


def test_another_python_is_sent_to_the_right_one():
    """Without the installed packages nothing starts, and the message names what to do."""
    result = subprocess.run([sys.executable, "-S", "run.py"], cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 1
    assert "Start it with:" in result.stderr or "make setup" in result.stderr
