"""What the pages of this feature have in common: the blueprint, the programme, the chosen window."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from flask_login import current_user

from trainmgr.evaluation.labels import DIMENSIONS, LEVELS, PARTIES
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.queries import pick_window
from trainmgr.evaluation.rules import Party, Phase
from trainmgr.evaluation.scoring import hundred
from trainmgr.insights import labels, queries
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.numbers import whole
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step

bp = Blueprint("insights", __name__)

PROGRAM = "/programs/<int:program_id>/insights"


def program_for(
    program_id: int, permission: Permission | None = Permission.INSIGHT_VIEW, *, steps: bool = True
) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def windows_and_choice(program: Program) -> tuple[list[Window], Window | None]:
    """Return the windows that have opened, and the one asked for, else the last; all with scheme and criteria."""
    now = utcnow()
    opened = [one for one in queries.windows_of(program.id) if one.phase(now) is not Phase.PLANNED]
    return opened, pick_window(opened, request.args.get("window", type=whole), now)


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    words = {"PARTIES": PARTIES, "LEVELS": LEVELS, "DIMENSIONS": DIMENSIONS, "Party": Party}
    return render_program_page(
        f"insights/{template}.html",
        program,
        Step.EVALUATION,
        status=status,
        labels=labels,
        hundred=hundred,
        now=utcnow(),
        **words,
        **context,
    )
