"""What the pages of lesson plans have in common: the blueprint and the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.lessons import labels, queries
from trainmgr.lessons.models import LessonPlan
from trainmgr.lessons.rules import Ring, Segment
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.rules import Step, Work, is_open

bp = Blueprint("lessons", __name__)

BY_SEGMENT = {segment: [ring for ring in Ring if ring.segment is segment] for segment in Segment}


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"lessons/{template}.html", program, Step.CURRICULUM, status=status, labels=labels, segments=BY_SEGMENT,
        **context,
    )  # fmt: skip


def writes(program: Program, plan: LessonPlan) -> bool:
    """Tell whether the reader may write this plan now."""
    return is_open(Work.CURRICULUM, program.state) and queries.may_edit(program, plan, current_user)


def plan_to_write(program: Program, plan_id: int) -> LessonPlan:
    """Return a plan that the reader may write; unseen is 404, not allowed is 403."""
    plan = queries.plan_or_404(program, plan_id, current_user)
    if not queries.may_edit(program, plan, current_user):
        abort(403)
    return plan
