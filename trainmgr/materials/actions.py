"""Writes of teaching resources: entering, new versions, occasions, rules, sharing, attaching."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import StoredFile, store_document
from trainmgr.materials import queries, renewing
from trainmgr.materials.models import (
    Material,
    MaterialOccasion,
    MaterialShare,
    MaterialUse,
    MaterialVersion,
    UpdateRule,
)
from trainmgr.materials.rules import (
    MaterialKind,
    MaterialState,
    Rule,
    UpdateKind,
    counted_from,
    due_on,
)
from trainmgr.programs.models import Program

PURPOSE = "material"

ENTERED = audit.sentence("material.enter", _l("%(who)s entered the resource “%(what)s”"))
CHANGED = audit.sentence("material.change", _l("%(who)s changed the particulars of “%(what)s”"))
RENEWED = audit.sentence(
    "material.renew", _l("%(who)s published version %(number)s of “%(what)s” (%(share)s%% new)")
)
CHECKED = audit.sentence("material.check", _l("%(who)s looked at the source of “%(what)s”: nothing changed"))
ASKED = audit.sentence("material.ask", _l("%(who)s noted an occasion to renew “%(what)s”: %(reason)s"))
SHARED = audit.sentence("material.share", _l("%(who)s set who may use “%(what)s”: %(partners)s"))
RETIRED = audit.sentence("material.retire", _l("%(who)s put “%(what)s” out of use"))
RESTORED = audit.sentence("material.restore", _l("%(who)s took “%(what)s” into use again"))
RULED = audit.sentence("material.rule", _l("%(who)s changed when resources of %(what)s are due"))
ATTACHED = audit.sentence("material.attach", _l("%(who)s attached “%(what)s”"))
DETACHED = audit.sentence("material.detach", _l("%(who)s took “%(what)s” away from the programme"))


@dataclass(frozen=True)
class Facts:
    """The particulars of a resource."""

    title: str
    kind: MaterialKind
    update_kind: UpdateKind
    occupation: str = ""
    collection: str = ""
    language: str = "zh"
    source: str = ""


@dataclass(frozen=True)
class Content:
    """What a version is: an upload, a kept file, or a link."""

    upload: FileStorage | None = None
    link: str = ""
    file: StoredFile | None = None


def enter(owner_id: int, facts: Facts, *, by: User, now: datetime) -> Material:
    """Enter a resource; its first version follows in the same request."""
    material = Material(
        owner_id=owner_id, created_by_id=by.id, created_at=now, latest_number=0, **vars(facts)
    )
    db.session.add(material)
    audit.record(ENTERED, material, by=by, now=now, name=material.title)
    return material


def change(material: Material, facts: Facts, *, version: int, by: User, now: datetime) -> None:
    """Change a resource's particulars; what it is (a case or not) stays."""
    require_version(material, version)
    require(
        (facts.kind is MaterialKind.CASE_WRITE_UP) == (material.kind is MaterialKind.CASE_WRITE_UP),
        _("A case in five parts stays one; enter another resource instead."),
    )
    for name, value in vars(facts).items():
        setattr(material, name, value)
    settle(material)
    audit.record(CHANGED, material, by=by, now=now, name=material.title)


def require_version(thing: Any, version: int) -> None:
    """Stop where somebody else has changed a thing since it was shown."""
    if thing.version != version:
        raise Conflict(
            _(
                "Somebody else changed this meanwhile. What you typed is below; load the page anew to see theirs."
            )
        )


def publish(
    material: Material, content: Content, *, share: int, changes: str, by: User, now: datetime
) -> MaterialVersion:
    """Add a version of a resource: a file or a link, with what is new in it and how much."""
    require(not material.retired_on, _("This resource is out of use. Take it into use again first."))
    db.session.flush()
    file = content.file
    if content.upload is not None:
        file = store_document(content.upload, by=by, program_id=None, now=now, purpose=PURPOSE)
    made = MaterialVersion(
        material_id=material.id,
        number=material.latest_number + 1,
        state=MaterialState.PUBLISHED,
        file_id=file.id if file else None,
        link=content.link if file is None else "",
        changes=changes,
        share=share if material.latest_number else 100,
        created_by_id=by.id,
        created_at=now,
        published_on=local_day(now),
    )
    db.session.add(made)
    note_published(material, made, by=by, now=now)
    return made


def note_published(material: Material, made: MaterialVersion, *, by: User, now: datetime) -> None:
    """Keep what follows from a version just published: newest number, answered occasions, due day."""
    db.session.flush()
    material.latest_number, material.renewed_on = made.number, made.published_on
    db.session.execute(
        sa.update(MaterialOccasion)
        .where(MaterialOccasion.material_id == material.id, MaterialOccasion.answered_by_id.is_(None))
        .values(answered_by_id=made.id)
    )
    material.asked_on = None
    settle(material)
    audit.record(RENEWED, material, by=by, now=now, name=material.title, number=made.number, share=made.share)


