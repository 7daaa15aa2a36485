"""Lists a page at a time, sorted and counted in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request, url_for
from sqlalchemy.sql import operators

from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole

PAGE_SIZE = 50
LAST_PAGE = 999_999

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Fifty rows of a list with what is needed to walk the rest."""

    items: Sequence[T]
    number: int
    size: int
    total: int
    q: str = ""
    sort: str = ""
    direction: str = "asc"
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The running number of the first row shown; 0 when the list is empty."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The running number of the last row shown."""
        return min(self.number * self.size, self.total)

    def url(self, **changes: Any) -> str:
        """Return the current address with some query arguments changed; None removes one."""
        args = request.args.to_dict() | changes
        query = urlencode({key: value for key, value in args.items() if value not in (None, "")})
        address = url_for(request.endpoint or "", **(request.view_args or {}))
        return f"{address}?{query}" if query else address


@dataclass(frozen=True)
class Listing:
    """What a reader asked of a list: page, words to find, order. Nonsense falls back to the defaults."""

    number: int = 1
    q: str = ""
    sort: str = ""
    direction: str = "asc"

    @classmethod
    def from_request(cls) -> Listing:
        """Read the listing from the address."""
        return cls(
            number=min(whole(request.args.get("page")) or 1, LAST_PAGE),
            q=request.args.get("q", "").replace("\0", "").strip()[:100],
            sort=request.args.get("sort", "")[:40],
            direction="desc" if request.args.get("direction") == "desc" else "asc",
        )


def paginate(
    statement: sa.Select[*tuple[Any, ...]],
    listing: Listing,
    *,
    orders: Mapping[str, Sequence[Any]],
    default: str,
    size: int = PAGE_SIZE,
    total: int | None = None,
    scalars: bool = True,
    filters: Mapping[str, str] | None = None,
    dear: bool = False,
) -> Page[Any]:
    """Run a select for one page (two statements, or one when the total is known).

    `orders` names the sortable keys with their columns; end each with a unique column. A `dear` select works its rows
    out of many others: it is run once and counts them in a last column of their own.
    """
    sort = listing.sort if listing.sort in orders else default
    columns = orders[sort]
    if listing.direction == "desc":
        columns = [_turned(column) for column in columns]
    statement = statement.order_by(None).order_by(*columns)
    if dear:
        rows = _run(statement.add_columns(sa.func.count().over()), listing.number, size).all()
        if rows or listing.number == 1:
            total = rows[0][-1] if rows else 0
            return Page(rows, listing.number, size, total, listing.q, sort, listing.direction, filters or {})
    if total is None:
        count = sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())
        total = db.session.scalar(count) or 0
    number = min(listing.number, max(1, -(-total // size)))
    found = _run(statement, number, size)
    items = found.scalars().all() if scalars else found.all()
    return Page(items, number, size, total, listing.q, sort, listing.direction, filters or {})


def _turned(column: Any) -> Any:
    """Return a column of an order the other way round: one that falls by itself (the newest first) rises then."""
    return column.element if getattr(column, "modifier", None) is operators.desc_op else sa.desc(column)


def _run(statement: sa.Select[*tuple[Any, ...]], number: int, size: int) -> Any:
    return db.session.execute(statement.limit(size).offset((number - 1) * size))


def like(text: str) -> str:
    """Return a LIKE pattern that finds the text anywhere, its own wildcards taken literally (escape is a backslash)."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, "\\" + sign)
    return f"%{text}%"


def contains(column: Any, text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a text column holds a text somewhere, small and capital Latin letters alike.

    SQLite's LIKE does not tell them apart anyway; ILIKE would fold every row's text there, at twice the time.
    """
    pattern = like(text)
    found: sa.ColumnElement[bool] = (
        column.like(pattern, escape="\\")
        if db.engine.dialect.name == "sqlite"
        else column.ilike(pattern, escape="\\")
    )
    return found
