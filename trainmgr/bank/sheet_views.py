"""HTTP of sheets of items: template, upload, how far it is, wrong rows; and the list as a sheet."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.bank import importing, queries
from trainmgr.bank.columns import item_columns, item_rows, notes
from trainmgr.bank.forms import ImportForm
from trainmgr.bank.pages import asked_filters, bp, render
from trainmgr.bank.rules import ItemState
from trainmgr.kernel import audit, intake, jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import send_rows, send_workbook, write_workbook

IMPORT = "/bank/imports/<int:job_id>"
EXPORTED = audit.sentence("bank.export", _l("%(who)s took items with their answers along as Excel"))


def _form():
    form = ImportForm()
    form.college_id.choices = [
        SelectChoice(str(one.id), one.name) for one in queries.colleges_of(current_user)
    ]
    return form


def _to_list():
    return redirect(url_for(".list_items"))


@bp.get("/bank/import")
@requires(Permission.BANK_EDIT)
def new_import():
    """Show where to upload items, and the template for them."""
    return render("import", form=_form())


@bp.get("/bank/template.xlsx")
@requires(Permission.BANK_EDIT)
def download_template():
    """Hand out the sheet to fill in, with the competencies of the reader's colleges to choose from."""
    lines = queries.competencies_for(current_user.organizations_where(Permission.BANK_EDIT))
    data = write_workbook(item_columns(lines), [], title=_("Items"), notes=notes())
    return send_workbook(data, _("Item template.xlsx"))


@bp.post("/bank/import")
@requires(Permission.BANK_EDIT)
def start_import():
    """Take a sheet and read it in the background."""
    form = _form()
    if not form.validate():
        return render("import", 422, form=form)
    upload = form.file.data
    try:
        importing.start_import(
            form.college_id.data, upload.stream.read(), filename=upload.filename,
            state=ItemState(form.state.data), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return render("import", refusal.status, form=form)
    return _to_list()


@bp.get(IMPORT)
@requires(Permission.BANK_EDIT)
def show_import(job_id):
    """Show how far an import is: the box alone for the page that asks again, else the list."""
    job = importing.import_or_404(job_id, current_user)
    if not request.headers.get("HX-Request"):
        return _to_list()
    return render_template("bank/_job.html", job=job)


@bp.get(f"{IMPORT}/wrong.xlsx")
@requires(Permission.BANK_EDIT)
def download_faults(job_id):
    """Hand back the rows that were wrong so far, each with its reason."""
    job = importing.import_or_404(job_id, current_user)
    return send_workbook(
        intake.faults_workbook(job), _("Rows to correct %(name)s.xlsx", name=job.params["name"])
    )


@bp.post(f"{IMPORT}/stop")
@requires(Permission.BANK_EDIT)
def stop_import(job_id):
    """Stop an import after the batch at hand; what was written stays."""
    jobs.stop(importing.import_or_404(job_id, current_user), now=utcnow())
    return _to_list()


@bp.post(f"{IMPORT}/restart")
@requires(Permission.BANK_EDIT)
def restart_import(job_id):
    """Let an import go on where it was left."""
    jobs.restart(importing.import_or_404(job_id, current_user), now=utcnow())
    return _to_list()


@bp.post(f"{IMPORT}/away")
@requires(Permission.BANK_EDIT)
def put_import_away(job_id):
    """Delete what an import that is over has left."""
    intake.put_away(importing.import_or_404(job_id, current_user))
    flash(_("The uploaded file and its wrong rows are deleted; the items that were written stay."), "success")
    return _to_list()


@bp.post("/bank/items.xlsx")
@requires(Permission.BANK_VIEW)
def export_items():
    """Hand out the listed items with their answers, in the form of the template; the trail notes who took them."""
    lines = queries.competencies_for(current_user.organizations_where(Permission.BANK_VIEW))
    by_id = {line.id: line for line in lines}
    statement = queries.select_items(current_user, Listing.from_request(), asked_filters())
    audit.record(EXPORTED, "item", by=current_user, now=utcnow())
    rows = item_rows(importing.every_item(statement), by_id)
    return send_rows(item_columns(lines), rows, _("Items.xlsx"), title=_("Items"), after_commit=True)
