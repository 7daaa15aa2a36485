"""HTTP of rating: what I have to rate, the form for one thumb, its draft, handing it in, and correcting it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, ratings
from trainmgr.evaluation.blueprint import PARTY, bp
from trainmgr.evaluation.forms import CorrectionForm, read_answers
from trainmgr.evaluation.labels import LEVELS, PARTIES
from trainmgr.evaluation.models import Rating, Window
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.rules import Party, Phase, RatingState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

FORM = f"/ratings/<int:window_id>/<int:enrolment_id>/<{PARTY}:party>"


@bp.get("/ratings")
@requires(Permission.RATE)
def list_my_ratings() -> Any:
    """Show in which windows I rate, and whom: what is still open first."""
    now, wanted = utcnow(), request.args.get("window", type=whole)
    party = request.args.get("party")
    mine = queries.my_windows(current_user, now)
    chosen = queries.pick_mine(mine, wanted, Party(party) if party in set(Party) else None)
    page = (
        queries.list_mine(chosen.window, chosen.party, current_user, Listing.from_request())
        if chosen
        else None
    )
    return render_template(
        "evaluation/my_ratings.html", mine=mine, chosen=chosen, page=page, now=now, **_words()
    )


@bp.get("/programs/<int:program_id>/windows/<int:window_id>/rate")
@requires(Permission.RATE)
def show_next_rating(program_id: int, window_id: int) -> Any:
    """Lead from the inbox straight to the first form that is still open."""
    window = queries.find_window(window_id)
    if window.program_id != program_id:
        abort(404)
    queries.program_of(window, current_user)
    for party in queries.parties_of(current_user):
        if party.value in window.tally:
            first = next(iter(queries.next_to_rate(window, party, current_user, 1)), None)
            if first and first.state is not RatingState.SUBMITTED:
                return redirect(_form_url(window, first.id, party))
    return redirect(url_for(".list_my_ratings"))


@bp.get(FORM)
@requires(Permission.RATE)
def show_rating_form(window_id: int, enrolment_id: int, party: str) -> Any:
    """Show the form for one trainee with the draft that was kept; one that was handed in is shown as it is."""
    window, enrolment, who = _load(window_id, enrolment_id, party)
    known = queries.party_ratings(window, enrolment, who, current_user)
    submitted = next((rating for rating in known if rating.state is RatingState.SUBMITTED), None)
    if submitted is not None and submitted.rater_id == current_user.id:
        return redirect(url_for(".show_rating", rating_id=submitted.id))
    if submitted is not None:
        raise RuleBroken(
            _("%(who)s has rated %(trainee)s already.", who=submitted.rater.name, trainee=enrolment.name)
        )
    if window.phase(utcnow()) is Phase.PLANNED:
        ratings.require_phase(window, utcnow())
    draft = next((r for r in known if r.state is RatingState.DRAFT and r.rater_id == current_user.id), None)
    return _render(window, enrolment, who, ratings.answers_of(draft))


@bp.post(FORM)
@requires(Permission.RATE)
def submit_rating(window_id: int, enrolment_id: int, party: str) -> Any:
    """Hand a rating in; what is missing (422) or forbidden (409) keeps everything as a draft."""
    window, enrolment, who = _load(window_id, enrolment_id, party)
    program, now = queries.program_of(window, current_user), utcnow()
    answers = read_answers(request.form, ratings.questions_for(window, who))
    unanswered = answers.unanswered(ratings.questions_for(window, who))
    try:
        if unanswered and window.phase(now) is Phase.OPEN:
            ratings.save_draft(window, enrolment, who, answers, by=current_user, now=now)
            keep_writes()
            return _render(window, enrolment, who, answers, missing=unanswered, status=422)
        ratings.submit(program, window, enrolment, who, answers, by=current_user, now=now)
    except RuleBroken as refusal:
        return _refused(window, enrolment, who, answers, refusal)
    flash(_("Your rating of %(name)s is in.", name=enrolment.name), "success")
    return redirect(_after(window, who))


def _refused(
    window: Window, enrolment: Enrolment, party: Party, answers: Answers, refusal: RuleBroken
) -> Any:
    """Show the form again with the sentence that refused it; what was entered becomes a draft where one may be."""
    try:
        ratings.save_draft(window, enrolment, party, answers, by=current_user, now=utcnow())
        keep_writes()
    except RuleBroken:
        pass  # it is in already: there is nothing left to keep
    return _render(window, enrolment, party, answers, refusal=refusal, status=409)


@bp.post(FORM + "/draft")
@requires(Permission.RATE)
def save_rating_draft(window_id: int, enrolment_id: int, party: str) -> Any:
    """Keep what was entered so far: by itself after each change, or by its button where scripts do not run."""
    window, enrolment, who = _load(window_id, enrolment_id, party)
    answers = read_answers(request.form, ratings.questions_for(window, who))
    ratings.save_draft(window, enrolment, who, answers, by=current_user, now=utcnow())
    if request.headers.get("HX-Request"):
        return "", 204
    flash(_("Draft kept. You can go on with it on any device."), "success")
    return redirect(_form_url(window, enrolment.id, who))


@bp.get("/ratings/given/<int:rating_id>")
@requires(Permission.RATE)
def show_rating(rating_id: int) -> Any:
    """Show a rating that I handed in, as it will stay."""
    rating = queries.rating_or_404(rating_id, current_user)
    questions = ratings.questions_for(rating.window, rating.party)
    return render_template(
        "evaluation/rating.html",
        rating=rating,
        groups=_groups(rating.window, questions),
        answers=ratings.answers_of(rating),
        may_correct=rating.state is RatingState.SUBMITTED and rating.window.phase(utcnow()) is Phase.OPEN,
        **_words(),
    )


@bp.get("/ratings/given/<int:rating_id>/correction")
@requires(Permission.RATE)
def edit_correction(rating_id: int) -> Any:
    """Show the form of a correction, filled with what was handed in."""
    rating = queries.rating_or_404(rating_id, current_user)
    ratings.require_phase(rating.window, utcnow())
    return _render_correction(rating, ratings.answers_of(rating), CorrectionForm(formdata=None))


@bp.post("/ratings/given/<int:rating_id>/correction")
@requires(Permission.RATE)
def correct_rating(rating_id: int) -> Any:
    """Hand a correction in; the first rating is kept beside it."""
    rating, now, form = queries.rating_or_404(rating_id, current_user), utcnow(), CorrectionForm()
    program = queries.program_of(rating.window, current_user)
    questions = ratings.questions_for(rating.window, rating.party)
    answers = read_answers(request.form, questions)
    if not form.validate() or answers.unanswered(questions):
        return _render_correction(rating, answers, form, missing=answers.unanswered(questions), status=422)
    try:
        correction = ratings.correct(
            program, rating.window, rating, answers, reason=form.reason.data, by=current_user, now=now
        )
    except RuleBroken as refusal:
        return _render_correction(rating, answers, form, refusal=refusal, status=409)
    flash(_("The correction is in; the first rating is kept beside it."), "success")
    return redirect(url_for(".show_rating", rating_id=correction.id))


# --- shared by the views above ----------------------------------------------------------------------


def _load(window_id: int, enrolment_id: int, party: str) -> tuple[Window, Enrolment, Party]:
    """Return window, trainee and party of a form: 404 for what I do not see, 403 where I do not speak for the party."""
    window, who = queries.find_window(window_id), Party(party)
    program = queries.program_of(window, current_user)
    enrolment = queries.ratee_or_404(program, window, enrolment_id, who, current_user)
    if not queries.rates(window, enrolment.id, who, current_user.id):
        abort(403)
    if not ratings.questions_for(window, who):
        abort(404)
    return window, enrolment, who


def _words() -> dict[str, Any]:
    return {"PARTIES": PARTIES, "LEVELS": LEVELS, "Phase": Phase}


def _groups(window: Window, questions: Any) -> list[tuple[Any, list[Any], float]]:
    """Return the questions by level with what each level weighs in this window, in percent."""
    levels = window.plan.levels
    whole = sum(level.weight for level in levels)
    groups = [
        (lv.level, [c for c in questions if c.level is lv.level], lv.weight / whole * 100) for lv in levels
    ]
    return [(level, asked, share) for level, asked, share in groups if asked]


def _render(
    window: Window,
    enrolment: Enrolment,
    party: Party,
    answers: Answers,
    *,
    missing: Any = (),
    refusal: RuleBroken | None = None,
    status: int = 200,
) -> Any:
    questions = ratings.questions_for(window, party)
    mine = [] if party is Party.TRAINEE else queries.next_to_rate(window, party, current_user)
    following = [row for row in mine if row.state is not RatingState.SUBMITTED and row.id != enrolment.id]
    html = render_template(
        "evaluation/rate.html",
        window=window,
        enrolment=enrolment,
        party=party,
        answers=answers,
        groups=_groups(window, questions),
        questions=questions,
        missing={criterion.id for criterion in missing},
        missing_criteria=missing,
        refusal=refusal,
        phase=window.phase(utcnow()),
        mine=mine,
        following=following[0] if following else None,
        **_words(),
    )
    return html, status


def _render_correction(
    rating: Rating,
    answers: Answers,
    form: CorrectionForm,
    *,
    missing: Any = (),
    refusal: RuleBroken | None = None,
    status: int = 200,
) -> Any:
    questions = ratings.questions_for(rating.window, rating.party)
    html = render_template(
        "evaluation/correct.html",
        rating=rating,
        answers=answers,
        form=form,
        groups=_groups(rating.window, questions),
        questions=questions,
        missing={criterion.id for criterion in missing},
        missing_criteria=missing,
        refusal=refusal,
        **_words(),
    )
    return html, status


def _form_url(window: Window, enrolment_id: int, party: Party) -> str:
    return url_for(".show_rating_form", window_id=window.id, enrolment_id=enrolment_id, party=party.value)


def _after(window: Window, party: Party) -> str:
    """Return where a person goes after handing in: the next trainee when asked for, else the list."""
    if request.form.get("then") == "next":
        first = next(iter(queries.next_to_rate(window, party, current_user, 1)), None)
        if first is not None and first.state is not RatingState.SUBMITTED:
            return _form_url(window, first.id, party)
    if party is Party.TRAINEE:
        return url_for(".list_my_ratings")
    return url_for(".list_my_ratings", window=window.id, party=party.value)
