"""HTTP of the class space: announcements and the discussion, for phones first."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.classes import space
from trainmgr.classes.forms import AnnouncementForm, ReasonForm, ReplyForm, ThreadForm
from trainmgr.classes.frame import bp, class_for, page_of
from trainmgr.kernel import files
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.programs.queries import may

own_bp = Blueprint("my_classes", __name__)
SPACE = "/<int:cohort_id>/space"
ONE = SPACE + "/announcements/<int:announcement_id>"
TALK = "/<int:cohort_id>/talk"
MESSAGE = TALK + "/<int:message_id>"


@own_bp.get("/my-classes")
@requires(Permission.CLASS_SPACE)
def list_my_classes():
    """Show the classes that the reader is in or guides people of, with what is unread."""
    return render_template("classes/mine.html", classes=space.own_classes(current_user))


# --- announcements ----------------------------------------------------------------------------------


@bp.get(SPACE)
@requires(Permission.CLASS_SPACE)
def show_space(program_id, cohort_id):
    """Show a class's announcements, pinned ones first."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    return _space_page(program, cohort)


def _space_page(program, cohort, status=200, form=None, **context):
    page = space.list_announcements(cohort, current_user, Listing.from_request())
    may_announce = may(program, current_user, Permission.CLASS_ANNOUNCE)
    keys = [one.id for one, _read in page.items]
    counts, people = space.read_counts(cohort, keys) if may_announce else ({}, 0)
    return page_of(
        "space", program, status, cohort=cohort, page=page, may_announce=may_announce, counts=counts,
        people=people, form=form or AnnouncementForm(formdata=None), reason=ReasonForm(formdata=None), **context,
    )  # fmt: skip


@bp.post(SPACE)
@requires(Permission.CLASS_ANNOUNCE)
def announce(program_id, cohort_id):
    """Tell a class something."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_ANNOUNCE)
    form = AnnouncementForm()
    if not form.validate():
        return _space_page(program, cohort, 422, form)
    try:
        space.announce(
            program, cohort, form.title.data, form.text.data, pinned=form.pinned.data, upload=form.file.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except FileRefused as refused:
        form.file.errors = [str(refused)]
        return _space_page(program, cohort, 422, form)
    except RuleBroken as broken:
        return _space_page(program, cohort, broken.status, form, broken=broken)
    flash(_("The class %(name)s can read it now.", name=cohort.name), "success")
    return redirect(url_for(".show_space", program_id=program_id, cohort_id=cohort_id))


@bp.post(SPACE + "/read")
@requires(Permission.CLASS_SPACE)
def mark_read(program_id, cohort_id):
    """Note that the reader has read one announcement, or all of them."""
    _program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    one = request.form.get("id")
    found = [space.announcement_or_404(cohort, whole(one) or abort(404)).id] if one else None
    keys = space.unread_ids(cohort, current_user) if found is None else found
    space.mark_read(keys, by=current_user, now=utcnow())
    return redirect(url_for(".show_space", program_id=program_id, cohort_id=cohort_id))


@bp.get(ONE + "/readers")
@requires(Permission.CLASS_ANNOUNCE)
def list_readers(program_id, cohort_id, announcement_id):
    """Show who of the class has read an announcement, the others first."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_ANNOUNCE)
    one = space.announcement_or_404(cohort, announcement_id)
    page = space.readers_of(cohort, one, Listing.from_request())
    return page_of("readers", program, cohort=cohort, one=one, page=page)


@bp.get(ONE + "/file")
@requires(Permission.CLASS_SPACE)
def download_attachment(program_id, cohort_id, announcement_id):
    """Send the file of an announcement."""
    _program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    one = space.announcement_or_404(cohort, announcement_id)
    return files.file_response(one.file) if one.file and not one.withdrawn_at else abort(404)


