"""The audit trail: who did what to which thing, when and why; written in the transaction of the deed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import said


class Actor(Protocol):
    """Whoever acts: a signed-in person, or the system itself (id None)."""

    id: Any
    name: Any


class AuditEvent(Model):
    """One deed. Never changed, never deleted by the application."""

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.Index("ix_audit_event_program_id_at", "program_id", "at", "id"),
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
    return event


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def tell(event: AuditEvent) -> str:
    """Return the event as a sentence in the reader's language."""
    message = SENTENCES.get(event.action, event.action)
    details = {key: said(value) for key, value in event.details.items()}
    values = _Gaps(details, who=event.actor_name or "trainmgr", what=event.subject_name, reason=event.reason)
    return str(message) % values


def require(condition: object, message: object) -> None:
    """Stop with a broken rule unless the condition holds."""
    if not condition:
        raise RuleBroken(message)
