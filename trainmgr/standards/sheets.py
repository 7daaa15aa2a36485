"""The spreadsheets that a draft is filled in with: their columns, their templates, and how a row is understood."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.sheets import Column, Kind, Record, normalise, write_workbook
from trainmgr.standards import labels
from trainmgr.standards.actions import CompetencyFacts
from trainmgr.standards.rules import HIGHEST_LEVEL, LOWEST_LEVEL, Dimension, TaskKind
from trainmgr.standards.tasks import TaskFacts

JOINT = "; "
SEPARATORS = re.compile(r"[;；|\n]+")
HUNDREDTH = Decimal("0.01")


class SheetKind(enum.StrEnum):
    """What a spreadsheet brings."""

    COMPETENCIES = "competencies"
    TASKS = "tasks"
    RATINGS = "ratings"

    @property
    def title(self) -> Any:
        """What it is called."""
        return TITLES[self]


TITLES = {
    SheetKind.COMPETENCIES: _l("Competencies of a standard"),
    SheetKind.TASKS: _l("Chain of work tasks"),
    SheetKind.RATINGS: _l("Ratings of a Delphi round"),
}

_NAME = Column("name", _l("Competency"), ("能力", "能力名称"), True, width=28)
_ENGLISH = Column("name_en", _l("English name"), ("英文名",), width=28)

COLUMNS: dict[SheetKind, tuple[Column, ...]] = {
    SheetKind.COMPETENCIES: (
        _NAME,
        _ENGLISH,
        Column(
            "dimension",
            _l("Ability dimension"),
            ("维度",),
            kind=Kind.CHOICE,
            choices={key.value: label for key, label in labels.DIMENSIONS.items()},
        ),
        Column("importance", _l("Importance (1–5)"), ("重要度",), True, "4.5", Kind.NUMBER),
        Column("required_level", _l("Required level (1–5)"), ("要求水平",), True, "4", Kind.NUMBER),
        *(
            Column(f"level{number}", _l("Level %(number)s", number=number), width=20)
            for number in range(LOWEST_LEVEL, HIGHEST_LEVEL + 1)
        ),
        Column("tasks", _l("Taken by typical work tasks"), ("典型工作任务",), width=36),
        Column("units", _l("Codes of certificate units"), ("证书单元",), width=20),
    ),
    SheetKind.TASKS: (
        Column(
            "kind",
            _l("Kind of task"),
            ("类别",),
            True,
            kind=Kind.CHOICE,
            choices={key.value: label for key, label in labels.ONE_TASK.items()},
        ),
        Column("name", _l("Task"), ("任务", "任务名称"), True, width=36),
        _ENGLISH,
        Column("description", _l("What is done, with what, to which standard"), ("说明",), width=40),
        Column("sources", _l("Comes from"), ("来源",), width=36),
    ),
    SheetKind.RATINGS: (
        Column("expert", _l("Expert"), ("专家", "专家姓名"), True, width=20),
        Column("item", _l("Item"), ("条目",), True, width=36),
        Column("score", _l("1 to 5"), ("评分", "打分"), True, "4", Kind.NUMBER),
    ),
}


def template(kind: SheetKind, rows: Sequence[Sequence[Any]] = ()) -> bytes:
    """Return a spreadsheet to fill in; that of a Delphi round comes with a row for each expert and item."""
    notes = {
        SheetKind.COMPETENCIES: _("A competency of the same name is brought up to date."),
        SheetKind.TASKS: _("A task of the same kind and name is brought up to date. Sources stand above."),
        SheetKind.RATINGS: _("One row for each expert and item; rows without a score are left out."),
    }
    several = _("Several names in one cell are parted by semicolons.")
    return write_workbook(COLUMNS[kind], rows, title=str(kind.title), notes=[notes[kind], several])


# --- understanding rows -------------------------------------------------------------------------


@dataclass(frozen=True)
class CompetencyRow:
    """A competency with the names of its tasks and the codes of its units; None leaves them as they are."""

    facts: CompetencyFacts
    tasks: tuple[str, ...] | None
    units: tuple[str, ...] | None

    @property
    def mark(self) -> Any:
        """What a second row of the same would share."""
        return name_key(self.facts.name)


@dataclass(frozen=True)
class TaskRow:
    """A task with the names of what it comes from; None leaves them as they are."""

    kind: TaskKind
    facts: TaskFacts
    sources: tuple[str, ...] | None

    @property
    def mark(self) -> Any:
        """What a second row of the same would share."""
        return self.kind, name_key(self.facts.name)


@dataclass(frozen=True)
class RatingRow:
    """What one expert says of one item."""

    expert: str
    item: str
    score: int

    @property
    def mark(self) -> Any:
        """What a second row of the same would share."""
        return name_key(self.expert), name_key(self.item)


@dataclass
class Understood:
    """What the rows of a spreadsheet say, by row number, and the reason of each that says nothing usable."""

    rows: dict[int, Any] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)


def name_key(text: str) -> str:
    """Return what two spellings of one name have in common: no blanks, full width or capitals."""
    return normalise(text).replace(" ", "").casefold()


def understand(kind: SheetKind, records: Iterable[Record]) -> Understood:
    """Read every row; a row that repeats an earlier one is wrong."""
    found = Understood()
    first: dict[Any, int] = {}
    for record in records:
        if kind is SheetKind.RATINGS and not record.values["score"]:
            continue
        faults = list(record.faults)
        row = READERS[kind](record.values, faults) if not faults else None
        if row is not None and not faults:
            if row.mark in first:
                faults.append(_("stands in row %(row)s already", row=first[row.mark]))
            first.setdefault(row.mark, record.number)
        if faults:
            found.faults[record.number] = "; ".join(faults)
        else:
            found.rows[record.number] = row
    return found


def _text(values: Mapping[str, str], faults: list[str], key: str, label: Any, most: int) -> str:
    if len(values[key]) > most:
        faults.append(_("%(column)s: at most %(most)s characters", column=label, most=most))
    return values[key]


def _level(values: Mapping[str, str], faults: list[str], key: str, label: Any) -> Decimal:
    value = Decimal(values[key])
    if not LOWEST_LEVEL <= value <= HIGHEST_LEVEL:
        faults.append(_("%(column)s: from 1 to 5", column=label))
    return value.quantize(HUNDREDTH) if abs(value) < 1000 else Decimal(0)


def _names(values: Mapping[str, str], key: str) -> tuple[str, ...] | None:
    names = tuple(filter(None, map(str.strip, SEPARATORS.split(values[key]))))
    return names or None


def _competency(values: Mapping[str, str], faults: list[str]) -> CompetencyRow:
    return CompetencyRow(
        CompetencyFacts(
            name=_text(values, faults, "name", _l("Competency"), 80),
            importance=_level(values, faults, "importance", _l("Importance (1–5)")),
            required_level=_level(values, faults, "required_level", _l("Required level (1–5)")),
            name_en=_text(values, faults, "name_en", _l("English name"), 120),
            dimension=Dimension(values["dimension"] or Dimension.PROFESSIONAL),
            levels=tuple(
                _text(values, faults, f"level{number}", _l("Words of the levels"), 200)
                for number in range(1, HIGHEST_LEVEL + 1)
            ),
        ),
        _names(values, "tasks"),
        _names(values, "units"),
    )


def _task(values: Mapping[str, str], faults: list[str]) -> TaskRow:
    return TaskRow(
        TaskKind(values["kind"]),
        TaskFacts(
            _text(values, faults, "name", _l("Task"), 120),
            _text(values, faults, "name_en", _l("English name"), 160),
            _text(values, faults, "description", _l("What is done, with what, to which standard"), 1000),
        ),
        _names(values, "sources"),
    )


def _rating(values: Mapping[str, str], faults: list[str]) -> RatingRow:
    score = Decimal(values["score"])
    if score not in range(LOWEST_LEVEL, HIGHEST_LEVEL + 1):
        faults.append(_("%(column)s: a whole number from 1 to 5", column=_l("1 to 5")))
        score = Decimal(LOWEST_LEVEL)
    return RatingRow(values["expert"], values["item"], int(score))


READERS: dict[SheetKind, Callable[[Mapping[str, str], list[str]], Any]] = {
    SheetKind.COMPETENCIES: _competency,
    SheetKind.TASKS: _task,
    SheetKind.RATINGS: _rating,
}
