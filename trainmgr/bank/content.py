"""What an item of each kind holds besides its stem, checked: options and right ones, number and tolerance, steps. Pure.

The documents, as they are stored:

    single, multiple  {"options": [text, …], "right": [place, …], "credit": "exact" | "partial"}
    true_false        {"right": true | false}
    number            {"value": "42.5", "tolerance": "0.5", "relative": false, "unit": "N·m"}; relative: per cent
    short_answer      {"model": text}
    checklist         {"steps": [{"text": text, "weight": 1, "critical": false}, …]}

An option is known by its place in the document, in whatever order somebody sees it.
"""

from __future__ import annotations

import enum
import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trainmgr.bank.rules import ItemKind
from trainmgr.kernel.msgids import N_

LETTERS = "ABCDEFGH"
LEAST_OPTIONS, MOST_OPTIONS = 2, len(LETTERS)
LONGEST_OPTION, LONGEST_STEP, LONGEST_MODEL, LONGEST_STEM = 300, 200, 2000, 2000
MOST_STEPS = 30
MOST_WEIGHT = 20
BARS = ("|", "｜")
MARKS = ("!", "！")


class Credit(enum.StrEnum):
    """How a multiple choice is marked: all right or nothing; or a share of what is there, nothing with a wrong one."""

    EXACT = "exact"
    PARTIAL = "partial"


class ContentRefused(Exception):
    """What is wrong with a document: (field, msgid, values) each; the fields are those of the item's form."""

    def __init__(self, faults: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
        super().__init__(faults)
        self.faults = list(faults)


def _refuse(field: str, msgid: str, **values: Any) -> ContentRefused:
    return ContentRefused([(field, msgid, values)])


def choice_content(
    kind: ItemKind, options: Sequence[str], right: Sequence[int], credit: Credit = Credit.EXACT
) -> dict[str, Any]:
    """Return the document of a choice; `right` are places among `options`, blank options are left out."""
    filled = [place for place, text in enumerate(options) if text.strip()]
    texts = [options[place].strip() for place in filled]
    if not LEAST_OPTIONS <= len(texts) <= MOST_OPTIONS:
        raise _refuse(
            "options", N_("Write %(least)s to %(most)s options."), least=LEAST_OPTIONS, most=MOST_OPTIONS
        )
    if any(len(text) > LONGEST_OPTION for text in texts):
        raise _refuse("options", N_("An option has at most %(most)s characters."), most=LONGEST_OPTION)
    if len({plain(text) for text in texts}) < len(texts):
        raise _refuse("options", N_("Two options say the same."))
    if any(place not in filled for place in right):
        raise _refuse("right", N_("An option that is blank is marked as right."))
    chosen = sorted({filled.index(place) for place in right})
    _check_right(kind, chosen, len(texts))
    return {
        "options": texts,
        "right": chosen,
        "credit": credit.value if kind is ItemKind.MULTIPLE else "exact",
    }


def _check_right(kind: ItemKind, right: Sequence[int], options: int) -> None:
    if kind is ItemKind.SINGLE and len(right) != 1:
        raise _refuse("right", N_("Mark the one right option."))
    if kind is ItemKind.MULTIPLE and len(right) < 2:
        raise _refuse(
            "right", N_("Mark at least two right options; with one right option it is a single choice.")
        )
    if kind is ItemKind.MULTIPLE and len(right) == options and options < 3:
        raise _refuse(
            "right", N_("Both options are right, so there is nothing to choose. Write at least one more.")
        )


def number_content(value: Decimal, tolerance: Decimal, *, relative: bool, unit: str) -> dict[str, Any]:
    """Return the document of a number; the tolerance is in the unit, or in per cent of the value."""
    if tolerance < 0:
        raise _refuse("tolerance", N_("A tolerance is zero or more."))
    if relative and tolerance > 100:
        raise _refuse("tolerance", N_("At most 100 per cent."))
    if relative and value == 0:
        raise _refuse("tolerance", N_("A share of zero is zero. Give the tolerance in the unit."))
    return {"value": said(value), "tolerance": said(tolerance), "relative": relative, "unit": unit.strip()}


def said(value: Decimal) -> str:
    """Return a number without an exponent and without zeros at its end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def checklist_content(lines: Sequence[str]) -> dict[str, Any]:
    """Return the document of a practical checklist from lines such as "! Wear the gloves | 2".

    The number behind the bar is the step's weight (1 unless said); "!" marks a step without which nothing counts.
    """
    steps = [_step(line) for line in lines if line.strip()]
    if not steps:
        raise _refuse("steps", N_("Write at least one step."))
    if len(steps) > MOST_STEPS:
        raise _refuse("steps", N_("At most %(most)s steps."), most=MOST_STEPS)
    return {"steps": steps}


def _step(line: str) -> dict[str, Any]:
    text, weight = line.strip(), 1
    for bar in BARS:
        head, found, tail = text.rpartition(bar)
        if found:
            weight = _weight(tail, line)
            text = head.strip()
            break
    critical = text.startswith(MARKS)
    text = text.lstrip("".join(MARKS)).strip()
    if not text or len(text) > LONGEST_STEP:
        raise _refuse(
            "steps", N_("A step has 1 to %(most)s characters: “%(line)s”."), most=LONGEST_STEP, line=line[:40]
        )
    return {"text": text, "weight": weight, "critical": critical}


def _weight(text: str, line: str) -> int:
    digits = unicodedata.normalize("NFKC", text).strip()
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:6]) <= MOST_WEIGHT):
        raise _refuse(
            "steps",
            N_("The weight behind the bar is a whole number from 1 to %(most)s: “%(line)s”."),
            most=MOST_WEIGHT, line=line[:40],
        )  # fmt: skip
    return int(digits)


def step_lines(content: Mapping[str, Any]) -> list[str]:
    """Return the steps of a checklist as they are typed."""
    return [
        ("! " if step["critical"] else "")
        + step["text"]
        + (f" | {step['weight']}" if step["weight"] != 1 else "")
        for step in content["steps"]
    ]


def letters_of(places: Sequence[int]) -> str:
    """Return the letters of options: ACD."""
    return "".join(LETTERS[place] for place in sorted(places))


def plain(text: str) -> str:
    """Return what two spellings of one text have in common: no blanks, full width or capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def digest_of(
    competency_id: int, kind: ItemKind, stem: str, content: Mapping[str, Any], picture: str = ""
) -> str:
    """Return what tells an item when it comes again: what it asks and what is right, not its points or state."""
    document = [competency_id, kind.value, plain(stem), _plain_all(content), picture]
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain_all(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {key: _plain_all(inner) for key, inner in value.items()}
    return [_plain_all(inner) for inner in value] if isinstance(value, list) else value
