"""HTTP of curriculum: the plan, its matrix, its editions and signatures. Changes of a draft are beside this file."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

import trainmgr.curriculum.frozen
import trainmgr.curriculum.standard_map
import trainmgr.curriculum.station  # noqa: F401  registers the step, its dues, the guard of signed plans
from trainmgr.curriculum import (
    actions,
    alignment_views,  # noqa: F401  (it adds its routes)
    amendment_views,  # noqa: F401  (it adds its routes)
    board_views,  # noqa: F401  (it adds its routes)
    comparing,
    editing_views,  # noqa: F401  (it adds its routes)
    presenting,
    proposal_views,  # noqa: F401  (it adds its routes)
    rule_views,  # noqa: F401  (it adds its routes)
    trace_views,  # noqa: F401  (it adds its routes)
)
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.export import plan_workbook
from trainmgr.curriculum.models import EditionState
from trainmgr.curriculum.pages import asked_edition, board_or_404, bp, edition_or_404, load, render_board
from trainmgr.curriculum.print_word import plan_document
from trainmgr.curriculum.verifying import verify
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import day
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.sheets import send_workbook
from trainmgr.kernel.word import send_document
from trainmgr.programs.models import Program
from trainmgr.programs.queries import program_or_404, sides_of
from trainmgr.programs.rules import Side

blueprints = (bp,)


# --- reading --------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/plan")
@requires(Permission.CURRICULUM_VIEW)
def show_plan(program_id: int) -> Any:
    """Show the plan: its checks, stages and modules, signatures and editions."""
    program = load(program_id)
    board = board_or_404(program, asked_edition(), compare=True, history=True)
    return _show(program, board)


def _show(program: Program, board: Board, status: int = 200, refusal: str | None = None) -> Any:
    if board.edition is None:
        return render_board("no_plan", program, board, status=status, refusal=refusal)
    return render_board("plan", program, board, status=status, refusal=refusal, verification=verify(board))


@bp.get("/programs/<int:program_id>/plan/matrix")
@requires(Permission.CURRICULUM_VIEW)
def show_matrix(program_id: int) -> Any:
    """Show which module gives how many hours to which competency."""
    program = load(program_id)
    board = board_or_404(program, asked_edition(), compare=True)
    if board.edition is None:
        return _show(program, board)
    return render_board("matrix", program, board, stage=whole(request.args.get("stage")))


@bp.get("/programs/<int:program_id>/plan/compare")
@requires(Permission.CURRICULUM_VIEW)
def compare_editions(program_id: int) -> Any:
    """Show everything that two editions do not have in common."""
    program = load(program_id)
    right = board_or_404(program, asked_edition(), compare=True)
    with_number = request.args.get("with", "")
    if with_number.isascii() and with_number.isdigit() and len(with_number) < 6:
        left = board_or_404(program, int(with_number))
        if right.edition is None or left.edition is None:
            abort(404)
        right.previous, right.before = left.edition, left.plan
    if right.edition is None or right.before is None:
        abort(404)
    found = comparing.difference(right.before, right.plan)
    lines = presenting.difference_lines(found, right.before, right.plan)
    return render_board("compare", program, right, lines=lines)


@bp.get("/programs/<int:program_id>/plan/plan.xlsx")
@requires(Permission.CURRICULUM_VIEW)
def export_plan(program_id: int) -> Any:
    """Hand out stages, modules and matrix as a spreadsheet."""
    program = load(program_id)
    board = board_or_404(program, asked_edition())
    if board.edition is None:
        abort(404)
    name = _("%(name)s plan, edition %(number)s", name=program.label, number=board.edition.number)
    return send_workbook(plan_workbook(board), name + ".xlsx")


@bp.get("/programs/<int:program_id>/plan/plan.docx")
@requires(Permission.CURRICULUM_VIEW)
def export_plan_word(program_id: int) -> Any:
    """Hand out the plan as a Word document to print and to file."""
    program = load(program_id)
    board = board_or_404(program, asked_edition(), compare=True)
    if board.edition is None:
        abort(404)
    name = _("%(name)s plan, edition %(number)s", name=program.label, number=board.edition.number)
    return send_document(plan_document(board), name)


# --- beginning and ending editions ----------------------------------------------------------------


@bp.post("/programs/<int:program_id>/plan/begin")
@requires(Permission.CURRICULUM_EDIT)
def create_edition(program_id: int) -> Any:
    """Begin the plan from the pathway, or from the plan of the programme before."""
    program = load(program_id, Permission.CURRICULUM_EDIT)
    now = utcnow()
    try:
        if request.form.get("source") == "previous" and program.predecessor_id:
            before = program_or_404(program.predecessor_id, current_user)
            if actions.copy_edition(before, program, by=current_user, now=now) is None:
                raise RuleBroken(_("The programme before has no plan. Begin with the pathway."))
        else:
            actions.create_first_edition(program, by=current_user, now=now)
    except RuleBroken as broken:
        return _show(program, board_or_404(program, history=True), 409, str(broken))
    flash(_("Edition 1 is a draft now. Adjust it, then cover every priority."), "success")
    return redirect(url_for(".show_plan", program_id=program.id))


@bp.get("/programs/<int:program_id>/plan/<int:number>/discard")
@requires(Permission.CURRICULUM_EDIT)
def confirm_discard(program_id: int, number: int) -> Any:
    """Say what is lost when a draft is thrown away."""
    program = load(program_id, Permission.CURRICULUM_EDIT)
    return render_board("confirm_discard", program, board_or_404(program, number))


@bp.post("/programs/<int:program_id>/plan/<int:number>/discard")
@requires(Permission.CURRICULUM_EDIT)
def discard_edition(program_id: int, number: int) -> Any:
    """Throw a draft away."""
    program = load(program_id, Permission.CURRICULUM_EDIT)
    actions.discard_edition(program, edition_or_404(program, number), by=current_user, now=utcnow())
    flash(_("The draft of edition %(number)s is gone.", number=number), "success")
    return redirect(url_for(".show_plan", program_id=program.id))


# --- signing --------------------------------------------------------------------------------------


@bp.post("/programs/<int:program_id>/plan/<int:number>/offer")
@requires(Permission.CURRICULUM_EDIT)
def offer_edition(program_id: int, number: int) -> Any:
    """Put the draft before both sides, or say what is to mend first."""
    program = load(program_id, Permission.CURRICULUM_EDIT)
    try:
        edition = edition_or_404(program, number)
        actions.offer(program, edition, version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _show(program, board_or_404(program, number, compare=True, history=True), 409, str(broken))
    flash(_("Edition %(number)s waits for both signatures.", number=number), "success")
    return redirect(url_for(".show_plan", program_id=program.id))


@bp.get("/programs/<int:program_id>/plan/<int:number>/withdraw")
@requires(Permission.CURRICULUM_VIEW)
def confirm_withdrawal(program_id: int, number: int) -> Any:
    """Say what falls away when the edition is taken back from signing."""
    program = load(program_id)
    _require_withdrawer(program)
    return render_board("confirm_withdrawal", program, board_or_404(program, number))


@bp.post("/programs/<int:program_id>/plan/<int:number>/withdraw")
@requires(Permission.CURRICULUM_VIEW)
def withdraw_edition(program_id: int, number: int) -> Any:
    """Take the edition back from signing so that it can be changed."""
    program = load(program_id)
    _require_withdrawer(program)
    actions.withdraw(program, edition_or_404(program, number), by=current_user, now=utcnow())
    flash(_("Edition %(number)s is a draft again.", number=number), "success")
    return redirect(url_for(".show_plan", program_id=program.id))


def _require_withdrawer(program: Program) -> Any:
    """Whoever signs for a side may take the plan back; editors who sign for nobody may not undo signatures."""
    if not sides_of(program, current_user, Permission.PROGRAM_SIGN):
        abort(403)


@bp.get("/programs/<int:program_id>/plan/<int:number>/sign/<side>")
@requires(Permission.PROGRAM_SIGN)
def confirm_signature(program_id: int, number: int, side: str) -> Any:
    """Show once more what is about to be signed."""
    program = load(program_id)
    board = board_or_404(program, number)
    return render_board("confirm_signature", program, board, side=_side(program, side))


@bp.post("/programs/<int:program_id>/plan/<int:number>/sign/<side>")
@requires(Permission.PROGRAM_SIGN)
def sign_edition(program_id: int, number: int, side: str) -> Any:
    """Sign the edition for one side; with both it is in force."""
    program = load(program_id)
    chosen, edition = _side(program, side), edition_or_404(program, number)
    try:
        done = actions.sign(program, edition, chosen, version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _show(program, board_or_404(program, number, compare=True, history=True), 409, str(broken))
    if done and edition.state is EditionState.AGREED:
        flash(
            _("Both sides have signed: edition %(number)s holds from %(day)s.", number=number,
              day=day(edition.in_force_from)),
            "success",
        )  # fmt: skip
    elif done:
        flash(_("Both sides have signed: edition %(number)s is in force.", number=number), "success")
    else:
        flash(_("Signed. The other side's signature is awaited."), "success")
    return redirect(url_for(".show_plan", program_id=program.id))


def _side(program: Program, text: str) -> Any:
    if text not in list(Side):
        abort(404)
    if Side(text) not in sides_of(program, current_user, Permission.PROGRAM_SIGN):
        abort(403)
    return Side(text)
