"""HTTP of applications: applying oneself, and judging for one side."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment import applications, judging, labels, places
from trainmgr.enrolment.forms import ApplyForm, VerdictForm
from trainmgr.enrolment.frame import page_of, program_for
from trainmgr.enrolment.rules import WAITING, ApplicationState, VerdictKind
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import enterprises_of, may
from trainmgr.programs.rules import Side, State

applications_bp = Blueprint("applications", __name__)


# --- judging -------------------------------------------------------------------------------------


@applications_bp.get("/programs/<int:program_id>/applications")
@requires(Permission.ENROLMENT_JUDGE)
def list_applications(program_id):
    """Show who applied and what each side said."""
    program = program_for(program_id, Permission.ENROLMENT_JUDGE)
    state, field = request.args.get("state", ""), request.args.get("field", "")[:60]
    page = applications.applications_page(program, current_user, Listing.from_request(), state, field)
    counts, fields = applications.state_counts(program, current_user)
    return page_of(
        "applications", program, page=page, counts=counts, state=state, field=field,
        field_options=[(name, name) for name in fields],
        places=places.free_places(program), states=list(labels.APPLICATION_STATES.items()),
        may_edit=may(program, current_user, Permission.ENROLMENT_EDIT),
    )  # fmt: skip


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
    admitted = judging.admit_waiting(program, by=current_user, now=utcnow(), today=today())
    flash(
        ngettext(
            "%(num)s person came in from the waiting list.",
            "%(num)s people came in from the waiting list.",
            admitted,
        ),
        "success",
    )
    return redirect(url_for(".list_applications", program_id=program_id))


# --- applying ------------------------------------------------------------------------------------


@applications_bp.get("/apply")
@requires(Permission.ENROLMENT_APPLY)
def list_open_programs():
    """Show the programmes that take applications from the reader, and where the reader's own stand."""
    page = applications.open_programs(current_user, Listing.from_request())
    return render_template("enrolment/open_programs.html", page=page)


def _apply_form(program):
    form = ApplyForm(formdata=request.form if request.method == "POST" else None)
    form.offer([(party.organization_id, party.organization.name) for party in enterprises_of(program)])
    return form


def _own_page(program, form, status=200, broken=None):
    application = applications.own_application(program.id, current_user)
    place = 0
    if application is not None and application.state is ApplicationState.WAITLISTED:
        place = applications.place_in_line(application)
    return render_template(
        "enrolment/apply.html", program=program, application=application, form=form, place=place, broken=broken,
        given={verdict.side: verdict for verdict in application.verdicts} if application else {},
        may_apply=program.state is State.RECRUITING, enterprises=enterprises_of(program),
        may_again=application is not None and application.state is ApplicationState.WITHDRAWN
        and not application.verdicts,
        may_draw_back=application is not None and application.state in WAITING,
    ), status  # fmt: skip


@applications_bp.get("/programs/<int:program_id>/apply")
@requires(Permission.ENROLMENT_APPLY)
def new_application(program_id):
    """Show the form to apply, or where the reader's application stands."""
    program = applications.open_program_or_404(program_id, current_user)
    return _own_page(program, _apply_form(program))


@applications_bp.post("/programs/<int:program_id>/apply")
@requires(Permission.ENROLMENT_APPLY)
def apply_for_place(program_id):
    """Take an application."""
    program = applications.open_program_or_404(program_id, current_user)
    form = _apply_form(program)
    if not form.validate():
        return _own_page(program, form, 422)
    try:
        judging.apply(
            program, college_id=applications.college_for(program, current_user),
            enterprise_id=int(form.enterprise.data) if form.enterprise.data else None,
            field=form.field.data, statement=form.statement.data, by=current_user, now=utcnow(), today=today(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _own_page(program, form, broken.status, broken)
    flash(_("Your application is with both sides. You see here what they say."), "success")
    return redirect(url_for(".new_application", program_id=program_id))


@applications_bp.post("/programs/<int:program_id>/apply/withdraw")
@requires(Permission.ENROLMENT_APPLY)
def draw_back(program_id):
    """Withdraw one's own application."""
    program = applications.open_program_or_404(program_id, current_user)
    application = applications.own_application(program_id, current_user) or abort(404)
    judging.draw_back(program, application, by=current_user, now=utcnow(), today=today())
    flash(_("Your application is withdrawn."), "success")
    return redirect(url_for(".new_application", program_id=program_id))
