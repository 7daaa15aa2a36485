"""Reads of pathways: the library's files and what the viewer's organisations keep of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.pathways.library import library_text, load_library
from trainmgr.pathways.models import CustomPathway
from trainmgr.pathways.rules import Pathway, dump, from_document

OWN = "own-"


@dataclass(frozen=True)
class Entry:
    """A pathway under its address: a library file (custom None) or an organisation's own."""

    ref: str
    pathway: Pathway
    custom: CustomPathway | None = None

    @property
    def text(self) -> str:
        """The pathway as a file."""
        return dump(self.pathway) if self.custom else library_text(self.ref)


def library() -> list[Entry]:
    """Return the library's pathways."""
    return [Entry(slug, pathway) for slug, pathway in load_library().items()]


def _visible(viewer: User) -> sa.Select[CustomPathway, str]:
    homes = viewer.organizations_where(Permission.PATHWAY_VIEW)
    return (
        sa.select(CustomPathway, Organization.name)
        .join(Organization, Organization.id == CustomPathway.organization_id)
        .where(CustomPathway.organization_id.in_(homes))
    )


def list_own(viewer: User, listing: Listing) -> Page[tuple[CustomPathway, str]]:
    """Return a page of the pathways that the viewer's organisations keep, with the organisation's name."""
    statement = _visible(viewer)
    if listing.q:
        statement = statement.where(CustomPathway.name.ilike(like(listing.q), escape="\\"))
    orders = {
        "name": [CustomPathway.name, CustomPathway.id],
        "changed": [CustomPathway.updated_at, CustomPathway.id],
        "organization": [Organization.name, CustomPathway.name, CustomPathway.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)


def choices(viewer: User, limit: int = 200) -> Sequence[Entry]:
    """Return the library and the latest of the viewer's own pathways, to choose one from."""
    rows = db.session.execute(_visible(viewer).order_by(CustomPathway.updated_at.desc()).limit(limit))
    return library() + [_own_entry(row) for row, _ in rows]


def find_entry(ref: str, viewer: User) -> Entry | None:
    """Return a pathway by its address when the viewer may see it."""
    if not ref.startswith(OWN):
        pathway = load_library().get(ref)
        return Entry(ref, pathway) if pathway else None
    number = whole(ref.removeprefix(OWN))
    if number is None:
        return None
    row = db.session.execute(_visible(viewer).where(CustomPathway.id == number)).first()
    return _own_entry(row[0]) if row else None


def entry_or_404(ref: str, viewer: User) -> Entry:
    """Return a pathway by its address, or answer 404."""
    return find_entry(ref, viewer) or abort(404)


def may_edit(entry: Entry, viewer: User) -> bool:
    """Tell whether the viewer may change a pathway: only an own one, by people of its organisation."""
    allowed = viewer.organizations_where(Permission.PATHWAY_EDIT)
    return entry.custom is not None and entry.custom.organization_id in allowed


def _own_entry(row: CustomPathway) -> Entry:
    return Entry(f"{OWN}{row.id}", from_document(row.document), row)


def free_slug(organization_id: int, wanted: str) -> str:
    """Return a slug that the organisation does not use yet, near the wanted one."""
    taken = set(
        db.session.scalars(
            sa.select(CustomPathway.slug).where(
                CustomPathway.organization_id == organization_id, CustomPathway.slug.startswith(wanted[:50])
            )
        )
    )
    if wanted not in taken:
        return wanted
    number = next(n for n in range(2, len(taken) + 3) if f"{wanted[:50]}-{n}" not in taken)
    return f"{wanted[:50]}-{number}"
