"""Two web hosts, workers, PostgreSQL and Redis, under load: one after the other goes, and nothing is lost.

Each host is a network namespace of its own where these can be made. Trainees hand in logs through whichever host
answers, and send one again until it is acknowledged, as the queue of a phone does; others read. Meanwhile a web host
dies (-9), then the worker in the middle of a roster's import, then PostgreSQL is restarted, then Redis dies, then a web
host's cable is pulled and put in again.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.databases import POSTGRES_HINT, postgres_binaries
from tests.hosts.hosts import until
from tests.hosts.importing import plan_import
from tests.hosts.load import go_on, working
from tests.redises import REDIS_HINT, redis_is_possible
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.jobs.running import claimable
from trainmgr.practice.models import LogState, PracticeLog

ROWS = 2000


def job_of(app, job_id):
    with app.app_context():
        row = db.session.get_one(Job, job_id)
        return row.state, row.done, row.attempts


def is_given_up(app, job_id):
    """Whether the job's worker has been silent for so long that another may take it."""
    with app.app_context():
        return (
            db.session.scalar(sa.select(Job.id).where(Job.id == job_id, claimable(datetime.now(UTC))))
            is not None
        )


@pytest.mark.skipif(os.name == "nt" or postgres_binaries() is None, reason=POSTGRES_HINT)
@pytest.mark.skipif(not redis_is_possible(), reason=REDIS_HINT)
def test_no_acknowledged_write_is_lost_or_doubled_whatever_is_killed(installation, load):
    installation.begin_web("first")
    installation.begin_web("second")
    installation.start_worker()
    for web in installation.webs.values():
        until(lambda web=web: installation.answers(web), "a web host's answer")
    with working(load):
        go_on(load)

        installation.kill_web("first")
        go_on(load)
        installation.begin_web("first")

        program_id, job_id = plan_import(installation.app, load.staff_id, ROWS)
        until(lambda: 0 < job_of(installation.app, job_id)[1] < ROWS, "an import under way")
        installation.kill_worker()
        state, done, attempts = job_of(installation.app, job_id)
        assert state is JobState.RUNNING
        assert attempts == 1
        go_on(load)
        until(lambda: is_given_up(installation.app, job_id), "the silence of its heartbeat")
        installation.start_worker("worker2")

        until(lambda: job_of(installation.app, job_id)[1] > done, "the import going on")
        installation.stop_database()
        installation.start_database()
        go_on(load)
        until(lambda: job_of(installation.app, job_id)[0] is JobState.DONE, "the end of the import")

        installation.redis.stop()
        go_on(load)
        installation.redis.start()
        until(lambda: installation.answers(installation.webs["first"]), "the first web host's answer")
        if installation.network.can_cut:
            installation.network.cut("second")
            go_on(load)
            installation.network.mend("second")
            until(
                lambda: installation.answers(installation.webs["second"]),
                "the answer of the host that was cut off",
            )
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
    where = "namespaces" if installation.network.can_cut else "processes"
    told = f"{len(load.acknowledged)} logs; statuses {dict(load.statuses)}"
    print(f"{where}: {told}; longest wait {max(load.away):.1f} s")
