"""HTTP of resource packs by occupation."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets.writer import content_disposition
from trainmgr.materials import packs, queries, using
from trainmgr.materials.forms import NoteForm, PackForm, chosen_ids
from trainmgr.materials.models import MaterialPack
from trainmgr.materials.pages import asked_filters, bp, render


@bp.get("/packs")
@requires(Permission.MATERIAL_VIEW)
def list_packs() -> Any:
    """Show the packs of the reader's organisations."""
    return render("packs", page=packs.list_packs(current_user, Listing.from_request()))


def _show(pack: MaterialPack, form: NoteForm | None = None, status: int = 200) -> Any:
    return render(
        "pack",
        status,
        pack=pack,
        items=packs.items_of(pack, current_user),
        notes=packs.notes_of(pack),
        keeps=packs.keeps(pack, current_user),
        form=form or NoteForm(formdata=None),
    )


@bp.get("/packs/<int:pack_id>")
@requires(Permission.MATERIAL_VIEW)
def show_pack(pack_id: int) -> Any:
    """Show a pack's resources and notes."""
    return _show(packs.pack_or_404(pack_id, current_user))


def _form_page(
    form: PackForm, pack: MaterialPack | None = None, status: int = 200, refusal: Any = None
) -> Any:
    homes = [] if pack else queries.home_choices(current_user)
    form.offer(homes)
    return render("pack_form", status, form=form, pack=pack, homes=homes, refusal=refusal)


@bp.get("/packs/new")
@requires(Permission.MATERIAL_EDIT)
def new_pack() -> Any:
    """Ask for a pack's name and occupation."""
    return _form_page(PackForm(formdata=None))


@bp.post("/packs")
@requires(Permission.MATERIAL_EDIT)
def make_pack() -> Any:
    """Make a pack."""
    form = PackForm()
    form.offer(queries.home_choices(current_user))
    if not form.validate():
        return _form_page(form, status=422)
    try:
        pack = packs.make_pack(
            form.owner.data, form.name.data, form.occupation.data, form.purpose.data or "", by=current_user,
            now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _form_page(form, None, refusal.status, refusal)
    flash(_("The pack is made. Put resources into it."), "success")
    return redirect(url_for(".edit_pack_items", pack_id=pack.id))


@bp.get("/packs/<int:pack_id>/edit")
@requires(Permission.MATERIAL_EDIT)
def edit_pack(pack_id: int) -> Any:
    """Show the form of a pack."""
    pack = packs.own_or_404(pack_id, current_user)
    return _form_page(PackForm(formdata=None, obj=pack), pack)


@bp.post("/packs/<int:pack_id>/edit")
@requires(Permission.MATERIAL_EDIT)
def change_pack(pack_id: int) -> Any:
    """Save a pack's name and what it is for."""
    pack, form = packs.own_or_404(pack_id, current_user), PackForm()
    if not form.validate():
        return _form_page(form, pack, 422)
    try:
        packs.change_pack(
            pack, form.name.data, form.occupation.data, form.purpose.data or "", version=typed_version(),
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _form_page(form, pack, refusal.status, refusal)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_pack", pack_id=pack.id))


@bp.get("/packs/<int:pack_id>/items")
@requires(Permission.MATERIAL_EDIT)
def edit_pack_items(pack_id: int) -> Any:
    """Show the resources that can be put into a pack."""
    pack = packs.own_or_404(pack_id, current_user)
    page = queries.list_materials(current_user, Listing.from_request(), asked_filters())
    return render("pack_items", pack=pack, page=page)


@bp.post("/packs/<int:pack_id>/items")
@requires(Permission.MATERIAL_EDIT)
def put_into_pack(pack_id: int) -> Any:
    """Put the chosen resources into a pack."""
    pack = packs.own_or_404(pack_id, current_user)
    found = using.chosen_attachable(current_user, chosen_ids())
    count = packs.put_in(pack, found, by=current_user, now=utcnow())
    flash(ngettext("%(num)s resource put in.", "%(num)s resources put in.", count), "success")
    return redirect(url_for(".show_pack", pack_id=pack.id))


@bp.post("/packs/<int:pack_id>/items/<int:material_id>/remove")
@requires(Permission.MATERIAL_EDIT)
def take_out_of_pack(pack_id: int, material_id: int) -> Any:
    """Take a resource out of a pack."""
    pack = packs.own_or_404(pack_id, current_user)
    material = queries.material_or_404(material_id, current_user)
    packs.take_out(pack, material, by=current_user, now=utcnow())
    flash(_("Taken out."), "success")
    return redirect(url_for(".show_pack", pack_id=pack.id))


@bp.post("/packs/<int:pack_id>/notes")
@requires(Permission.MATERIAL_EDIT)
def add_pack_note(pack_id: int) -> Any:
    """Add an expert's note."""
    pack, form = packs.own_or_404(pack_id, current_user), NoteForm()
    if not form.validate():
        return _show(pack, form, 422)
    packs.add_note(
        pack, form.expert.data, form.post.data or "", form.text.data, by=current_user, now=utcnow()
    )
    flash(_("Noted."), "success")
    return redirect(url_for(".show_pack", pack_id=pack.id))


@bp.post("/packs/<int:pack_id>/notes/<int:note_id>/remove")
@requires(Permission.MATERIAL_EDIT)
def remove_pack_note(pack_id: int, note_id: int) -> Any:
    """Remove a note."""
    pack = packs.own_or_404(pack_id, current_user)
    packs.remove_note(pack, note_id, now=utcnow())
    flash(_("The note is removed."), "success")
    return redirect(url_for(".show_pack", pack_id=pack.id))


@bp.get("/packs/<int:pack_id>/pack.zip")
@requires(Permission.MATERIAL_VIEW)
def download_pack(pack_id: int) -> Response:
    """Hand out a pack as one archive, made while it is sent."""
    pack = packs.pack_or_404(pack_id, current_user)
    pieces = packs.archive(pack, packs.items_of(pack, current_user), packs.notes_of(pack))
    response = current_app.response_class(pieces, mimetype="application/zip")
    response.headers["Content-Disposition"] = content_disposition("attachment", f"{pack.name}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response
