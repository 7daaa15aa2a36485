"""HTTP of expert interviews and of the thresholds by which tasks become typical."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.standards import interviews, tasks
from trainmgr.standards.evidence_forms import Grid, InterviewForm, ThresholdForm, typed_of
from trainmgr.standards.experts import pool_of
from trainmgr.standards.keeping import Overtaken
from trainmgr.standards.pages import DRAFT, VERSION, bp, load, load_draft, render
from trainmgr.standards.rules import TaskKind, TaskVoice

ONE = f"{DRAFT}/interviews/<int:interview_id>"


@bp.get(f"{VERSION}/interviews")
@requires(Permission.EXPERT_VIEW)
def show_interviews(standard_id, number):
    """Show who was asked, and which tasks are typical by the thresholds."""
    view = load_evidence(standard_id, number)
    return render(
        "interviews",
        view,
        interviews=interviews.interviews_of(view.version),
        standings=tasks.standings_of(view.version),
        limits=tasks.thresholds_of(view.version),
    )


def load_evidence(standard_id, number):
    """Return a version for those who build it; what it rests on is not for those who only use it."""
    view = load(standard_id, number)
    return view if view.is_builder else abort(404)


def _to_interviews(view):
    where = {"standard_id": view.standard.id, "number": view.version.number}
    return redirect(url_for(".show_interviews", **where))


def _told(view):
    return view.content.of_kind(TaskKind.REPRESENTATIVE)


def _page(view, form, grid, *, status=200, **context):
    return render("interview", view, status=status, form=form, grid=grid, told=_told(view), **context)


def _or_404(view, interview_id):
    found = [one for one in interviews.interviews_of(view.version) if one.id == interview_id]
    return found[0] if found else abort(404)


@bp.get(f"{DRAFT}/interviews/new")
@requires(Permission.STANDARD_EDIT)
def new_interview(standard_id):
    """Show the form for one more interview."""
    view = load_draft(standard_id)
    form = InterviewForm(data={"held_on": today()}, experts=pool_of(view.standard))
    return _page(view, form, Grid({}))


@bp.post(f"{DRAFT}/interviews/new")
@requires(Permission.STANDARD_EDIT)
def create_interview(standard_id):
    """Record an interview."""
    view = load_draft(standard_id)
    form, grid = InterviewForm(experts=pool_of(view.standard)), Grid(request.form)
    voices = grid.voices([task.id for task in _told(view)])
    if not form.validate() or grid.faults:
        return _page(view, form, grid, status=422)
    try:
        made = interviews.create_interview(view.standard, form.facts(voices), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _page(view, form, grid, status=409, refusal=refusal)
    if form.new_tasks.data:
        flash(_("Recorded. Now rate the tasks that were added."), "success")
        return redirect(url_for(".edit_interview", standard_id=standard_id, interview_id=made.id))
    flash(_("The interview is recorded."), "success")
    return _to_interviews(view)


@bp.get(ONE)
@requires(Permission.STANDARD_EDIT)
def edit_interview(standard_id, interview_id):
    """Show the form of an interview."""
    view = load_draft(standard_id)
    interview = _or_404(view, interview_id)
    form = InterviewForm(obj=interview, experts=pool_of(view.standard))
    said = {
        one.task_id: TaskVoice(one.difficulty, one.importance, one.frequency) for one in interview.ratings
    }
    grid = Grid(dict(typed_of(said)))
    return _page(view, form, grid, interview=interview, form_version=interview.version)


@bp.post(ONE)
@requires(Permission.STANDARD_EDIT)
def update_interview(standard_id, interview_id):
    """Take the changed interview."""
    view, seen = load_draft(standard_id), typed_version()
    interview = _or_404(view, interview_id)
    form, grid = InterviewForm(experts=pool_of(view.standard)), Grid(request.form)
    voices = grid.voices([task.id for task in _told(view)])
    context = {"interview": interview, "form_version": seen}
    if not form.validate() or grid.faults:
        return _page(view, form, grid, status=422, **context)
    try:
        interviews.change_interview(
            view.standard, interview, form.facts(voices), version=seen, by=current_user, now=utcnow()
        )
    except Overtaken as overtaken:
        context |= {"form_version": overtaken.theirs.version}
        return _page(view, form, grid, status=409, refusal=overtaken, **context)
    except RuleBroken as refusal:
        return _page(view, form, grid, status=409, refusal=refusal, **context)
    flash(_("The interview is saved."), "success")
    return _to_interviews(view)


@bp.get(f"{ONE}/remove")
@requires(Permission.STANDARD_EDIT)
def confirm_interview_removal(standard_id, interview_id):
    """Say what goes with an interview."""
    view = load_draft(standard_id)
    return render("confirm_interview_removal", view, interview=_or_404(view, interview_id))


@bp.post(f"{ONE}/remove")
@requires(Permission.STANDARD_EDIT)
def remove_interview(standard_id, interview_id):
    """Remove an interview with its ratings."""
    view = load_draft(standard_id)
    interviews.remove_interview(view.standard, _or_404(view, interview_id), by=current_user, now=utcnow())
    flash(_("The interview is removed."), "success")
    return _to_interviews(view)


# --- which tasks are typical --------------------------------------------------------------------


@bp.get(f"{DRAFT}/thresholds")
@requires(Permission.STANDARD_EDIT)
def edit_thresholds(standard_id):
    """Show the thresholds by which a task becomes typical."""
    view = load_draft(standard_id)
    names = ("experts", "difficulty", "importance", "frequency")
    values = {name: getattr(view.version, f"typical_{name}") for name in names}
    return render("thresholds", view, form=ThresholdForm(data=values))


@bp.post(f"{DRAFT}/thresholds")
@requires(Permission.STANDARD_EDIT)
def update_thresholds(standard_id):
    """Take the thresholds."""
    view, form = load_draft(standard_id), ThresholdForm()
    if not form.validate():
        return render("thresholds", view, status=422, form=form)
    values = {name: form[name].data for name in ("experts", "difficulty", "importance", "frequency")}
    try:
        tasks.set_thresholds(view.standard, **values, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render("thresholds", view, status=409, form=form, refusal=refusal)
    flash(_("The thresholds are saved."), "success")
    return _to_interviews(view)


@bp.post(f"{DRAFT}/typical")
@requires(Permission.STANDARD_EDIT)
def choose_typical(standard_id):
    """Make typical tasks of the representative ones that reach the thresholds."""
    view = load_draft(standard_id)
    made = tasks.choose_typical(view.standard, by=current_user, now=utcnow())
    flash(
        ngettext("%(num)s typical work task is made.", "%(num)s typical work tasks are made.", len(made)),
        "success",
    )
    where = {"standard_id": standard_id, "number": view.version.number}
    return redirect(url_for(".show_tasks", **where))
