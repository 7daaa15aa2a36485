"""The hosts are restarted one after the other under steady requests, as for a new version: each is answered, once.

A host that is to be restarted says so by its readiness, gets nothing more from the balancer, answers what it has, ends,
and comes back. Nobody outside sends anything twice here: whatever is lost stays lost.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from tests.databases import POSTGRES_HINT, postgres_binaries
from tests.hosts.hosts import PATIENCE, Balancer, until
from tests.hosts.importing import plan_import
from tests.redises import REDIS_HINT, redis_is_possible
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.jobs.models import LIVE
from trainmgr.practice.models import LogState, PracticeLog

pytestmark = [
    pytest.mark.skipif(os.name == "nt" or postgres_binaries() is None, reason=POSTGRES_HINT),
    pytest.mark.skipif(not redis_is_possible(), reason=REDIS_HINT),
]
JOBS, ROWS = 4, 30


class Steady:
    """People who ask through the balancer, one thing after the other, each once."""

    def __init__(self, balancer, load):
        self.balancer, self.load = balancer, load
        self.over = threading.Event()
        self.sent, self.acknowledged, self.bad = [], [], []
        self.answered = Counter()  # by host
        self.threads = [
            threading.Thread(target=self._go_on, args=(number, cookie))
            for number, cookie in enumerate(load.cookies)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=PATIENCE)

    def _go_on(self, number, cookie):
        turn = 0
        try:
            while not self.over.is_set():
                page, headers = self._ask("GET", "/logs/new", 200, cookie=cookie)
                cookie = (headers.get("Set-Cookie") or cookie).partition(";")[0]
                token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
                key = f"roll-{number}-{turn}"
                self.sent.append(key)
                self._ask("POST", "/logs", 302, fields=self.load.fields(key, turn, token), cookie=cookie)
                self.acknowledged.append(key)
                turn += 1
        except Exception as error:
            self.bad.append(repr(error))

    def _ask(self, method, address, wanted, **more):
        status, page, headers, host = self.balancer.ask(method, address, **more)
        self.answered[host] += 1
        assert status == wanted, f"{method} {address}: {status} by {host}"
        return page, headers

    def more_from(self, *hosts, count=6):
        """Wait until these hosts have answered so many requests more."""
        before = Counter(self.answered)
        until(
            lambda: self.bad or all(self.answered[host] >= before[host] + count for host in hosts),
            f"answers of {hosts}",
        )
        assert not self.bad, self.bad


@pytest.fixture
def balancer(installation):
    made = Balancer(installation)
    yield made
    made.end()


@pytest.fixture
def queue_in_redis(installation):
    """Jobs wait in Redis: workers and web hosts by its address, the test by its socket."""
    installation.settings["TRAINMGR_JOBS_URL"] = installation.redis.url
    # No worker dies here; on a busy machine one may well be silent for seconds.
    installation.settings["TRAINMGR_JOBS_STALE_SECONDS"] = "600"
    installation.app.config["JOBS_URL"] = f"unix://{installation.redis.socket}?db=0"


def restart(installation, balancer, name):
    """Take a host out of traffic, end it as systemd does, start it, wait until it is back in."""
    web = installation.webs[name]
    web.drain.touch()
    until(lambda: balancer.is_out(name), f"{name} out of traffic")
    installation.stop_web(name)
    web.drain.unlink()
    installation.begin_web(name)
    until(lambda: balancer.is_in(name), f"{name} back in traffic")


def ended(live):
    """Whether no job waits or runs any more."""
    count = db.session.scalar(live)
    db.session.rollback()
    return count == 0


def is_known_everywhere_until_signed_out(installation, cookie):
    """Look in at both hosts, sign out at the second with the token that the first one gave, look in again."""
    first, second = installation.webs["first"], installation.webs["second"]

    def ask(web, method="GET", address="/logs", **more):
        return installation.ask(web.place, method, address, cookie=cookie, **more)

    before = [ask(web)[0] for web in (first, second)]
    _status, page, headers = ask(first, address="/logs/new")
    cookie = (headers.get("Set-Cookie") or cookie).partition(";")[0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    out = ask(second, "POST", "/sign-out", fields={"csrf_token": token})[0]
    after = [ask(web) for web in (first, second)]
    assert (before, out) == ([200, 200], 302)
    assert [(status, "/sign-in" in headers["Location"]) for status, _page, headers in after] == [
        (302, True)
    ] * 2


def test_a_rolling_restart_drops_no_request_and_does_nothing_twice(
    installation, load, balancer, queue_in_redis
):
    for name in ("first", "second"):
        installation.begin_web(name)
    installation.start_worker("worker")
    installation.start_worker("worker2")
    until(lambda: balancer.is_in("first") and balancer.is_in("second"), "two hosts in traffic")
    jobs = [plan_import(installation.app, load.staff_id, ROWS, first=ROWS * n)[1] for n in range(JOBS)]

    with Steady(balancer, load) as steady:
        steady.more_from("first", "second")
        restart(installation, balancer, "first")
        steady.more_from("first", "second")
        restart(installation, balancer, "second")
        steady.more_from("first", "second")

    assert not steady.bad, steady.bad
    is_known_everywhere_until_signed_out(installation, load.cookies[0])
    assert sorted(steady.acknowledged) == sorted(steady.sent)
    with installation.app.app_context():
        keys = sa.select(PracticeLog.client_key).where(PracticeLog.state == LogState.SUBMITTED)
        stored = Counter(key.partition(":")[2] for key in db.session.scalars(keys))
        minutes = db.session.scalar(
            sa.select(sa.func.sum(Enrolment.submitted_minutes)).where(Enrolment.program_id == load.program_id)
        )
        db.session.rollback()
        live = sa.select(sa.func.count()).where(Job.id.in_(jobs), Job.state.in_(LIVE))
        until(lambda: ended(live), "the jobs' end")
        rows = db.session.execute(sa.select(Job.state, Job.attempts, Job.fault).where(Job.id.in_(jobs))).all()
    assert stored == Counter(steady.sent)
    assert minutes == 15 * len(steady.sent), "a log was added up twice, or not at all"
    assert [tuple(row) for row in rows] == [(JobState.DONE, 1, None)] * JOBS, "a job was lost or begun twice"
