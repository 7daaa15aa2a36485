"""The room of a programme: which plan is in force, how many places of each post are taken, how many are free."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.places import free_places
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.recruitment.models import (
    Application,
    ApplicationState,
    PlanState,
    RecruitmentPlan,
    RecruitmentPost,
    RecruitmentQuota,
)
from trainmgr.recruitment.rules import Room, room_in

_WITH_LINES = selectinload(RecruitmentPlan.quotas).options(
    joinedload(RecruitmentQuota.post).joinedload(RecruitmentPost.enterprise)
)


def find_plan(program_id: int, *states: PlanState) -> RecruitmentPlan | None:
    """Return a programme's plan in one of these states with its lines, if there is one: two statements."""
    found: RecruitmentPlan | None = db.session.scalars(
        sa.select(RecruitmentPlan)
        .where(RecruitmentPlan.program_id == program_id, RecruitmentPlan.state.in_(states))
        .options(_WITH_LINES)
    ).one_or_none()
    return found


def plan_in_force(program_id: int) -> RecruitmentPlan | None:
    """Return the plan that both sides signed and that holds now, with its lines."""
    return find_plan(program_id, PlanState.SIGNED)


def taken_by_post(program_id: int) -> dict[int, int]:
    """Return how many places of each post are taken: one statement.

    Somebody admitted takes a place of the post applied for, as long as its enterprise is still theirs; anybody else
    (whom the roster brought, who changed the enterprise) one of the post whose words stand in the roster.
    """
    applied, written = aliased(RecruitmentPost), aliased(RecruitmentPost)
    post = sa.func.coalesce(applied.id, written.id)
    statement = (
        sa.select(post, sa.func.count())
        .select_from(Enrolment)
        .outerjoin(
            Application,
            sa.and_(
                Application.program_id == Enrolment.program_id,
                Application.user_id == Enrolment.user_id,
                Application.state == ApplicationState.ADMITTED,
            ),
        )
        .outerjoin(
            applied,
            sa.and_(applied.id == Application.post_id, applied.enterprise_id == Enrolment.enterprise_id),
        )
        .outerjoin(
            written,
            sa.and_(
                applied.id.is_(None),
                written.program_id == Enrolment.program_id,
                written.enterprise_id == Enrolment.enterprise_id,
                written.name == Enrolment.post,
                written.major == Enrolment.field,
            ),
        )
        .where(Enrolment.program_id == program_id, Enrolment.state != EnrolmentState.WITHDRAWN)
        .group_by(post)
        .having(post.is_not(None))
    )
    return {row[0]: row[1] for row in db.session.execute(statement)}


def room_of(program: Program, plan: RecruitmentPlan | None = None) -> Room:
    """Return how many places are free now: three statements, two without a signed plan or when it is given.

    Whoever gives one away has locked the places first (enrolment.places.lock_places).
    """
    quotas = {line.post_id: line.quota for line in plan.quotas} if plan else _quotas(program.id)
    taken = taken_by_post(program.id) if quotas else {}
    return room_in(free_places(program), quotas or None, taken)


def _quotas(program_id: int) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(RecruitmentQuota.post_id, RecruitmentQuota.quota)
        .join(RecruitmentPlan, RecruitmentPlan.id == RecruitmentQuota.plan_id)
        .where(RecruitmentPlan.program_id == program_id, RecruitmentPlan.state == PlanState.SIGNED)
    )
    return {row[0]: row[1] for row in rows}
