"""What the pages of reports have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template
from flask_login import current_user

from trainmgr.kernel.access import Permission
from trainmgr.kernel.sheets import content_disposition
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("reporting", __name__)

PROGRAM = "/programs/<int:program_id>/report"


def program_for(program_id: int, permission: Permission, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if not may(program, current_user, permission):
        abort(403)
    return program


def page_in(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(f"reporting/{template}.html", program, Step.RESULT, status=status, **context)


def page_of(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature that belongs to no programme."""
    return render_template(f"reporting/{template}.html", **context), status


def download(pieces: Iterable[bytes], name: str, media_type: str) -> Response:
    """Answer with a file to keep, sent piece by piece."""
    response: Response = current_app.response_class(pieces, mimetype=media_type)
    response.headers["Content-Disposition"] = content_disposition("attachment", name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
