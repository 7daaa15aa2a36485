"""HTTP of OneRoster: write the files, upload some, see what would become of them, take them in."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.exchange import arriving, keeping, labels, leaving, mending
from trainmgr.exchange.frame import COLLEGE, bp, college_for, overview
from trainmgr.exchange.rules import Outcome
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.sheets import send_workbook

P = Permission
JOB = f"{COLLEGE}/jobs/<int:job_id>"
IMPORT = f"{COLLEGE}/imports/<int:job_id>"


def _to_overview(organization_id):
    return redirect(url_for(".show_exchange", organization_id=organization_id))


def _job(organization_id, job_id, kinds=(*keeping.WRITTEN, *keeping.READ)):
    college = college_for(organization_id)
    return college, keeping.job_or_404(college, job_id, current_user, kinds)


@bp.post(f"{COLLEGE}/roster")
@requires(P.INTEGRATION_MANAGE)
def start_roster(organization_id):
    """Have the college's OneRoster files written."""
    leaving.start_export(college_for(organization_id), by=current_user, now=utcnow())
    return _to_overview(organization_id)


@bp.post(f"{COLLEGE}/imports")
@requires(P.INTEGRATION_MANAGE)
def upload_roster(organization_id):
    """Take OneRoster files, as an archive or one by one, and look at them in the background."""
    college = college_for(organization_id)
    uploads = [
        (one.filename or "", one.stream.read()) for one in request.files.getlist("files") if one.filename
    ]
    try:
        job = arriving.keep_upload(college, uploads, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return overview(college, broken.status, broken=broken)
    return redirect(url_for(".show_import", organization_id=college.id, job_id=job.id))


@bp.get(JOB)
@requires(P.INTEGRATION_MANAGE)
def show_job(organization_id, job_id):
    """Show how far a job is: the box alone for the page that asks again, else the page that it stands on."""
    college, job = _job(organization_id, job_id)
    if request.headers.get("HX-Request"):
        return render_template("exchange/_job.html", organization=college, job=job, labels=labels)
    if job.kind in keeping.READ:
        return redirect(url_for(".show_import", organization_id=college.id, job_id=job.id))
    return _to_overview(organization_id)


@bp.get(f"{JOB}/file")
@requires(P.INTEGRATION_MANAGE)
def download_result(organization_id, job_id):
    """Download what a job has written."""
    _college, job = _job(organization_id, job_id, keeping.WRITTEN)
    data, name, media_type = keeping.result_of(job)
    return send_workbook(data, name, media_type=media_type)


@bp.post(f"{JOB}/stop")
@requires(P.INTEGRATION_MANAGE)
def stop_job(organization_id, job_id):
    """Stop a job; what it has taken in stays."""
    college, job = _job(organization_id, job_id)
    jobs.stop(job, now=utcnow())
    return redirect(url_for(".show_job", organization_id=college.id, job_id=job.id))


@bp.post(f"{JOB}/again")
@requires(P.INTEGRATION_MANAGE)
def restart_job(organization_id, job_id):
    """Let a job that was stopped or broke off go on where it was left."""
    college, job = _job(organization_id, job_id)
    jobs.restart(job, now=utcnow())
    return redirect(url_for(".show_job", organization_id=college.id, job_id=job.id))


@bp.post(f"{JOB}/away")
@requires(P.INTEGRATION_MANAGE)
def put_job_away(organization_id, job_id):
    """Delete what a job has left here."""
    _college, job = _job(organization_id, job_id)
    keeping.put_away(job)
    flash(_("Nothing of it is kept here any more."), "success")
    return _to_overview(organization_id)


@bp.get(IMPORT)
@requires(P.INTEGRATION_MANAGE)
def show_import(organization_id, job_id):
    """Show what would become, or became, of the lines of an upload."""
    college, job = _job(organization_id, job_id, keeping.READ)
    chosen = request.args.get("outcome", "")
    return render_template(
        "exchange/import.html", organization=college, job=job, labels=labels, chosen=chosen, outcomes=Outcome,
        lines=mending.lines_of(job, chosen), most=mending.MOST_SHOWN,
    )  # fmt: skip


@bp.post(f"{IMPORT}/take")
@requires(P.INTEGRATION_MANAGE)
def take_import(organization_id, job_id):
    """Take in what was looked at, in the background."""
    college, job = _job(organization_id, job_id, (keeping.ROSTER_LOOK,))
    taken = arriving.take_in(college, job, by=current_user, now=utcnow())
    return redirect(url_for(".show_import", organization_id=college.id, job_id=taken.id))


@bp.get(f"{IMPORT}/wrong")
@requires(P.INTEGRATION_MANAGE)
def download_wrong_lines(organization_id, job_id):
    """Download the lines that were wrong, each with its reason, to be mended and sent again."""
    _college, job = _job(organization_id, job_id, keeping.READ)
    return send_workbook(
        mending.wrong_lines(job), _("OneRoster lines to mend") + ".zip", media_type=leaving.ZIP
    )
