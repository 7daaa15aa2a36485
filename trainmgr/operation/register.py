"""The register of personal data, read from register.toml: what is kept about people, and whose a row is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db

FILE = Path(__file__).with_name("register.toml")
PERSON = "user_account"
EMPTIED = "–"  # stands where the database asks for some text and there is none any more


@dataclass(frozen=True)
class DataClass:
    """Columns that are kept for one purpose, by one rule."""

    name: str
    purpose: str
    visible: str
    retention: str
    on_erasure: str
    columns: tuple[str, ...]  # "table.column"
    because: str = ""
    years_after_programme: int = 0  # then `trainmgr purge` clears it, where its rows lead to a programme

    def of(self, table: str) -> list[str]:
        """Return the columns of a table that are of this class."""
        return [column.split(".")[1] for column in self.columns if column.split(".")[0] == table]


@dataclass(frozen=True)
class PurgeRule:
    """What goes when it is old enough: rows, or only some columns of them."""

    name: str
    table: str
    at: str
    days: int
    clear: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Register:
    """The whole register."""

    classes: dict[str, DataClass]
    about: dict[str, str]
    purge: tuple[PurgeRule, ...]
    delete: tuple[str, ...]
    files: tuple[str, ...]
    sealed: tuple[str, ...]
    plain: dict[str, tuple[str, ...]]

    def declared(self) -> list[str]:
        """Return every column that stands in the register, as often as it does."""
        found = [column for one in self.classes.values() for column in one.columns]
        return found + [f"{table}.{column}" for table, columns in self.plain.items() for column in columns]


@cache
def register() -> Register:
    """Return the register."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    classes = {
        name: DataClass(name=name, **facts | {"columns": tuple(facts["columns"])})
        for name, facts in raw["class"].items()
    }
    return Register(
        classes,
        raw["about"],
        tuple(_purge_rule(facts) for facts in raw["purge"]),
        tuple(raw["erasure"]["delete"]),
        tuple(raw["erasure"]["files"]),
        tuple(raw["sealed"]["columns"]),
        {table: tuple(columns) for table, columns in raw["plain"].items()},
    )


def _purge_rule(facts: dict[str, Any]) -> PurgeRule:
    where = tuple((column, tuple(values)) for column, values in facts.get("where", {}).items())
    return PurgeRule(**facts | {"clear": tuple(facts.get("clear", ())), "where": where})


def table(name: str) -> sa.Table:
    """Return a table by its name."""
    return db.metadata.tables[name]


def rows_about(name: str, person_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on a table of [about] that leaves the rows about a person."""
    key = register().about[name]
    column = table(name).c[key]
    if name == PERSON:
        return column == person_id
    (reference,) = column.foreign_keys
    if reference.column.table.name == PERSON:
        return column == person_id
    parent = reference.column.table
    return column.in_(sa.select(reference.column).where(rows_about(parent.name, person_id)))


def keys_to_people(of: sa.Table) -> list[sa.Column[Any]]:
    """Return the columns of a table that name an account."""
    return [
        column for column in of.columns if any(key.column.table.name == PERSON for key in column.foreign_keys)
    ]


def is_unique(column: sa.Column[Any]) -> bool:
    """Tell whether two rows may not have the same in a column, alone or beside others."""
    of: Any = column.table
    sets = [
        item.columns
        for item in of.constraints
        if isinstance(item, (sa.UniqueConstraint, sa.PrimaryKeyConstraint))
    ]
    sets += [index.columns for index in of.indexes if index.unique]
    return bool(column.unique) or any(column.name in columns for columns in sets)


def _must_say_something(column: sa.Column[Any]) -> bool:
    """Tell whether the database refuses an empty text there, always or beside what stands in other columns."""
    checks = (item for item in column.table.constraints if isinstance(item, sa.CheckConstraint))
    return any(re.search(rf"\b{column.name} <> ''", str(check.sqltext)) for check in checks)


def filled(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that leaves rows in which a column says something that could be cleared."""
    if isinstance(column.type, sa.JSON):
        return sa.func.coalesce(sa.cast(column, sa.Text), "null").not_in(("{}", "[]", "null", '""'))
    if column.nullable:
        return column.is_not(None)
    return column.not_in(("", EMPTIED))


def in_programmes(name: str, programmes: Any) -> sa.ColumnElement[bool] | None:
    """Return the condition that leaves a table's rows that belong to some programmes; None where none leads there."""
    of = table(name)
    if "program_id" in of.c:
        return of.c.program_id.in_(programmes)
    key = register().about.get(name)
    if key is None or name == PERSON:
        return None
    (reference,) = of.c[key].foreign_keys
    parent = reference.column.table.name
    condition = None if parent == PERSON else in_programmes(parent, programmes)
    return None if condition is None else of.c[key].in_(sa.select(reference.column).where(condition))


def emptied(column: sa.Column[Any]) -> Any:
    """Return what stands in a column once it is cleared; raises LookupError where nothing can."""
    if column.nullable:
        return sa.null()
    if isinstance(column.type, sa.JSON):
        return {} if "dict" in str(getattr(column.default, "arg", "")) else []
    if isinstance(column.type, sa.String):
        return EMPTIED if _must_say_something(column) else ""
    raise LookupError(f"{column.table.name}.{column.name} cannot be cleared")
