"""The queue behind the jobs: which one by configuration alone, filled only by what was committed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, current_app
from flask_babel import get_locale
from huey import Huey, MemoryHuey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from trainmgr.kernel.audit import Actor
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import after_commit, db
from trainmgr.kernel.jobs.models import Job, JobState
from trainmgr.kernel.jobs.running import KINDS, claimable, execute
from trainmgr.kernel.places import instance_folder

log = logging.getLogger(__name__)
NAME, RUN_JOB = "trainmgr", "run_job"
LOOKED_AT = 20  # tasks at the head of the queue: besides jobs there are the clock's two of each host
CLOCK_LOCK = 0x7472636B  # of PostgreSQL's advisory locks: "trck"

ByTheClock = Callable[[datetime], object]
BY_THE_CLOCK: dict[str, ByTheClock] = {}


def make_huey(app: Flask) -> Huey:
    """Return the queue that JOBS_URL names: redis://, postgresql://, else a file beside the database."""
    url = app.config.get("JOBS_URL") or ""
    scheme = urlsplit(url).scheme.partition("+")[0]
    # What lies in the queue is signed, so that whoever can write to the queue cannot make the worker run it.
    common: dict[str, Any] = {
        "results": False,
        "serializer": SignedSerializer(secret=app.config["SECRET_KEY"]),
    }
    if app.config.get("HUEY_IMMEDIATE"):
        return MemoryHuey(NAME, immediate=True, **common)
    if scheme in ("redis", "rediss", "unix"):
        return RedisHuey(NAME, url=url, **common)
    if scheme in ("postgresql", "postgres"):
        return PostgresHuey(NAME, dsn="postgresql" + url[url.index("://") :], **common)
    if scheme:
        raise ValueError(f"JOBS_URL: {scheme}:// is not redis:// or postgresql://")
    return SqliteHuey(NAME, filename=str(instance_folder(app) / "jobs.db"), **common)


class Queue:
    """An application's queue, made at its first use."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._lock = threading.Lock()
        self._huey: Huey | None = None

    @property
    def huey(self) -> Huey:
        """The queue itself, with the tasks that a worker knows."""
        with self._lock:
            if self._huey is None:
                self._huey = make_huey(self.app)
                self.run_job = self._huey.task(name=RUN_JOB)(self._run_job)
                self._huey.periodic_task(crontab(minute="*"), name="resume_jobs")(self._resume)
                self._huey.periodic_task(crontab(minute="*"), name="keep_time")(self._keep_time)
            return self._huey

    def send(self, job_id: int) -> None:
        """Tell a worker that a job waits."""
        assert self.huey is not None
        self.run_job(job_id)

    def consumer(self) -> Consumer:
        """Return one worker for this queue."""
        return Consumer(self.huey, workers=1, periodic=True, initial_delay=0.1, max_delay=1.0)

    def _run_job(self, job_id: int) -> None:
        with self.app.app_context():
            execute(job_id)

    def _resume(self) -> None:
        with self.app.app_context():
            # While jobs still wait in the queue, a waiting one is not lost but behind them.
            resume(only_lost=any(task.name == RUN_JOB for task in self.huey.pending(LOOKED_AT)))

    def _keep_time(self) -> None:
        with self.app.app_context(), _alone() as alone:
            if alone:
                keep_time(utcnow())


def each_minute(work: ByTheClock) -> ByTheClock:
    """Register what a worker does each minute (a window that closes by the clock is noted); it takes the moment.

    A generator is committed after each of its pieces, so that a long one holds no locks for long.
    """
    BY_THE_CLOCK[f"{work.__module__}.{work.__name__}"] = work
    return work


@contextmanager
def _alone() -> Iterator[bool]:
    """Tell whether no other host's worker is at what is due by the clock; each host's wakes up every minute.

    PostgreSQL holds the lock for a connection of its own and lets it go when this worker dies. SQLite has one worker.
    """
    if db.engine.dialect.name != "postgresql":
        yield True
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(CLOCK_LOCK))))
        try:
            yield taken
        finally:
            if taken:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(CLOCK_LOCK)))


def keep_time(now: datetime) -> None:
    """Do everything that is due by the clock, each in a transaction of its own; a fault in one stops no other."""
    for name, work in BY_THE_CLOCK.items():
        try:
            pieces = work(now)
            if isinstance(pieces, Iterator):
                for _piece in pieces:
                    db.session.commit()
            db.session.commit()
        except Exception:
            db.session.rollback()
            log.exception("%s broke off; it is tried again in a minute", name)


def _queue() -> Queue:
    queue: Queue = current_app.extensions["jobs"]
    return queue


def enqueue(
    kind: str, *, title: str, params: dict[str, Any], by: Actor | None, program_id: int | None, now: datetime
) -> Job:
    """Plan a job; a worker hears of it once this transaction is committed, never when it rolls back.

    `params` must be JSON and hold no personal data; a file is passed as the id of a StoredFile.
    """
    if kind not in KINDS:
        raise LookupError(f"no function is registered for jobs of kind {kind!r}")
    locale = get_locale()
    row = Job(
        kind=kind,
        title=title[:200],
        params=params,
        created_by=by.id if by else None,
        program_id=program_id,
        created_at=now,
        locale=locale.language if locale else "zh",
    )
    db.session.add(row)
    db.session.flush()
    after_commit(partial(send, row.id))
    return row


def restart(row: Job, *, now: datetime) -> None:
    """Let a stopped or broken-off job go on where it was left."""
    if row.state not in (JobState.FAILED, JobState.STOPPED):
        return
    row.state, row.stop_wanted, row.attempts = JobState.QUEUED, False, 0
    row.fault, row.fault_params, row.finished_at, row.heartbeat_at = None, {}, None, now
    after_commit(partial(send, row.id))


def send(job_id: int) -> None:
    """Put a committed job into the queue; if the queue is away, the row waits for the next `resume`."""
    try:
        _queue().send(job_id)
    except Exception:
        log.exception(
            "job %s is planned, but the queue did not take it; it starts with the next resume", job_id
        )


def resume(*, only_lost: bool = False) -> list[int]:
    """Put every job into the queue that waits or whose worker is gone (or only the latter); returns their ids."""
    jobs = sa.select(Job.id).where(claimable(utcnow())).order_by(Job.id)
    if only_lost:
        jobs = jobs.where(Job.state == JobState.RUNNING)
    found = list(db.session.scalars(jobs))
    db.session.rollback()
    for job_id in found:
        send(job_id)
    return found


def work(app: Flask) -> None:
    """Be the worker: take up what was left, then wait for jobs until told to end."""
    with app.app_context():
        left = resume()
        if left:
            log.warning("taking up %s jobs", len(left))
    app.extensions["jobs"].consumer().run()
