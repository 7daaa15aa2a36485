"""What the pages of yields have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.benefits import labels
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("benefits", __name__)

PROGRAM = "/programs/<int:program_id>/yields"


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    edits = may(program, current_user, Permission.BENEFIT_EDIT)
    return render_program_page(
        f"benefits/{template}.html",
        program,
        Step.RESULT,
        status=status,
        labels=labels,
        edits=edits,
        **context,
    )
