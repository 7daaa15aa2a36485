"""HTTP of the spreadsheets of needs: templates, uploads, what became of them, the rows to correct."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken, UploadRefused
from trainmgr.kernel.files import file_response
from trainmgr.kernel.sheets import send_workbook
from trainmgr.needs import imports, queries, ratings, sheets
from trainmgr.needs.forms import SheetForm
from trainmgr.needs.pages import bp, load, may_edit, render
from trainmgr.needs.rules import FEW_RESPONDENTS, MOST, Lane
from trainmgr.needs.sheets import SheetKind

SHEET = "/programs/<int:program_id>/needs/sheets/<kind>"
IMPORT = "/programs/<int:program_id>/needs/imports/<int:job_id>"


def _kind_or_404(text):
    return SheetKind(text) if text in set(SheetKind) else abort(404)


def _upload_page(program, kind, form, *, status=200, refusal=None):
    return render(
        "import",
        program,
        status=status,
        kind=kind,
        form=form,
        refusal=refusal,
        columns=sheets.COLUMNS[kind],
        analysis=queries.analysis_of(program.id),
        most=MOST,
        few=FEW_RESPONDENTS,
    )


@bp.get(SHEET)
@requires(Permission.NEEDS_EDIT)
def new_import(program_id, kind):
    """Offer the template and take the filled-in one."""
    kind = _kind_or_404(kind)
    return _upload_page(load(program_id, kind.lane), kind, SheetForm())


@bp.get(f"{SHEET}/template.xlsx")
@requires(Permission.NEEDS_EDIT)
def download_template(program_id, kind):
    """Hand out the spreadsheet to fill in."""
    kind = _kind_or_404(kind)
    program = load(program_id, kind.lane)
    data = sheets.template(kind, imports.things_named_in(program, kind))
    return send_workbook(data, f"{kind.title}.xlsx")


@bp.post(SHEET)
@requires(Permission.NEEDS_EDIT)
def import_sheet(program_id, kind):
    """Take a filled-in spreadsheet in."""
    kind = _kind_or_404(kind)
    program, form = load(program_id, kind.lane), SheetForm()
    if not form.validate():
        return _upload_page(program, kind, form, status=422)
    upload = form.file.data
    try:
        job = imports.take_in(
            program, kind, upload.stream.read(), upload.filename, by=current_user, now=utcnow()
        )
    except UploadRefused as refusal:
        form.file.errors = [str(refusal)]
        return _upload_page(program, kind, form, status=422)
    except RuleBroken as refusal:
        return _upload_page(program, kind, form, status=409, refusal=refusal)
    return redirect(url_for(".show_import", program_id=program.id, job_id=job.id))


def _import_or_404(program, job_id):
    job = queries.import_or_404(program, job_id, imports.KIND)
    kind = SheetKind(job.params["kind"])
    if kind.lane not in queries.lanes_editable_by(program, current_user):
        abort(403)
    return job, kind


@bp.get(IMPORT)
@requires(Permission.NEEDS_EDIT)
def show_import(program_id, job_id):
    """Tell what became of a spreadsheet."""
    program = load(program_id, *Lane)
    job, kind = _import_or_404(program, job_id)
    return render("import_result", program, job=job, kind=kind)


@bp.get(f"{IMPORT}/box")
@requires(Permission.NEEDS_EDIT)
def show_import_box(program_id, job_id):
    """The box alone, asked for every second while a long spreadsheet is taken in."""
    program = load(program_id, *Lane)
    job, kind = _import_or_404(program, job_id)
    return render_template("needs/_import_box.html", program=program, job=job, kind=kind)


@bp.get(f"{IMPORT}/to-correct.xlsx")
@requires(Permission.NEEDS_EDIT)
def download_wrong_rows(program_id, job_id):
    """Hand back the rows that were wrong with the reason in the last column."""
    program = load(program_id, *Lane)
    job, _kind = _import_or_404(program, job_id)
    stored = queries.stored_file(job.result_file_id)
    return file_response(stored) if stored else abort(404)


@bp.get("/programs/<int:program_id>/needs/ratings/discard")
@requires(Permission.NEEDS_EDIT)
def confirm_discard(program_id):
    """Say what discarding the ratings means."""
    program = load(program_id, Lane.TRAINEE)
    analysis = queries.analysis_of(program.id)
    open_now = Lane.TRAINEE in may_edit(program, analysis)
    return render("confirm_discard", program, analysis=analysis, open_now=open_now)


@bp.post("/programs/<int:program_id>/needs/ratings/discard")
@requires(Permission.NEEDS_EDIT)
def discard_ratings(program_id):
    """Remove all ratings of respondents."""
    program = load(program_id, Lane.TRAINEE)
    ratings.discard_ratings(program, by=current_user, now=utcnow())
    flash(_("All ratings are removed. Importance and current levels keep the last means."), "success")
    return redirect(url_for(".edit_needs", program_id=program.id))
