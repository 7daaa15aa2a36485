"""What the pages of lesson plans have in common: the blueprint and the frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.kernel.access import may_open
from trainmgr.lessons import labels, queries, resources
from trainmgr.lessons.models import LessonPlan
from trainmgr.lessons.rules import Ring, Segment
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.rules import Step, Work, is_open

bp = Blueprint("lessons", __name__)
MATERIAL = "materials.show_material"

BY_SEGMENT = {segment: [ring for ring in Ring if ring.segment is segment] for segment in Segment}


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(
        f"lessons/{template}.html", program, Step.CURRICULUM, status=status, labels=labels, segments=BY_SEGMENT,
        **context,
    )  # fmt: skip


def writes(program: Program, reading: queries.Reading) -> bool:
    """Tell whether the reader may write this plan now."""
    return is_open(Work.CURRICULUM, program.state) and reading.may_edit


def plan_to_write(program: Program, plan_id: int) -> LessonPlan:
    """Return a plan that the reader may write; unseen is 404, not allowed is 403."""
    reading = queries.reading_or_404(program, plan_id, current_user)
    if not reading.may_edit:
        abort(403)
    return reading.plan


def opening(rings: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Return the resources named in finished rings that the reader may open, with their newest version's number."""
    return resources.open_to(current_user, resources.ids_in(rings)) if may_open(MATERIAL) else {}
