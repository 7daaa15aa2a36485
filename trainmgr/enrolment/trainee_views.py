"""HTTP of one trainee: facts, numbers, entry levels, what is masked."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment import actions, labels, queries
from trainmgr.enrolment.forms import (
    NumbersForm,
    ReasonForm,
    read_levels,
)
from trainmgr.enrolment.frame import bp, may_set_numbers, page_of, program_for
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.enrolment.standing import effects_in_words
from trainmgr.enrolment.standing_queries import changes_of
from trainmgr.enrolment.standing_rules import possible
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.queries import may

# --- one trainee ---------------------------------------------------------------------------------


def _trainee_page(program, enrolment, status=200, **context):
    is_present = enrolment.state is not EnrolmentState.WITHDRAWN
    defaults = {
        "numbers": NumbersForm(formdata=None, obj=enrolment),
        "reveal": ReasonForm(formdata=None, prefix="reveal-"),
        "shown": None,
        "broken": None,
        "level_faults": (),
        "typed_levels": {},
    }
    return page_of(
        "trainee", program, status, enrolment=enrolment, levels=queries.entry_levels(program.id, enrolment.id),
        is_present=is_present, may_set=may_set_numbers(program), is_own=enrolment.user_id == current_user.id,
        is_full=may(program, current_user, Permission.PEOPLE_VIEW), changes=changes_of(enrolment),
        may_stand=may(program, current_user, Permission.CLASS_EDIT), kinds=possible(enrolment.state),
        words=effects_in_words, tones=labels.STANDING_TONES, kind_labels=labels.STANDING_KINDS,
        may_edit=may(program, current_user, Permission.ENROLMENT_EDIT),
        may_unmask=may(program, current_user, Permission.ENROLMENT_UNMASK),
        **(defaults | context),
    )  # fmt: skip


@bp.get("/trainees/<int:enrolment_id>")
@requires(Permission.PROGRAM_VIEW)
def show_trainee(program_id, enrolment_id):
    """Show one trainee: facts, numbers, hours, mentors, entry levels."""
    program = program_for(program_id)
    return _trainee_page(program, queries.enrolment_or_404(program, enrolment_id, current_user))


@bp.post("/trainees/<int:enrolment_id>/unmask")
@requires(Permission.ENROLMENT_UNMASK)
def unmask_trainee(program_id, enrolment_id):
    """Show a trainee's ID number and phone in full, once; who looked and why is recorded."""
    program = program_for(program_id, Permission.ENROLMENT_UNMASK)
    enrolment, form = (
        queries.enrolment_or_404(program, enrolment_id, current_user),
        ReasonForm(prefix="reveal-"),
    )
    if not form.validate():
        return _trainee_page(program, enrolment, 422, reveal=form)
    shown = actions.unmask(program, enrolment, reason=form.reason.data, by=current_user, now=utcnow())
    html, status = _trainee_page(program, enrolment, shown=shown)
    return html, status, {"Cache-Control": "no-store"}


@bp.post("/trainees/<int:enrolment_id>/levels")
@requires(Permission.ENROLMENT_EDIT)
def save_levels(program_id, enrolment_id):
    """Save a trainee's levels before the training."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    enrolment = queries.enrolment_or_404(program, enrolment_id, current_user)
    levels, faults, typed = read_levels(queries.entry_levels(program_id, enrolment_id))
    if faults:
        return _trainee_page(program, enrolment, 422, level_faults=faults, typed_levels=typed)
    try:
        actions.set_entry_levels(
            program,
            enrolment,
            levels,
            version=request.form.get("version", 0, int),
            by=current_user,
            now=utcnow(),
        )
    except (RuleBroken, Conflict) as broken:
        return _trainee_page(program, enrolment, broken.status, typed_levels=typed, broken=broken)
    flash(_("The entry levels of %(name)s are saved.", name=enrolment.name), "success")
    return redirect(url_for(".show_trainee", program_id=program_id, enrolment_id=enrolment_id))


@bp.post("/trainees/<int:enrolment_id>/numbers")
@requires(Permission.ENROLMENT_NUMBER)
def save_trainee_numbers(program_id, enrolment_id):
    """Save one trainee's numbers."""
    program = program_for(program_id, Permission.ENROLMENT_NUMBER)
    enrolment, form = queries.enrolment_or_404(program, enrolment_id, current_user), NumbersForm()
    if not form.validate():
        return _trainee_page(program, enrolment, 422, numbers=form)
    may_student, may_employee = may_set_numbers(program)
    try:
        numbers = actions.NewNumbers(
            enrolment,
            form.student_number.data if may_student else None,
            form.employee_number.data if may_employee else None,
            form.version.data,
        )
        actions.set_numbers(program, [numbers], by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _trainee_page(program, enrolment, broken.status, numbers=form, broken=broken)
    flash(_("The numbers of %(name)s are saved.", name=enrolment.name), "success")
    return redirect(url_for(".show_trainee", program_id=program_id, enrolment_id=enrolment_id))
