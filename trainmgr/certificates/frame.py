"""What the pages of certificates have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from flask_login import current_user

from trainmgr.certificates import labels
from trainmgr.certificates.issuing import Deed
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.signing import public_root
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("certificates", __name__)

PROGRAM = "/programs/<int:program_id>/certificates"
ONE = "/certified/<int:certificate_id>"
EXTERNAL = "/certified/external"


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def program_page(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"certificates/{template}.html", program, Step.RESULT, status=status, labels=labels, **context
    )


def page_of(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature outside of any programme."""
    return render_template(f"certificates/{template}.html", labels=labels, **context), status


def deed() -> Deed:
    """Return who acts now, under which address."""
    return Deed(current_user, utcnow(), public_root())
