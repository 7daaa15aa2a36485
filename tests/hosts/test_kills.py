"""Two web hosts, a worker host and PostgreSQL, under load: one after the other is killed, and nothing is lost.

Trainees hand in logs through whichever host answers, and send one again until it is acknowledged, as the queue of a
phone does; others read. Meanwhile a web host dies (-9), then the worker in the middle of a roster's import, then
PostgreSQL is restarted.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any

import pytest
import sqlalchemy as sa

from tests.bench.rostering import roster
from tests.databases import POSTGRES_HINT, postgres_binaries
from tests.factories import World, keep
from tests.hosts.hosts import PATIENCE, Installation, ask, until
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.enrolment import importing
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.log_models import PracticeTerms
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

WRITERS, READERS, ROWS = 4, 2, 3000
DAYS = 25  # a day holds 96 quarters of an hour
CLEAR = re.compile(r"请稍候片刻|服务器")


@dataclass
class Load:
    """Who asks the hosts, and what they were told."""

    ports: list[int]
    program_id: int
    competency_id: int
    day: Any
    over: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)
    away: list[float] = field(
        default_factory=list
    )  # how long a reader waited for the next good page, in seconds
    broken: list[str] = field(default_factory=list)

    def write(self, number: int, cookie: str) -> None:
        """Hand in one log after the other; each is sent until a host has said that it stands."""
        token, turn = "", 0
        while not self.over.is_set():
            key, sent = f"host-{number}-{turn}", False
            while not sent and not self.over.is_set():
                if not token:
                    token, cookie = self._token(number + turn, cookie)
                    time.sleep(0.0 if token else 0.2)
                    continue
                fields = {
                    "csrf_token": token, "client_key": key, "program": str(self.program_id), "stage": "1",
                    "kind": "day",
                    "day": (self.day - timedelta(days=turn % DAYS)).isoformat(), "hours": "0.25", "task": f"点检 {key}",
                    "competencies": str(self.competency_id), "learned": f"记下第 {turn} 次的间隙，与图纸对照。",
                }  # fmt: skip
                answer = self._ask(number + turn, "POST", "/logs", fields, cookie)
                if answer is not None and answer[0] in (302, 303):
                    sent = True
                    self.acknowledged.append(key)
                    time.sleep(0.1)
                elif answer is not None and answer[0] < 500:
                    self.broken.append(f"{key}: {answer[0]} {re.sub('<[^>]+>', ' ', answer[1])[-600:]}")
                    return
                else:
                    time.sleep(0.2)
            turn += 1

    def read(self, cookie: str) -> None:
        """Open the list of logs again and again; note how long no good page came."""
        last, turn = time.monotonic(), 0
        while not self.over.is_set():
            answer = self._ask(turn, "GET", f"/logs?program={self.program_id}", None, cookie)
            if answer is not None and answer[0] == 200:
                now = time.monotonic()
                self.away.append(now - last)
                last = now
            turn += 1
            time.sleep(0.02)

    def _token(self, turn: int, cookie: str) -> tuple[str, str]:
        """Open the form: return the token against forged requests, and the cookie that goes with it."""
        answer = self._ask(turn, "GET", "/logs/new", None, cookie)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer[1]) if answer else None
        if answer is None or found is None:
            return "", cookie
        return found[1], (answer[2].get("Set-Cookie") or cookie).partition(";")[0]

    def _ask(
        self, turn: int, method: str, address: str, fields: dict[str, str] | None, cookie: str
    ) -> tuple[int, str, Any] | None:
        """Ask the hosts in turn as a load balancer does: the next one where a connection is refused or cut off."""
        for step in range(len(self.ports)):
            try:
                port = self.ports[(turn + step) % len(self.ports)]
                status, text, headers = ask(port, method, address, fields, cookie)
            except (OSError, HTTPException):
                self.statuses[0] += 1
                continue
            self.statuses[status] += 1
            if status >= 500 and (not CLEAR.search(text) or (status == 503 and "Retry-After" not in headers)):
                self.unclear.append(f"{address} {status}: {text[-400:]}")
            return status, text, headers
        return None


@pytest.fixture
def installation(tmp_path):
    running = Installation(tmp_path)
    with running.app.app_context():
        db.create_all()
    yield running
    running.app.extensions["jobs"].huey.storage.close()
    with running.app.app_context():
        db.engine.dispose()
    running.end()


@pytest.fixture
def load(installation):
    """A running programme with trainees who are signed in."""
    world, now = World(installation.app), datetime.now(UTC)
    with installation.app.app_context():
        today = local_day(now)
    staff, mentor = world.user(Role.STAFF), world.user(Role.ENTERPRISE_MENTOR)
    program = world.program(
        State.RUNNING, created_by=staff, current_stage=1, planned_minutes=6000,
        starts_on=today - timedelta(days=60), ends_on=today + timedelta(days=100),
    )  # fmt: skip
    competency = world.competency(program)
    with installation.app.app_context(), lifted():
        edition = keep(
            Edition(program_id=program.id, number=1, state=EditionState.SIGNED, signed_at=now, created_by_id=staff.id,
                    created_at=now, changed_at=now)
        )  # fmt: skip
        keep(
            PlanStage(
                edition_id=edition.id, number=1, name="跟岗", venue=Venue.ENTERPRISE, hours=400, weeks=20
            )
        )
        keep(PracticeTerms(program_id=program.id, frequency=LogFrequency.DAILY, back_days=30))
    cookies = []
    for _ in range(WRITERS):
        trainee = world.user(Role.TRAINEE)
        world.enrolment(
            program, user=trainee, mentor=mentor, planned_minutes=6000, enrolled_on=today - timedelta(days=50)
        )
        browser = world.signed_in(trainee)
        (cookie,) = browser._cookies.values()
        cookies.append(f"{cookie.key}={cookie.value}")
    made = Load([], program.id, competency.id, today)
    made.cookies, made.staff_id = cookies, staff.id
    return made


@contextmanager
def working(load):
    """Let everybody write and read meanwhile."""
    threads = [
        threading.Thread(target=load.write, args=(number, cookie))
        for number, cookie in enumerate(load.cookies)
    ]
    threads += [threading.Thread(target=load.read, args=(load.cookies[n],)) for n in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.over.set()
        for thread in threads:
            thread.join(timeout=PATIENCE)


def go_on(load, more=12):
    """Wait until so many more logs are acknowledged."""
    wanted = len(load.acknowledged) + more
    until(lambda: len(load.acknowledged) >= wanted or load.broken, "acknowledged logs")
    assert not load.broken, load.broken


def plan_import(app, load):
    """Plan the import of a roster into a programme that recruits."""
    world = World(app)
    program = world.program(State.RECRUITING, planned_size=None)
    with app.app_context():
        owner, by = db.session.get_one(Program, program.id), db.session.get_one(User, load.staff_id)
        draft = importing.keep_upload(
            owner,
            roster(ROWS),
            filename="名册.xlsx",
            college_id=owner.lead_college_id,
            by=by,
            now=datetime.now(UTC),
        )
        job = importing.start_import(owner, draft, by=by, now=datetime.now(UTC))
        db.session.commit()
        return program.id, job.id


def job_of(app, job_id):
    with app.app_context():
        row = db.session.get_one(Job, job_id)
        return row.state, row.done, row.attempts


@pytest.mark.skipif(os.name == "nt" or postgres_binaries() is None, reason=POSTGRES_HINT)
def test_no_acknowledged_write_is_lost_or_doubled_whatever_is_killed(installation, load):
    first, second = installation.start_web(), installation.start_web()
    load.ports = [first, second]
    installation.start_worker()
    with working(load):
        go_on(load)

        installation.kill_web(first)
        go_on(load)
        installation.start_web(first)

        program_id, job_id = plan_import(installation.app, load)
        until(lambda: 0 < job_of(installation.app, job_id)[1] < ROWS, "an import under way")
        installation.kill_worker()
        state, done, attempts = job_of(installation.app, job_id)
        assert state is JobState.RUNNING
        assert attempts == 1
        go_on(load)
        time.sleep(3.5)  # its heartbeat has been silent for long enough
        installation.start_worker()

        until(lambda: job_of(installation.app, job_id)[1] > done, "the import going on")
        installation.stop_database()
        installation.start_database()
        go_on(load)
        until(lambda: job_of(installation.app, job_id)[0] is JobState.DONE, "the end of the import")
        go_on(load)

    assert not load.unclear, load.unclear[:3]
    with installation.app.app_context():
        stored = Counter(
            key.partition(":")[2]
            for key in db.session.scalars(
                sa.select(PracticeLog.client_key).where(PracticeLog.state == LogState.SUBMITTED)
            )
        )
        people = db.session.scalar(sa.select(sa.func.count()).where(Enrolment.program_id == program_id))
        entries = db.session.scalar(
            sa.select(sa.func.count(sa.distinct(RosterEntry.enrolment_id))).where(
                RosterEntry.job_id == job_id
            )
        )
    assert set(load.acknowledged) <= set(stored), "acknowledged and lost"
    assert len(load.acknowledged) == len(set(load.acknowledged))
    assert set(stored.values()) == {1}, "stored twice"
    assert (people, entries) == (ROWS, ROWS)
    print(
        f"{len(load.acknowledged)} logs; statuses {dict(load.statuses)}; longest wait {max(load.away):.1f} s"
    )
    assert max(load.away) < 30, "a reader saw no page for half a minute"
