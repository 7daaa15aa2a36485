"""What ratings say together as workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.evaluation.agreement import Agreement
from trainmgr.evaluation.labels import LEVELS, PARTIES
from trainmgr.evaluation.leniency import Leniency
from trainmgr.evaluation.scoring import hundred
from trainmgr.insights.labels import NOT_CORRECTED, alpha_text, pair_name
from trainmgr.insights.picture import Line, Picture
from trainmgr.insights.queries import ClassFigures
from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_


def send_agreement(picture: Picture | None, name: str) -> Response:
    """Answer with a row for each criterion: each party's mean and people, and the agreement of each pair."""
    columns = [sheets.Column("criterion", N_("Criterion")), sheets.Column("level", N_("Level"))]
    pairs = picture.pairs if picture else []
    if picture:
        for party in picture.window.parties:
            columns += [
                sheets.Column(f"{party}", str(PARTIES[party])),
                sheets.Column(f"{party}-n", _("People")),
            ]
    keys = ["all", *pairs]
    for key in keys:
        title = _("All parties") if key == "all" else pair_name(key)
        columns += [
            sheets.Column(f"{key}-a", f"α {title}"),
            sheets.Column(f"{key}-l", _("lower end")),
            sheets.Column(f"{key}-h", _("upper end")),
            sheets.Column(f"{key}-n", "n"),
        ]
    return sheets.send_rows(
        columns, _rows(picture, keys) if picture else [], name, title=_("Agreement of ratings")
    )


def _rows(picture: Picture, keys: list[str]) -> Iterator[list[Any]]:
    lines = {line.criterion.id: line for line in picture.lines if line.criterion}
    yield [_("All criteria"), "", *[""] * (2 * len(picture.window.parties)), *_alphas(picture.whole, keys)]
    for criterion in picture.criteria:
        row: list[Any] = [criterion.label, str(LEVELS[criterion.level])]
        for party in picture.window.parties:
            cell = picture.cell(criterion, party)
            shown = cell is not None and cell.mean is not None
            row += [round(cell.mean, 2), cell.people] if cell and shown and cell.mean else ["", ""]
        line = lines.get(criterion.id)
        yield [*row, *(_alphas(line, keys) if line else [""] * (4 * len(keys)))]


def _alphas(line: Line, keys: list[str]) -> list[Any]:
    cells: list[Any] = []
    for key in keys:
        cells += _alpha(line.all if key == "all" else line.pairs.get(key))
    return cells


def _alpha(found: Agreement | None) -> list[Any]:
    if found is None:
        return ["", "", "", ""]
    if found.alpha is None or found.low is None or found.high is None:
        return [alpha_text(found), "", "", found.n]
    return [round(found.alpha, 3), round(found.low, 3), round(found.high, 3), found.n]


def send_raters(rows: Iterable[Any], leniencies: Mapping[tuple[str, int], Leniency], name: str) -> Response:
    """Answer with a row for each rater and party; differences in points of 100."""
    columns = [
        sheets.Column("name", N_("Name")),
        sheets.Column("party", N_("Rates for")),
        sheets.Column("n", N_("Trainees judged")),
        sheets.Column("mean", N_("Mean of 100")),
        sheets.Column("raw", N_("Above the party’s mean")),
        sheets.Column("corrected", N_("Corrected for whom one had")),
        sheets.Column("low", N_("lower end")),
        sheets.Column("high", N_("upper end")),
        sheets.Column("why", N_("Why not corrected")),
    ]
    return sheets.send_rows(columns, _rater_rows(rows, leniencies), name, title=_("Mentors and teachers"))


def _rater_rows(rows: Iterable[Any], leniencies: Mapping[tuple[str, int], Leniency]) -> Iterator[list[Any]]:
    for row in rows:
        found = leniencies.get((row.party.value, row.id))
        yield [
            row.name,
            str(PARTIES[row.party]),
            row.n,
            _points(row.mean),
            _points(row.mean - row.of_party),
            _points(found.corrected if found else None),
            _points(found.low if found else None),
            _points(found.high if found else None),
            str(NOT_CORRECTED[found.why]) if found and found.why else "",
        ]


def _points(value: float | None) -> float | None:
    points = hundred(value)
    return None if points is None else round(points, 1)


def send_value_added(classes: Sequence[ClassFigures], name: str) -> Response:
    """Answer with a row for each class: standard reached, levels before and after, gain with its interval."""
    columns = [
        sheets.Column("class", N_("Class")),
        sheets.Column("people", N_("People")),
        sheets.Column("rated", N_("With a result")),
        sheets.Column("passed", N_("At or above the pass mark")),
        sheets.Column("good", N_("At or above the good mark")),
        sheets.Column("n", N_("Measured before and after")),
        sheets.Column("before", N_("Level before (1–5)")),
        sheets.Column("after", N_("Level after (1–5)")),
        sheets.Column("gain", N_("Gain")),
        sheets.Column("low", N_("lower end")),
        sheets.Column("high", N_("upper end")),
        sheets.Column("normalised", N_("Normalised gain")),
    ]
    return sheets.send_rows(columns, map(_class_row, classes), name, title=_("Value added"))


def _class_row(one: ClassFigures) -> list[Any]:
    low, high = one.levels.gains.interval or (None, None)
    figures = (one.entry.mean, one.exit.mean, one.levels.gains.mean, low, high, one.normalised_gain)
    return [
        one.name, one.people, one.rated, one.passed, one.good, one.levels.n,
        *("" if value is None else round(value, 2) for value in figures),
    ]  # fmt: skip
