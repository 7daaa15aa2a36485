"""What a document is made of, as plain values: they are gathered from records, written to Word, and pass as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph. `tone`: "" the running text, "note" a source or remark, "missing" what the document still lacks."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table under its caption; `numeric` columns stand at the right, `widths` are in cm."""

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""
    numeric: Sequence[int] = ()
    widths: Sequence[float] = ()


@dataclass(frozen=True)
class Chart:
    """A chart under its caption. `finding` says in a sentence what it shows, for who does not see it.

    `kind` is "column", "bar" or "line"; every series has one value a category, None where there is no data.
    """

    caption: str
    finding: str
    kind: str
    categories: Sequence[str]
    series: Mapping[str, Sequence[float | None]] = field(default_factory=dict)


Block = Heading | Text | Table | Chart
KINDS: dict[str, type[Block]] = {"heading": Heading, "text": Text, "table": Table, "chart": Chart}
_NAMES = {kind: name for name, kind in KINDS.items()}


def to_document(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Return blocks as JSON-able values."""
    return [{"block": _NAMES[type(block)]} | vars(block) for block in blocks]


def from_document(document: Iterable[Mapping[str, Any]]) -> list[Block]:
    """Read what to_document wrote."""
    found = []
    for one in document:
        values = dict(one)
        found.append(KINDS[values.pop("block")](**values))
    return found


def missing_in(blocks: Iterable[Block]) -> list[str]:
    """Return what blocks say to be missing, in order."""
    return [block.text for block in blocks if isinstance(block, Text) and block.tone == "missing"]
