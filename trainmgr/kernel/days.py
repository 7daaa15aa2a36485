"""Days as people type them by hand: which there are to reckon with, and a field for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask_babel import gettext as _
from wtforms import DateField, ValidationError
from wtforms.validators import StopValidation

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


def between(earliest: date, latest: date) -> Callable[[Any, Any], None]:
    """Return a validator of a day or moment: one outside was mistyped, and no clock reckons with year 1 or 9999."""

    def check(form: Any, field: Any) -> None:
        if field.data is not None and not earliest.year <= field.data.year <= latest.year:
            raise ValidationError(
                _("A day between %(first)s and %(last)s.", first=earliest.year, last=latest.year)
            )

    return check


in_our_time = between(EARLIEST, LATEST)


class DayField(DateField):
    """A day of our time; one outside is no day."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the day, or say what one looks like."""
        if not valuelist:
            return
        self.data = None
        if not valuelist[0].strip():
            return
        super().process_formdata(valuelist)
        try:
            in_our_time(None, self)
        except ValidationError:
            self.data = None
            raise

    def pre_validate(self, form: Any) -> None:
        """Ask no further where nothing could be read."""
        if self.process_errors:
            raise StopValidation
