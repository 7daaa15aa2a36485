"""The sheet that items come in and go out with: its columns, and how a row of it is understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import content as contents
from trainmgr.bank import labels
from trainmgr.bank.authoring import ItemFacts
from trainmgr.bank.content import LETTERS, ContentRefused, Credit, plain
from trainmgr.bank.forms import FULL_MARKS, paragraphs
from trainmgr.bank.marking import read_number
from trainmgr.bank.models import Item
from trainmgr.bank.queries import CompetencyLine
from trainmgr.bank.rules import Difficulty, ItemKind
from trainmgr.kernel.i18n import say
from trainmgr.kernel.sheets import Column, Kind, Record, Sheet, match_columns, normalise, read_records

STEP_ENDS = re.compile(r"[;；\n]")
TRUE = {plain(word) for word in ("true", "t", "yes", "right", "1", "对", "正确", "是", "√", "✓")}
FALSE = {plain(word) for word in ("false", "f", "no", "wrong", "0", "错", "错误", "否", "×", "✗", "x")}
LONG_TEXT = ("stem", "model", "explanation", *(f"option_{letter}" for letter in LETTERS.lower()))
MOST_POINTS_DIGITS = 12


def item_columns(competencies: Sequence[CompetencyLine]) -> list[Column]:
    """Return the columns; a competency is chosen from a list where the list is short enough."""
    names = {str(line.id): line.name for line in competencies}
    options = [
        Column(f"option_{letter.lower()}", _l("Option %(letter)s", letter=letter), (letter, f"选项{letter}"))
        for letter in LETTERS
    ]
    return [
        Column("competency", _l("Competency"), ("能力", "能力点"), True, choices=names, width=22),
        Column("post", _l("Post or code of the standard"), ("岗位", "标准编号"), width=18),
        Column("kind", _l("Kind of item"), ("题型",), True, kind=Kind.CHOICE, width=12,
               choices={key.value: label for key, label in labels.KINDS.items()}),
        Column("difficulty", _l("Difficulty"), ("难度",), True, kind=Kind.CHOICE, width=8,
               choices={key.value: label for key, label in labels.DIFFICULTIES.items()}),
        Column("points", _l("Usual points"), ("分值", "分数"), True, "2", Kind.NUMBER, width=8),
        Column("stem", _l("Question or task"), ("题干", "题目"), True, width=48),
        *options,
        Column("answer", _l("Right answer"), ("答案", "正确答案"), example="ACD", width=14),
        Column("tolerance", _l("Tolerance"), ("误差", "允差"), example="0.5", width=10),
        Column("unit", _l("Unit"), ("单位",), example="N·m", width=8),
        Column("credit", _l("Points when not all is right"), ("漏选给分",), kind=Kind.CHOICE, width=16,
               choices={key.value: label for key, label in labels.CREDITS.items()}),
        Column("model", _l("Model answer or steps"), ("参考答案", "操作步骤"), width=48),
        Column("explanation", _l("Explanation"), ("解析",), width=36),
    ]  # fmt: skip


def notes() -> list[str]:
    """Return how the sheet is filled in."""
    return [
        _("Right answer: letters for choices (ACD), true or false, or the number. Up to eight options."),
        _("Tolerance: in the unit, or with a per cent sign of the value. Without one the number must be exact."),
        _("Steps of a checklist: one a line, or parted by semicolons."),
        _("A step that begins with “!” must be done, else nothing counts; one that ends in “| 2” weighs double."),
        _("A post is needed only where two standards name the same competency."),
        _("An item that is in the bank already is not doubled. Pictures are added in the bank."),
    ]  # fmt: skip


@dataclass(frozen=True)
class Understood:
    """One row of a sheet: the item it means, or what is wrong with it."""

    number: int
    facts: ItemFacts | None
    reason: str = ""


class Reader:
    """Understands the rows of one sheet in their order, and notices what stands in it twice."""

    def __init__(self, competencies: Sequence[CompetencyLine]) -> None:
        self.by_name: dict[str, list[CompetencyLine]] = {}
        for line in competencies:
            for name in {plain(line.name), plain(line.name_en)} - {""}:
                self.by_name.setdefault(name, []).append(line)
        self.seen: dict[str, int] = {}

    def read(self, sheet: Sheet, columns: Sequence[Column]) -> list[Understood]:
        """Understand a whole sheet; raises SheetRefused for its header."""
        places = match_columns(sheet.columns, columns)
        texts = {key: places[key] for key in LONG_TEXT if key in places}
        raw = dict(sheet.numbered())
        return [self._row(record, _raw(raw[record.number], texts)) for record in read_records(sheet, columns)]

    def _row(self, record: Record, texts: Mapping[str, str]) -> Understood:
        faults = list(record.faults)
        facts = None if faults else self._facts({**record.values, **texts}, faults)
        if facts is not None and not faults:
            first = self.seen.setdefault(facts.digest(), record.number)
            if first != record.number:
                faults.append(_("stands in row %(row)s already", row=first))
        if faults or facts is None:
            return Understood(record.number, None, _("; ").join(faults))
        return Understood(record.number, facts)

    def _facts(self, values: Mapping[str, str], faults: list[str]) -> ItemFacts | None:
        kind = ItemKind(values["kind"])
        competency = self._competency(values, faults)
        points = _points(values["points"], faults)
        for key, most in (("stem", contents.LONGEST_STEM), ("explanation", 2000), ("model", 8000)):
            if len(values.get(key, "")) > most:
                faults.append(_("“%(text)s…”: at most %(most)s characters", text=values[key][:20], most=most))
        document = _document(kind, values, faults)
        if faults or competency is None:
            return None
        difficulty = Difficulty(values["difficulty"])
        return ItemFacts(
            competency.id, kind, difficulty, points, values["stem"], document, values.get("explanation", "")
        )

    def _competency(self, values: Mapping[str, str], faults: list[str]) -> CompetencyLine | None:
        found = self.by_name.get(plain(values["competency"]), [])
        if values["post"]:
            post = plain(values["post"])
            found = [line for line in found if post in (plain(line.post), plain(line.code))]
        if len(found) == 1:
            return found[0]
        if found:
            posts = _(", ").join(line.post for line in found)
            faults.append(
                _("several standards name “%(name)s”; give the post: %(posts)s",
                  name=values["competency"], posts=posts)
            )  # fmt: skip
        else:
            faults.append(
                _("no standard of the college names the competency “%(name)s”", name=values["competency"])
            )
        return None


def _raw(row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    """Return long texts as they were typed, their lines and full-width signs kept."""
    return {key: paragraphs(row[place]) for key, place in places.items()}


def _points(text: str, faults: list[str]) -> Decimal:
    value = Decimal(text) if len(text) <= MOST_POINTS_DIGITS else Decimal(-1)
    if not Decimal("0.5") <= value <= FULL_MARKS:
        faults.append(_("Points run from 0.5 to 100."))
    return value


def _document(kind: ItemKind, values: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    try:
        return _content(kind, values)
    except ContentRefused as refused:
        faults += [say(msgid, params) for _field, msgid, params in refused.faults]
        return {}


def _content(kind: ItemKind, values: Mapping[str, str]) -> dict[str, Any]:
    answer = values["answer"]
    if kind.has_options:
        options = [values.get(f"option_{letter.lower()}", "") for letter in LETTERS]
        credit = Credit(values["credit"]) if values["credit"] else Credit.EXACT
        return contents.choice_content(kind, options, _letters(answer), credit)
    if kind is ItemKind.TRUE_FALSE:
        return {"right": _truth(answer)}
    if kind is ItemKind.NUMBER:
        return _number(values)
    text = values.get("model", "")
    if kind is ItemKind.CHECKLIST:
        return contents.checklist_content(STEP_ENDS.split(text))
    if not text or len(text) > contents.LONGEST_MODEL:
        raise _wrong(_("a short answer needs a model answer of at most %(most)s characters",
                       most=contents.LONGEST_MODEL))  # fmt: skip
    return {"model": text}


def _wrong(sentence: str) -> ContentRefused:
    return ContentRefused([("answer", sentence, {})])


def _letters(text: str) -> list[int]:
    letters = [sign for sign in normalise(text).upper() if sign.isalnum()]
    if not letters or any(sign not in LETTERS for sign in letters):
        raise _wrong(
            _("the right answer is given by letters, such as A or ACD, not “%(text)s”", text=text[:20])
        )
    return sorted({LETTERS.index(sign) for sign in letters})


def _truth(text: str) -> bool:
    word = plain(text)
    if word not in TRUE | FALSE:
        raise _wrong(_("the right answer is true or false, not “%(text)s”", text=text[:20]))
    return word in TRUE


def _number(values: Mapping[str, str]) -> dict[str, Any]:
    unit = values["unit"][:20]
    value = read_number(values["answer"], unit)
    if value is None:
        raise _wrong(_("the right answer is a number, not “%(text)s”", text=values["answer"][:20]))
    typed = normalise(values["tolerance"])
    relative = typed.endswith("%") and unit != "%"
    try:
        tolerance = Decimal(typed.rstrip("%") or "0")
    except InvalidOperation:
        tolerance = Decimal(-1)
    if not tolerance.is_finite() or len(typed) > MOST_POINTS_DIGITS:
        tolerance = Decimal(-1)
    return contents.number_content(value, tolerance, relative=relative, unit=unit)


# --- going out ----------------------------------------------------------------------------------


def item_rows(items: Iterable[Item], by_id: Mapping[int, CompetencyLine]) -> Iterable[list[Any]]:
    """Yield items as rows of the sheet, so that it can be taken in again."""
    for item in items:
        line = by_id.get(item.competency_id)
        options = item.content.get("options", [])
        yield [
            line.name if line else "", line.code if line else "",
            str(labels.KINDS[item.kind]), str(labels.DIFFICULTIES[item.difficulty]), float(item.points),
            item.stem, *options, *([""] * (len(LETTERS) - len(options))),
            *_answer_cells(item), item.explanation,
        ]  # fmt: skip


def _answer_cells(item: Item) -> list[str]:
    """Return the cells of answer, tolerance, unit, credit, and model or steps."""
    document = item.content
    if item.kind.has_options:
        credit = str(labels.CREDITS[Credit(document["credit"])]) if item.kind is ItemKind.MULTIPLE else ""
        return [contents.letters_of(document["right"]), "", "", credit, ""]
    if item.kind is ItemKind.TRUE_FALSE:
        return [_("true") if document["right"] else _("false"), "", "", "", ""]
    if item.kind is ItemKind.NUMBER:
        tolerance = document["tolerance"] + ("%" if document["relative"] else "")
        return [document["value"], tolerance, document["unit"], "", ""]
    if item.kind is ItemKind.CHECKLIST:
        return ["", "", "", "", "\n".join(contents.step_lines(document))]
    return ["", "", "", "", document["model"]]
