"""HTTP of contests: the list, one contest with its entries and ranking, setting up, moving on."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.contests import labels, queries, running
from trainmgr.contests.forms import ContestForm, EntryForm, JudgeForm, ReasonForm, filled
from trainmgr.contests.frame import CONTEST, bp, page_of, run_contest
from trainmgr.contests.rules import FORWARD, ContestState
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

P = Permission


def _asked():
    return {key: request.args.get(key, "")[:30] for key in ("year", "level", "kind")}


@bp.get("/contests")
@requires(P.CONTEST_VIEW)
def list_contests():
    """Show the contests in sight, the latest first."""
    asked = _asked()
    filters = queries.Filters(whole(asked["year"]), asked["level"], asked["kind"])
    return page_of(
        "contests",
        page=queries.list_contests(current_user, Listing.from_request(), filters),
        asked=asked,
        years=[(year, year) for year in range(today().year, today().year - 6, -1)],
    )


# --- setting up -------------------------------------------------------------------------------------------


def _colleges():
    return sorted(current_user.organizations_where(P.CONTEST_RUN))


def _form_page(form, contest=None, status=200, broken=None):
    colleges = _colleges()
    form.offer(queries.offered_programs(colleges), queries.offered_enterprises(colleges))
    return page_of("edit", status, form=form, contest=contest, broken=broken)


def _validated(form):
    colleges = _colleges()
    form.offer(queries.offered_programs(colleges), queries.offered_enterprises(colleges))
    return form.validate()


@bp.get("/contests/new")
@requires(P.CONTEST_RUN)
def new_contest():
    """Ask for a contest."""
    return _form_page(ContestForm(formdata=None, form_of="one", held_on=today()))


@bp.post("/contests/new")
@requires(P.CONTEST_RUN)
def set_up_contest():
    """Prepare a contest."""
    form = ContestForm()
    if not _validated(form):
        return _form_page(form, status=422)
    contest = running.set_up(form.fields(_colleges()[0]), by=current_user, now=utcnow())
    flash(_("The contest is prepared. Name the judges, then open it to entries."), "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


@bp.get(f"{CONTEST}/edit")
@requires(P.CONTEST_RUN)
def edit_contest(contest_id):
    """Show the form of a contest."""
    contest = run_contest(contest_id)
    return _form_page(ContestForm(formdata=None, **filled(contest)), contest)


@bp.post(f"{CONTEST}/edit")
@requires(P.CONTEST_RUN)
def save_contest(contest_id):
    """Change a contest until its judging begins."""
    contest, form = run_contest(contest_id), ContestForm()
    if not _validated(form):
        return _form_page(form, contest, 422)
    try:
        fields, version = form.fields(contest.college_id), whole(form.version.data) or 0
        running.edit(contest, fields, version=version, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _form_page(form, contest, broken.status, broken)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


@bp.post(f"{CONTEST}/move")
@requires(P.CONTEST_RUN)
def move_contest(contest_id):
    """Open a contest to entries, begin the judging, or publish the ranking."""
    contest, target = run_contest(contest_id), request.form.get("target", "")
    if target not in set(ContestState):
        abort(400)
    try:
        running.move_on(contest, ContestState(target), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return show_page(contest, broken.status, broken=broken)
    flash(labels.STATES[ContestState(target)], "success")
    return redirect(url_for(".show_contest", contest_id=contest.id))


# --- one contest -------------------------------------------------------------------------------------------


def show_page(contest, status=200, *, entry=None, judge=None, withdrawal=None, broken=None):
    """Show a contest as far as the reader may see it: entries are everybody's once the ranking is published."""
    runs, judges = queries.runs(contest, current_user), queries.judges_of(contest)
    seat = next((one for one in judges if one.user_id == current_user.id), None)
    published = contest.state is ContestState.PUBLISHED
    page = queries.list_entries(
        contest, current_user, Listing.from_request(), everybody=bool(runs or seat or published)
    )
    return page_of(
        "contest",
        status,
        contest=contest,
        runs=runs,
        seat=seat,
        page=page,
        judges=judges if runs or seat or published else [],
        counts=queries.score_counts(contest) if runs and contest.state is ContestState.JUDGING else None,
        scored=queries.scored(contest, [one.id for one in page.items]) if runs or published else None,
        forward=FORWARD.get(contest.state) if runs else None,
        enters=_may_enter(contest),
        entry=entry or EntryForm(formdata=None),
        judge=judge or JudgeForm(formdata=None),
        withdrawal=withdrawal or ReasonForm(formdata=None),
        broken=broken,
        today=today(),
    )


def _may_enter(contest):
    late = contest.entries_until is not None and contest.entries_until < today()
    return contest.state is ContestState.OPEN and not late and Role.TRAINEE in current_user.roles


@bp.get(CONTEST)
@requires(P.CONTEST_VIEW)
def show_contest(contest_id):
    """Show a contest: what is scored, what is won, who takes part, the ranking."""
    return show_page(queries.contest_or_404(contest_id, current_user))
