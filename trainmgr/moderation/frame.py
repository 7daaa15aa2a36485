"""What the pages of moderation have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.evaluation.labels import PARTIES
from trainmgr.evaluation.scoring import hundred
from trainmgr.kernel.access import Permission
from trainmgr.moderation import labels
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("moderation", __name__)

PROGRAM = "/programs/<int:program_id>"
MODERATION = f"{PROGRAM}/moderations/<int:moderation_id>"


def program_for(program_id: int, permission: Permission) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, permission):
        abort(403)
    return program


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"moderation/{template}.html",
        program,
        Step.EVALUATION,
        status=status,
        labels=labels,
        PARTIES=PARTIES,
        hundred=hundred,
        **context,
    )
