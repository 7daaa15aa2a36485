"""Each write is done once: its answer is kept for its Idempotency-Key, in the write's own transaction.

A refused write changed nothing and keeps nothing: it may be sent again under the same key.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import sqlalchemy as sa
from flask import Response
from flask_babel import gettext as _

from trainmgr.api.models import ApiAnswer
from trainmgr.api.problems import Problem
from trainmgr.api.rules import KEPT_FOR, LONGEST_KEY
from trainmgr.kernel.db import db


def digest_of(method: str, path: str, body: bytes, precondition: str) -> str:
    """Return what makes two requests the same."""
    told = json.dumps([method, path, precondition]).encode() + b"\0" + body
    return hashlib.sha256(told).hexdigest()


def checked(key: str | None) -> str:
    """Return a key that can be kept, or refuse: 428 without one, 422 for one that is too long or no plain text."""
    if not key:
        raise Problem(428, _("Send an Idempotency-Key with each write: a new one for each deed."))
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Problem(422, _("An Idempotency-Key has at most eighty plain signs."))
    return key


def replayed(token_id: int, key: str, digest: str, now: datetime) -> Response | None:
    """Return the answer that a key has already, None for a new one; nobody else works under the key until the end.

    Refuses with 409 while another request under the same key is at work, and with 422 for another request's key.
    """
    _lock(token_id, key)
    kept = db.session.get(ApiAnswer, (token_id, key))
    if kept is None:
        return None
    if kept.at < now - KEPT_FOR:
        db.session.delete(kept)
        db.session.flush()
        return None
    if kept.request_digest != digest:
        raise Problem(422, _("This Idempotency-Key was used for another request."))
    headers = dict(kept.headers) | {"Idempotent-Replayed": "true"}
    return Response(kept.body, kept.status, headers, content_type="application/json")


def _lock(token_id: int, key: str) -> None:
    """Hold the key until the transaction ends. SQLite has one writer at a time: there the second one just waits."""
    if db.engine.dialect.name != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(f"{token_id}:{key}".encode()).digest()[:8], "big", signed=True)
    if not db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        raise Problem(
            409, _("A request with this Idempotency-Key is still at work."), headers={"Retry-After": "1"}
        )


def keep(token_id: int, key: str, digest: str, response: Response, now: datetime) -> None:
    """Keep an answer, and throw some away that are older than a week."""
    headers = {name: value for name in ("ETag", "Location") if (value := response.headers.get(name))}
    db.session.add(
        ApiAnswer(
            token_id=token_id, key=key, request_digest=digest, status=response.status_code, headers=headers,
            body=response.get_data(as_text=True), at=now,
        )
    )  # fmt: skip
    old = (
        sa.select(ApiAnswer.key)
        .where(ApiAnswer.token_id == token_id, ApiAnswer.at < now - KEPT_FOR)
        .limit(100)
    )
    db.session.execute(
        sa.delete(ApiAnswer).where(ApiAnswer.token_id == token_id, ApiAnswer.key.in_(old)),
        execution_options={"synchronize_session": False},
    )
