"""Numbers that come from outside: ids in addresses and forms, small enough for every database."""

from __future__ import annotations

from flask import request
from werkzeug.routing import IntegerConverter, ValidationError

LARGEST = 2**31 - 1  # of an INTEGER column on PostgreSQL
_DIGITS = len(str(LARGEST))


def whole(text: str | None) -> int | None:
    """Read an id or a count; None for what is no whole number or larger than any row's."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number <= LARGEST else None


def typed_version() -> int:
    """Return the version that a form was shown with; nonsense counts as an old one."""
    return whole(request.form.get("version")) or 0


class RowConverter(IntegerConverter):
    """`<int:…>` in an address: what cannot be a row's id is an address that is not there."""

    def to_python(self, value: str) -> int:
        """Return the id."""
        number = whole(value)
        if number is None:
            raise ValidationError
        return number
