"""Alliances, industry colleges and practice bases beside each other, with what they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.identity.models import Organization, OrganizationKind, OrganizationUnit, PracticeBase, User
from trainmgr.identity.queries import PUBLIC_KINDS, visible_organizations
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.queries import visible_to as programs_visible_to

WHERE = ("on", "off")


def _programs(viewer: User) -> Any:
    """How many programmes that the viewer sees name an organisation as a party or place."""
    return (
        sa.select(sa.func.count(sa.distinct(ProgramParty.program_id)))
        .join(Program, Program.id == ProgramParty.program_id)
        .where(ProgramParty.organization_id == Organization.id, programs_visible_to(viewer))
        .correlate(Organization)
        .scalar_subquery()
    )


def _units() -> Any:
    return (
        sa.select(sa.func.count())
        .where(OrganizationUnit.organization_id == Organization.id, OrganizationUnit.until.is_(None))
        .correlate(Organization)
        .scalar_subquery()
    )


def list_partners(
    viewer: User, listing: Listing, kind: OrganizationKind | None = None, where: str = ""
) -> Page[Any]:
    """Return a page of (organisation, units, base, host's name, programmes): two statements for any number."""
    host = aliased(Organization)
    statement = (
        sa.select(Organization, _units(), PracticeBase, host.name, _programs(viewer))
        .outerjoin(PracticeBase, PracticeBase.organization_id == Organization.id)
        .outerjoin(host, host.id == PracticeBase.host_id)
        .where(Organization.kind.in_([kind] if kind else PUBLIC_KINDS), visible_organizations(viewer))
    )
    if where in WHERE:
        statement = statement.where(PracticeBase.on_campus.is_(where == "on"))
    if listing.q:
        columns = (Organization.name, Organization.short_name, Organization.name_en)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders: dict[str, Sequence[Any]] = {
        "name": (Organization.name, Organization.id),
        "kind": (Organization.kind, Organization.name, Organization.id),
        "capacity": (PracticeBase.capacity, Organization.name, Organization.id),
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)


def count_partners(viewer: User) -> Mapping[str, int]:
    """Return how many of each kind there are, bases on and off campus, and their work places: one statement."""
    of = Organization.kind

    def tally(condition: sa.ColumnElement[bool]) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    row = db.session.execute(
        sa.select(
            tally(of == OrganizationKind.ALLIANCE),
            tally(of == OrganizationKind.INDUSTRY_COLLEGE),
            tally(PracticeBase.on_campus.is_(True)),
            tally(PracticeBase.on_campus.is_(False)),
            sa.func.coalesce(sa.func.sum(PracticeBase.capacity), 0),
        )
        .select_from(Organization)
        .outerjoin(PracticeBase, PracticeBase.organization_id == Organization.id)
        .where(of.in_(PUBLIC_KINDS), visible_organizations(viewer))
    ).one()
    return dict(zip(("alliances", "colleges", "on", "off", "places"), row, strict=True))
