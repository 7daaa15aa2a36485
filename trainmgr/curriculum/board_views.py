"""HTTP of the board: the whole plan on one screen, edited in place. A script gets the cards that changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum import actions, cards, history, queries
from trainmgr.curriculum.board import Board, forget_last, last_board
from trainmgr.curriculum.forms import CardForm, HoursForm
from trainmgr.curriculum.history import NotYours
from trainmgr.curriculum.keeping import Overtaken
from trainmgr.curriculum.models import Edition
from trainmgr.curriculum.pages import asked_edition, board_or_404, bp, load, piece, render_board, wants_piece
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.programs.models import Program

EDIT = Permission.CURRICULUM_EDIT
MOVES: dict[str, tuple[Any, dict[str, bool]]] = {
    "up": (actions.move_module, {"up": True}),
    "down": (actions.move_module, {"up": False}),
    "before": (actions.shift_module, {"back": True}),
    "next": (actions.shift_module, {"back": False}),
}
MOST_PIECES = 24  # cards in one answer; beyond, the whole board is sent


@bp.get("/programs/<int:program_id>/plan/board")
@requires(Permission.CURRICULUM_VIEW)
def show_board(program_id: int) -> Any:
    """Show the plan on one screen: stages as columns between school and enterprise, modules as cards."""
    program = load(program_id)
    board = board_or_404(program, asked_edition())
    if board.edition is None:
        return render_board("no_plan", program, board)
    return _page(program, board, picked=whole(request.args.get("module")))


def _page(program: Program, board: Board, status: int = 200, **more: Any) -> Any:
    return render_board("board", program, board, status=status, **_ends(board), **more)


def _ends(board: Board) -> dict[str, Any]:
    """What undo and redo would act on; only drafts have steps."""
    if board.edition is None or not board.is_draft:
        return {"undo_step": None, "redo_step": None}
    undo, redo = history.ends_of(board.edition.id)
    return {"undo_step": undo, "redo_step": redo}


# --- moving, taking out, adding, hours ------------------------------------------------------------


@bp.post("/programs/<int:program_id>/plan/<int:number>/arrange")
@requires(EDIT)
def arrange_modules(program_id: int, number: int) -> Any:
    """Do with the chosen card what the pressed button says: move it, take it out, open its page."""
    program = load(program_id, EDIT)
    module_id, deed = whole(request.form.get("module")), request.form.get("do", "")
    if module_id is None:
        return _refused(program, number, _("Choose a module first: press its name."))
    if deed == "edit":
        return _go(url_for(".edit_module", program_id=program.id, module_id=module_id))
    return _done(program, number, lambda edition: _arrange(program, edition, module_id, deed))


def _arrange(program: Program, edition: Edition, module_id: int, deed: str) -> None:
    who: dict[str, Any] = {"by": current_user, "now": utcnow()}
    if deed in MOVES:
        act, options = MOVES[deed]
        act(program, edition, module_id, **options, **who)
    elif deed in ("to", "place"):
        stage = whole(request.form.get("stage")) or 0
        after = whole(request.form.get("after")) if deed == "place" else queries.last_of(edition.id, stage)
        actions.place_module(program, edition, module_id, stage, after or None, **who)
    elif deed == "remove":
        module, _edition_row = queries.module_or_404(program, module_id)
        actions.remove_module(program, edition, module, **who)
    else:
        abort(400)


@bp.post("/programs/<int:program_id>/plan/<int:number>/cards")
@requires(EDIT)
def add_card(program_id: int, number: int) -> Any:
    """Put a new module at the end of a stage with a name and its hours; the rest follows the stage."""
    program, form = load(program_id, EDIT), CardForm()
    stage, _found = queries.stage_or_404(program, number, whole(request.form.get("stage_number")) or 0)
    if not form.validate():
        return _card_wrong(program, number, stage, form)

    def act(edition: Edition) -> None:
        facts = cards.facts_of(form, stage, queries.neighbour_of(edition.id, stage.number))
        actions.add_module(program, edition, facts, by=current_user, now=utcnow())

    try:
        return _done(program, number, act)
    except actions.FieldFault as fault:
        form[fault.field].errors = [*form[fault.field].errors, str(fault)]
        return _card_wrong(program, number, stage, form)


def _card_wrong(program: Program, number: int, stage: Any, form: CardForm) -> Any:
    board = board_or_404(program, number)
    if wants_piece():
        text, status = piece("_lane_add", program, board, status=422, stage=stage, form=form)
        return text, status, {"HX-Retarget": f"#lane-{stage.number}-add", "HX-Reswap": "outerHTML"}
    return _page(program, board, 422, card_form=form, card_stage=stage.number)


@bp.get("/programs/<int:program_id>/plan/modules/<int:module_id>/hours")
@requires(EDIT)
def edit_hours(program_id: int, module_id: int) -> Any:
    """Ask for a module's hours: in its card, or on the module's page where no script runs."""
    program = load(program_id, EDIT)
    module, edition = queries.module_or_404(program, module_id)
    if not wants_piece():
        return redirect(url_for(".edit_module", program_id=program.id, module_id=module_id))
    form = HoursForm(formdata=None, obj=module)
    return piece("_card_hours", program, board_or_404(program, edition.number), module=module, form=form)


@bp.post("/programs/<int:program_id>/plan/modules/<int:module_id>/hours")
@requires(EDIT)
def set_hours(program_id: int, module_id: int) -> Any:
    """Set a module's hours; totals and checks follow at once."""
    program, form = load(program_id, EDIT), HoursForm()
    module, edition = queries.module_or_404(program, module_id)
    if not form.validate():
        return _hours_wrong(program, edition.number, module, form)
    facts = cards.with_hours(queries.module_line(module), form.theory_hours.data, form.practice_hours.data)
    seen = whole(request.form.get("module_version"))
    try:
        return _done(program, edition.number, lambda draft: actions.change_module(
            program, draft, module, facts, version=seen, by=current_user, now=utcnow()
        ))  # fmt: skip
    except (actions.FieldFault, Overtaken) as broken:
        form.practice_hours.errors = [*form.practice_hours.errors, str(broken)]
        return _hours_wrong(program, edition.number, module, form)


