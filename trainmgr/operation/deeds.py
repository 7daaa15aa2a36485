"""What an administrator does with a job, and its words in the trail."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import jobs
from trainmgr.kernel.audit import record, require, sentence
from trainmgr.kernel.jobs import Job, JobState

AGAIN = sentence("job.started_again", _l("%(who)s started the job %(what)s again"))
STOPPED = sentence("job.stop_asked", _l("%(who)s asked the job %(what)s to stop"))


def run_again(job: Job, *, by: User, now: datetime) -> None:
    """Let a job that broke off or was stopped go on where it was left."""
    require(
        job.state in (JobState.FAILED, JobState.STOPPED),
        _("Only a job that broke off or was stopped is started again."),
    )
    jobs.restart(job, now=now)
    record(AGAIN, job, by=by, now=now, program_id=job.program_id, name=job.title)


def stop(job: Job, *, by: User, now: datetime) -> None:
    """Ask a waiting or running job to stop after the batch at hand."""
    require(job.is_live, _("This job is over; there is nothing to stop."))
    jobs.stop(job, now=now)
    record(STOPPED, job, by=by, now=now, program_id=job.program_id, name=job.title)
