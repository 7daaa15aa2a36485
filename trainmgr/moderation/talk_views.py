"""HTTP of moderations: the list, both ratings side by side, the raters' answers, the moderator's decision, the days."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.evaluation.queries import criteria_of
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.moderation import actions, queries
from trainmgr.moderation.forms import AnswerForm, DaysForm, DecisionForm, read_marks
from trainmgr.moderation.frame import MODERATION, PROGRAM, bp, page_of, program_for
from trainmgr.moderation.rules import ModerationState, SideAnswer, apart
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission


@bp.get(f"{PROGRAM}/moderations")
@requires(P.MODERATION_VIEW)
def list_moderations(program_id):
    """Show where parties are too far apart: one's own, or everybody's in sight for those who run the programme."""
    program, state = program_for(program_id, P.MODERATION_VIEW), request.args.get("state", "")
    chosen = ModerationState(state) if state in set(ModerationState) else None
    return page_of(
        "moderations",
        program,
        page=queries.list_moderations(program, current_user, Listing.from_request(), chosen),
        state=state,
        runs=queries.runs(program, current_user),
        decides=may(program, current_user, P.MODERATION_DECIDE),
        setting=queries.setting_of(program.id),
        now=utcnow(),
    )


def _page(program, one, status=200, *, answer=None, verdict=None, chosen=None, broken=None):
    """Show a moderation with both ratings, and the form for whoever's turn it is."""
    given = queries.ratings_of(one.window_id, [one.enrolment_id]).get(one.enrolment_id, {})
    marks = queries.marks_in(given)
    questions = apart(marks, one.window.scheme.divergence)
    side = actions.side_of(one, current_user)
    works, now = is_open(Work.EVALUATION, program.state), utcnow()
    decision = queries.decision_in(one)
    if verdict is None:
        verdict = DecisionForm(formdata=None)
        verdict.offer([side.party for side in one.sides])
    by_id = {criterion.id: criterion for criterion in criteria_of(one.window)}
    return page_of(
        "moderation",
        program,
        status,
        one=one,
        given=given,
        marks=marks,
        private=queries.private_to(one.enrolment, one.window, current_user),
        decision=decision,
        criteria=by_id,
        apart=[by_id[criterion] for criterion in questions if criterion in by_id],
        side=side,
        answers=works and _may_answer(one, side, now),
        decides=works
        and one.state is not ModerationState.CLOSED
        and side is None
        and may(program, current_user, P.MODERATION_DECIDE),
        answer=answer or AnswerForm(formdata=None),
        verdict=verdict,
        chosen=chosen or {},
        broken=broken,
        now=now,
    )


def _may_answer(one, side, now):
    waits = side is not None and side.answer is SideAnswer.WAITING
    return waits and one.state is ModerationState.TALK and now < one.answer_until


def _loaded(program_id, moderation_id, permission=P.MODERATION_VIEW):
    program = program_for(program_id, permission)
    return program, queries.moderation_or_404(program, moderation_id, current_user)


@bp.get(MODERATION)
@requires(P.MODERATION_VIEW)
def show_moderation(program_id, moderation_id):
    """Show both ratings criterion by criterion, what was answered, and what was decided."""
    return _page(*_loaded(program_id, moderation_id))


@bp.post(f"{MODERATION}/answer")
@requires(P.MODERATION_VIEW)
def answer_moderation(program_id, moderation_id):
    """Keep one's rating, or revise it where the parties are apart."""
    program, one = _loaded(program_id, moderation_id)
    form, now = AnswerForm(), utcnow()
    chosen = read_marks(request.form, [criterion.id for criterion in one.window.scheme.criteria])
    if not form.validate():
        return _page(program, one, 422, answer=form, chosen=chosen)
    said = {"reason": form.reason.data, "by": current_user, "now": now}
    try:
        if form.answer.data == "keep":
            actions.keep(program, one, **said)
        else:
            actions.revise(program, one, chosen, **said)
    except RuleBroken as broken:
        return _page(program, one, broken.status, answer=form, chosen=chosen, broken=broken)
    flash(_("Your answer is in; the other side sees it."), "success")
    return redirect(url_for(".show_moderation", program_id=program.id, moderation_id=one.id))


@bp.post(f"{MODERATION}/decision")
@requires(P.MODERATION_DECIDE)
def decide_moderation(program_id, moderation_id):
    """Decide which marks count."""
    program, one = _loaded(program_id, moderation_id, P.MODERATION_DECIDE)
    form = DecisionForm()
    form.offer([side.party for side in one.sides])
    chosen = read_marks(request.form, [criterion.id for criterion in one.window.scheme.criteria])
    if not form.validate():
        return _page(program, one, 422, verdict=form, chosen=chosen)
    try:
        actions.decide(
            program, one, form.verdict(chosen), reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _page(program, one, broken.status, verdict=form, chosen=chosen, broken=broken)
    flash(_("Decided. The result shows what counts and why."), "success")
    return redirect(url_for(".show_moderation", program_id=program.id, moderation_id=one.id))


# --- the days ---------------------------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/moderations/days")
@requires(P.MODERATION_DECIDE)
def edit_days(program_id):
    """Show how many days there are for moderation and for appeals."""
    program = program_for(program_id, P.MODERATION_DECIDE)
    setting = queries.setting_of(program.id)
    form = DaysForm(
        formdata=None,
        version=str(setting.version),
        talk_days=setting.talk_days,
        appeal_days=setting.appeal_days,
    )
    return page_of("days", program, form=form, broken=None)


@bp.post(f"{PROGRAM}/moderations/days")
@requires(P.MODERATION_DECIDE)
def set_days(program_id):
    """Set the days."""
    program, form = program_for(program_id, P.MODERATION_DECIDE), DaysForm()
    if not form.validate():
        return page_of("days", program, 422, form=form, broken=None)
    try:
        actions.set_days(
            program,
            talk=form.talk_days.data or 0,
            appeal=form.appeal_days.data or 0,
            version=whole(form.version.data) or 0,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return page_of("days", program, broken.status, form=form, broken=broken)
    flash(_("The days hold from now on."), "success")
    return redirect(url_for(".list_moderations", program_id=program.id))
