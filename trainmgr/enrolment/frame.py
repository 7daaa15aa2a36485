"""What the pages of trainees have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404, sides_of
from trainmgr.programs.rules import Side, Step

bp = Blueprint("enrolment", __name__, url_prefix="/programs/<int:program_id>")


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"enrolment/{template}.html", program, Step.ENROLMENT, status=status, **context
    )


def to_roster(program_id: int) -> Response:
    """Lead back to the roster."""
    return redirect(url_for("enrolment.show_roster", program_id=program_id))


def may_set_numbers(program: Program) -> tuple[bool, bool]:
    """Tell whether the reader may set student numbers (the college) and employee numbers (either side)."""
    sides = sides_of(program, current_user, Permission.ENROLMENT_NUMBER)
    is_college = Side.COLLEGE in sides or may(program, current_user, Permission.ENROLMENT_EDIT)
    return is_college, bool(sides) or is_college
