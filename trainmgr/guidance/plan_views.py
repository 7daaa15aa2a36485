"""HTTP of the individual plan: the cycle of six steps on one page, each handed in by its own form."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.guidance import cycle, plan_queries, planning, queries
from trainmgr.guidance.cycle import PlanStep, Reached, Voice
from trainmgr.guidance.forms import ChecksForm, NoteForm, PlanForm, ReviseForm, WordsForm
from trainmgr.guidance.frame import PROGRAM, TRAINEE, bp, page_of, program_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.practice.queries import competencies_of
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission
ONE = f"{PROGRAM}/plans/<int:plan_id>"


def _fresh_form(program, plan):
    """The form of the present step, empty; the check has a row for each goal."""
    version = {"formdata": None, "version": str(plan.version)}
    match plan.step:
        case PlanStep.PLAN:
            return _offered(program, PlanForm(**version))
        case PlanStep.CHECK:
            rows = [{"goal": str(goal.id)} for goal in plan.present_goals]
            return ChecksForm(checks=rows, **version)
        case _:
            return WordsForm(**version)


def _offered(program, form):
    form.offer(competencies_of(program.id))
    return form


def _posted_form(program, step):
    if step is PlanStep.PLAN:
        return _offered(program, PlanForm())
    return ChecksForm() if step is PlanStep.CHECK else WordsForm()


def _sheet(program, enrolment, step, form, plans):
    match step:
        case PlanStep.COLLECT:
            facts = plan_queries.collected(program, enrolment, plans)
            return planning.Sheet(words=form.words.data or "", facts=facts)
        case PlanStep.PLAN:
            return planning.Sheet(form.words.data or "", goals=form.typed_goals(), tasks=form.typed_tasks())
        case PlanStep.CHECK:
            return planning.Sheet(form.words.data or "", checks=form.found())
        case _:
            return planning.Sheet(form.words.data or "")


def _page(program, enrolment, status=200, *, form=None, broken=None):
    plans = plan_queries.plans_of(enrolment)
    plan = next((one for one in plans if one.closed_at is None), None)
    named = queries.counsellors_of(program.id, [enrolment.id])
    speaker = plan_queries.speaker_in(program, enrolment, current_user, named)
    works = is_open(Work.PRACTICE, program.state) and speaker is not None
    collecting = plan is not None and plan.step is PlanStep.COLLECT
    return page_of(
        "plan",
        program,
        status,
        enrolment=enrolment,
        plan=plan,
        earlier=[one for one in plans if one.closed_at],
        speaker=speaker,
        works=works,
        broken=broken,
        order=cycle.ORDER[:6],
        counsellors=named.both(enrolment),
        form=(form or _fresh_form(program, plan)) if plan and works else None,
        is_own=enrolment.user_id == current_user.id,
        facts=plan_queries.collected(program, enrolment, plans) if collecting else [],
        today=today(),
        hands_in=bool(plan and speaker and cycle.may_hand_in(plan.step, speaker.voice)),
        signed=[one.voice for one in plan.signatures if one.revision == plan.revision] if plan else [],
        may_go_back=bool(plan and cycle.may_go_back(plan.step)),
        note=NoteForm(formdata=None),
        revise=ReviseForm(formdata=None, version=str(plan.version) if plan else ""),
        voices=list(Voice),
        reached=Reached,
    )


@bp.get(f"{TRAINEE}/plan")
@requires(P.GUIDANCE_VIEW)
def show_plan(program_id, enrolment_id):
    """Show a trainee's individual plan: the present cycle with its next step, and the earlier ones."""
    program = program_for(program_id)
    return _page(program, queries.trainee_or_404(program, enrolment_id, current_user))


@bp.post(f"{TRAINEE}/plan")
@requires(P.GUIDANCE_VIEW)
def open_plan(program_id, enrolment_id):
    """Open a trainee's next cycle: the trainee, or whoever guides."""
    program = program_for(program_id)
    enrolment = queries.trainee_or_404(program, enrolment_id, current_user)
    if enrolment.user_id != current_user.id and not may(program, current_user, P.GUIDANCE_GIVE):
        abort(403)
    try:
        plan = planning.open_cycle(program, enrolment, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, enrolment, broken.status, broken=broken)
    flash(_("Cycle %(number)s is open; it begins with the facts.", number=plan.number), "success")
    return redirect(url_for(".show_plan", program_id=program.id, enrolment_id=enrolment.id))


def _loaded(program_id, plan_id):
    program = program_for(program_id)
    plan = plan_queries.plan_or_404(program, plan_id, current_user)
    named = queries.counsellors_of(program.id, [plan.enrolment_id])
    speaker = plan_queries.speaker_in(program, plan.enrolment, current_user, named)
    return program, plan, speaker or abort(403)


def _back(program, plan):
    return redirect(url_for(".show_plan", program_id=program.id, enrolment_id=plan.enrolment_id))


@bp.post(f"{ONE}/<step>")
@requires(P.GUIDANCE_VIEW)
def hand_in_step(program_id, plan_id, step):
    """Hand in a step of the cycle."""
    program, plan, speaker = _loaded(program_id, plan_id)
    if step not in set(PlanStep) or step == PlanStep.CLOSED:
        abort(404)
    step = PlanStep(step)
    form = _posted_form(program, step)
    if not form.validate():
        return _page(program, plan.enrolment, 422, form=form if plan.step is step else None)
    plans = plan_queries.plans_of(plan.enrolment) if step is PlanStep.COLLECT else []
    try:
        planning.hand_in(
            program,
            plan,
            step,
            _sheet(program, plan.enrolment, step, form, plans),
            as_=speaker,
            version=whole(form.version.data) or 0,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _page(
            program, plan.enrolment, broken.status, form=form if plan.step is step else None, broken=broken
        )
    flash(_("Handed in. Next: %(step)s.", step=plan.step_label), "success")
    return _back(program, plan)


@bp.post(f"{ONE}/sign")
@requires(P.GUIDANCE_VIEW)
def sign_plan(program_id, plan_id):
    """Sign the goals and tasks of a plan."""
    program, plan, speaker = _loaded(program_id, plan_id)
    try:
        planning.sign(
            program, plan, as_=speaker, version=whole(request.form.get("version")) or 0, now=utcnow()
        )
    except RuleBroken as broken:
        return _page(program, plan.enrolment, broken.status, broken=broken)
    flash(_("Signed."), "success")
    return _back(program, plan)


@bp.post(f"{ONE}/revise")
@requires(P.GUIDANCE_VIEW)
def revise_plan(program_id, plan_id):
    """Take a plan back to its goals, with the reason."""
    program, plan, speaker = _loaded(program_id, plan_id)
    form = ReviseForm()
    try:
        planning.revise(
            program,
            plan,
            reason=form.reason.data or "",
            as_=speaker,
            version=whole(form.version.data) or 0,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _page(program, plan.enrolment, broken.status, broken=broken)
    flash(_("The goals are written anew; the old ones stay to be read."), "success")
    return _back(program, plan)


@bp.post(f"{ONE}/tasks/<int:task_id>")
@requires(P.GUIDANCE_VIEW)
def note_task(program_id, plan_id, task_id):
    """Note a task of a plan as done."""
    program, plan, _speaker = _loaded(program_id, plan_id)
    task, form = plan_queries.task_or_404(plan, task_id), NoteForm()
    try:
        planning.note_done(
            program, plan, task, note=(form.note.data or "")[:300], by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _page(program, plan.enrolment, broken.status, broken=broken)
    flash(_("Noted as done."), "success")
    return _back(program, plan)
