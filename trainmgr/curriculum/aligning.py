"""The five ways in which a module keeps in step with the work that it is for, and how a check of one stands; pure."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from trainmgr.curriculum.rules import ModuleLine


class Alignment(enum.StrEnum):
    """What of a module is to be in step with what of the work."""

    GOALS = "goals"
    CONTENT = "content"
    SCENE = "scene"
    ASSESSMENT = "assessment"
    TEXTBOOK = "textbook"


class AlignmentVerdict(enum.StrEnum):
    """What a check has found."""

    IN_STEP = "in_step"
    OUT_OF_STEP = "out_of_step"


class Standing(enum.StrEnum):
    """How a module stands in one way today, the most pressing first."""

    OUT_OF_STEP = "out_of_step"
    NOT_CHECKED = "not_checked"
    EXPIRED = "expired"
    IN_STEP = "in_step"


URGENCY = list(Standing)


class Checked(Protocol):
    """What is known of a check."""

    @property
    def verdict(self) -> AlignmentVerdict:
        """What it found."""

    @property
    def valid_until(self) -> date:
        """The last day for which it holds."""


def standing(check: Checked | None, today: date) -> Standing:
    """Return how a module stands by its newest check; "out of step" does not heal by expiring."""
    if check is None:
        return Standing.NOT_CHECKED
    if check.verdict is AlignmentVerdict.OUT_OF_STEP:
        return Standing.OUT_OF_STEP
    return Standing.IN_STEP if today <= check.valid_until else Standing.EXPIRED


def a_year_later(day: date) -> date:
    """Return the same day of the next year; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


@dataclass(frozen=True)
class Cell:
    """One module in one way: its newest check (or None) and how it stands."""

    alignment: Alignment
    check: Checked | None
    standing: Standing


@dataclass(frozen=True)
class Row:
    """A module in all five ways."""

    module: ModuleLine
    cells: Sequence[Cell]

    @property
    def urgency(self) -> tuple[int, ...]:
        """What sorts the rows: how many ways are out of step, then not checked, then expired; most first."""
        return tuple(-sum(cell.standing is each for cell in self.cells) for each in URGENCY[:-1])


def rows_of(
    modules: Iterable[ModuleLine], latest: Mapping[tuple[str, Alignment], Checked], today: date
) -> list[Row]:
    """Return the modules with their five cells, the most pressing first, else in the order of the plan."""
    rows = []
    for module in modules:
        checks = [(each, latest.get((module.lineage, each))) for each in Alignment]
        cells = [Cell(each, check, standing(check, today)) for each, check in checks]
        rows.append(Row(module, cells))
    return sorted(rows, key=lambda row: row.urgency)


def tally(rows: Iterable[Row]) -> Counter[Standing]:
    """Count how many cells stand how."""
    return Counter(cell.standing for row in rows for cell in row.cells)
