"""The audit trail: who did what to which thing, when and why; written in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import said
from trainmgr.kernel.tenancy import OfCollege


class Actor(Protocol):
    """Whoever acts: a signed-in person, or the system itself (id None)."""

    id: Any
    name: Any


class AuditEvent(OfCollege, Model, held=False):
    """One deed. Never changed, never deleted by the application."""

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.Index("ix_audit_event_program_id_at", "lead_college_id", "program_id", "at", "id"),
        sa.Index("ix_audit_event_subject_kind_subject_id", "subject_kind", "subject_id"),
        sa.Index("ix_audit_event_actor_id_at", "actor_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(sa.String(80))
    action: Mapped[str] = mapped_column(sa.String(60))
    subject_kind: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[int | None]
    subject_name: Mapped[str] = mapped_column(sa.String(200), default="")
    program_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)


SENTENCES: dict[str, Any] = {}
BY_LINK = _l("%(told)s (by personal link)")
BY_TOKEN = _l("%(told)s (through a program)")


def sentence(action: str, message: Any) -> str:
    """Register the sentence that tells an action, a lazy gettext with %(who)s %(what)s and keys of details."""
    SENTENCES[action] = message
    return action


def record(
    action: str,
    subject: Any,
    *,
    by: Actor | None,
    now: datetime,
    program_id: int | None = None,
    name: str = "",
    reason: str = "",
    **details: Any,
) -> AuditEvent:
    """Write one deed into the trail; `subject` is the row it was done to (flushed first, so it has an id).

    Details are small and hold no personal data beyond names.
    """
    if action not in SENTENCES:
        raise LookupError(f"action {action!r} has no sentence; register it with audit.sentence()")
    if getattr(subject, "id", 0) is None:
        db.session.flush()
    details |= by_way_of(by)
    event = AuditEvent(
        at=now,
        actor_id=by.id if by else None,
        actor_name=by.name if by else "",
        action=action,
        subject_kind=subject if isinstance(subject, str) else type(subject).__tablename__,
        subject_id=None if isinstance(subject, str) else subject.id,
        subject_name=name[:200],
        program_id=program_id,
        reason=reason,
        details=details,
    )
    db.session.add(event)
    for follower in _followers.get(action, ()):
        follower(event, subject)
    return event


def by_way_of(by: Actor | None) -> dict[str, Any]:
    """Return what a deed's details say of the personal link by which its doer came, or of a program's token."""
    confinement, token_id = getattr(by, "confinement", None), getattr(by, "token_id", None)
    way = {} if confinement is None else {"by_link": confinement.link_id}
    return way if token_id is None else way | {"by_token": token_id}


Follower = Callable[[AuditEvent, Any], None]
_followers: dict[str, list[Follower]] = {}


def follow(action: str, follower: Follower) -> None:
    """Call `follower(event, subject)` in the transaction of each deed of a kind, once it is written down."""
    _followers.setdefault(action, []).append(follower)


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def tell(event: AuditEvent) -> str:
    """Return the event as a sentence in the reader's language."""
    message = SENTENCES.get(event.action, event.action)
    details = {key: said(value) for key, value in event.details.items()}
    what = event.subject_name
    values = _Gaps(
        {"name": what} | details, who=event.actor_name or "trainmgr", what=what, reason=event.reason
    )
    told = str(message) % values
    if "by_token" in event.details:
        return str(BY_TOKEN) % {"told": told}
    return str(BY_LINK) % {"told": told} if "by_link" in event.details else told


def require(condition: object, message: object) -> None:
    """Stop with a broken rule unless the condition holds."""
    if not condition:
        raise RuleBroken(message)
