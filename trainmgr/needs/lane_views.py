"""HTTP of the lanes: owners of steps, job standards taken, business needs, figures by month, consent to weights."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import SelectChoice

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.needs import adopting, business, labels, lanes, queries, weights
from trainmgr.needs.lane_forms import NOBODY, AnswerForm, NeedForm, OwnersForm, SeriesForm, lines_of
from trainmgr.needs.pages import bp, load, render
from trainmgr.needs.rules import Lane, LaneStep, SeriesRule
from trainmgr.programs.queries import sides_of
from trainmgr.programs.rules import Side
from trainmgr.standards.queries import standing_for

NEEDS = "/programs/<int:program_id>/needs"
STEP = f"{NEEDS}/steps/<step>"
BUSINESS = f"{NEEDS}/business-needs"
SERIES = f"{NEEDS}/indicators/<int:indicator_id>/months"


def _to_needs(program, anchor):
    return redirect(url_for(".show_needs", program_id=program.id, _anchor=anchor))


# --- who answers for a step ---------------------------------------------------------------------


def _step_or_404(text):
    return LaneStep(text) if text in set(LaneStep) else abort(404)


def _owners_form(program, row):
    form = OwnersForm(data=None if row is None else {"due_on": row.due_on})
    people = queries.possible_owners(program.id)
    for side in Side:
        field, owner = form[side.value], row and getattr(row, f"{side.value}_owner")
        named = {person.id: person.name for person in people[side]} | (
            {owner.id: owner.name} if owner else {}
        )
        field.choices = [SelectChoice(str(NOBODY), _("nobody yet"))]
        field.choices += [SelectChoice(str(key), name) for key, name in named.items()]
        if not form.is_submitted():
            field.data = owner.id if owner else NOBODY
    return form


@bp.get(STEP)
@requires(Permission.NEEDS_EDIT)
def edit_lane_step(program_id, step):
    """Ask who answers for a step on each side, and until when."""
    step = _step_or_404(step)
    program = load(program_id, step.lane)
    row = lanes.products_of(program.id).get(step)
    return render("lane_step", program, step=step, name=labels.LANE_STEPS[step], form=_owners_form(program, row),
                  version=row.version if row else 0, refusal=None)  # fmt: skip


@bp.post(STEP)
@requires(Permission.NEEDS_EDIT)
def update_lane_step(program_id, step):
    """Note who answers for a step, and until when."""
    step = _step_or_404(step)
    program = load(program_id, step.lane)
    form, name = _owners_form(program, lanes.products_of(program.id).get(step)), labels.LANE_STEPS[step]
    context = {"step": step, "name": name, "form": form, "version": typed_version(), "refusal": None}
    if not form.validate():
        return render("lane_step", program, status=422, **context)
    people = queries.possible_owners(program.id)
    chosen = {
        side: next((one for one in people[side] if one.id == form[side.value].data), None)
        for side in Side
        if form[side.value].data == NOBODY or any(one.id == form[side.value].data for one in people[side])
    }
    try:
        lanes.set_owners(
            program, step, chosen, form.due_on.data, version=typed_version(), name=str(name), by=current_user,
            now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return render("lane_step", program, status=409, **(context | {"refusal": refusal}))
    flash(_("Saved who answers for “%(step)s”.", step=name), "success")
    return redirect(url_for(".show_needs", program_id=program.id))


# --- job standards ------------------------------------------------------------------------------


@bp.get(f"{NEEDS}/standards")
@requires(Permission.NEEDS_EDIT)
def list_standards_to_adopt(program_id):
    """Offer the published job standards of the parties."""
    program = load(program_id, Lane.TRAINEE)
    return render("adopt", program, standing=standing_for(program))


@bp.post(f"{NEEDS}/standards")
@requires(Permission.NEEDS_EDIT)
def adopt_standard(program_id):
    """Take the competencies of a published version into the analysis."""
    program = load(program_id, Lane.TRAINEE)
    standing = standing_for(program)
    wanted = request.form.get("version_id", "")
    version = next((one for one in (*standing.possible, *standing.used) if str(one.id) == wanted), None)
    if version is None:
        abort(404)
    added = adopting.adopt(program, version, by=current_user, now=utcnow())
    flash(
        _("“%(post)s” is taken; new competencies: %(count)s.", post=version.standard.post, count=added),
        "success",
    )
    return redirect(url_for(".edit_needs", program_id=program.id, _anchor="competencies-h"))


# --- business needs -----------------------------------------------------------------------------


@bp.get(f"{BUSINESS}/new")
@requires(Permission.NEEDS_EDIT)
def new_business_need(program_id):
    """Show an empty form for a business need."""
    program = load(program_id, Lane.ENTERPRISE)
    return render("business_need", program, form=NeedForm(), need=None, version=0, refusal=None)


@bp.post(BUSINESS)
@requires(Permission.NEEDS_EDIT)
def create_business_need(program_id):
    """Name a business need."""
    program, form = load(program_id, Lane.ENTERPRISE), NeedForm()
    context = {"form": form, "need": None, "version": 0, "refusal": None}
    if not form.validate():
        return render("business_need", program, status=422, **context)
    try:
        business.create_need(program, form.text.data, form.source.data or "", by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("business_need", program, status=409, **(context | {"refusal": refusal}))
    flash(_("The business need is named."), "success")
    return redirect(url_for(".edit_needs", program_id=program.id, _anchor="needs-h"))


@bp.get(f"{BUSINESS}/<int:need_id>")
@requires(Permission.NEEDS_EDIT)
def edit_business_need(program_id, need_id):
    """Show the form of a business need."""
    program = load(program_id, Lane.ENTERPRISE)
    need = queries.business_need_or_404(program, need_id)
    return render(
        "business_need", program, form=NeedForm(obj=need), need=need, version=need.version, refusal=None
    )


@bp.post(f"{BUSINESS}/<int:need_id>")
@requires(Permission.NEEDS_EDIT)
def update_business_need(program_id, need_id):
    """Word a business need anew, or remove it."""
    program, form = load(program_id, Lane.ENTERPRISE), NeedForm()
    need = queries.business_need_or_404(program, need_id)
    context = {"form": form, "need": need, "version": typed_version(), "refusal": None}
    if request.form.get("then") == "remove":
        business.remove_need(program, need, by=current_user, now=utcnow())
        flash(_("The business need is removed."), "success")
        return redirect(url_for(".edit_needs", program_id=program.id, _anchor="needs-h"))
    if not form.validate():
        return render("business_need", program, status=422, **context)
    text, source = form.text.data, form.source.data or ""
    try:
        business.update_need(
            program, need, text, source, version=typed_version(), by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return render("business_need", program, status=409, **(context | {"refusal": refusal}))
    flash(_("The business need is saved."), "success")
    return redirect(url_for(".edit_needs", program_id=program.id, _anchor="needs-h"))


# --- figures by month ---------------------------------------------------------------------------


@bp.get(SERIES)
@requires(Permission.NEEDS_EDIT)
def edit_series(program_id, indicator_id):
    """Show an indicator's figures by month."""
    program = load(program_id, Lane.ENTERPRISE)
    indicator = queries.indicator_or_404(program, indicator_id)
    figures = business.figures_of(indicator.id)
    form = SeriesForm(data={"rule": indicator.series_rule.value, "months": lines_of(figures)})
    return render("series", program, indicator=indicator, form=form, figures=figures, refusal=None)


