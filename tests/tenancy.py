"""Whether what pages ask of the database keeps to one college: each statement is asked again where there are two.

The second college is a twin: every row once more with all its keys moved up, so that nothing of one names the other.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from trainmgr.kernel.db import db
from trainmgr.kernel.tenancy import COLLEGE, large_tables

UP = 1_000_000
# Keys that are no foreign keys, because what they name may be gone.
LOOSE = {"program_id", "actor_id", "subject_id", "owner_id", "created_by", COLLEGE}
Heard = set[tuple[str, Any]]


@contextmanager
def hearing(app: Flask) -> Iterator[Heard]:
    """Note every select with its parameters that asks a table whose rows belong to a college."""
    heard: Heard = set()

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith("SELECT") and named(statement):
            heard.add((statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", note)


@cache
def _names() -> re.Pattern[str]:
    return re.compile(rf"\b(?:FROM|JOIN|,) ({'|'.join(large_tables())})\b")


@cache
def named(statement: str) -> frozenset[str]:
    """Return the large tables that a statement reads."""
    return frozenset(_names().findall(statement))


def reaching_across(heard: Heard, database: str) -> list[str]:
    """Return the statements whose answer changes when another college is there, asked of a database's copies."""
    found = []
    with closing(_copy(database)) as alone, closing(_copy(database)) as both:
        add_twin(both)
        for statement, parameters in sorted(heard, key=repr):
            answers = [sorted(map(repr, one.execute(statement, parameters))) for one in (alone, both)]
            if answers[0] != answers[1]:
                found.append(f"{len(answers[0])} rows alone, {len(answers[1])} beside another: {statement}")
    return found


def read_whole(heard: Heard, database: str) -> list[str]:
    """Return the statements for which a large table is read from end to end, because no index serves them."""
    found = set()
    with closing(_copy(database)) as connection:
        for statement, parameters in heard:
            for *_ids, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                scanned = re.match(r"SCAN (\w+?)(?:_\d+)?(?: |$)", step)
                if scanned and scanned[1] in named(statement):
                    found.add(f"{step}: {statement}")
    return sorted(found)


def _copy(database: str) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(database)) as original:
        original.backup(copy)
    return copy


# --- the twin ---------------------------------------------------------------------------------------


def add_twin(connection: sqlite3.Connection) -> None:
    """Write every row once more with its keys moved up; tables without such keys belong to nobody."""
    for table in db.metadata.sorted_tables:
        moved = {column.name for column in table.c if _is_key(column)}
        if not moved:
            continue
        renamed = set().union(*(_to_rename(keys, moved) for keys in _unique(table)))
        columns = [column.name for column in table.c]
        values = [
            f'"{name}" + {UP}' if name in moved else f"\"{name}\" || '~'" if name in renamed else f'"{name}"'
            for name in columns
        ]
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute(f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM {table.name}")


def _is_key(column: sa.Column[Any]) -> bool:
    if not isinstance(column.type, sa.Integer):
        return False
    return bool(column.foreign_keys) or column.name in LOOSE or (column.name == "id" and column.primary_key)


def _unique(table: sa.Table) -> Iterator[Any]:
    for constraint in table.constraints:
        if isinstance(constraint, (sa.UniqueConstraint, sa.PrimaryKeyConstraint)):
            yield constraint.columns
    yield from (index.columns for index in table.indexes if index.unique)


def _to_rename(columns: Any, moved: set[str]) -> set[str]:
    if any(column.name in moved and not column.nullable for column in columns):
        return set()
    texts = [column for column in columns if isinstance(column.type, sa.String)]
    return {column.name for column in texts if not isinstance(column.type, sa.Enum)}
