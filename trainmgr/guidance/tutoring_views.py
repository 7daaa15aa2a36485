"""HTTP of trainees who may need help: the list with its reasons, what is done about it, the rules."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.queries import cohorts
from trainmgr.guidance import labels, look_job, looking, queries, risk, tutoring, tutoring_queries
from trainmgr.guidance.forms import DismissForm, ResultForm, RuleForm, TutorForm
from trainmgr.guidance.frame import PROGRAM, TRAINEE, bp, page_of, program_for
from trainmgr.guidance.models import SignState, TutoringState
from trainmgr.guidance.risk import RiskCode
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission
SIGNS = f"{PROGRAM}/signs"


@bp.get(SIGNS)
@requires(P.GUIDANCE_GIVE)
def list_signs(program_id):
    """Show who may need help, each with the reasons and their figures."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    code, cohort = request.args.get("code", ""), whole(request.args.get("class"))
    chosen = RiskCode(code) if code in set(RiskCode) else None
    listing = Listing.from_request()
    narrowed = tutoring_queries.narrowed_to(listing.q, chosen, cohort)
    figures = tutoring_queries.figures_of(program, current_user, narrowed)
    return page_of(
        "signs",
        program,
        figures=figures,
        code=code,
        cohort=cohort or "",
        page=tutoring_queries.list_at_risk(program, current_user, listing, narrowed, figures.listed),
        classes=[(one.id, one.name) for one in cohorts(program.id)],
        told=tutoring_queries.told,
        runs=may(program, current_user, P.GUIDANCE_RUN),
        works=is_open(Work.PRACTICE, program.state),
        job=look_job.shown_look(program, utcnow()),
        codes=[(one.value, label) for one, label in labels.RISKS.items()],
    )


@bp.post(SIGNS)
@requires(P.GUIDANCE_GIVE)
def look_for_signs(program_id):
    """Look now, beside the request; otherwise it is done each night."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    look_job.request_look(program, by=current_user, now=utcnow())
    return redirect(url_for(".list_signs", program_id=program.id))


@bp.get(f"{SIGNS}/progress")
@requires(P.GUIDANCE_GIVE)
def show_look_progress(program_id):
    """Show how far a look is: the box alone for the page that asks again, which opens the list when it is done."""
    program = program_for(program_id, P.GUIDANCE_GIVE, steps=False)
    job = look_job.find_look(program)
    if job is None or not request.headers.get("HX-Request"):
        return redirect(url_for(".list_signs", program_id=program.id))
    html = render_template("guidance/_look.html", program=program, job=job)
    if job.is_live:
        return html
    return html, {"HX-Redirect": url_for(".list_signs", program_id=program.id)}


# --- what is done about it -------------------------------------------------------------------------------------


def _people(enrolment, counsellors):
    """Those who guide the trainee, the reader first."""
    found = [
        current_user._get_current_object(),
        *counsellors.values(),
        enrolment.school_teacher,
        enrolment.enterprise_mentor,
    ]
    return list({user.id: user for user in found if user is not None}.values())


def _page(program, enrolment, status=200, *, form=None, dismiss=None, broken=None):
    counsellors = queries.counsellors_of(program.id, [enrolment.id]).both(enrolment)
    if form is None:
        form = TutorForm(formdata=None)
        form.offer(_people(enrolment, counsellors))
    signs = [one for one in tutoring_queries.signs_of(enrolment) if one.state is SignState.OPEN]
    return page_of(
        "help",
        program,
        status,
        enrolment=enrolment,
        form=form,
        dismiss=dismiss or DismissForm(formdata=None),
        broken=broken,
        signs=signs,
        told=tutoring_queries.told,
        today=today(),
    )


def _loaded(program_id, enrolment_id):
    program = program_for(program_id, P.GUIDANCE_GIVE)
    enrolment = queries.trainee_or_404(program, enrolment_id, current_user)
    if enrolment.user_id == current_user.id:
        abort(403)
    return program, enrolment


@bp.get(f"{TRAINEE}/help")
@requires(P.GUIDANCE_GIVE)
def edit_help(program_id, enrolment_id):
    """Show why a trainee may need help, and the forms that answer."""
    return _page(*_loaded(program_id, enrolment_id))


@bp.post(f"{TRAINEE}/help")
@requires(P.GUIDANCE_GIVE)
def tutor_trainee(program_id, enrolment_id):
    """Set a tutoring task in answer to everything that is open."""
    program, enrolment = _loaded(program_id, enrolment_id)
    form = TutorForm()
    form.offer(_people(enrolment, queries.counsellors_of(program.id, [enrolment.id]).both(enrolment)))
    if not form.validate():
        return _page(program, enrolment, 422, form=form)
    signs = [one for one in tutoring_queries.signs_of(enrolment) if one.state is SignState.OPEN]
    plan = tutoring.Plan(form.what.data, form.due_on.data, form.people[form.tutor.data])
    try:
        tutoring.accept(program, enrolment, signs, plan, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, enrolment, broken.status, form=form, broken=broken)
    flash(_("%(who)s tutors %(name)s now.", who=plan.tutor.name, name=enrolment.name), "success")
    return redirect(url_for(".show_guidance", program_id=program.id, enrolment_id=enrolment.id))


@bp.post(f"{SIGNS}/<int:sign_id>/dismiss")
@requires(P.GUIDANCE_GIVE)
def dismiss_sign(program_id, sign_id):
    """Say that a sign needs no help, and why."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    sign, form = tutoring_queries.sign_or_404(program, sign_id, current_user), DismissForm()
    if not form.validate():
        return _page(
            program, queries.trainee_or_404(program, sign.enrolment_id, current_user), 422, dismiss=form
        )
    tutoring.dismiss(program, sign.enrolment, sign, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("Noted; for thirty days this is not raised again."), "success")
    return redirect(url_for(".list_signs", program_id=program.id))


