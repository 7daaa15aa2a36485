import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.kernel import worker_process
from trainmgr.kernel import jobs
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.i18n import say
from trainmgr.kernel.jobs import Job, JobState, queue, running
from trainmgr.kernel.sheets import SheetRefused

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kind(monkeypatch):
    """Register a function for jobs of the kind "test" for one test."""
    monkeypatch.setattr(running, "KINDS", kinds := dict(running.KINDS))
    monkeypatch.setattr(queue, "KINDS", kinds)
    return jobs.job("test")


def plan(**params):
    return jobs.enqueue("test", title="名单", params=params, by=None, program_id=None, now=NOW)


def later(session):
    """Plan a job whose worker has not heard of it yet."""
    session.info.pop("after_commit", None)
    row = plan()
    session.info.pop("after_commit")
    session.commit()
    return row


def write(purpose):
    """Write a row as a job's function would."""
    db.session.add(
        StoredFile(sha256="0" * 64, media_type="x/y", size=0, name=purpose, purpose=purpose, created_at=NOW)
    )


def written(session):
    return list(session.scalars(sa.select(StoredFile.purpose).order_by(StoredFile.id)))


# --- planning -------------------------------------------------------------------------------------


def test_a_job_starts_when_the_request_that_planned_it_is_committed(session, kind):
    ran = []
    kind(lambda run: ran.append(run.params))

    row = plan(file=7)
    assert ran == []
    session.commit()

    assert ran == [{"file": 7}]
    session.refresh(row)
    assert row.state is JobState.DONE
    assert row.percent == 100
    assert not row.is_live


def test_a_request_that_rolls_back_leaves_no_job_and_starts_none(session, kind):
    ran = []
    kind(lambda run: ran.append(run.id))

    plan()
    session.rollback()
    session.commit()

    assert ran == []
    assert session.scalar(sa.select(sa.func.count(Job.id))) == 0


def test_a_savepoint_inside_the_request_does_not_start_the_job_too_early(session, kind):
    ran = []
    kind(lambda run: ran.append(run.id))

    plan()
    with session.begin_nested():
        write("inner")
    assert ran == []
    session.commit()

    assert len(ran) == 1


def test_a_kind_that_nobody_does_is_refused_when_it_is_planned(session):
    with pytest.raises(LookupError):
        jobs.enqueue("nobody", title="x", params={}, by=None, program_id=None, now=NOW)


def test_two_functions_for_one_kind_are_refused(kind):
    kind(lambda run: None)

    with pytest.raises(ValueError, match="two functions"):
        jobs.job("test")(lambda run: None)


def test_a_queue_that_is_away_loses_no_job(session, kind, monkeypatch, cli):
    kind(lambda run: write("done"))
    with monkeypatch.context() as away:
        away.setattr(queue.Queue, "send", lambda self, job_id: 1 / 0)
        row = plan()
        session.commit()
    assert row.state is JobState.QUEUED

    assert "1 jobs queued" in cli("jobs", "resume").output

    session.refresh(row)
    assert row.state is JobState.DONE


# --- running --------------------------------------------------------------------------------------


def test_batches_are_committed_with_their_counts_and_the_progress_can_be_seen_meanwhile(session, kind):
    seen = []

    def work(run):
        for batch in run.batches(range(25), size=10):
            seen.append((run.done, dict(run.counts)))
            for item in batch:
                write(str(item))
            run.count(written=len(batch))

    kind(work)
    row = plan()
    session.commit()

    session.refresh(row)
    assert seen == [(0, {}), (10, {"written": 10}), (20, {"written": 20})]
    assert (row.done, row.counts, row.state) == (25, {"written": 25}, JobState.DONE)
    assert len(written(session)) == 25


def test_a_fault_drops_the_batch_at_hand_keeps_the_ones_before_and_tells_why(session, kind):
    def work(run):
        for batch in run.batches(range(30), size=10):
            for item in batch:
                write(str(item))
                if item == 15:
                    raise SheetRefused(
                        "The sheet has more than %(most)s rows. Split it into several files.", most=9
                    )
            run.count(written=len(batch))

    kind(work)
    row = plan()
    session.commit()

    session.refresh(row)
    assert (row.state, row.done, row.counts) == (JobState.FAILED, 10, {"written": 10})
    assert say(row.fault, row.fault_params) == "表格超过 9 行。分成几个文件再传。"
    assert written(session) == [str(item) for item in range(10)]


@pytest.mark.parametrize(
    ("error", "told"),
    [(RuleBroken("No places left."), "No places left."), (ZeroDivisionError(), "程序出了问题")],
)
def test_a_broken_rule_is_told_as_it_is_and_a_fault_of_the_program_without_its_insides(
    session, kind, error, told
):
    def work(run):
        raise error

    kind(work)
    row = plan()
    session.commit()

    session.refresh(row)
    assert told in say(row.fault, row.fault_params)
    assert row.finished_at


