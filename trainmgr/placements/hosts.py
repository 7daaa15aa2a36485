"""Reads of what a college keeps for its placements: enterprises, posts and staff, its own versions of the rules."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.placements.models import PlacementHost, PlacementPost, PlacementRule, RuleCode
from trainmgr.programs.models import Program
from trainmgr.programs.queries import enterprises_of

OF_THE_COLLEGE = (
    Role.ADMINISTRATOR, Role.STAFF, Role.DEPARTMENT_STAFF, Role.SCHOOL_TEACHER, Role.COLLEGE_COUNSELLOR
)  # fmt: skip


def enterprises_in(program: Program, viewer: User) -> list[Organization]:
    """Return the enterprises of a programme, for an enterprise's own people only theirs; no statement."""
    found = [party.organization for party in enterprises_of(program)]
    if not viewer.organizations_as(*OF_THE_COLLEGE):
        own = viewer.organizations_where(Permission.PLACEMENT_OVERSEE)
        found = [one for one in found if one.id in own]
    return sorted(found, key=lambda one: (one.name, one.id))


def posts_of(college_id: int, organization_ids: Sequence[int]) -> list[PlacementPost]:
    """Return the posts of a college in enterprises."""
    return list(
        db.session.scalars(
            sa.select(PlacementPost)
            .where(
                PlacementPost.college_id == college_id, PlacementPost.organization_id.in_(organization_ids)
            )
            .options(joinedload(PlacementPost.organization))
            .order_by(PlacementPost.organization_id, PlacementPost.name)
        )
    )


def post_or_404(program: Program, post_id: int) -> PlacementPost:
    """Return a post that the programme's lead college keeps, or answer 404."""
    found: PlacementPost | None = db.session.scalars(
        sa.select(PlacementPost)
        .where(PlacementPost.id == post_id, PlacementPost.college_id == program.lead_college_id)
        .options(joinedload(PlacementPost.organization))
    ).one_or_none()
    return found if found is not None else abort(404)


def staff_of(college_id: int, organization_id: int) -> int | None:
    """Return how many people work in an enterprise, as a college noted it."""
    host = db.session.get(PlacementHost, (college_id, organization_id))
    return host.staff if host else None


def rule_history(college_id: int) -> dict[RuleCode, list[PlacementRule]]:
    """Return a college's own versions of the rules, the newest first."""
    found: dict[RuleCode, list[PlacementRule]] = {}
    for row in db.session.scalars(
        sa.select(PlacementRule)
        .where(PlacementRule.college_id == college_id)
        .order_by(PlacementRule.valid_from.desc())
    ):
        found.setdefault(row.code, []).append(row)
    return found
