"""A host says when it is to get no more requests, and old hosts go on while a new one has migrated."""

import threading
import time

import pytest

from trainmgr.kernel import jobs
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.operation import migrating


@pytest.fixture
def migrated(monkeypatch):
    """A database that counts as migrated."""
    monkeypatch.setattr(migrating, "present", lambda: "0039")
    monkeypatch.setattr(migrating, "heads", lambda: {"0039"})


def test_a_host_that_is_taken_out_of_traffic_says_so_and_goes_on_answering(
    app, client, session, migrated, tmp_path
):
    jobs.keep_time(utcnow())
    app.config["DRAIN_FILE"] = str(tmp_path / "drain")
    assert client.get("/readyz").status_code == 200

    (tmp_path / "drain").touch()

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["traffic"]) == (503, "draining")
    assert client.get("/healthz").status_code == 200
    assert client.get("/sign-in").status_code == 200


def test_an_old_host_stays_ready_when_a_newer_one_has_migrated(client, session, monkeypatch, migrated):
    jobs.keep_time(utcnow())
    monkeypatch.setattr(migrating, "present", lambda: "a-migration-of-the-next-version")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["migrations"]) == (200, "ahead")


def test_of_two_hosts_that_start_at_once_one_migrates(app, session, monkeypatch):
    """The lock lets the second one look only when the first one is done; it then finds nothing to do."""
    state = {"present": "old", "upgrades": 0, "at once": 0}
    both = threading.Barrier(2, timeout=120)
    waiting = threading.Event()
    attempts = []

    def upgrade(revision):
        state["at once"] += 1
        assert state["at once"] == 1, "two migrate at once"
        assert waiting.wait(120), "the second host never asked for the lock"
        state["upgrades"] += 1
        state["present"] = "new"
        state["at once"] -= 1

    def wait(attempt, deadline):
        while not attempt():
            waiting.set()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    monkeypatch.setattr(migrating, "heads", lambda: {"new"})
    monkeypatch.setattr(migrating, "present", lambda: state["present"])
    monkeypatch.setattr(migrating, "upgrade", upgrade)
    monkeypatch.setattr(migrating, "_wait", wait)
    monkeypatch.setattr(db.engine, "dispose", lambda: None)

    def host():
        with app.app_context():
            both.wait()
            attempts.append(migrating.migrate())

    hosts = [threading.Thread(target=host) for _ in range(2)]
    for one in hosts:
        one.start()
    for one in hosts:
        one.join(timeout=240)

    assert sorted(attempts) == [False, True]
    assert state == {"present": "new", "upgrades": 1, "at once": 0}
