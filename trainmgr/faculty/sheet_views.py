"""HTTP of sheets of profiles: template, upload, how far it is, wrong rows; and the list as a sheet."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from trainmgr.faculty import importing, queries
from trainmgr.faculty.frame import asked_home, bp, page_of
from trainmgr.faculty.profile_views import asked_filters
from trainmgr.kernel import intake, jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import send_rows, send_workbook, write_workbook

EDIT = Permission.FACULTY_EDIT
IMPORT = "/faculty/imports/<int:job_id>"


class SheetForm(FlaskForm):
    """A sheet of profiles."""

    file = FileField(_l("File"), validators=[FileRequired(_l("Choose a file."))])


def _import_page(form, status=200):
    home, homes = asked_home(to_edit=True)
    job = importing.latest_import(current_user)
    return page_of("import", status, form=form, home=home, homes=homes, job=job)


@bp.get("/faculty/import")
@requires(EDIT)
def new_import():
    """Show where to upload profiles, the template for them, and how far the last upload is."""
    return _import_page(SheetForm(formdata=None))


@bp.get("/faculty/template.xlsx")
@requires(EDIT)
def download_template():
    """Hand out the sheet to fill in."""
    data = write_workbook(importing.columns(), [], title=_("Faculty profiles"), notes=importing.notes())
    return send_workbook(data, _("Faculty profiles template.xlsx"))


@bp.get("/faculty/profiles.xlsx")
@requires(Permission.FACULTY_VIEW)
def export_faculty():
    """Hand out the listed profiles in the form of the template."""
    statement = queries.select_profiles(current_user, asked_filters(), Listing.from_request().q, today())
    rows = importing.export_rows(statement)
    return send_rows(importing.columns(), rows, _("Faculty profiles.xlsx"), title=_("Faculty profiles"))


@bp.post("/faculty/import")
@requires(EDIT)
def start_import():
    """Take a sheet and read it in the background."""
    home, _homes = asked_home(to_edit=True)
    form = SheetForm()
    if not form.validate():
        return _import_page(form, 422)
    upload = form.file.data
    try:
        importing.start_import(
            home, upload.stream.read(), filename=upload.filename, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return _import_page(form, refusal.status)
    return redirect(url_for(".new_import"))


@bp.get(IMPORT)
@requires(EDIT)
def show_import(job_id):
    """Show how far an import is: the box alone for the page that asks again, else the page."""
    job = importing.import_or_404(job_id, current_user)
    if not request.headers.get("HX-Request"):
        return redirect(url_for(".new_import"))
    return render_template("faculty/_job.html", job=job)


@bp.get(f"{IMPORT}/wrong.xlsx")
@requires(EDIT)
def download_faults(job_id):
    """Hand back the rows that were wrong so far, each with its reason."""
    job = importing.import_or_404(job_id, current_user)
    return send_workbook(
        intake.faults_workbook(job), _("Rows to correct %(name)s.xlsx", name=job.params["name"])
    )


@bp.post(f"{IMPORT}/stop")
@requires(EDIT)
def stop_import(job_id):
    """Stop an import after the batch at hand; what was written stays."""
    jobs.stop(importing.import_or_404(job_id, current_user), now=utcnow())
    return redirect(url_for(".new_import"))


@bp.post(f"{IMPORT}/restart")
@requires(EDIT)
def restart_import(job_id):
    """Let an import go on where it was left."""
    jobs.restart(importing.import_or_404(job_id, current_user), now=utcnow())
    return redirect(url_for(".new_import"))


@bp.post(f"{IMPORT}/away")
@requires(EDIT)
def put_import_away(job_id):
    """Delete what an import that is over has left."""
    intake.put_away(importing.import_or_404(job_id, current_user))
    flash(
        _("The uploaded file and its wrong rows are deleted; the profiles that were written stay."), "success"
    )
    return redirect(url_for(".new_import"))
