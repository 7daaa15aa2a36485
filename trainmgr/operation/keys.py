"""Putting a new data key into use: what former keys sealed is sealed anew under the first, in the background.

Blind indexes stay with the last key (see kernel.crypto), so the last of DATA_KEYS is kept; those between may go.
"""

from __future__ import annotations

import binascii
import hashlib
import io
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from flask import current_app
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import crypto, files, storage
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import after_commit, db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job, JobRun, enqueue, job
from trainmgr.operation.register import register, table

KIND = "operation.rotate_keys"
TITLE = _l("Seal personal data anew under the first key")
OTHER_KEYS = _l("The worker was started with other keys. Start it anew, then run this again.")
BATCH = 500
LARGEST_SEALED = 64 * 1024**2  # an upload that waits for its job is not longer


def start(*, now: datetime) -> Job:
    """Plan the work; what is sealed under the first key already is left as it is."""
    probe = {"probe": crypto.encrypt("probe")}
    return enqueue(KIND, title=str(TITLE), params=probe, by=None, program_id=None, now=now)


def is_current(sealed: bytes) -> bool:
    """Tell whether the first key sealed this; earlier versions' values never count as current."""
    if not sealed.startswith(crypto.MARK):
        return False
    body = sealed[len(crypto.MARK) :]
    try:
        current_app.extensions["keyring"].boxes[0].decrypt(body[: crypto.NONCE], body[crypto.NONCE :], None)
    except (InvalidTag, ValueError):
        return False
    return True


def anew(token: str) -> str | None:
    """Return a value sealed under the first key, or None where it is; raises DataKeyMissing."""
    plain = crypto.decrypt(token)
    raw = token.encode("ascii")
    if raw.startswith(crypto.MARK) and is_current(crypto.MARK + _bytes_of(raw)):
        return None
    return crypto.encrypt(plain)


def _bytes_of(raw: bytes) -> bytes:
    return binascii.a2b_base64(raw[len(crypto.MARK) :], strict_mode=True)


@job(KIND)
def rotate(run: JobRun) -> None:
    """Seal column after column anew, then the contents; goes on at the row where it was left.

    A worker that was started before the new key was put in front would find nothing to do, so it refuses.
    """
    try:
        same = anew(run.params.get("probe", "")) is None
    except crypto.DataKeyMissing:
        same = False
    require(same, OTHER_KEYS)
    parts: list[tuple[str, Callable[[int], tuple[int, int, int]]]] = [
        (name, _column(name)) for name in register().sealed
    ]
    parts.append(("stored_file", _contents))
    place, after = run.checkpoint.get("part", 0), run.checkpoint.get("after", 0)
    while place < len(parts):
        if run.should_stop():
            return
        looked, renewed, last = parts[place][1](after)
        place, after = (place, last) if looked else (place + 1, 0)
        run.progress(run.done + looked, checkpoint={"part": place, "after": after}, renewed=renewed)


def _column(name: str) -> Callable[[int], tuple[int, int, int]]:
    """Return what renews one batch of a column behind a key: how many were looked at, renewed, and the last key."""
    of, column = table(name.split(".")[0]), table(name.split(".")[0]).c[name.split(".")[1]]
    (key,) = of.primary_key.columns

    def renew(after: int) -> tuple[int, int, int]:
        statement = sa.select(key, column).where(key > after, column.is_not(None), column != "")
        rows = db.session.execute(statement.order_by(key).limit(BATCH)).all()
        renewed = 0
        for number, token in rows:
            if (new := anew(token)) is not None:
                # Whoever wrote meanwhile wrote under the first key; that is not undone.
                mine = sa.update(of).where(key == number, column == token)
                db.session.execute(mine.values({column: new}))
                renewed += 1
        return len(rows), renewed, rows[-1][0] if rows else after

    return renew


def _contents(after: int) -> tuple[int, int, int]:
    """Renew a batch of sealed contents: a content has its place by its hash, so that it gets a new one."""
    statement = sa.select(StoredFile).where(
        StoredFile.id > after,
        StoredFile.media_type == "application/octet-stream",
        StoredFile.size <= LARGEST_SEALED,
    )
    found = db.session.scalars(statement.order_by(StoredFile.id).limit(20)).all()
    renewed = sum(_renew_content(stored) for stored in found)
    return len(found), renewed, found[-1].id if found else after


def _renew_content(stored: StoredFile) -> bool:
    try:
        with files.open_file(stored) as content:
            sealed = content.read()
    except FileNotFoundError:
        return False
    if (not sealed.startswith(crypto.MARK) and not sealed.startswith(b"gAAAA")) or is_current(sealed):
        return False
    try:
        new = crypto.encrypt_bytes(crypto.decrypt_bytes(sealed))
    except crypto.DataKeyMissing:
        return False  # it only looks like one of ours
    _put_in_place(stored, new)
    return True


def _put_in_place(stored: StoredFile, new: bytes) -> None:
    sha256, size = hashlib.sha256(new).hexdigest(), len(new)
    place, former = storage.store(), stored.key
    place.put(files.key_of(sha256), io.BytesIO(new))
    others = sa.exists().where(StoredFile.sha256 == stored.sha256, StoredFile.id != stored.id)
    if not db.session.scalar(sa.select(others)):
        after_commit(lambda: place.delete([former]))
    stored.sha256, stored.size = sha256, size
