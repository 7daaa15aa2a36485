"""What individual plans show for a competency: how many goals worked on it, and how many were reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from trainmgr.curriculum.tracing import Asked, Proof, proves_by
from trainmgr.guidance.cycle import Reached
from trainmgr.guidance.plan_models import GoalCheck, PlanGoal, StudyPlan
from trainmgr.kernel.access import Permission
from trainmgr.kernel.i18n import number
from trainmgr.programs.queries import may


def _goals(asked: Asked) -> sa.Select[*tuple[Any, ...]] | None:
    """Count the goals, the people who have them, and those that were reached."""
    if asked.lineage or not may(asked.program, asked.viewer, Permission.GUIDANCE_GIVE):
        return None
    return (
        sa.select(
            sa.func.count(PlanGoal.id).label("goals"),
            sa.func.count(sa.distinct(StudyPlan.enrolment_id)).label("people"),
            sa.func.count(sa.case((GoalCheck.reached == Reached.YES, 1))).label("reached"),
        )
        .select_from(PlanGoal)
        .join(StudyPlan, sa.and_(StudyPlan.id == PlanGoal.plan_id, StudyPlan.revision == PlanGoal.revision))
        .outerjoin(GoalCheck, GoalCheck.goal_id == PlanGoal.id)
        .where(StudyPlan.program_id == asked.program.id, PlanGoal.competency_id == asked.competency.id)
    )


@proves_by(_goals)
def aimed_at(asked: Asked, row: Sequence[Any] | None) -> Proof | None:
    """Tell of the goals of individual plans that work on the competency, and of those that were reached."""
    goals, people, reached = row or (0, 0, 0)
    if not goals:
        return None
    text = _(
        "%(goals)s goals of %(people)s trainees work on it, %(reached)s reached",
        goals=number(goals), people=number(people), reached=number(reached),
    )  # fmt: skip
    return Proof(
        _("Individual plans"), text, url=url_for("guidance.list_guided", program_id=asked.program.id)
    )
