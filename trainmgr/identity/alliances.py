"""Organisations of organisations and places of practice: units of alliances and industry colleges, bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.identity import queries
from trainmgr.identity.models import Organization, OrganizationKind, OrganizationUnit, PracticeBase, User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import record, require, sentence
from trainmgr.kernel.db import db
from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.paging import Listing, Page, contains, paginate

UNITS_ADDED = sentence("organization.units", _l("%(who)s entered %(count)s units of %(what)s"))
UNIT_ENDED = sentence("organization.unit_end", _l("%(who)s noted that %(unit)s has left %(what)s"))
BASE_SET = sentence("organization.base", _l("%(who)s described the practice base %(what)s"))

WITH_UNITS = (OrganizationKind.ALLIANCE, OrganizationKind.INDUSTRY_COLLEGE)
MOST_AT_ONCE = 500
PRESENT = OrganizationUnit.until.is_(None)


# --- reads ----------------------------------------------------------------------------------------


def keeps(organization: Organization, viewer: User) -> bool:
    """Tell whether the viewer looks after a shared organisation: its college's staff, or an administrator."""
    entered = organization.registered_by_id in viewer.organizations_where(Permission.ORGANISATION_REGISTER)
    return entered or queries.manages(viewer, organization)


def kept_or_404(organization_id: int, viewer: User, *kinds: OrganizationKind) -> Organization:
    """Return an organisation of these kinds that the viewer looks after; for others there is no such form."""
    organization = queries.organization_or_404(organization_id, viewer)
    if organization.kind not in kinds or not keeps(organization, viewer):
        abort(404)
    return organization


def with_units_or_404(organization_id: int, viewer: User) -> Organization:
    """Return an alliance or industry college that the viewer may see, or answer 404."""
    organization = queries.organization_or_404(organization_id, viewer)
    return organization if organization.kind in WITH_UNITS else abort(404)


def list_units(organization: Organization, listing: Listing) -> Page[OrganizationUnit]:
    """Return a page of the present units with their own entries."""
    statement = (
        sa.select(OrganizationUnit)
        .where(OrganizationUnit.organization_id == organization.id, PRESENT)
        .options(joinedload(OrganizationUnit.unit))
    )
    if listing.q:
        columns = (OrganizationUnit.name, OrganizationUnit.part)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders: dict[str, Sequence[Any]] = {
        "name": (OrganizationUnit.name, OrganizationUnit.id),
        "part": (OrganizationUnit.part, OrganizationUnit.name, OrganizationUnit.id),
        "since": (OrganizationUnit.since, OrganizationUnit.name, OrganizationUnit.id),
    }
    page: Page[OrganizationUnit] = paginate(statement, listing, orders=orders, default="name")
    return page


def count_units(organization: Organization) -> int:
    """Return how many units an alliance has today."""
    return (
        db.session.scalar(
            sa.select(sa.func.count()).where(OrganizationUnit.organization_id == organization.id, PRESENT)
        )
        or 0
    )


def unit_or_404(organization: Organization, unit_id: int) -> OrganizationUnit:
    """Return a present unit of an alliance, or answer 404."""
    found: OrganizationUnit | None = db.session.scalar(
        sa.select(OrganizationUnit).where(
            OrganizationUnit.id == unit_id, OrganizationUnit.organization_id == organization.id, PRESENT
        )
    )
    return found if found is not None else abort(404)


def belongs_to(organization: Organization, viewer: User) -> Sequence[OrganizationUnit]:
    """Return the alliances and industry colleges of which an organisation is a unit, as far as the viewer sees them."""
    return db.session.scalars(
        sa.select(OrganizationUnit)
        .join(OrganizationUnit.organization)
        .where(OrganizationUnit.unit_id == organization.id, PRESENT, queries.visible_organizations(viewer))
        .options(contains_eager(OrganizationUnit.organization))
        .order_by(Organization.name)
        .limit(50)
    ).all()


