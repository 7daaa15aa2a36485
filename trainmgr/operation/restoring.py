"""Restoring a backup into an empty database of either kind and an empty place for files, whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Connection

from trainmgr.kernel import storage
from trainmgr.kernel.db import db
from trainmgr.kernel.files import key_of
from trainmgr.kernel.places import instance_folder
from trainmgr.operation import rows
from trainmgr.operation.archive import ArchiveFault
from trainmgr.operation.backup import KEYS, Found, Member, check_about, check_counts, members

IN_MEMORY = 8 * 1024**2
CONTENT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}(\.thumb)?")

Say = Callable[[str], None]


def restore(
    source: IO[bytes], door: Any, *, migrate: Callable[[str], object], say: Say = lambda _: None
) -> Found:
    """Bring a backup into an empty database and an empty place for files; raises ArchiveFault, leaving both empty.

    `migrate` brings an empty database to a revision. The caller migrates forward afterwards.
    """
    place = storage.store()
    if next(iter(place.entries()), None) is not None:
        raise ArchiveFault("there are files already; restore into an empty place")
    promised: dict[str, Any] = {}
    stream = members(source, door, promised)
    about = check_about(next(stream).json())
    _make_tables(about, migrate)
    written: list[str] = []
    try:
        with _loading() as (connection, tables):
            found = _take(stream, about, connection, tables, written, say)
            check_counts(found, promised)
            _hold_against(connection, tables, found)
        _keep_keys(found)
    except BaseException:
        place.delete(written)
        raise
    return found


def _make_tables(about: dict[str, Any], migrate: Callable[[str], object]) -> None:
    with db.engine.connect() as connection:
        revision = rows.revision_of(connection)
        if revision is not None:
            used = [table.name for table in rows.reflected(connection) if rows.count(connection, table)]
            if used:
                raise ArchiveFault(
                    f"the database is in use ({', '.join(used[:3])}); restore into an empty one"
                )
        elif sa.inspect(connection).get_table_names():
            raise ArchiveFault("the database holds tables of something else; restore into an empty one")
        connection.rollback()
    if revision is None:
        migrate(about["revision"])
    elif revision != about["revision"]:
        raise ArchiveFault(
            f"the empty database stands at migration {revision}, the backup at {about['revision']}; "
            "give a database without tables"
        )


@contextmanager
def _loading() -> Iterator[tuple[Connection, dict[str, sa.Table]]]:
    """Give a transaction in which rows come in any order; their keys hold again at its end."""
    with db.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                tables = rows.reflected(connection)
                keys = [] if sqlite else _drop_keys(connection)
                yield connection, {table.name: table for table in tables}
                if sqlite:
                    if broken := connection.execute(sa.text("PRAGMA foreign_key_check")).first():
                        raise ArchiveFault(f"a row lacks its parent: {tuple(broken)}")
                else:
                    _settle(connection, keys)
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")


KEYS_OF_TABLES = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname
"""
NUMBERED = """
    SELECT quote_ident(table_name), quote_ident(column_name),
           pg_get_serial_sequence(quote_ident(table_name), column_name)
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND (column_default LIKE 'nextval(%' OR is_identity = 'YES')
"""


def _drop_keys(connection: Connection) -> list[str]:
    """Drop all foreign keys of PostgreSQL's tables; returns the statements that make them again."""
    again = []
    for table, name, definition in connection.execute(sa.text(KEYS_OF_TABLES)).all():
        connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        again.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    return again


def _settle(connection: Connection, keys: list[str]) -> None:
    """Let PostgreSQL's keys hold again, and its sequences go on behind the last row."""
    for statement in keys:
        connection.execute(sa.text(statement))
    for table, column, sequence in connection.execute(sa.text(NUMBERED)).all():
        newest = connection.scalar(sa.text(f"SELECT max({column}) FROM {table}"))  # noqa: S608  quoted by the database
        if newest is not None:
            connection.execute(
                sa.text("SELECT setval(:sequence, :newest)"), {"sequence": sequence, "newest": newest}
            )


def _take(
    stream: Iterator[Member],
    about: dict[str, Any],
    connection: Connection,
    tables: dict[str, sa.Table],
    written: list[str],
    say: Say,
) -> Found:
    found = Found(about, dict.fromkeys(about["columns"], 0))
    if unknown := found.tables.keys() - tables.keys():
        raise ArchiveFault(f"the database has no table {min(unknown)}")
    for member in stream:
        kind, _, rest = member.name.partition("/")
        if kind == "tables":
            name = rest.split("/")[0]
            batch = member.json()
            rows.insert(connection, tables[name], about["columns"][name], batch)
            found.tables[name] += len(batch)
        elif kind == "files":
            _put(member, rest, written)
            found.files += 1
            found.bytes += member.size
        elif kind == "keys" and rest in KEYS:
            found.about.setdefault("keys", {})[rest] = member.content.read().decode("ascii")
    say(f"{sum(found.tables.values()):,} rows and {found.files:,} files were read and fit their checksums")
    return found


def _put(member: Member, key: str, written: list[str]) -> None:
    if not CONTENT.fullmatch(key):
        raise ArchiveFault(f"{key!r} is not the name of a content")
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as whole:
        shutil.copyfileobj(member.content, whole, storage.PIECE)
        if not key.endswith(".thumb") and key_of(member.content.digest.hexdigest()) != key:
            raise ArchiveFault(f"the file {key} is not what its name tells")
        whole.seek(0)
        written.append(key)
        storage.store().put(key, whole)


def _hold_against(connection: Connection, tables: dict[str, sa.Table], found: Found) -> None:
    for name, expected in found.tables.items():
        if (there := rows.count(connection, tables[name])) != expected:
            raise ArchiveFault(f"{name} has {there} rows after restoring, the backup {expected}")


def _keep_keys(found: Found) -> None:
    """Put keys that came along beside the database; those of the empty installation are set aside, not lost."""
    for name, text in found.about.get("keys", {}).items():
        path: Path = instance_folder(current_app) / name
        if path.exists() and path.read_text(encoding="ascii") != text:
            path.rename(path.with_suffix(".key.before-restore"))
        path.touch(mode=0o600)
        path.write_text(text, encoding="ascii")
