"""What all pages of a plan share: their blueprint, the board before the reader, who may do what on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_login import current_user

from trainmgr.curriculum import cards, hooks, labels, presenting, rule_lines
from trainmgr.curriculum.board import Board, read_board
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition
from trainmgr.curriculum.queries import sees_drafts
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404, sides_of
from trainmgr.programs.rules import Side, Step, Work, is_open

bp = Blueprint("curriculum", __name__)


def load(program_id: int, permission: Permission | None = None) -> Program:
    """Return the programme, or answer 404; 403 for who does not hold the permission in this very one."""
    program = program_or_404(program_id, current_user)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def board_or_404(
    program: Program, number: int | None = None, *, compare: bool = False, history: bool = False
) -> Board:
    """Return the plan that the reader may see, or answer 404."""
    drafts = sees_drafts(program, current_user)
    board = read_board(program, number, drafts=drafts, compare=compare, history=history)
    return board if board is not None else abort(404)


def edition_or_404(program: Program, number: int) -> Edition:
    """Return an edition by its number, or answer 404."""
    edition = board_or_404(program, number).edition
    return edition if edition is not None else abort(404)


def asked_edition() -> int | None:
    """Return the edition that the address asks for, or None."""
    typed = request.args.get("edition", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else None


def wants_piece() -> bool:
    """Tell whether a script asks for a piece of the page instead of the whole."""
    return request.headers.get("HX-Request") == "true"


def may_write(program: Program) -> bool:
    """Tell whether the reader may change plans of this programme now."""
    return is_open(Work.CURRICULUM, program.state) and may(program, current_user, Permission.CURRICULUM_EDIT)


def sides_to_sign(program: Program, board: Board) -> list[Side]:
    """Return the sides that the reader can sign the offered edition for."""
    if not (board.is_offered and is_open(Work.CURRICULUM, program.state)):
        return []
    mine = sides_of(program, current_user, Permission.PROGRAM_SIGN)
    return [side for side in board.unsigned if side in mine]


def may_withdraw(program: Program, board: Board) -> bool:
    """Tell whether the reader may take the offered edition back from signing."""
    if not (board.is_offered and is_open(Work.CURRICULUM, program.state)):
        return False
    return bool(sides_of(program, current_user, Permission.PROGRAM_SIGN))


def editions_shown(program: Program, board: Board) -> list[Edition]:
    """Return the editions that the reader may see, newest first."""
    if sees_drafts(program, current_user):
        return board.shelf.editions
    return [each for each in board.shelf.editions if each.state in FROZEN]


def context_of(program: Program, board: Board) -> dict[str, Any]:
    """Return what the pieces of a plan's pages need."""
    writes = may_write(program)
    return {
        "board": board,
        "plan": board.plan,
        "edition": board.edition,
        "writes": writes,
        "edits": writes and board.is_draft,
        "sides": sides_to_sign(program, board),
        "withdraws": may_withdraw(program, board),
        "proposed": lambda: hooks.proposed_to(program) if writes and board.shelf.has_proposals else [],
        "editions": editions_shown(program, board),
        "labels": labels,
        "cards": cards,
        "rule_lines": rule_lines,
        "show": presenting,
    }


def render_board(template: str, program: Program, board: Board, *, status: int = 200, **more: Any) -> Any:
    """Render a page that shows a plan inside the programme's frame."""
    page, context = f"curriculum/{template}.html", context_of(program, board) | more
    return render_program_page(page, program, Step.CURRICULUM, status=status, **context)


def piece(
    template: str, program: Program, board: Board, *, status: int = 200, **more: Any
) -> tuple[str, int]:
    """Render a piece that a script puts into the page."""
    context = context_of(program, board) | more
    return render_template(f"curriculum/{template}.html", program=program, **context), status
