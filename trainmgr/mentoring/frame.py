"""What the pages of mentoring have in common: the blueprint, the side in the address, the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort

from trainmgr.mentoring import labels
from trainmgr.mentoring.rules import Way
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.rules import Side, Step

bp = Blueprint("mentoring", __name__)


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"mentoring/{template}",
        program,
        Step.MENTORING,
        status=status,
        side_mentor=labels.SIDE_MENTOR,
        side_mentors=labels.SIDE_MENTORS,
        **context,
    )


def side_or_404(text: str) -> Side:
    """Return the side that an address names, or answer 404."""
    return Side(text) if text in set(Side) else abort(404)


def way_or_404(text: str | None) -> Way | None:
    """Return the way of finding pairs that an address or a form names, None for none; 404 for nonsense."""
    if not text:
        return None
    return Way(text) if text in set(Way) else abort(404)
