"""Writes of pathways: copy, edit, import, keep one from a programme, delete."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.pathways.models import CustomPathway, PathwayOrigin
from trainmgr.pathways.queries import free_slug
from trainmgr.pathways.rules import Pathway, Text, from_document, to_document

KEPT = audit.sentence("pathway.keep", _l("%(who)s kept the pathway “%(what)s”, made from %(based_on)s"))
CHANGED = audit.sentence("pathway.change", _l("%(who)s changed the pathway “%(what)s”"))
DELETED = audit.sentence("pathway.delete", _l("%(who)s deleted the pathway “%(what)s”"))


def keep_pathway(
    pathway: Pathway, *, organization_id: int, origin: PathwayOrigin, based_on: str, by: User, now: datetime
) -> CustomPathway:
    """Keep a pathway as an organisation's own, under a slug that is free there."""
    slug = free_slug(organization_id, pathway.slug)
    pathway = replace(pathway, slug=slug)
    row = CustomPathway(
        organization_id=organization_id,
        slug=slug,
        name=pathway.name.zh,
        origin=origin,
        based_on=based_on[:80],
        document=to_document(pathway),
        created_by_id=by.id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(row)
    audit.record(KEPT, row, by=by, now=now, name=row.name, based_on=based_on)
    db.session.flush()
    return row


def copy_pathway(
    pathway: Pathway, name: str, *, organization_id: int, by: User, now: datetime
) -> CustomPathway:
    """Copy a pathway under a new name, to be edited; raises PathwayFault for a name that no file could have."""
    named = replace(pathway, name=Text(name, pathway.name.en), version=1)
    copied = from_document(to_document(named))
    return keep_pathway(
        copied,
        organization_id=organization_id,
        origin=PathwayOrigin.COPY,
        based_on=pathway.name.zh,
        by=by,
        now=now,
    )


def change_pathway(
    row: CustomPathway, document: dict[str, Any], *, version: int, by: User, now: datetime
) -> Pathway:
    """Replace what an own pathway says; raises PathwayFault with everything that is wrong.

    The slug stays; the pathway's version counts up, so programmes can say which one they were made from.
    """
    if row.version != version:
        raise Conflict(
            _("Someone else changed this pathway meanwhile. Your text is kept below; compare and save again.")
        )
    pathway = from_document(document)
    pathway = replace(pathway, slug=row.slug, version=from_document(row.document).version + 1)
    row.document, row.name, row.number, row.updated_at = (
        to_document(pathway),
        pathway.name.zh,
        pathway.version,
        now,
    )
    audit.record(CHANGED, row, by=by, now=now, name=row.name, number=pathway.version)
    db.session.flush()
    return pathway


def delete_pathway(row: CustomPathway, *, by: User, now: datetime) -> None:
    """Delete an own pathway; programmes made from it keep their snapshot."""
    audit.record(DELETED, row, by=by, now=now, name=row.name)
    db.session.delete(row)
