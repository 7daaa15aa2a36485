"""Reports as workbooks: classes × competencies, and each person's result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_
from trainmgr.testing import report_labels
from trainmgr.testing.asked import Line
from trainmgr.testing.report_page import By, Column, Report, Verdict
from trainmgr.testing.reporting import Group, normalised_gain
from trainmgr.testing.rules import has_passed

CLASSES = [
    sheets.Column("class", N_("Class or enterprise"), width=18),
    sheets.Column("people", N_("Took the test")),
    sheets.Column("post", N_("Post"), width=18),
    sheets.Column("competency", N_("Competency"), width=22),
    sheets.Column("n", N_("Measured people")),
    sheets.Column("share", N_("Share of points (%)")),
    sheets.Column("level", N_("Mean level (1–5)")),
    sheets.Column("required", N_("Required level")),
    sheets.Column("below", N_("People below")),
    sheets.Column("below_share", N_("Share below (%)")),
    sheets.Column("low", N_("Confidence interval from (%)")),
    sheets.Column("high", N_("Confidence interval to (%)")),
    sheets.Column("small", N_("Small group")),
]
PEOPLE = [
    sheets.Column("name", N_("Name")),
    sheets.Column("number", N_("Number")),
    sheets.Column("class", N_("Class")),
    sheets.Column("enterprise", N_("Enterprise"), width=20),
    sheets.Column("points", N_("Points")),
    sheets.Column("possible", N_("Out of (points)")),
    sheets.Column("share", N_("Share of points (%)")),
    sheets.Column("verdict", N_("Result")),
    sheets.Column("waiting", N_("Answers that wait for a mark")),
]


def rounded(value: float | None, places: int = 2, times: float = 1) -> float | None:
    """Return a figure as a sheet holds it."""
    return None if value is None else round(value * times, places)


def send_classes(report: Report, name: str) -> Response:
    """Answer with classes × competencies, everybody together first, then enterprises where there are several."""
    return sheets.send_rows(CLASSES, _classes(report), name, title=_("Report"))


def _classes(report: Report) -> Iterator[list[Any]]:
    whole = Column(report_labels.about(report), {}, report.totals, report.groups)
    columns = [whole]
    for by in (By.ENTERPRISE, By.CLASS):
        found = report.columns(by)
        if len(found) > 1:
            columns += found
    for column in columns:
        for line in report.lines:
            yield [column.label, column.heads.took, line.post, line.label, *_figures(column.groups[line.id])]


def _figures(group: Group) -> list[Any]:
    below = group.below
    return [
        group.n,
        rounded(group.mean_share, 1, 100),
        rounded(group.mean_level),
        rounded(group.required),
        below.count if below else None,
        rounded(below.value, 1, 100) if below else None,
        rounded(below.low, 1, 100) if below else None,
        rounded(below.high, 1, 100) if below else None,
        _("yes") if below and below.n > 0 and below.is_small else "",
    ]


def send_people(
    rows: Iterable[tuple[Any, ...]], lines: Sequence[Line], pass_percent: int, name: str
) -> Response:
    """Answer with a row a person: points, result, and the level in each competency."""
    columns = [
        *PEOPLE,
        *(
            sheets.Column(f"level-{line.id}", _("%(name)s: level", name=line.label), width=16)
            for line in lines
        ),
    ]
    return sheets.send_rows(columns, _people(rows, lines, pass_percent), name, title=_("Results"))


def _people(rows: Iterable[tuple[Any, ...]], lines: Sequence[Line], pass_percent: int) -> Iterator[list[Any]]:
    for _participant, scores in groupby(rows, key=lambda row: row[0]):
        of_one = list(scores)
        _key, name, number, cohort, enterprise, points, possible, waiting, *_score = of_one[0]
        levels = {competency: level for *_person, competency, level in of_one if competency}
        verdict, share = Verdict.ABSENT, None
        if points is not None:
            passed = has_passed(points, possible, pass_percent)
            verdict = Verdict.PASSED if passed else Verdict.OPEN if waiting else Verdict.FAILED
            share = rounded(float(points / possible), 1, 100) if possible else None
        yield [
            name, number, cohort, enterprise or "",
            *(None if one is None else float(one) for one in (points, possible)),
            share, str(report_labels.VERDICTS[verdict]), waiting, *(levels.get(line.id) for line in lines),
        ]  # fmt: skip


# --- gain -------------------------------------------------------------------------------------------

GAINS = [
    sheets.Column("name", N_("Name")),
    sheets.Column("number", N_("Number")),
    sheets.Column("class", N_("Class")),
    sheets.Column("enterprise", N_("Enterprise"), width=20),
    sheets.Column("competencies", N_("Competencies measured twice")),
    sheets.Column("before", N_("Share of points before (%)")),
    sheets.Column("after", N_("Share of points after (%)")),
    sheets.Column("gain", N_("Gain in points of 100")),
    sheets.Column("normalised", N_("Normalised gain (Hake)")),
    sheets.Column("level_before", N_("Mean level before (1–5)")),
    sheets.Column("level_after", N_("Mean level after (1–5)")),
]


def send_gain(rows: Iterable[Any], name: str) -> Response:
    """Answer with each trainee's gain."""
    return sheets.send_rows(GAINS, (_gain_row(row) for row in rows), name, title=_("Gain"))


def _gain_row(row: Any) -> list[Any]:
    before, after = float(row.before), float(row.after)
    return [
        row.name, row.number, row.cohort_name, row.enterprise or "", row.competencies,
        rounded(before, 1, 100), rounded(after, 1, 100), rounded(after - before, 1, 100),
        rounded(normalised_gain(before, after)), rounded(float(row.level_before)), rounded(float(row.level_after)),
    ]  # fmt: skip
