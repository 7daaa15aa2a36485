"""HTTP of what a programme uses: resources by module, attaching and taking away."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum.labels import named
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.materials import actions, labels, using
from trainmgr.materials.forms import chosen_ids
from trainmgr.materials.pages import bp, load
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Step


def program_page(template: str, program: Program, status: int = 200, **context: Any) -> Any:
    """Render a page of a programme's resources or task sheets inside its frame."""
    edits = may(program, current_user, Permission.MATERIAL_EDIT)
    page = f"materials/{template}.html"
    context |= {"labels": labels, "named": named, "edits": edits, "today": today()}
    return render_program_page(page, program, Step.CURRICULUM, status=status, **context)


@bp.get("/programs/<int:program_id>/materials")
@requires(Permission.MATERIAL_VIEW)
def show_program_materials(program_id: int) -> Any:
    """Show what a programme has attached, module by module."""
    program = load(program_id)
    modules = using.modules_shown(program, current_user)
    module = using.module_by_lineage(modules, request.args.get("module"))
    lineage = module.lineage if module else None
    page = using.list_uses(program, modules, Listing.from_request(), lineage)
    return program_page("program", program, page=page, modules=modules, chosen=lineage or "")


@bp.get("/programs/<int:program_id>/materials/attach")
@requires(Permission.MATERIAL_EDIT)
def edit_program_materials(program_id: int) -> Any:
    """Show the resources that can be attached to a module or the whole programme."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    modules = using.modules_shown(program, current_user)
    module = using.module_by_lineage(modules, request.args.get("module"))
    lineage = module.lineage if module else ""
    page = using.list_attachable(program, current_user, lineage, Listing.from_request())
    return program_page("attach", program, page=page, modules=modules, chosen=lineage)


@bp.post("/programs/<int:program_id>/materials/attach")
@requires(Permission.MATERIAL_EDIT)
def attach_materials(program_id: int) -> Any:
    """Attach the chosen resources."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    modules = using.modules_shown(program, current_user)
    module = using.module_by_lineage(modules, request.form.get("module"))
    lineage = module.lineage if module else ""
    found = using.chosen_attachable(current_user, chosen_ids())
    if not found:
        flash(_("Choose at least one resource."), "warning")
        return redirect(url_for(".edit_program_materials", program_id=program.id, module=lineage or None))
    for material in found:
        actions.attach(program, material, lineage, by=current_user, now=utcnow())
    flash(ngettext("%(num)s resource is attached.", "%(num)s resources are attached.", len(found)), "success")
    return redirect(url_for(".show_program_materials", program_id=program.id, module=lineage or None))


@bp.post("/programs/<int:program_id>/materials/<int:use_id>/detach")
@requires(Permission.MATERIAL_EDIT)
def detach_material(program_id: int, use_id: int) -> Any:
    """Take a resource away from a module; the resource stays."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    use = using.use_or_404(program, use_id)
    actions.detach(program, use, by=current_user, now=utcnow())
    flash(_("Taken away here; the resource itself stays."), "success")
    return redirect(url_for(".show_program_materials", program_id=program.id))
