"""The drill: back an installation up while somebody writes, restore it elsewhere, and hold both against each other.

What is given is a database that `load` filled; it gets some thousand contents, for the bench itself makes few. Then the
very commands of docs/operating.md run, each as a process of its own: `trainmgr backup` while a writer goes on adding
rows, `verify-backup`, and `restore` into an empty SQLite and an empty PostgreSQL. What came back is counted here again
by plain SQL, table by table, against the rows that the source had when the backup began, and every content is read and
hashed. The writer's later rows must not be in it, its earlier ones must.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from tests.databases import PostgresDatabase, postgres_server

PASSPHRASE = "a passphrase of the drill"
CONTENTS, SIZE = 2000, 64 * 1024
MARK = "drill"


@dataclass(frozen=True)
class Step:
    """What a command took: seconds by the clock, seconds of CPU, and its most memory in MB."""

    name: str
    seconds: float
    cpu: float
    memory: float
    said: str


def command(name: str, url: str, instance: Path, *words: str | Path) -> Step:
    """Run a command of `trainmgr` as an operator does, and measure it."""
    environment = os.environ | {
        "TRAINMGR_DATABASE_URL": url,
        "TRAINMGR_INSTANCE_PATH": str(instance),
        "TRAINMGR_BACKUP_PASSPHRASE": PASSPHRASE,
    }
    begun = time.monotonic()
    arguments = [sys.executable, "-m", "flask", "--app", "run", "trainmgr", *map(str, words)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.read() if process.stdout else ""
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}: {said}")
    return Step(
        name, time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said.strip()
    )


def counts(url: str) -> dict[str, int]:
    """Return how many rows each table has."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        names = sorted(sa.inspect(connection).get_table_names())
        quoted = connection.dialect.identifier_preparer.quote
        found = {
            name: int(connection.scalar(sa.text(f"SELECT count(*) FROM {quoted(name)}")) or 0)
            for name in names
        }
    engine.dispose()
    return found


def add_contents(url: str, instance: Path, count: int) -> None:
    """Give the installation contents to carry, straight into its place for files."""
    engine = sa.create_engine(url)
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = []
    for number in range(count):
        content = hashlib.sha256(str(number).encode()).digest() * (SIZE // 32)
        digest = hashlib.sha256(content).hexdigest()
        place = instance / "files" / digest[:2] / digest[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        rows.append(
            {"sha256": digest, "media_type": "text/plain", "size": SIZE, "name": f"{number}.txt", "purpose": MARK,
             "owner_id": None, "program_id": None, "created_at": now}
        )  # fmt: skip
    with engine.begin() as connection:
        table = sa.Table("stored_file", sa.MetaData(), autoload_with=connection)
        if not connection.scalar(sa.select(sa.func.count()).where(table.c.purpose == MARK)):
            connection.execute(sa.insert(table), rows)
    engine.dispose()


class Writer(threading.Thread):
    """Somebody who goes on working: a row every fifty milliseconds until told to stop."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.stopped, self.written = url, threading.Event(), 0

    def run(self) -> None:
        """Write, numbered from 0 on."""
        engine = sa.create_engine(self.url)
        statement = sa.text(
            "INSERT INTO sign_in_attempt (account_key, address_key, at) VALUES (:key, :mark, :at)"
        )
        while not self.stopped.is_set():
            moment = datetime.now(UTC).replace(tzinfo=None)
            with engine.begin() as connection:
                connection.execute(statement, {"key": f"{self.written}", "mark": MARK, "at": moment})
            self.written += 1
            self.stopped.wait(0.05)
        engine.dispose()


def restored_faults(before: dict[str, int], url: str, instance: Path, written: range) -> Iterator[str]:
    """Tell what differs between what was there when the backup began and what came back."""
    after = counts(url)
    own = {"sign_in_attempt", "alembic_version", "installation_mark"}
    for name in sorted(before.keys() | after.keys()):
        if name not in own and before.get(name) != after.get(name):
            yield f"{name}: {before.get(name)} rows before, {after.get(name)} after"
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        keys = sorted(
            int(key)
            for (key,) in connection.execute(
                sa.text("SELECT account_key FROM sign_in_attempt WHERE address_key = :mark"), {"mark": MARK}
            )
        )
        if keys != list(range(len(keys))) or len(keys) not in written:
            yield f"of the writer's rows {len(keys)} came back, with holes or out of {written}"
        contents = {sha256 for (sha256,) in connection.execute(sa.text("SELECT sha256 FROM stored_file"))}
    engine.dispose()
    for sha256 in contents:
        place = instance / "files" / sha256[:2] / sha256[2:]
        if not place.exists() or hashlib.sha256(place.read_bytes()).hexdigest() != sha256:
            yield f"the content {sha256} is missing or another"


def run(options: Namespace) -> int:
    """Do the drill and print what each step took; 1 where something did not come back as it was."""
    source = Path(os.environ["TRAINMGR_INSTANCE_PATH"])
    url = os.environ["DATABASE_URL"]
    add_contents(url, source, CONTENTS)
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="trainmgr-drill-") as name, postgres_server() as server:
        folder = Path(name)
        file = folder / "drill.backup"
        before, writer = counts(url), Writer(url)
        writer.start()
        try:
            first = writer.written
            steps = [command("backup", url, source, "backup", "--with-keys", file)]
        finally:
            writer.stopped.set()
            writer.join()
        written = range(first, writer.written + 1)
        steps.append(command("verify", url, source, "verify-backup", file))
        database = PostgresDatabase(server, "drill")
        database.create()
        kinds = {"SQLite": f"sqlite:///{folder / 'restored.db'}", "PostgreSQL": database.url}
        for kind, target in kinds.items():
            instance = folder / kind
            steps.append(command(f"restore into {kind}", target, instance, "restore", file))
            faults += [f"{kind}: {fault}" for fault in restored_faults(before, target, instance, written)]
        size = file.stat().st_size
        database.remove()
    print(
        f"{sum(before.values()):,} rows of {len(before)} tables, {CONTENTS:,} contents, sealed {size / 1e6:,.0f} MB;"
    )
    print(f"{writer.written:,} rows were written meanwhile.")
    for step in steps:
        print(
            f"{step.name:24} {step.seconds:7.1f} s {step.cpu:7.1f} s CPU {step.memory:7.0f} MB   {step.said}"
        )
    for fault in faults:
        print(f"NOT AS IT WAS: {fault}")
    if options.json:
        told = {"rows": before, "bytes": size, "steps": [asdict(step) for step in steps], "faults": faults}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return 1 if faults else 0
