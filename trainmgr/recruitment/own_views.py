"""HTTP of one's own application, for people with an account: applying, interviews, saying that one comes."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import enterprises_of
from trainmgr.programs.rules import State
from trainmgr.recruitment import applying, door_pages, interviews, open_programs, room
from trainmgr.recruitment.forms import ApplyForm
from trainmgr.recruitment.frame import applications_bp
from trainmgr.recruitment.rules import ApplicationState

OWN = "/programs/<int:program_id>/apply"


@applications_bp.get("/apply")
@requires(Permission.ENROLMENT_APPLY)
def list_open_programs():
    """Show the programmes that take applications from the reader, and where the reader's own stand."""
    page = open_programs.open_programs(current_user, Listing.from_request())
    return render_template("recruitment/open_programs.html", page=page)


def _apply_form(program, plan):
    form = ApplyForm(formdata=request.form if request.method == "POST" else None)
    form.offer([(party.organization_id, party.organization.name) for party in enterprises_of(program)])
    form.offer_posts(plan)
    return form


def _own_page(program, plan, form, status=200, broken=None):
    application = applying.find_application(program.id, current_user.id)
    view = door_pages.state_view(application, program, now=utcnow()) if application else None
    closed = applying.closed_because(plan, today()) if plan else None
    return render_template(
        "recruitment/apply.html", program=program, application=application, form=form, view=view, broken=broken,
        plan=plan, closed=closed, may_apply=program.state is State.RECRUITING and closed is None,
        enterprises=enterprises_of(program),
        may_again=application is not None and application.state is ApplicationState.WITHDRAWN
        and not application.verdicts,
    ), status  # fmt: skip


@applications_bp.get(OWN)
@requires(Permission.ENROLMENT_APPLY)
def new_application(program_id):
    """Show the form to apply, or where the reader's application stands."""
    program = open_programs.open_program_or_404(program_id, current_user)
    plan = room.plan_in_force(program.id)
    return _own_page(program, plan, _apply_form(program, plan))


@applications_bp.post(OWN)
@requires(Permission.ENROLMENT_APPLY)
def apply_for_place(program_id):
    """Take an application."""
    program = open_programs.open_program_or_404(program_id, current_user)
    plan = room.plan_in_force(program.id)
    form = _apply_form(program, plan)
    if not form.validate():
        return _own_page(program, plan, form, 422)
    try:
        applying.apply(
            program, college_id=open_programs.college_for(program, current_user),
            enterprise_id=whole(form.enterprise.data), field=form.field.data, post_id=whole(form.post.data),
            statement=form.statement.data, by=current_user, now=utcnow(), today=today(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _own_page(program, plan, form, broken.status, broken)
    flash(_("Your application is with both sides. You see here what they say."), "success")
    return redirect(url_for(".new_application", program_id=program_id))


def _act(program_id, deed):
    """Do something with the reader's own application and show where it stands then; a broken rule is told there."""
    program = open_programs.open_program_or_404(program_id, current_user)
    application = applying.find_application(program_id, current_user.id) or abort(404)
    try:
        told = deed(program, application)
    except RuleBroken as broken:
        plan = room.plan_in_force(program.id)
        return _own_page(program, plan, _apply_form(program, plan), broken.status, broken)
    flash(told, "success")
    return redirect(url_for(".new_application", program_id=program_id))


@applications_bp.post(f"{OWN}/withdraw")
@requires(Permission.ENROLMENT_APPLY)
def draw_back(program_id):
    """Withdraw one's own application, or give the place up."""

    def deed(program, application):
        return applying.leave(program, application, by=current_user, now=utcnow(), today=today())

    return _act(program_id, deed)


@applications_bp.post(f"{OWN}/confirm")
@requires(Permission.ENROLMENT_APPLY)
def confirm_place(program_id):
    """Say that one comes."""

    def deed(program, application):
        applying.confirm_place(application, by=current_user, now=utcnow())
        return _("You have said that you come.")

    return _act(program_id, deed)


@applications_bp.post(f"{OWN}/interview")
@requires(Permission.ENROLMENT_APPLY)
def book_interview(program_id):
    """Book an interview, or another one instead."""

    def deed(program, application):
        slot_id = whole(request.form.get("slot")) or 0
        slot = interviews.book(application, slot_id, by=current_user, now=utcnow())
        return _("Your interview is booked: %(time)s.", time=moment(slot.starts_at))

    return _act(program_id, deed)


@applications_bp.post(f"{OWN}/interview/cancel")
@requires(Permission.ENROLMENT_APPLY)
def cancel_interview(program_id):
    """Give a booked interview back."""

    def deed(program, application):
        interviews.unbook(application, by=current_user, now=utcnow())
        return _("The interview is given back. Book another while there are times.")

    return _act(program_id, deed)
