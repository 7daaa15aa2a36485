"""HTTP of the competencies of a draft."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.standards import actions
from trainmgr.standards.certificates import units_for
from trainmgr.standards.forms import CompetencyForm, shown
from trainmgr.standards.keeping import Overtaken
from trainmgr.standards.pages import DRAFT, bp, load_draft, render
from trainmgr.standards.rules import TaskKind

ONE = f"{DRAFT}/competencies/<int:competency_id>"


def _form(view, competency=None):
    content = view.content
    options = {
        "taken": frozenset(one.name for one in content.competencies if one is not competency),
        "tasks": content.of_kind(TaskKind.TYPICAL),
        "units": units_for(view.standard),
    }
    if competency is None or request.method == "POST":
        return CompetencyForm(**options)
    own = competency.competency_id
    values = shown(competency, content.tasks_of.get(own, ()), content.units_of.get(own, ()))
    return CompetencyForm(obj=competency, data=values, **options)


def _page(view, form, *, status=200, **context):
    return render("competency", view, status=status, form=form, **context)


def _or_404(view, competency_id):
    return view.content.competency_by_id.get(competency_id) or abort(404)


@bp.get(f"{DRAFT}/competencies/new")
@requires(Permission.STANDARD_EDIT)
def new_competency(standard_id):
    """Show the form for one more competency."""
    view = load_draft(standard_id)
    return _page(view, _form(view))


@bp.post(f"{DRAFT}/competencies/new")
@requires(Permission.STANDARD_EDIT)
def create_competency(standard_id):
    """Add a competency to the draft."""
    view = load_draft(standard_id)
    form = _form(view)
    if not form.validate():
        return _page(view, form, status=422)
    try:
        added = actions.create_competency(
            view.standard, form.facts(), tasks=form.tasks.data, units=form.units.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _page(view, form, status=409, refusal=refusal)
    flash(_("“%(name)s” is added.", name=added.name), "success")
    target = ".new_competency" if request.form.get("then") == "next" else ".show_standard"
    return redirect(url_for(target, standard_id=standard_id))


@bp.get(ONE)
@requires(Permission.STANDARD_EDIT)
def edit_competency(standard_id, competency_id):
    """Show the form of a competency."""
    view = load_draft(standard_id)
    competency = _or_404(view, competency_id)
    return _page(view, _form(view, competency), competency=competency, form_version=competency.version)


@bp.post(ONE)
@requires(Permission.STANDARD_EDIT)
def update_competency(standard_id, competency_id):
    """Take the changed competency."""
    view, seen = load_draft(standard_id), typed_version()
    competency = _or_404(view, competency_id)
    form = _form(view, competency)
    context = {"competency": competency, "form_version": seen}
    if not form.validate():
        return _page(view, form, status=422, **context)
    try:
        actions.change_competency(
            view.standard, competency, form.facts(), tasks=form.tasks.data, units=form.units.data,
            version=seen, by=current_user, now=utcnow(),
        )  # fmt: skip
    except Overtaken as overtaken:
        context |= {"form_version": overtaken.theirs.version, "theirs": overtaken.theirs}
        return _page(view, form, status=409, refusal=overtaken, **context)
    except RuleBroken as refusal:
        return _page(view, form, status=409, refusal=refusal, **context)
    flash(_("“%(name)s” is saved.", name=competency.name), "success")
    return redirect(url_for(".show_standard", standard_id=standard_id))


@bp.get(f"{ONE}/remove")
@requires(Permission.STANDARD_EDIT)
def confirm_competency_removal(standard_id, competency_id):
    """Say what goes with a competency."""
    view = load_draft(standard_id)
    return render("confirm_removal", view, thing=_or_404(view, competency_id))


@bp.post(f"{ONE}/remove")
@requires(Permission.STANDARD_EDIT)
def remove_competency(standard_id, competency_id):
    """Take a competency out of the draft."""
    view = load_draft(standard_id)
    competency = _or_404(view, competency_id)
    name = competency.name
    actions.remove_competency(view.standard, competency, by=current_user, now=utcnow())
    flash(_("“%(name)s” is removed.", name=name), "success")
    return redirect(url_for(".show_standard", standard_id=standard_id))


@bp.post(f"{DRAFT}/competencies/move")
@requires(Permission.STANDARD_EDIT)
def move_competency(standard_id):
    """Move a competency one place up or down."""
    view = load_draft(standard_id)
    row, _sign, way = request.form.get("move", "").partition(":")
    found = [one for one in view.content.competencies if str(one.competency_id) == row]
    if not found or way not in ("up", "down"):
        abort(404)
    actions.move_competency(
        view.standard, found[0], places=-1 if way == "up" else 1, by=current_user, now=utcnow()
    )
    return redirect(url_for(".show_standard", standard_id=standard_id))
