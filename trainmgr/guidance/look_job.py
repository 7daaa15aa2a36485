"""A look for signs beside the request: asked for by somebody, one at a time, its result shown for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.enrolment.places import lock_places
from trainmgr.guidance import looking
from trainmgr.identity.models import User
from trainmgr.kernel import jobs
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

LOOKING = "risk-look"
SHOWN = {JobState.DONE: timedelta(minutes=10), JobState.FAILED: timedelta(days=1)}


def request_look(program: Program, *, by: User, now: datetime) -> Job:
    """Plan a look at everybody in training; asked again while it is under way, it is the same one."""
    require_open(program, Work.PRACTICE)
    lock_places(program.id)  # of two who ask at the same moment, the second finds the first one's job
    job = find_look(program)
    if job is not None and job.is_live:
        return job
    return jobs.enqueue(
        LOOKING,
        title=_("Looking for trainees who may need help"),
        params={},
        by=by,
        program_id=program.id,
        now=now,
    )


def find_look(program: Program) -> Job | None:
    """Return the last look that somebody asked for."""
    newest = sa.select(sa.func.max(Job.id)).where(Job.program_id == program.id, Job.kind == LOOKING)
    found: Job | None = db.session.scalar(sa.select(Job).where(Job.id == newest.scalar_subquery()))
    return found


def shown_look(program: Program, now: datetime) -> Job | None:
    """Return the look that the list tells of: under way, done in the last ten minutes or broken off within a day."""
    job = find_look(program)
    if job is None or job.is_live:
        return job
    ended, shown = job.finished_at, SHOWN.get(job.state)
    return job if ended and shown and ended > now - shown else None


@jobs.job(LOOKING)
def look_in_background(run: jobs.JobRun) -> None:
    """Look piece by piece; started again, it goes through everybody once more and doubles nothing."""
    if run.checkpoint.get("looked"):
        return
    program = db.session.get_one(Program, run.program_id)
    by = db.session.get(User, run.created_by) if run.created_by else None
    before = run.counts.get("new", 0), run.counts.get("gone", 0)
    for piece in looking.look_in_pieces(program, by=by, now=utcnow(), before=before):
        done = {"looked": True} if piece.last else None
        run.progress(piece.done, piece.total, checkpoint=done, new=piece.new, gone=piece.gone)