@bp.post(ONE + "/withdraw")
@requires(Permission.CLASS_ANNOUNCE)
def withdraw_announcement(program_id, cohort_id, announcement_id):
    """Take an announcement back: the writer's own, or anybody's by who runs the classes."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_ANNOUNCE)
    one, form = space.announcement_or_404(cohort, announcement_id), ReasonForm()
    if one.by_id != current_user.id and not may(program, current_user, Permission.CLASS_EDIT):
        abort(403)
    if not form.validate():
        return _space_page(program, cohort, 422, wrong=one.id)
    try:
        space.withdraw_announcement(program, cohort, one, form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _space_page(program, cohort, broken.status, broken=broken)
    return redirect(url_for(".show_space", program_id=program_id, cohort_id=cohort_id))


# --- the discussion ---------------------------------------------------------------------------------


@bp.get(TALK)
@requires(Permission.CLASS_SPACE)
def list_threads(program_id, cohort_id):
    """Show a class's threads, what moved last first."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    return _threads_page(program, cohort)


def _threads_page(program, cohort, status=200, form=None, broken=None):
    page = space.list_threads(cohort, Listing.from_request())
    form = form or ThreadForm(formdata=None)
    return page_of("threads", program, status, cohort=cohort, page=page, form=form, broken=broken)


@bp.post(TALK)
@requires(Permission.CLASS_SPACE)
def start_thread(program_id, cohort_id):
    """Begin a thread."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    form = ThreadForm()
    if not form.validate():
        return _threads_page(program, cohort, 422, form)
    try:
        thread = space.start_thread(
            program, cohort, form.title.data, form.text.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _threads_page(program, cohort, broken.status, form, broken)
    return redirect(url_for(".show_thread", program_id=program_id, cohort_id=cohort_id, message_id=thread.id))


@bp.get(MESSAGE)
@requires(Permission.CLASS_SPACE)
def show_thread(program_id, cohort_id, message_id):
    """Show a thread with its replies."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    return _thread_page(program, cohort, space.thread_or_404(cohort, message_id))


def _thread_page(program, cohort, thread, status=200, form=None, **context):
    page = space.list_replies(thread, Listing.from_request())
    return page_of(
        "thread", program, status, cohort=cohort, talk=thread, page=page, form=form or ReplyForm(formdata=None),
        reason=ReasonForm(formdata=None), **context,
    )  # fmt: skip


@bp.post(MESSAGE)
@requires(Permission.CLASS_SPACE)
def write_reply(program_id, cohort_id, message_id):
    """Answer in a thread."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    thread, form = space.thread_or_404(cohort, message_id), ReplyForm()
    if not form.validate():
        return _thread_page(program, cohort, thread, 422, form)
    try:
        space.reply(program, thread, form.text.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _thread_page(program, cohort, thread, broken.status, form, broken=broken)
    return _to_thread(cohort, thread)


def _to_thread(cohort, message):
    key = message.thread_id or message.id
    return redirect(
        url_for(".show_thread", program_id=cohort.program_id, cohort_id=cohort.id, message_id=key)
    )


@bp.post(MESSAGE + "/withdraw")
@requires(Permission.CLASS_SPACE)
def withdraw_message(program_id, cohort_id, message_id):
    """Take one's own text back."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_SPACE)
    message = space.message_or_404(cohort, message_id)
    try:
        space.withdraw_message(message, by=current_user, now=utcnow())
    except RuleBroken as broken:
        thread = space.thread_or_404(cohort, message.thread_id or message.id)
        return _thread_page(program, cohort, thread, broken.status, broken=broken)
    return _to_thread(cohort, message)


@bp.post(MESSAGE + "/hide")
@requires(Permission.CLASS_EDIT)
def hide_message(program_id, cohort_id, message_id):
    """Hide what should not stand there, with the reason."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    message, form = space.message_or_404(cohort, message_id), ReasonForm()
    thread = space.thread_or_404(cohort, message.thread_id or message.id)
    if not form.validate():
        return _thread_page(program, cohort, thread, 422, wrong=message.id)
    try:
        space.hide_message(program, cohort, message, form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _thread_page(program, cohort, thread, broken.status, broken=broken)
    return _to_thread(cohort, message)
