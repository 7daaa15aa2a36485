"""HTTP of two-way choice: rounds for staff, wishes for trainees, answers for mentors, pairs found at the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.mentoring import choice_actions as actions
from trainmgr.mentoring import choice_job, labels
from trainmgr.mentoring import choice_queries as queries
from trainmgr.mentoring.choosing import Days, Phase, Proposing
from trainmgr.mentoring.forms import DaysForm, RoundForm
from trainmgr.mentoring.frame import bp, page_of, side_or_404
from trainmgr.mentoring.proposal_queries import find_proposal
from trainmgr.mentoring.rules import Way
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404

P = Permission
STRANGER = -1  # what a name that is no number stands for: nobody has it


def _staff(program_id: int) -> Program:
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, P.MENTOR_ASSIGN):
        abort(403)
    return program


@bp.get("/programs/<int:program_id>/choices/<side>")
@requires(P.MENTOR_VIEW)
def show_choice(program_id, side):
    """Show the rounds of the two-way choice on a side: dates, the proposing side, who has chosen, what comes next."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    rounds = queries.list_rounds(program, side)
    newest = rounds[0] if rounds else None
    return page_of(
        "choice.html",
        program,
        side=side,
        rounds=rounds,
        newest=newest,
        phase=queries.phase_of(newest, today()) if newest else None,
        turnout=queries.turnout_of(program, newest) if newest else None,
        waiting=queries.count_waiting(program, side),
        proposal=find_proposal(program, side, Way.TWO_WAY),
        may_assign=may(program, current_user, P.MENTOR_ASSIGN),
        labels=labels,
    )


@bp.get("/programs/<int:program_id>/choices/<side>/new")
@requires(P.MENTOR_ASSIGN)
def new_round(program_id, side):
    """Show the form that opens a round."""
    program = _staff(program_id)
    day = today()
    form = RoundForm(
        formdata=None,
        opens_on=day,
        trainees_until=day + timedelta(days=6),
        mentors_until=day + timedelta(days=13),
    )
    return _round_page(program, side, form)


def _round_page(program: Program, side: str, form: RoundForm, status: int = 200, broken: str = "") -> Any:
    side = side_or_404(side)
    waiting = queries.count_waiting(program, side)
    return page_of(
        "round.html", program, status, side=side, form=form, broken=broken, waiting=waiting, labels=labels
    )


