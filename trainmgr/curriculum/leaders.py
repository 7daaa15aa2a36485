"""Who could lead a module: the teachers and mentors of a programme's parties."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.queries import LEADING
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson


def _leaders(program: Program) -> Any:
    parties = sa.select(ProgramParty.organization_id).where(ProgramParty.program_id == program.id)
    return (
        sa.select(User, Membership.role, Organization)
        .join(Membership, Membership.user_id == User.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(
            Membership.organization_id.in_(parties),
            Membership.role.in_(LEADING),
            Membership.ended_on.is_(None),
            User.active.is_(True),
        )
    )


def list_leaders(program: Program, listing: Listing) -> Page[Any]:
    """Return the teachers and mentors of the programme's parties, those of the programme first."""
    related = (
        sa.select(ProgramPerson.user_id)
        .where(ProgramPerson.program_id == program.id, ProgramPerson.role.in_(LEADING))
        .scalar_subquery()
    )
    statement = _leaders(program)
    if listing.q:
        statement = statement.where(
            sa.or_(
                User.name.ilike(like(listing.q), escape="\\"),
                Membership.number == listing.q,
                Organization.name.ilike(like(listing.q), escape="\\"),
            )
        )
    first = sa.case((User.id.in_(related), 0), else_=1)
    orders = {"related": (first, User.name, Membership.id), "name": (User.name, Membership.id)}
    return paginate(statement, listing, orders=orders, default="related", scalars=False)


def find_leader(program: Program, user_id: int) -> tuple[User, Role, int] | None:
    """Return somebody who could lead a module, as what and from where; None for everybody else."""
    row = db.session.execute(
        _leaders(program).where(User.id == user_id).order_by(Membership.id).limit(1)
    ).first()
    return (row[0], row[1], row[2].id) if row else None
