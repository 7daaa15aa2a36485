"""A worker that is killed (`kill -9`) while it reads a roster of 12,000: the next one ends with all, and no double."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from tests.bench.rostering import arrange, roster
from tests.enrolment.killed_worker import make_app
from trainmgr import ROOT
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState, running
from trainmgr.programs.models import ProgramPerson

PEOPLE = 12_000
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(os.name == "nt", reason="ends processes by signals"),
]


@pytest.fixture
def waiting(tmp_path):
    """An installation on SQLite with a long roster that waits for its worker."""
    app = make_app(tmp_path)
    with app.app_context():
        db.create_all()
    job_id = arrange(app, roster(PEOPLE)).job_id
    yield app, job_id
    with app.app_context():
        db.engine.dispose()


def state_of(app, job_id):
    with app.app_context():
        job = db.session.get(Job, job_id)
        return job.state, job.done, job.attempts


def test_a_worker_killed_in_the_middle_is_followed_by_one_that_ends_with_everybody_once(waiting, tmp_path):
    app, job_id = waiting
    command = [sys.executable, "-m", "tests.enrolment.killed_worker", str(tmp_path), str(job_id)]
    worker = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + 240
    while state_of(app, job_id)[1] < PEOPLE // 3 and time.monotonic() < deadline and worker.poll() is None:
        time.sleep(0.02)
    os.killpg(worker.pid, signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL, "it had ended before it was killed"
    state, done, attempts = state_of(app, job_id)
    assert (state, attempts) == (JobState.RUNNING, 1)
    assert PEOPLE // 3 <= done < PEOPLE

    time.sleep(1.1)  # its heartbeat is silent for longer than this installation waits
    with app.app_context():
        running.execute(job_id)

    with app.app_context():
        job = db.session.get(Job, job_id)
        assert (job.state, job.done, job.attempts) == (JobState.DONE, PEOPLE, 2), job.fault
        assert (job.counts["written"], job.counts["already"], job.counts["wrong"]) == (PEOPLE, 0, 0)
        for what in (Enrolment.id, RosterEntry.row, ProgramPerson.id):
            assert count(what) == PEOPLE
        assert count(Membership.id, Membership.role == Role.TRAINEE) == PEOPLE
        assert count(User.id_number_digest.distinct(), User.id_number_digest.is_not(None)) == PEOPLE
        assert count(Enrolment.student_number.distinct()) == PEOPLE
        assert count(Cohort.id) == PEOPLE // 50


def count(what, *which):
    return db.session.scalar(sa.select(sa.func.count(what)).where(*which))
