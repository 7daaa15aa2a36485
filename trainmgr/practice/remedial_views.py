"""HTTP of remedial tasks: the list of a programme, one task on a phone, its reports, the mentor's check."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import gate_labels, remedial, remedial_queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.board_views import page_of
from trainmgr.practice.gate_forms import CheckForm, ReportForm
from trainmgr.practice.gate_models import TaskState
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Work, is_open

P = Permission
LIST = "/programs/<int:program_id>/remedial"
ONE = f"{LIST}/<int:task_id>"


@bp.get(LIST)
@requires(P.PRACTICE_VIEW)
def list_remedial(program_id):
    """Show the remedial tasks of everybody whom the reader may see, those to be checked first."""
    program = program_or_404(program_id, current_user)
    state, cohort = request.args.get("state", ""), whole(request.args.get("class"))
    chosen = TaskState(state) if state in set(TaskState) else None
    is_trainee = current_user.roles == {Role.TRAINEE}
    return page_of(
        "remedial",
        program,
        page=remedial_queries.list_tasks(program, current_user, Listing.from_request(), chosen, cohort),
        counts=remedial_queries.counts(program, current_user),
        state=state,
        states=list(gate_labels.TASK_STATES.items()),
        cohort=cohort or "",
        classes=[] if is_trainee else [(one.id, one.name) for one in cohorts(program.id)],
        is_trainee=is_trainee,
        today=today(),
    )


def _page(program, task, status=200, *, report=None, check=None, broken=None):
    is_own = task.enrolment.user_id == current_user.id
    now = is_open(Work.PRACTICE, program.state) and task.decision.is_latest
    version = str(task.version)
    return page_of(
        "remedial_task",
        program,
        status,
        task=task,
        is_own=is_own,
        broken=broken,
        today=today(),
        report=report or ReportForm(formdata=None, version=version),
        check=check or CheckForm(formdata=None, version=version),
        may_report=now
        and task.state is TaskState.OPEN
        and (is_own or may(program, current_user, P.GATE_DECIDE)),
        may_check=now
        and task.state is TaskState.REPORTED
        and not is_own
        and may(program, current_user, P.GATE_DECIDE),
        conditions=gate_labels.CONDITIONS,
    )


def _loaded(program_id, task_id):
    program = program_or_404(program_id, current_user)
    return program, remedial_queries.task_or_404(program, task_id, current_user)


@bp.get(ONE)
@requires(P.PRACTICE_VIEW)
def show_remedial_task(program_id, task_id):
    """Show a remedial task with what was reported and found, and the form that is next."""
    return _page(*_loaded(program_id, task_id))


@bp.post(ONE)
@requires(P.PRACTICE_VIEW)
def report_remedial_task(program_id, task_id):
    """Report a remedial task as done: the trainee, or a mentor for one without a phone."""
    (program, task), form = _loaded(program_id, task_id), ReportForm()
    if task.enrolment.user_id != current_user.id and not may(program, current_user, P.GATE_DECIDE):
        abort(403)
    if not form.validate():
        return _page(program, task, 422, report=form)
    try:
        remedial.report(
            program, task, form.report(), version=whole(form.version.data) or 0, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _page(program, task, broken.status, report=form, broken=broken)
    flash(_("Reported as done; a mentor checks it now."), "success")
    return redirect(_back(program, task))


@bp.post(f"{ONE}/check")
@requires(P.GATE_DECIDE)
def check_remedial_task(program_id, task_id):
    """Accept what was reported, or give the task back."""
    (program, task), form = _loaded(program_id, task_id), CheckForm()
    if not may(program, current_user, P.GATE_DECIDE):
        abort(403)
    if not form.validate():
        return _page(program, task, 422, check=form)
    try:
        remedial.check(
            program,
            task,
            accepted=form.found.data == "yes",
            comment=form.comment.data or "",
            version=whole(form.version.data) or 0,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _page(program, task, broken.status, check=form, broken=broken)
    if task.decision.remedial_done_on:
        flash(_("Every task is done. %(name)s can be judged again.", name=task.enrolment.name), "success")
    else:
        flash(_("The check is recorded."), "success")
    return redirect(_back(program, task))


def _back(program, task):
    return url_for(".show_trainee", program_id=program.id, enrolment_id=task.enrolment_id)


@bp.get(f"{LIST}/reports/<int:report_id>")
@requires(P.PRACTICE_VIEW)
def download_remedial_evidence(program_id, report_id):
    """Hand out the file that shows a task done."""
    program = program_or_404(program_id, current_user, steps=False)
    return file_response(remedial_queries.evidence_or_404(program, report_id, current_user))
