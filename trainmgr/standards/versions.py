"""The life of a version: a draft is opened, signed by both sides, published; its predecessor becomes outdated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.rules import Side
from trainmgr.programs.signing import digest_of
from trainmgr.standards import queries
from trainmgr.standards.content import content_of, framework_of
from trainmgr.standards.copying import copy_content
from trainmgr.standards.evidence import (
    DelphiItem,
    DelphiPanelist,
    DelphiRating,
    DelphiRound,
    Interview,
    TaskRating,
)
from trainmgr.standards.framework import Framework, document_of
from trainmgr.standards.keeping import is_signed, locked, opened
from trainmgr.standards.models import (
    CertificateMapping,
    JobStandard,
    StandardSignature,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    TaskSource,
    VersionCompetency,
)
from trainmgr.standards.rules import Lack, TaskKind, VersionState, lacks_of

DRAFTED = audit.sentence(
    "standards.open-draft", _l("%(who)s opened version %(number)s of the standard “%(what)s” as a draft")
)
DISCARDED = audit.sentence(
    "standards.discard-draft", _l("%(who)s discarded the draft of version %(number)s of “%(what)s”")
)
SIGNED = {
    Side.COLLEGE: audit.sentence(
        "standards.sign-college",
        _l("%(who)s signed version %(number)s of the standard “%(what)s” for the college"),
    ),
    Side.ENTERPRISE: audit.sentence(
        "standards.sign-enterprise",
        _l("%(who)s signed version %(number)s of the standard “%(what)s” for the enterprise"),
    ),
}
WITHDRAWN = audit.sentence(
    "standards.withdraw", _l("%(who)s withdrew the signature under the standard “%(what)s”: %(reason)s")
)
PUBLISHED = audit.sentence(
    "standards.publish", _l("Version %(number)s of the standard “%(what)s” is published")
)


def open_draft(standard: JobStandard, *, reason: str, by: User, now: datetime) -> StandardVersion:
    """Open the next version as a copy of the published one; one draft at a time."""
    require(queries.draft_of(standard) is None, _("There is a draft already. Go on with it."))
    source = queries.published_of(standard)
    require(source is not None, _("There is no published version to go on from."))
    assert source is not None
    draft = StandardVersion(
        standard_id=standard.id,
        number=max(one.number for one in standard.versions) + 1,
        reason=reason,
        created_by_id=by.id,
        created_at=now,
        typical_experts=source.typical_experts,
        typical_difficulty=source.typical_difficulty,
        typical_importance=source.typical_importance,
        typical_frequency=source.typical_frequency,
    )
    db.session.add(draft)
    db.session.flush()
    copy_content(source, draft)
    db.session.expire(standard, ["versions"])
    audit.record(DRAFTED, draft, by=by, now=now, name=standard.post, number=draft.number, reason=reason)
    return draft


def discard_draft(standard: JobStandard, *, by: User, now: datetime) -> None:
    """Remove a draft with everything that was noted for it; refused for the first one, which the standard rests on."""
    draft = opened(standard)
    require(draft.number > 1, _("This is the standard's first version; there is nothing to go back to."))
    audit.record(DISCARDED, draft, by=by, now=now, name=standard.post, number=draft.number)
    _discard_rounds(draft)
    for kind in (
        DelphiPanelist, TaskRating, Interview, CertificateMapping, TaskCompetency, TaskSource, StandardTask,
        VersionCompetency,
    ):  # fmt: skip
        db.session.execute(sa.delete(kind).where(kind.version_id == draft.id))
    db.session.execute(sa.delete(StandardVersion).where(StandardVersion.id == draft.id))
    db.session.expire(standard, ["versions"])


def _discard_rounds(draft: StandardVersion) -> None:
    rounds = sa.select(DelphiRound.id).where(DelphiRound.version_id == draft.id)
    items = sa.select(DelphiItem.id).where(DelphiItem.round_id.in_(rounds))
    db.session.execute(sa.delete(DelphiRating).where(DelphiRating.item_id.in_(items)))
    db.session.execute(sa.delete(DelphiItem).where(DelphiItem.round_id.in_(rounds)))
    db.session.execute(sa.delete(DelphiRound).where(DelphiRound.version_id == draft.id))


# --- signing ------------------------------------------------------------------------------------


def content_to_sign(standard: JobStandard, version: StandardVersion) -> dict[str, Any]:
    """Return the content of a version as it is signed."""
    document = document_of(framework_of(standard, content_of(version)))
    return document | {"number": version.number}


def lacks(standard: JobStandard, framework: Framework) -> list[Lack]:
    """Return what a draft still lacks before it can be signed."""
    return lacks_of(
        has_enterprise=standard.enterprise_id is not None,
        typical_tasks=len(framework.of_kind(TaskKind.TYPICAL)),
        levels=[one.levels for one in framework.competencies],
        unlinked=len(framework.without_task()),
    )


def sign(standard: JobStandard, *, side: Side, by: User, now: datetime, seen: str | None = None) -> bool:
    """Sign the draft for one side; returns whether both have signed now, which publishes it.

    `seen` is the digest of what the signer was shown: refused when the draft has changed since.
    """
    draft = locked(standard)
    home = queries.sides_of(standard, by).get(side)
    require(home is not None, _("You cannot sign for this side."))
    framework = framework_of(standard, content_of(draft))
    require(not lacks(standard, framework), _("Something is still missing; the page of the draft names it."))
    digest = digest_of(document_of(framework) | {"number": draft.number})
    if seen is not None and seen != digest:
        raise Conflict(_("The draft has changed since you opened this page. Read it again, then sign."))
    present = {one.side for one in queries.signatures_of(draft)}
    require(side not in present, _("This side has signed already."))
    db.session.add(
        StandardSignature(
            version_id=draft.id, side=side, organization_id=home, user_id=by.id, digest=digest, signed_at=now
        )
    )
    audit.record(SIGNED[side], draft, by=by, now=now, name=standard.post, number=draft.number)
    if present | {side} != set(Side):
        db.session.flush()
        return False
    _publish(standard, draft, now=now)
    return True


def _publish(standard: JobStandard, draft: StandardVersion, *, now: datetime) -> None:
    former = queries.published_of(standard)
    if former is not None:
        former.state = VersionState.OUTDATED
        db.session.flush()  # one published version at a time, also for the database
    draft.state, draft.published_at = VersionState.PUBLISHED, now
    audit.record(PUBLISHED, draft, by=None, now=now, name=standard.post, number=draft.number)
    db.session.flush()


def withdraw(standard: JobStandard, *, reason: str, by: Actor, now: datetime) -> None:
    """Take the one side's signature off, so that the draft can be changed."""
    draft = locked(standard)
    require(is_signed(draft), _("No signature stands under this draft."))
    db.session.execute(sa.delete(StandardSignature).where(StandardSignature.version_id == draft.id))
    audit.record(WITHDRAWN, draft, by=by, now=now, name=standard.post, reason=reason)
    db.session.flush()