def _hours_wrong(program: Program, number: int, module: Any, form: HoursForm) -> Any:
    board = board_or_404(program, number)
    if wants_piece():
        text, status = piece("_card_hours", program, board, status=422, module=module, form=form)
        return text, status, {"HX-Retarget": f"#hours-{module.lineage}", "HX-Reswap": "innerHTML"}
    faults = [str(error) for field in form for error in field.errors]
    return _page(program, board, 422, refusal=" ".join(faults), picked=module.id)


# --- undo and redo --------------------------------------------------------------------------------


@bp.post("/programs/<int:program_id>/plan/<int:number>/undo")
@requires(EDIT)
def undo_step(program_id: int, number: int) -> Any:
    """Take the last edit back; where it is somebody else's, name them and ask first."""
    program = load(program_id, EDIT)
    sure = whole(request.form.get("sure"))
    try:
        return _done(
            program, number,
            lambda edition: actions.undo(program, edition, sure_of=sure, by=current_user, now=utcnow()),
            back=True,
        )  # fmt: skip
    except NotYours as other:
        board = board_or_404(program, number)
        if wants_piece():
            return piece("_undo_question", program, board, status=422, step=other.step)
        return _page(program, board, 409, question=other.step)


@bp.post("/programs/<int:program_id>/plan/<int:number>/redo")
@requires(EDIT)
def redo_step(program_id: int, number: int) -> Any:
    """Do the edit again that was taken back last."""
    program = load(program_id, EDIT)
    return _done(
        program, number, lambda edition: actions.redo(program, edition, by=current_user, now=utcnow())
    )


# --- answers --------------------------------------------------------------------------------------


def _done(program: Program, number: int, act: Callable[[Edition], Any], *, back: bool = False) -> Any:
    """Do something to a draft and answer with what changed on the board, or with the reason why not."""
    edition = queries.edition_of(program, number)
    seen, stood, other = typed_version(), edition.version, edition.changed_by
    forget_last()
    try:
        act(edition)
    except (actions.FieldFault, Overtaken, NotYours):
        raise
    except RuleBroken as broken:
        return _refused(program, number, str(broken))
    board = last_board(edition) or board_or_404(program, number)
    ends = _ends(board)
    step = ends["redo_step"] if back else ends["undo_step"]
    edit = cards.Edit(board, step if board.edition and board.edition.version != stood else None, back=back)
    if not wants_piece():
        return redirect(
            url_for(
                ".show_board",
                program_id=program.id,
                edition=number,
                module=edit.module_id,
                _anchor=edit.anchor,
            )
        )
    overtaken = cards.overtaken(other, edition, current_user) if seen != stood else ""
    if overtaken or len(edit.changes.modules) > MOST_PIECES:
        return _whole(program, board, edit=edit, overtaken=overtaken, **ends)
    return piece("_board_changed", program, board, edit=edit, **ends)


def _refused(program: Program, number: int, reason: str) -> Any:
    board = board_or_404(program, number)
    picked = whole(request.form.get("module"))
    if wants_piece():
        return _whole(program, board, status=422, refusal=reason, picked=picked, **_ends(board))
    return _page(program, board, 409, refusal=reason, picked=picked)


def _whole(program: Program, board: Board, *, status: int = 200, **more: Any) -> Any:
    text, status = piece("_board_whole", program, board, status=status, **more)
    return text, status, {"HX-Retarget": "#board", "HX-Reswap": "outerHTML"}


def _go(address: str) -> Any:
    return ("", 204, {"HX-Redirect": address}) if wants_piece() else redirect(address)
