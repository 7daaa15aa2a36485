"""HTTP of reading a log: its page with photos, hints and the talk under it; what is said, read and put aside there."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import photo_response
from trainmgr.kernel.paging import Listing
from trainmgr.materials.labels import PARTS
from trainmgr.practice import library, queries, talk, watch
from trainmgr.practice.blueprint import bp
from trainmgr.practice.forms import ReturnForm
from trainmgr.practice.labels import SPOT_RESULTS
from trainmgr.practice.log_forms import CommentForm, LibraryForm, NoteForm
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.practice.presenting import kept_photos, tell_hint, tell_own_hint
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

P = Permission


@bp.get("/logs/<int:log_id>")
@requires(P.PRACTICE_VIEW)
def show_log(log_id: int) -> Any:
    """Show one log with its photos; whoever is to sign it decides here."""
    return log_page(log_id)


def log_page(
    log_id: int, *, status: int = 200, refusal: RuleBroken | None = None, **forms: Any
) -> tuple[str, int]:
    """Render a log's page with the forms that stand on it."""
    log, program = queries.log_or_404(log_id, current_user)
    is_own = log.enrolment.user_id == current_user.id
    guides = guides_in(program, log)
    hints, spot = watch.beside(log, program, current_user) if is_own or guides else ([], None)
    comments, unread = talk.comments_of(log, current_user)
    html = render_template(
        "practice/log.html",
        log=log,
        program=program,
        words=queries.words_of(log),
        photos=kept_photos(log),
        form=forms.get("form") or ReturnForm(formdata=None),
        comment_form=forms.get("comment_form") or CommentForm(formdata=None),
        note_form=forms.get("note_form") or NoteForm(formdata=None),
        library_form=forms.get("library_form") or _library_form(program, log),
        parts=PARTS,
        refusal=refusal,
        is_own=is_own,
        guides=guides,
        may_talk=is_own or guides,
        hints=hints,
        tell=tell_own_hint if is_own else tell_hint,
        comments=comments,
        unread=unread,
        spot=spot if guides else None,
        spot_results=SPOT_RESULTS,
        may_sign=log.state is LogState.SUBMITTED
        and log.signer_id == current_user.id
        and may(program, current_user, P.LOG_SIGN),
    )
    return html, status


def guides_in(program: Program, log: PracticeLog) -> bool:
    """Tell whether the reader guides the trainee or runs the programme: sees hints, speaks, opens days."""
    return log.enrolment.user_id != current_user.id and (
        may(program, current_user, P.LOG_SIGN) or may(program, current_user, P.GATE_DECIDE)
    )


def _library_form(program: Program, log: PracticeLog) -> LibraryForm | None:
    owners = library.owners_for(current_user) if log.is_case and log.state is LogState.SIGNED else []
    if not owners or (log.case is not None and log.case.material_id):
        return None
    form = LibraryForm(formdata=None, occupation=log.enrolment.field)
    form.owner.choices = owners
    return form


@bp.get("/logs/<int:log_id>/photos/<int:position>")
@requires(P.PRACTICE_VIEW)
def show_log_photo(log_id: int, position: int) -> Any:
    """Show a photo to those who see the log."""
    photo = queries.photo_or_404(log_id, position, current_user)
    return photo_response(photo.file, thumbnail=request.args.get("size") == "small")


# --- the talk --------------------------------------------------------------------------------------


@bp.get("/logs/unread")
@requires(P.PRACTICE_VIEW)
def list_unread() -> Any:
    """Show the logs under which somebody said something that I have not read."""
    page = queries.list_unread(current_user, Listing.from_request())
    return render_template("practice/unread.html", page=page)


def _talker(log_id: int) -> tuple[PracticeLog, Program]:
    log, program = queries.log_or_404(log_id, current_user)
    if log.enrolment.user_id != current_user.id and not guides_in(program, log):
        abort(403)
    return log, program


@bp.post("/logs/<int:log_id>/comments")
@requires(P.PRACTICE_VIEW)
def add_comment(log_id: int) -> Any:
    """Say something under a log."""
    log, program = _talker(log_id)
    form = CommentForm()
    if not form.validate():
        return log_page(log_id, status=422, comment_form=form)
    try:
        talk.comment(program, log, form.text.data, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return log_page(log_id, status=refusal.status, refusal=refusal, comment_form=form)
    flash(_("Your comment stands under the log."), "success")
    return redirect(url_for(".show_log", log_id=log_id, _anchor="talk-h"))


@bp.post("/logs/<int:log_id>/comments/<int:comment_id>/withdraw")
@requires(P.PRACTICE_VIEW)
def withdraw_comment(log_id: int, comment_id: int) -> Any:
    """Withdraw one's own comment."""
    log, program = _talker(log_id)
    talk.withdraw(program, log, comment_id, by=current_user, now=utcnow())
    flash(_("Your comment is withdrawn."), "success")
    return redirect(url_for(".show_log", log_id=log_id, _anchor="talk-h"))


@bp.post("/logs/<int:log_id>/seen")
@requires(P.PRACTICE_VIEW)
def mark_read(log_id: int) -> Any:
    """Note that the comments were read: by itself when the page shows them, or by its button without scripts."""
    log, _program = _talker(log_id)
    talk.mark_read(log, by=current_user, now=utcnow())
    if request.headers.get("HX-Request"):
        return "", 204
    return redirect(url_for(".show_log", log_id=log_id))


# --- hints -----------------------------------------------------------------------------------------


@bp.post("/logs/<int:log_id>/hints/<int:hint_id>/aside")
@requires(P.PRACTICE_VIEW)
def put_hint_aside(log_id: int, hint_id: int) -> Any:
    """Put a hint aside with what one found; the log stays as it is."""
    log, program = queries.log_or_404(log_id, current_user)
    if not guides_in(program, log):
        abort(403)
    hint = watch.find_hint(log, hint_id) or abort(404)
    form = NoteForm()
    if not form.validate():
        return log_page(log_id, status=422, note_form=form)
    watch.put_aside(log, hint, form.note.data, by=current_user, now=utcnow())
    flash(_("Put aside with your note."), "success")
    return redirect(url_for(".show_log", log_id=log_id))


# --- cases -----------------------------------------------------------------------------------------


@bp.post("/logs/<int:log_id>/library")
@requires(P.MATERIAL_EDIT)
def take_into_library(log_id: int) -> Any:
    """Take a signed case into the case library, with the trainee as its author."""
    log, program = queries.log_or_404(log_id, current_user)
    form = LibraryForm()
    form.owner.choices = library.owners_for(current_user)
    if not guides_in(program, log) or not form.owner.choices:
        abort(403)
    if not form.validate():
        return log_page(log_id, status=422, library_form=form)
    try:
        material = library.take_in(
            program, log, form.owner.data, form.occupation.data or "", by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return log_page(log_id, status=refusal.status, refusal=refusal)
    flash(_("Taken into the library as a draft: look it through and publish it."), "success")
    return redirect(url_for("materials.edit_case", material_id=material.id))
