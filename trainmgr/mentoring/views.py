"""HTTP of mentoring: the programme's mentors, handovers, a mentor's own trainees; proposals stand beside."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, Role, can, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.mentoring import (
    actions,
    choice_views,
    labels,
    proposal_queries,
    proposal_views,
    queries,
    standing,
    station,
    terms_views,
)
from trainmgr.mentoring.forms import HandoverForm, LeavingForm, NamingForm, ProfileForm, options
from trainmgr.mentoring.frame import bp, page_of, side_or_404
from trainmgr.mentoring.terms_queries import typical_for
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Side

blueprints = (bp,)

# They register the other routes and how the step stands.
assert proposal_views
assert choice_views
assert terms_views
assert station
assert standing

P = Permission


@bp.get("/programs/<int:program_id>/mentors")
@requires(P.PROGRAM_VIEW)
def show_mentors(program_id):
    """Show who guides whom: all mentors and who lacks one, or one's own trainees or mentors."""
    program = program_or_404(program_id, current_user)
    if not can(P.MENTOR_VIEW):
        return page_of("mine.html", program, enrolments=queries.my_enrolments(program, current_user),
                     is_trainee=current_user.roles == {Role.TRAINEE})  # fmt: skip
    side = side_or_404(request.args.get("side", Side.ENTERPRISE.value))
    homes = queries.homes_for(program, current_user)
    may_assign = may(program, current_user, P.MENTOR_ASSIGN)
    proposals, job = proposal_queries.proposals_and_job(program, side, utcnow())
    return page_of(
        "mentors.html",
        program,
        side=side,
        page=queries.list_mentors(program, side, Listing.from_request()),
        counts=queries.counts(program, current_user, side),
        lacking=queries.lacking(program, current_user),
        proposals=proposals,
        labels=labels,
        job=job if may_assign else None,
        may_assign=may_assign,
        homes=homes,
    )


@bp.get("/my-trainees")
@requires(P.LOG_SIGN)
def list_my_trainees():
    """Show everybody whom the signed-in mentor guides."""
    return render_template(
        "mentoring/my_trainees.html", page=queries.list_trainees_of(current_user, Listing.from_request())
    )


# --- naming -----------------------------------------------------------------------------------------


def _naming(
    program: Program, side: Side, form: NamingForm, status: int = 200, **context: Any
) -> tuple[str, int]:
    return page_of("name.html", program, status, side=side, form=form, q=request.args.get("q", ""), **context)


def _naming_form(program: Program, side: Side, **values: Any) -> NamingForm:
    homes = queries.homes_for(program, current_user) or abort(403)
    form = NamingForm(capacity=typical_for(program, side), **values)
    found = queries.candidates(program, side, homes, request.args.get("q", "").strip()[:60])
    form.person.choices = options([(f"{u.id}:{o.id}", f"{u.name} · {o.short}") for u, o in found])
    return form


@bp.get("/programs/<int:program_id>/mentors/<side>/new")
@requires(P.MENTOR_EDIT)
def new_mentor(program_id, side):
    """Show the form that names a mentor; people are found by name or number."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    return _naming(program, side, _naming_form(program, side, formdata=None))


@bp.post("/programs/<int:program_id>/mentors/<side>")
@requires(P.MENTOR_EDIT)
def name_mentor(program_id, side):
    """Name a person as a mentor of the programme."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    form = _naming_form(program, side)
    if not form.validate():
        return _naming(program, side, form, 422)
    user_id, organization_id = (int(part) for part in form.person.data.split(":"))
    try:
        named = actions.name_mentor(
            program,
            queries.get_person(user_id),
            organization_id=organization_id,
            side=side,
            values=form.values(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _naming(program, side, form, broken.status, broken=str(broken))
    flash(_("%(name)s is named as a mentor.", name=named.mentor.name), "success")
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))


def _named_and_mine(program: Program, program_mentor_id: int) -> Any:
    named = queries.named_or_404(program, program_mentor_id)
    if named.mentor.organization_id not in queries.homes_for(program, current_user):
        abort(403)
    return named


@bp.get("/programs/<int:program_id>/mentors/<int:program_mentor_id>")
@requires(P.MENTOR_VIEW)
def show_mentor(program_id, program_mentor_id):
    """Show one mentor: profile, trainees, and the forms to change the one and hand over the others."""
    program = program_or_404(program_id, current_user)
    named = queries.named_or_404(program, program_mentor_id)
    form = ProfileForm(formdata=None, obj=named.mentor, version=named.mentor.version)
    return _mentor_page(program, named, form)


