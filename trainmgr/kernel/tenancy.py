"""Rows that belong to a college: every table that grows with trainees and time says which college leads its programme.

A class says so by `OfCollege`; nothing else has to think of it. The column is filled where the row is written, from
the row above, and the database refuses another college. Whoever compares such a row's programme (trainee, log …) with a
known one compares the colleges too, so that the indexes, which begin with the college, are used (decision 47).
"""

from __future__ import annotations

import operator
from functools import cache
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import has_app_context
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.orm.attributes import QueryableAttribute
from sqlalchemy.orm.properties import ColumnProperty

from trainmgr.kernel.db import Model, db

COLLEGE = "lead_college_id"


# --- filled where the row is written ----------------------------------------------------------------


class _AsAbove(sa.ColumnElement[int]):
    """The college of the row above, as an insert's value: looked up by the key that the same insert writes."""

    inherit_cache = False
    type = sa.Integer()

    def __init__(self, by: str, above: str) -> None:
        self.by, self.above = by, above


@compiles(_AsAbove)
def _college_above(element: _AsAbove, compiler: Any, **kw: Any) -> str:
    insert = compiler.compile_state
    if getattr(compiler.statement, "select", None) is not None or insert._has_multi_parameters:
        raise CompileError(f"name {COLLEGE} among the columns of this insert")
    written = {*(compiler.column_keys or ()), *(insert._dict_parameters or ())}
    if element.by not in {getattr(key, "key", key) for key in written}:
        return "NULL"
    key = compiler.bindparam_string(element.by, bindparam_type=element.type, **kw)
    return f"(SELECT {element.above}.{COLLEGE} FROM {element.above} WHERE {element.above}.id = {key})"  # noqa: S608


class OfCollege:
    """A row of a table that grows with trainees and time; it belongs to the college that leads its programme.

    `by` is the column that leads to the row `above` which has the college already: the programme, unless another is
    named. A trail that outlives its programme has no such row to be held to (`held=False`).
    """

    _by: ClassVar[str]
    _above: ClassVar[str]
    _held: ClassVar[bool]

    def __init_subclass__(
        cls,
        by: str = "program_id",
        above: str = "program",
        held: bool = True,
        ondelete: str | None = None,
        **kw: Any,
    ) -> None:
        cls._by, cls._above, cls._held = by, above, held
        if held:
            up = [f"{above}.id", f"{above}.{COLLEGE}"]
            college = sa.ForeignKeyConstraint([by, COLLEGE], up, ondelete=ondelete)
            cls.__table_args__ = (*getattr(cls, "__table_args__", ()), college)  # type: ignore[attr-defined]
        super().__init_subclass__(**kw)
        compare_with_college(cls, by, "id")

    @declared_attr
    def lead_college_id(cls) -> Mapped[int]:  # noqa: N805
        """The college that leads the programme."""
        return mapped_column(sa.Integer, default=_AsAbove(cls._by, cls._above), nullable=not cls._held)


def large_tables() -> dict[str, type[OfCollege]]:
    """Return the classes of the rows that belong to a college, by table."""
    mappers = Model.registry.mappers
    return {str(one.local_table): one.class_ for one in mappers if issubclass(one.class_, OfCollege)}


# --- compared along with its key --------------------------------------------------------------------


def compare_with_college(model: Any, *names: str) -> None:
    """Let comparisons of a class's keys take the college along."""
    for name in names:
        if (attribute := model.__dict__.get(name)) is not None:
            attribute.comparator = _WithCollege(attribute.property, sa.inspect(model))


class _WithCollege(ColumnProperty.Comparator[Any]):
    """Compares the college along with the key that leads to it: the same rows, found by indexes that begin with it."""

    def operate(self, op: Any, *other: Any, **kw: Any) -> Any:
        plain = super().operate(op, *other, **kw)
        college = self._college_of(other[0]) if op is operator.eq else None
        if college is None:
            return plain
        entity = (self._adapt_to_entity or self._parententity).entity
        return sa.and_(plain, getattr(entity, COLLEGE) == college)

    def _college_of(self, other: Any) -> Any:
        """Return the college of what the key is compared with, a value or an expression; None where none is at hand."""
        model, key = self._parententity.class_, self.prop.key
        above = _identified(model, key)
        if isinstance(other, QueryableAttribute):
            there = getattr(other.parent, "class_", None)
            same = above is not None and _identified(there, other.key) == above
            return getattr(other.parent.entity, COLLEGE) if same else None
        if above is None or key == "id" or not isinstance(other, int | sa.BindParameter):
            return None
        if isinstance(other, int) and has_app_context():
            found = db.session.identity_map.get(_identity_of(above)((other,)))
            if found is not None and COLLEGE in found.__dict__:
                return found.__dict__[COLLEGE]
        table = Model.metadata.tables[above]
        return sa.select(table.c[COLLEGE]).where(table.c.id == other).scalar_subquery()


def _identified(model: Any, key: str) -> str | None:
    """Return the table whose row a column identifies, if that row has a college."""
    if key == "id" and hasattr(model, COLLEGE):
        name: str = model.__tablename__
        return name
    return model._above if key == getattr(model, "_by", None) else None


@cache
def _identity_of(table: str) -> Any:
    (mapper,) = (one for one in Model.registry.mappers if one.class_.__tablename__ == table)
    return mapper.identity_key_from_primary_key
