"""What a sheet should hold: its columns, how a header is recognised, how a cell is understood."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from flask_babel import force_locale, gettext

from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.reader import Sheet
from trainmgr.kernel.sheets.refusals import SheetRefused

LANGUAGES = ("zh", "en")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: \d{1,2}:\d{2}(?::\d{2})?)?")
COMPACT_DAY = re.compile(r"(19\d\d|20\d\d)(\d\d)(\d\d)")
SHORTENED = re.compile(r"\d(\.\d+)?[eE]\+\d{2}")  # what a CSV holds of a long number that Excel has saved
UNSAID = re.compile(r"[\s*:_\-]")
EXCEL_EPOCH = date(1899, 12, 30)


class Kind(enum.StrEnum):
    """How the cells of a column are understood."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Column:
    """One column that a sheet may have. `label` is a msgid (or lazy text), `aliases` other names people give it.

    `choices` maps the stored key to its label. A text column is written in text format, so that ID numbers keep
    all digits.
    """

    key: str
    label: Any
    aliases: Sequence[str] = ()
    required: bool = False
    example: str = ""
    kind: Kind = Kind.TEXT
    choices: dict[str, Any] = field(default_factory=dict)
    width: int | None = None

    @property
    def heading(self) -> str:
        """The column's name in the reader's language."""
        return said(self.label)


@dataclass(frozen=True)
class Record:
    """One row understood: values by column key (missing optional ones are ""), and what is wrong with it."""

    number: int
    values: dict[str, str]
    faults: list[str]


def said(label: Any) -> str:
    """Return a msgid or lazy text in the reader's language."""
    return gettext(label) if isinstance(label, str) and label else str(label)


def normalise(text: str) -> str:
    """Return text with full-width letters and digits made ordinary and blanks at the ends and doubled ones gone."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


@lru_cache(maxsize=4_096)
def heading_key(text: str) -> str:
    """Return what two spellings of one heading have in common: no blanks, stars, full width or capitals."""
    return UNSAID.sub("", unicodedata.normalize("NFKC", text)).casefold()


@dataclass(frozen=True)
class Matched:
    """Where the columns of a sheet stand by key, which stand there twice, and which are needed but not there."""

    places: dict[str, int]
    doubled: list[Column]
    missing: list[Column]

    def require(self) -> dict[str, int]:
        """Return the places; raises SheetRefused that names the missing or doubled columns."""
        if self.doubled:
            raise SheetRefused(
                N_("The column “%(name)s” is there twice. Keep one of them."), name=self.doubled[0].heading
            )
        if self.missing:
            raise SheetRefused(
                N_(
                    "These columns are missing: %(names)s. Use the template, or name your columns as it does."
                ),
                names=gettext(", ").join(column.heading for column in self.missing),
            )
        return self.places


def match_columns(header: Sequence[str], wanted: Sequence[Column]) -> dict[str, int]:
    """Return where each wanted column stands; raises SheetRefused that names the missing or doubled ones."""
    return find_columns(header, wanted).require()


def find_columns(header: Sequence[str], wanted: Sequence[Column]) -> Matched:
    """Tell by their names where the wanted columns stand; of a doubled one the first place counts."""
    places: dict[str, list[int]] = {}
    for place, text in enumerate(header):
        for key in {heading_key(text), heading_key(re.sub(r"[（(].*[）)]", "", text))} - {""}:
            places.setdefault(key, []).append(place)
    found: dict[str, int] = {}
    doubled = []
    for column in wanted:
        hits = sorted({place for name in names_of(column) for place in places.get(name, ())})
        if len(hits) > 1:
            doubled.append(column)
        if hits:
            found[column.key] = hits[0]
    return Matched(found, doubled, missing_in(found, wanted))


def missing_in(places: Mapping[str, int], wanted: Sequence[Column]) -> list[Column]:
    """Return the columns that are needed and have no place."""
    return [column for column in wanted if column.required and column.key not in places]


def names_of(column: Column) -> list[str]:
    """Return every spelling that a column is recognised by, in each language."""
    names = [column.key, *column.aliases]
    for language in LANGUAGES:
        with force_locale(language):
            names.append(column.heading)
    return list(dict.fromkeys(heading_key(name) for name in names))


def read_records(
    sheet: Sheet, wanted: Sequence[Column], places: Mapping[str, int] | None = None
) -> Iterator[Record]:
    """Yield each row with its cells understood by the kind of their column; raises SheetRefused for the header.

    `places` say by key where the columns stand; without them they are told by their names.
    """
    if places is None:
        places = match_columns(sheet.columns, wanted)
    elif missing := missing_in(places, wanted):
        Matched({}, [], missing).require()

    found = [(column, place) for column in wanted if (place := places.get(column.key)) is not None]
    blank = dict.fromkeys((column.key for column in wanted), "")

    def understood() -> Iterator[Record]:
        rounded = sheet.rounded
        for number, row in sheet.numbered():
            values, faults, width = blank.copy(), [], len(row)
            for column, place in found:
                values[column.key], fault = understand(column, row[place] if place < width else "")
                if fault and column.kind is Kind.TEXT:
                    values[column.key] = ""  # a shortened number is not worth another fault
                if rounded and (number, place) in rounded:
                    values[column.key] = ""  # what is left of it is not worth another fault
                    fault = gettext(
                        "stored as a number, so its last digits are lost; format the cells as text"
                    )
                if fault:
                    faults.append(f"{column.heading}: {fault}")
            yield Record(number, values, faults)

    return understood()


def understand(column: Column, raw: str) -> tuple[str, str | None]:
    """Return a cell's value (normalised; the typed text when it is wrong) and what is wrong with it."""
    text = normalise(raw)
    if not text:
        return "", gettext("is missing") if column.required else None
    if column.kind is Kind.TEXT:
        if "+" in text and SHORTENED.fullmatch(text):
            return text, gettext(
                "Excel has shortened this number to %(text)s; format the cells as text", text=text
            )
        return text, None
    if column.kind is Kind.NUMBER:
        return _number(text)
    if column.kind is Kind.DATE:
        day = parse_day(text)
        return (day.isoformat(), None) if day else (text, gettext("is not a date; write 2026-11-30"))
    return _choice(column, text)


def _number(text: str) -> tuple[str, str | None]:
    plain = text.replace(",", "").replace(" ", "")
    if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain):
        return plain, None
    if re.fullmatch(r"\d+(\.\d*)?%", plain):
        return format(float(plain[:-1]) / 100, ".15g"), None
    return text, gettext("is not a number")


def _choice(column: Column, text: str) -> tuple[str, str | None]:
    wanted = heading_key(text)
    for language in LANGUAGES:
        with force_locale(language):
            for key, label in column.choices.items():
                if wanted in (heading_key(key), heading_key(said(label))):
                    return key, None
    allowed = gettext(", ").join(said(label) for label in column.choices.values())
    return text, gettext("must be one of: %(choices)s", choices=allowed)


def parse_day(text: str) -> date | None:
    """Return the day in a text such as 2026-11-30, 2026/11/30, 2026年11月30日, 20261130 or Excel's day number."""
    found = DAY.fullmatch(text) or COMPACT_DAY.fullmatch(text)
    if found:
        try:
            return date(*(int(part) for part in found.groups()))
        except ValueError:
            return None
    if re.fullmatch(r"[1-9]\d{4}", text):
        return EXCEL_EPOCH + timedelta(days=int(text))
    return None
