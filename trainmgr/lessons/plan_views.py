"""HTTP of single lesson plans: reading, writing, finishing, copying, teaching by them, Word."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum.units import unit_minutes
from trainmgr.kernel.access import Permission, may_open, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.word import send_document
from trainmgr.lessons import actions, document, labels, queries, quiz, resources
from trainmgr.lessons.forms import CopyForm, NewPlanForm, PlanForm, form_of, options
from trainmgr.lessons.frame import MATERIAL, bp, opening, page_of, plan_to_write, writes
from trainmgr.programs.blueprint import program_for
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Work, is_open

VIEW, EDIT = Permission.LESSON_VIEW, Permission.LESSON_EDIT


def modules_now(program):
    """Return the modules for which the reader may begin a plan now."""
    if EDIT not in current_user.permissions or not is_open(Work.CURRICULUM, program.state):
        return []
    return queries.modules_to_write(program, current_user)


def _choices(modules):
    return options(
        [(module.id, f"{module.stage_number} · {labels.module_name(module)}") for module in modules]
    )


def _to_plan(program_id, plan):
    return redirect(url_for(".show_lesson", program_id=program_id, plan_id=plan.id))


@bp.get("/programs/<int:program_id>/lessons/new")
@requires(EDIT)
def new_lesson(program_id):
    """Show the form that begins a plan."""
    program = program_for(program_id, EDIT)
    form = NewPlanForm(formdata=None)
    form.module.choices = _choices(modules_now(program))
    return page_of("new", program, form=form)


@bp.post("/programs/<int:program_id>/lessons")
@requires(EDIT)
def create_lesson(program_id):
    """Begin a plan of a module that the reader may write for."""
    program = program_for(program_id, EDIT)
    modules = {module.id: module for module in modules_now(program)}
    form = NewPlanForm()
    form.module.choices = _choices(modules.values())
    if not form.validate():
        return page_of("new", program, 422, form=form)
    try:
        plan = actions.create_plan(
            program,
            modules[form.module.data],
            form.title.data,
            form.units.data or 0,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return page_of("new", program, broken.status, form=form, broken=str(broken))
    return redirect(url_for(".edit_lesson", program_id=program_id, plan_id=plan.id))


@bp.get("/programs/<int:program_id>/lessons/<int:plan_id>")
@requires(VIEW)
def show_lesson(program_id, plan_id):
    """Show a plan: for who writes it as it stands, for others the last finished version."""
    program = program_or_404(program_id, current_user)
    reading = queries.reading_or_404(program, plan_id, current_user)
    plan, edits, versions = reading.plan, writes(program, reading), queries.versions_of(reading.plan)
    content, links = _content(reading, versions)
    return page_of(
        "show",
        program,
        plan=plan,
        content=content,
        links=links,
        module=reading.module,
        versions=versions,
        minutes=unit_minutes(program),
        edits=edits,
        offered=queries.sessions_for(plan, today()) if edits else (),
    )


def _content(reading, versions):
    """Return what a reader sees of a plan and which resources open; who does not write it sees finished versions."""
    published = next((each for each in versions if each.number == reading.plan.published), None)
    if published is None or reading.may_edit:
        chosen, links = resources.shown(reading.plan.id, current_user)
        return actions.content_of(reading.plan, materials=chosen), links if may_open(MATERIAL) else {}
    return published.content, opening(published.content["rings"])


@bp.get("/programs/<int:program_id>/lessons/<int:plan_id>/edit")
@requires(EDIT)
def edit_lesson(program_id, plan_id):
    """Show the form of a plan with its eight rings."""
    program = program_for(program_id, EDIT)
    plan = plan_to_write(program, plan_id)
    return page_of("edit", program, plan=plan, form=form_of(plan), minutes=unit_minutes(program))


@bp.post("/programs/<int:program_id>/lessons/<int:plan_id>")
@requires(EDIT)
def save_lesson(program_id, plan_id):
    """Keep what was written, and finish the plan when so asked."""
    program = program_for(program_id, EDIT)
    plan = plan_to_write(program, plan_id)
    form = PlanForm()
    if not form.validate():
        return page_of("edit", program, 422, plan=plan, form=form, minutes=unit_minutes(program))
    finishing = "finish" in request.form
    try:
        actions.save_plan(program, plan, form.facts(), version=whole(form.version.data) or -1,
                          by=current_user, now=utcnow())  # fmt: skip
        if finishing:
            asked, used = quiz.freeze(plan.id, utcnow()), resources.named(resources.resources_of(plan.id))
            actions.finish(program, plan, by=current_user, now=utcnow(), quiz=asked, materials=used)
    except RuleBroken as broken:
        return page_of("edit", program, broken.status, plan=plan, form=form, broken=str(broken),
                       minutes=unit_minutes(program))  # fmt: skip
    flash(_("Version %(number)s is finished; trainees see it.", number=plan.published) if finishing
          else _("The draft is saved; trainees see it once it is finished."), "success")  # fmt: skip
    return _to_plan(program_id, plan)


@bp.post("/programs/<int:program_id>/lessons/<int:plan_id>/sessions")
@requires(EDIT)
def choose_sessions(program_id, plan_id):
    """Say which coming sessions are taught by this plan."""
    program = program_for(program_id, EDIT)
    plan = plan_to_write(program, plan_id)
    wanted = [number for text in request.form.getlist("session") if (number := whole(text))]
    count = actions.teach_by(program, plan, wanted, today=today(), by=current_user, now=utcnow())
    flash(ngettext("%(num)s coming session is taught by this plan.",
                   "%(num)s coming sessions are taught by this plan.", count), "success")  # fmt: skip
    return _to_plan(program_id, plan)


@bp.get("/programs/<int:program_id>/lessons/<int:plan_id>/copy")
@requires(EDIT)
def new_copy(program_id, plan_id):
    """Show where a plan can be copied to; the programme is chosen first."""
    program = program_for(program_id, EDIT)
    return _copy_page(program, queries.reading_or_404(program, plan_id, current_user).plan)


def _target(program):
    """Return the programme that the copy goes to: the one asked for, else the plan's own."""
    wanted = whole(request.values.get("into"))
    return program if wanted in (None, program.id) else program_for(wanted, EDIT, steps=False)


