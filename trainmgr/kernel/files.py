"""Uploaded and produced files: documents checked, photos made small, both kept by the hash of their content.

A content is written (see kernel.storage) before its row is committed. If the transaction rolls back, it has no row,
does no harm, and `flask files sweep` removes it.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import click
import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, request, send_file
from flask.cli import AppGroup
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import FileStorage
from werkzeug.wsgi import FileWrapper

from trainmgr.kernel import photos, storage
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import Model, UTCDateTime, after_commit, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.places import instance_folder
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.kernel.sheets.writer import content_disposition
from trainmgr.kernel.uploads import type_of

MEGABYTE = 1024 * 1024
FRESH_SECONDS = 3600  # younger files may belong to a transaction that is still open


class StoredFile(Model):
    """One file that belongs to somebody; rows with the same content share the file on disk."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    purpose: Mapped[str] = mapped_column(sa.String(40))
    owner_id: Mapped[int | None] = mapped_column(index=True)
    program_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def key(self) -> str:
        """The content's key in the store."""
        return key_of(self.sha256)

    @property
    def thumbnail_key(self) -> str:
        """The small picture's key in the store (photos only)."""
        return f"{self.key}.thumb"

    @property
    def path(self) -> Path:
        """Where the content stands on disk (in an installation that keeps files there)."""
        return path_of(self.sha256)

    @property
    def thumbnail_path(self) -> Path:
        """Where the small picture stands on disk."""
        return path_of(self.sha256).with_suffix(".thumb")


def key_of(sha256: str) -> str:
    """Return the key of content with this hash."""
    return f"{sha256[:2]}/{sha256[2:]}"


def files_folder(app: Flask | None = None) -> Path:
    """Return the folder that holds all stored files, where they are kept on disk."""
    return instance_folder(app or current_app) / "files"


def path_of(sha256: str) -> Path:
    """Return where content with this hash stands on disk."""
    return files_folder() / key_of(sha256)


# --- writing ------------------------------------------------------------------------------------


def store_bytes(
    data: bytes,
    *,
    name: str,
    media_type: str,
    purpose: str,
    by: Actor | None,
    program_id: int | None,
    now: datetime,
) -> StoredFile:
    """Keep bytes as a file (an upload for a job, a produced workbook); the caller's transaction commits the row."""
    return store_stream(
        io.BytesIO(data),
        name=name,
        media_type=media_type,
        purpose=purpose,
        by=by,
        program_id=program_id,
        now=now,
    )


def store_document(
    upload: FileStorage, *, by: Actor | None, program_id: int | None, now: datetime, purpose: str
) -> StoredFile:
    """Keep an uploaded document after its content was found to be what its name says; raises FileRefused."""
    content, name = upload.stream, upload.filename or ""
    media_type = type_of(content, name)
    _keep_within_quota(by, content.seek(0, io.SEEK_END))
    return store_stream(
        content,
        name=name,
        media_type=media_type,
        purpose=purpose,
        by=by,
        program_id=program_id,
        now=now,
    )


def store_stream(
    content: IO[bytes],
    *,
    name: str,
    media_type: str,
    purpose: str,
    by: Actor | None,
    program_id: int | None,
    now: datetime,
) -> StoredFile:
    """Keep a content piece by piece, however long it is; the caller's transaction commits the row."""
    sha256, size = _measure(content)
    storage.store().put(key_of(sha256), content)
    stored = StoredFile(
        sha256=sha256,
        media_type=media_type,
        size=size,
        name=_tidy(name),
        purpose=purpose,
        owner_id=by.id if by else None,
        program_id=program_id,
        created_at=now,
    )
    db.session.add(stored)
    db.session.flush()
    return stored


