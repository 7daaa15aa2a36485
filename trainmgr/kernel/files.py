"""Uploaded and produced files: photos made small and free of hidden data, kept by the hash of their content.

A file is written before its row is committed. If the transaction rolls back, the file has no row, does no harm,
and `flask files sweep` removes it.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click
import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, send_file
from flask.cli import AppGroup
from PIL import Image, ImageOps
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import FileStorage

from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import Model, UTCDateTime, db
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.places import instance_folder, write_atomically
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.kernel.sheets.writer import content_disposition

PHOTO_BYTES = 10 * 1024 * 1024  # PHOTO_MAX_BYTES in the configuration replaces it
PHOTO_PIXELS = 50_000_000
PHOTO_EDGE, THUMBNAIL_EDGE = 1600, 320
FORMATS = ("JPEG", "PNG", "WEBP")
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
    def path(self) -> Path:
        """Where the content stands."""
        return path_of(self.sha256)

    @property
    def thumbnail_path(self) -> Path:
        """Where the small picture stands (photos only)."""
        return path_of(self.sha256).with_suffix(".thumb")


def files_folder(app: Flask | None = None) -> Path:
    """Return the folder that holds all stored files."""
    return instance_folder(app or current_app) / "files"


def path_of(sha256: str) -> Path:
    """Return where content with this hash stands."""
    return files_folder() / sha256[:2] / sha256[2:]


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
    sha256 = hashlib.sha256(data).hexdigest()
    _keep(path_of(sha256), data)
    stored = StoredFile(
        sha256=sha256,
        media_type=media_type,
        size=len(data),
        name=_tidy(name),
        purpose=purpose,
        owner_id=by.id if by else None,
        program_id=program_id,
        created_at=now,
    )
    db.session.add(stored)
    db.session.flush()
    return stored


def store_photo(
    upload: FileStorage, *, by: Actor | None, program_id: int | None, now: datetime, purpose: str = "photo"
) -> StoredFile:
    """Keep an uploaded photo at most 1600 pixels wide or high, without place, camera or other hidden data."""
    picture = _decode(_read_limited(upload))
    photo = _as_jpeg(picture, PHOTO_EDGE)
    stored = store_bytes(
        photo,
        name=Path(upload.filename or "photo").stem + ".jpg",
        media_type="image/jpeg",
        purpose=purpose,
        by=by,
        program_id=program_id,
        now=now,
    )
    _keep(stored.thumbnail_path, _as_jpeg(picture, THUMBNAIL_EDGE))
    return stored


def _read_limited(upload: FileStorage) -> bytes:
    most = int(current_app.config.get("PHOTO_MAX_BYTES", PHOTO_BYTES))
    data = upload.stream.read(most + 1)
    if not data:
        raise FileRefused(N_("The photo is empty. Choose it again."))
    if len(data) > most:
        raise FileRefused(
            N_("The photo has more than %(most)s MB. Choose a smaller one."), most=most // 1024**2
        )
    return data


def _decode(data: bytes) -> Image.Image:
    if not _looks_like_photo(data):
        raise FileRefused(N_("This is not a photo that can be shown. Choose a JPEG, PNG or WebP picture."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > PHOTO_PIXELS:
            raise Image.DecompressionBombError
        picture.draft("RGB", (PHOTO_EDGE, PHOTO_EDGE))  # lets the JPEG decoder skip what is not needed
        return _upright(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileRefused(
            N_("The picture has more than %(most)s million pixels. Choose a smaller one."),
            most=PHOTO_PIXELS // 10**6,
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        raise FileRefused(N_("The photo is damaged and cannot be shown. Choose another one.")) from None


def _looks_like_photo(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _upright(picture: Image.Image) -> Image.Image:
    """Turn the picture as the camera was held and put it on white, so that nothing of the file but pixels stays."""
    picture.load()
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "P", "PA"):
        turned = turned.convert("RGBA")
        ground = Image.new("RGB", turned.size, "white")
        ground.paste(turned, mask=turned.getchannel("A"))
        return ground
    return turned.convert("RGB")


def _as_jpeg(picture: Image.Image, edge: int) -> bytes:
    small = picture.copy()
    small.info.clear()
    small.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()


def _keep(path: Path, data: bytes) -> None:
    if path.exists():
        os.utime(path)  # fresh again: the sweep must not take it before the new row is committed
    else:
        write_atomically(path, data)


def _tidy(name: str) -> str:
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in bare if character.isprintable())[-200:] or "file"


# --- reading ------------------------------------------------------------------------------------


def open_file(stored: StoredFile) -> BinaryIO:
    """Open the content for reading; raises FileNotFoundError when it is gone."""
    return stored.path.open("rb")


def photo_response(stored: StoredFile, *, thumbnail: bool = False) -> Response:
    """Answer with a photo; the caller has made sure that the reader may see it."""
    path = stored.thumbnail_path if thumbnail else stored.path
    return _send(path, stored, "inline", etag=f"{stored.sha256}{'-t' if thumbnail else ''}", max_age=3600)


def file_response(stored: StoredFile) -> Response:
    """Answer with a file to keep under its name; the caller has made sure that the reader may have it."""
    return _send(stored.path, stored, "attachment", etag=stored.sha256, max_age=0)


def _send(path: Path, stored: StoredFile, how: str, *, etag: str, max_age: int) -> Response:
    if not path.exists():
        abort(404)
    response: Response = send_file(path, mimetype=stored.media_type, etag=etag, conditional=True)
    response.headers["Content-Disposition"] = content_disposition(how, stored.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = f"private, max-age={max_age}" if max_age else "private, no-store"
    return response


# --- sweeping -----------------------------------------------------------------------------------


def sweep(*, older_than: float = FRESH_SECONDS) -> int:
    """Remove files that no row speaks of and that are older than so many seconds; returns how many went."""
    known = set(db.session.scalars(sa.select(StoredFile.sha256).distinct()))
    limit = time.time() - older_than
    removed = 0
    for path in _kept_files():
        if path.parent.name + path.stem not in known and path.stat().st_mtime <= limit:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _kept_files() -> Iterator[Path]:
    folder = files_folder()
    return (path for path in folder.glob("??/*") if path.is_file()) if folder.exists() else iter(())


cli = AppGroup("files", help="Uploaded and produced files.")


@cli.command("sweep")
def sweep_command() -> None:
    """Remove files that belong to nothing, left behind by refused requests."""
    click.echo(f"{sweep()} files removed")


def init_app(app: Flask) -> None:
    """Give the application the `files` commands."""
    app.cli.add_command(cli)
