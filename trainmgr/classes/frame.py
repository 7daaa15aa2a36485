"""What the pages of classes have in common: the blueprint, the programme with its permission, the class, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.classes.queries import class_or_404
from trainmgr.classes.space import OVER
from trainmgr.enrolment.models import Cohort
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("classes", __name__, url_prefix="/programs/<int:program_id>/classes")
MOST_SHOWN = 60


def program_for(program_id: int, permission: Permission | None = None) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def class_for(program_id: int, cohort_id: int, permission: Permission) -> tuple[Program, Cohort]:
    """Return a programme and one of its classes that the reader may see, with this permission, else 404 or 403."""
    program = program_or_404(program_id, current_user)
    cohort = class_or_404(program, cohort_id, current_user)
    if not may(program, current_user, permission):
        abort(403)
    return program, cohort


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    context.setdefault("may_edit", may(program, current_user, Permission.CLASS_EDIT))
    context.setdefault("is_open", program.state not in OVER)
    return render_program_page(f"classes/{template}.html", program, Step.ENROLMENT, status=status, **context)
