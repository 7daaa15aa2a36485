"""Read single entries of a pathway's tables; whatever is wrong is noted as a fault and reading goes on."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from trainmgr.pathways import faults as say
from trainmgr.pathways.faults import Fault
from trainmgr.pathways.lines import Path, line_of
from trainmgr.pathways.schema import Text

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
NAME, LINE, PARAGRAPH = 60, 200, 1_000
"""How many characters a name, a line and a paragraph may have in Chinese; English may have three times as many."""
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(slots=True)
class Notes:
    """The faults found so far and where the values stand in the file."""

    lines: dict[Path, int] | None = None
    faults: list[Fault] = field(default_factory=list)

    def add(self, path: Path, message_id: str, /, **params: str | int | float) -> None:
        """Note a fault at a place."""
        line = 0 if self.lines is None else line_of(self.lines, path)
        self.faults.append(Fault(line, spell(path), message_id, params))


def spell(path: Path) -> str:
    """Write a path the way people count: stage[2].hours is the second stage's hours."""
    out = ""
    for part in path:
        out += f"[{part + 1}]" if isinstance(part, int) else f".{short(part)}" if out else short(part)
    return out


def short(value: object) -> str:
    """Show a value of a file inside a message without flooding it."""
    shown = value if isinstance(value, str) else type(value).__name__
    return "".join(ch if ch.isprintable() else "�" for ch in shown[:40]) + ("…" if len(shown) > 40 else "")


