"""Many rows at once, with ids known beforehand so that rows can name each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db

CHUNK = 5000


def reserve_ids(model: Any, count: int) -> range | list[int]:
    """Return so many ids that nothing else will get."""
    table = model.__table__
    if db.session.get_bind().dialect.name == "postgresql":
        sequence = sa.select(sa.func.pg_get_serial_sequence(table.name, "id")).scalar_subquery()
        numbers = sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count))
        return list(db.session.scalars(numbers))
    # An SQLite file has one writer, and this transaction is it.
    last = db.session.scalar(sa.select(sa.func.max(table.c.id))) or 0
    return range(last + 1, last + count + 1)


def insert(model: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows past the objects; all rows name the same columns."""
    statement = sa.insert(model.__table__)
    for start in range(0, len(rows), CHUNK):
        db.session.execute(statement, rows[start : start + CHUNK])
