"""A field for days, as people type them by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from wtforms import DateField
from wtforms.validators import StopValidation

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


class DayField(DateField):
    """A day of our time: what lies outside was mistyped, and is no day to reckon with."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the day, or say what one looks like."""
        if not valuelist:
            return
        self.data = None
        if not valuelist[0].strip():
            return
        super().process_formdata(valuelist)
        if self.data is not None and not EARLIEST <= self.data <= LATEST:
            self.data = None
            raise ValueError(
                _("A day between %(first)s and %(last)s.", first=EARLIEST.year, last=LATEST.year)
            )

    def pre_validate(self, form: Any) -> None:
        """Ask no further where nothing could be read."""
        if self.process_errors:
            raise StopValidation