def test_a_job_that_broke_off_goes_on_after_the_last_whole_batch(session, kind):
    attempts = []

    def work(run):
        attempts.append(run.done)
        for batch in run.batches(range(30), size=10):
            for item in batch:
                write(str(item))
                if item == 15 and len(attempts) == 1:
                    raise RuntimeError
            run.count(written=len(batch))

    kind(work)
    row = plan()
    session.commit()
    session.refresh(row)
    jobs.restart(row, now=NOW)
    session.commit()

    session.refresh(row)
    assert attempts == [0, 10]
    assert (row.state, row.done, row.counts, row.fault) == (JobState.DONE, 30, {"written": 30}, None)
    assert written(session) == [str(item) for item in range(30)]


def test_a_checkpoint_comes_back_to_the_next_run(session, kind):
    seen = []

    def work(run):
        seen.append(run.checkpoint)
        run.progress(1, 4, checkpoint={"after": 42}, read=3)
        if len(seen) == 1:
            raise RuntimeError

    kind(work)
    row = plan()
    session.commit()
    session.refresh(row)
    assert (row.percent, row.counts) == (25, {"read": 3})
    jobs.restart(row, now=NOW)
    session.commit()

    assert seen == [{}, {"after": 42}]


def test_a_job_asked_to_stop_ends_after_its_batch_and_can_go_on(session, kind):
    runs = []

    def work(run):
        runs.append(run.done)
        for batch in run.batches(range(30), size=10):
            for item in batch:
                write(str(item))
            if len(runs) == 1:
                db.session.execute(sa.update(Job).where(Job.id == run.id).values(stop_wanted=True))

    kind(work)
    row = plan()
    session.commit()
    session.refresh(row)
    assert (row.state, row.done) == (JobState.STOPPED, 10)

    jobs.restart(row, now=NOW)
    session.commit()

    session.refresh(row)
    assert (row.state, row.done) == (JobState.DONE, 30)
    assert len(written(session)) == 30


def test_a_waiting_job_is_stopped_at_once_and_never_runs(session, kind):
    kind(lambda run: write("never"))
    row = later(session)

    jobs.stop(row, now=NOW)
    session.commit()
    running.execute(row.id)

    session.refresh(row)
    assert row.state is JobState.STOPPED
    assert written(session) == []


def test_texts_of_a_job_are_in_the_language_of_the_one_who_planned_it(session, kind):
    from flask_babel import force_locale, get_locale

    told = []
    kind(lambda run: told.append(str(get_locale())))
    with force_locale("en"):
        plan()
    session.commit()
    plan()
    session.commit()

    assert told == ["en", "zh"]


# --- workers that die -----------------------------------------------------------------------------


def test_two_workers_never_do_one_job_twice(session, kind):
    runs = []
    kind(lambda run: runs.append(run.id))
    row = later(session)

    running.execute(row.id)
    running.execute(row.id)

    assert runs == [row.id]


def test_a_job_whose_worker_still_lives_is_left_alone_and_one_that_is_silent_is_taken_up(session, kind):
    kind(lambda run: None)
    row = later(session)
    row.state, row.heartbeat_at = JobState.RUNNING, utcnow() - timedelta(seconds=30)
    session.commit()
    assert jobs.resume() == []

    row.heartbeat_at = utcnow() - timedelta(seconds=90)
    session.commit()

    assert jobs.resume() == [row.id]
    session.refresh(row)
    assert row.state is JobState.DONE


def test_the_clock_takes_up_lost_jobs_whatever_waits_and_waiting_ones_only_when_no_job_is_before_them(
    app, session, kind
):
    kind(lambda run: None)
    app.config["HUEY_IMMEDIATE"] = False
    line = queue.Queue(app)
    app.extensions["jobs"] = line
    waiting, lost = later(session), later(session)
    lost.state, lost.heartbeat_at = JobState.RUNNING, utcnow() - timedelta(seconds=90)
    session.commit()

    def taken_up():
        before = line.huey.pending_count()
        line._resume()
        return [task.args[0] for task in line.huey.pending()[before:]]

    try:
        line.huey.enqueue(line.huey._registry.periodic_tasks[0])  # as the clock's own work waits each minute
        assert taken_up() == [waiting.id, lost.id]
        assert taken_up() == [lost.id]
    finally:
        app.extensions["jobs"] = queue.Queue(app)
        line.huey.storage.close()


def test_a_job_under_which_the_database_went_away_is_not_failed_but_taken_up_again(session, kind):
    away = sa.exc.OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)
    told = [away, None]

    @kind
    def work(run):
        if (error := told.pop(0)) is not None:
            raise error

    row = later(session)
    running.execute(row.id)
    session.refresh(row)
    assert row.state is JobState.RUNNING

    row.heartbeat_at = utcnow() - timedelta(seconds=90)
    session.commit()
    jobs.resume()
    session.refresh(row)
    assert (row.state, row.attempts) == (JobState.DONE, 2)


