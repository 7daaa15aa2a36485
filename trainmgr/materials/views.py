"""HTTP of teaching resources: the list, one resource and its versions, how it is kept up to date, who may use it.

Cases, what programmes use, task sheets and packs are beside this file.
"""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.i18n import day
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.materials import (  # noqa: F401  (the other files add their routes)
    actions,
    case_views,
    pack_views,
    program_views,
    queries,
    renewing,
    sheet_views,
    update_views,
)
from trainmgr.materials.forms import FactsForm, NewForm, OccasionForm, VersionForm, chosen_ids
from trainmgr.materials.models import Material
from trainmgr.materials.pages import asked_filters, bp, render
from trainmgr.materials.rules import MaterialKind, usual_update

blueprints = (bp,)


@bp.get("/materials")
@requires(Permission.MATERIAL_VIEW)
def list_materials() -> Any:
    """Show the resources that the reader may use."""
    filters = asked_filters()
    return render(
        "list",
        page=queries.list_materials(current_user, Listing.from_request(), filters),
        filters=filters,
        owners=queries.owner_choices(current_user),
        occupations=[(name, name) for name in queries.occupation_choices(current_user)],
        overdue=renewing.count_overdue(current_user, today()),
    )


@bp.get("/materials/<int:material_id>")
@requires(Permission.MATERIAL_VIEW)
def show_material(material_id: int) -> Any:
    """Show one resource with its versions."""
    return _show(queries.material_or_404(material_id, current_user))


def _show(material: Material, status: int = 200, **more: Any) -> Any:
    keeps = queries.is_owner(material, current_user)
    context = {
        "material": material,
        "latest": queries.latest_of(material),
        "draft": queries.draft_of(material) if keeps else None,
        "keeps": keeps,
        "occasions": renewing.open_occasions(material.id),
        "programs": queries.uses_of(material, current_user),
        "partners": queries.shared_with(material) if keeps else [],
        "form": OccasionForm(formdata=None, on=today()),
    }
    return render("show", status, **(context | more))


# --- entering and changing ------------------------------------------------------------------------


def _new_page(form: NewForm, status: int = 200, refusal: RuleBroken | None = None) -> Any:
    homes = queries.home_choices(current_user)
    form.offer(homes)
    names = queries.collection_names(current_user.organizations_where(Permission.MATERIAL_EDIT))
    return render("new", status, form=form, homes=homes, collections=names, refusal=refusal)


@bp.get("/materials/new")
@requires(Permission.MATERIAL_EDIT)
def new_material() -> Any:
    """Ask for a resource with its first version."""
    usual = usual_update(MaterialKind.COURSEWARE).value
    return _new_page(NewForm(formdata=None, update_kind=usual))


@bp.post("/materials")
@requires(Permission.MATERIAL_EDIT)
def enter_material() -> Any:
    """Enter a resource with its first version."""
    form = NewForm()
    form.offer(queries.home_choices(current_user))
    if not form.validate():
        return _new_page(form, 422)
    now = utcnow()
    try:
        material = actions.enter(form.owner.data, form.facts(), by=current_user, now=now)
        changes = form.changes.data or _("First version")
        actions.publish(material, form.content(), share=100, changes=changes, by=current_user, now=now)
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return _new_page(form, refusal.status)
    flash(_("“%(title)s” is entered.", title=material.title), "success")
    return redirect(url_for(".show_material", material_id=material.id))


def _edit_page(material: Material, form: FactsForm, status: int = 200, refusal: Any = None) -> Any:
    names = queries.collection_names(frozenset({material.owner_id}))
    return render("edit", status, material=material, form=form, collections=names, refusal=refusal)


@bp.get("/materials/<int:material_id>/edit")
@requires(Permission.MATERIAL_EDIT)
def edit_material(material_id: int) -> Any:
    """Show the form of a resource's particulars."""
    material = queries.own_or_404(material_id, current_user)
    return _edit_page(material, FactsForm(formdata=None, obj=material))


