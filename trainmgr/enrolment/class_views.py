"""HTTP of classes and of the two numbers of many trainees."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment import actions, queries, roster
from trainmgr.enrolment.forms import (
    ClassForm,
    chosen_ids,
)
from trainmgr.enrolment.frame import bp, may_set_numbers, page_of, program_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may

# --- numbers -------------------------------------------------------------------------------------


@bp.get("/numbers")
@requires(Permission.ENROLMENT_NUMBER)
def edit_numbers(program_id):
    """Show who lacks a number, with the fields to fill in."""
    program = program_for(program_id, Permission.ENROLMENT_NUMBER)
    return _numbers_page(program)


def _numbers_page(program, status=200, broken=(), typed=None):
    page = roster.numberless_page(program, current_user, Listing.from_request())
    return page_of(
        "numbers",
        program,
        status,
        page=page,
        may_set=may_set_numbers(program),
        broken=broken,
        typed=typed or {},
    )


@bp.post("/numbers")
@requires(Permission.ENROLMENT_NUMBER)
def save_numbers(program_id):
    """Save the numbers that were filled in; what cannot be taken is told beside the others."""
    program = program_for(program_id, Permission.ENROLMENT_NUMBER)
    may_student, may_employee = may_set_numbers(program)
    rows = [
        actions.NewNumbers(
            person,
            _typed_number("student", person) if may_student else None,
            _typed_number("employee", person) if may_employee else None,
            request.form.get(f"version-{person.id}", 0, int),
        )
        for person in queries.chosen(program, current_user, chosen_ids())
    ]
    try:
        saved = actions.set_numbers(program, rows, by=current_user, now=utcnow())
    except actions.NumbersRefused as refused:
        return _numbers_page(program, refused.status, refused.faults, request.form)
    except RuleBroken as broken:
        return _numbers_page(program, broken.status, [(0, str(broken))], request.form)
    flash(
        ngettext(
            "The numbers of %(num)s person are saved.", "The numbers of %(num)s people are saved.", saved
        ),
        "success",
    )
    return redirect(url_for(".edit_numbers", program_id=program_id))


def _typed_number(kind, person):
    text = request.form.get(f"{kind}-{person.id}")
    return None if text is None else text.strip()[:40]


# --- classes -------------------------------------------------------------------------------------


@bp.get("/classes")
@requires(Permission.PEOPLE_VIEW)
def list_classes(program_id):
    """Show the classes with their sizes."""
    return _classes_page(program_for(program_id, Permission.PEOPLE_VIEW))


def _classes_page(program, status=200, form=None, broken=None, editing=None):
    return page_of(
        "classes", program, status, classes=queries.classes(program, current_user),
        form=form or ClassForm(formdata=None), broken=broken, editing=editing,
        may_edit=may(program, current_user, Permission.ENROLMENT_EDIT),
    )  # fmt: skip


@bp.post("/classes")
@requires(Permission.ENROLMENT_EDIT)
def create_class(program_id):
    """Make a class."""
    program, form = program_for(program_id, Permission.ENROLMENT_EDIT), ClassForm()
    if not form.validate():
        return _classes_page(program, 422, form)
    try:
        actions.create_class(program, form.name.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _classes_page(program, broken.status, form, broken)
    flash(_("The class %(name)s is there.", name=form.name.data), "success")
    return redirect(url_for(".list_classes", program_id=program_id))


@bp.get("/classes/<int:cohort_id>")
@requires(Permission.ENROLMENT_EDIT)
def edit_class(program_id, cohort_id):
    """Show a class's name to change it."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    cohort = queries.cohort_or_404(program_id, cohort_id)
    return page_of("class", program, cohort=cohort, form=ClassForm(formdata=None, name=cohort.name))


@bp.post("/classes/<int:cohort_id>")
@requires(Permission.ENROLMENT_EDIT)
def rename_class(program_id, cohort_id):
    """Give a class another name."""
    program, form = program_for(program_id, Permission.ENROLMENT_EDIT), ClassForm()
    cohort = queries.cohort_or_404(program_id, cohort_id)
    if not form.validate():
        return page_of("class", program, 422, cohort=cohort, form=form)
    try:
        actions.rename_class(program, cohort, form.name.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return page_of("class", program, broken.status, cohort=cohort, form=form, broken=broken)
    flash(_("The class is called %(name)s now.", name=form.name.data), "success")
    return redirect(url_for(".list_classes", program_id=program_id))


@bp.post("/classes/<int:cohort_id>/remove")
@requires(Permission.ENROLMENT_EDIT)
def remove_class(program_id, cohort_id):
    """Remove a class that nobody is in."""
    program = program_for(program_id, Permission.ENROLMENT_EDIT)
    cohort = queries.cohort_or_404(program_id, cohort_id)
    try:
        actions.remove_class(program, cohort, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _classes_page(program, broken.status, broken=broken)
    flash(_("The class %(name)s is gone.", name=cohort.name), "success")
    return redirect(url_for(".list_classes", program_id=program_id))
