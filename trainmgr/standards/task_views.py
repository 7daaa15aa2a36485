"""HTTP of the chain of tasks: from what experts tell to what the school trains, walked both ways."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.standards import tasks
from trainmgr.standards.forms import TaskForm
from trainmgr.standards.keeping import Overtaken
from trainmgr.standards.pages import DRAFT, VERSION, bp, load, load_draft, render
from trainmgr.standards.rules import TaskKind

NEW = f"{DRAFT}/tasks/new/<kind>"
ONE = f"{DRAFT}/tasks/<int:task_id>"


@bp.get(f"{VERSION}/tasks")
@requires(Permission.STANDARD_VIEW)
def show_tasks(standard_id, number):
    """Show the chain of tasks, each with what it comes from and what came of it."""
    view = load(standard_id, number)
    return render("tasks", view, standings=tasks.standings_of(view.version))


def _kind_or_404(text):
    return TaskKind(text) if text in set(TaskKind) else abort(404)


def _or_404(view, task_id):
    return view.content.task_by_id.get(task_id) or abort(404)


def _form(view, kind, task=None):
    content = view.content
    options = {
        "taken": frozenset(one.name for one in content.of_kind(kind) if one is not task),
        "sources": content.of_kind(kind.source) if kind.source else [],
        "competencies": content.competencies if kind is TaskKind.TYPICAL else [],
    }
    if task is None or request.method == "POST":
        return TaskForm(**options)
    values = {
        "sources": content.sources.get(task.id, []),
        "competencies": content.competencies_of.get(task.id, []),
    }
    return TaskForm(obj=task, data=values, **options)


def _page(view, kind, form, *, status=200, **context):
    return render("task", view, status=status, kind=kind, form=form, **context)


def _to_tasks(view):
    return redirect(url_for(".show_tasks", standard_id=view.standard.id, number=view.version.number))


@bp.get(NEW)
@requires(Permission.STANDARD_EDIT)
def new_task(standard_id, kind):
    """Show the form for one more task of a kind."""
    kind, view = _kind_or_404(kind), load_draft(standard_id)
    return _page(view, kind, _form(view, kind))


@bp.post(NEW)
@requires(Permission.STANDARD_EDIT)
def create_task(standard_id, kind):
    """Add a task to the draft."""
    kind, view = _kind_or_404(kind), load_draft(standard_id)
    form = _form(view, kind)
    if not form.validate():
        return _page(view, kind, form, status=422)
    try:
        added = tasks.create_task(
            view.standard, kind, form.facts(), sources=form.sources.data,
            competencies=form.competencies.data, by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _page(view, kind, form, status=409, refusal=refusal)
    flash(_("“%(name)s” is added.", name=added.name), "success")
    if request.form.get("then") == "next":
        return redirect(url_for(".new_task", standard_id=standard_id, kind=kind.value))
    return _to_tasks(view)


@bp.get(ONE)
@requires(Permission.STANDARD_EDIT)
def edit_task(standard_id, task_id):
    """Show the form of a task."""
    view = load_draft(standard_id)
    task = _or_404(view, task_id)
    return _page(view, task.kind, _form(view, task.kind, task), task=task, form_version=task.version)


@bp.post(ONE)
@requires(Permission.STANDARD_EDIT)
def update_task(standard_id, task_id):
    """Take the changed task."""
    view, seen = load_draft(standard_id), typed_version()
    task = _or_404(view, task_id)
    form = _form(view, task.kind, task)
    context = {"task": task, "form_version": seen}
    if not form.validate():
        return _page(view, task.kind, form, status=422, **context)
    try:
        tasks.change_task(
            view.standard, task, form.facts(), sources=form.sources.data,
            competencies=form.competencies.data, version=seen, by=current_user, now=utcnow(),
        )  # fmt: skip
    except Overtaken as overtaken:
        context |= {"form_version": overtaken.theirs.version, "theirs": overtaken.theirs}
        return _page(view, task.kind, form, status=409, refusal=overtaken, **context)
    except RuleBroken as refusal:
        return _page(view, task.kind, form, status=409, refusal=refusal, **context)
    flash(_("“%(name)s” is saved.", name=task.name), "success")
    return _to_tasks(view)


@bp.get(f"{ONE}/remove")
@requires(Permission.STANDARD_EDIT)
def confirm_task_removal(standard_id, task_id):
    """Say what goes with a task."""
    view = load_draft(standard_id)
    return render("confirm_removal", view, thing=_or_404(view, task_id), is_task=True)


@bp.post(f"{ONE}/remove")
@requires(Permission.STANDARD_EDIT)
def remove_task(standard_id, task_id):
    """Take a task out of the draft."""
    view = load_draft(standard_id)
    task = _or_404(view, task_id)
    name = task.name
    tasks.remove_task(view.standard, task, by=current_user, now=utcnow())
    flash(_("“%(name)s” is removed.", name=name), "success")
    return _to_tasks(view)


@bp.post(f"{DRAFT}/tasks/move")
@requires(Permission.STANDARD_EDIT)
def move_task(standard_id):
    """Move a task one place up or down among its kind."""
    view = load_draft(standard_id)
    row, _sign, way = request.form.get("move", "").partition(":")
    found = [one for one in view.content.tasks if str(one.id) == row]
    if not found or way not in ("up", "down"):
        abort(404)
    tasks.move_task(view.standard, found[0], places=-1 if way == "up" else 1, by=current_user, now=utcnow())
    return _to_tasks(view)
