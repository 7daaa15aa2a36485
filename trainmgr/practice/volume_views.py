"""HTTP of person-days: a page of their own, and the figure alone for the pages that show it beside the hours."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.practice.blueprint import bp
from trainmgr.practice.volume import person_days
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Step


@bp.get("/programs/<int:program_id>/person-days")
@requires(Permission.PRACTICE_VIEW)
def show_person_days(program_id: int) -> Any:
    """Show how many person-days there are; for a page that asks for it later, the figure alone."""
    alone = bool(request.headers.get("HX-Request"))
    program = program_or_404(program_id, current_user, steps=not alone)
    found = person_days(program, current_user)
    if alone:
        return render_template("practice/_person_days.html", program=program, found=found, alone=True)
    return render_program_page("practice/person_days.html", program, Step.PRACTICE, found=found)
