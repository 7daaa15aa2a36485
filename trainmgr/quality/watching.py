"""What is written while figures stand: which measures read it, so that they are computed again at once.

Which columns a measure reads is taken from its own select; nobody has to tell when records change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import has_app_context
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import visitors

from trainmgr.programs.models import Program
from trainmgr.quality.measures.base import MEASURES, Ask
from trainmgr.quality.rules import Period

Reads = Mapping[str, Mapping[str, frozenset[str]]]
KEPT = "quality.touched"
ANY_PERIOD = Period.of_year(2000)


@dataclass
class Touched:
    """What a transaction wrote: measures that read it, the programmes it belongs to (unless `everywhere`)."""

    measures: set[str] = field(default_factory=set)
    programs: set[int] = field(default_factory=set)
    everywhere: bool = False


@cache
def reads() -> Reads:
    """Return which measures read a column: by table, by column."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for code, one in MEASURES.items():
        for part in visitors.iterate(one.rows(Ask(0, ANY_PERIOD))):
            if isinstance(part, sa.Column) and (table := _table_of(part)):
                found[table][part.name].add(code)
    return {
        table: {name: frozenset(codes) for name, codes in columns.items()} for table, columns in found.items()
    }


def _table_of(column: sa.Column[Any]) -> str | None:
    table: Any = column.table
    while table is not None and not hasattr(table, "metadata"):
        table = getattr(table, "element", None)
    return getattr(table, "name", None)


@cache
def readers_of(table: str) -> frozenset[str]:
    """Return the measures that read a table: whole rows came or went."""
    return frozenset().union(*reads().get(table, {}).values())


def readers(table: str, columns: Iterable[str]) -> set[str]:
    """Return the measures that read any of these columns of a table."""
    known = reads().get(table, {})
    return {code for name in columns for code in known.get(name, ())}


def watch(session: Any) -> None:
    """Note from now on what a session writes."""
    sa.event.listen(session, "after_flush", _note_objects)
    sa.event.listen(session, "do_orm_execute", _note_statement)
    sa.event.listen(session, "after_transaction_end", _forget)


def take(session: Session) -> Touched | None:
    """Return what the transaction wrote since it was asked last."""
    touched: Touched | None = session.info.pop(KEPT, None)
    return touched if touched and touched.measures else None


def _forget(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(KEPT, None)


def _touched(session: Session) -> Touched:
    found: Touched = session.info.setdefault(KEPT, Touched())
    return found


def _note_objects(session: Session, _context: object) -> None:
    if not has_app_context():
        return
    for record in (*session.new, *session.deleted):
        _note(session, record, readers_of(record.__tablename__))
    for record in session.dirty:
        if record.__tablename__ in reads():
            _note(session, record, readers(record.__tablename__, _changed(record)))


def _changed(record: Any) -> list[str]:
    state = sa.inspect(record)
    return [
        column.name
        for attribute in state.mapper.column_attrs
        if state.attrs[attribute.key].history.has_changes()
        for column in attribute.columns
    ]


def _note(session: Session, record: Any, measures: Collection[str]) -> None:
    if not measures:
        return
    touched = _touched(session)
    touched.measures |= set(measures)
    program_id = record.id if isinstance(record, Program) else getattr(record, "program_id", None)
    if program_id is None:
        touched.everywhere = True
    else:
        touched.programs.add(program_id)


def _note_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete) or not has_app_context():
        return
    statement: Any = state.statement
    table = getattr(getattr(statement, "table", None), "name", "")
    columns = _set_columns(state) if state.is_update else None
    if measures := readers_of(table) if columns is None else readers(table, columns):
        touched = _touched(state.session)
        touched.measures |= measures
        touched.everywhere = True


def _set_columns(state: ORMExecuteState) -> list[str] | None:
    statement: Any = state.statement
    if values := getattr(statement, "_values", None):
        return [getattr(key, "name", key) for key in values]
    rows: Any = state.parameters
    first = rows[0] if isinstance(rows, list) and rows else rows
    return list(first) if first else None
