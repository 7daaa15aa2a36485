"""Fields of schemas as the house has them: ids that every database takes, texts without control characters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validate

from trainmgr.kernel.inputs import legible, tidy
from trainmgr.kernel.numbers import LARGEST

LARGE = _l("The number is too small or too large.")
LONG = _l("The text is too long or empty.")
# Beyond them nobody reckons with days, and near the first or last of all none can.
FIRST_YEAR, LAST_YEAR = 1900, 2200
SOMETHING = r"[^\s\x00-\x1f\x7f-\x9f]"


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
        if least:  # the document says so too: blanks alone are nothing
            options["metadata"] = options.get("metadata", {}) | {"pattern": SOMETHING}
        super().__init__(validate=validate.Length(least, most, error=LONG), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        return tidy(super()._deserialize(value, attr, data, **options))


class Text(fields.String):
    """A longer text; it keeps its lines, and holds nothing that a database or a document refuses."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(validate=validate.Length(0, most, error=LONG), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        return legible(text).strip()


def choice(kind: Any, what: str = "", **options: Any) -> fields.String:
    """Return a field that holds one value of an enum."""
    values = [one.value for one in kind]
    return fields.String(validate=validate.OneOf(values), metadata=described(what) if what else {}, **options)


class Whole(fields.Integer):
    """A whole number of a body: a number of JSON, no text that looks like one."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        super().__init__(validate=validate.Range(least, most, error=LARGE), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Ref(Whole):
    """The id of a row that a body names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1, LARGEST, **options)


class Flag(fields.Boolean):
    """True or false, and nothing that looks like it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Day(fields.Date):
    """A day of a body, in a year that people reckon with."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **options)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return day


class Figure(fields.Decimal):
    """A number with so many decimals at most; more are refused, as on the pages, not rounded."""

    def __init__(self, decimals: int, least: float, most: float, **options: Any) -> None:
        super().__init__(validate=[validate.Range(least, most, error=LARGE), self._is_exact], **options)
        self.decimals = decimals

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)

    def _is_exact(self, value: Decimal) -> None:
        # One that is too large is refused as such, and cannot even be rounded.
        if abs(value) <= LARGEST and value != round(value, self.decimals):
            raise ValidationError(_("At most %(decimals)s decimals.", decimals=self.decimals))


class Base(Schema):
    """A schema whose fields are all that it takes: anything else is refused, so nothing is assigned in passing."""


class NothingSchema(Base):
    """No content: {}."""


class ReasonSchema(Base):
    """Why something is done; it stays in the record."""

    reason = Line(200, least=1, required=True)


def names_of(schema: type[Schema]) -> tuple[str, ...]:
    """Return the names of a schema's fields in their order; making a schema for that would copy all of them."""
    return tuple(schema._declared_fields)
