"""HTTP of the Delphi rounds: who is asked, what they say, what becomes of the items."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.standards import delphi, labels, scoring
from trainmgr.standards.evidence_forms import Grid, PanelForm, RoundForm
from trainmgr.standards.experts import pool_of
from trainmgr.standards.interview_views import load_evidence
from trainmgr.standards.pages import DRAFT, VERSION, bp, load_draft, render
from trainmgr.standards.scoring import Limits, Subject

ROUND = f"{DRAFT}/delphi/<int:round_number>"
RATINGS = f"{ROUND}/experts/<int:expert_id>"


@bp.get(f"{VERSION}/delphi")
@requires(Permission.EXPERT_VIEW)
def show_delphi(standard_id, number):
    """Show both rounds: figures per item, agreement, what is kept, dropped or asked again."""
    view = load_evidence(standard_id, number)
    rounds = delphi.rounds_of(view.version)
    present = {one.competency.key for one in view.content.competencies} | {t.key for t in view.content.tasks}
    return render(
        "delphi",
        view,
        panel=delphi.panel_of(view.version),
        rounds=rounds,
        answered=delphi.scores_in(rounds[-1]) if rounds and not rounds[-1].closed_at else {},
        dropped=len(delphi.dropped_by(rounds) & present),
        verdicts=labels.VERDICTS,
        subjects=labels.SUBJECTS,
        fewest=scoring.FEWEST_RATERS,
    )


def _to_delphi(view):
    where = {"standard_id": view.standard.id, "number": view.version.number}
    return redirect(url_for(".show_delphi", **where))


@bp.get(f"{DRAFT}/delphi/panel")
@requires(Permission.STANDARD_EDIT)
def edit_panel(standard_id):
    """Show who is asked."""
    view = load_draft(standard_id)
    asked = [one.id for one in delphi.panel_of(view.version)]
    return render("panel", view, form=PanelForm(data={"experts": asked}, experts=pool_of(view.standard)))


@bp.post(f"{DRAFT}/delphi/panel")
@requires(Permission.STANDARD_EDIT)
def update_panel(standard_id):
    """Take who is asked."""
    view = load_draft(standard_id)
    form = PanelForm(experts=pool_of(view.standard))
    if not form.validate():
        return render("panel", view, status=422, form=form)
    try:
        delphi.set_panel(view.standard, form.experts.data or [], by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("panel", view, status=409, form=form, refusal=refusal)
    flash(_("The panel is saved."), "success")
    return _to_delphi(view)


@bp.get(f"{DRAFT}/delphi/new")
@requires(Permission.STANDARD_EDIT)
def new_round(standard_id):
    """Show the thresholds of the next round; the second begins with those of the first."""
    view = load_draft(standard_id)
    rounds = delphi.rounds_of(view.version)
    limits = delphi.limits_of(rounds[-1]) if rounds else Limits()
    subject = rounds[-1].subject if rounds else Subject.COMPETENCIES
    form = RoundForm.showing(limits, subject)
    return render("round_form", view, form=form, rounds=rounds)


@bp.post(f"{DRAFT}/delphi/new")
@requires(Permission.STANDARD_EDIT)
def open_round(standard_id):
    """Open the next round."""
    view, form = load_draft(standard_id), RoundForm()
    rounds = delphi.rounds_of(view.version)
    if not form.validate():
        return render("round_form", view, status=422, form=form, rounds=rounds)
    try:
        delphi.open_round(view.standard, form.chosen_subject(), form.limits(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("round_form", view, status=409, form=form, rounds=rounds, refusal=refusal)
    flash(_("The round is open. Enter what each expert says."), "success")
    return _to_delphi(view)


def _open_or_404(view, number):
    found = [one for one in delphi.rounds_of(view.version) if one.number == number]
    return found[0] if found else abort(404)


@bp.get(f"{ROUND}/thresholds")
@requires(Permission.STANDARD_EDIT)
def edit_limits(standard_id, round_number):
    """Show the thresholds of a round."""
    view = load_draft(standard_id)
    one = _open_or_404(view, round_number)
    form = RoundForm.showing(delphi.limits_of(one), one.subject)
    return render("round_form", view, form=form, rounds=[one], changing=one)


@bp.post(f"{ROUND}/thresholds")
@requires(Permission.STANDARD_EDIT)
def update_limits(standard_id, round_number):
    """Take changed thresholds; every item is judged anew."""
    view, form = load_draft(standard_id), RoundForm()
    one = _open_or_404(view, round_number)
    context = {"form": form, "rounds": [one], "changing": one}
    if not form.validate():
        return render("round_form", view, status=422, **context)
    try:
        delphi.set_limits(view.standard, round_number, form.limits(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("round_form", view, status=409, refusal=refusal, **context)
    flash(_("The thresholds are saved."), "success")
    return _to_delphi(view)


def _ratings_page(view, one, expert, grid, *, status=200, refusal=None):
    context = {"one": one, "expert": expert, "grid": grid, "refusal": refusal}
    return render("delphi_ratings", view, status=status, **context)


def _load_ratings(standard_id, round_number, expert_id):
    view = load_draft(standard_id)
    asked = {one.id: one for one in delphi.panel_of(view.version)}
    return view, _open_or_404(view, round_number), asked.get(expert_id) or abort(404)


@bp.get(RATINGS)
@requires(Permission.STANDARD_EDIT)
def edit_ratings(standard_id, round_number, expert_id):
    """Show the grid for what one expert says."""
    view, one, expert = _load_ratings(standard_id, round_number, expert_id)
    said = delphi.scores_in(one).get(expert.id, {})
    return _ratings_page(
        view, one, expert, Grid({f"score-{item}": str(score) for item, score in said.items()})
    )


@bp.post(RATINGS)
@requires(Permission.STANDARD_EDIT)
def update_ratings(standard_id, round_number, expert_id):
    """Take what one expert says; figures and verdicts are computed anew."""
    view, one, expert = _load_ratings(standard_id, round_number, expert_id)
    grid = Grid(request.form)
    scores = grid.scores([item.id for item in one.items])
    if grid.faults:
        return _ratings_page(view, one, expert, grid, status=422)
    try:
        delphi.rate(view.standard, round_number, {expert.id: scores}, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _ratings_page(view, one, expert, grid, status=409, refusal=refusal)
    flash(_("What %(name)s says is saved.", name=expert.name), "success")
    return _to_delphi(view)


@bp.post(f"{ROUND}/close")
@requires(Permission.STANDARD_EDIT)
def close_round(standard_id, round_number):
    """Close a round; its figures stand from now on."""
    view = load_draft(standard_id)
    _open_or_404(view, round_number)
    delphi.close_round(view.standard, round_number, by=current_user, now=utcnow())
    flash(_("The round is closed."), "success")
    return _to_delphi(view)


@bp.get(f"{ROUND}/discard")
@requires(Permission.STANDARD_EDIT)
def confirm_round_discard(standard_id, round_number):
    """Say what goes with a round."""
    view = load_draft(standard_id)
    return render("confirm_round_discard", view, one=_open_or_404(view, round_number))


@bp.post(f"{ROUND}/discard")
@requires(Permission.STANDARD_EDIT)
def discard_round(standard_id, round_number):
    """Remove an open round with what was said in it."""
    view = load_draft(standard_id)
    _open_or_404(view, round_number)
    delphi.discard_round(view.standard, round_number, by=current_user, now=utcnow())
    flash(_("The round is discarded."), "success")
    return _to_delphi(view)


@bp.post(f"{DRAFT}/delphi/apply")
@requires(Permission.STANDARD_EDIT)
def apply_rounds(standard_id):
    """Take out of the draft what the experts dropped."""
    view = load_draft(standard_id)
    count = delphi.apply_rounds(view.standard, by=current_user, now=utcnow())
    flash(
        ngettext(
            "%(num)s item is taken out of the draft.", "%(num)s items are taken out of the draft.", count
        ),
        "success",
    )
    return _to_delphi(view)
