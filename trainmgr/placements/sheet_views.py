"""HTTP of placements from Excel: template, upload, how it would be read, how far it is, wrong rows."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from trainmgr.kernel import drafts, intake, jobs, sheets
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.sheets import send_workbook
from trainmgr.placements import sheet
from trainmgr.placements.frame import PROGRAM, bp, page_of, program_for

P = Permission
SHEET = f"{PROGRAM}/sheet"


class SheetForm(FlaskForm):
    """A sheet of placements."""

    file = FileField(validators=[FileRequired()])


def _to_list(program_id):
    return redirect(url_for(".list_placements", program_id=program_id))


def _draft(program, draft_id):
    return drafts.draft_or_404(draft_id, kind=sheet.KIND, by=current_user, program_id=program.id)


@bp.get(SHEET)
@requires(P.PLACEMENT_EDIT)
def new_sheet(program_id):
    """Show where to upload placements, and the template for them."""
    return page_of("sheet", program_for(program_id, P.PLACEMENT_EDIT))


@bp.post(SHEET)
@requires(P.PLACEMENT_EDIT)
def upload_sheet(program_id):
    """Take a sheet and lead to the page that shows how it would be read."""
    program, form = program_for(program_id, P.PLACEMENT_EDIT), SheetForm()
    if not form.validate():
        return page_of("sheet", program, 422, broken=_("Choose the file to import."))
    try:
        draft = sheet.keep_upload(
            program, form.file.data.stream.read(), filename=form.file.data.filename, by=current_user, now=utcnow()
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("sheet", program, broken.status, broken=broken)
    return redirect(url_for(".show_sheet", program_id=program_id, sheet_id=draft.id))


@bp.get(f"{SHEET}/template.xlsx")
@requires(P.PLACEMENT_EDIT)
def download_sheet_template(program_id):
    """Download the sheet with the trainees who have no placement yet."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    data = sheet.template(program, current_user)
    return send_workbook(data, _("Placements %(program)s.xlsx", program=program.name))


@bp.get(f"{SHEET}/drafts/<int:sheet_id>")
@requires(P.PLACEMENT_EDIT)
def show_sheet(program_id, sheet_id):
    """Show which column is taken for what, and the first rows as they would be read."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    draft, columns = _draft(program, sheet_id), sheet.sheet_columns(sheet.posts_of(program))
    try:
        look = drafts.look_into(draft, columns)
    except RuleBroken as broken:
        return page_of("sheet", program, broken.status, broken=broken)
    reader = sheet.reader_of(program, current_user)
    rows = [(record, reader.understand(record)) for record in look.records]
    return page_of("sheet_draft", program, draft=draft, look=look, rows=rows, columns=columns)


@bp.post(f"{SHEET}/drafts/<int:sheet_id>")
@requires(P.PLACEMENT_EDIT)
def settle_sheet(program_id, sheet_id):
    """Keep how a sheet is to be read, and look again, or read it in the background."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    draft, columns = _draft(program, sheet_id), sheet.sheet_columns(sheet.posts_of(program))
    is_settled = drafts.settle(draft, request.form, columns)
    if sheets.missing_in(draft.places or {}, columns) or not is_settled:
        return redirect(url_for(".show_sheet", program_id=program_id, sheet_id=sheet_id))
    sheet.start_import(program, draft, by=current_user, now=utcnow())
    return _to_list(program_id)


@bp.post(f"{SHEET}/drafts/<int:sheet_id>/away")
@requires(P.PLACEMENT_EDIT)
def put_sheet_away(program_id, sheet_id):
    """Delete an upload that is not to be read."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    drafts.put_away(_draft(program, sheet_id))
    flash(_("The uploaded file is deleted; nothing was read."), "success")
    return redirect(url_for(".new_sheet", program_id=program_id))


@bp.get(f"{SHEET}/imports/<int:job_id>")
@requires(P.PLACEMENT_EDIT)
def show_sheet_import(program_id, job_id):
    """Show how far an import is: the box alone for the page that asks again, else the list."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    job = intake.job_or_404(sheet.KIND, job_id, current_user, program.id)
    if not request.headers.get("HX-Request"):
        return _to_list(program_id)
    return render_template("placements/_job.html", program=program, job=job)


@bp.get(f"{SHEET}/imports/<int:job_id>/wrong.xlsx")
@requires(P.PLACEMENT_EDIT)
def download_sheet_faults(program_id, job_id):
    """Download the rows that were wrong so far, each with its reason."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    job = intake.job_or_404(sheet.KIND, job_id, current_user, program.id)
    return send_workbook(
        intake.faults_workbook(job), _("Rows to correct %(name)s.xlsx", name=job.params["name"])
    )


@bp.post(f"{SHEET}/imports/<int:job_id>/<any(stop, restart, away):move>")
@requires(P.PLACEMENT_EDIT)
def handle_sheet_import(program_id, job_id, move):
    """Stop an import, let it go on, or delete what it left."""
    program, now = program_for(program_id, P.PLACEMENT_EDIT), utcnow()
    job = intake.job_or_404(sheet.KIND, job_id, current_user, program.id)
    if move == "away":
        intake.put_away(job)
    else:
        (jobs.stop if move == "stop" else jobs.restart)(job, now=now)
    return _to_list(program_id)
