"""A backup of database and files as of one moment, made while people work, and the check that it is whole.

Within the sealed stream (see `archive`) is a tar: `about.json`, the rows of every table in pieces, every content, and
at the end `manifest.json` with the number of rows per table and the SHA-256 of every member. The rows are one snapshot.
A content never changes under its key, so that it may be read later than its row.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Connection

from trainmgr.kernel import storage
from trainmgr.kernel.crypto import KEY_FILE
from trainmgr.kernel.db import db, reading
from trainmgr.kernel.files import key_of
from trainmgr.kernel.places import instance_folder
from trainmgr.operation import rows
from trainmgr.operation.archive import ArchiveFault, Opener, Sealer

FORMAT = 1
ROWS = 2000  # in one member
LARGEST_MEMBER = 512 * 1024**2  # of rows; contents are read piece by piece
KEYS = (KEY_FILE, "secret.key")


@dataclass
class Manifest:
    """What a backup holds."""

    tables: dict[str, int] = field(default_factory=dict)  # rows of each
    members: dict[str, str] = field(default_factory=dict)  # SHA-256 of each member of the tar
    files: int = 0
    bytes: int = 0  # of contents
    gone: list[str] = field(default_factory=list)  # contents that a row speaks of and that are not there

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(self.tables.values())


# --- writing ------------------------------------------------------------------------------------


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Give a connection that sees one moment of the database, and hinders nobody."""
    with reading():
        connection = db.engine.connect()
        try:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            connection.execute(sa.text("SELECT 1"))
            yield connection
        finally:
            connection.rollback()
            connection.close()


class _Tar:
    """A tar that is written as a stream and notes what it holds."""

    def __init__(self, out: Any, now: datetime) -> None:
        self.tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.at = int(now.timestamp())
        self.manifest = Manifest()

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, self.at, 0o600
        watched = _Watched(content)
        self.tar.addfile(member, watched)
        self.manifest.members[name] = watched.digest.hexdigest()

    def add_json(self, name: str, value: Any) -> None:
        data = json.dumps(value, ensure_ascii=False).encode()
        self.add(name, io.BytesIO(data), len(data))


class _Watched:
    """A file that is read and whose SHA-256 is known afterwards."""

    def __init__(self, content: Any) -> None:
        self.content, self.digest = content, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.content.read(size)
        self.digest.update(data)
        return data


def write(out: IO[bytes], door: Any, *, now: datetime, with_keys: bool = False) -> Manifest:
    """Write a backup of this installation; raises ArchiveFault where the database was not migrated."""
    sealer = Sealer(out, door)
    tar = _Tar(sealer, now)
    with snapshot() as connection:
        revision = rows.revision_of(connection)
        if revision is None:
            raise ArchiveFault("the database has had no migration; there is nothing to back up")
        tables = rows.reflected(connection)
        tar.add_json("about.json", _about(tables, revision, now))
        for table in tables:
            _add_rows(tar, connection, table)
        contents = _contents(connection)
    _add_files(tar, contents)
    if with_keys:
        _add_keys(tar)
    tar.add_json("manifest.json", vars(tar.manifest) | {"members": dict(tar.manifest.members)})
    tar.tar.close()
    sealer.finish()
    return tar.manifest


def _about(tables: list[sa.Table], revision: str, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": current_app.config["VERSION"],
        "database": db.engine.dialect.name,
        "revision": revision,
        "at": now.isoformat(),
        "columns": {table.name: [column.name for column in table.columns] for table in tables},
    }


def _add_rows(tar: _Tar, connection: Connection, table: sa.Table) -> None:
    total = 0
    for number, batch in enumerate(rows.batches(connection, table, ROWS)):
        total += len(batch)
        tar.add_json(f"tables/{table.name}/{number:06}.json", batch)
    tar.manifest.tables[table.name] = total


def _contents(connection: Connection) -> list[tuple[str, int]]:
    """Return hash and size of every content that a row speaks of."""
    stored = sa.table("stored_file", sa.column("sha256"), sa.column("size"))
    statement = sa.select(stored.c.sha256, sa.func.max(stored.c.size)).group_by(stored.c.sha256)
    return [(sha256, size) for sha256, size in connection.execute(statement.order_by(stored.c.sha256))]


