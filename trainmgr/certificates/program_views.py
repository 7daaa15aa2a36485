"""HTTP of a programme's certificates of completion: the list, issuing to one, many or all, all PDFs at once."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.certificates import batches, issuing, program_queries
from trainmgr.certificates.frame import PROGRAM, bp, deed, program_for, program_page
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may

P = Permission


def _list_page(program, status=200, broken=None):
    chosen = {key: request.args.get(key, "")[:20] for key in ("class", "state")}
    may_issue = may(program, current_user, P.CERTIFICATE_ISSUE) and program.state in issuing.OPEN_IN
    return program_page(
        "program", program, status, may_issue=may_issue, broken=broken,
        page=program_queries.list_program(program, current_user, Listing.from_request(), chosen),
        figures=program_queries.figures_of(program, current_user),
        class_options=[(one.id, one.name) for one in cohorts(program.id)],
        jobs=batches.shown(program, current_user),
    )  # fmt: skip


@bp.get(PROGRAM)
@requires(P.CERTIFICATE_VIEW)
def list_program_certificates(program_id):
    """Show who passed, who holds a certificate, and who has none yet."""
    return _list_page(program_for(program_id))


def _to_list(program_id):
    return redirect(url_for(".list_program_certificates", program_id=program_id))


def _done(made):
    flash(ngettext("%(num)s certificate issued.", "%(num)s certificates issued.", len(made)), "success")


@bp.post(f"{PROGRAM}/issue")
@requires(P.CERTIFICATE_ISSUE)
def issue_certificates(program_id):
    """Issue certificates to the chosen trainees, as far as they passed and have none."""
    program = program_for(program_id, P.CERTIFICATE_ISSUE)
    ids = [number for value in request.form.getlist("id")[:500] if (number := whole(value)) is not None]
    if not ids:
        return _list_page(program, 422, RuleBroken(_("Choose trainees first.")))
    try:
        made = issuing.issue(program, ids, deed())
    except RuleBroken as broken:
        return _list_page(program, broken.status, broken)
    _done(made)
    return _to_list(program_id)


@bp.post(f"{PROGRAM}/issue-all")
@requires(P.CERTIFICATE_ISSUE)
def issue_to_all(program_id):
    """Issue certificates to everybody who passed and has none; many of them by a job."""
    program = program_for(program_id, P.CERTIFICATE_ISSUE)
    try:
        made = batches.issue_all(program, deed())
    except RuleBroken as broken:
        return _list_page(program, broken.status, broken)
    if isinstance(made, list):
        _done(made)
    return _to_list(program_id)


# --- jobs ----------------------------------------------------------------------------------------


@bp.post(f"{PROGRAM}/archive")
@requires(P.CERTIFICATE_VIEW)
def ask_for_archive(program_id):
    """Write all PDFs that the reader may see into one archive, beside the request."""
    program = program_for(program_id, P.CERTIFICATE_VIEW)
    try:
        batches.start_zip(program, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _list_page(program, broken.status, broken)
    return _to_list(program_id)


@bp.get(f"{PROGRAM}/jobs/<int:job_id>")
@requires(P.CERTIFICATE_VIEW)
def show_batch(program_id, job_id):
    """Show how far a job is: the box alone for the page that asks again, else the list."""
    program = program_for(program_id, steps=False)
    job = batches.job_or_404(program, job_id, current_user)
    if not request.headers.get("HX-Request"):
        return _to_list(program_id)
    return render_template("certificates/_batch.html", program=program, job=job)


@bp.get(f"{PROGRAM}/jobs/<int:job_id>/certificates.zip")
@requires(P.CERTIFICATE_VIEW)
def download_archive(program_id, job_id):
    """Download the archive."""
    job = batches.job_or_404(program_for(program_id, steps=False), job_id, current_user)
    return file_response(batches.content_of(job))


@bp.post(f"{PROGRAM}/jobs/<int:job_id>/<any(stop, restart, away):move>")
@requires(P.CERTIFICATE_VIEW)
def handle_batch(program_id, job_id, move):
    """Stop a job, let it go on, or put away what it left."""
    job = batches.job_or_404(program_for(program_id, steps=False), job_id, current_user)
    if move == "away":
        batches.put_away(job) if not job.is_live else abort(409)
    else:
        (jobs.stop if move == "stop" else jobs.restart)(job, now=utcnow())
    return _to_list(program_id)
