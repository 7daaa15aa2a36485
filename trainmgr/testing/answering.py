"""What a person may answer to an item, in the one form in which it is kept and marked. Pure.

Kept as bank.marking reads it: the places of the ticked options, True or False, what was typed; None is no answer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from trainmgr.bank.marking import LONGEST_NUMBER
from trainmgr.bank.rules import ItemKind

LONGEST_ANSWER = 2000
KEPT_CONTROLS = "\n\t"


class NotAnAnswer(ValueError):
    """What was sent is no answer to an item of its kind; only a page that was tampered with sends such."""


def read_value(kind: ItemKind, sent: Any, options: int) -> Any:
    """Return what was sent to an item (with so many options) as it is kept; raises NotAnAnswer.

    Texts lose signs that no keyboard types; they are refused, not cut, when they are too long.
    """
    if kind is ItemKind.CHECKLIST:
        raise NotAnAnswer("a judge answers this item")
    if sent is None:
        return None
    if kind.has_options:
        return _read_places(sent, options, most=1 if kind is ItemKind.SINGLE else options)
    if kind is ItemKind.TRUE_FALSE:
        if not isinstance(sent, bool):
            raise NotAnAnswer("true or false")
        return sent
    return _read_text(sent, LONGEST_NUMBER if kind is ItemKind.NUMBER else LONGEST_ANSWER)


def _read_places(sent: Any, options: int, most: int) -> list[int] | None:
    if not isinstance(sent, list) or len(sent) > options:
        raise NotAnAnswer("places of options")
    for place in sent:
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < options:
            raise NotAnAnswer("a place among the options")
    places = sorted(set(sent))
    if len(places) > most:
        raise NotAnAnswer("one option")
    return places or None


def _read_text(sent: Any, longest: int) -> str | None:
    if (
        not isinstance(sent, str) or len(sent) > 2 * longest
    ):  # a browser counts line ends as one sign, sends two
        raise NotAnAnswer("a text")
    text = "".join(
        sign
        for sign in sent.replace("\r\n", "\n")
        if sign in KEPT_CONTROLS or unicodedata.category(sign) not in ("Cc", "Cs")
    )
    if len(text) > longest:
        raise NotAnAnswer("a text of that length")
    return text if text.strip() else None


def read_typed(kind: ItemKind, typed: Sequence[str], options: int) -> Any:
    """Return what a plain form sent to an item (all fields of its name) as it is kept; raises NotAnAnswer."""
    if kind.has_options:
        if not all(text.isascii() and text.isdigit() and len(text) < 4 for text in typed):
            raise NotAnAnswer("places of options")
        return read_value(kind, [int(text) for text in typed], options)
    if not typed:
        return None
    if kind is ItemKind.TRUE_FALSE:
        if typed[0] not in ("true", "false"):
            raise NotAnAnswer("true or false")
        return typed[0] == "true"
    return read_value(kind, typed[0], options)


def is_answered(value: Any) -> bool:
    """Tell whether a kept value is an answer."""
    return value is not None and value != [] and value != ""
