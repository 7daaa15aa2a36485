"""HTTP of the roster import: template, upload, how far it is, wrong rows, first passwords."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.enrolment import exporting, importing, queries
from trainmgr.enrolment.forms import UploadForm
from trainmgr.enrolment.frame import page_of, program_for, to_roster
from trainmgr.kernel import intake, jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.sheets import send_workbook
from trainmgr.programs.queries import parties_on
from trainmgr.programs.rules import Side

imports_bp = Blueprint("imports", __name__, url_prefix="/programs/<int:program_id>/roster")


def _upload_form(program):
    """The form, with the colleges of the programme that the reader enrols for."""
    form = UploadForm()
    own = current_user.organizations_where(Permission.ENROLMENT_EDIT)
    form.college.choices = [
        SelectChoice(str(party.organization_id), party.organization.name)
        for party in parties_on(program, Side.COLLEGE)
        if party.organization_id in own
    ]
    return form


@imports_bp.get("/import")
@requires(Permission.ENROLMENT_EDIT)
def new_import(program_id):
    """Show where to upload a roster, and the template for it."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    return page_of(
        "import", program, form=_upload_form(program), unseen=queries.unseen_passwords(program, current_user)
    )


@imports_bp.post("/import")
@requires(Permission.ENROLMENT_EDIT)
def start_import(program_id):
    """Take a roster and read it in the background."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    form = _upload_form(program)
    if not form.validate():
        return page_of("import", program, 422, form=form, unseen=0)
    upload = form.file.data
    try:
        importing.start_import(
            program,
            upload.stream.read(),  # at most MAX_CONTENT_LENGTH
            filename=upload.filename,
            college_id=int(form.college.data),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return page_of("import", program, broken.status, form=form, broken=broken, unseen=0)
    return to_roster(program_id)


@imports_bp.get("/template.xlsx")
@requires(Permission.ENROLMENT_EDIT)
def download_template(program_id):
    """Download the roster template of this programme."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    return send_workbook(
        exporting.roster_template(program), _("Roster template %(program)s.xlsx", program=program.name)
    )


@imports_bp.get("/levels.xlsx")
@requires(Permission.ENROLMENT_EDIT)
def download_levels(program_id):
    """Download the trainees with their entry levels, to fill in what is missing."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    data = exporting.levels_template(program, current_user)
    return send_workbook(data, _("Entry levels %(program)s.xlsx", program=program.name))


@imports_bp.get("/imports/<int:job_id>")
@requires(Permission.ENROLMENT_EDIT)
def show_import(program_id, job_id):
    """Show how far an import is: the box alone for the page that asks again, else the roster."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    job = queries.import_or_404(program, job_id, current_user)
    if not request.headers.get("HX-Request"):
        return to_roster(program_id)
    return render_template("enrolment/_job.html", program=program, job=job)


@imports_bp.get("/imports/<int:job_id>/wrong.xlsx")
@requires(Permission.ENROLMENT_EDIT)
def download_faults(program_id, job_id):
    """Download the rows that were wrong so far, each with its reason."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    job = queries.import_or_404(program, job_id, current_user)
    return send_workbook(
        intake.faults_workbook(job), _("Rows to correct %(name)s.xlsx", name=job.params["name"])
    )


@imports_bp.post("/imports/<int:job_id>/stop")
@requires(Permission.ENROLMENT_EDIT)
def stop_import(program_id, job_id):
    """Stop an import after the batch at hand; what was written stays."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    jobs.stop(queries.import_or_404(program, job_id, current_user), now=utcnow())
    return to_roster(program_id)


@imports_bp.post("/imports/<int:job_id>/restart")
@requires(Permission.ENROLMENT_EDIT)
def restart_import(program_id, job_id):
    """Let an import go on where it was left."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    jobs.restart(queries.import_or_404(program, job_id, current_user), now=utcnow())
    return to_roster(program_id)


@imports_bp.post("/imports/<int:job_id>/away")
@requires(Permission.ENROLMENT_EDIT)
def put_import_away(program_id, job_id):
    """Delete what an import that is over has left."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    intake.put_away(queries.import_or_404(program, job_id, current_user))
    flash(_("The uploaded file and its wrong rows are deleted; who was enrolled stays."), "success")
    return to_roster(program_id)


@imports_bp.get("/first-passwords")
@requires(Permission.ENROLMENT_EDIT)
def confirm_passwords(program_id):
    """Show how many first passwords wait to be handed out."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    return page_of("passwords", program, counts=queries.password_counts(program, current_user))


@imports_bp.post("/first-passwords")
@requires(Permission.ENROLMENT_EDIT)
def download_passwords(program_id):
    """Download first passwords, each once; with "anew" the earlier lists are void."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    data = exporting.passwords_workbook(
        program, current_user, anew=request.form.get("anew") == "1", now=utcnow()
    )
    if data is None:
        raise RuleBroken(_("There are no first passwords to hand out."))
    return send_workbook(data, _("First passwords %(program)s.xlsx", program=program.name))
