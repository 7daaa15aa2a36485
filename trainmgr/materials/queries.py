"""Reads of teaching resources; every one that takes an id starts from what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.materials.models import (
    CaseText,
    Material,
    MaterialShare,
    MaterialUse,
    MaterialVersion,
)
from trainmgr.materials.rules import (
    MaterialKind,
    MaterialState,
)
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.queries import visible_to as programs_visible_to

# Whoever works for an organisation in one of these sees its resources; trainees see what is attached for them.
WORKING = tuple(role for role in Role if role not in (Role.TRAINEE, Role.OUTSIDE_ASSESSOR))
MOST_CHOICES = 200


# --- who sees what --------------------------------------------------------------------------------


def usable_by(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Material that leaves those of the viewer's organisations and those shared with them."""
    own = viewer.organizations_as(*WORKING)
    if not own:
        return sa.false()
    shared = sa.exists().where(
        MaterialShare.material_id == Material.id, MaterialShare.organization_id.in_(own)
    )
    return sa.or_(Material.owner_id.in_(own), sa.and_(shared, Material.latest_number > 0))


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Material that leaves what the viewer may see.

    Beside what is usable that is whatever a programme that the viewer sees has attached, once it is published.
    """
    programs = sa.select(Program.id).where(programs_visible_to(viewer))
    attached = sa.exists().where(MaterialUse.material_id == Material.id, MaterialUse.program_id.in_(programs))
    return sa.or_(usable_by(viewer), sa.and_(attached, Material.latest_number > 0))


def material_or_404(material_id: int, viewer: User) -> Material:
    """Return a resource that the viewer may see with its owner and versions, or answer 404: two statements."""
    material: Material | None = db.session.scalars(
        sa.select(Material)
        .where(Material.id == material_id, visible_to(viewer))
        .options(
            joinedload(Material.owner),
            selectinload(Material.versions).options(
                joinedload(MaterialVersion.file),
                joinedload(MaterialVersion.created_by),
                joinedload(MaterialVersion.case),
            ),
        )
    ).one_or_none()
    return material if material is not None else abort(404)


def is_owner(material: Material, viewer: User) -> bool:
    """Tell whether the viewer keeps this resource for its owner."""
    return material.owner_id in viewer.organizations_where(Permission.MATERIAL_EDIT)


def own_or_404(material_id: int, viewer: User) -> Material:
    """Return a resource that the viewer keeps; 403 where it is only to be read, 404 where it is not to be seen."""
    material = material_or_404(material_id, viewer)
    return material if is_owner(material, viewer) else abort(403)


def published_or_404(material: Material, number: int) -> MaterialVersion:
    """Return a published version of a resource, or answer 404."""
    found = next((one for one in material.versions if one.number == number), None)
    return found if found is not None and found.state is MaterialState.PUBLISHED else abort(404)


def latest_of(material: Material) -> MaterialVersion | None:
    """Return the newest published version (the versions must be loaded)."""
    return next((one for one in material.versions if one.number == material.latest_number), None)


def draft_of(material: Material) -> MaterialVersion | None:
    """Return the version that is being written."""
    return next((one for one in material.versions if one.state is MaterialState.DRAFT), None)


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filters:
    """What a list of resources is narrowed down to."""

    kind: MaterialKind | None = None
    occupation: str = ""
    owner_id: int | None = None
    collection: str = ""
    retired: bool = False


def list_materials(viewer: User, listing: Listing, filters: Filters) -> Page[Any]:
    """Return a page of the resources that the viewer may see: two statements."""
    statement = (
        sa.select(Material).where(visible_to(viewer), *_narrowed(filters)).options(joinedload(Material.owner))
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Material.title, listing.q), contains(Material.occupation, listing.q))
        )
    orders = {
        "title": (Material.title, Material.id),
        "renewed": (Material.renewed_on, Material.id),
        "due": (sa.case((Material.due_on.is_(None), 1), else_=0), Material.due_on, Material.id),
    }
    return paginate(statement, listing, orders=orders, default="title")


def _narrowed(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [
        Material.retired_on.is_not(None) if filters.retired else Material.retired_on.is_(None)
    ]
    if filters.kind is not None:
        found.append(Material.kind == filters.kind)
    if filters.occupation:
        found.append(Material.occupation == filters.occupation)
    if filters.owner_id is not None:
        found.append(Material.owner_id == filters.owner_id)
    if filters.collection:
        found.append(Material.collection == filters.collection)
    return found


def owner_choices(viewer: User) -> list[tuple[int, str]]:
    """Return the owners of the resources that the viewer sees: (id, name)."""
    owners = sa.select(Material.owner_id).where(visible_to(viewer)).distinct()
    rows = db.session.execute(
        sa.select(Organization.id, Organization.name)
        .where(Organization.id.in_(owners))
        .order_by(Organization.name)
        .limit(MOST_CHOICES)
    )
    return [(row[0], row[1]) for row in rows]


def occupation_choices(viewer: User) -> list[str]:
    """Return the occupations that the viewer's resources are for."""
    return list(
        db.session.scalars(
            sa.select(Material.occupation)
            .where(visible_to(viewer), Material.occupation != "")
            .distinct()
            .order_by(Material.occupation)
            .limit(MOST_CHOICES)
        )
    )


