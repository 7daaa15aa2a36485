"""HTTP of the jobs: what waits, runs, broke off; run again, stop."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.jobs import JobState
from trainmgr.kernel.paging import Listing
from trainmgr.operation import deeds, looking, state
from trainmgr.operation.frame import bp

P = Permission


@bp.get("/operation/jobs")
@requires(P.INSTALLATION_RUN)
def list_jobs():
    """Show jobs, newest first, and whether a worker lives."""
    chosen = looking.chosen_state()
    return render_template(
        "operation/jobs.html",
        page=looking.page_of_jobs(current_user, chosen, Listing.from_request()),
        counts=looking.counts_of_jobs(current_user),
        states=JobState,
        chosen=chosen,
        worker_late=state.worker_is_late(utcnow()),
    )


@bp.post("/operation/jobs/<int:job_id>/again")
@requires(P.INSTALLATION_RUN)
def run_job_again(job_id):
    """Let a job go on where it was left."""
    job = looking.job_or_404(job_id, current_user)
    deeds.run_again(job, by=current_user, now=utcnow())
    flash(_("The job goes on where it was left."), "success")
    return redirect(url_for(".list_jobs"))


@bp.post("/operation/jobs/<int:job_id>/stop")
@requires(P.INSTALLATION_RUN)
def stop_job(job_id):
    """Ask a job to stop."""
    job = looking.job_or_404(job_id, current_user)
    deeds.stop(job, by=current_user, now=utcnow())
    flash(_("The job stops after what it has at hand."), "success")
    return redirect(url_for(".list_jobs"))
