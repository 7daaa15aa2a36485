"""What the pages of improvement have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.improvement import labels
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import today
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("improvement", __name__)

PROGRAM = "/programs/<int:program_id>/improvement"
ITEM = f"{PROGRAM}/<int:item_id>"


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"improvement/{template}.html",
        program,
        Step.RESULT,
        status=status,
        labels=labels,
        today=today(),
        edits=may(program, current_user, Permission.IMPROVEMENT_EDIT),
        **context,
    )


def apart(name: str, form: Any) -> Any:
    """Give the fields of one of several forms on a page ids of their own."""
    for field in form:
        field.id = field.label.field_id = f"{name}-{field.short_name}"
    return form
