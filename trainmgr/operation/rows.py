"""Rows of any table as JSON, the same from SQLite and from PostgreSQL, and back into either."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

REVISIONS = "alembic_version"


# One question for all tables: SQLAlchemy's own reflection asks and parses for seconds.
ASKED = {
    "sqlite": """
        SELECT m.name, p.name, p.type FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, p.cid
    """,
    "postgresql": """
        SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns AS c
        JOIN information_schema.tables AS t USING (table_schema, table_name)
        WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
        ORDER BY c.table_name, c.ordinal_position
    """,
}
KINDS: tuple[tuple[str, Any], ...] = (
    ("DATETIME", sa.DateTime(timezone=True)),
    ("TIMESTAMP", sa.DateTime(timezone=True)),
    ("DATE", sa.Date()),
    ("TIME", sa.Time()),
    ("BOOL", sa.Boolean()),
    ("JSON", sa.JSON()),
    ("NUMERIC", sa.Numeric()),
    ("DOUBLE", sa.Double()),
    ("FLOAT", sa.Double()),
    ("REAL", sa.Double()),
    ("INT", sa.Integer()),
    ("BIGINT", sa.BigInteger()),
    ("SMALLINT", sa.Integer()),
    ("VARCHAR", sa.Text()),
    ("CHAR", sa.Text()),
    ("TEXT", sa.Text()),
    ("BLOB", sa.LargeBinary()),
    ("BYTEA", sa.LargeBinary()),
)


def reflected(connection: Connection) -> list[sa.Table]:
    """Return the tables as they stand in the database, by name; raises LookupError for a kind of column not known."""
    metadata, found = sa.MetaData(), dict[str, list[sa.Column[Any]]]()
    for table, column, told in connection.execute(sa.text(ASKED[connection.dialect.name])):
        found.setdefault(table, []).append(sa.Column(column, _kind(told, connection.dialect.name)))
    return [sa.Table(name, metadata, *columns) for name, columns in found.items() if name != REVISIONS]


def _kind(told: str, dialect: str) -> Any:
    for beginning, kind in KINDS:
        if told.upper().startswith(beginning):
            # SQLite keeps such numbers as floats, and they are known as such here.
            return sa.Double() if dialect == "sqlite" and isinstance(kind, sa.Numeric) else kind
    raise LookupError(f"no way to back up a column of kind {told}")


def revision_of(connection: Connection) -> str | None:
    """Return the newest migration that the database has had, or None where it has had none."""
    if not sa.inspect(connection).has_table(REVISIONS):
        return None
    return connection.scalar(sa.text(f"SELECT version_num FROM {REVISIONS}"))  # noqa: S608  a constant


def batches(connection: Connection, table: sa.Table, size: int) -> Iterator[list[list[Any]]]:
    """Yield all rows as lists of JSON values in the order of the columns."""
    # JSON as its text: NULL and the JSON null are two things, and no number is read and written anew.
    columns = [
        sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column
        for column in table.columns
    ]
    statement = sa.select(*columns).order_by(table.columns[0])
    result = connection.execution_options(yield_per=size).execute(statement)
    for rows in result.partitions(size):
        yield [[plain(value) for value in row] for row in rows]


def plain(value: Any) -> Any:
    """Return a value as JSON has it; what JSON has not is written as a pair of its kind and its text."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return ["moment", moment.isoformat()]
    if isinstance(value, date):
        return ["day", value.isoformat()]
    if isinstance(value, time):
        return ["time", value.isoformat()]
    if isinstance(value, Decimal):
        return ["number", str(value)]
    if isinstance(value, (bytes, memoryview)):
        return ["bytes", base64.b64encode(bytes(value)).decode()]
    raise TypeError(f"no way to write a {type(value).__name__} down")


def value_of(written: Any, exact: bool) -> Any:
    """Return the value that was written down; numbers are exact where the database keeps them so."""
    if not isinstance(written, list):
        return written
    kind, text = written
    if kind == "number":
        return Decimal(text) if exact else float(text)
    return READERS[kind](text)


READERS: Mapping[str, Any] = {
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "time": time.fromisoformat,
    "bytes": base64.b64decode,
}


def insert(connection: Connection, table: sa.Table, columns: list[str], rows: list[list[Any]]) -> None:
    """Insert rows as `batches` gave them."""
    exact = connection.dialect.name == "postgresql"
    values = {name: _bound(table.columns[name], exact) for name in columns}
    parameters = [
        {
            f"v_{name}": _fit(table.columns[name], value_of(value, exact), exact)
            for name, value in zip(columns, row, strict=True)
        }
        for row in rows
    ]
    connection.execute(sa.insert(table).values(values), parameters)


def _bound(column: sa.Column[Any], exact: bool) -> Any:
    if isinstance(column.type, sa.JSON):
        text = sa.bindparam(f"v_{column.name}", type_=sa.Text)
        return sa.cast(text, column.type) if exact else sa.type_coerce(text, sa.Text)
    return sa.bindparam(f"v_{column.name}", type_=column.type)


def _fit(column: sa.Column[Any], value: Any, exact: bool) -> Any:
    """Fit a value of the other database: SQLite has whole numbers for truth values."""
    if value is not None and isinstance(column.type, sa.Boolean):
        return bool(value)
    if isinstance(value, datetime) and not exact:
        return value.replace(tzinfo=None)
    return value


def count(connection: Connection, table: sa.Table) -> int:
    """Return how many rows a table holds."""
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
