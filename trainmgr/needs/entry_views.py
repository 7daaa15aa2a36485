"""HTTP of the entries of a needs analysis: competencies and indicators one by one."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.needs import actions, indicators, queries
from trainmgr.needs.forms import CompetencyForm, IndicatorForm
from trainmgr.needs.keeping import Overtaken
from trainmgr.needs.pages import bp, load, render
from trainmgr.needs.presenting import label_of
from trainmgr.needs.rules import Lane

COMPETENCIES = "/programs/<int:program_id>/needs/competencies"
COMPETENCY = f"{COMPETENCIES}/<int:competency_id>"
INDICATORS = "/programs/<int:program_id>/needs/indicators"
INDICATOR = f"{INDICATORS}/<int:indicator_id>"


def _back(program, anchor):
    return redirect(url_for(".edit_needs", program_id=program.id, _anchor=anchor))


# --- competencies -------------------------------------------------------------------------------


def _competency_form(program, competency=None):
    others = queries.competencies_of(program.id)
    taken = frozenset(other.name for other in others if other is not competency)
    form = CompetencyForm(obj=competency, taken=taken)
    if competency is not None and competency.respondents:
        del form.importance, form.current_level
    return form


def _competency_page(program, form, competency=None, *, status=200, **context):
    version = competency.version if competency and status != 422 else typed_version()
    context = {"version": version, "refusal": None, "theirs": None} | context
    return render("competency", program, status=status, form=form, competency=competency, **context)


@bp.get(f"{COMPETENCIES}/new")
@requires(Permission.NEEDS_EDIT)
def new_competency(program_id):
    """Show an empty form for a competency."""
    program = load(program_id, Lane.TRAINEE)
    return _competency_page(program, _competency_form(program))


@bp.post(COMPETENCIES)
@requires(Permission.NEEDS_EDIT)
def create_competency(program_id):
    """Add a competency to the job standard; on wish go on with the next one."""
    program = load(program_id, Lane.TRAINEE)
    form = _competency_form(program)
    if not form.validate():
        return _competency_page(program, form, status=422)
    try:
        competency = actions.create_competency(program, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _competency_page(program, form, status=409, refusal=refusal)
    flash(
        _("“%(name)s” is added and ranked %(rank)s.", name=label_of(competency), rank=competency.rank),
        "success",
    )
    if request.form.get("then") == "next":
        return redirect(url_for(".new_competency", program_id=program.id))
    return _back(program, "competencies-h")


@bp.get(COMPETENCY)
@requires(Permission.NEEDS_EDIT)
def edit_competency(program_id, competency_id):
    """Show the form of a competency."""
    program = load(program_id, Lane.TRAINEE)
    competency = queries.competency_or_404(program, competency_id)
    return _competency_page(program, _competency_form(program, competency), competency)


@bp.post(COMPETENCY)
@requires(Permission.NEEDS_EDIT)
def update_competency(program_id, competency_id):
    """Change a competency; when somebody was faster, show both versions."""
    program = load(program_id, Lane.TRAINEE)
    competency = queries.competency_or_404(program, competency_id)
    form = _competency_form(program, competency)
    if not form.validate():
        return _competency_page(program, form, competency, status=422)
    try:
        actions.update_competency(
            program,
            competency,
            form.facts(competency),
            version=typed_version(),
            by=current_user,
            now=utcnow(),
        )
    except Overtaken as overtaken:
        return _competency_page(
            program, form, competency, status=409, refusal=overtaken, theirs=overtaken.theirs
        )
    except RuleBroken as refusal:
        return _competency_page(program, form, competency, status=409, refusal=refusal)
    flash(
        _("“%(name)s” is saved and ranked %(rank)s.", name=label_of(competency), rank=competency.rank),
        "success",
    )
    return _back(program, "competencies-h")


@bp.post(f"{COMPETENCIES}/move")
@requires(Permission.NEEDS_EDIT)
def move_competency(program_id):
    """Move a competency one place up or down (the button says which: "12:up")."""
    program = load(program_id, Lane.TRAINEE)
    key, _sign, way = request.form.get("move", "").partition(":")
    competency = queries.competency_or_404(program, whole(key) or 0)
    actions.move_competency(
        program, competency, places=-1 if way == "up" else 1, by=current_user, now=utcnow()
    )
    return _back(program, "competencies-h")


@bp.get(f"{COMPETENCY}/remove")
@requires(Permission.NEEDS_EDIT)
def confirm_competency_removal(program_id, competency_id):
    """Say what goes with a competency before it is removed."""
    program = load(program_id, Lane.TRAINEE)
    competency = queries.competency_or_404(program, competency_id)
    return render("confirm_removal", program, competency=competency, refusal=None)


@bp.post(f"{COMPETENCY}/remove")
@requires(Permission.NEEDS_EDIT)
def remove_competency(program_id, competency_id):
    """Remove a competency that nothing else speaks of."""
    program = load(program_id, Lane.TRAINEE)
    competency = queries.competency_or_404(program, competency_id)
    name = label_of(competency)
    try:
        actions.remove_competency(program, competency, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("confirm_removal", program, status=409, competency=competency, refusal=refusal)
    flash(_("“%(name)s” is removed.", name=name), "success")
    return _back(program, "competencies-h")


# --- indicators ---------------------------------------------------------------------------------


def _indicator_form(program, indicator=None):
    taken = frozenset(other.name for other in queries.indicators_of(program.id) if other is not indicator)
    linked = {"competencies": [link.competency_id for link in indicator.links]} if indicator else {}
    form = IndicatorForm(obj=indicator, taken=taken, data={"direction": "higher", "weight": 3} | linked)
    form.competencies.choices = [(c.id, label_of(c)) for c in queries.competencies_of(program.id)]
    return form


def _indicator_page(program, form, indicator=None, *, status=200, **context):
    version = indicator.version if indicator and status != 422 else typed_version()
    context = {"version": version, "refusal": None, "theirs": None} | context
    return render("indicator", program, status=status, form=form, indicator=indicator, **context)


@bp.get(f"{INDICATORS}/new")
@requires(Permission.NEEDS_EDIT)
def new_indicator(program_id):
    """Show an empty form for an indicator."""
    program = load(program_id, Lane.ENTERPRISE)
    return _indicator_page(program, _indicator_form(program))


@bp.post(INDICATORS)
@requires(Permission.NEEDS_EDIT)
def create_indicator(program_id):
    """Add a business indicator; on wish go on with the next one."""
    program = load(program_id, Lane.ENTERPRISE)
    form = _indicator_form(program)
    if not form.validate():
        return _indicator_page(program, form, status=422)
    try:
        indicators.create_indicator(program, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _indicator_page(program, form, status=409, refusal=refusal)
    flash(_("“%(name)s” is added.", name=form.name.data), "success")
    if request.form.get("then") == "next":
        return redirect(url_for(".new_indicator", program_id=program.id))
    return _back(program, "indicators-h")


@bp.get(INDICATOR)
@requires(Permission.NEEDS_EDIT)
def edit_indicator(program_id, indicator_id):
    """Show the form of an indicator."""
    program = load(program_id, Lane.ENTERPRISE)
    indicator = queries.indicator_or_404(program, indicator_id)
    return _indicator_page(program, _indicator_form(program, indicator), indicator)


@bp.post(INDICATOR)
@requires(Permission.NEEDS_EDIT)
def update_indicator(program_id, indicator_id):
    """Change an indicator; when somebody was faster, show both versions."""
    program = load(program_id, Lane.ENTERPRISE)
    indicator = queries.indicator_or_404(program, indicator_id)
    form = _indicator_form(program, indicator)
    if not form.validate():
        return _indicator_page(program, form, indicator, status=422)
    try:
        indicators.update_indicator(
            program, indicator, form.facts(), version=typed_version(), by=current_user, now=utcnow()
        )
    except Overtaken as overtaken:
        return _indicator_page(
            program, form, indicator, status=409, refusal=overtaken, theirs=overtaken.theirs
        )
    except RuleBroken as refusal:
        return _indicator_page(program, form, indicator, status=409, refusal=refusal)
    flash(_("“%(name)s” is saved.", name=form.name.data), "success")
    return _back(program, "indicators-h")


@bp.get(f"{INDICATOR}/remove")
@requires(Permission.NEEDS_EDIT)
def confirm_indicator_removal(program_id, indicator_id):
    """Say what goes with an indicator before it is removed."""
    program = load(program_id, Lane.ENTERPRISE)
    indicator = queries.indicator_or_404(program, indicator_id)
    return render("confirm_removal", program, indicator=indicator, refusal=None)


@bp.post(f"{INDICATOR}/remove")
@requires(Permission.NEEDS_EDIT)
def remove_indicator(program_id, indicator_id):
    """Remove an indicator."""
    program = load(program_id, Lane.ENTERPRISE)
    indicator = queries.indicator_or_404(program, indicator_id)
    name = indicator.name
    try:
        indicators.remove_indicator(program, indicator, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("confirm_removal", program, status=409, indicator=indicator, refusal=refusal)
    flash(_("“%(name)s” is removed.", name=name), "success")
    return _back(program, "indicators-h")
