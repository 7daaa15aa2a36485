"""One expert pool over both: those whom the standards name, and the faculty's own; searched by field."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trainmgr.faculty.models import Profile
from trainmgr.faculty.queries import homes_of
from trainmgr.faculty.teams import partners_of
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.standards.evidence import Expert
from trainmgr.standards.experts import visible_to as standards_visible_to


def list_pool(viewer: User, listing: Listing, field: str = "") -> Page[Any]:
    """Return a page of experts: (source, id, name, employer, title, field, occupation, home); two statements.

    `source` is "standard" for the pool behind the standards, "faculty" for profiles that stand in the pool.
    """
    named = sa.select(
        sa.literal("standard").label("source"), Expert.id.label("id"), Expert.name.label("name"),
        Expert.employer.label("employer"), Expert.title.label("title"), Expert.field.label("field"),
        Expert.occupation.label("occupation"),
        Expert.organization_id.label("home"),
    ).where(standards_visible_to(viewer))  # fmt: skip
    own = (
        sa.select(
            sa.literal("faculty"), Profile.id, User.name, Organization.name, Profile.title, Profile.fields,
            Profile.post,
            Profile.organization_id,
        )
        .join(User, User.id == Profile.user_id)
        .join(Organization, Organization.id == Profile.organization_id)
        .where(
            Profile.is_expert.is_(True),
            sa.or_(
                Profile.organization_id.in_(homes_of(viewer)), Profile.organization_id.in_(partners_of(viewer)),
                Profile.user_id == viewer.id,
            ),
        )
    )  # fmt: skip
    pool = sa.union_all(named, own).subquery()
    statement = sa.select(pool)
    if field:
        statement = statement.where(sa.or_(contains(pool.c.field, field), contains(pool.c.occupation, field)))
    if listing.q:
        columns = (pool.c.name, pool.c.employer, pool.c.field, pool.c.occupation)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders = {
        "name": (pool.c.name, pool.c.source, pool.c.id),
        "employer": (pool.c.employer, pool.c.name, pool.c.source, pool.c.id),
        "field": (pool.c.field, pool.c.name, pool.c.source, pool.c.id),
    }
    return paginate(
        statement,
        listing,
        orders=orders,
        default="name",
        scalars=False,
        filters={"field": field} if field else {},
    )