@bp.post("/programs/<int:program_id>/choices/<side>")
@requires(P.MENTOR_ASSIGN)
def open_round(program_id, side):
    """Open a round; whoever has no mentor finds it in the inbox on its first day."""
    program = _staff(program_id)
    form = RoundForm()
    if not form.validate():
        return _round_page(program, side, form, 422)
    facts = actions.RoundFacts(
        Proposing(form.proposing.data),
        form.most_wishes.data,
        form.opens_on.data,
        form.trainees_until.data,
        form.mentors_until.data,
    )
    try:
        found = actions.open_round(program, side_or_404(side), facts, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _round_page(program, side, form, broken.status, str(broken))
    flash(_("Round %(number)s is open.", number=found.number), "success")
    return redirect(url_for(".show_choice", program_id=program.id, side=side))


@bp.post("/programs/<int:program_id>/choice/<int:round_id>/match")
@requires(P.MENTOR_ASSIGN)
def match_round(program_id, round_id):
    """Find the stable pairs of a round that is over: at once, or beside the request for many."""
    program = _staff(program_id)
    found = queries.round_or_404(program, round_id)
    if choice_job.request_match(program, found, by=current_user, now=utcnow()) is not None:
        return redirect(url_for(".show_mentors", program_id=program.id, side=found.side))
    return redirect(url_for(".show_proposal", program_id=program.id, side=found.side, way=Way.TWO_WAY))


@bp.get("/programs/<int:program_id>/choice/<int:round_id>/days")
@requires(P.MENTOR_ASSIGN)
def edit_days(program_id, round_id):
    """Show the form that moves a round's days."""
    program = _staff(program_id)
    found = queries.round_or_404(program, round_id)
    return _days_page(program, found, DaysForm(formdata=None, obj=found))


def _days_page(program: Program, found: Any, form: DaysForm, status: int = 200, broken: str = "") -> Any:
    phase = queries.phase_of(found, today())
    return page_of(
        "days.html", program, status, side=found.side, round=found, phase=phase, form=form, broken=broken,
        labels=labels,
    )  # fmt: skip


@bp.post("/programs/<int:program_id>/choice/<int:round_id>/days")
@requires(P.MENTOR_ASSIGN)
def move_days(program_id, round_id):
    """Move a round's days, with the reason; inboxes follow."""
    program = _staff(program_id)
    found = queries.round_or_404(program, round_id)
    form = DaysForm()
    if not form.validate():
        return _days_page(program, found, form, 422)
    days = Days(form.opens_on.data, form.trainees_until.data, form.mentors_until.data)
    try:
        actions.move_days(program, found, days, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _days_page(program, found, form, broken.status, str(broken))
    flash(_("The days of round %(number)s are moved.", number=found.number), "success")
    return redirect(url_for(".show_choice", program_id=program.id, side=found.side))


@bp.post("/programs/<int:program_id>/choice/<int:round_id>/call-off")
@requires(P.MENTOR_ASSIGN)
def call_off_round(program_id, round_id):
    """End a round before pairs were found."""
    program = _staff(program_id)
    found = queries.round_or_404(program, round_id)
    actions.call_off(program, found, by=current_user, now=utcnow())
    flash(_("Round %(number)s is called off.", number=found.number), "success")
    return redirect(url_for(".show_choice", program_id=program.id, side=found.side))


# --- a trainee's wishes -----------------------------------------------------------------------------


def _own_wishes(program_id: int, round_id: int) -> tuple[Program, Any, Any]:
    program = program_or_404(program_id, current_user)
    found = queries.round_or_404(program, round_id)
    return program, found, queries.choosing_enrolment(program, found, current_user) or abort(404)


def _wishes_page(program: Program, found: Any, who: Any, status: int = 200, **context: Any) -> Any:
    day = today()
    phase = queries.phase_of(found, day)
    possible = queries.mentors_to_choose(program, found, who, day)
    chosen = context.pop("chosen", None)
    return page_of(
        "wishes.html",
        program,
        status,
        side=found.side,
        round=found,
        phase=phase,
        is_open=phase is Phase.TRAINEES,
        possible=possible,
        names={mentor.id: mentor.name for mentor, _free in possible},
        chosen=list(queries.wishes_of(found, who.enrolment)) if chosen is None else chosen,
        labels=labels,
        **context,
    )


@bp.get("/programs/<int:program_id>/choice/<int:round_id>/wishes")
@requires(P.PROGRAM_VIEW)
def edit_wishes(program_id, round_id):
    """Show a trainee the mentors to choose from, and the own list."""
    return _wishes_page(*_own_wishes(program_id, round_id))


@bp.post("/programs/<int:program_id>/choice/<int:round_id>/wishes")
@requires(P.PROGRAM_VIEW)
def record_wishes(program_id, round_id):
    """Take a trainee's list of mentors, the dearest first."""
    program, found, who = _own_wishes(program_id, round_id)
    named = [text for text in request.form.getlist("wish")[:50] if text]
    chosen = [whole(text) or STRANGER for text in named]
    try:
        actions.record_wishes(program, found, who, chosen, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _wishes_page(program, found, who, broken.status, chosen=chosen, broken=str(broken))
    flash(
        ngettext("Your list with %(num)d mentor is in.", "Your list with %(num)d mentors is in.", len(chosen))
        if chosen
        else _("Your list is empty now."),
        "success",
    )
    return redirect(url_for(".edit_wishes", program_id=program.id, round_id=found.id))


# --- a mentor's answers -----------------------------------------------------------------------------


def _own_answers(program_id: int, round_id: int) -> tuple[Program, Any, Any]:
    program = program_or_404(program_id, current_user)
    found = queries.round_or_404(program, round_id)
    return program, found, queries.choosing_mentor(program, found, current_user) or abort(404)


def _answers_page(program: Program, found: Any, mentor: Any, status: int = 200, **context: Any) -> Any:
    phase = queries.phase_of(found, today())
    # Who names whom is not told before the trainees' days are over.
    rows = queries.who_named(found, mentor) if phase in (Phase.MENTORS, Phase.OVER) else []
    typed = context.pop("typed", None)
    said = {
        trainee.id: "no" if declined else str(rank or "") for trainee, rank, declined in rows
    } if typed is None else typed  # fmt: skip
    return page_of(
        "answers.html",
        program,
        status,
        side=found.side,
        round=found,
        phase=phase,
        is_open=phase is Phase.MENTORS,
        mentor=mentor,
        rows=rows,
        said=said,
        labels=labels,
        **context,
    )


@bp.get("/programs/<int:program_id>/choice/<int:round_id>/answers")
@requires(P.PROGRAM_VIEW)
def edit_answers(program_id, round_id):
    """Show a mentor who named him or her, to be ranked, accepted or declined."""
    return _answers_page(*_own_answers(program_id, round_id))


@bp.post("/programs/<int:program_id>/choice/<int:round_id>/answers")
@requires(P.PROGRAM_VIEW)
def record_answers(program_id, round_id):
    """Take a mentor's answers."""
    program, found, mentor = _own_answers(program_id, round_id)
    typed = {
        whole(name.removeprefix("answer-")) or STRANGER: text.strip()[:10]
        for name, text in request.form.items()
        if name.startswith("answer-")
    }
    declined = [key for key, text in typed.items() if text == "no"]
    answers = {key: _place(text) for key, text in typed.items() if text != "no"}
    try:
        actions.record_answers(program, found, mentor, answers, declined, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _answers_page(program, found, mentor, broken.status, typed=typed, broken=str(broken))
    flash(_("Your answers are in."), "success")
    return redirect(url_for(".edit_answers", program_id=program.id, round_id=found.id))


def _place(text: str) -> int | None:
    """Return the place that is typed, None for accepted without one; nonsense is a place that nobody has."""
    return (whole(text) or STRANGER) if text else None