def test_a_run_that_was_taken_over_can_write_no_more(session, kind):
    def work(run):
        for batch in run.batches(range(20), size=10):
            for item in batch:
                write(str(item))
            if run.done == 10:  # meanwhile another worker believed this one dead
                db.session.rollback()
                db.session.execute(sa.update(Job).where(Job.id == run.id).values(attempts=Job.attempts + 1))
                db.session.commit()
                write("too late")

    kind(work)
    row = plan()
    session.commit()

    session.refresh(row)
    assert (row.state, row.done) == (JobState.RUNNING, 10)
    assert "too late" not in written(session)


def test_a_job_that_kills_every_worker_is_given_up(session, kind):
    kind(lambda run: write("again"))
    row = later(session)
    row.attempts = running.MOST_ATTEMPTS
    session.commit()

    running.execute(row.id)

    session.refresh(row)
    assert row.state is JobState.FAILED
    assert "5" in say(row.fault, row.fault_params)
    assert written(session) == []


class Outside:
    """A real worker process on the bare application of `worker_process`, watched from outside through SQLite."""

    def __init__(self, folder):
        self.folder = folder
        self.app = worker_process.make_app(folder)
        self.database = sqlite3.connect(folder / "worker.db", timeout=60, isolation_level=None)
        self.process = None

    def plan(self, **params):
        with self.app.app_context():
            jobs.enqueue("write-slowly", title="x", params=params, by=None, program_id=None, now=utcnow())
            db.session.commit()

    def start(self):
        command = [sys.executable, "-m", "tests.kernel.worker_process", str(self.folder)]
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def job(self):
        return self.database.execute("SELECT state, done, attempts, counts FROM job").fetchone()

    def numbers(self):
        return [number for (number,) in self.database.execute("SELECT number FROM written ORDER BY number")]

    def until(self, condition, seconds=180):
        """Wait until the job is as it should be, while its worker lives."""
        end = time.monotonic() + seconds
        while not condition(*self.job()):
            assert self.process.poll() is None, (self.folder / "worker.log").read_text()
            assert time.monotonic() < end, self.job()
            time.sleep(0.02)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.kill()
        self.database.close()
        with self.app.app_context():
            db.engine.dispose()


@pytest.fixture
def outside(tmp_path):
    world = Outside(tmp_path)
    yield world
    world.close()


def test_a_worker_killed_in_the_middle_of_a_batch_is_replaced_without_doubling_or_losing_a_row(outside):
    outside.plan(rows=60, seconds=0, hangs_at=24)
    outside.start()
    outside.until(lambda *_: (outside.folder / worker_process.HUNG).exists())
    outside.kill()
    assert outside.job()[:3] == ("running", 20, 1)
    assert outside.numbers() == list(range(20))
    time.sleep(worker_process.STALE_SECONDS + 0.1)

    outside.start()
    outside.until(lambda state, *_: state == "done")

    assert outside.job() == ("done", 60, 2, '{"written": 60}')
    assert outside.numbers() == list(range(60))


def test_people_can_write_while_a_long_job_runs(outside):
    outside.plan(rows=2000, seconds=0.02)
    outside.start()
    outside.until(lambda state, done, *_: done >= 10)
    waits = []  # how many rows the job wrote meanwhile: a busy machine makes both slower
    for _turn in range(10):
        before = outside.job()[1]
        outside.database.execute("BEGIN IMMEDIATE")
        outside.database.execute("COMMIT")
        waits.append(outside.job()[1] - before)
        time.sleep(0.13)  # so that the next turn meets a batch under way

    assert outside.job()[0] == "running"
    assert sum(waits) < 400, waits


# --- configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "storage"),
    [(None, "SqliteStorage"), ("postgresql+psycopg://u:p@h/db", "PostgresStorage")],
)
def test_the_queue_is_chosen_by_configuration_alone(app, tmp_path, url, storage, monkeypatch):
    from huey.storage import PostgresStorage

    monkeypatch.setattr(PostgresStorage, "initialize_schema", lambda self: None, raising=False)
    app.config.update(HUEY_IMMEDIATE=False, JOBS_URL=url, INSTANCE_PATH=str(tmp_path))

    made = queue.make_huey(app)

    assert type(made.storage).__name__ == storage
    if url:
        assert made.storage.dsn == "postgresql://u:p@h/db"
    made.storage.close()


def test_an_address_of_no_queue_is_refused(app):
    app.config.update(HUEY_IMMEDIATE=False, JOBS_URL="mysql://h/db")

    with pytest.raises(ValueError, match="mysql"):
        queue.make_huey(app)


def test_a_message_that_somebody_else_put_into_the_queue_is_not_believed(app, tmp_path):
    import pickle

    app.config.update(HUEY_IMMEDIATE=False, INSTANCE_PATH=str(tmp_path))
    made = queue.make_huey(app)

    with pytest.raises(ValueError, match=r"[Ss]ignature|Separator"):
        made.deserialize_task(pickle.dumps("x"))
    made.storage.close()
