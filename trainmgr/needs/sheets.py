"""The three spreadsheets of needs: their columns, their templates, and how a row is understood."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.inputs import LARGEST
from trainmgr.kernel.sheets import Column, Kind, Record, normalise, write_workbook
from trainmgr.needs import labels
from trainmgr.needs.actions import CompetencyFacts
from trainmgr.needs.forms import MOST_HOURS
from trainmgr.needs.indicators import IndicatorFacts
from trainmgr.needs.lane_forms import read_month
from trainmgr.needs.models import Competency, Indicator
from trainmgr.needs.ratings import RatingFacts
from trainmgr.needs.rules import Direction, Lane
from trainmgr.standards.rules import HIGHEST_LEVEL, LOWEST_LEVEL, Dimension

HUNDREDTH, TENTHOUSANDTH = Decimal("0.01"), Decimal("0.0001")
SEPARATORS = re.compile(r"[、,，;；/|\n]+")


class SheetKind(enum.StrEnum):
    """What a spreadsheet brings."""

    COMPETENCIES = "competencies"
    RATINGS = "ratings"
    INDICATORS = "indicators"
    SERIES = "series"

    @property
    def lane(self) -> Lane:
        """The side of the analysis that it fills in."""
        return Lane.TRAINEE if self in (SheetKind.COMPETENCIES, SheetKind.RATINGS) else Lane.ENTERPRISE

    @property
    def title(self) -> Any:
        """What it is called."""
        return TITLES[self]


TITLES = {
    SheetKind.COMPETENCIES: _l("Competencies with their levels"),
    SheetKind.RATINGS: _l("Ratings by respondents"),
    SheetKind.INDICATORS: _l("Business indicators"),
    SheetKind.SERIES: _l("Figures by month"),
}

_IMPORTANCE = Column(
    "importance", _l("Importance (1–5)"), ("重要度", "重要", "importance"), True, "4.5", Kind.NUMBER
)

COLUMNS: dict[SheetKind, tuple[Column, ...]] = {
    SheetKind.COMPETENCIES: (
        Column("name", _l("Competency"), ("能力", "能力名称"), True, width=28),
        Column("name_en", _l("English name"), ("英文名",), width=28),
        Column(
            "dimension",
            _l("Ability dimension"),
            ("维度",),
            kind=Kind.CHOICE,
            choices={key.value: label for key, label in labels.DIMENSIONS.items()},
        ),
        _IMPORTANCE,
        Column("required_level", _l("Required level (1–5)"), ("要求", "要求水平"), True, "4", Kind.NUMBER),
        Column("current_level", _l("Current level (1–5)"), ("现状", "现有水平"), True, "2.8", Kind.NUMBER),
        Column("required_hours", _l("Hours in the plan"), ("学时",), example="80", kind=Kind.NUMBER),
    ),
    SheetKind.RATINGS: (
        Column(
            "respondent", _l("Respondent (number or code)"), ("受访人", "编号", "respondent"), True, "R001"
        ),
        Column("competency", _l("Competency"), ("能力", "能力名称"), True, width=28),
        _IMPORTANCE,
        Column("attainment", _l("Attained (1–5)"), ("达成度", "达成", "attainment"), True, "3", Kind.NUMBER),
    ),
    SheetKind.INDICATORS: (
        Column("name", _l("Indicator"), ("指标", "指标名称"), True, width=28),
        Column("unit", _l("Unit"), ("单位",), example="%"),
        Column(
            "direction",
            _l("Direction"),
            ("方向",),
            True,
            kind=Kind.CHOICE,
            choices={key.value: label for key, label in labels.DIRECTIONS.items()},
            width=14,
        ),
        Column("weight", _l("Weight (1–5)"), ("权重",), example="3", kind=Kind.NUMBER),
        Column("expected", _l("Expected"), ("期望", "期望值"), True, "98", Kind.NUMBER),
        Column("current", _l("Current"), ("现状", "现状值", "当前"), True, "95.5", Kind.NUMBER),
        Column("benchmark", _l("Industry benchmark"), ("标杆", "行业标杆"), example="99", kind=Kind.NUMBER),
        Column("benchmark_source", _l("Source of the benchmark"), ("标杆来源",), width=24),
        Column(
            "benchmark_year", _l("Year of the benchmark"), ("标杆年份",), example="2025", kind=Kind.NUMBER
        ),
        Column("competencies", _l("Depends on these competencies"), ("关联能力",), width=36),
    ),
    SheetKind.SERIES: (
        Column("indicator", _l("Indicator"), ("指标", "指标名称"), True, width=28),
        Column("month", _l("Month"), ("月份", "年月", "month"), True, "2026-03", width=12),
        Column("value", _l("Figure"), ("数值", "值", "value"), True, "97.4", Kind.NUMBER),
    ),
}


@dataclass(frozen=True)
class SeriesFacts:
    """One month of one indicator."""

    indicator_id: int
    month: date
    value: Decimal


def template(kind: SheetKind, competencies: Sequence[Named]) -> bytes:
    """Return an empty spreadsheet to fill in; the one for ratings lists the competencies once, that of months the
    indicators."""
    notes, rows = [], []
    if kind is SheetKind.COMPETENCIES:
        notes = [
            _("A competency of the same name is brought up to date; empty optional cells change nothing.")
        ]
    elif kind is SheetKind.RATINGS:
        notes = [
            _(
                "One row for each respondent and competency. Copy the block of competencies for each respondent."
            ),
            _("Use a code instead of a name where people should stay anonymous; only means are ever shown."),
        ]
        rows = [["", competency.name] for competency in competencies]
    elif kind is SheetKind.SERIES:
        notes = [_("One row for each indicator and month. The same month again replaces its figure.")]
        rows = [[indicator.name, ""] for indicator in competencies]
    else:
        notes = [
            _("Write 95.5 with the unit %, not 95.5% in the cell."),
            _(
                "Several competencies in one cell are parted by commas; write them as in the list of competencies."
            ),
        ]
    return write_workbook(COLUMNS[kind], rows, title=str(TITLES[kind]), notes=notes)


# --- understanding rows -------------------------------------------------------------------------


@dataclass
class Understood:
    """What the rows of a spreadsheet say, by row number, and the reason of each that says nothing usable."""

    facts: dict[int, Any] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)


Named = Competency | Indicator
Reader = Callable[[Mapping[str, str], list[str], Mapping[str, Any]], Any]


def understand(kind: SheetKind, records: Iterable[Record], things: Sequence[Named]) -> Understood:
    """Read every row by the things that it may name; a row that repeats an earlier one is wrong."""
    found = Understood()
    first: dict[Any, int] = {}
    known = names_of(things)
    for record in records:
        faults = list(record.faults)
        facts = READERS[kind](record.values, faults, known) if not faults else None
        if not faults:
            key = _key(facts)
            if key in first:
                faults.append(_("stands in row %(row)s already", row=first[key]))
            first.setdefault(key, record.number)
        if faults:
            found.faults[record.number] = "; ".join(faults)
        else:
            found.facts[record.number] = facts
    return found


def name_key(text: str) -> str:
    """Return what two spellings of one name have in common: no blanks, full width or capitals."""
    return normalise(text).replace(" ", "").casefold()


def names_of(things: Iterable[Named]) -> dict[str, Named]:
    """Return competencies or indicators by every spelling of their names."""
    found: dict[str, Named] = {}
    for thing in things:
        found[name_key(thing.name)] = thing
        if isinstance(thing, Competency) and thing.name_en:
            found.setdefault(name_key(thing.name_en), thing)
    return found


def _key(facts: Any) -> Any:
    if isinstance(facts, RatingFacts):
        return facts.competency_id, facts.respondent
    if isinstance(facts, SeriesFacts):
        return facts.indicator_id, facts.month
    return name_key(facts.name)


def _text(values: Mapping[str, str], faults: list[str], key: str, label: Any, most: int) -> str:
    text = values[key]
    if len(text) > most:
        faults.append(_("%(column)s: at most %(most)s characters", column=label, most=most))
    return text


def _level(values: Mapping[str, str], faults: list[str], key: str, label: Any) -> Decimal:
    value = Decimal(values[key])
    if not LOWEST_LEVEL <= value <= HIGHEST_LEVEL:
        faults.append(_("%(column)s: from 1 to 5, not %(value)s", column=label, value=values[key]))
        return Decimal(1)
    return value.quantize(HUNDREDTH)


def _whole(
    values: Mapping[str, str], faults: list[str], key: str, label: Any, within: tuple[int, int], default: Any
) -> Any:
    if not values[key]:
        return default
    value = Decimal(values[key])
    low, high = within
    if value != value.to_integral_value() or not low <= value <= high:
        faults.append(
            _("%(column)s: a whole number from %(low)s to %(high)s", column=label, low=low, high=high)
        )
        return default
    return int(value)


def _amount(values: Mapping[str, str], faults: list[str], key: str, label: Any) -> Decimal | None:
    if not values[key]:
        return None
    value = Decimal(values[key])
    if abs(value) > LARGEST:
        faults.append(_("%(column)s: the number is too large, use a larger unit", column=label))
        return None
    return value.quantize(TENTHOUSANDTH)


def _competency(
    values: Mapping[str, str], faults: list[str], known: Mapping[str, Competency]
) -> CompetencyFacts:
    present = known.get(name_key(values["name"]))
    dimension = values["dimension"]
    facts = CompetencyFacts(
        name=present.name if present else _text(values, faults, "name", _l("Competency"), 80),
        name_en=_text(values, faults, "name_en", _l("English name"), 120) or (present.name_en if present else ""),
        dimension=Dimension(dimension) if dimension else present.dimension if present else Dimension.PROFESSIONAL,
        importance=_level(values, faults, "importance", _l("Importance (1–5)")),
        required_level=_level(values, faults, "required_level", _l("Required level (1–5)")),
        current_level=_level(values, faults, "current_level", _l("Current level (1–5)")),
        required_hours=_whole(
            values, faults, "required_hours", _l("Hours in the plan"), (0, MOST_HOURS),
            present.required_hours if present else 0,
        ),
    )  # fmt: skip
    if present and present.respondents:
        typed, rated = (facts.importance, facts.current_level), (present.importance, present.current_level)
        if typed != rated:
            count = present.respondents
            faults.append(
                _("importance and current level come from the ratings of %(count)s people", count=count)
            )
    return facts


def _rating(
    values: Mapping[str, str], faults: list[str], known: Mapping[str, Competency]
) -> RatingFacts | None:
    competency = known.get(name_key(values["competency"]))
    if competency is None:
        faults.append(_("there is no competency “%(name)s” in this analysis", name=values["competency"]))
        return None
    return RatingFacts(
        competency.id,
        _text(values, faults, "respondent", _l("Respondent (number or code)"), 60),
        _level(values, faults, "importance", _l("Importance (1–5)")),
        _level(values, faults, "attainment", _l("Attained (1–5)")),
    )


def _indicator(
    values: Mapping[str, str], faults: list[str], known: Mapping[str, Competency]
) -> IndicatorFacts:
    linked = []
    for name in filter(None, map(str.strip, SEPARATORS.split(values["competencies"]))):
        competency = known.get(name_key(name))
        if competency is None:
            faults.append(_("there is no competency “%(name)s” in this analysis", name=name))
        else:
            linked.append(competency.id)
    return IndicatorFacts(
        name=_text(values, faults, "name", _l("Indicator"), 80),
        unit=_text(values, faults, "unit", _l("Unit"), 20),
        direction=Direction(values["direction"]),
        weight=_whole(values, faults, "weight", _l("Weight (1–5)"), (1, 5), 3),
        expected=_amount(values, faults, "expected", _l("Expected")) or Decimal(0),
        current=_amount(values, faults, "current", _l("Current")) or Decimal(0),
        benchmark=_amount(values, faults, "benchmark", _l("Industry benchmark")),
        benchmark_source=_text(values, faults, "benchmark_source", _l("Source of the benchmark"), 120),
        benchmark_year=_whole(
            values, faults, "benchmark_year", _l("Year of the benchmark"), (1990, 2100), None
        ),
        competency_ids=frozenset(linked),
    )


def _series(
    values: Mapping[str, str], faults: list[str], known: Mapping[str, Indicator]
) -> SeriesFacts | None:
    indicator, month = known.get(name_key(values["indicator"])), read_month(values["month"])
    value = _amount(values, faults, "value", _l("Figure"))
    if indicator is None:
        faults.append(_("there is no indicator “%(name)s” in this analysis", name=values["indicator"]))
    if month is None:
        faults.append(_("“%(text)s” is not a month; write it like 2026-03", text=values["month"]))
    if indicator is None or month is None or value is None:
        return None
    return SeriesFacts(indicator.id, month, value)


READERS: dict[SheetKind, Reader] = {
    SheetKind.SERIES: _series,
    SheetKind.COMPETENCIES: _competency,
    SheetKind.RATINGS: _rating,
    SheetKind.INDICATORS: _indicator,
}
