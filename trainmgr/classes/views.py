"""HTTP of classes: the list, one class with its people on a day, its history, merging, moving people."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.classes import actions, queries, rotation_views, space_views, split_views
from trainmgr.classes.forms import ClassForm, MoveForm, chosen_ids, day_of
from trainmgr.classes.frame import bp, class_for, page_of, program_for
from trainmgr.classes.hooks import foretell_merging
from trainmgr.classes.named_views import named_bp
from trainmgr.classes.space_views import own_bp
from trainmgr.enrolment.queries import chosen, enrolment_or_404
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import enterprises_of

blueprints = (bp, named_bp, own_bp)

# They register the other routes.
assert split_views
assert rotation_views
assert space_views


# --- the list and the class itself -------------------------------------------------------------------


@bp.get("")
@requires(Permission.CLASS_SPACE)
def list_classes(program_id):
    """Show the classes that the reader belongs to, with their sizes."""
    return _classes_page(program_for(program_id, Permission.CLASS_SPACE))


def _class_form(program, **values):
    form = ClassForm(**values)
    form.offer([(party.organization_id, party.organization.name) for party in enterprises_of(program)])
    return form


def _classes_page(program, status=200, form=None, broken=None):
    page = queries.list_classes(program, current_user, Listing.from_request())
    form = form or _class_form(program, formdata=None)
    return page_of("classes", program, status, page=page, form=form, broken=broken)


@bp.post("")
@requires(Permission.CLASS_EDIT)
def create_class(program_id):
    """Make a class."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    form = _class_form(program)
    if not form.validate():
        return _classes_page(program, 422, form)
    try:
        actions.create_class(
            program, form.name.data, enterprise_id=form.enterprise_id, sponsor=form.sponsor.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _classes_page(program, broken.status, form, broken)
    flash(_("The class %(name)s is there.", name=form.name.data), "success")
    return redirect(url_for(".list_classes", program_id=program_id))


@bp.get("/<int:cohort_id>/edit")
@requires(Permission.CLASS_EDIT)
def edit_class(program_id, cohort_id):
    """Show a class's name and who named it, to change them."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    known = {"name": cohort.name, "enterprise": str(cohort.enterprise_id or ""), "sponsor": cohort.sponsor}
    return page_of("class_form", program, cohort=cohort, form=_class_form(program, formdata=None, **known))


@bp.post("/<int:cohort_id>/edit")
@requires(Permission.CLASS_EDIT)
def change_class(program_id, cohort_id):
    """Give a class another name or say who named it."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    form = _class_form(program)
    if not form.validate():
        return page_of("class_form", program, 422, cohort=cohort, form=form)
    try:
        actions.change_class(
            program, cohort, form.name.data, enterprise_id=form.enterprise_id, sponsor=form.sponsor.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("class_form", program, broken.status, cohort=cohort, form=form, broken=broken)
    flash(_("The class %(name)s is saved.", name=form.name.data), "success")
    return redirect(url_for(".list_classes", program_id=program_id))


@bp.post("/<int:cohort_id>/remove")
@requires(Permission.CLASS_EDIT)
def remove_class(program_id, cohort_id):
    """Remove a class that nobody is in, or close it when people were."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    name = cohort.name
    try:
        gone = actions.remove_class(program, cohort, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _classes_page(program, broken.status, broken=broken)
    text = (
        _("The class %(name)s is gone.", name=name) if gone else _("The class %(name)s is closed.", name=name)
    )
    flash(text, "success")
    return redirect(url_for(".list_classes", program_id=program_id))


@bp.get("/<int:cohort_id>")
@requires(Permission.CLASS_EDIT)
def show_class(program_id, cohort_id):
    """Show who is in a class, or was on a day."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    day = day_of(request.args.get("day")) or today()
    page = queries.members_on(program, cohort, current_user, Listing.from_request(), day, today())
    return page_of("members", program, cohort=cohort, page=page, on=day, is_now=day >= today())


@bp.get("/<int:cohort_id>/history")
@requires(Permission.CLASS_EDIT)
def list_moves(program_id, cohort_id):
    """Show who came into a class and who left it, when and why."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    page = queries.history_of(program, cohort, current_user, Listing.from_request())
    return page_of("moves", program, cohort=cohort, page=page)


@bp.get("/trainees/<int:enrolment_id>")
@requires(Permission.CLASS_EDIT)
def list_trainee_moves(program_id, enrolment_id):
    """Show in which classes a trainee was, since when and why."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    return page_of("trainee_moves", program, enrolment=enrolment, moves=queries.moves_of(enrolment.id))


# --- merging ----------------------------------------------------------------------------------------


def _merge_form(program, cohort, **values):
    form = MoveForm(**values)
    form.offer([one for one in queries.open_classes(program.id) if one.id != cohort.id])
    return form


def _merge_page(program, cohort, form, status=200, broken=None):
    people = queries.members_on(program, cohort, current_user, Listing(), today(), today()).total
    told = foretell_merging(cohort.id, form.cohort.data or 0, today())
    return page_of(
        "merge", program, status, cohort=cohort, form=form, people=people, told=told, broken=broken
    )


@bp.get("/<int:cohort_id>/merge")
@requires(Permission.CLASS_EDIT)
def confirm_merger(program_id, cohort_id):
    """Show what merging a class into another one will do."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    return _merge_page(program, cohort, _merge_form(program, cohort, formdata=None, day=today()))


@bp.post("/<int:cohort_id>/merge")
@requires(Permission.CLASS_EDIT)
def merge_class(program_id, cohort_id):
    """Merge a class into another one."""
    program, cohort = class_for(program_id, cohort_id, Permission.CLASS_EDIT)
    form = _merge_form(program, cohort)
    if not form.validate():
        return _merge_page(program, cohort, form, 422)
    into = queries.class_or_404(program, form.cohort.data, current_user)
    try:
        moved = actions.merge_classes(
            program, cohort, into, day=form.day.data, reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _merge_page(program, cohort, form, broken.status, broken)
    flash(
        ngettext(
            "%(num)s person is in %(name)s now.", "%(num)s people are in %(name)s now.", moved, name=into.name
        ),
        "success",
    )
    return redirect(url_for(".show_class", program_id=program_id, cohort_id=into.id))


# --- moving people ----------------------------------------------------------------------------------


def _move_form(program, **values):
    form = MoveForm(**values)
    form.offer(queries.open_classes(program.id))
    return form


@bp.post("/move")
@requires(Permission.CLASS_EDIT)
def choose_class(program_id):
    """Lead the ticked trainees to the choice of a class."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    people = chosen(program, current_user, chosen_ids())
    if not people:
        flash(_("Tick at least one person first."), "warning")
        return redirect(url_for("enrolment.show_roster", program_id=program_id))
    return page_of("move", program, people=people, form=_move_form(program, formdata=None, day=today()))


@bp.post("/move/people")
@requires(Permission.CLASS_EDIT)
def move_people(program_id):
    """Put the chosen trainees into a class."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    people, form = chosen(program, current_user, chosen_ids()), _move_form(program)
    if not people:
        abort(404)
    if not form.validate():
        return page_of("move", program, 422, people=people, form=form)
    cohort = queries.class_or_404(program, form.cohort.data, current_user)
    try:
        moved = actions.move_to_class(
            program, people, cohort, day=form.day.data, reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return page_of("move", program, broken.status, people=people, form=form, broken=broken)
    flash(
        ngettext(
            "%(num)s person is in %(name)s now.",
            "%(num)s people are in %(name)s now.",
            moved,
            name=cohort.name,
        ),
        "success",
    )
    return redirect(url_for("enrolment.show_roster", program_id=program_id))