def _mentor_page(
    program: Program, named: Any, form: ProfileForm, status: int = 200, **context: Any
) -> tuple[str, int]:
    return page_of(
        "mentor.html",
        program,
        status,
        named=named,
        form=form,
        side=named.side,
        trainees=queries.guided_by(program, named.mentor, current_user),
        may_edit=named.mentor.organization_id in queries.homes_for(program, current_user),
        **context,
    )


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>")
@requires(P.MENTOR_EDIT)
def change_mentor(program_id, program_mentor_id):
    """Change a mentor's profile."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    form = ProfileForm()
    if not form.validate():
        return _mentor_page(program, named, form, 422)
    version = whole(form.version.data) or -1
    try:
        actions.change_mentor(
            program, named.mentor, form.values(), version=version, by=current_user, now=utcnow()
        )
    except Conflict as conflict:
        form.version.data = str(named.mentor.version)  # seen now, so that saving again is meant
        theirs = form.differences(named.mentor)
        return _mentor_page(program, named, form, conflict.status, broken=str(conflict), theirs=theirs)
    flash(_("The profile of %(name)s is saved.", name=named.mentor.name), "success")
    return redirect(url_for(".show_mentor", program_id=program.id, program_mentor_id=named.id))


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>/places")
@requires(P.MENTOR_EDIT)
def add_place(program_id, program_mentor_id):
    """Let a mentor take one trainee more."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    actions.add_place(program, named.mentor, by=current_user, now=utcnow())
    flash(
        _("%(name)s may take %(count)s trainees now.", name=named.mentor.name, count=named.mentor.capacity),
        "success",
    )
    return redirect(url_for(".show_mentors", program_id=program.id, side=named.side))


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>/remove")
@requires(P.MENTOR_EDIT)
def remove_mentor(program_id, program_mentor_id):
    """Take a mentor off the programme's list."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    name, side = named.mentor.name, named.side
    actions.remove_mentor(program, named, by=current_user, now=utcnow())
    flash(_("%(name)s is no mentor of this programme any more.", name=name), "success")
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))


# --- handing over -----------------------------------------------------------------------------------


def _handover_form(program: Program, named: Any, **values: Any) -> HandoverForm:
    form = HandoverForm(**values)
    trainees = queries.guided_by(program, named.mentor, current_user)
    form.trainees.choices = options([(enrolment.id, enrolment.name) for enrolment in trainees])
    form.successor.choices = options(
        [
            (other.id, f"{other.mentor.name} · {other.load} / {other.mentor.capacity}")
            for other in queries.named_mentors(program, named.side)
            if other.id != named.id and other.mentor.organization_id == named.mentor.organization_id
        ]
    )
    return form


@bp.get("/programs/<int:program_id>/mentors/<int:program_mentor_id>/handover")
@requires(P.MENTOR_EDIT)
def new_handover(program_id, program_mentor_id):
    """Show the form that hands a mentor's trainees over."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    form = _handover_form(program, named, formdata=None, day=today())
    form.trainees.data = [choice.value for choice in form.trainees.choices]
    return page_of("handover.html", program, named=named, form=form, side=named.side)


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>/handover")
@requires(P.MENTOR_EDIT)
def hand_over(program_id, program_mentor_id):
    """Hand trainees over to another mentor."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    form = _handover_form(program, named)
    if not form.validate():
        return page_of("handover.html", program, 422, named=named, form=form, side=named.side)
    successor = queries.named_or_404(program, form.successor.data)
    try:
        count = actions.hand_over(
            program,
            named,
            form.trainees.data,
            successor,
            day=form.day.data,
            reason=form.reason.data.strip(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return page_of(
            "handover.html",
            program,
            broken.status,
            named=named,
            form=form,
            side=named.side,
            broken=str(broken),
        )
    flash(
        ngettext("%(num)d trainee handed over to %(name)s.", "%(num)d trainees handed over to %(name)s.", count,
                 name=successor.mentor.name),
        "success",
    )  # fmt: skip
    return redirect(url_for(".show_mentors", program_id=program.id, side=named.side))


@bp.get("/programs/<int:program_id>/mentors/<int:program_mentor_id>/leaving")
@requires(P.MENTOR_EDIT)
def new_leaving(program_id, program_mentor_id):
    """Show the form that records that a mentor has left although nobody follows yet."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    return _leaving_page(program, named, LeavingForm(formdata=None, day=today()))


def _leaving_page(
    program: Program, named: Any, form: LeavingForm, status: int = 200, broken: str = ""
) -> tuple[str, int]:
    return page_of(
        "leaving.html",
        program,
        status,
        named=named,
        form=form,
        side=named.side,
        trainees=queries.guided_by(program, named.mentor, current_user),
        broken=broken,
    )


@bp.post("/programs/<int:program_id>/mentors/<int:program_mentor_id>/leaving")
@requires(P.MENTOR_EDIT)
def retire_mentor(program_id, program_mentor_id):
    """Record that a mentor has left; the trainees wait for another one."""
    program = program_or_404(program_id, current_user)
    named = _named_and_mine(program, program_mentor_id)
    form = LeavingForm()
    if not form.validate():
        return _leaving_page(program, named, form, 422)
    reason = form.reason.data.strip()
    try:
        count = actions.retire_mentor(
            program, named, day=form.day.data, reason=reason, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _leaving_page(program, named, form, broken.status, str(broken))
    flash(
        ngettext(
            "%(num)d trainee waits for another mentor.", "%(num)d trainees wait for another mentor.", count
        ),
        "success",
    )
    return redirect(url_for(".show_mentors", program_id=program.id, side=named.side))