def home_choices(viewer: User) -> list[tuple[int, str]]:
    """Return the organisations that the viewer keeps resources for: (id, name)."""
    homes = viewer.organizations_where(Permission.MATERIAL_EDIT)
    rows = db.session.execute(
        sa.select(Organization.id, Organization.name)
        .where(Organization.id.in_(homes))
        .order_by(Organization.name)
    )
    return [(row[0], row[1]) for row in rows]


def collection_names(owner_ids: frozenset[int]) -> list[str]:
    """Return the names of the collections of organisations."""
    return list(
        db.session.scalars(
            sa.select(Material.collection)
            .where(Material.owner_id.in_(owner_ids), Material.collection != "")
            .distinct()
            .order_by(Material.collection)
            .limit(MOST_CHOICES)
        )
    )


# --- sharing and uses -----------------------------------------------------------------------------


def partner_choices(material: Material) -> list[tuple[int, str, bool]]:
    """Return the organisations that share a programme with the owner: (id, name, whether they may use it)."""
    own = sa.select(ProgramParty.program_id).where(ProgramParty.organization_id == material.owner_id)
    partners = sa.select(ProgramParty.organization_id).where(ProgramParty.program_id.in_(own))
    ticked = sa.exists().where(
        MaterialShare.material_id == material.id, MaterialShare.organization_id == Organization.id
    )
    rows = db.session.execute(
        sa.select(Organization.id, Organization.name, ticked)
        .where(sa.or_(Organization.id.in_(partners), ticked), Organization.id != material.owner_id)
        .order_by(Organization.name)
        .limit(MOST_CHOICES)
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]


def uses_of(material: Material, viewer: User) -> list[Program]:
    """Return the programmes that the viewer sees and that a resource is attached to, at most fifty."""
    using = sa.select(MaterialUse.program_id).where(MaterialUse.material_id == material.id)
    return list(
        db.session.scalars(
            sa.select(Program)
            .where(Program.id.in_(using), programs_visible_to(viewer))
            .order_by(Program.id.desc())
            .limit(50)
        )
    )


def shared_with(material: Material) -> list[str]:
    """Return the names of the organisations that a resource is shared with."""
    return list(
        db.session.scalars(
            sa.select(Organization.name)
            .join(MaterialShare, MaterialShare.organization_id == Organization.id)
            .where(MaterialShare.material_id == material.id)
            .order_by(Organization.name)
        )
    )


def choices_for(program: Program, viewer: User, q: str = "", *, limit: int = 50) -> list[Material]:
    """Return published resources that a lesson or module of a programme may refer to, those attached to it first.

    That is what the programme has attached and what the viewer's organisations own or were given.
    """
    attached = sa.exists().where(MaterialUse.material_id == Material.id, MaterialUse.program_id == program.id)
    statement = (
        sa.select(Material)
        .where(sa.or_(attached, usable_by(viewer)), Material.latest_number > 0, Material.retired_on.is_(None))
        .options(joinedload(Material.owner))
    )
    if q:
        statement = statement.where(sa.or_(contains(Material.title, q), contains(Material.occupation, q)))
    first = sa.case((attached, 0), else_=1)
    return list(db.session.scalars(statement.order_by(first, Material.title, Material.id).limit(limit)))


def case_of(version: MaterialVersion) -> CaseText:
    """Return the text of a case's version."""
    return version.case or abort(404)
