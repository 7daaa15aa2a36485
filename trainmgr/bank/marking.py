"""Marks one answer to an item. Pure; points are between 0 and those of the item, to the hundredth.

An answer is what testing keeps: the places of the ticked options as a list (single, multiple), True or False, what
was typed (number, short answer), the places of the steps that a judge saw done (checklist). None is no answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from trainmgr.bank.content import Credit
from trainmgr.bank.rules import ItemKind

HUNDREDTH = Decimal("0.01")
NOTHING = Decimal(0)
LONGEST_NUMBER = 40
DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "－": "-"})
NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?)(.*)", re.IGNORECASE | re.DOTALL)
POWER = re.compile(r"[x×*]10\^?([+-]?\d{1,3})", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<![\d,.])(\d{1,3}(?:,\d{3})+)(?![\d,])")
DECIMAL_COMMA = re.compile(r"(?<![\d,.])(\d+),(\d+)(?![\d,.])")
UNIT_SIGNS = str.maketrans("", "", "·•⋅∙*. ")


def mark(kind: ItemKind, content: Mapping[str, Any], answer: Any, points: Decimal) -> Decimal | None:
    """Return the points of an answer, or None while a person has to mark it. No answer gets none."""
    if kind is ItemKind.CHECKLIST:
        return None if answer is None else mark_checklist(content, answer, points)
    if answer is None or answer in ("", []) or (isinstance(answer, str) and not answer.strip()):
        return NOTHING
    if kind is ItemKind.SHORT_ANSWER:
        return None
    return _of(_share(kind, content, answer), points)


def _share(kind: ItemKind, content: Mapping[str, Any], answer: Any) -> Decimal:
    if kind is ItemKind.TRUE_FALSE:
        return Decimal(answer is content["right"])
    if kind is ItemKind.NUMBER:
        value = read_number(str(answer), content.get("unit", ""))
        return Decimal(value is not None and is_near(value, content))
    return share_of_choice(set(answer), set(content["right"]), Credit(content.get("credit", Credit.EXACT)))


def share_of_choice(ticked: set[int], right: set[int], credit: Credit) -> Decimal:
    """Return the share (0–1) of a choice: all for exactly the right options.

    With partial credit the share of the right options that are ticked, and nothing as soon as a wrong one is: the
    rule of the skill examinations (多选错选不得分, 漏选按比例得分). So guessing never pays, and nothing falls below 0.
    """
    if ticked == right:
        return Decimal(1)
    if credit is Credit.EXACT or ticked - right:
        return NOTHING
    return Decimal(len(ticked)) / len(right)


def mark_checklist(content: Mapping[str, Any], done: Sequence[int], points: Decimal) -> Decimal:
    """Return the points for the steps done, by their weights; none when a critical step is missing."""
    steps = content["steps"]
    seen = set(done)
    if any(step["critical"] and place not in seen for place, step in enumerate(steps)):
        return NOTHING
    whole = sum(step["weight"] for step in steps)
    got = sum(step["weight"] for place, step in enumerate(steps) if place in seen)
    return _of(Decimal(got) / whole, points)


def _of(share: Decimal, points: Decimal) -> Decimal:
    return (share * points).quantize(HUNDREDTH, ROUND_HALF_UP)


# --- numbers ------------------------------------------------------------------------------------


def is_near(value: Decimal, content: Mapping[str, Any]) -> bool:
    """Tell whether a number lies within the tolerance, its limits included."""
    wanted, tolerance = Decimal(content["value"]), Decimal(content["tolerance"])
    if content.get("relative"):
        tolerance = abs(wanted) * tolerance / 100
    return abs(value - wanted) <= tolerance


def read_number(text: str, unit: str = "") -> Decimal | None:
    """Read a number as people type it; None for what is none, or carries another unit.

    Full-width digits, blanks, commas between thousands (1,250), a decimal comma (12,5), a sign, powers of ten
    (1.2×10^3, 1.2e3) and the item's unit behind it are understood.
    """
    plain = "".join(unicodedata.normalize("NFKC", text.translate(DASHES)).split())
    if not plain or len(plain) > LONGEST_NUMBER:
        return None
    plain = THOUSANDS.sub(lambda found: found[1].replace(",", ""), plain)
    plain = DECIMAL_COMMA.sub(r"\1.\2", plain)
    found = NUMBER.fullmatch(POWER.sub(r"e\1", plain, count=1))
    if found is None or not _is_unit(found[2], unit):
        return None
    return Decimal(found[1])


def _is_unit(typed: str, unit: str) -> bool:
    """Tell whether what stands behind a number is its unit (or nothing); mPa is not MPa."""
    if not typed:
        return True
    left, right = _bare(typed), _bare(unit)
    if not right or left.casefold() != right.casefold():
        return False
    return left[0] == right[0] or left[0] not in "mM"


def _bare(unit: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unit).split()).translate(UNIT_SIGNS)
