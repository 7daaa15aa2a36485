"""Fields for what people type by hand: names without stray signs, figures, whole numbers."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from wtforms import DecimalField, IntegerField
from wtforms.validators import StopValidation

LARGEST = 999_999_999


# Nobody types these, and neither PostgreSQL (NUL) nor Word and its like (XML 1.0, 2.2) take them; pasted text has them.
_STRAY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def legible(text: str) -> str:
    """Return text that a database and a document can hold; tabs and line ends stay, other breaks become blanks."""
    return _STRAY.sub(lambda found: " " if found.group() in "\x0b\x0c" else "", text)


def tidy(text: str | None) -> str | None:
    """Take control characters and doubled blanks out of what was typed."""
    if text is None:
        return None
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text)
    return " ".join(plain.split())


class _Typed:
    """Nonsense is answered with what was meant to be written, and with nothing else."""

    process_errors: Any

    def pre_validate(self, form: Any) -> None:
        """Ask no further where nothing could be read."""
        if self.process_errors:
            raise StopValidation


class FigureField(_Typed, DecimalField):
    """A number as people type it: full-width digits and commas between thousands are understood."""

    def __init__(self, label: Any, *, decimals: int, **options: Any) -> None:
        super().__init__(label, places=None, **options)
        self.decimals = decimals

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number or say what one looks like."""
        if not valuelist or not valuelist[0].strip():
            return
        text = unicodedata.normalize("NFKC", valuelist[0]).replace(",", "").replace(" ", "")
        self.data = None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or len(text) > 30 or value.adjusted() > 30:
            raise ValueError(_("Write a number such as 4.5."))
        if abs(value) < LARGEST * 10 and value != round(value, self.decimals):
            raise ValueError(_("At most %(decimals)s decimals.", decimals=self.decimals))
        self.data = value

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else format(self.data.normalize(), "f")


class WholeField(_Typed, IntegerField):
    """A whole number; nonsense is answered with an example."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number or say what one looks like."""
        if not valuelist or not valuelist[0].strip():
            return
        text = unicodedata.normalize("NFKC", valuelist[0]).strip()
        self.data = None
        if not re.fullmatch(r"-?[0-9]{1,12}", text):
            raise ValueError(_("Write a whole number such as 40."))
        self.data = int(text)
