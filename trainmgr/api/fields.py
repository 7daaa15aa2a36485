"""Fields of schemas as the house has them: ids that every database takes, texts without control characters."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.numbers import LARGEST

LARGE = _l("The number is too small or too large.")
LONG = _l("The text is too long or empty.")


def described(what: str) -> dict[str, str]:
    """Return what the document says of a field."""
    return {"description": what}


class Id(fields.Integer):
    """The id of a row."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("validate", validate.Range(1, LARGEST, error=LARGE))
        super().__init__(**options)


class Line(fields.String):
    """A line of text that somebody typed: no control characters, no doubled blanks."""

    def __init__(self, most: int, *, least: int = 0, **options: Any) -> None:
        super().__init__(validate=validate.Length(least, most, error=LONG), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        return tidy(super()._deserialize(value, attr, data, **options))


class Text(fields.String):
    """A longer text; it keeps its lines, and holds no NUL."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(validate=validate.Length(0, most, error=LONG), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        return text.replace("\0", "").strip()


def choice(kind: Any, what: str = "", **options: Any) -> fields.String:
    """Return a field that holds one value of an enum."""
    values = [one.value for one in kind]
    return fields.String(validate=validate.OneOf(values), metadata=described(what) if what else {}, **options)


class Base(Schema):
    """A schema whose fields are all that it takes: anything else is refused, so nothing is assigned in passing."""


def names_of(schema: type[Schema]) -> tuple[str, ...]:
    """Return the names of a schema's fields in their order; making a schema for that would copy all of them."""
    return tuple(schema._declared_fields)
