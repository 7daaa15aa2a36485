"""HTTP of a draft: modules, stages, the matrix, lead teachers. A script gets the changed pieces, others the page."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum import actions, leaders, queries, rules
from trainmgr.curriculum.actions import FieldFault, Overtaken
from trainmgr.curriculum.board import Board, read_structure
from trainmgr.curriculum.forms import CellForm, ModuleForm, StageForm
from trainmgr.curriculum.models import Module
from trainmgr.curriculum.pages import (
    asked_edition,
    board_or_404,
    bp,
    edition_or_404,
    load,
    piece,
    render_board,
    wants_piece,
)
from trainmgr.curriculum.rules import ModuleLine
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.programs.models import Program

EDIT = Permission.CURRICULUM_EDIT


def _to_plan(program: Program, anchor: str | None = None) -> Any:
    return redirect(url_for(".show_plan", program_id=program.id, _anchor=anchor))


def _module(program_id: int, module_id: int) -> Any:
    program = load(program_id, EDIT)
    return program, *queries.module_or_404(program, module_id)


# --- modules --------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/plan/<int:number>/modules/new")
@requires(EDIT)
def new_module(program_id: int, number: int) -> Any:
    """Show the form of a new module, in the stage that the address names."""
    program = load(program_id, EDIT)
    board = board_or_404(program, number)
    form = ModuleForm(formdata=None).offer_choices(board.plan.stages)
    stage = next((each for each in board.plan.stages if str(each.number) == request.args.get("stage")), None)
    if stage:
        form.stage_number.data, form.venue.data = stage.number, stage.venue
        form.taught_by_enterprise.data = stage.venue == "enterprise"
    return render_board("module", program, board, form=form)


@bp.post("/programs/<int:program_id>/plan/<int:number>/modules")
@requires(EDIT)
def add_module(program_id: int, number: int) -> Any:
    """Put a new module into the draft."""
    program = load(program_id, EDIT)
    board = board_or_404(program, number)
    form = ModuleForm().offer_choices(board.plan.stages)
    if not form.validate():
        return render_board("module", program, board, status=422, form=form)
    try:
        module = actions.add_module(
            program, edition_or_404(program, number), form.facts, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _module_refused(program, number, form, broken)
    flash(_("“%(name)s” is in the plan. Say which competencies it serves.", name=module.name), "success")
    return _to_plan(program, f"module-{module.id}")


@bp.get("/programs/<int:program_id>/plan/modules/<int:module_id>/edit")
@requires(EDIT)
def edit_module(program_id: int, module_id: int) -> Any:
    """Show the form of a module."""
    program, module, edition = _module(program_id, module_id)
    board = board_or_404(program, edition.number)
    form = ModuleForm(formdata=None, obj=module).offer_choices(board.plan.stages)
    return render_board("module", program, board, form=form, module=module, version=module.version)


@bp.post("/programs/<int:program_id>/plan/modules/<int:module_id>/edit")
@requires(EDIT)
def change_module(program_id: int, module_id: int) -> Any:
    """Change a module of the draft."""
    program, module, edition = _module(program_id, module_id)
    board = board_or_404(program, edition.number)
    form, version = ModuleForm().offer_choices(board.plan.stages), typed_version()
    if not form.validate():
        return render_board("module", program, board, status=422, form=form, module=module, version=version)
    try:
        actions.change_module(
            program, edition, module, form.facts, version=version, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _module_refused(program, edition.number, form, broken, module, version)
    flash(_("“%(name)s” is saved.", name=module.name), "success")
    return _to_plan(program, f"module-{module.id}")


def _module_refused(
    program: Program, number: int, form: Any, broken: Any, module: Any = None, version: Any = None
) -> Any:
    """Show the form again with the reason, at its field where it has one; nothing typed is lost."""
    board = board_or_404(program, number)
    more: dict[str, Any] = {}
    if isinstance(broken, FieldFault):
        getattr(form, broken.field).errors = [*getattr(form, broken.field).errors, str(broken)]
    else:
        more = {"refusal": str(broken)}
    if isinstance(broken, Overtaken):
        version, more["theirs"] = module.version, queries.module_line(module)
    return render_board(
        "module", program, board, status=broken.status, form=form, module=module, version=version, **more
    )


@bp.get("/programs/<int:program_id>/plan/<int:number>/preview")
@requires(EDIT)
def preview_checks(program_id: int, number: int) -> Any:
    """Answer with the checks as they would be with what is typed into a module's form so far."""
    program = load(program_id, EDIT)
    board = board_or_404(program, number)
    form = ModuleForm(formdata=request.args, meta={"csrf": False}).offer_choices(board.plan.stages)
    form.validate()
    typed = request.args.get("module_id", "0")
    module_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    known = board.plan.module(module_id)
    numbers = ("stage_number", "theory_hours", "practice_hours", "layer", "practice_level", "venue")
    if not any(form[name].errors for name in numbers):
        facts = vars(form.facts) | {"id": module_id, "lead_id": known.lead_id if known else None}
        board.plan = rules.with_module(board.plan, ModuleLine(**facts))
    return piece("_checks_only", program, board)