def tidy(number: float) -> str:
    """Write a number without a needless fraction."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


class Table:
    """One table of the file. Each method reads one entry; `close` notes the entries nobody asked for."""

    def __init__(self, notes: Notes, path: Path, value: object) -> None:
        self.notes, self.path = notes, path
        self.ok = isinstance(value, Mapping)
        self.entries: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        self.known: list[str] = []
        if not self.ok:
            notes.add(path, say.NOT_TABLE)

    def add(self, key: str, message_id: str, /, **params: str | int | float) -> None:
        """Note a fault at an entry of this table, or at the table itself for an empty key."""
        self.notes.add((*self.path, key) if key else self.path, message_id, **params)

    def has(self, key: str) -> bool:
        """Tell whether the entry is there."""
        self.known.append(key)
        return key in self.entries

    def take(self, key: str, required: bool = True) -> Any:
        """Return the raw entry, or None with a fault when it is needed and not there."""
        if self.has(key):
            return self.entries[key]
        if required and self.ok:
            self.add(key, say.MISSING, key=key)
        return None

    def close(self) -> None:
        """Note the entries that the schema does not know, the first twenty of them."""
        for key in [key for key in self.entries if key not in self.known][:20]:
            close = get_close_matches(str(key)[:60], self.known, 1)
            if close:
                self.add(key, say.UNKNOWN_KEY_CLOSE, key=short(key), close=close[0])
            else:
                self.add(key, say.UNKNOWN_KEY, key=short(key), known=", ".join(dict.fromkeys(self.known)))

    def string(self, key: str, limit: int, required: bool = True, *, lines: bool = False) -> str:
        """Read a text, with the space around it removed; only some may have several lines."""
        value = self.take(key, required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.add(key, say.NOT_TEXT)
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        bad = next((ch for ch in text if _refused(ch) and not (lines and ch == "\n")), None)
        if bad is not None:
            self.add(key, say.BAD_CHARACTER, code=f"{ord(bad):04X}")
            return ""
        if required and not text:
            self.add(key, say.EMPTY)
        if len(text) > limit:
            self.add(key, say.TEXT_TOO_LONG, count=len(text), limit=limit)
        return text

    def text(self, key: str, limit: int, required: bool = True, *, lines: bool = False) -> Text:
        """Read a text in Chinese and its English, which may be left out and may be three times as long."""
        english = self.string(f"{key}_en", limit * 3, required=False, lines=lines)
        return Text(self.string(key, limit, required, lines=lines), english)

    def slug(self, key: str) -> str:
        """Read a short name made of small letters, digits and hyphens."""
        value = self.string(key, 60)
        if value and not SLUG.fullmatch(value):
            self.add(key, say.BAD_SLUG)
        return value

    def number(
        self, key: str, low: float, high: float, *, default: float | None = None, whole: bool = False
    ) -> float:
        """Read a number within bounds; without a default it must be there."""
        value = self.take(key, required=default is None)
        fallback = low if default is None else default
        if value is None:
            return fallback
        checked = self.numeric(value, (*self.path, key), low, high, whole=whole)
        return fallback if checked is None else checked

    def numeric(self, value: object, path: Path, low: float, high: float, *, whole: bool) -> float | None:
        """Check one number, or note why it is none."""
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            self.notes.add(path, say.NOT_WHOLE if whole else say.NOT_NUMBER)
            return None
        if not low <= value <= high or (isinstance(value, float) and not math.isfinite(value)):
            self.notes.add(path, say.OUT_OF_RANGE, low=tidy(low), high=tidy(high))
            return None
        return int(value) if whole else float(value)

    def whole(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """Read a whole number within bounds."""
        return int(self.number(key, low, high, default=default, whole=True))

    def flag(self, key: str) -> bool:
        """Read true or false, false when it is not there."""
        value = self.take(key, required=False)
        if value is not None and not isinstance(value, bool):
            self.add(key, say.NOT_FLAG)
        return value is True

    def choice(self, key: str, kind: type[E], default: E | None = None, required: bool = True) -> E | None:
        """Read one of the known words."""
        value = self.take(key, required and default is None)
        if value is None:
            return default
        return self.member(value, (*self.path, key), kind) or default

    def member(self, value: object, path: Path, kind: type[E]) -> E | None:
        """Turn a word into its choice, or note which words are known."""
        if isinstance(value, str) and value in kind._value2member_map_:
            return kind(value)
        self.notes.add(path, say.NOT_CHOICE, value=short(value), known=", ".join(kind))
        return None

    def sequence(self, key: str, low: int, high: int, required: bool = True) -> list[tuple[Path, Any]]:
        """Read a list of so many values, each with its place."""
        value = self.take(key, required)
        if value is None:
            return []
        path = (*self.path, key)
        if not isinstance(value, list):
            self.notes.add(path, say.NOT_LIST)
            return []
        if not low <= len(value) <= high:
            self.notes.add(path, say.LIST_LENGTH, count=len(value), low=low, high=high)
        return [((*path, i), item) for i, item in enumerate(value[:high])]

    def choices(self, key: str, kind: type[E], low: int = 1, required: bool = True) -> tuple[E, ...]:
        """Read a list of known words without repetition."""
        read = [
            (path, self.member(item, path, kind))
            for path, item in self.sequence(key, low, len(kind), required)
        ]
        self.distinct((path, member) for path, member in read if member)
        return tuple(member for _, member in read if member)

    def tables(self, key: str, low: int, high: int) -> list[Table]:
        """Read a list of tables, each headed by [[key]]."""
        value = self.take(key, required=low > 0)
        if value is None:
            return []
        path = (*self.path, key)
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            heading = ".".join(str(part) for part in path if isinstance(part, str))
            self.notes.add(path, say.NOT_TABLES, name=heading)
            return []
        if not low <= len(value) <= high:
            self.notes.add(path, say.LIST_LENGTH, count=len(value), low=low, high=high)
        return [Table(self.notes, (*path, i), item) for i, item in enumerate(value[:high])]

    def table(self, key: str, required: bool = True) -> Table | None:
        """Read one table."""
        value = self.take(key, required)
        return None if value is None else Table(self.notes, (*self.path, key), value)

    def distinct(self, pairs: Iterable[tuple[Path, str]]) -> None:
        """Note every value that came before."""
        seen: set[str] = set()
        for path, value in pairs:
            if value and value in seen:
                self.notes.add(path, say.TWICE, value=short(str(value)))
            seen.add(value)


def _refused(ch: str) -> bool:
    return ch in _BIDI or unicodedata.category(ch) in _REFUSED


def known(value: T | None, fallback: T) -> T:
    """Go on reading with a stand-in where a word was not known; the fault is already noted."""
    return fallback if value is None else value
