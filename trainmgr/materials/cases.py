"""Case write-ups: begun as a draft, written in five parts, published for good; and as a Word document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.identity.models import User
from trainmgr.kernel import audit, word
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import day
from trainmgr.materials import labels, queries
from trainmgr.materials.actions import Facts, enter, note_published, require_version
from trainmgr.materials.models import CaseText, Material, MaterialVersion
from trainmgr.materials.rules import CasePart, MaterialKind, MaterialState, UpdateKind, missing_parts

DISCARDED = audit.sentence("material.discard", _l("%(who)s threw away the draft of “%(what)s”"))


def begin_case(
    owner_id: int, title: str, occupation: str, collection: str, *, by: User, now: datetime
) -> tuple[Material, MaterialVersion]:
    """Begin a case with an empty draft."""
    facts = Facts(title, MaterialKind.CASE_WRITE_UP, UpdateKind.QUARTERLY, occupation, collection)
    material = enter(owner_id, facts, by=by, now=now)
    db.session.flush()
    return material, _add_draft(material, {}, by=by, now=now)


def open_draft(material: Material, *, by: User, now: datetime) -> MaterialVersion:
    """Return the case's draft, begun from the published text where there is none."""
    require(material.kind is MaterialKind.CASE_WRITE_UP, _("Only a case is written here."))
    draft = queries.draft_of(material)
    if draft is not None:
        return draft
    latest = queries.latest_of(material)
    parts = {part.value: text for part, text in latest.case.parts()} if latest and latest.case else {}
    return _add_draft(material, parts, by=by, now=now)


def _add_draft(material: Material, parts: dict[str, str], *, by: User, now: datetime) -> MaterialVersion:
    draft = MaterialVersion(
        material_id=material.id,
        number=material.latest_number + 1,
        state=MaterialState.DRAFT,
        share=0 if material.latest_number else 100,
        created_by_id=by.id,
        created_at=now,
        case=CaseText(**parts),
    )
    db.session.add(draft)
    return draft


def save_draft(
    draft: MaterialVersion, parts: dict[str, str], *, share: int | None, changes: str, version: int
) -> None:
    """Keep what was written so far."""
    require(draft.state is MaterialState.DRAFT, _("This version is published and stays as it is."))
    require_version(draft, version)
    case = queries.case_of(draft)
    for name, text in parts.items():
        setattr(case, name, text)
    draft.share, draft.changes = draft.share if share is None else share, changes
    flag_modified(draft, "changes")  # the parts are a row of their own; the draft's version counts for both


def publish_case(material: Material, draft: MaterialVersion, *, by: User, now: datetime) -> None:
    """Publish a draft for good; all five parts must be there, and from the second version on what changed."""
    require(not material.retired_on, _("This resource is out of use. Take it into use again first."))
    missing = missing_parts(queries.case_of(draft).parts())
    names = "、".join(str(labels.PARTS[part]) for part in missing)
    require(not missing, _("Still empty: %(names)s. A case has all five parts.", names=names))
    if material.latest_number:
        require(draft.changes and draft.share, _("Say what changed and how much of the case is new."))
    else:
        draft.share, draft.changes = 100, draft.changes or _("First version")
    draft.state, draft.published_on = MaterialState.PUBLISHED, local_day(now)
    note_published(material, draft, by=by, now=now)


def discard_draft(material: Material, draft: MaterialVersion, *, by: User, now: datetime) -> bool:
    """Throw a draft away, with the case itself when nothing of it was published; tells whether the case has gone."""
    audit.record(DISCARDED, material, by=by, now=now, name=material.title)
    db.session.delete(draft)
    db.session.flush()
    if material.latest_number:
        return False
    db.session.expire(material, ["versions"])
    db.session.delete(material)
    return True


def case_document(material: Material, version: MaterialVersion) -> Any:
    """Return a published case as a Word document."""
    subtitle = " · ".join(
        text
        for text in (
            material.owner.name,
            material.occupation,
            _("version %(number)s, %(day)s", number=version.number, day=day(version.published_on)),
        )
        if text
    )
    document = word.new_document(material.title, subtitle)
    case = queries.case_of(version)
    for number, part in enumerate(CasePart, start=1):
        document.add_heading(f"{number}  {labels.PARTS[part]}", 1)
        for paragraph in getattr(case, part.value).splitlines():
            if paragraph.strip():
                document.add_paragraph(paragraph.strip())
    return document
