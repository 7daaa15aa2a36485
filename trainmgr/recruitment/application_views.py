"""HTTP of applications for those who judge them, one by one or many alike."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment.places import free_places
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Side, State
from trainmgr.recruitment import admitting, applications, interviews, judging, labels, room
from trainmgr.recruitment.forms import BulkVerdictForm, VerdictForm, chosen_ids
from trainmgr.recruitment.frame import applications_bp, page_of, program_for
from trainmgr.recruitment.rules import ApplicationState, Room, VerdictKind


@applications_bp.get("/programs/<int:program_id>/applications")
@requires(Permission.ENROLMENT_JUDGE)
def list_applications(program_id):
    """Show who applied and what each side said."""
    return _list_page(program_for(program_id, Permission.ENROLMENT_JUDGE), BulkVerdictForm(formdata=None))


def _list_page(program, form, status=200, broken=None, ticked=()):
    narrowed = applications.Narrowed(
        **{name: request.args.get(name, "")[:60] for name in ("state", "post", "field", "interview")}
    )
    page, again = applications.applications_page(program, current_user, Listing.from_request(), narrowed)
    counts, fields = applications.state_counts(program, current_user)
    plan = room.plan_in_force(program.id)
    left = room.room_of(program, plan) if plan else Room(free_places(program))
    return page_of(
        "applications", program, status, page=page, counts=counts, narrowed=narrowed, form=form, broken=broken,
        field_options=[(name, name) for name in fields], ticked=ticked, plan=plan,
        posts=[(line.post_id, line.post.label) for line in plan.quotas] if plan else [],
        places=left.total, left=left, states=list(labels.APPLICATION_STATES.items()),
        interviews=list(labels.INTERVIEW_STATES.items()), again=again,
        sides=applications.sides_in(program, current_user),
        may_edit=may(program, current_user, Permission.ENROLMENT_EDIT),
    )  # fmt: skip


@applications_bp.get("/programs/<int:program_id>/applications/repeated")
@requires(Permission.ENROLMENT_JUDGE)
def list_repeated(program_id):
    """Show applications that came again under a known ID number with another name or phone."""
    program = program_for(program_id, Permission.ENROLMENT_JUDGE)
    page = applications.repeated(program, current_user, Listing.from_request())
    return page_of("repeated", program, page=page)


@applications_bp.post("/programs/<int:program_id>/applications/verdicts")
@requires(Permission.ENROLMENT_JUDGE)
def record_verdicts(program_id):
    """Take the same verdict of one side on the ticked applicants."""
    program, form = program_for(program_id, Permission.ENROLMENT_JUDGE), BulkVerdictForm()
    ids, sides = chosen_ids(), applications.sides_in(program, current_user)
    if not sides:
        abort(403)
    if not form.validate():
        return _list_page(program, form, 422, ticked=ids)
    wanted = request.form.get("side", "")
    side = Side(wanted) if wanted in sides else sides[0]
    try:
        judged = judging.record_verdicts(
            program, applications.judgeable(program, current_user, side, ids),
            judging.Judgement(side, VerdictKind(form.verdict.data), form.reason.data),
            by=current_user, now=utcnow(), today=today(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _list_page(program, form, broken.status, broken, ids)
    flash(
        ngettext("%(num)s verdict recorded.", "%(num)s verdicts recorded.", len(judged)),
        "success",
    )
    onward = {name: text for name, text in request.args.items() if not name.startswith("_")}
    return redirect(url_for(".list_applications", **onward | {"program_id": program_id}))


@applications_bp.get("/programs/<int:program_id>/applications/<int:application_id>")
@requires(Permission.ENROLMENT_JUDGE)
def show_application(program_id, application_id):
    """Show one application with both verdicts and the form for one's own."""
    program = program_for(program_id, Permission.ENROLMENT_JUDGE)
    application = applications.application_or_404(program, application_id, current_user)
    return _application_page(program, application, VerdictForm(formdata=None))


def _application_page(program, application, form, status=200, broken=None):
    given = {verdict.side: verdict for verdict in application.verdicts}
    sides = [
        side for side in applications.sides_to_judge(program, application, current_user) if side not in given
    ]
    names = {party.organization_id: party.organization.name for party in program.parties}
    return page_of(
        "application", program, status, application=application, given=given, form=form, broken=broken, names=names,
        booking=interviews.find_booking(application.id), notes=interviews.notes_on(application.id),
        left=room.room_of(program).left_for(application.post_id),
        sides=sides if application.state is ApplicationState.PENDING else [],
        is_recruiting=program.state in (State.RECRUITING, State.RUNNING),
    )  # fmt: skip


@applications_bp.post("/programs/<int:program_id>/applications/<int:application_id>/verdict")
@requires(Permission.ENROLMENT_JUDGE)
def record_verdict(program_id, application_id):
    """Take one side's verdict on an applicant and show where it leaves them."""
    program = program_for(program_id, Permission.ENROLMENT_JUDGE)
    application = applications.application_or_404(program, application_id, current_user)
    form, sides = VerdictForm(), applications.sides_to_judge(program, application, current_user)
    if not sides:
        abort(403)
    if not form.validate():
        return _application_page(program, application, form, 422)
    wanted = request.form.get("side", "")
    side = Side(wanted) if wanted in sides else sides[0]
    try:
        application = judging.record_verdict(
            program, application_id, side, VerdictKind(form.verdict.data), reason=form.reason.data,
            by=current_user, now=utcnow(), today=today(),
        )  # fmt: skip
    except RuleBroken as broken:
        application = applications.application_or_404(program, application_id, current_user)
        return _application_page(program, application, form, broken.status, broken)
    flash(
        _("Verdict recorded. %(name)s: %(state)s.", name=application.name, state=application.state_label),
        "success",
    )
    return redirect(url_for(".list_applications", program_id=program_id, state=ApplicationState.PENDING))


@applications_bp.post("/programs/<int:program_id>/applications/waiting")
@requires(Permission.ENROLMENT_EDIT)
def admit_waiting(program_id):
    """Give free places to the waiting list in its order."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    admitted = admitting.admit_waiting(program, by=current_user, now=utcnow(), today=today())
    flash(
        ngettext(
            "%(num)s person came in from the waiting list.",
            "%(num)s people came in from the waiting list.",
            admitted,
        ),
        "success",
    )
    return redirect(url_for(".list_applications", program_id=program_id))
