"""Reads what a page sent: JSON by its script, or the whole form where scripts do not run. Shape only; no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trainmgr.bank.rules import MOST_ITEMS_IN_A_PAPER, ItemKind
from trainmgr.kernel.numbers import LARGEST
from trainmgr.testing.answering import NotAnAnswer, read_typed
from trainmgr.testing.sheets import Sheet
from trainmgr.testing.taking import Sent


class CannotRead(ValueError):
    """What was sent has not the shape that the page's script sends."""


def read_script(document: Any) -> tuple[int, list[Sent]]:
    """Return the attempt and the answers of {"attempt": 7, "answers": [[item, value, sequence], …]}."""
    if not isinstance(document, dict) or not isinstance(document.get("answers"), list):
        raise CannotRead
    if len(document["answers"]) > MOST_ITEMS_IN_A_PAPER:
        raise CannotRead
    return _whole(document.get("attempt")), [_sent(one) for one in document["answers"]]


def _sent(one: Any) -> Sent:
    if not isinstance(one, list) or len(one) != 3:
        raise CannotRead
    return Sent(_whole(one[0]), one[1], _whole(one[2]))


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= LARGEST:
        raise CannotRead
    return number


def read_page(form: Any, sheet: Sheet, sequence: int) -> tuple[list[Sent], list[int]]:
    """Return the answers that were changed on a page, and the items whose answer is none.

    The page says beside each answer what it was when it was shown (`was…`): an old page in another tab does not
    overwrite with it what was answered since.
    """
    sent, refused = list[Sent](), list[int]()
    for item in sheet.items:
        if item.kind is ItemKind.CHECKLIST or f"was{item.id}" not in form:
            continue
        try:
            value = read_typed(item.kind, form.getlist(f"q{item.id}"), len(item.options))
        except NotAnAnswer:
            refused.append(item.id)
            continue
        if value != _was(form, item.id):
            sent.append(Sent(item.id, value, sequence))
    return sent, refused


def _was(form: Mapping[str, str], item_id: int) -> Any:
    try:
        return json.loads(form[f"was{item_id}"])
    except ValueError:
        return None
