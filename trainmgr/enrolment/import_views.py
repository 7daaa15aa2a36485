"""HTTP of the roster import: template, upload, how far it is, wrong rows, first passwords."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.enrolment import exporting, importing, queries, undoing
from trainmgr.enrolment.columns import KEYS, roster_columns
from trainmgr.enrolment.forms import UploadForm
from trainmgr.enrolment.frame import page_of, program_for, to_roster
from trainmgr.kernel import drafts, intake, jobs, sheets
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
        "import", program, form=_upload_form(program), unseen=queries.unseen_passwords(program, current_user),
        runs=queries.imports_of(program, current_user),
    )  # fmt: skip


@imports_bp.post("/import")
@requires(Permission.ENROLMENT_EDIT)
def upload_roster(program_id):
    """Take a roster and lead to the page that shows how it would be read."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    form = _upload_form(program)
    if not form.validate():
        return page_of("import", program, 422, form=form, unseen=0, runs=())
    upload = form.file.data
    try:
        draft = importing.keep_upload(
            program,
            upload.stream.read(),  # at most MAX_CONTENT_LENGTH
            filename=upload.filename,
            college_id=int(form.college.data),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return page_of("import", program, broken.status, form=form, broken=broken, unseen=0, runs=())
    return redirect(url_for(".show_draft", program_id=program_id, draft_id=draft.id))


def _draft(program, draft_id):
    draft = drafts.draft_or_404(draft_id, kind=importing.KIND, by=current_user, program_id=program.id)
    if draft.organization_id not in current_user.organizations_where(Permission.ENROLMENT_EDIT):
        abort(404)
    return draft


@imports_bp.get("/drafts/<int:draft_id>")
@requires(Permission.ENROLMENT_EDIT)
def show_draft(program_id, draft_id):
    """Show which column of an upload is taken for what, and its first rows as they would go in."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    draft, now = _draft(program, draft_id), utcnow()
    choices = importing.choices_of(program.id)
    columns, key = roster_columns(choices), draft.params.get("key", "")
    try:
        look = drafts.look_into(draft, columns)
    except RuleBroken as broken:
        return page_of("unreadable", program, broken.status, draft=draft, broken=broken)
    rows = importing.preview(program, look, choices, college_id=draft.organization_id, key=key, now=now)
    return page_of(
        "draft", program, draft=draft, look=look, rows=rows, columns=columns, key=key, keys=KEYS,
        foreseen=importing.FORESEEN,
    )  # fmt: skip


@imports_bp.post("/drafts/<int:draft_id>")
@requires(Permission.ENROLMENT_EDIT)
def settle_draft(program_id, draft_id):
    """Keep how an upload is to be read, and look again, or read it in the background."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    draft, columns = _draft(program, draft_id), roster_columns(importing.choices_of(program.id))
    places, twice = drafts.read_choices(request.form, columns)
    missing = sheets.missing_in(places, columns)
    is_other = drafts.read_worksheet(request.form) != request.form.get("seen", "")
    if is_other:
        draft.sheet, draft.places = drafts.read_worksheet(request.form), None
    else:
        importing.agree(draft, places, columns, sheet=draft.sheet, key=request.form.get("key", ""))
    if twice:
        flash(
            _("Chosen for two columns: %(names)s. Only the first is taken.", names=_(", ").join(twice)),
            "warning",
        )
    if is_other or twice or missing or request.form.get("do") != "begin":
        return redirect(url_for(".show_draft", program_id=program_id, draft_id=draft_id))
    importing.start_import(program, draft, by=current_user, now=utcnow())
    return to_roster(program_id)


@imports_bp.post("/drafts/<int:draft_id>/away")
@requires(Permission.ENROLMENT_EDIT)
def put_draft_away(program_id, draft_id):
    """Delete an upload that is not to be read."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT, steps=False)
    drafts.put_away(_draft(program, draft_id))
    flash(_("The uploaded file is deleted; nothing was read."), "success")
    return redirect(url_for(".new_import", program_id=program_id))


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


@imports_bp.get("/imports/<int:job_id>/undo")
@requires(Permission.ENROLMENT_EDIT)
def confirm_undo(program_id, job_id):
    """Show what taking an import back would remove, and what stands in its way."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    job = queries.import_or_404(program, job_id, current_user, (queries.IMPORT,))
    return page_of(
        "undo", program, job=job, reach=undoing.reach_of(job.id), hindrances=undoing.hindrances(job)
    )


@imports_bp.post("/imports/<int:job_id>/undo")
@requires(Permission.ENROLMENT_EDIT)
def undo_import(program_id, job_id):
    """Take an import back in the background."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    job = queries.import_or_404(program, job_id, current_user, (queries.IMPORT,))
    undoing.start_undo(program, job, by=current_user, now=utcnow())
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