@bp.post("/programs/<int:program_id>/plan/<int:number>/order")
@requires(EDIT)
def move_module(program_id: int, number: int) -> Any:
    """Move a module one place up or down."""
    program = load(program_id, EDIT)
    edition = edition_or_404(program, number)
    way, _colon, module_id = request.form.get("move", "").partition(":")
    if way not in ("up", "down") or not (module_id.isascii() and module_id.isdigit() and len(module_id) < 10):
        abort(400)
    actions.move_module(program, edition, int(module_id), up=way == "up", by=current_user, now=utcnow())
    if wants_piece():
        return piece("_moved", program, board_or_404(program, number, compare=True))
    return _to_plan(program, f"module-{module_id}")


@bp.get("/programs/<int:program_id>/plan/modules/<int:module_id>/remove")
@requires(EDIT)
def confirm_removal(program_id: int, module_id: int) -> Any:
    """Say what goes with a module."""
    program, module, edition = _module(program_id, module_id)
    return render_board("confirm_removal", program, board_or_404(program, edition.number), module=module)


@bp.post("/programs/<int:program_id>/plan/modules/<int:module_id>/remove")
@requires(EDIT)
def remove_module(program_id: int, module_id: int) -> Any:
    """Take a module out of the draft."""
    program, module, edition = _module(program_id, module_id)
    actions.remove_module(program, edition, module, by=current_user, now=utcnow())
    flash(_("“%(name)s” is out of the plan.", name=module.name), "success")
    return _to_plan(program)


# --- who leads ------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/plan/modules/<int:module_id>/lead")
@requires(EDIT)
def pick_lead(program_id: int, module_id: int) -> Any:
    """Show who could lead a module: teachers and mentors of the parties."""
    program, module, edition = _module(program_id, module_id)
    page = leaders.list_leaders(program, Listing.from_request())
    return render_board("lead", program, read_structure(program, edition), module=module, page=page)


