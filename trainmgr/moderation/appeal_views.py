"""HTTP of appeals: a trainee's own, the list of those who run the programme, the answer."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.evaluation.queries import criteria_of, window_or_404
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.moderation import actions, queries
from trainmgr.moderation.forms import AppealAnswerForm, AppealForm, read_marks
from trainmgr.moderation.frame import PROGRAM, bp, page_of, program_for
from trainmgr.moderation.rules import AppealState
from trainmgr.programs.rules import Work, is_open

P = Permission
OWN = f"{PROGRAM}/windows/<int:window_id>/appeal"
APPEAL = f"{PROGRAM}/appeals/<int:appeal_id>"


# --- the trainee ------------------------------------------------------------------------------------------


def _own(program_id, window_id):
    program = program_for(program_id, P.APPEAL_MAKE)
    enrolment = queries.own_enrolment(program, current_user) or abort(404)
    return program, window_or_404(program.id, window_id), enrolment


def _own_page(program, window, enrolment, form, status=200, broken=None):
    told = queries.told_of(window, enrolment)
    return page_of(
        "new_appeal",
        program,
        status,
        window=window,
        told=told,
        form=form,
        broken=broken,
        is_unread=queries.is_unread(window, current_user),
        now=utcnow(),
    )


@bp.get(OWN)
@requires(P.APPEAL_MAKE)
def new_appeal(program_id, window_id):
    """Show the form for one's objection to a result, or why there is none."""
    program, window, enrolment = _own(program_id, window_id)
    try:
        actions.require_appealable(window, queries.told_of(window, enrolment), utcnow())
    except RuleBroken as broken:
        return _own_page(program, window, enrolment, None, broken=broken)
    return _own_page(program, window, enrolment, AppealForm(formdata=None))


@bp.post(OWN)
@requires(P.APPEAL_MAKE)
def make_appeal(program_id, window_id):
    """Object to one's own result."""
    program, window, enrolment = _own(program_id, window_id)
    form = AppealForm()
    if not form.validate():
        return _own_page(program, window, enrolment, form, 422)
    try:
        actions.make_appeal(
            program, window, enrolment, grounds=form.grounds.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _own_page(program, window, enrolment, form, broken.status, broken)
    flash(_("Your appeal is in. The answer will stand beside your result."), "success")
    return redirect(url_for("evaluation.show_my_result", program=program.id, window=window.id))


@bp.post(f"{OWN}/read")
@requires(P.APPEAL_MAKE)
def note_answer_read(program_id, window_id):
    """Note that one has read the answer to one's appeal."""
    program, window, _enrolment = _own(program_id, window_id)
    actions.note_read(program, window, by=current_user)
    return redirect(url_for("evaluation.show_my_result", program=program.id, window=window.id))


# --- those who run the programme ---------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/appeals")
@requires(P.MODERATION_DECIDE)
def list_appeals(program_id):
    """Show the appeals, those to be answered first."""
    program, state = program_for(program_id, P.MODERATION_DECIDE), request.args.get("state", "")
    chosen = AppealState(state) if state in set(AppealState) else None
    page = queries.list_appeals(program, current_user, Listing.from_request(), chosen)
    return page_of("appeals", program, page=page, state=state)


def _page(program, appeal, form=None, status=200, *, chosen=None, broken=None):
    given = queries.ratings_of(appeal.window_id, [appeal.enrolment_id]).get(appeal.enrolment_id, {})
    open_ = appeal.state is AppealState.OPEN and is_open(Work.EVALUATION, program.state)
    return page_of(
        "appeal",
        program,
        status,
        appeal=appeal,
        given=given,
        marks=queries.marks_in(given),
        private=queries.private_to(appeal.enrolment, appeal.window, current_user),
        criteria=criteria_of(appeal.window),
        told=queries.told_of(appeal.window, appeal.enrolment),
        form=form or AppealAnswerForm(formdata=None),
        answers=open_,
        chosen=chosen or {},
        broken=broken,
    )


@bp.get(APPEAL)
@requires(P.MODERATION_DECIDE)
def show_appeal(program_id, appeal_id):
    """Show an appeal beside the marks that it is about, and the form for the answer."""
    program = program_for(program_id, P.MODERATION_DECIDE)
    return _page(program, queries.appeal_or_404(program, appeal_id, current_user))


@bp.post(APPEAL)
@requires(P.MODERATION_DECIDE)
def answer_appeal(program_id, appeal_id):
    """Uphold an appeal by setting marks, or reject it."""
    program = program_for(program_id, P.MODERATION_DECIDE)
    appeal, form = queries.appeal_or_404(program, appeal_id, current_user), AppealAnswerForm()
    chosen = read_marks(request.form, [criterion.id for criterion in appeal.window.scheme.criteria])
    if not form.validate():
        return _page(program, appeal, form, 422, chosen=chosen)
    try:
        actions.answer_appeal(
            program,
            appeal,
            chosen,
            uphold=form.verdict.data == "uphold",
            answer=form.answer.data,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _page(program, appeal, form, broken.status, chosen=chosen, broken=broken)
    flash(_("The answer is kept, and the trainee reads it."), "success")
    return redirect(url_for(".list_appeals", program_id=program.id))
