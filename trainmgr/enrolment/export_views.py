"""HTTP of rosters that leave the house: the real-name roster and its columns, long exports in the background."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment import queries, real_names, roster, sending
from trainmgr.enrolment.forms import ReasonForm, roster_filter
from trainmgr.enrolment.frame import page_of, program_for, to_roster
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import send_workbook

exports_bp = Blueprint("exports", __name__, url_prefix="/programs/<int:program_id>/roster")


def _real_names_page(program, form, q, status=200, **context):
    columns, _version = real_names.layout_of(program.lead_college_id)
    chosen = roster_filter()
    return page_of(
        "real_names", program, status, form=form, columns=columns, chosen=chosen, q=q,
        people=roster.count_of(program, current_user, q=q, chosen=chosen, by_id_tail=True),
        may_lay_out=_may_lay_out(program), **context,
    )  # fmt: skip


def _may_lay_out(program):
    return program.lead_college_id in current_user.organizations_where(Permission.ENROLMENT_UNMASK)


@exports_bp.get("/real-names")
@requires(Permission.ENROLMENT_UNMASK)
def confirm_real_names(program_id):
    """Show what the real-name roster will hold, and ask what it is needed for."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    return _real_names_page(program, ReasonForm(formdata=None), Listing.from_request().q)


@exports_bp.post("/real-names")
@requires(Permission.ENROLMENT_UNMASK)
def export_real_names(program_id):
    """Write the real-name roster in the background; who wanted it and why is recorded."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    form, q = ReasonForm(), request.form.get("q", "")[:100]
    if not form.validate():
        return _real_names_page(program, form, q, 422)
    return _start(program, sending.REAL, q, form.reason.data)


def _start(program, what, q, reason=""):
    sending.start_export(program, what, roster_filter(), q=q, reason=reason, by=current_user, now=utcnow())
    return to_roster(program.id)


@exports_bp.get("/long")
@requires(Permission.PEOPLE_VIEW)
def confirm_long_export(program_id):
    """Say that so many people are written in the background."""
    program = program_for(program_id, Permission.PEOPLE_VIEW)
    chosen, q = roster_filter(), Listing.from_request().q
    people = roster.count_of(program, current_user, q=q, chosen=chosen, by_id_tail=True)
    return page_of("long_export", program, chosen=chosen, q=q, people=people)


@exports_bp.post("/long")
@requires(Permission.PEOPLE_VIEW)
def start_long_export(program_id):
    """Write the roster as it is narrowed in the background, ID numbers masked."""
    program = program_for(program_id, Permission.PEOPLE_VIEW)
    return _start(program, sending.MASKED, request.form.get("q", "")[:100])


@exports_bp.get("/exports/<int:job_id>")
@requires(Permission.PEOPLE_VIEW)
def show_export(program_id, job_id):
    """Show how far an export is: the box alone for the page that asks again, else the roster."""
    program = program_for(program_id, Permission.PEOPLE_VIEW, steps=False)
    job = sending.export_or_404(program, job_id, current_user)
    if not request.headers.get("HX-Request"):
        return to_roster(program_id)
    return render_template("enrolment/_export.html", program=program, export=job)


@exports_bp.get("/exports/<int:job_id>/file.xlsx")
@requires(Permission.PEOPLE_VIEW)
def download_export(program_id, job_id):
    """Download a roster that was written in the background."""
    program = program_for(program_id, Permission.PEOPLE_VIEW, steps=False)
    job = sending.export_or_404(program, job_id, current_user)
    return send_workbook(sending.content_of(job), job.params["name"])


@exports_bp.post("/exports/<int:job_id>/stop")
@requires(Permission.PEOPLE_VIEW)
def stop_export(program_id, job_id):
    """Stop the writing of a roster."""
    program = program_for(program_id, Permission.PEOPLE_VIEW, steps=False)
    jobs.stop(sending.export_or_404(program, job_id, current_user), now=utcnow())
    return to_roster(program_id)


@exports_bp.post("/exports/<int:job_id>/away")
@requires(Permission.PEOPLE_VIEW)
def put_export_away(program_id, job_id):
    """Delete a written roster."""
    program = program_for(program_id, Permission.PEOPLE_VIEW, steps=False)
    job = sending.export_or_404(program, job_id, current_user)
    if job.is_live:
        raise RuleBroken(_("The roster is still being written. Stop it first."))
    sending.put_away(job)
    flash(_("The exported file is deleted here."), "success")
    return to_roster(program_id)


# --- the columns ---------------------------------------------------------------------------------


def _layout_page(program, columns, version, status=200, faults=(), broken=None):
    return page_of(
        "layout", program, status, columns=columns, version=version, faults=faults, broken=broken,
        sources=real_names.SOURCES, fixed=real_names.TEXT, most=real_names.MOST_COLUMNS,
    )  # fmt: skip


@exports_bp.get("/real-names/columns")
@requires(Permission.ENROLMENT_UNMASK)
def edit_layout(program_id):
    """Show which columns the college's real-name roster has."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    if not _may_lay_out(program):
        abort(403)
    return _layout_page(program, *real_names.layout_of(program.lead_college_id))


@exports_bp.post("/real-names/columns")
@requires(Permission.ENROLMENT_UNMASK)
def save_layout(program_id):
    """Set the columns of the college's real-name roster."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    if not _may_lay_out(program):
        abort(403)
    columns, faults = real_names.read_layout(request.form)
    if faults:
        return _layout_page(program, columns, typed_version(), 422, faults)
    try:
        real_names.set_layout(
            program.lead_college_id, columns, version=typed_version(),
            name=queries.college_name(program.lead_college_id), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        columns, version = real_names.layout_of(program.lead_college_id)
        return _layout_page(program, columns, version, broken.status, broken=broken)
    flash(_("The columns are kept for every programme of your college."), "success")
    return redirect(url_for(".confirm_real_names", program_id=program_id))
