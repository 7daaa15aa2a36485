"""What all pages of needs share: their blueprint, the analysis as it is shown, who may do what on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.kernel.clock import today
from trainmgr.needs import labels, lanes, queries
from trainmgr.needs.models import NeedsAnalysis
from trainmgr.needs.presenting import View
from trainmgr.needs.rules import Lane
from trainmgr.programs.labels import SIDES
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404, signatures_of
from trainmgr.programs.rules import Step

bp = Blueprint("needs", __name__)


def load(program_id: int, *lanes: Lane) -> Program:
    """Return the programme, or answer 404; 403 for who may not fill in one of these lanes of it."""
    program = program_or_404(program_id, current_user)
    if lanes and not queries.lanes_editable_by(program, current_user).intersection(lanes):
        abort(403)
    return program


def view_of(program: Program) -> View:
    """Return everything that the pages of the analysis show."""
    analysis, proposal = queries.analysis_and_proposal(program.id)
    return View(
        program,
        analysis,
        queries.competencies_of(program.id),
        queries.indicators_of(program.id),
        signatures_of(queries.SUBJECT, analysis.id) if analysis else [],
        lanes.products_or_look(program),
        proposal,
        today(),
    )


def may_edit(program: Program, analysis: NeedsAnalysis | None) -> frozenset[Lane]:
    """Return the lanes that the reader may fill in now (a signature that stands comes on top)."""
    return queries.open_lanes(program, analysis, current_user)


def render(template: str, program: Program, *, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of needs inside the programme's frame."""
    words = {"dimensions": labels.DIMENSIONS, "directions": labels.DIRECTIONS, "side_names": SIDES}
    return render_program_page(
        f"needs/{template}.html", program, Step.NEEDS, status=status, **words, **context
    )
