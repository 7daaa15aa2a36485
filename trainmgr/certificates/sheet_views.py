"""HTTP of certificates of others from Excel: template, upload, how it would be read, how far it is, wrong rows."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.certificates import sheet
from trainmgr.certificates.forms import SheetForm
from trainmgr.certificates.frame import PROGRAM, bp, program_for, program_page
from trainmgr.kernel import drafts, intake, jobs, sheets
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.sheets import send_workbook

P = Permission
SHEET = f"{PROGRAM}/external/sheet"


def _to_list(program_id):
    return redirect(url_for(".new_sheet", program_id=program_id))


def _sheet_page(program, status=200, broken=None):
    job = intake.latest_job(sheet.KIND, current_user, program.id)
    return program_page("sheet", program, status, broken=broken, job=job)


def _draft(program, draft_id):
    return drafts.draft_or_404(draft_id, kind=sheet.KIND, by=current_user, program_id=program.id)


@bp.get(SHEET)
@requires(P.CERTIFICATE_RECORD)
def new_sheet(program_id):
    """Show where to upload certificates, the template for them, and how far the last upload is."""
    return _sheet_page(program_for(program_id, P.CERTIFICATE_RECORD))


@bp.post(SHEET)
@requires(P.CERTIFICATE_RECORD)
def upload_sheet(program_id):
    """Take a sheet and lead to the page that shows how it would be read."""
    program, form = program_for(program_id, P.CERTIFICATE_RECORD), SheetForm()
    if not form.validate() or not form.file.data or not form.file.data.filename:
        return _sheet_page(program, 422, _("Choose the file to import."))
    try:
        draft = sheet.keep_upload(
            program, form.file.data.stream.read(), filename=form.file.data.filename, by=current_user, now=utcnow()
        )  # fmt: skip
    except RuleBroken as broken:
        return _sheet_page(program, broken.status, broken)
    return redirect(url_for(".show_sheet", program_id=program_id, sheet_id=draft.id))


@bp.get(f"{SHEET}/template.xlsx")
@requires(P.CERTIFICATE_RECORD)
def download_sheet_template(program_id):
    """Download the sheet with the programme's trainees."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    data = sheet.template(program, current_user)
    return send_workbook(data, _("Certificates to enter %(program)s.xlsx", program=program.name))


@bp.get(f"{SHEET}/drafts/<int:sheet_id>")
@requires(P.CERTIFICATE_RECORD)
def show_sheet(program_id, sheet_id):
    """Show which column is taken for what, and the first rows as they would be read."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    draft, columns = _draft(program, sheet_id), sheet.columns()
    try:
        look = drafts.look_into(draft, columns)
    except RuleBroken as broken:
        return _sheet_page(program, broken.status, broken)
    reader = sheet.reader_of(program, current_user, today())
    rows = [(record, reader.understand(record)) for record in look.records]
    return program_page("sheet_draft", program, draft=draft, look=look, rows=rows, columns=columns)


@bp.post(f"{SHEET}/drafts/<int:sheet_id>")
@requires(P.CERTIFICATE_RECORD)
def settle_sheet(program_id, sheet_id):
    """Keep how a sheet is to be read, and look again, or read it in the background."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    draft, columns = _draft(program, sheet_id), sheet.columns()
    is_settled = drafts.settle(draft, request.form, columns)
    if sheets.missing_in(draft.places or {}, columns) or not is_settled:
        return redirect(url_for(".show_sheet", program_id=program_id, sheet_id=sheet_id))
    sheet.start_import(program, draft, by=current_user, now=utcnow())
    return _to_list(program_id)


@bp.post(f"{SHEET}/drafts/<int:sheet_id>/away")
@requires(P.CERTIFICATE_RECORD)
def put_sheet_away(program_id, sheet_id):
    """Delete an upload that is not to be read."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    drafts.put_away(_draft(program, sheet_id))
    flash(_("The uploaded file is deleted; nothing was read."), "success")
    return redirect(url_for(".new_sheet", program_id=program_id))


@bp.get(f"{SHEET}/imports/<int:job_id>")
@requires(P.CERTIFICATE_RECORD)
def show_sheet_import(program_id, job_id):
    """Show how far an import is: the box alone for the page that asks again, else the upload."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    job = intake.job_or_404(sheet.KIND, job_id, current_user, program.id)
    if not request.headers.get("HX-Request"):
        return _to_list(program_id)
    return render_template("certificates/_import.html", program=program, job=job)


@bp.get(f"{SHEET}/imports/<int:job_id>/wrong.xlsx")
@requires(P.CERTIFICATE_RECORD)
def download_sheet_faults(program_id, job_id):
    """Download the rows that were wrong so far, each with its reason."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    job = intake.job_or_404(sheet.KIND, job_id, current_user, program.id)
    return send_workbook(
        intake.faults_workbook(job), _("Rows to correct %(name)s.xlsx", name=job.params["name"])
    )


@bp.post(f"{SHEET}/imports/<int:job_id>/<any(stop, restart, away):move>")
@requires(P.CERTIFICATE_RECORD)
def handle_sheet_import(program_id, job_id, move):
    """Stop an import, let it go on, or delete what it left."""
    program, now = program_for(program_id, P.CERTIFICATE_RECORD), utcnow()
    job = intake.job_or_404(sheet.KIND, job_id, current_user, program.id)
    if move == "away":
        intake.put_away(job)
    else:
        (jobs.stop if move == "stop" else jobs.restart)(job, now=now)
    return _to_list(program_id)