@bp.post("/materials/<int:material_id>/edit")
@requires(Permission.MATERIAL_EDIT)
def change_material(material_id: int) -> Any:
    """Save a resource's particulars."""
    material = queries.own_or_404(material_id, current_user)
    form = FactsForm()
    if material.kind is MaterialKind.CASE_WRITE_UP:
        del form.kind
    if not form.validate():
        return _edit_page(material, form, 422)
    kind = material.kind if material.kind is MaterialKind.CASE_WRITE_UP else None
    try:
        actions.change(material, form.facts(kind), version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _edit_page(material, form, refusal.status, refusal)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_material", material_id=material.id))


# --- versions -------------------------------------------------------------------------------------


def _version_page(material: Material, form: VersionForm, status: int = 200) -> Any:
    return render("version", status, material=material, form=form)


@bp.get("/materials/<int:material_id>/versions/new")
@requires(Permission.MATERIAL_EDIT)
def new_version(material_id: int) -> Any:
    """Ask for the next version and what is new in it."""
    material = queries.own_or_404(material_id, current_user)
    if material.kind is MaterialKind.CASE_WRITE_UP:
        return redirect(url_for(".edit_case", material_id=material.id))
    return _version_page(material, VersionForm(formdata=None))


@bp.post("/materials/<int:material_id>/versions")
@requires(Permission.MATERIAL_EDIT)
def publish_version(material_id: int) -> Any:
    """Publish the next version."""
    material = queries.own_or_404(material_id, current_user)
    form = VersionForm()
    if not form.validate():
        return _version_page(material, form, 422)
    try:
        made = actions.publish(
            material, form.content(), share=form.share.data, changes=form.changes.data, by=current_user,
            now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return _version_page(material, form, refusal.status)
    flash(
        _(
            "Version %(number)s is published; the next is due %(day)s.",
            number=made.number,
            day=day(material.due_on),
        )
        if material.due_on
        else _("Version %(number)s is published.", number=made.number),
        "success",
    )
    return redirect(url_for(".show_material", material_id=material.id))


@bp.get("/materials/<int:material_id>/versions/<int:number>/file")
@requires(Permission.MATERIAL_VIEW)
def download_version(material_id: int, number: int) -> Any:
    """Hand out the file of a version, or lead to its link."""
    material = queries.material_or_404(material_id, current_user)
    found = queries.published_or_404(material, number)
    if found.file is not None:
        return file_response(found.file)
    if found.link:
        return redirect(found.link)
    return redirect(url_for(".show_case", material_id=material.id, number=number))


# --- kept up to date, out of use, shared ----------------------------------------------------------


@bp.post("/materials/<int:material_id>/occasions")
@requires(Permission.MATERIAL_EDIT)
def note_occasion(material_id: int) -> Any:
    """Note what asks for a new version."""
    material, form = queries.own_or_404(material_id, current_user), OccasionForm()
    if not form.validate():
        return _show(material, 422, form=form)
    try:
        actions.note_occasion(material, form.text.data, form.on.data, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _show(material, refusal.status, form=form, refusal=refusal)
    flash(_("Noted."), "success")
    return redirect(url_for(".show_material", material_id=material.id))


@bp.post("/materials/<int:material_id>/checks")
@requires(Permission.MATERIAL_EDIT)
def note_check(material_id: int) -> Any:
    """Note that the source was looked at and had not changed."""
    material = queries.own_or_404(material_id, current_user)
    actions.note_check(material, by=current_user, now=utcnow())
    text = _("The source has not changed. To be looked at again by %(day)s.", day=day(material.due_on))
    flash(text, "success")
    return redirect(url_for(".show_material", material_id=material.id))


@bp.post("/materials/<int:material_id>/use")
@requires(Permission.MATERIAL_EDIT)
def change_use(material_id: int) -> Any:
    """Put a resource out of use, or take it into use again."""
    material = queries.own_or_404(material_id, current_user)
    if request.form.get("do") == "retire":
        actions.retire(material, by=current_user, now=utcnow())
        flash(_("Out of use. Where it is attached it can still be read."), "success")
    else:
        actions.restore(material, by=current_user, now=utcnow())
        flash(_("In use again."), "success")
    return redirect(url_for(".show_material", material_id=material.id))


@bp.get("/materials/<int:material_id>/partners")
@requires(Permission.MATERIAL_EDIT)
def edit_partners(material_id: int) -> Any:
    """Show which partner organisations may use a resource."""
    material = queries.own_or_404(material_id, current_user)
    return render("partners", material=material, partners=queries.partner_choices(material))


@bp.post("/materials/<int:material_id>/partners")
@requires(Permission.MATERIAL_EDIT)
def share_material(material_id: int) -> Any:
    """Settle which partner organisations may use a resource."""
    material = queries.own_or_404(material_id, current_user)
    actions.share(material, chosen_ids("partner"), by=current_user, now=utcnow())
    flash(_("Saved."), "success")
    return redirect(url_for(".show_material", material_id=material.id))
