"""Where the contents of files stand: in a folder of this machine, or in a bucket of any S3-compatible store.

Both keep a content under its key (made from its hash) whole or not at all, and read it without holding it in memory.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit

from flask import Flask, current_app

from trainmgr.kernel.places import instance_folder

PIECE = 1024 * 1024
PART = 8 * 1024 * 1024  # of an upload in parts
SECONDS = 30


class Store(Protocol):
    """A place for contents."""

    def put(self, key: str, content: IO[bytes]) -> None:
        """Keep a content; one that is there already counts as fresh again, so that no sweep takes it."""

    def open(self, key: str, size: int | None = None) -> IO[bytes]:
        """Open a content for reading and seeking; raises FileNotFoundError. `size`, where known, saves a question."""

    def exists(self, key: str) -> bool:
        """Tell whether a content is there."""

    def entries(self) -> Iterator[tuple[str, float]]:
        """Yield every key with the moment of its last writing, in seconds since 1970."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete contents; those that are gone already do no harm."""


class DiskStore:
    """A folder, two levels deep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where a content stands."""
        return self.folder / key

    def put(self, key: str, content: IO[bytes]) -> None:
        path = self.path(key)
        if path.exists():
            os.utime(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as out:
                shutil.copyfileobj(content, out, PIECE)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(temporary, 0o640)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def open(self, key: str, size: int | None = None) -> IO[bytes]:
        return self.path(key).open("rb")

    def exists(self, key: str) -> bool:
        return self.path(key).exists()

    def entries(self) -> Iterator[tuple[str, float]]:
        if self.folder.exists():
            for path in self.folder.glob("??/*"):
                if path.is_file():
                    yield f"{path.parent.name}/{path.name}", path.stat().st_mtime

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)


class BucketStore:
    """A bucket; the access key comes from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the machine's role."""

    def __init__(self, url: str) -> None:
        try:
            import obstore
        except ImportError:
            raise RuntimeError(
                "TRAINMGR_FILES_URL names a bucket, for which obstore is missing: "
                "pip install -r requirements-s3.txt"
            ) from None
        self.client = obstore
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise RuntimeError("TRAINMGR_FILES_URL is s3://BUCKET[/FOLDER]?endpoint=https://HOST&region=NAME")
        self.bucket = obstore.store.S3Store(
            parts.netloc, prefix=parts.path.strip("/") or None, **_options(parse_qs(parts.query))
        )

    def put(self, key: str, content: IO[bytes]) -> None:
        # Written anew even where it is there: that is what makes it fresh, and the content is the same.
        self.client.put(self.bucket, key, content, chunk_size=PART, max_concurrency=2)

    def open(self, key: str, size: int | None = None) -> IO[bytes]:
        reader = self.client.open_reader(self.bucket, key, buffer_size=PIECE, size=size)
        return cast(IO[bytes], io.BufferedReader(_Reader(reader), PIECE))

    def exists(self, key: str) -> bool:
        try:
            self.client.head(self.bucket, key)
        except FileNotFoundError:
            return False
        return True

    def entries(self) -> Iterator[tuple[str, float]]:
        for batch in self.client.list(self.bucket):
            for found in batch:
                yield found["path"], found["last_modified"].timestamp()

    def delete(self, keys: Iterable[str]) -> None:
        if wanted := list(keys):
            self.client.delete(self.bucket, wanted)


class _Reader(io.RawIOBase):
    """A bucket's reader as Python's buffered reader wants it."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return int(self.reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self.reader.tell())

    def readinto(self, buffer: Any) -> int:
        piece = bytes(self.reader.read(len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


def _options(query: dict[str, list[str]]) -> dict[str, Any]:
    endpoint = query.get("endpoint", [""])[0]
    options: dict[str, Any] = {
        "region": query.get("region", ["us-east-1"])[0],
        # Stores other than Amazon's are addressed by path: https://HOST/BUCKET/key
        "virtual_hosted_style_request": not endpoint,
        "client_options": {"timeout": f"{SECONDS}s", "allow_http": endpoint.startswith("http://")},
        "retry_config": {"max_retries": 3},
    }
    return options | ({"endpoint": endpoint} if endpoint else {})


def store() -> Store:
    """Return the store of this installation, opened when it is first needed."""
    known: dict[str, Store] = current_app.extensions["storage"]
    place = str(current_app.config.get("FILES_URL") or instance_folder(current_app) / "files")
    if place not in known:
        known[place] = BucketStore(place) if "://" in place else DiskStore(Path(place))
    return known[place]


def init_app(app: Flask) -> None:
    """Give the application its place for contents."""
    app.extensions["storage"] = {}
