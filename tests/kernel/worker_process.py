"""A worker as its own process, on a bare application with one job: `python -m tests.kernel.worker_process FOLDER`."""

import sys
import time
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, current_app
from flask_babel import Babel

from trainmgr.kernel import jobs
from trainmgr.kernel.db import db, prepare_engine
from trainmgr.kernel.jobs import queue

STALE_SECONDS = 4
HUNG = "hung"  # the file that says that the job stands still
# What the job wrote; nothing in it forbids doubles, so that a test can see them.
WRITTEN = sa.Table("written", sa.MetaData(), sa.Column("number", sa.Integer))


@jobs.job("write-slowly")
def write_slowly(run):
    """Write a row for each number, ten to a batch; stand still in the middle of one, once, where `hangs_at` says so."""
    hung = Path(current_app.instance_path) / HUNG
    for batch in run.batches(range(run.params["rows"]), size=10):
        for number in batch:
            db.session.execute(WRITTEN.insert().values(number=number))
            time.sleep(run.params["seconds"])
            if number == run.params.get("hangs_at") and not hung.exists():
                hung.touch()
                time.sleep(600)
        run.count(written=len(batch))


def make_app(folder):
    """The kernel's database and jobs, and nothing else."""
    app = Flask("worker", instance_path=str(folder))
    app.config.update(
        SECRET_KEY="only for tests",
        INSTANCE_PATH=str(folder),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/worker.db",
        JOBS_STALE_SECONDS=STALE_SECONDS,
    )
    db.init_app(app)
    Babel(app)
    jobs.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        db.metadata.create_all(db.engine, tables=[jobs.Job.__table__])
        WRITTEN.create(db.engine, checkfirst=True)
    return app


if __name__ == "__main__":
    queue.work(make_app(sys.argv[1]))
