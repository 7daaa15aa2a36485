"""What the pages of placements have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.kernel.access import Permission
from trainmgr.placements import labels
from trainmgr.placements.models import Placement
from trainmgr.placements.presenting import figure_of, limit_of
from trainmgr.placements.rules import RuleCode
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("placements", __name__)

PROGRAM = "/programs/<int:program_id>/placements"
ONE = f"{PROGRAM}/<int:placement_id>"


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"placements/{template}.html", program, Step.PRACTICE, status=status,
        labels=labels, figure_of=figure_of, limit_of=limit_of, **context,
    )  # fmt: skip


def rule_or_404(text: str) -> RuleCode:
    """Return the rule that an address names, or answer 404."""
    return RuleCode(text) if text in set(RuleCode) else abort(404)


def sees_pay(program: Program, placement: Placement | None = None) -> bool:
    """Tell whether the reader sees what is paid: those who run the programme do, and trainees their own."""
    if placement is not None and placement.enrolment.user_id == current_user.id:
        return True
    return may(program, current_user, Permission.PROGRAM_VIEW_MONEY)
