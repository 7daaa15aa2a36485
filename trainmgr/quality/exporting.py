"""Figures, the records behind them, parts side by side and what is late, as workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.shell import STEPS
from trainmgr.programs.rules import Step
from trainmgr.quality import labels
from trainmgr.quality.boards import Line, Part
from trainmgr.quality.late import LateMap
from trainmgr.quality.rules import Figure, Unit

C = sheets.Column
HEADS = [
    C("group", N_("Group of indicators")),
    C("name", N_("Indicator")),
    C("year", N_("Year")),
    C("value", N_("Value")),
    C("unit", N_("Unit")),
    C("numerator", N_("Numerator")),
    C("denominator", N_("Denominator")),
    C("target", N_("Target")),
    C("verdict", N_("Against the target")),
    C("definition", N_("Definition")),
    C("source", N_("Where it comes from")),
]
RECORDS = [
    C("name", N_("Name")),
    C("detail", N_("Number or note")),
    C("amount", N_("Counts in the numerator")),
    C("whole", N_("Counts in the denominator")),
]
PARTS = [
    C("name", N_("Name")),
    C("value", N_("Value")),
    C("numerator", N_("Numerator")),
    C("denominator", N_("Denominator")),
    C("verdict", N_("Against the target")),
]


def shown(figure: Figure | None) -> tuple[Any, Any, Any, Any]:
    """Return value, numerator, denominator, target as cells; shares in per cent."""
    if figure is None:
        return None, None, None, None
    times = 100 if figure.unit is Unit.SHARE else 1
    value = (
        labels.figure_text(figure)
        if figure.is_small or figure.value is None
        else round(figure.value * times, 4)
    )
    target = None if figure.target is None else round(figure.target * times, 4)
    return value, figure.numerator, figure.denominator, target


def _verdict(figure: Figure | None) -> str:
    return str(labels.VERDICTS[figure.verdict][0]) if figure else ""


def _lines(lines: Iterable[Line]) -> Iterator[list[Any]]:
    for line in lines:
        for year, figure in line.course:
            if figure is None:
                continue
            value, numerator, denominator, target = shown(figure)
            yield [
                str(labels.GROUPS[line.definition.group]), line.name, year, value,
                labels.unit_of(line.definition), numerator, denominator, target, _verdict(figure),
                labels.definition_of(line.definition), labels.source_of(line.definition),
            ]  # fmt: skip


def send_lines(lines: Iterable[Line], name: str) -> Response:
    """Answer with a dashboard's figures, a row an indicator and year."""
    return sheets.send_rows(HEADS, _lines(lines), name, title=_("Indicators"))


def send_records(rows: Iterable[Any], name: str, *, distinct: bool) -> Response:
    """Answer with the records behind a figure."""
    lines = (
        [row.name, "", 1, None] if distinct else [row.name, row.detail, row.amount, row.whole] for row in rows
    )
    return sheets.send_rows(RECORDS, lines, name, title=_("List of records"))


def send_parts(parts: Iterable[Part], name: str) -> Response:
    """Answer with the parts of a scope side by side."""
    lines = ([part.name, *shown(part.figure)[:3], _verdict(part.figure)] for part in parts)
    return sheets.send_rows(PARTS, lines, name, title=_("Side by side"))


def send_late(found: LateMap, name: str) -> Response:
    """Answer with what is late, a row a programme and a column a step."""
    steps: Sequence[Step] = list(Step)
    columns = [
        C("program", N_("Programme")),
        *(C(f"step{int(step)}", STEPS[int(step) - 1].short_name) for step in steps),
        C("days", N_("Oldest, days late")),
    ]
    lines = ([line.label, *(line.by_step.get(step, 0) for step in steps), line.days] for line in found.lines)
    return sheets.send_rows(columns, lines, name, title=_("What is late"))
