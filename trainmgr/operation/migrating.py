"""Migrating under a lock, so that several hosts may start it at once and one does it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade

from trainmgr.kernel.db import db
from trainmgr.kernel.places import instance_folder
from trainmgr.operation import rows

LOCK = 0x74726D67  # of PostgreSQL's advisory locks: "trmg"
SECONDS = 600.0
LOCK_FILE = "migrate.lock"


class LockTaken(Exception):
    """Another host did not finish migrating in time."""


def heads() -> set[str]:
    """Return the newest migrations that this version of the program brings."""
    config = current_app.extensions["migrate"].migrate.get_config()
    return set(ScriptDirectory.from_config(config).get_heads())


def present() -> str | None:
    """Return the migration at which the database stands."""
    with db.engine.connect() as connection:
        found = rows.revision_of(connection)
        connection.rollback()
        return found


def knows(revision: str) -> bool:
    """Tell whether this version of the program brings a migration; one that it does not bring is of a newer version."""
    config = current_app.extensions["migrate"].migrate.get_config()
    return any(script.revision == revision for script in ScriptDirectory.from_config(config).walk_revisions())


def migrate(revision: str = "head", *, seconds: float = SECONDS) -> bool:
    """Bring the database to a revision unless it is there; tells whether there was something to do.

    Whoever comes second waits, and then finds the work done. Raises LockTaken after so many seconds.
    """
    wanted = heads() if revision == "head" else {revision}
    with lock(seconds):
        if {present()} == wanted:
            return False
        upgrade(revision=revision)
        db.engine.dispose()  # what its connections know of the tables is old
        return True


@contextmanager
def lock(seconds: float) -> Iterator[None]:
    """Hold the one lock of this installation's database."""
    holding = _advisory if db.engine.dialect.name == "postgresql" else _file
    with holding(time.monotonic() + seconds):
        yield


@contextmanager
def _advisory(deadline: float) -> Iterator[None]:
    # Its own connection, outside of any transaction: the lock goes with it, also when this process is killed.
    engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        attempt = sa.text("SELECT pg_try_advisory_lock(:number)")
        _wait(lambda: connection.scalar(attempt, {"number": LOCK}), deadline)
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:number)"), {"number": LOCK})


@contextmanager
def _file(deadline: float) -> Iterator[None]:
    path: Path = instance_folder(current_app) / LOCK_FILE
    with path.open("a+b") as handle:
        _wait(lambda: _locked(handle), deadline)
        yield  # the lock goes with the handle


def _locked(handle: Any) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        handle.seek(0)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _wait(attempt: Any, deadline: float) -> None:
    while not attempt():
        if time.monotonic() > deadline:
            raise LockTaken("another host is migrating and has not finished in time")
        time.sleep(0.1)
