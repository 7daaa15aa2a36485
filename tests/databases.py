"""Databases for tests: made in a moment, thrown away, put back to a known state between tests.

A throwaway PostgreSQL cluster needs the server's binaries only: it listens on a Unix socket in a temporary folder and
never syncs to disk. `TEST_DATABASE_URL` names a server to use instead; databases are made and dropped on it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

POSTGRES_HINT = "needs PostgreSQL's server binaries or TEST_DATABASE_URL (Debian package: postgresql)"
NOBODY = "nobody"


class Database(Protocol):
    """One worker's database under test."""

    url: str

    def create(self) -> None:
        """Make it, empty, in place of what was there."""

    def keep(self, name: str) -> None:
        """Remember its present content under a name; nobody may be connected."""

    def clear(self, name: str) -> bool:
        """Bring back the content remembered under a name with everybody still connected; False where that cannot be."""

    def reset(self, name: str) -> None:
        """Bring back the content remembered under a name, whoever is still connected."""

    def remove(self) -> None:
        """Throw it away with all that was remembered."""


class SqliteDatabase:
    """A file that is copied back between tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "test.db"
        self.url = f"sqlite:///{self.path}"

    def create(self) -> None:
        self._unlink()

    def keep(self, name: str) -> None:
        with (
            closing(sqlite3.connect(self.path)) as source,
            closing(sqlite3.connect(self._kept(name))) as target,
        ):
            source.backup(target)

    def clear(self, name: str) -> bool:
        return False

    def reset(self, name: str) -> None:
        # A new file rather than new content: a connection left open by a test keeps the old one to itself.
        self._unlink()
        shutil.copyfile(self._kept(name), self.path)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kept(self, name: str) -> Path:
        return self.folder / f"kept-{name}.db"

    def _unlink(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)


# Deletes every row and restarts every sequence; where only a few tables hold rows this takes a few milliseconds.
SWEEP = """
DO $$
DECLARE
    item regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR item IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE 'DELETE FROM ' || item;
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END
$$
"""
HAS_ROWS = """
SELECT bool_or(xpath_exists('/table/row', query_to_xml(format('SELECT 1 FROM %I LIMIT 1', tablename), true, false, '')))
FROM pg_tables WHERE schemaname = 'public'
"""
SWEEPS_IN_A_ROW = 100


class PostgresDatabase:
    """A database that is swept empty between tests, or made again from a template that holds rows."""

    def __init__(self, server: str, name: str) -> None:
        self.server = server
        self.name = name
        self.url = with_database(server, name)
        self._kept: dict[str, bool] = {}  # name -> whether it holds no row
        self._present = ""  # the name whose content, perhaps changed, is in the database
        self._sweeps = 0
        self._admin: Any = None
        self._inside: Any = None

    def create(self) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self._execute(f"CREATE DATABASE \"{self.name}\" TEMPLATE template0 ENCODING 'UTF8'")

    def keep(self, name: str) -> None:
        with self._connect(self.name) as connection:
            self._kept[name] = not connection.execute(HAS_ROWS).fetchone()[0]
        connection.close()
        # A database that anybody is connected to cannot be copied; the sweeping connection may be.
        if self._inside:
            self._inside.close()
            self._inside = None
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{self.name}' AND pid <> pg_backend_pid()"
        )
        self._execute(f'CREATE DATABASE "{self.name}_{name}" TEMPLATE "{self.name}" STRATEGY file_copy')
        self._present = name

    def clear(self, name: str) -> bool:
        return self._present == name and self._kept[name] and self._sweep()

    def reset(self, name: str) -> None:
        if (
            self._inside
        ):  # it is about to lose its database; left open it would be warned about when collected
            self._inside.close()
        self._execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self._execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.name}_{name}" STRATEGY file_copy')
        self._present, self._sweeps, self._inside = name, 0, None

    def remove(self) -> None:
        for name in (self.name, *(f"{self.name}_{kept}" for kept in self._kept)):
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for connection in (self._inside, self._admin):
            if connection:
                connection.close()

    def _sweep(self) -> bool:
        """Empty all tables; False where that cannot be had, so that the database is made again."""
        import psycopg

        if self._sweeps >= SWEEPS_IN_A_ROW:  # what was deleted still lies in the tables
            return False
        self._sweeps += 1
        try:
            if self._inside is None:
                self._inside = self._connect(self.name)
                self._inside.execute("SET lock_timeout = '1s'")  # a test may have left a transaction open
            self._inside.execute(SWEEP)
        except psycopg.Error:
            return False
        return True

    def _connect(self, name: str) -> Any:
        import psycopg

        return psycopg.connect(plain_url(with_database(self.server, name)), autocommit=True)

    def _execute(self, statement: str) -> None:
        if self._admin is None:
            self._admin = self._connect("postgres")
        self._admin.execute(statement)


def with_database(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{quote(name)}"))


def plain_url(url: str) -> str:
    """The URL as PostgreSQL's own tools read it, without SQLAlchemy's driver name."""
    scheme, rest = url.split("://", 1)
    return f"{scheme.split('+')[0]}://{rest}"


# --- the throwaway cluster --------------------------------------------------------------------------


def postgres_binaries() -> Path | None:
    """The folder with initdb and postgres, from PATH or where Debian keeps them, the newest first."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def postgres_is_possible() -> bool:
    """Whether this machine can run the tests on PostgreSQL."""
    if os.environ.get("TEST_DATABASE_URL"):
        return True
    # A throwaway cluster is reached over a Unix socket only.
    return os.name == "posix" and postgres_binaries() is not None


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server to make databases on: the one named in the environment or a cluster of our own."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        yield named
        return
    binaries = postgres_binaries()
    if binaries is None:
        raise RuntimeError(f"The run on PostgreSQL {POSTGRES_HINT}.")
    folder = Path(tempfile.mkdtemp(prefix="trainmgr-pg-"))
    process = None
    try:
        process = start_cluster(binaries, folder)
        yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(folder), safe='')}"
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def start_cluster(
    binaries: Path, folder: Path, *, address: str = "", port: int = 5432, within: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Make a cluster in a folder and start it; it ends with this process, however that ends.

    It listens on a socket in the folder, and on an address of a test's own network where one is given.
    """
    as_user = _as_nobody()
    if as_user:
        shutil.chown(folder, NOBODY)
    data = folder / "data"
    initdb = [str(binaries / "initdb"), "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]
    initdb += ["--locale=C", "--pgdata", str(data)]
    result = subprocess.run([*as_user, *initdb], cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"initdb failed:\n{result.stderr}")
    if address:
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
    return run_cluster(binaries, folder, address=address, port=port, within=within)


def _as_nobody() -> list[str]:
    """Return what goes before a command of PostgreSQL, which refuses to run as root."""
    import pwd

    if os.geteuid():
        return []
    nobody = pwd.getpwnam(NOBODY)
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


def run_cluster(
    binaries: Path, folder: Path, *, address: str = "", port: int = 5432, within: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start the cluster that lies in a folder, for the first time or again; `within` goes before its command."""
    as_user = _as_nobody()
    if not as_user and shutil.which("setpriv"):
        as_user = ["setpriv"]
    if as_user:
        as_user.append("--pdeathsig=QUIT")
    settings = {
        "listen_addresses": address,
        "port": str(port),
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "jit": "off",
        "shared_buffers": "64MB",
        "timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*within, *as_user, str(binaries / "postgres"), "-D", str(folder / "data"), *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the cluster
        )
    wait_until_ready(process, folder, log, port=port)
    return process


def wait_until_ready(
    process: subprocess.Popen[bytes], folder: Path, log: Path, seconds: float = 120, port: int = 5432
) -> None:
    """Wait for the cluster to take connections; say what it said when it does not."""
    import psycopg

    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(host=str(folder), port=port, user="postgres", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}") from None
            time.sleep(0.05)