@bp.post("/programs/<int:program_id>/plan/modules/<int:module_id>/lead")
@requires(EDIT)
def name_lead(program_id: int, module_id: int) -> Any:
    """Let somebody lead a module, or all that nobody leads yet: of its stage, of the plan."""
    program, module, edition = _module(program_id, module_id)
    typed = request.form.get("user_id", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        abort(400)
    modules = {module.id}
    if (scope := request.form.get("scope")) in ("stage", "plan"):
        plan = board_or_404(program, edition.number).plan
        among = plan.modules_of(module.stage_number) if scope == "stage" else plan.modules
        modules |= {each.id for each in among if each.lead_id is None}
    actions.name_lead(program, edition, modules, int(typed) or None, by=current_user, now=utcnow())
    if int(typed):
        text = ngettext(
            "%(num)s module has its lead teacher.", "%(num)s modules have their lead teacher.", len(modules)
        )
    else:
        text = _("“%(name)s” has no lead teacher now.", name=module.name)
    flash(text, "success")
    return _to_plan(program, f"module-{module.id}")


# --- stages ---------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/plan/<int:number>/stages/<int:stage_number>")
@requires(EDIT)
def edit_stage(program_id: int, number: int, stage_number: int) -> Any:
    """Show the form of a stage."""
    program = load(program_id, EDIT)
    stage, _edition = queries.stage_or_404(program, number, stage_number)
    form = StageForm(formdata=None, obj=stage).offer_choices()
    return render_board(
        "stage", program, board_or_404(program, number), form=form, stage=stage, version=stage.version
    )


@bp.post("/programs/<int:program_id>/plan/<int:number>/stages/<int:stage_number>")
@requires(EDIT)
def change_stage(program_id: int, number: int, stage_number: int) -> Any:
    """Change a stage of the draft."""
    program = load(program_id, EDIT)
    stage, edition = queries.stage_or_404(program, number, stage_number)
    form, version, status = StageForm().offer_choices(), typed_version(), 422
    more: dict[str, Any] = {}
    if form.validate():
        try:
            actions.change_stage(
                program, edition, stage, form.facts, version=version, by=current_user, now=utcnow()
            )
        except FieldFault as fault:
            form[fault.field].errors = [*form[fault.field].errors, str(fault)]
        except RuleBroken as broken:
            status, more = broken.status, {"refusal": str(broken)}
            if isinstance(broken, Overtaken):
                version, more["theirs"] = stage.version, queries.stage_line(stage)
        else:
            flash(_("Stage %(number)s is saved.", number=stage_number), "success")
            return _to_plan(program, f"stage-{stage_number}")
    board = board_or_404(program, number)
    return render_board(
        "stage", program, board, status=status, form=form, stage=stage, version=version, **more
    )


# --- the matrix -----------------------------------------------------------------------------------


def _cell_context(board: Board, module_id: int, competency_id: int) -> Any:
    module = board.plan.module(module_id)
    wanted = next((each for each in board.plan.wanted if each.id == competency_id), None)
    if module is None or wanted is None:
        abort(404)
    room = rules.room_for(board.plan, module_id, competency_id)
    return {
        "module": module,
        "wanted": wanted,
        "hours": board.plan.cells.get((module_id, competency_id), 0),
        "room": room,
    }


@bp.get("/programs/<int:program_id>/plan/modules/<int:module_id>/competencies/<int:competency_id>")
@requires(EDIT)
def edit_cell(program_id: int, module_id: int, competency_id: int) -> Any:
    """Ask how many hours of a module serve a competency: in the cell itself, or on a page of its own."""
    program, _module_row, edition = _module(program_id, module_id)
    board = board_or_404(program, edition.number)
    context = _cell_context(board, module_id, competency_id)
    form = CellForm(formdata=None, hours=context["hours"] or None)
    if wants_piece():
        return piece("_cell_form", program, board, form=form, was=context["hours"], **context)
    return render_board("cell", program, board, form=form, was=context["hours"], **context)


@bp.post("/programs/<int:program_id>/plan/modules/<int:module_id>/competencies/<int:competency_id>")
@requires(EDIT)
def set_cell(program_id: int, module_id: int, competency_id: int) -> Any:
    """Set a cell of the matrix; the totals and the checks follow at once."""
    program, row, edition = _module(program_id, module_id)
    form, refusal, status = CellForm(), None, 422
    typed = request.form.get("was", "")
    was = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 8 else None
    if form.validate():
        try:
            actions.set_cell(
                program,
                edition,
                module_id,
                competency_id,
                form.hours.data or 0,
                was=was,
                by=current_user,
                now=utcnow(),
            )
        except FieldFault as fault:
            form.hours.errors = [str(fault)]
        except RuleBroken as broken:
            refusal, status = str(broken), broken.status
        else:
            return _cell_set(program, edition.number, row, competency_id)
    return _cell_refused(program, edition.number, module_id, competency_id, form, was, refusal, status)


def _cell_set(program: Program, number: int, row: Module, competency_id: int) -> Any:
    if not wants_piece():
        back = url_for(".show_matrix", program_id=program.id, stage=row.stage_number, _anchor="matrix-h")
        return redirect(back)
    board = board_or_404(program, number, compare=True)
    context = _cell_context(board, row.id, competency_id)
    return piece("_cell_set", program, board, focus="enter" in request.form, **context)


def _cell_refused(
    program: Program,
    number: int,
    module_id: int,
    competency_id: int,
    form: Any,
    was: Any,
    refusal: str | None,
    status: int,
) -> Any:
    board = board_or_404(program, number)
    context = _cell_context(board, module_id, competency_id)
    if refusal:
        # What stands there now is what a second try is measured against.
        was = context["hours"]
    if wants_piece():
        form.hours.errors = [*form.hours.errors, *([refusal] if refusal else [])]
        return piece("_cell_form", program, board, status=422, form=form, was=was, **context)
    return render_board("cell", program, board, status=status, form=form, was=was, refusal=refusal, **context)


@bp.post("/programs/<int:program_id>/plan/<int:number>/proposal")
@requires(EDIT)
def apply_proposal(program_id: int, number: int) -> Any:
    """Give the hours as proposed, to one priority or to all that lack them."""
    program = load(program_id, EDIT)
    typed = request.form.get("competency_id", "")
    chosen = [int(typed)] if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
    try:
        given = actions.apply_proposals(
            program,
            edition_or_404(program, number),
            chosen,
            version=typed_version(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        board = board_or_404(program, number, compare=True)
        return render_board("matrix", program, board, status=broken.status, refusal=str(broken))
    flash(ngettext("%(num)s hour distributed.", "%(num)s hours distributed.", given), "success")
    return redirect(url_for(".show_matrix", program_id=program.id, edition=asked_edition()))
