"""Reading resources: what a resource is, a page of it by cursor, one of it; rows are those that the pages show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate

from trainmgr.api import rules
from trainmgr.api.fields import LARGE, Id
from trainmgr.api.problems import Problem, of_fields
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.programs.models import Program
from trainmgr.programs.queries import program_or_404


@dataclass(frozen=True)
class Asked:
    """Who asks for what, when: the programme that the address names, and the filters that were read."""

    viewer: User
    now: datetime
    program: Program | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    known: dict[str, Any] = field(
        default_factory=dict
    )  # what was read for the rows and is needed to shape them

    @property
    def place(self) -> Program:
        """The programme of a resource inside one."""
        assert self.program is not None
        return self.program


# Columns by the name that they have in the answer, of the rows that the asker may see.
Rows = Callable[[Asked], sa.Select[Any]]
Shaper = Callable[[Asked, Sequence[Any]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Filter:
    """A way to narrow a list: how its value is read, and the condition that it makes."""

    field: fields.Field[Any]
    condition: Callable[[Any], sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Resource:
    """One kind of thing that can be read.

    `rows` selects labelled columns; `keys` order a list, the last one is the id and unique. Where rows need more than
    their columns, `shape` makes them what the answer shows. `whole` makes the whole list of a bounded resource.
    """

    name: str
    one: str
    area: rules.Area
    permission: Permission
    schema: type[Schema]
    summary: str
    keys: Sequence[Any] = ()
    rows: Rows | None = None
    shape: Shaper | None = None
    whole: Callable[[Asked], list[dict[str, Any]]] | None = None
    filters: Mapping[str, Filter] = field(default_factory=dict)
    needed: Mapping[str, fields.Field[Any]] = field(default_factory=dict)
    in_program: bool = True
    has_one: bool = True
    has_version: bool = False

    @property
    def scope(self) -> str:
        """What a token needs to read it."""
        return rules.scope(self.area)

    @property
    def path(self) -> str:
        """Where its list is, after /api/v1."""
        return f"/programs/<int:program_id>/{self.name}" if self.in_program else f"/{self.name}"

    def query_fields(self) -> dict[str, fields.Field[Any]]:
        """Return what the address of a list may ask, by name."""
        found = {name: each.field for name, each in self.filters.items()} | dict(self.needed)
        if self.whole is None:
            found |= {
                "limit": fields.Integer(
                    validate=validate.Range(1, rules.LARGEST_PAGE, error=LARGE),
                    metadata={"description": "Rows of a page, 50 unless told."},
                ),
                "cursor": fields.String(
                    validate=validate.Length(max=300),
                    metadata={"description": "Where to go on: take it from `next`."},
                ),
            }
        return found


_queries: dict[str, Schema] = {}  # by resource; making a schema takes longer than reading with it


def _query_of(resource: Resource) -> Schema:
    known = _queries.get(resource.name)
    if known is None:
        known = _queries[resource.name] = Schema.from_dict(resource.query_fields())()
    return known


def asked_of(
    resource: Resource, program_id: int | None, viewer: User, query: Mapping[str, str], now: datetime
) -> Asked:
    """Return what is asked, or refuse: 404 for a programme out of sight, 422 for filters that say nothing."""
    program = None if program_id is None else program_or_404(program_id, viewer, steps=False)
    try:
        args = _query_of(resource).load(dict(query))
    except ValidationError as error:
        raise of_fields(error) from None
    return Asked(viewer, now, program, args)


# --- a page --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Rows as the answer shows them, and where the next page begins (None: there is none)."""

    data: list[dict[str, Any]]
    cursor: str | None = None


def page(resource: Resource, asked: Asked) -> Page:
    """Return a page of a resource: one statement beside those that say who asks."""
    if resource.whole is not None:
        return Page(resource.whole(asked))
    assert resource.rows is not None
    limit = asked.args.get("limit", rules.USUAL_PAGE)
    statement = _narrowed(resource, resource.rows(asked), asked)
    found = db.session.execute(statement.order_by(*resource.keys).limit(limit + 1)).all()
    shown = found[:limit]
    cursor = _cursor(resource, shown[-1]) if len(found) > limit else None
    return Page(_shaped(resource, asked, shown), cursor)


def _narrowed(resource: Resource, statement: sa.Select[Any], asked: Asked) -> sa.Select[Any]:
    for name, one in resource.filters.items():
        if name in asked.args:
            statement = statement.where(one.condition(asked.args[name]))
    if "cursor" not in asked.args:
        return statement
    values = rules.values_of(asked.args["cursor"], len(resource.keys))
    known = (
        None
        if values is None
        else [_read(key, text) for key, text in zip(resource.keys, values, strict=True)]
    )
    if known is None or None in known:
        raise Problem(404, _("This is no cursor of this list."))
    if len(known) == 1:
        return statement.where(resource.keys[0] > known[0])
    return statement.where(sa.tuple_(*resource.keys) > sa.tuple_(*known))


def _read(key: Any, text: str) -> Any:
    if key.type.python_type is date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return whole(text)


def _cursor(resource: Resource, row: Any) -> str:
    return rules.cursor_of([getattr(row, key.key) for key in resource.keys])


def _shaped(resource: Resource, asked: Asked, rows: Sequence[Any]) -> list[dict[str, Any]]:
    if resource.shape is not None:
        return resource.shape(asked, rows)
    return [dict(row._mapping) for row in rows]


def one_or_404(resource: Resource, asked: Asked, row_id: int) -> dict[str, Any]:
    """Return one of a resource, or answer 404."""
    assert resource.rows is not None
    row = db.session.execute(resource.rows(asked).where(resource.keys[-1] == row_id)).one_or_none()
    return abort(404) if row is None else _shaped(resource, asked, [row])[0]


def some(resource: Resource, asked: Asked, row_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return those of a resource with these ids that the asker may see, in the list's order."""
    assert resource.rows is not None
    statement = resource.rows(asked).where(resource.keys[-1].in_(row_ids)).order_by(*resource.keys)
    return _shaped(resource, asked, db.session.execute(statement).all())


def next_address(path: str, resource: Resource, query: Mapping[str, str], cursor: str) -> str:
    """Return the address of the next page, with the filters of this one."""
    kept = {name: query[name] for name in resource.query_fields() if name in query and name != "cursor"}
    return f"{path}?{urlencode(kept | {'cursor': cursor})}"


def by_id(name: str, column: Any, what: str) -> dict[str, Filter]:
    """Return the filter on a row's id."""
    return {name: Filter(Id(metadata={"description": what}), lambda value: column == value)}


def by_choice(name: str, column: Any, kind: Any, what: str) -> dict[str, Filter]:
    """Return the filter on one of an enum's values."""
    values = [one.value for one in kind]
    read = fields.String(
        validate=validate.OneOf(values, error=_one_of(values)), metadata={"description": what}
    )
    return {name: Filter(read, lambda value: column == kind(value))}


def _one_of(values: Sequence[str]) -> str:
    return ", ".join(values)


def by_days(column: Any) -> dict[str, Filter]:
    """Return the filters on the days from … to …, both included."""
    return {
        "since": Filter(
            fields.Date(metadata={"description": "The first day, 2026-11-29."}), lambda value: column >= value
        ),
        "until": Filter(
            fields.Date(metadata={"description": "The last day, included."}), lambda value: column <= value
        ),
    }
