"""Chaining the audit trail: each event gets a seal that holds the hash of the one before (SHA-256), each minute.

Not in the transaction of the deed: one chain is one queue, and everybody who writes would wait in it (decision 45).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.operation.models import AuditSeal

BEGINNING = "0" * 64
BATCH = 1000
# A number is given when a deed is written and seen when it is committed: one that takes long comes behind others.
LATE = 10_000
GRACE = timedelta(minutes=10)  # by then a living worker has sealed what was done
LOCK = 0x7472736C  # of PostgreSQL's advisory locks: "trsl"


def canonical(value: Any) -> bytes:
    """Return the one way in which a value is written down to be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def hash_of_texts(event: Any, salt: str) -> str:
    """Return the hash of what an event says in words; the salt keeps names from being guessed from it."""
    texts = [event.actor_name, event.subject_name, event.reason, event.details]
    return hashlib.sha256(salt.encode() + canonical(texts)).hexdigest()


def hash_of_link(number: int, before: str, event: Any, texts_hash: str) -> str:
    """Return the hash of a link: all that the event says, its place, and the hash of the link before."""
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [number, event.id, at, event.actor_id, event.action]
    said += [event.subject_kind, event.subject_id, event.program_id, texts_hash]
    return hashlib.sha256(before.encode() + canonical(said)).hexdigest()


def seal(now: datetime, *, size: int = BATCH, all_of_it: bool = False) -> int:
    """Seal the next events; returns how many. `all_of_it` looks for late ones in the whole trail.

    Only one at a time does it: on SQLite whoever writes is alone, on PostgreSQL it takes a lock until the commit.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    number, before = _end()
    rows = []
    columns = AuditEvent.__table__.columns  # rows, not objects: whatever the session holds is left alone
    unsealed = _unsealed(all_of_it).with_only_columns(*columns).order_by(AuditEvent.id).limit(size)
    for event in db.session.execute(unsealed):
        number += 1
        salt = secrets.token_hex(16)
        texts_hash = hash_of_texts(event, salt)
        own = hash_of_link(number, before, event, texts_hash)
        rows.append(
            {
                "number": number,
                "event_id": event.id,
                "sealed_at": now,
                "salt": salt,
                "texts_hash": texts_hash,
                "before_hash": before,
                "own_hash": own,
            }
        )
        before = own
    if rows:
        db.session.execute(sa.insert(AuditSeal), rows)
    return len(rows)


@each_minute
def seal_what_was_done(now: datetime) -> Iterator[int]:
    """Seal what was done since the last minute, a batch at a time."""
    while done := seal(now):
        yield done


def _end() -> tuple[int, str]:
    statement = sa.select(AuditSeal.number, AuditSeal.own_hash).order_by(AuditSeal.number.desc()).limit(1)
    row = db.session.execute(statement).first()
    return (row.number, row.own_hash) if row else (0, BEGINNING)


def _unsealed(all_of_it: bool) -> sa.Select[Any]:
    sealed = sa.exists().where(AuditSeal.event_id == AuditEvent.id)
    statement = sa.select(AuditEvent).where(~sealed)
    if not all_of_it:
        newest = db.session.scalar(sa.select(sa.func.max(AuditSeal.event_id))) or 0
        statement = statement.where(AuditEvent.id > newest - LATE)
    return statement


# --- holding it against the events --------------------------------------------------------------


@dataclass
class Verdict:
    """What verifying the chain found; `broken` says what is wrong with link `number`, the first that is."""

    links: int = 0
    head: str = BEGINNING
    broken: str = ""
    number: int = 0
    redacted: int = 0  # events whose names went with an erased person
    unsealed: int = (
        0  # older than ten minutes: the worker does not run, or somebody put them in behind its back
    )
    expected_seen: bool = True


def verify(now: datetime, *, expected: str = "") -> Verdict:
    """Hold every link against its event and the link before; `expected` is a head that was noted earlier."""
    verdict = Verdict(expected_seen=not expected)
    statement = (
        sa.select(AuditSeal, AuditEvent)
        .outerjoin(AuditEvent, AuditEvent.id == AuditSeal.event_id)
        .order_by(AuditSeal.number)
        .execution_options(yield_per=BATCH)
    )
    with closing(
        db.session.execute(statement)
    ) as links:  # PostgreSQL's cursor is not left open at a broken link
        for link, event in links:
            verdict.broken = _fault(link, event, verdict)
            if verdict.broken:
                verdict.number = link.number
                return verdict
            verdict.links, verdict.head = link.number, link.own_hash
            verdict.redacted += link.redacted_by is not None
            verdict.expected_seen = verdict.expected_seen or link.own_hash == expected
    late = _unsealed(all_of_it=True).where(AuditEvent.at < now - GRACE).subquery()
    verdict.unsealed = db.session.scalar(sa.select(sa.func.count()).select_from(late)) or 0
    if not verdict.expected_seen:
        verdict.broken = (
            "the hash that was noted is not in the chain: links behind it were cut off or written anew"
        )
    return verdict


def _fault(link: AuditSeal, event: AuditEvent | None, so_far: Verdict) -> str:
    if link.number != so_far.links + 1:
        return f"link {so_far.links + 1} is missing"
    if link.before_hash != so_far.head:
        return "it does not hold the hash of the link before"
    if event is None:
        return f"event {link.event_id} was deleted"
    if link.redacted_by is None and hash_of_texts(event, link.salt) != link.texts_hash:
        return f"names, reason or details of event {event.id} were changed"
    if hash_of_link(link.number, so_far.head, event, link.texts_hash) != link.own_hash:
        return f"event {event.id} or its seal was changed"
    return ""