def _copy_page(program, plan, form=None, status=200, broken=None):
    target = _target(program)
    form = form or CopyForm(formdata=None, title=plan.title)
    form.module.choices = _choices(modules_now(target))
    return page_of("copy", program, status, plan=plan, form=form, target=target, broken=broken,
                   programs=queries.programs_to_copy_into(current_user))  # fmt: skip


@bp.post("/programs/<int:program_id>/lessons/<int:plan_id>/copy")
@requires(EDIT)
def copy_lesson(program_id, plan_id):
    """Copy a plan into a module that the reader may write for."""
    program = program_for(program_id, EDIT)
    plan = queries.reading_or_404(program, plan_id, current_user).plan
    target = _target(program)
    modules = {module.id: module for module in modules_now(target)}
    form = CopyForm()
    form.module.choices = _choices(modules.values())
    if not form.validate():
        return _copy_page(program, plan, form, 422)
    try:
        copy = actions.copy_plan(
            plan, target, modules[form.module.data], form.title.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _copy_page(program, plan, form, broken.status, str(broken))
    left = resources.copy_resources(plan, copy, target, by=current_user, now=utcnow())
    flash(_("“%(title)s” is copied; the copy is a draft.", title=copy.title), "success")
    if left:
        flash(ngettext("%(num)s resource was not taken along: the other programme may not use it.",
                       "%(num)s resources were not taken along: the other programme may not use them.", left),
              "warning")  # fmt: skip
    return _to_plan(target.id, copy)


@bp.get("/programs/<int:program_id>/lessons/<int:plan_id>/word")
@requires(VIEW)
def export_lesson(program_id, plan_id):
    """Hand out a plan as a Word document."""
    program = program_or_404(program_id, current_user, steps=False)
    reading = queries.reading_or_404(program, plan_id, current_user)
    module, state = reading.module or abort(404), str(labels.STATES[reading.plan.state])
    content, _links = _content(reading, queries.versions_of(reading.plan))
    page = document.plan_document(
        content, labels.module_name(module), program.label, unit_minutes(program), state
    )
    return send_document(page, content["title"])
