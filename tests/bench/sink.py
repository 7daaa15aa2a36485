"""Very many rows as fast as a database takes them: COPY on PostgreSQL, the driver's executemany on SQLite.

Ids are given out here, so that rows can name each other before they are written. Nothing is checked on the way: the
bench makes rows that fit, and `finish` puts sequences and statistics right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.kernel.tenancy import COLLEGE, OfCollege

CHUNK = 20_000


class Sink:
    """A connection of its own through which rows go in; `commit` after each piece of work."""

    def __init__(self) -> None:
        self.engine = db.engine
        self.connection = self.engine.connect()
        self.connection.detach()  # nobody else gets it with what is eased below
        self.postgres = self.engine.dialect.name == "postgresql"
        self.counters: dict[str, int] = {}
        self.written = 0
        self.college = 0  # whose programmes are written just now
        self._ease()

    def _ease(self) -> None:
        """Leave out what a crash-safe installation needs and a throwaway one does not."""
        if self.postgres:
            try:
                self.connection.exec_driver_sql("SET session_replication_role = replica")  # no foreign keys
            except sa.exc.DBAPIError:  # needs a superuser; it only costs time
                self.connection.rollback()
            return
        raw = self.connection.connection.dbapi_connection
        assert raw is not None
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    # --- ids -------------------------------------------------------------------------------------

    def ids(self, model: Any, count: int) -> range:
        """Give out so many ids of a table."""
        name = model.__tablename__
        if name not in self.counters:
            self.counters[name] = self.connection.scalar(sa.select(sa.func.max(model.__table__.c.id))) or 0
        first = self.counters[name] + 1
        self.counters[name] += count
        return range(first, first + count)

    # --- rows ------------------------------------------------------------------------------------

    def write(
        self, model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]], **constants: Any
    ) -> None:
        """Write rows of some columns; `constants` are the same in every row, defaults fill in the rest."""
        table = model.__table__
        if issubclass(model, OfCollege):
            constants[COLLEGE] = self.college
        fixed = _defaults(table, {*columns, *constants}) | constants
        names = [*columns, *fixed]
        converters = [self._converter(table.c[name]) for name in names]
        tail = tuple(
            convert(value) if convert and value is not None else value
            for convert, value in zip(converters[len(columns) :], fixed.values(), strict=True)
        )
        touched = [(place, convert) for place, convert in enumerate(converters[: len(columns)]) if convert]
        ready = (_converted(row, touched) + tail for row in rows)
        self.written += self._send(table.name, names, ready)

    def _converter(self, column: sa.Column[Any]) -> Callable[[Any], Any] | None:
        return column.type.dialect_impl(self.engine.dialect).bind_processor(self.engine.dialect)

    def _send(self, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
        count = 0
        if self.postgres:
            cursor = self.connection.connection.cursor()
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:  # type: ignore[attr-defined]
                for row in rows:
                    copy.write_row(row)
                    count += 1
            cursor.close()
            return count
        marks = ", ".join("?" * len(names))
        self.connection.scalar(sa.text("SELECT 1"))  # begins the transaction
        cursor = self.connection.connection.cursor()
        cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
        count = cursor.rowcount
        cursor.close()
        return count

    def commit(self) -> None:
        """Keep what was written so far."""
        self.connection.commit()

    def finish(self) -> None:
        """Put sequences behind the highest ids and gather statistics."""
        if self.postgres:
            for name in self.counters:
                self.connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
                )
        self.connection.commit()
        self.connection.close()
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE" if self.postgres else "ANALYZE")


def _converted(row: Sequence[Any], touched: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    if not touched:
        return tuple(row)
    values = list(row)
    for place, convert in touched:
        if values[place] is not None:
            values[place] = convert(values[place])
    return tuple(values)


def _defaults(table: sa.Table, given: set[str]) -> dict[str, Any]:
    """Return the defaults of columns that were left out (the id and what may be empty stay out)."""
    found: dict[str, Any] = {}
    for column in table.c:
        if column.name in given or column.default is None or column.name == "id":
            continue
        value = column.default.arg
        found[column.name] = value(None) if callable(value) else value
    return found


def rows_of(model: Any, *conditions: Any) -> list[Mapping[str, Any]]:
    """Return whole rows of a table as mappings."""
    return list(db.session.execute(sa.select(model.__table__).where(*conditions)).mappings())