def _measure(content: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    content.seek(0)
    while piece := content.read(storage.PIECE):
        digest.update(piece)
        size += len(piece)
    content.seek(0)
    return digest.hexdigest(), size


@dataclass(frozen=True)
class SmallPhoto:
    """An uploaded photo made small, with its small picture, or the reason why it cannot be taken."""

    name: str
    photo: bytes = b""
    thumbnail: bytes = b""
    refusal: RuleBroken | None = None


def make_small(upload: FileStorage) -> SmallPhoto:
    """Make an uploaded photo at most 1600 pixels wide or high, without place, camera or other hidden data.

    Long work that needs no database (see kernel.db.step_aside).
    """
    name = upload.filename or "photo"
    try:
        most = int(current_app.config.get("PHOTO_MAX_BYTES", photos.MOST_BYTES))
        return SmallPhoto(name, *photos.make_small(upload, most))
    except RuleBroken as refusal:
        return SmallPhoto(name, refusal=refusal)


def store_photo(
    upload: FileStorage | SmallPhoto,
    *,
    by: Actor | None,
    program_id: int | None,
    now: datetime,
    purpose: str = "photo",
) -> StoredFile:
    """Keep a photo as `make_small` makes it; raises FileRefused."""
    small = upload if isinstance(upload, SmallPhoto) else make_small(upload)
    if small.refusal is not None:
        raise small.refusal
    thumbnail = small.thumbnail
    _keep_within_quota(by, len(small.photo))
    stored = store_bytes(
        small.photo,
        name=Path(small.name).stem + ".jpg",
        media_type="image/jpeg",
        purpose=purpose,
        by=by,
        program_id=program_id,
        now=now,
    )
    storage.store().put(stored.thumbnail_key, io.BytesIO(thumbnail))
    return stored


def _keep_within_quota(by: Actor | None, size: int) -> None:
    """Take no file with which a person would keep more than the installation gives to each; raises FileRefused."""
    most = int(current_app.config["PERSON_MB"])
    if by is None or by.id is None:
        return
    kept = db.session.scalar(sa.select(sa.func.sum(StoredFile.size)).where(StoredFile.owner_id == by.id)) or 0
    if kept + size > most * MEGABYTE:
        raise FileRefused(
            N_(
                "You keep %(kept)s MB of files here, and a person may keep %(most)s MB. Delete what is no longer "
                "needed, or ask whoever runs this installation for more."
            ),
            kept=f"{kept / MEGABYTE:.0f}",
            most=most,
        )


def _tidy(name: str) -> str:
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in bare if character.isprintable())[-200:] or "file"


# --- reading ------------------------------------------------------------------------------------


def open_file(stored: StoredFile) -> IO[bytes]:
    """Open the content for reading; raises FileNotFoundError when it is gone."""
    return storage.store().open(stored.key, stored.size)


def is_kept(stored: StoredFile) -> bool:
    """Tell whether the content is still there."""
    return storage.store().exists(stored.key)


@contextmanager
def local_copy(stored: StoredFile) -> Iterator[Path]:
    """Give a path on this machine at which the content can be read, for readers that need one."""
    if isinstance(storage.store(), storage.DiskStore):
        yield stored.path
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        with open_file(stored) as content, path.open("wb") as out:
            shutil.copyfileobj(content, out, storage.PIECE)
        yield path


def remove(stored: StoredFile) -> None:
    """Delete a file for good: its row now, its content after the commit, unless another row has the same content."""
    place, key = storage.store(), stored.key
    others = sa.exists().where(StoredFile.sha256 == stored.sha256, StoredFile.id != stored.id)
    if not db.session.scalar(sa.select(others)):
        after_commit(lambda: place.delete([key]))
    db.session.delete(stored)


def photo_response(stored: StoredFile, *, thumbnail: bool = False) -> Response:
    """Answer with a photo; the caller has made sure that the reader may see it."""
    key = stored.thumbnail_key if thumbnail else stored.key
    return _send(key, stored, "inline", etag=f"{stored.sha256}{'-t' if thumbnail else ''}", max_age=3600)


def file_response(stored: StoredFile) -> Response:
    """Answer with a file to keep under its name; the caller has made sure that the reader may have it."""
    return _send(stored.key, stored, "attachment", etag=stored.sha256, max_age=0)


def _send(key: str, stored: StoredFile, how: str, *, etag: str, max_age: int) -> Response:
    place = storage.store()
    try:
        if isinstance(place, storage.DiskStore):
            response: Response = send_file(
                place.path(key), mimetype=stored.media_type, etag=etag, conditional=True
            )
        else:
            response = _pass_on(place, key, stored, etag)
    except FileNotFoundError:
        abort(404)
    response.headers["Content-Disposition"] = content_disposition(how, stored.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = f"private, max-age={max_age}" if max_age else "private, no-store"
    return response


def _pass_on(place: storage.Store, key: str, stored: StoredFile, etag: str) -> Response:
    """Pass a content of a bucket on piece by piece: the store needs no door to the world, the checks stay here."""
    content = place.open(key)
    size = content.seek(0, 2)
    content.seek(0)
    pieces = FileWrapper(content, storage.PIECE)
    response = current_app.response_class(pieces, mimetype=stored.media_type, direct_passthrough=True)
    response.content_length = size
    response.set_etag(etag)
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    return response


# --- sweeping -----------------------------------------------------------------------------------


def sweep(*, older_than: float = FRESH_SECONDS) -> int:
    """Remove contents that no row speaks of and that are older than so many seconds; returns how many went."""
    known = {key_of(sha256) for sha256 in db.session.scalars(sa.select(StoredFile.sha256).distinct())}
    limit, place = time.time() - older_than, storage.store()
    lost = [key for key, at in place.entries() if key.partition(".")[0] not in known and at <= limit]
    place.delete(lost)
    return len(lost)


cli = AppGroup("files", help="Uploaded and produced files.")


@cli.command("sweep")
def sweep_command() -> None:
    """Remove files that belong to nothing, left behind by refused requests."""
    click.echo(f"{sweep()} files removed")


def init_app(app: Flask) -> None:
    """Give the application its store and the `files` commands."""
    storage.init_app(app)
    app.cli.add_command(cli)
