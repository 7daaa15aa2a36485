"""HTTP of pathways: browse, compare, copy, edit, import and export."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import language, say
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.pathways import actions, queries
from trainmgr.pathways.forms import CopyForm, FileForm, PathwayForm, TextForm, document_of, values_of
from trainmgr.pathways.models import PathwayOrigin
from trainmgr.pathways.rules import (
    METRIC_UNITS,
    Fault,
    PathwayFault,
    dump,
    evaluate_checks,
    label,
    parse,
    planned_metrics,
    rules_of,
    to_document,
)
from trainmgr.pathways.rules import differences as differences_between

bp = Blueprint("pathways", __name__, url_prefix="/pathways")
blueprints = (bp,)

LARGEST_FILE = 400_000


def _render(template: str, **context: Any) -> str:
    return render_template(template, label=label, units=METRIC_UNITS, lang=language(), **context)


def _home() -> int:
    """Return the organisation that the person keeps pathways for."""
    homes = sorted(current_user.organizations_where(Permission.PATHWAY_EDIT))
    return homes[0] if homes else abort(403)


def _told(faults: tuple[Fault, ...] | list[Fault]) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.path, say(fault.message_id, fault.params)) for fault in faults]


@bp.get("/")
@requires(Permission.PATHWAY_VIEW)
def list_pathways():
    """Show the library and the organisation's own pathways."""
    own = queries.list_own(current_user, Listing.from_request())
    return _render("pathways/list.html", library=queries.library(), page=own)


def _held(entry):
    """Hold the pathway's own stages against its rules."""
    return evaluate_checks(rules_of(entry.pathway), planned_metrics(entry.pathway))


@bp.get("/<ref>")
@requires(Permission.PATHWAY_VIEW)
def show_pathway(ref):
    """Show one pathway: stages, roles, evaluation, checks."""
    entry = queries.entry_or_404(ref, current_user)
    return _render(
        "pathways/show.html",
        entry=entry,
        pathway=entry.pathway,
        checks=_held(entry),
        may_edit=queries.may_edit(entry, current_user),
        form=CopyForm(),
    )


@bp.get("/compare")
@requires(Permission.PATHWAY_VIEW)
def compare_pathways():
    """Show two pathways side by side."""
    entries = queries.choices(current_user)
    chosen = [request.args.get("left") or entries[0].ref, request.args.get("right") or entries[1].ref]
    left, right = (queries.entry_or_404(ref, current_user) for ref in chosen)
    return _render(
        "pathways/compare.html",
        entries=entries,
        left=left,
        right=right,
        comparison=differences_between(left.pathway, right.pathway),
    )


@bp.get("/<ref>/file")
@requires(Permission.PATHWAY_VIEW)
def download_pathway(ref):
    """Hand out a pathway as a file."""
    entry = queries.entry_or_404(ref, current_user)
    return Response(
        entry.text,
        mimetype="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{entry.pathway.slug}.toml"'},
    )


@bp.post("/<ref>/copies")
@requires(Permission.PATHWAY_EDIT)
def copy_pathway(ref):
    """Copy a pathway into the organisation's own, to be edited."""
    entry = queries.entry_or_404(ref, current_user)
    form, row = CopyForm(), None
    if form.validate():
        name = form.name.data.strip()
        try:
            row = actions.copy_pathway(
                entry.pathway, name, organization_id=_home(), by=current_user, now=utcnow()
            )
        except PathwayFault as fault:
            form.name.errors = [message for _line, _path, message in _told(fault.faults)]
    if row is None:
        return _render("pathways/show.html", entry=entry, pathway=entry.pathway, form=form, may_edit=False,
                       checks=_held(entry)), 422  # fmt: skip
    flash(_("The copy “%(name)s” is yours to edit.", name=row.name), "success")
    return redirect(url_for(".edit_pathway", ref=f"{queries.OWN}{row.id}"))


# --- editing --------------------------------------------------------------------------------------


def _own_or_403(ref: str) -> Any:
    entry = queries.entry_or_404(ref, current_user)
    return entry if queries.may_edit(entry, current_user) else abort(403)


def _edit_page(entry: Any, form: PathwayForm, status: int = 200, **context: Any) -> tuple[str, int]:
    return _render("pathways/edit.html", entry=entry, pathway=entry.pathway, form=form, **context), status


@bp.get("/<ref>/edit")
@requires(Permission.PATHWAY_EDIT)
def edit_pathway(ref):
    """Show the form of a pathway's names, stages, checks and weights."""
    entry = _own_or_403(ref)
    form = PathwayForm(
        formdata=None, data=values_of(to_document(entry.pathway)), version=entry.custom.version
    )
    return _edit_page(entry, form)