@bp.get(f"{PROGRAM}/tutoring")
@requires(P.GUIDANCE_GIVE)
def list_tutoring(program_id):
    """Show the tutoring tasks of the trainees in the reader's care."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    state, mine = request.args.get("state", ""), request.args.get("mine") == "1"
    chosen = TutoringState(state) if state in set(TutoringState) else None
    page = tutoring_queries.list_tasks(program, current_user, Listing.from_request(), chosen, mine=mine)
    return page_of("tutoring", program, page=page, state=state, mine=mine, today=today())


def _result_page(program, task, status=200, *, form=None, broken=None):
    return page_of(
        "tutoring_task",
        program,
        status,
        task=task,
        broken=broken,
        today=today(),
        form=form or ResultForm(formdata=None, version=str(task.version)),
        works=is_open(Work.PRACTICE, program.state) and task.state is TutoringState.OPEN,
    )


@bp.get(f"{PROGRAM}/tutoring/<int:task_id>")
@requires(P.GUIDANCE_GIVE)
def show_tutoring_task(program_id, task_id):
    """Show a tutoring task, and the form for its result."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    return _result_page(program, tutoring_queries.task_or_404(program, task_id, current_user))


@bp.post(f"{PROGRAM}/tutoring/<int:task_id>")
@requires(P.GUIDANCE_GIVE)
def finish_tutoring_task(program_id, task_id):
    """Write down what came of a tutoring task."""
    program, form = program_for(program_id, P.GUIDANCE_GIVE), ResultForm()
    task = tutoring_queries.task_or_404(program, task_id, current_user)
    if not form.validate():
        return _result_page(program, task, 422, form=form)
    try:
        tutoring.finish(
            program,
            task,
            result=form.result.data,
            done=form.end.data == "done",
            version=whole(form.version.data) or 0,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _result_page(program, task, broken.status, form=form, broken=broken)
    flash(_("The result is kept."), "success")
    return redirect(url_for(".list_tutoring", program_id=program.id))


# --- the rules ---------------------------------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/rules")
@requires(P.GUIDANCE_GIVE)
def list_risk_rules(program_id):
    """Show the rules with their limits and versions."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    return page_of(
        "rules",
        program,
        rules=looking.rules_of(program.id),
        history=tutoring_queries.rule_history(program.id),
        runs=may(program, current_user, P.GUIDANCE_RUN) and is_open(Work.PRACTICE, program.state),
        defaults=risk.DEFAULTS,
    )


def _rule_page(program, code, form, status=200, broken=None):
    return page_of("rule", program, status, code=code, form=form, broken=broken, range=risk.RANGES[code])


@bp.get(f"{PROGRAM}/rules/<code>")
@requires(P.GUIDANCE_RUN)
def edit_risk_rule(program_id, code):
    """Show the form of a rule's limit."""
    program = program_for(program_id, P.GUIDANCE_RUN)
    rule = looking.rules_of(program.id).get(code) or abort(404)
    form = RuleForm(formdata=None, limit=rule.limit, enabled=rule.enabled)
    return _rule_page(program, rule.code, form)


@bp.post(f"{PROGRAM}/rules/<code>")
@requires(P.GUIDANCE_RUN)
def set_risk_rule(program_id, code):
    """Let a rule hold otherwise from now on."""
    program, form = program_for(program_id, P.GUIDANCE_RUN), RuleForm()
    if code not in set(RiskCode):
        abort(404)
    code = RiskCode(code)
    if not form.validate():
        return _rule_page(program, code, form, 422)
    try:
        tutoring.set_rule(program, form.rule(code), reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _rule_page(program, code, form, broken.status, broken)
    flash(_("The rule holds from now on."), "success")
    return redirect(url_for(".list_risk_rules", program_id=program.id))
