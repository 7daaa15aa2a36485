"""Money and shares as people type them, exactly: yuan to cents, percent to hundredths of a percent.

Full-width digits and signs are understood: a Chinese keyboard writes them.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation

MOST_CENTS = 10**14


def parse_yuan(text: str) -> int:
    """Return cents for "864,000.50"; raise ValueError for nonsense, a third decimal, less than 0 or 10^12 and more."""
    cents = _hundredths(text, "元¥")
    if not 0 <= cents < MOST_CENTS:
        raise ValueError("out of range")
    return cents


def parse_percent(text: str) -> int:
    """Return hundredths of a percent for "55", "12.5%"; raise ValueError for nonsense or a third decimal."""
    return _hundredths(text, "%")


def _hundredths(text: str, units: str) -> int:
    plain = unicodedata.normalize("NFKC", text)
    bare = "".join(sign for sign in plain if not sign.isspace() and sign != "," and sign not in units)
    if len(bare) > 30:
        raise ValueError("too long")
    try:
        value = Decimal(bare)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not value.is_finite() or abs(value) > 10**15:
        raise ValueError(text)
    if value * 100 != (value * 100).to_integral_value():
        raise ValueError("more than two decimals")
    return int(value * 100)


def say_hundredths(value: int | None, *, grouped: bool = True) -> str:
    """Write hundredths with as few decimals as needed: 86400000 → "864,000", 1250 → "12.5"; None → ""."""
    if value is None:
        return ""
    whole, rest = divmod(abs(value), 100)
    text = f"{whole:,}" if grouped else str(whole)
    if rest:
        text += f".{rest:02}".rstrip("0")
    return f"−{text}" if value < 0 else text