def _reshape(form: PathwayForm, do: str) -> bool:
    """Add, remove or move a row as one of the form's own buttons asks; False when it is to be saved."""
    asked = re.fullmatch(r"(add|remove|up):(stage|check)(\d{0,2})", do)
    if asked is None:
        return False
    verb, kind, number = asked.groups()
    rows = form.stages if kind == "stage" else form.checks
    if verb == "add":
        rows.append_entry()
        return True
    index = int(number or -1)
    values = [entry.data for entry in rows.entries]
    if not 0 <= index < len(values):
        return True
    value = values.pop(index)
    if verb == "up":
        values.insert(max(0, index - 1), value)
    while rows.entries:
        rows.pop_entry()
    for value in values:
        rows.append_entry(value)
    return True


@bp.post("/<ref>/edit")
@requires(Permission.PATHWAY_EDIT)
def change_pathway(ref):
    """Save what the form says, or answer with everything that is wrong."""
    entry = _own_or_403(ref)
    form = PathwayForm()
    if _reshape(form, request.form.get("do", "")):
        return _edit_page(entry, form)
    valid = form.validate()
    document = document_of(form, to_document(entry.pathway))
    version = whole(form.version.data) or -1
    try:
        if valid:
            actions.change_pathway(entry.custom, document, version=version, by=current_user, now=utcnow())
    except PathwayFault as fault:
        return _edit_page(entry, form, 422, faults=_told(fault.faults))
    except Conflict as conflict:
        form.version.data = str(entry.custom.version)
        return _edit_page(entry, form, 409, conflict=str(conflict))
    if not valid:
        return _edit_page(entry, form, 422)
    flash(_("The pathway is saved."), "success")
    return redirect(url_for(".show_pathway", ref=ref))


@bp.get("/<ref>/text")
@requires(Permission.PATHWAY_EDIT)
def edit_text(ref):
    """Show a pathway as a file to be edited whole: roles, criteria, words of the scales."""
    entry = _own_or_403(ref)
    form = TextForm(formdata=None, text=dump(entry.pathway), version=entry.custom.version)
    return _render("pathways/text.html", entry=entry, form=form)


@bp.post("/<ref>/text")
@requires(Permission.PATHWAY_EDIT)
def change_text(ref):
    """Save a pathway from its text, or answer with the line and the reason of every fault."""
    entry = _own_or_403(ref)
    form = TextForm()
    version = whole(form.version.data) or -1
    if not form.validate():
        return _render("pathways/text.html", entry=entry, form=form), 422
    try:
        document = to_document(parse(form.text.data.replace("\r\n", "\n")))
        actions.change_pathway(entry.custom, document, version=version, by=current_user, now=utcnow())
    except PathwayFault as fault:
        return _render("pathways/text.html", entry=entry, form=form, faults=_told(fault.faults)), 422
    except Conflict as conflict:
        form.version.data = str(entry.custom.version)
        return _render("pathways/text.html", entry=entry, form=form, conflict=str(conflict)), 409
    flash(_("The pathway is saved."), "success")
    return redirect(url_for(".show_pathway", ref=ref))


@bp.post("/<ref>/delete")
@requires(Permission.PATHWAY_EDIT)
def delete_pathway(ref):
    """Delete an own pathway."""
    entry = _own_or_403(ref)
    actions.delete_pathway(entry.custom, by=current_user, now=utcnow())
    flash(_("“%(name)s” is deleted. Programmes made from it keep theirs.", name=entry.custom.name), "success")
    return redirect(url_for(".list_pathways"))


# --- importing ------------------------------------------------------------------------------------


@bp.get("/import")
@requires(Permission.PATHWAY_EDIT)
def new_import():
    """Ask for a pathway file."""
    return _render("pathways/import.html", form=FileForm())


@bp.post("/import")
@requires(Permission.PATHWAY_EDIT)
def import_pathway():
    """Keep a pathway from a file; a file with a fault is refused with the line and the reason."""
    form = FileForm()
    if not form.validate():
        return _render("pathways/import.html", form=form), 422
    data = form.file.data.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        form.file.errors = [
            _("The file is larger than %(limit)s KB; a pathway file never is.", limit=LARGEST_FILE // 1000)
        ]
        return _render("pathways/import.html", form=form), 422
    try:
        pathway = parse(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        form.file.errors = [_("This is not a text file in UTF-8.")]
        return _render("pathways/import.html", form=form), 422
    except PathwayFault as fault:
        return _render("pathways/import.html", form=form, faults=_told(fault.faults)), 422
    row = actions.keep_pathway(
        pathway,
        organization_id=_home(),
        origin=PathwayOrigin.IMPORT,
        based_on=form.file.data.filename or "",
        by=current_user,
        now=utcnow(),
    )
    flash(_("“%(name)s” is imported.", name=row.name), "success")
    return redirect(url_for(".show_pathway", ref=f"{queries.OWN}{row.id}"))
