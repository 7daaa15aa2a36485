"""HTTP of leave: asking for it, the list, deciding."""

from __future__ import annotations

from flask import abort, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.attendance import leaves, page_queries, queries
from trainmgr.attendance.forms import DecisionForm, LeaveForm
from trainmgr.attendance.frame import LEAVE, PROGRAM, asked_day, bp, page_of, program_for
from trainmgr.attendance.models import LeaveState
from trainmgr.attendance.rules import LeaveKind
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing
from trainmgr.timetable.queries import session_or_404

P = Permission


def _session_asked(program):
    """Return the one session that the address names, None for whole days."""
    session_id = whole(request.values.get("session"))
    return session_or_404(program, session_id, current_user) if session_id else None


def _ask_page(program, enrolment, form, session, status=200, broken=None):
    _late, within = queries.limits_of(program.id)
    return page_of("ask", program, status, enrolment=enrolment, form=form, session=session, within=within,
                   broken=broken)  # fmt: skip


@bp.get(f"{PROGRAM}/leave/new")
@requires(P.ATTENDANCE_SIGN_IN)
def new_leave(program_id):
    """Show the form of a request, for days or for one session."""
    program = program_for(program_id)
    enrolment, session = page_queries.own_enrolment_or_404(program, current_user), _session_asked(program)
    day = session.day if session else asked_day()
    form = LeaveForm(formdata=None, starts_on=day, ends_on=day)
    return _ask_page(program, enrolment, form, session)


@bp.post(f"{PROGRAM}/leave")
@requires(P.ATTENDANCE_SIGN_IN)
def ask_for_leave(program_id):
    """Take a request and put it before whoever may decide."""
    program = program_for(program_id)
    enrolment, session = page_queries.own_enrolment_or_404(program, current_user), _session_asked(program)
    form = LeaveForm()
    if session is not None:
        form.starts_on.data = form.ends_on.data = session.day
        form.starts_on.validators = form.ends_on.validators = ()
    if not form.validate():
        return _ask_page(program, enrolment, form, session, 422)
    try:
        leave = leaves.ask(
            program, enrolment, kind=LeaveKind(form.kind.data), starts_on=form.starts_on.data,
            ends_on=form.ends_on.data, session=session, reason=form.reason.data,
            photo=form.photo.data or None, by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _ask_page(program, enrolment, form, session, broken.status, broken)
    flash(_("Your request is with those who decide. You see the answer here."), "success")
    return redirect(url_for(".show_leave", program_id=program_id, leave_id=leave.id))


@bp.get(f"{PROGRAM}/leave")
@requires(P.ATTENDANCE_VIEW)
def list_leaves(program_id):
    """Show requests for leave, those that wait first asked for."""
    program, state = program_for(program_id), request.args.get("state", "")
    state = state if state in set(LeaveState) else ""
    page = page_queries.list_leaves(program, current_user, Listing.from_request(), state)
    return page_of("leaves", program, page=page, state=state, states=list(LeaveState))


def _load(program_id, leave_id):
    program = program_for(program_id)
    return program, page_queries.leave_or_404(program, leave_id, current_user)


def _leave_page(program, leave, status=200, form=None, broken=None):
    is_own = leave.enrolment.user_id == current_user.id
    decides = page_queries.may_decide(program, leave, current_user)
    return page_of(
        "leave", program, status, leave=leave, is_own=is_own, decides=decides, broken=broken,
        reason=leaves.reason_of(leave) if is_own or decides else None,
        form=form or DecisionForm(formdata=None), waits=leave.state is LeaveState.ASKED,
    )  # fmt: skip


@bp.get(LEAVE)
@requires(P.ATTENDANCE_VIEW)
def show_leave(program_id, leave_id):
    """Show a request; why somebody asks is for the trainee and for those who decide."""
    return _leave_page(*_load(program_id, leave_id))


@bp.get(f"{LEAVE}/photo")
@requires(P.ATTENDANCE_VIEW)
def show_leave_photo(program_id, leave_id):
    """Show the photo that came with a request, to the trainee and to those who decide."""
    program, leave = _load(program_id, leave_id)
    if leave.enrolment.user_id != current_user.id and not page_queries.may_decide(
        program, leave, current_user
    ):
        abort(403)
    photo = leaves.photo_of(leave)
    if photo is None:
        abort(404)
    response = current_app.response_class(photo, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _to_decide(program_id, leave_id):
    program, leave = _load(program_id, leave_id)
    if not page_queries.may_decide(program, leave, current_user):
        abort(403)
    return program, leave


def _back(leave):
    return redirect(url_for(".show_leave", program_id=leave.program_id, leave_id=leave.id))


@bp.post(f"{LEAVE}/grant")
@requires(P.ATTENDANCE_EXCUSE)
def grant_leave(program_id, leave_id):
    """Grant leave; absences noted in it become excused."""
    program, leave = _to_decide(program_id, leave_id)
    form = DecisionForm()
    if not form.validate():
        return _leave_page(program, leave, 422, form)
    try:
        count = leaves.grant(program, leave, version=typed_version(), words=form.words.data or "",
                             by=current_user, now=utcnow())  # fmt: skip
    except RuleBroken as broken:
        return _leave_page(program, leave, broken.status, form, broken)
    flash(ngettext("Granted; %(num)s absence is excused now.", "Granted; %(num)s absences are excused now.", count),
          "success")  # fmt: skip
    return _back(leave)


@bp.post(f"{LEAVE}/refuse")
@requires(P.ATTENDANCE_EXCUSE)
def refuse_leave(program_id, leave_id):
    """Refuse leave, with words that the trainee reads."""
    program, leave = _to_decide(program_id, leave_id)
    form = DecisionForm()
    if not form.validate() or not form.words.data:
        form.words.errors = [*form.words.errors] or [_("Say why: the trainee reads it.")]
        return _leave_page(program, leave, 422, form)
    try:
        leaves.refuse(
            program, leave, version=typed_version(), words=form.words.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _leave_page(program, leave, broken.status, form, broken)
    flash(_("Refused; %(name)s reads your answer.", name=leave.enrolment.name), "success")
    return _back(leave)


@bp.post(f"{LEAVE}/withdraw")
@requires(P.ATTENDANCE_SIGN_IN)
def withdraw_leave(program_id, leave_id):
    """Take one's own request back."""
    program, leave = _load(program_id, leave_id)
    if leave.enrolment.user_id != current_user.id:
        abort(403)
    try:
        leaves.withdraw(leave, version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _leave_page(program, leave, broken.status, None, broken)
    flash(_("Your request is taken back."), "success")
    return _back(leave)