def settle(material: Material, rule: Rule | UpdateRule | None = None) -> None:
    """Work out anew when a resource's next version is due, by its owner's rule."""
    rule = rule or renewing.rules_of(material.owner_id)[material.update_kind]
    material.counted_from = counted_from(
        material.update_kind,
        renewed_on=material.renewed_on,
        checked_on=material.checked_on,
        asked_on=material.asked_on,
    )
    material.due_on = due_on(material.counted_from, Rule(rule.days))


def note_occasion(material: Material, text: str, on: date, *, by: User, now: datetime) -> MaterialOccasion:
    """Note something outside that asks for a new version."""
    require(not material.retired_on, _("This resource is out of use. Take it into use again first."))
    require(on <= local_day(now), _("This day is still to come."))
    occasion = MaterialOccasion(
        material_id=material.id, noted_on=on, text=text, created_by_id=by.id, created_at=now
    )
    db.session.add(occasion)
    material.asked_on = min(on, material.asked_on or on)
    settle(material)
    audit.record(ASKED, material, by=by, now=now, name=material.title, reason=text)
    return occasion


def note_check(material: Material, *, by: User, now: datetime) -> None:
    """Note that a tracked source was looked at and had not changed."""
    require(material.update_kind is UpdateKind.TRACKED, _("Only a tracked resource has a source to look at."))
    require(
        material.asked_on is None,
        _("An occasion stands open that asks for a new version. Publish one instead."),
    )
    material.checked_on = local_day(now)
    settle(material)
    audit.record(CHECKED, material, by=by, now=now, name=material.title)


def retire(material: Material, *, by: User, now: datetime) -> None:
    """Put a resource out of use: it is not due any more, what it was attached to keeps it."""
    material.retired_on = local_day(now)
    audit.record(RETIRED, material, by=by, now=now, name=material.title)


def restore(material: Material, *, by: User, now: datetime) -> None:
    """Take a resource into use again."""
    material.retired_on = None
    settle(material)
    audit.record(RESTORED, material, by=by, now=now, name=material.title)


def share(material: Material, organization_ids: Collection[int], *, by: User, now: datetime) -> None:
    """Settle which partner organisations may use a resource."""
    offered = {place[0]: place[1] for place in queries.partner_choices(material)}
    chosen = [place for place in offered if place in set(organization_ids)]
    db.session.execute(sa.delete(MaterialShare).where(MaterialShare.material_id == material.id))
    db.session.add_all(MaterialShare(material_id=material.id, organization_id=place) for place in chosen)
    partners = "、".join(offered[place] for place in chosen) or "–"
    audit.record(SHARED, material, by=by, now=now, name=material.title, partners=partners[:200])


def set_rule(owner_id: int, name: str, kind: UpdateKind, rule: Rule, *, by: User, now: datetime) -> None:
    """Change an organisation's rule for a kind of update; the due days of its resources follow at once."""
    known = db.session.get(UpdateRule, (owner_id, kind))
    if known is None:
        known = UpdateRule(owner_id=owner_id, update_kind=kind, days=rule.days, share=rule.share)
        db.session.add(known)
    known.days, known.share = rule.days, rule.share
    days = sa.select(Material.counted_from).where(
        Material.owner_id == owner_id, Material.update_kind == kind, Material.counted_from.is_not(None)
    )
    for start in db.session.scalars(days.distinct()).all():
        db.session.execute(
            sa.update(Material)
            .where(
                Material.owner_id == owner_id, Material.update_kind == kind, Material.counted_from == start
            )
            .values(due_on=due_on(start, rule))
            .execution_options(synchronize_session=False)
        )
    audit.record(RULED, "update_rule", by=by, now=now, name=name)


# --- programmes -----------------------------------------------------------------------------------


def attach(program: Program, material: Material, lineage: str, *, by: User, now: datetime) -> MaterialUse:
    """Attach a resource to a module (by its lineage), or to the whole programme; twice is once."""
    require(material.latest_number, _("Nothing of this resource is published yet."))
    known: MaterialUse | None = db.session.scalars(
        sa.select(MaterialUse).where(
            MaterialUse.program_id == program.id,
            MaterialUse.lineage == lineage,
            MaterialUse.material_id == material.id,
        )
    ).one_or_none()
    if known is not None:
        return known
    use = MaterialUse(
        program_id=program.id, lineage=lineage, material_id=material.id, created_by_id=by.id, created_at=now
    )
    db.session.add(use)
    audit.record(ATTACHED, use, by=by, now=now, program_id=program.id, name=material.title)
    return use


def detach(program: Program, use: MaterialUse, *, by: User, now: datetime) -> None:
    """Take a resource away from where it was attached; the resource stays."""
    audit.record(DETACHED, use, by=by, now=now, program_id=program.id, name=use.material.title)
    db.session.delete(use)
