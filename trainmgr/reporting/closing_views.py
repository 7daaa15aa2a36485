"""HTTP of the closing report and the evidence packs of a programme."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.queries import enrolment_or_404
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.word import DOCX
from trainmgr.programs.queries import may
from trainmgr.reporting import evidence, pack_job, packs
from trainmgr.reporting.closing import N_PARTS, part_blocks, sections_of
from trainmgr.reporting.forms import CheckForm, PackForm
from trainmgr.reporting.frame import PROGRAM, bp, download, page_in, page_of, program_for
from trainmgr.reporting.rules import is_written_at_once, safe_name

ZIP = "application/zip"


# --- the closing report -----------------------------------------------------------------------------


@bp.get(PROGRAM)
@requires(Permission.REPORT_VIEW)
def show_closing(program_id):
    """Show what the closing report holds and what it still lacks, and the packs that were made."""
    program = program_for(program_id, Permission.REPORT_VIEW)
    page = packs.list_packs(program, current_user, Listing.from_request())
    return page_in(
        "closing", program, page=page, names=packs.names_of(page.items), running=packs.jobs_of(program, current_user),
        may_pack=may(program, current_user, Permission.REPORT_MAKE),
    )  # fmt: skip


@bp.get(f"{PROGRAM}/sections")
@requires(Permission.REPORT_VIEW)
def show_sections(program_id):
    """Show a part of the report's sections with what each holds; the page itself loads one after the other."""
    program = program_for(program_id, Permission.REPORT_VIEW, steps=False)
    part = whole(request.args.get("part")) or 0
    if not request.headers.get("HX-Request") or part not in range(N_PARTS):
        return redirect(url_for(".show_closing", program_id=program.id))
    blocks = part_blocks(part, program, current_user)
    following = part + 1 if part + 1 < N_PARTS else None
    return render_template(
        "reporting/_sections.html", program=program, sections=sections_of(blocks), following=following
    )


@bp.get(f"{PROGRAM}/closing.docx")
@requires(Permission.REPORT_VIEW)
def download_closing(program_id):
    """Hand out the closing report as Word."""
    program = program_for(program_id, Permission.REPORT_VIEW, steps=False)
    name = safe_name(_("Closing report %(name)s", name=program.name), "report")
    return download([evidence.closing_file(program, current_user, utcnow())], f"{name}.docx", DOCX)


# --- evidence packs ---------------------------------------------------------------------------------


def _pack_page(program, enrolment, form, status=200):
    people, logs, photos, size = evidence.size_of(program, current_user, enrolment.id if enrolment else None)
    return page_in(
        "pack", program, status, form=form, enrolment=enrolment, people=people, logs=logs, photos=photos,
        at_once=is_written_at_once(people, size),
    )  # fmt: skip


def _make(program, enrolment):
    form = PackForm()
    if not form.validate():
        return _pack_page(program, enrolment, form, 422)
    people, _logs, _photos, size = evidence.size_of(
        program, current_user, enrolment.id if enrolment else None
    )
    if is_written_at_once(people, size):
        file = packs.make_at_once(program, enrolment, current_user, reason=form.reason.data, now=utcnow())
        return download(packs.pieces(file), f"{packs.subject_name(program, enrolment)}.zip", ZIP)
    pack_job.start(program, enrolment, reason=form.reason.data, by=current_user, now=utcnow())
    return redirect(url_for(".show_closing", program_id=program.id))


@bp.get(f"{PROGRAM}/pack")
@requires(Permission.REPORT_MAKE)
def confirm_pack(program_id):
    """Show what the pack of a programme will hold, and ask what it is needed for."""
    return _pack_page(program_for(program_id, Permission.REPORT_MAKE), None, PackForm(formdata=None))


@bp.post(f"{PROGRAM}/pack")
@requires(Permission.REPORT_MAKE)
def make_pack(program_id):
    """Make the pack of a programme: a small one is the answer, a large one is written in the background."""
    return _make(program_for(program_id, Permission.REPORT_MAKE), None)


@bp.get(f"{PROGRAM}/trainees/<int:enrolment_id>/pack")
@requires(Permission.REPORT_MAKE)
def confirm_trainee_pack(program_id, enrolment_id):
    """Show what the pack of a trainee will hold, and ask what it is needed for."""
    program = program_for(program_id, Permission.REPORT_MAKE)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    return _pack_page(program, enrolment, PackForm(formdata=None))


@bp.post(f"{PROGRAM}/trainees/<int:enrolment_id>/pack")
@requires(Permission.REPORT_MAKE)
def make_trainee_pack(program_id, enrolment_id):
    """Make the pack of a trainee."""
    program = program_for(program_id, Permission.REPORT_MAKE)
    return _make(program, enrolment_or_404(program, enrolment_id, current_user))


@bp.get(f"{PROGRAM}/packs/<int:pack_id>/pack.zip")
@requires(Permission.REPORT_MAKE)
def download_pack(program_id, pack_id):
    """Hand out a pack that was written in the background."""
    program = program_for(program_id, Permission.REPORT_MAKE, steps=False)
    pack = packs.pack_or_404(program, pack_id, current_user)
    return file_response(pack.file) if pack.file else abort(404)


@bp.post(f"{PROGRAM}/packs/<int:pack_id>/away")
@requires(Permission.REPORT_MAKE)
def put_pack_away(program_id, pack_id):
    """Delete the file of a pack."""
    program = program_for(program_id, Permission.REPORT_MAKE, steps=False)
    packs.put_away(packs.pack_or_404(program, pack_id, current_user))
    flash(_("The pack is deleted here; that it was made stays recorded."), "success")
    return redirect(url_for(".show_closing", program_id=program.id))


@bp.get(f"{PROGRAM}/jobs/<int:job_id>")
@requires(Permission.REPORT_MAKE)
def show_pack_job(program_id, job_id):
    """Show how far the writing of a pack is: the box alone for the page that asks again."""
    program = program_for(program_id, Permission.REPORT_MAKE, steps=False)
    job = packs.job_or_404(program, job_id, current_user)
    if not request.headers.get("HX-Request"):
        return redirect(url_for(".show_closing", program_id=program.id))
    return render_template("reporting/_pack_job.html", program=program, job=job)


@bp.post(f"{PROGRAM}/jobs/<int:job_id>/stop")
@requires(Permission.REPORT_MAKE)
def stop_pack_job(program_id, job_id):
    """Stop the writing of a pack."""
    program = program_for(program_id, Permission.REPORT_MAKE, steps=False)
    jobs.stop(packs.job_or_404(program, job_id, current_user), now=utcnow())
    return redirect(url_for(".show_closing", program_id=program.id))


# --- a pack that comes back -------------------------------------------------------------------------


@bp.get("/reports/check")
@requires(Permission.REPORT_VIEW)
def new_check():
    """Ask for a pack whose checksums are to be verified."""
    return page_of("check", form=CheckForm(formdata=None), found=None)


@bp.post("/reports/check")
@requires(Permission.REPORT_VIEW)
def check_pack():
    """Compare a pack with its checksums and with the register."""
    form = CheckForm()
    if not form.validate():
        return page_of("check", 422, form=form, found=None)
    try:
        found = packs.recognise(form.file.data.stream)
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return page_of("check", 422, form=form, found=None)
    return page_of("check", form=form, found=found)
