"""HTTP of case write-ups in five parts."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.word import send_document
from trainmgr.materials import cases, queries
from trainmgr.materials.forms import CaseForm, NewCaseForm
from trainmgr.materials.models import Material, MaterialVersion
from trainmgr.materials.pages import bp, render
from trainmgr.materials.rules import CasePart


def _new_page(form: NewCaseForm, status: int = 200) -> Any:
    homes = queries.home_choices(current_user)
    form.offer(homes)
    names = queries.collection_names(current_user.organizations_where(Permission.MATERIAL_EDIT))
    return render("new_case", status, form=form, homes=homes, collections=names)


@bp.get("/materials/cases/new")
@requires(Permission.MATERIAL_EDIT)
def new_case() -> Any:
    """Ask what the case is about."""
    return _new_page(NewCaseForm(formdata=None))


@bp.post("/materials/cases")
@requires(Permission.MATERIAL_EDIT)
def begin_case() -> Any:
    """Begin a case and lead to its five parts."""
    form = NewCaseForm()
    form.offer(queries.home_choices(current_user))
    if not form.validate():
        return _new_page(form, 422)
    material, _draft = cases.begin_case(
        form.owner.data, form.title.data, form.occupation.data or "", form.collection.data or "",
        by=current_user, now=utcnow(),
    )  # fmt: skip
    return redirect(url_for(".edit_case", material_id=material.id))


def _edit_page(
    material: Material, draft: MaterialVersion | None, form: CaseForm, status: int = 200, refusal: Any = None
) -> Any:
    parts = list(CasePart)
    return render("case", status, material=material, draft=draft, form=form, parts=parts, refusal=refusal)


@bp.get("/materials/<int:material_id>/case")
@requires(Permission.MATERIAL_EDIT)
def edit_case(material_id: int) -> Any:
    """Show the draft of a case, or its published text to begin the next version from."""
    material = queries.own_or_404(material_id, current_user)
    draft = queries.draft_of(material)
    shown = draft or queries.latest_of(material)
    if shown is None or shown.case is None:
        abort(404)
    text = {part.value: value for part, value in shown.case.parts()}
    given = {"share": draft.share, "changes": draft.changes, "version": draft.version} if draft else {}
    return _edit_page(material, draft, CaseForm(formdata=None, data=text | given))


@bp.post("/materials/<int:material_id>/case")
@requires(Permission.MATERIAL_EDIT)
def save_case(material_id: int) -> Any:
    """Keep a case's draft, and publish it where that was asked."""
    material, form = queries.own_or_404(material_id, current_user), CaseForm()
    known = queries.draft_of(material)
    if not form.validate():
        return _edit_page(material, known, form, 422)
    try:
        draft = cases.open_draft(material, by=current_user, now=utcnow())
        version = typed_version() if known else draft.version
        cases.save_draft(
            draft, form.parts(), share=form.share.data, changes=form.changes.data or "", version=version
        )
        if request.form.get("do") == "publish":
            cases.publish_case(material, draft, by=current_user, now=utcnow())
            flash(_("Version %(number)s is published.", number=draft.number), "success")
            return redirect(url_for(".show_material", material_id=material.id))
    except RuleBroken as refusal:
        return _edit_page(material, known, form, refusal.status, refusal)
    flash(_("Draft kept."), "success")
    return redirect(url_for(".edit_case", material_id=material.id))


@bp.post("/materials/<int:material_id>/case/discard")
@requires(Permission.MATERIAL_EDIT)
def discard_case(material_id: int) -> Any:
    """Throw a draft away."""
    material = queries.own_or_404(material_id, current_user)
    draft = queries.draft_of(material) or abort(404)
    gone = cases.discard_draft(material, draft, by=current_user, now=utcnow())
    flash(_("The draft is gone."), "success")
    if gone:
        return redirect(url_for(".list_materials"))
    return redirect(url_for(".show_material", material_id=material_id))


@bp.get("/materials/<int:material_id>/versions/<int:number>/case")
@requires(Permission.MATERIAL_VIEW)
def show_case(material_id: int, number: int) -> Any:
    """Show a published case to read and print."""
    material = queries.material_or_404(material_id, current_user)
    version = queries.published_or_404(material, number)
    return render("read_case", material=material, version=version, case=queries.case_of(version))


@bp.get("/materials/<int:material_id>/versions/<int:number>/case.docx")
@requires(Permission.MATERIAL_VIEW)
def download_case(material_id: int, number: int) -> Any:
    """Hand out a published case as a Word document."""
    material = queries.material_or_404(material_id, current_user)
    version = queries.published_or_404(material, number)
    return send_document(cases.case_document(material, version), material.title)
