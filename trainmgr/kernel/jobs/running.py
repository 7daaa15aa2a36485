"""Running one job: claimed once, committed batch by batch, taken up where it was left."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app
from flask_babel import force_locale

from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken, will_pass
from trainmgr.kernel.jobs.models import LIVE, Job, JobState
from trainmgr.kernel.msgids import N_

log = logging.getLogger(__name__)

Work = Callable[["JobRun"], None]
T = TypeVar("T")
KINDS: dict[str, Work] = {}
MOST_ATTEMPTS = 5
GIVE_WAY_SECONDS = 0.12
PROGRAM_FAULT = N_(
    "The work broke off because of a fault in the program. What was finished is kept; start it again to go on."
)
GAVE_UP = N_("The work was interrupted %(times)s times and is not started again by itself.")


class JobLost(Exception):
    """Another worker has taken the job over, or it was stopped: this run must not write any more."""


def job(kind: str) -> Callable[[Work], Work]:
    """Register the function that does jobs of a kind."""

    def register(work: Work) -> Work:
        if KINDS.get(kind, work) is not work:
            raise ValueError(f"two functions for jobs of kind {kind!r}")
        KINDS[kind] = work
        return work

    return register


class JobRun:
    """One run of a job, as its function sees it. Only `progress` and `batches` commit."""

    def __init__(self, row: Job) -> None:
        self.id = row.id
        self.attempt = row.attempts
        self.params: dict[str, Any] = dict(row.params)
        self.checkpoint: dict[str, Any] = dict(row.checkpoint)
        self.done = row.done
        self.total = row.total
        self.created_by = row.created_by
        self.program_id = row.program_id
        self.counts: dict[str, int] = dict(row.counts)
        self.result_file_id = row.result_file_id
        self.stopped = False

    def count(self, **counts: int) -> None:
        """Add to the counts; they are committed with the batch they belong to."""
        for name, amount in counts.items():
            self.counts[name] = self.counts.get(name, 0) + amount

    def progress(
        self,
        done: int | None = None,
        total: int | None = None,
        *,
        checkpoint: dict[str, Any] | None = None,
        **counts: int,
    ) -> None:
        """Commit this batch together with how far the job is; counts are added to what was counted before.

        Raises JobLost, with the batch rolled back, when another worker has taken the job over.
        """
        self.count(**counts)
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total
        self.checkpoint = self.checkpoint if checkpoint is None else checkpoint
        self._write(heartbeat_at=utcnow())
        db.session.commit()
        _give_way()

    def should_stop(self) -> bool:
        """Tell whether somebody asked to stop; a function that returns then leaves the job stopped."""
        wanted = db.session.scalar(sa.select(Job.stop_wanted).where(Job.id == self.id))
        self.stopped = wanted is None or wanted
        return self.stopped

    def batches(self, items: Iterable[T], size: int = 200) -> Iterator[list[T]]:
        """Yield what is not yet done in batches, committing after each; ends early when asked to stop.

        The items must come in the same order each time the job is started.
        """
        rest = islice(iter(items), self.done, None)
        while batch := list(islice(rest, size)):
            if self.should_stop():
                return
            yield batch
            self.progress(self.done + len(batch))

    def _write(self, **values: Any) -> None:
        """Write the job's row only while it is still this run's (fenced by the number of the attempt)."""
        values |= {
            "done": self.done,
            "total": self.total,
            "counts": self.counts,
            "checkpoint": self.checkpoint,
            "result_file_id": self.result_file_id,
        }
        db.session.flush()
        mine = (Job.id == self.id, Job.attempts == self.attempt, Job.state == JobState.RUNNING)
        result = db.session.execute(
            sa.update(Job).where(*mine).values(values).execution_options(synchronize_session=False)
        )
        if result.rowcount != 1:  # type: ignore[attr-defined]
            db.session.rollback()
            raise JobLost(f"job {self.id}, attempt {self.attempt}")


def _give_way() -> None:
    """Let people write between two batches: who waits for SQLite's lock looks again only every tenth of a second."""
    if db.engine.dialect.name == "sqlite" and not current_app.config.get("HUEY_IMMEDIATE"):
        time.sleep(GIVE_WAY_SECONDS)


def stale_before(now: datetime) -> datetime:
    """Return the moment before which a heartbeat means that the worker is gone."""
    return now - timedelta(seconds=float(current_app.config.get("JOBS_STALE_SECONDS", 60)))


def claimable(now: datetime) -> sa.ColumnElement[bool]:
    """Jobs that no living worker has: waiting, or running with a heartbeat that stopped."""
    silent = sa.or_(Job.heartbeat_at.is_(None), Job.heartbeat_at < stale_before(now))
    return sa.or_(Job.state == JobState.QUEUED, sa.and_(Job.state == JobState.RUNNING, silent))