def base_of(organization: Organization) -> PracticeBase | None:
    """Return what is known of a practice base, with its host; None for other organisations and bare entries."""
    if organization.kind is not OrganizationKind.BASE:
        return None
    return db.session.scalar(
        sa.select(PracticeBase)
        .where(PracticeBase.organization_id == organization.id)
        .options(joinedload(PracticeBase.host))
    )


def possible_hosts(viewer: User) -> Sequence[Organization]:
    """Return the colleges and enterprises that may run a base."""
    kinds = (OrganizationKind.COLLEGE, OrganizationKind.ENTERPRISE)
    return db.session.scalars(
        sa.select(Organization)
        .where(Organization.kind.in_(kinds), queries.visible_organizations(viewer))
        .order_by(Organization.kind, Organization.name, Organization.id)
        .limit(queries.MOST_CHOICES)
    ).all()


# --- writes ---------------------------------------------------------------------------------------


def read_lines(text: str) -> list[tuple[str, str]]:
    """Read units as they are pasted, one a line: the name, and after a comma or tab the part; doubled names once."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        for sign in "，\t；;":
            line = line.replace(sign, ",")
        name, _comma, part = line.partition(",")
        if name := (tidy(name) or "")[:120]:
            found.setdefault(name, (tidy(part) or "")[:40])
    return list(found.items())


def add_units(
    organization: Organization, lines: Sequence[tuple[str, str]], *, since: date, by: User, now: datetime
) -> int:
    """Enter units; one that is there already is left as it is. Returns how many are new.

    A name that exactly one college, enterprise or outside house bears is linked with its entry.
    """
    require(lines, _("Name at least one unit."))
    require(len(lines) <= MOST_AT_ONCE, _("At most %(most)s units at once.", most=MOST_AT_ONCE))
    there = set(
        db.session.scalars(
            sa.select(OrganizationUnit.name).where(
                OrganizationUnit.organization_id == organization.id, PRESENT
            )
        )
    )
    new = [(name, part) for name, part in lines if name not in there]
    linked = _entries_named([name for name, _part in new], organization)
    db.session.add_all(
        OrganizationUnit(
            organization_id=organization.id, unit_id=linked.get(name), name=name, part=part, since=since
        )
        for name, part in new
    )
    if new:
        record(UNITS_ADDED, organization, by=by, now=now, name=organization.name, count=len(new))
    return len(new)


def _entries_named(names: Sequence[str], besides: Organization) -> dict[str, int]:
    kinds = (OrganizationKind.COLLEGE, OrganizationKind.ENTERPRISE, OrganizationKind.OUTSIDE)
    rows = db.session.execute(
        sa.select(Organization.name, sa.func.min(Organization.id), sa.func.count())
        .where(Organization.name.in_(names), Organization.kind.in_(kinds), Organization.id != besides.id)
        .group_by(Organization.name)
    )
    return {name: key for name, key, count in rows if count == 1}


def end_unit(
    organization: Organization, unit: OrganizationUnit, *, on: date, by: User, now: datetime
) -> None:
    """Note that a unit has left; that it was there stays."""
    unit.until = max(on, unit.since)
    record(UNIT_ENDED, organization, by=by, now=now, name=organization.name, unit=unit.name)


@dataclass(frozen=True)
class BaseFacts:
    """What is typed about a practice base."""

    on_campus: bool
    host_id: int | None = None
    capacity: int | None = None
    address: str = ""


def describe_base(organization: Organization, facts: BaseFacts, *, by: User, now: datetime) -> None:
    """Say whether a base lies on campus, whose it is, how many trainees it takes, where it is."""
    base = db.session.get(PracticeBase, organization.id)
    if base is None:
        base = PracticeBase(organization_id=organization.id)
        db.session.add(base)
    for name, value in vars(facts).items():
        setattr(base, name, value)
    record(BASE_SET, organization, by=by, now=now, name=organization.name)
