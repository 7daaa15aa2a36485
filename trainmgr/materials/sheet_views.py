"""HTTP of task sheets: made from modules, changed, printed as loose leaves, and where their codes lead."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum.models import Module
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.pdf import find_font, send_paper
from trainmgr.kernel.signing import public_address
from trainmgr.materials import sheets, using
from trainmgr.materials.forms import SHEET_LISTS, SheetForm, chosen_ids
from trainmgr.materials.models import TaskSheet
from trainmgr.materials.pages import bp, load
from trainmgr.materials.program_views import program_page
from trainmgr.materials.rules import MOST_SHEETS
from trainmgr.programs.models import Program


@bp.get("/programs/<int:program_id>/task-sheets")
@requires(Permission.MATERIAL_VIEW)
def list_task_sheets(program_id: int) -> Any:
    """Show a programme's task sheets, to be chosen for printing."""
    program = load(program_id)
    modules = using.modules_shown(program, current_user)
    page = using.list_sheets(program, modules, Listing.from_request())
    return program_page("sheets", program, page=page, modules=modules, most=MOST_SHEETS, font=find_font())


@bp.get("/programs/<int:program_id>/task-sheets/<int:sheet_id>")
@requires(Permission.MATERIAL_VIEW)
def show_task_sheet(program_id: int, sheet_id: int) -> Any:
    """Show one task sheet."""
    program = load(program_id)
    sheet = using.sheet_or_404(program, sheet_id)
    module = using.module_by_lineage(using.modules_shown(program, current_user), sheet.lineage)
    return program_page("sheet", program, sheet=sheet, module=module, font=find_font())


# --- making and changing --------------------------------------------------------------------------


def _module_or_404(program: Program, lineage: str | None) -> Module:
    module = using.module_by_lineage(using.modules_shown(program, current_user), lineage)
    return module if module is not None else abort(404)


def _form_page(
    program: Program, module: Module | None, form: SheetForm, sheet: TaskSheet | None = None, status: int = 200,
    refusal: Any = None,
) -> Any:  # fmt: skip
    return program_page(
        "sheet_form",
        program,
        status,
        module=module,
        form=form,
        sheet=sheet,
        lists=SHEET_LISTS,
        refusal=refusal,
    )


def _shown(content: Any) -> dict[str, str]:
    lists = {name: "\n".join(getattr(content, name)) for name in SHEET_LISTS}
    return {"title": content.title, "aim": content.aim} | lists


def _typed(form: SheetForm) -> sheets.Content:
    return sheets.Content(form.title.data, form.aim.data, **form.lists())


@bp.get("/programs/<int:program_id>/task-sheets/new")
@requires(Permission.MATERIAL_EDIT)
def new_task_sheet(program_id: int) -> Any:
    """Propose a task sheet from a module; without one, ask which."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    if "module" not in request.args:
        modules = using.modules_shown(program, current_user)
        return program_page("choose_module", program, modules=modules)
    module = _module_or_404(program, request.args["module"])
    proposed = sheets.propose(module, using.served_by(module))
    return _form_page(program, module, SheetForm(formdata=None, data=_shown(proposed)))


@bp.post("/programs/<int:program_id>/task-sheets")
@requires(Permission.MATERIAL_EDIT)
def make_task_sheet(program_id: int) -> Any:
    """Add a task sheet to a module."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    module, form = _module_or_404(program, request.form.get("module")), SheetForm()
    if not form.validate():
        return _form_page(program, module, form, status=422)
    sheet = sheets.make_sheet(program, module, _typed(form), by=current_user, now=utcnow())
    flash(_("Task sheet %(number)s is made.", number=sheet.number), "success")
    return redirect(url_for(".show_task_sheet", program_id=program.id, sheet_id=sheet.id))


@bp.get("/programs/<int:program_id>/task-sheets/<int:sheet_id>/edit")
@requires(Permission.MATERIAL_EDIT)
def edit_task_sheet(program_id: int, sheet_id: int) -> Any:
    """Show the form of a task sheet."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    sheet = using.sheet_or_404(program, sheet_id)
    form = SheetForm(formdata=None, data=_shown(sheet) | {"version": sheet.version})
    return _form_page(program, None, form, sheet)


@bp.post("/programs/<int:program_id>/task-sheets/<int:sheet_id>/edit")
@requires(Permission.MATERIAL_EDIT)
def change_task_sheet(program_id: int, sheet_id: int) -> Any:
    """Save a task sheet as the next edition of its leaf."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    sheet, form = using.sheet_or_404(program, sheet_id), SheetForm()
    if not form.validate():
        return _form_page(program, None, form, sheet, 422)
    try:
        sheets.change_sheet(sheet, _typed(form), version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _form_page(program, None, form, sheet, refusal.status, refusal)
    flash(_("Saved as a new edition. Exchange the printed leaf."), "success")
    return redirect(url_for(".show_task_sheet", program_id=program.id, sheet_id=sheet.id))


@bp.post("/programs/<int:program_id>/task-sheets/<int:sheet_id>/remove")
@requires(Permission.MATERIAL_EDIT)
def remove_task_sheet(program_id: int, sheet_id: int) -> Any:
    """Remove a task sheet."""
    program = load(program_id, Permission.MATERIAL_EDIT)
    sheets.remove_sheet(using.sheet_or_404(program, sheet_id), by=current_user, now=utcnow())
    flash(_("The task sheet is removed."), "success")
    return redirect(url_for(".list_task_sheets", program_id=program.id))


# --- printing, and back from paper ----------------------------------------------------------------


@bp.get("/programs/<int:program_id>/task-sheets.pdf")
@requires(Permission.MATERIAL_VIEW)
def print_task_sheets(program_id: int) -> Any:
    """Hand out the chosen task sheets as loose leaves in one file, as many copies as asked."""
    program = load(program_id)
    modules = using.modules_shown(program, current_user)
    copies = min(max(whole(request.args.get("copies")) or 1, 1), MOST_SHEETS + 1)
    found = using.sheets_by_id(program, chosen_ids())
    leaves = [
        sheets.Leaf(
            sheet,
            using.module_by_lineage(modules, sheet.lineage),
            public_address(".find_task_log", sheet_id=sheet.id),
        )
        for _copy in range(copies)
        for sheet in found
    ]
    paper = sheets.print_leaves(program, leaves)
    return send_paper(paper, _("%(program)s task sheets", program=program.label))


@bp.get("/task-sheets/<int:sheet_id>/log")
@requires(Permission.MATERIAL_VIEW)
def find_task_log(sheet_id: int) -> Any:
    """Lead from a printed leaf to the log of its task; who writes no logs comes to the sheet itself."""
    program = load(using.program_of_sheet(sheet_id) or abort(404))
    sheet = using.sheet_or_404(program, sheet_id)
    if Permission.LOG_WRITE not in current_user.permissions:
        return redirect(url_for(".show_task_sheet", program_id=program.id, sheet_id=sheet.id))
    module = using.module_by_lineage(using.modules_shown(program, current_user), sheet.lineage)
    place: dict[str, Any] = {"module": module.id, "stage": module.stage_number} if module else {}
    return redirect(url_for("practice.new_log", program=program.id, task=sheet.title, **place))
