"""HTTP of a plan's rules: each with its formula, its limit, and what the programme has decided otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum import actions, rule_lines, ruling
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.forms import RuleForm
from trainmgr.curriculum.pages import board_or_404, bp, load, render_board
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import language
from trainmgr.kernel.numbers import typed_version
from trainmgr.pathways.rules import UNIT_MINUTES_KEY
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

DECIDE = Permission.PROGRAM_EDIT


@bp.get("/programs/<int:program_id>/plan/rules")
@requires(Permission.CURRICULUM_VIEW)
def list_rules(program_id: int) -> Any:
    """Show every rule of the plan with its formula, its limit and its origin."""
    program = load(program_id)
    return _show(program)


def _show(program: Program, status: int = 200, refusal: str | None = None) -> Any:
    decides = is_open(Work.CURRICULUM, program.state) and may(program, current_user, DECIDE)
    board = board_or_404(program)
    return render_board(
        "rules",
        program,
        board,
        status=status,
        decides=decides,
        refusal=refusal,
        lines=rule_lines.rule_lines(board),
    )


@bp.get("/programs/<int:program_id>/plan/rules/<key>")
@requires(DECIDE)
def edit_rule(program_id: int, key: str) -> Any:
    """Ask what this programme decides about a rule, and why."""
    program = load(program_id, DECIDE)
    board = board_or_404(program)
    form = RuleForm(formdata=None, data=_present(board, key))
    return _form(program, board, key, form, version=_version(board, key))


@bp.post("/programs/<int:program_id>/plan/rules/<key>")
@requires(DECIDE)
def decide_rule(program_id: int, key: str) -> Any:
    """Set a rule otherwise than the pathway does."""
    program, form = load(program_id, DECIDE), RuleForm()
    board = board_or_404(program)
    _present(board, key)
    if not form.validate():
        return _form(program, board, key, form, 422, version=typed_version())
    try:
        ruling.decide_rule(program, key, form.ruling, version=typed_version(), by=current_user, now=utcnow())
    except actions.FieldFault as fault:
        form[fault.field].errors = [*form[fault.field].errors, str(fault)]
        return _form(program, board, key, form, 422, version=typed_version())
    except RuleBroken as broken:
        now = board_or_404(program)
        return _form(program, now, key, form, broken.status, version=_version(now, key), refusal=str(broken))
    flash(_("Decided. The checks follow it from now on."), "success")
    return redirect(url_for(".list_rules", program_id=program.id))


@bp.post("/programs/<int:program_id>/plan/rules/<key>/revert")
@requires(DECIDE)
def revert_rule(program_id: int, key: str) -> Any:
    """Let a rule follow the pathway again."""
    program = load(program_id, DECIDE)
    try:
        ruling.revert_rule(program, key, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _show(program, broken.status, str(broken))
    flash(_("The rule follows the pathway again."), "success")
    return redirect(url_for(".list_rules", program_id=program.id))


def _present(board: Board, key: str) -> dict[str, Any]:
    """How a rule stands now; 404 for what is no rule."""
    book = board.rulebook
    if key == UNIT_MINUTES_KEY:
        decision = book.unit_decision
        return {"low": Decimal(book.unit_minutes), "reason": decision.reason if decision else ""}
    rule = book.rule(key)
    if rule is None:
        abort(404)
    limits, reason = (
        [Decimal(str(limit)) for limit in rule.check.limits],
        rule.decision.reason if rule.decision else "",
    )
    return {"off": rule.check.off, "low": limits[0], "high": limits[-1], "reason": reason}


def _version(board: Board, key: str) -> int:
    decision = next((each for each in board.decisions if each.key == key), None)
    return decision.version if decision else 0


def _form(program: Program, board: Board, key: str, form: RuleForm, status: int = 200, **more: Any) -> Any:
    return render_board(
        "rule",
        program,
        board,
        status=status,
        form=form,
        key=key,
        rule=board.rulebook.rule(key),
        lang=language(),
        unit_text=rule_lines.unit_text,
        **more,
    )
