"""Reads of what keeps resources up to date: rules, what is overdue, how much of a collection was renewed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.materials.models import Material, MaterialOccasion, MaterialVersion, UpdateRule
from trainmgr.materials.queries import WORKING
from trainmgr.materials.rules import DEFAULT_RULES, Rule, UpdateKind, year_before


def _own(viewer: User) -> sa.ColumnElement[bool]:
    return sa.and_(Material.owner_id.in_(viewer.organizations_as(*WORKING)), Material.retired_on.is_(None))


def list_overdue(viewer: User, listing: Listing, today: date) -> Page[Any]:
    """Return a page of the resources of the viewer's organisations whose next version is late, the latest first."""
    statement = (
        sa.select(Material).where(_own(viewer), Material.due_on < today).options(joinedload(Material.owner))
    )
    if listing.q:
        statement = statement.where(contains(Material.title, listing.q))
    orders = {
        "due": (Material.due_on, Material.id),
        "title": (Material.title, Material.id),
        "kind": (Material.kind, Material.due_on, Material.id),
    }
    return paginate(statement, listing, orders=orders, default="due")


def count_overdue(viewer: User, today: date) -> int:
    """Return how many resources of the viewer's organisations are overdue."""
    count = sa.select(sa.func.count()).select_from(Material).where(_own(viewer), Material.due_on < today)
    return db.session.scalar(count) or 0


def list_collections(viewer: User, listing: Listing, today: date) -> Page[Any]:
    """Return a page of collections: (owner's name, owner, collection, resources, renewed ones, renewed share in %).

    The share is the mean over the collection's published resources of what was renewed of each in the last twelve
    months: the sum of the shares of its versions of that time, at most 100.
    """
    renewed = (
        sa.select(MaterialVersion.material_id, sa.func.sum(MaterialVersion.share).label("share"))
        .where(MaterialVersion.published_on >= year_before(today))
        .group_by(MaterialVersion.material_id)
        .subquery()
    )
    share = sa.func.coalesce(sa.case((renewed.c.share > 100, 100), else_=renewed.c.share), 0)
    touched = sa.func.sum(sa.case((renewed.c.share > 0, 1), else_=0))
    mean = sa.func.sum(share) * 1.0 / sa.func.count(Material.id)
    statement = (
        sa.select(
            Organization.name,
            Material.owner_id,
            Material.collection,
            sa.func.count(Material.id),
            touched,
            mean,
        )
        .select_from(Material)
        .join(Organization, Organization.id == Material.owner_id)
        .outerjoin(renewed, renewed.c.material_id == Material.id)
        .where(_own(viewer), Material.latest_number > 0, Material.collection != "")
        .group_by(Organization.name, Material.owner_id, Material.collection)
    )
    if listing.q:
        statement = statement.where(contains(Material.collection, listing.q))
    orders = {
        "name": (Material.collection, Material.owner_id),
        "share": (mean, Material.collection, Material.owner_id),
        "count": (sa.func.count(Material.id), Material.collection, Material.owner_id),
    }
    return paginate(statement, listing, orders=orders, default="share", scalars=False)


def rules_of(owner_id: int) -> Mapping[UpdateKind, UpdateRule | Rule]:
    """Return an organisation's rules, its own where it has some, else the usual ones."""
    own = db.session.scalars(sa.select(UpdateRule).where(UpdateRule.owner_id == owner_id))
    return DEFAULT_RULES | {rule.update_kind: rule for rule in own}


def shares_asked(owner_ids: set[int]) -> dict[int, int]:
    """Return which share of a collection a year each owner asks for, in percent."""
    rows = db.session.execute(
        sa.select(UpdateRule.owner_id, UpdateRule.share).where(
            UpdateRule.owner_id.in_(owner_ids), UpdateRule.update_kind == UpdateKind.YEARLY
        )
    )
    usual = dict.fromkeys(owner_ids, DEFAULT_RULES[UpdateKind.YEARLY].share)
    return usual | {row[0]: row[1] for row in rows}


def open_occasions(material_id: int) -> list[MaterialOccasion]:
    """Return the occasions that no version has answered, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(MaterialOccasion)
            .where(MaterialOccasion.material_id == material_id, MaterialOccasion.answered_by_id.is_(None))
            .order_by(MaterialOccasion.noted_on, MaterialOccasion.id)
        )
    )
