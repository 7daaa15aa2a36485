"""A server that is killed in the middle of a test (`kill -9`), and started again: nothing that was saved is lost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

import run
from tests.factories import World
from tests.testing.conftest import RIGHT, make_exam
from trainmgr import create_app
from trainmgr.kernel.db import db
from trainmgr.testing.models import Answer, Attempt
from trainmgr.testing.rules import AttemptEnd

ROOT = Path(run.__file__).parent
PATIENCE = 120  # seconds that anything may take on a busy machine
pytestmark = pytest.mark.skipif(os.name == "nt", reason="ends processes by signals")


class Server:
    """The program as `python run.py` starts it, with a database and an instance folder of its own."""

    def __init__(self, url, instance):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = os.environ | {
            "DATABASE_URL": url, "TRAINMGR_INSTANCE_PATH": str(instance), "PORT": str(self.port),
        }  # fmt: skip
        self.environment.pop("TRAINMGR_DATABASE_URL", None)
        self.process = None
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "run.py"], cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return self
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def kill(self):
        """End every process of the program at once, as a power cut would."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "-g", str(self.process.pid)], capture_output=True, text=True
        )
        for pid in [self.process.pid, *map(int, found.stdout.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def exam(make_database, database_url, tmp_path, monkeypatch):
    """A test that is open now, in a database that the server shares; `exam.server` is running."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    database = make_database()
    app = create_app(
        {"SQLALCHEMY_DATABASE_URI": database.url, "INSTANCE_PATH": str(tmp_path), "TESTING": True}
    )
    with app.app_context():
        db.create_all()
    exam = make_exam(World(app))
    now = datetime.now(UTC)
    exam.sitting(people=2, opens_at=now - timedelta(minutes=5), closes_at=now + timedelta(hours=2))
    exam.server = Server(database.url, tmp_path).start()
    yield exam
    exam.server.kill()
    with app.app_context():
        db.engine.dispose()


class Taker:
    """A trainee's browser without a window: one cookie, one page, one connection after the other."""

    def __init__(self, exam, place):
        self.exam, self.place = exam, place
        client = exam.world.signed_in(exam.trainees[place])
        self.cookie = f"trainmgr={client.get_cookie('trainmgr').value}"
        self.token = self.attempt = ""

    def ask(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.exam.server.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie, "Content-Type": kind, "X-CSRFToken": self.token}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            if cookie := response.getheader("Set-Cookie"):
                self.cookie = cookie.partition(";")[0]
            return response.status, response.read().decode()
        finally:
            connection.close()

    def open(self):
        """Load the page as it is; returns its text."""
        status, page = self.ask("GET", self.exam.taking(self.place))
        assert status == 200, page
        self.token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        found = re.search(r'data-taking="(\d+)"', page)
        self.attempt = int(found[1]) if found else 0
        return page

    def press(self, tail, **fields):
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        status, page = self.ask(
            "POST", self.exam.taking(self.place, tail), body, "application/x-www-form-urlencoded"
        )
        assert status in (302, 303), page

    def save(self, name, value, sequence):
        """Send one answer; tells whether the server said that it is saved."""
        body = json.dumps({"attempt": self.attempt, "answers": [[self.exam.items[name], value, sequence]]})
        status, answer = self.ask("POST", self.exam.taking(self.place, "/answers"), body)
        return status == 200 and json.loads(answer)["state"] == "running"

    def elapsed(self):
        return int(re.search(r'data-elapsed="(\d+)"', self.open())[1])


def test_a_test_whose_server_is_killed_goes_on_with_every_saved_answer(exam):
    taker = Taker(exam, 0)
    taker.open()
    taker.press("/begin", csrf_token=taker.token)
    taker.open()
    for name, value in RIGHT.items():
        assert taker.save(name, value, 1)
    confirmed, sent, under_way, ended = {}, {}, threading.Event(), threading.Event()

    def keep_saving():
        """Write on and on until the server is gone, and remember what it said yes to."""
        sequence = 1
        while not ended.is_set():
            sequence += 1
            sent["words"] = f"先断电 {sequence}"
            try:
                if taker.save("words", sent["words"], sequence):
                    confirmed["words"] = sent["words"]
                    if sequence > 5:
                        under_way.set()
            except (OSError, http.client.HTTPException):
                return

    writer = threading.Thread(target=keep_saving)
    writer.start()
    went_well = under_way.wait(timeout=PATIENCE)
    exam.server.kill()
    ended.set()
    writer.join(timeout=PATIENCE)
    assert went_well, "hardly anything was saved before the end"

    exam.server.start()
    page = taker.open()

    # The last one may have been taken without the answer having come through; none before it may be lost.
    with exam.world.inside():
        names = {key: name for name, key in exam.items.items()}
        stored = {
            names[item]: value for item, value in db.session.execute(sa.select(Answer.item_id, Answer.value))
        }
    assert stored.pop("words") in (confirmed["words"], sent["words"])
    assert stored == {name: value for name, value in RIGHT.items() if name != "words"}
    assert page.count(" checked") == 6
    assert "先断电 " in page

    sequence = taker.elapsed()
    assert taker.save("truth", False, sequence)
    assert taker.save("truth", True, sequence + 1)
    taker.press("/hand-in", csrf_token=taker.token, attempt=taker.attempt)
    with exam.world.inside():
        attempt = db.session.scalars(sa.select(Attempt)).one()
        assert (attempt.number, attempt.end) == (1, AttemptEnd.HANDED_IN)
        assert (attempt.points, attempt.waiting) == (Decimal(13), 2)


@pytest.mark.browser
def test_a_page_that_stays_open_sends_what_was_answered_while_the_server_was_gone(exam, browser):
    from playwright.sync_api import expect

    context = browser.new_context(base_url=exam.server.url, locale="zh-CN")
    cookie = exam.world.signed_in(exam.trainees[0]).get_cookie("trainmgr")
    context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": exam.server.url}])
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.goto(exam.taking(0))
    page.get_by_role("button", name="开始作答").click()
    page.locator(f"#i-{exam.items['first']} input[value='0']").check()
    expect(page.locator("[data-state]")).to_contain_text("已保存", timeout=PATIENCE * 1000)
    exam.server.kill()
    page.locator(f"#i-{exam.items['truth']} input[value='true']").check()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-state]")).to_contain_text("没有网络", timeout=PATIENCE * 1000)

    exam.server.start()

    expect(page.locator("[data-state]")).to_contain_text("已保存", timeout=PATIENCE * 1000)
    with exam.world.inside():
        kept = dict(db.session.execute(sa.select(Answer.item_id, Answer.value)).all())
    assert kept == {exam.items["first"]: [0], exam.items["truth"]: True}
    context.close()
