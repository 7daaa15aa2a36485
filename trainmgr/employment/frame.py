"""What the pages of employment have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.employment import labels
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404, sides_of
from trainmgr.programs.rules import Side, Step

bp = Blueprint("employment", __name__)

PROGRAM = "/programs/<int:program_id>/employment"
ROUND = f"{PROGRAM}/rounds/<int:round_id>"
TRAINEE = f"{PROGRAM}/<int:enrolment_id>"


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def runs(program: Program) -> bool:
    """Tell whether the reader follows graduates up for the college."""
    return Side.COLLEGE in sides_of(program, current_user, Permission.EMPLOYMENT_EDIT)


def program_to_run(program_id: int) -> Program:
    """Return the programme when the reader follows its graduates up for the college, else answer 404 or 403."""
    program = program_for(program_id, Permission.EMPLOYMENT_EDIT)
    return program if runs(program) else abort(403)


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"employment/{template}.html", program, Step.RESULT, status=status, labels=labels, **context
    )
