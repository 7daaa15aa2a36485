"""HTTP of spreadsheets and frameworks that come in and go out."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

import json

from flask import Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken, UploadRefused
from trainmgr.kernel.files import file_response
from trainmgr.kernel.i18n import say
from trainmgr.kernel.sheets import content_disposition, send_workbook
from trainmgr.standards import adopting, imports, queries, sheets
from trainmgr.standards.case import Told, to_case
from trainmgr.standards.case_reading import FrameworkRefused, from_case
from trainmgr.standards.export import competency_workbook
from trainmgr.standards.forms import FrameworkForm, SheetForm
from trainmgr.standards.pages import DRAFT, VERSION, bp, load, load_draft, render
from trainmgr.standards.sheets import SheetKind

SHEET = f"{DRAFT}/sheets/<kind>"
IMPORT = f"{DRAFT}/imports/<int:job_id>"
LARGEST_FRAMEWORK = 3_000_000


# --- spreadsheets -------------------------------------------------------------------------------


def _kind_or_404(text):
    return SheetKind(text) if text in set(SheetKind) else abort(404)


def _sheet_page(view, kind, form, *, status=200, **context):
    columns = sheets.COLUMNS[kind]
    return render("sheet", view, status=status, kind=kind, form=form, columns=columns, **context)


@bp.get(SHEET)
@requires(Permission.STANDARD_EDIT)
def new_sheet(standard_id, kind):
    """Offer the template and take the filled-in one."""
    return _sheet_page(load_draft(standard_id), _kind_or_404(kind), SheetForm())


@bp.get(f"{SHEET}/template.xlsx")
@requires(Permission.STANDARD_EDIT)
def download_template(standard_id, kind):
    """Hand out the spreadsheet to fill in."""
    kind, view = _kind_or_404(kind), load_draft(standard_id)
    rows = imports.rating_rows(view.content, view.version) if kind is SheetKind.RATINGS else []
    return send_workbook(sheets.template(kind, rows), f"{kind.title}.xlsx")


@bp.post(SHEET)
@requires(Permission.STANDARD_EDIT)
def import_sheet(standard_id, kind):
    """Take a filled-in spreadsheet in."""
    kind, view, form = _kind_or_404(kind), load_draft(standard_id), SheetForm()
    if not form.validate():
        return _sheet_page(view, kind, form, status=422)
    upload = form.file.data
    try:
        job = imports.take_in(
            view.standard, kind, upload.stream.read(), upload.filename, by=current_user, now=utcnow()
        )
    except UploadRefused as refusal:
        form.file.errors = [str(refusal)]
        return _sheet_page(view, kind, form, status=422)
    except RuleBroken as refusal:
        return _sheet_page(view, kind, form, status=409, refusal=refusal)
    return redirect(url_for(".show_sheet_import", standard_id=standard_id, job_id=job.id))


@bp.get(IMPORT)
@requires(Permission.STANDARD_EDIT)
def show_sheet_import(standard_id, job_id):
    """Tell what became of a spreadsheet."""
    view = load_draft(standard_id)
    job = imports.import_or_404(view.standard, job_id)
    return render("sheet_result", view, job=job, kind=SheetKind(job.params["kind"]))


@bp.get(f"{IMPORT}/to-correct.xlsx")
@requires(Permission.STANDARD_EDIT)
def download_wrong_rows(standard_id, job_id):
    """Hand back the rows that were wrong with the reason in the last column."""
    view = load_draft(standard_id)
    return file_response(imports.faults_of(imports.import_or_404(view.standard, job_id)))


@bp.get(f"{VERSION}/competencies.xlsx")
@requires(Permission.STANDARD_VIEW)
def export_competencies(standard_id, number):
    """Hand out the competencies as a spreadsheet that can be taken in again."""
    view = load(standard_id, number)
    name = _("%(post)s competencies", post=view.title)
    return send_workbook(competency_workbook(view.content), f"{name}.xlsx")


# --- frameworks ---------------------------------------------------------------------------------


@bp.get(f"{VERSION}/framework.json")
@requires(Permission.STANDARD_VIEW)
def export_framework(standard_id, number):
    """Hand out a version as JSON of the CASE 1.0 standard."""
    view = load(standard_id, number)
    changed = view.version.published_at or view.version.created_at
    told = Told(view.standard.college.name, view.version.state.value, number, changed.isoformat())
    text = json.dumps(to_case(view.framework, told), ensure_ascii=False, indent=1)
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = content_disposition("attachment", f"{view.title}.case.json")
    return response


def _framework_of(form):
    """Return the framework in the file, or None with the reasons at the field and in `faults`."""
    data = form.file.data.read(LARGEST_FRAMEWORK + 1)
    if len(data) > LARGEST_FRAMEWORK:
        form.file.errors = [_("The file is larger than %(most)s MB.", most=LARGEST_FRAMEWORK // 10**6)]
        return None, []
    try:
        return from_case(json.loads(data.decode("utf-8-sig"))), []
    except FrameworkRefused as refused:
        return None, [(fault.place, say(fault.msgid, fault.params)) for fault in refused.faults]
    except (UnicodeDecodeError, ValueError, RecursionError):
        form.file.errors = [_("This is not a JSON file.")]
        return None, []


def _framework_page(form, status=200, **context):
    return render_template("standards/framework.html", form=form, **context), status


def _framework_form(view=None):
    colleges = [] if view else queries.colleges_of(current_user)
    return FrameworkForm(colleges=colleges, enterprises=[] if view else queries.enterprises())


@bp.get("/standards/import")
@requires(Permission.STANDARD_EDIT)
def new_import():
    """Ask for a framework to open a standard from."""
    return _framework_page(_framework_form())


@bp.post("/standards/import")
@requires(Permission.STANDARD_EDIT)
def import_framework():
    """Open a standard from a framework; one with a fault is refused with the place of each."""
    form = _framework_form()
    framework, faults = _framework_of(form) if form.validate() else (None, [])
    if framework is None or "college_id" not in form:
        return _framework_page(form, 422, faults=faults)
    try:
        standard = adopting.found_standard(
            framework, form.college_id.data, enterprise_id=form.enterprise_id.data or None,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _framework_page(form, 409, refusal=refusal)
    return _taken(standard, framework)


@bp.get(f"{DRAFT}/framework")
@requires(Permission.STANDARD_EDIT)
def edit_framework(standard_id):
    """Ask for a framework to fill the draft from."""
    view = load_draft(standard_id)
    return _framework_page(_framework_form(view), view=view)


@bp.post(f"{DRAFT}/framework")
@requires(Permission.STANDARD_EDIT)
def replace_framework(standard_id):
    """Let the draft hold what a framework says."""
    view = load_draft(standard_id)
    form = _framework_form(view)
    framework, faults = _framework_of(form) if form.validate() else (None, [])
    if framework is None:
        return _framework_page(form, 422, view=view, faults=faults)
    try:
        adopting.take_framework(view.standard, framework, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _framework_page(form, 409, view=view, refusal=refusal)
    return _taken(view.standard, framework)


def _taken(standard, framework):
    count = len(framework.competencies)
    flash(ngettext("%(num)s competency is taken in.", "%(num)s competencies are taken in.", count), "success")
    return redirect(url_for(".show_standard", standard_id=standard.id))