def execute(job_id: int) -> None:
    """Run one job to its end unless another worker has it; commits its outcome."""
    run = _claim(job_id)
    if run is None:
        return
    with _Heartbeat(current_app._get_current_object(), run):  # type: ignore[attr-defined]
        try:
            with force_locale(_locale_of(job_id)):
                KINDS[_kind_of(job_id)](run)
            _finish(run, JobState.STOPPED if run.stopped else JobState.DONE)
        except JobLost as lost:
            log.warning("gave up a run that is no longer ours: %s", lost)
        except Exception as error:
            if will_pass(error):
                # Nothing is wrong with the job: its heartbeat goes silent, and it is taken up again where it was.
                db.session.rollback()
                log.warning("the database went away under job %s", run.id)
            else:
                _fail(run, error)


def _claim(job_id: int) -> JobRun | None:
    now = utcnow()
    taken = db.session.execute(
        sa.update(Job)
        .where(Job.id == job_id, claimable(now))
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            heartbeat_at=now,
            started_at=sa.func.coalesce(Job.started_at, sa.bindparam("now", now, Job.started_at.type)),
        )
        .execution_options(synchronize_session=False)
    )
    row = db.session.get(Job, job_id, populate_existing=True) if taken.rowcount else None  # type: ignore[attr-defined]
    db.session.commit()
    if row is None:
        return None
    run = JobRun(row)
    db.session.commit()
    if row.stop_wanted:
        _finish(run, JobState.STOPPED)
        return None
    if run.attempt > MOST_ATTEMPTS:
        _finish(run, JobState.FAILED, fault=GAVE_UP, fault_params={"times": MOST_ATTEMPTS})
        return None
    return run


def _kind_of(job_id: int) -> str:
    return db.session.scalars(sa.select(Job.kind).where(Job.id == job_id)).one()


def _locale_of(job_id: int) -> str:
    return db.session.scalars(sa.select(Job.locale).where(Job.id == job_id)).one()


def _finish(run: JobRun, state: JobState, **values: Any) -> None:
    now = utcnow()
    run._write(state=state, heartbeat_at=now, finished_at=now, **values)
    db.session.commit()


def _fail(run: JobRun, error: Exception) -> None:
    """Keep what earlier batches committed, drop the batch at hand, say why."""
    db.session.rollback()
    last = db.session.get(Job, run.id, populate_existing=True)
    if last is None:
        return
    run.done, run.total, run.counts = last.done, last.total, dict(last.counts)
    run.checkpoint, run.result_file_id = dict(last.checkpoint), last.result_file_id
    if isinstance(error, RuleBroken):
        fault, params = getattr(error, "msgid", str(error)), getattr(error, "params", {})
    else:
        log.error("job %s failed", run.id, exc_info=error)
        fault, params = PROGRAM_FAULT, {}
    try:
        _finish(run, JobState.FAILED, fault=fault, fault_params=dict(params))
    except JobLost:
        log.warning("job %s was taken over while it failed here", run.id)


def stop(row: Job, *, now: datetime) -> None:
    """Ask a job to stop: at once when it waits or its worker is gone, after the batch at hand when it runs."""
    gone = row.heartbeat_at is None or row.heartbeat_at < stale_before(now)
    if row.state not in LIVE:
        return
    row.stop_wanted = True
    if row.state is JobState.QUEUED or gone:
        row.state, row.finished_at = JobState.STOPPED, now


class _Heartbeat:
    """Tells every few seconds that the worker lives, also while one batch takes long."""

    def __init__(self, app: Flask, run: JobRun) -> None:
        self.app, self.run = app, run
        self.every = max(0.5, min(15.0, float(app.config.get("JOBS_STALE_SECONDS", 60)) / 4))
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heartbeat-{run.id}", daemon=True)

    def __enter__(self) -> None:
        if not self.app.config.get("HUEY_IMMEDIATE"):  # there the caller waits, and nothing can be lost
            self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.over.set()
        if self.thread.is_alive():
            self.thread.join(timeout=20)

    def _beat(self) -> None:
        while not self.over.wait(self.every):
            with self.app.app_context():
                try:
                    db.session.execute(
                        sa.update(Job)
                        .where(Job.id == self.run.id, Job.attempts == self.run.attempt)
                        .values(heartbeat_at=utcnow())
                    )
                    db.session.commit()
                except sa.exc.SQLAlchemyError:  # the batch at hand holds the database; the next beat will do
                    db.session.rollback()
