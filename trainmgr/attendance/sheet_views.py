"""HTTP of attendance by Excel: template, upload, what was wrong."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.attendance import sheet
from trainmgr.attendance.frame import PROGRAM, SESSION, bp, page_of, program_for, session_to_take
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.sheets import send_workbook, write_workbook
from trainmgr.timetable.labels import module_name

TAKE = Permission.ATTENDANCE_TAKE


@bp.get(f"{SESSION}/attendance.xlsx")
@requires(TAKE)
def download_template(program_id, session_id):
    """Hand out the class of a session as a sheet to fill in."""
    _program, session = session_to_take(program_id, session_id)
    data = write_workbook(
        sheet.COLUMNS, sheet.template_rows(session), title=_("Attendance"),
        notes=[_("One row for each trainee; an empty cell says nothing of them.")],
    )  # fmt: skip
    name = _(
        "Attendance %(module)s %(day)s.xlsx", module=module_name(session.module), day=session.day.isoformat()
    )
    return send_workbook(data, name)


def _sheet_page(program, session, status=200, fault=None, job=None):
    return page_of("sheet", program, status, session=session, fault=fault, job=job)


@bp.get(f"{SESSION}/sheet")
@requires(TAKE)
def new_sheet(program_id, session_id):
    """Show where to send the filled sheet."""
    return _sheet_page(*session_to_take(program_id, session_id))


@bp.post(f"{SESSION}/sheet")
@requires(TAKE)
def take_sheet(program_id, session_id):
    """Take a filled sheet in."""
    program, session = session_to_take(program_id, session_id)
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _sheet_page(program, session, 422, fault=_("Choose the filled sheet."))
    try:
        job = sheet.take_in(
            program, session, upload.stream.read(), upload.filename, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _sheet_page(program, session, refusal.status, fault=str(refusal))
    if not job.counts["wrong"]:
        flash(_("%(written)s noted from the sheet.", written=job.counts["written"]), "success")
        return redirect(url_for(".show_register", program_id=program_id, session_id=session_id))
    return redirect(url_for(".show_sheet", program_id=program_id, job_id=job.id))


@bp.get(f"{PROGRAM}/sheets/<int:job_id>")
@requires(TAKE)
def show_sheet(program_id, job_id):
    """Show what became of a sheet, with its wrong rows to take along."""
    program = program_for(program_id, TAKE)
    job = sheet.sheet_or_404(program, job_id, current_user)
    _program, session = session_to_take(program_id, job.params["session"])
    return _sheet_page(program, session, job=job)


@bp.get(f"{PROGRAM}/sheets/<int:job_id>/wrong.xlsx")
@requires(TAKE)
def download_wrong_rows(program_id, job_id):
    """Hand back the rows that were wrong, each with its reason."""
    job = sheet.sheet_or_404(program_for(program_id, TAKE), job_id, current_user)
    stored = sheet.wrong_rows_of(job)
    return file_response(stored) if stored else abort(404)
