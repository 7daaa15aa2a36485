"""HTTP of what happens in a contest: entering, withdrawing, naming judges, scoring."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.contests import queries, running
from trainmgr.contests.contest_views import show_page
from trainmgr.contests.forms import EntryForm, JudgeForm, ReasonForm, ScoreForm, read_points, split_numbers
from trainmgr.contests.frame import CONTEST, bp, page_of, run_contest
from trainmgr.contests.rules import ContestState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing

P = Permission
ENTRY = f"{CONTEST}/entries/<int:entry_id>"


# --- entering ----------------------------------------------------------------------------------------------


def _named(contest, form):
    """Return the trainees that were named by their numbers, or None with the fault at the field."""
    numbers = split_numbers(form.people.data or "")
    found = queries.candidates(contest, numbers[:500]) if numbers else {}
    unknown = [number for number in numbers if len(found.get(number, ())) != 1]
    if unknown or len(numbers) > 500:
        form.people.errors = [
            _(
                "No trainee of this contest, or more than one, has: %(numbers)s",
                numbers=_(", ").join(unknown[:10]),
            )
        ]
        return None
    return [found[number][0] for number in numbers]


def _teams(contest, form, people):
    """Return the entries that were typed: one team, or each person on their own."""
    if not contest.is_team:
        return [(person.name, [person]) for person in people]
    return [(form.name.data, people)] if form.name.data and people else []


def _entered(contest, form, people, *, staff):
    teams = _teams(contest, form, people)
    if not teams:
        form.name.errors = [_("Name the team and who is in it.") if contest.is_team else _("Name a trainee.")]
        return show_page(contest, 422, entry=form)
    try:
        entries = running.enter(contest, teams, by=current_user, now=utcnow(), staff=staff)
    except RuleBroken as broken:
        return show_page(contest, broken.status, entry=form, broken=broken)
    flash(ngettext("%(num)s entry is in.", "%(num)s entries are in.", len(entries)), "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


@bp.post(f"{CONTEST}/entries")
@requires(P.CONTEST_RUN)
def add_entries(contest_id):
    """Enter trainees, or a team."""
    contest, form = run_contest(contest_id), EntryForm()
    if not form.validate():
        return show_page(contest, 422, entry=form)
    people = _named(contest, form)
    if people is None:
        return show_page(contest, 422, entry=form)
    return _entered(contest, form, people, staff=True)


@bp.post(f"{CONTEST}/enter")
@requires(P.CONTEST_ENTER)
def enter_contest(contest_id):
    """Enter myself, or my team with me in it."""
    contest, form = queries.contest_or_404(contest_id, current_user), EntryForm()
    me = queries.own_enrolment(contest, current_user) or abort(404)
    people = _named(contest, form) if form.validate() and contest.is_team else []
    if people is None or form.errors:
        return show_page(contest, 422, entry=form)
    team = [me, *(person for person in people if person.id != me.id)]
    return _entered(contest, form, team, staff=False)


@bp.post(f"{ENTRY}/withdraw")
@requires(P.CONTEST_RUN)
def withdraw_entry(contest_id, entry_id):
    """Take an entry out, with the reason."""
    contest, form = run_contest(contest_id), ReasonForm()
    entry = queries.entry_or_404(contest, entry_id)
    if not form.validate():
        return show_page(contest, 422, withdrawal=form)
    try:
        running.withdraw(contest, entry, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return show_page(contest, broken.status, withdrawal=form, broken=broken)
    flash(_("The entry is withdrawn."), "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


# --- judges ------------------------------------------------------------------------------------------------


@bp.post(f"{CONTEST}/judges")
@requires(P.CONTEST_RUN)
def name_judge(contest_id):
    """Name a judge of the college, of the enterprise or from outside."""
    contest, form = run_contest(contest_id), JudgeForm()
    if not form.validate():
        return show_page(contest, 422, judge=form)
    found = queries.find_judges(contest, form.person.data)
    if len(found) != 1:
        form.person.errors = [
            _("Nobody who may judge, or more than one, has this name. Type the sign-in name.")
        ]
        return show_page(contest, 422, judge=form)
    try:
        running.name_judge(contest, *found[0], by=current_user, now=utcnow())
    except RuleBroken as broken:
        return show_page(contest, broken.status, judge=form, broken=broken)
    flash(_("%(name)s is a judge now.", name=found[0][0].name), "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


@bp.post(f"{CONTEST}/judges/<int:judge_id>/release")
@requires(P.CONTEST_RUN)
def release_judge(contest_id, judge_id):
    """Release a judge who has not scored anything."""
    contest = run_contest(contest_id)
    judge = next((one for one in queries.judges_of(contest) if one.id == judge_id), None) or abort(404)
    try:
        running.release_judge(contest, judge, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return show_page(contest, broken.status, broken=broken)
    flash(_("%(name)s is a judge no longer.", name=judge.user.name), "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


# --- scoring -----------------------------------------------------------------------------------------------


def _judged(contest_id):
    contest = queries.contest_or_404(contest_id, current_user)
    return contest, queries.judge_for(contest, current_user) or abort(403)


@bp.get(f"{CONTEST}/scores")
@requires(P.CONTEST_JUDGE)
def show_scoring(contest_id):
    """Show a judge what is scored, and what is still to be."""
    contest, seat = _judged(contest_id)
    page = queries.list_entries(contest, current_user, Listing.from_request(), everybody=True)
    known = queries.scored(contest, [entry.id for entry in page.items])
    return page_of("scoring", contest=contest, seat=seat, page=page, known=known)


def _score_page(contest, seat, entry, form, status=200, *, typed=None, wrong=None, broken=None):
    mine = queries.scored(contest, [entry.id]).sheets.get((entry.id, seat.id))
    points = {int(key): value for key, value in mine.points.items()} if mine else {}
    return page_of(
        "score",
        status,
        contest=contest,
        entry=entry,
        form=form,
        mine=mine,
        typed=typed if typed is not None else points,
        wrong=wrong or {},
        broken=broken,
        works=contest.state is ContestState.JUDGING and entry.is_active,
    )


@bp.get(f"{CONTEST}/scores/<int:entry_id>")
@requires(P.CONTEST_JUDGE)
def edit_score(contest_id, entry_id):
    """Show one's scoring sheet of an entry."""
    contest, seat = _judged(contest_id)
    return _score_page(contest, seat, queries.entry_or_404(contest, entry_id), ScoreForm(formdata=None))


@bp.post(f"{CONTEST}/scores/<int:entry_id>")
@requires(P.CONTEST_JUDGE)
def score_entry(contest_id, entry_id):
    """Hand in a scoring sheet, or the correction of one."""
    contest, seat = _judged(contest_id)
    entry, form = queries.entry_or_404(contest, entry_id), ScoreForm()
    points, typed, wrong = read_points(request.form, contest)
    if not form.validate() or wrong:
        return _score_page(contest, seat, entry, form, 422, typed=typed, wrong=wrong)
    said = {"comment": form.comment.data or "", "reason": form.reason.data or ""}
    try:
        running.score(contest, entry, points, **said, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _score_page(contest, seat, entry, form, broken.status, typed=typed, broken=broken)
    flash(_("Your score of %(name)s is in.", name=entry.name), "success")
    return redirect(url_for(".show_scoring", contest_id=contest.id))
