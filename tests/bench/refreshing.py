"""How soon one rating stands in the college's figures: `python -m tests.bench.refreshing`, on what `load` filled.

A result of the largest programme is written as a rating would write it. Timed are the commit (which finds out what
reads the row and plans the job) and the job, which computes that over all 50,786 trainees; then the same for a log.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from tests.bench.__main__ import DATABASE

LIMIT = 1.0  # seconds after the request


def _result(session: Any) -> None:
    from trainmgr.evaluation.models import Result
    from trainmgr.programs.models import Program

    largest = sa.select(Program.id).order_by(Program.planned_size.desc(), Program.id).limit(1)
    row = session.scalars(
        sa.select(Result).where(Result.program_id == largest.scalar_subquery()).limit(1)
    ).one()
    row.composite = 4.0 if row.composite != 4.0 else 4.1


def _log(session: Any) -> None:
    from trainmgr.practice.models import PracticeLog

    last = session.scalar(sa.select(sa.func.max(PracticeLog.id)))
    session.execute(sa.update(PracticeLog).where(PracticeLog.id == last).values(state=PracticeLog.state))


def measure(name: str, write: Callable[[Any], None]) -> float:
    """Write, commit, run the job that was planned; prints how long each took, returns the job's seconds."""
    from trainmgr.kernel.db import db
    from trainmgr.kernel.jobs import Job, JobState, running
    from trainmgr.quality import fresh_job

    fresh_job._resting.clear()
    db.session.execute(sa.delete(Job).where(Job.kind == fresh_job.FRESHENING))
    db.session.commit()
    write(db.session)
    begun = time.perf_counter()
    db.session.commit()
    committed = time.perf_counter()
    job = db.session.scalars(sa.select(Job).where(Job.kind == fresh_job.FRESHENING)).one()
    used = time.process_time()
    running.execute(job.id)
    done, cpu = time.perf_counter(), time.process_time() - used
    job = db.session.scalars(sa.select(Job).where(Job.kind == fresh_job.FRESHENING)).one()
    assert job.state is JobState.DONE, job.fault
    print(
        f"{name}: commit {(committed - begun) * 1000:.0f} ms, job {done - committed:.2f} s (CPU {cpu:.2f} s) for "
        f"{', '.join(job.params['measures'])}; left for later: {', '.join(job.checkpoint['later']) or '–'}"
    )
    return done - committed


def main() -> int:
    """Measure both; 1 when a rating takes longer than a second."""
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{DATABASE / 'bench.db'}")
    os.environ.setdefault("TRAINMGR_INSTANCE_PATH", str(DATABASE))
    from trainmgr import create_app

    with create_app().app_context():
        measure("a log, first time", _log)
        measure("a log", _log)
        took = min(measure("a result", _result) for _time in range(3))
    return int(took > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