@bp.post(SERIES)
@requires(Permission.NEEDS_EDIT)
def update_series(program_id, indicator_id):
    """Take an indicator's figures by month; the current figure follows from them."""
    program, form = load(program_id, Lane.ENTERPRISE), SeriesForm()
    indicator = queries.indicator_or_404(program, indicator_id)
    figures = business.figures_of(indicator.id)
    context = {"indicator": indicator, "form": form, "figures": figures, "refusal": None}
    if not form.validate():
        return render("series", program, status=422, **context)
    months = dict.fromkeys(figures) | form.figures
    try:
        business.set_figures(
            program, indicator, months, SeriesRule(form.rule.data), by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return render("series", program, status=409, **(context | {"refusal": refusal}))
    flash(_("The figures are saved; the list is ranked anew."), "success")
    return redirect(url_for(".edit_needs", program_id=program.id, _anchor="indicators-h"))


# --- weights ------------------------------------------------------------------------------------


def _own_side(program, proposal):
    """The side for which the reader answers a proposal: the one that did not make it."""
    mine = sides_of(program, current_user, Permission.PROGRAM_SIGN)
    return next((side for side in Side if side in mine and side is not proposal.side), None)


def _answer_page(program, form, *, status=200, refusal=None):
    analysis, proposal = queries.analysis_and_proposal(program.id)
    side = _own_side(program, proposal) if proposal else None
    return render(
        "answer_weights", program, status=status, form=form, refusal=refusal, proposal=proposal, side=side,
        analysis=analysis,
    )  # fmt: skip


@bp.get(f"{NEEDS}/weights")
@requires(Permission.PROGRAM_SIGN)
def confirm_weights(program_id):
    """Show the proposed weights to the side that answers."""
    program = load(program_id)
    if not sides_of(program, current_user, Permission.PROGRAM_SIGN):
        abort(403)
    return _answer_page(program, AnswerForm())


@bp.post(f"{NEEDS}/weights")
@requires(Permission.PROGRAM_SIGN)
def answer_weights(program_id):
    """Take the other side's answer to the proposed weights, or the proposal back."""
    program, form = load(program_id), AnswerForm()
    mine = sides_of(program, current_user, Permission.PROGRAM_SIGN)
    proposal = weights.find_open(program.id)
    if not mine:
        abort(403)
    if proposal is not None and request.form.get("then") == "withdraw" and proposal.side in mine:
        weights.withdraw(program, side=proposal.side, by=current_user, now=utcnow())
        flash(_("The proposal is taken back; the weights stay as they are."), "success")
        return _to_needs(program, "weights-h")
    if not form.validate():
        return _answer_page(program, form, status=422)
    side = (_own_side(program, proposal) if proposal else None) or next(iter(mine))
    try:
        weights.answer(
            program, side=side, accept=form.answer.data == "accept", reason=form.reason.data or "",
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _answer_page(program, form, status=409, refusal=refusal)
    flash(_("Your answer is noted and in the trail."), "success")
    return _to_needs(program, "weights-h")
