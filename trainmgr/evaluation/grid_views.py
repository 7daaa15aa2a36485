"""HTTP of the grid: a page of the trainees whom I rate, their drafts as I type, and every complete row handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.evaluation import grids, queries, ratings
from trainmgr.evaluation.blueprint import bp
from trainmgr.evaluation.forms import read_grid
from trainmgr.evaluation.grids import Row
from trainmgr.evaluation.labels import LEVELS, PARTIES
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.rules import Party, Phase
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

GRID = "/ratings/<int:window_id>/grid/<any(enterprise, teacher, peer, counsellor, assessor):party>"


@bp.get(GRID)
@requires(Permission.RATE)
def show_grid(window_id: int, party: str) -> Any:
    """Show whom I rate in a window as a grid of trainees and criteria, with what I have entered so far."""
    window, who = _load(window_id, party)
    if window.phase(utcnow()) is Phase.PLANNED:
        ratings.require_phase(window, utcnow())
    return _render(window, who)


@bp.post(GRID)
@requires(Permission.RATE)
def submit_grid(window_id: int, party: str) -> Any:
    """Hand in every complete row; a row that is not says what is missing (422) and stays a draft."""
    window, who = _load(window_id, party)
    rows = read_grid(request.form, ratings.questions_for(window, who))
    program = queries.program_of(window, current_user)
    try:
        outcome = grids.submit(program, window, who, rows, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _render(window, who, typed=rows, refusal=refusal, status=409)
    if outcome.incomplete or not outcome.submitted:
        keep_writes()
        return _render(window, who, typed=rows, told=outcome, status=422)
    flash(ngettext("%(num)s rating is in.", "%(num)s ratings are in.", outcome.submitted), "success")
    return redirect(_url(window, who))


@bp.post(GRID + "/draft")
@requires(Permission.RATE)
def save_grid(window_id: int, party: str) -> Any:
    """Keep rows as drafts: by itself after each change, or by its button where scripts do not run."""
    window, who = _load(window_id, party)
    if window.phase(utcnow()) is Phase.PLANNED:
        ratings.require_phase(window, utcnow())
    rows = read_grid(request.form, ratings.questions_for(window, who))
    grids.keep(window, who, rows, by=current_user, now=utcnow())
    if request.headers.get("HX-Request"):
        return "", 204
    flash(_("Draft kept. You can go on with it on any device."), "success")
    return redirect(_url(window, who))


def _load(window_id: int, party: str) -> tuple[Window, Party]:
    """Return window and party of a grid, or answer 404 for what I do not see or what does not ask the party."""
    window, who = queries.find_window(window_id), Party(party)
    queries.program_of(window, current_user)
    if not ratings.questions_for(window, who):
        abort(404)
    return window, who


def _url(window: Window, party: Party) -> str:
    kept: dict[str, Any] = {key: request.args[key] for key in ("class", "page") if key in request.args}
    return url_for(".show_grid", window_id=window.id, party=party.value, **kept)


def _render(
    window: Window,
    party: Party,
    *,
    typed: Mapping[int, Row] | None = None,
    told: grids.Outcome | None = None,
    refusal: RuleBroken | None = None,
    status: int = 200,
) -> Any:
    cohort_id = request.args.get("class", type=whole)
    asked = replace(Listing.from_request(), q="")  # the grid is narrowed by class only
    page = queries.list_mine(window, party, current_user, asked, cohort_id=cohort_id)
    if not page.total and cohort_id is None:
        abort(403)  # nobody is mine to rate here
    kept = grids.marks_of(row.rating_id for row in page.items if row.rater_id == current_user.id)
    entered = {row.id: Row(kept.get(row.rating_id, {})) for row in page.items} | dict(typed or {})
    html = render_template(
        "evaluation/grid.html",
        window=window,
        party=party,
        page=page,
        questions=ratings.questions_for(window, party),
        entered=entered,
        told=told,
        refusal=refusal,
        phase=window.phase(utcnow()),
        cohorts=[(one.id, one.name) for one in grids.cohorts_of(window, party, current_user)],
        cohort_id=cohort_id,
        action=_url(window, party),
        PARTIES=PARTIES,
        LEVELS=LEVELS,
    )
    return html, status