def _add_files(tar: _Tar, contents: list[tuple[str, int]]) -> None:
    place = storage.store()
    for sha256, size in contents:
        key = key_of(sha256)
        try:
            content = place.open(key, size)
        except FileNotFoundError:
            tar.manifest.gone.append(sha256)
            continue
        with content:
            _add_file(tar, key, content)
        if tar.manifest.members[f"files/{key}"] != sha256:
            raise ArchiveFault(f"the file {key} is damaged: its content is not the one its name tells")
        small = f"{key}.thumb"
        if place.exists(small):
            with place.open(small) as content:
                _add_file(tar, small, content)


def _add_file(tar: _Tar, key: str, content: IO[bytes]) -> None:
    size = content.seek(0, 2)
    content.seek(0)
    tar.add(f"files/{key}", content, size)
    tar.manifest.files += 1
    tar.manifest.bytes += size


def _add_keys(tar: _Tar) -> None:
    for name in KEYS:
        path = instance_folder(current_app) / name
        if path.exists():
            data = path.read_bytes()
            tar.add(f"keys/{name}", io.BytesIO(data), len(data))


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """One member of the tar, to be read before the next is asked for."""

    name: str
    size: int
    content: _Watched

    def json(self) -> Any:
        """Return the value that the member holds."""
        if self.size > LARGEST_MEMBER:
            raise ArchiveFault("this backup is not one of ours: a member is too large")
        return json.loads(self.content.read())


def members(source: IO[bytes], door: Any, promised: dict[str, Any]) -> Iterator[Member]:
    """Yield the members of a backup and hold each against the manifest at the end; raises ArchiveFault.

    Whatever is done with them has to be undone unless the last was reached; then `promised` holds the manifest.
    """
    found: dict[str, str] = {}
    opened = io.BufferedReader(Opener(source, door.key_of), 1 << 16)
    try:
        with tarfile.open(fileobj=opened, mode="r|") as tar:
            for info in tar:
                content = _Watched(tar.extractfile(info))
                if info.name == "manifest.json":
                    promised |= json.loads(content.read())
                    _compare(promised, found)
                    while opened.read(1 << 16):  # to the very end: nothing was cut off, nothing is added
                        pass
                    return
                yield Member(info.name, info.size, content)
                while content.read(1 << 16):
                    pass
                found[info.name] = content.digest.hexdigest()
    except tarfile.TarError as fault:
        raise ArchiveFault("this backup is damaged") from fault
    raise ArchiveFault("this backup was cut off")


def _compare(manifest: dict[str, Any], found: dict[str, str]) -> None:
    if manifest["members"] != found:
        wrong = sorted(set(manifest["members"].items()) ^ set(found.items()))
        raise ArchiveFault(f"this backup does not hold what it says: {wrong[0][0]}")


@dataclass
class Found:
    """What a backup was found to hold."""

    about: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def verify(source: IO[bytes], door: Any) -> Found:
    """Read a whole backup and hold it against its manifest, writing nothing; raises ArchiveFault."""
    found, promised = Found(), dict[str, Any]()
    for member in members(source, door, promised):
        kind, _, rest = member.name.partition("/")
        if member.name == "about.json":
            found.about = check_about(member.json())
            found.tables = dict.fromkeys(found.about["columns"], 0)
        elif kind == "tables":
            found.tables[rest.split("/")[0]] += len(member.json())
        elif kind == "files":
            found.files += 1
            found.bytes += member.size
    check_counts(found, promised)
    return found


def check_counts(found: Found, promised: dict[str, Any]) -> None:
    """Hold the rows that were read against those that were backed up; raises ArchiveFault."""
    for name, expected in promised["tables"].items():
        if found.tables.get(name) != expected:
            raise ArchiveFault(
                f"{name} has {found.tables.get(name)} rows in this backup, {expected} were backed up"
            )


def check_about(about: dict[str, Any]) -> dict[str, Any]:
    """Return what a backup says of itself; raises ArchiveFault for a format that is not known."""
    if about.get("format") != FORMAT:
        raise ArchiveFault(f"this backup has format {about.get('format')}, known is {FORMAT}")
    return about
