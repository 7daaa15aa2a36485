"""The result as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.evaluation.labels import GRADES
from trainmgr.evaluation.scoring import grade_of, hundred
from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_
from trainmgr.outcomes.labels import KINDS

COLUMNS = [
    sheets.Column("name", N_("Name")),
    sheets.Column("class", N_("Class")),
    sheets.Column("student_number", N_("Student number")),
    sheets.Column("employee_number", N_("Employee number")),
    sheets.Column("trainee", N_("Trainee (of 100)")),
    sheets.Column("enterprise", N_("Enterprise (of 100)")),
    sheets.Column("teacher", N_("Teacher (of 100)")),
    sheets.Column("composite", N_("Composite (of 100)")),
    sheets.Column("low", N_("Lowest possible")),
    sheets.Column("high", N_("Highest possible")),
    sheets.Column("provisional", N_("Provisional")),
    sheets.Column("grade", N_("By the standard")),
    sheets.Column("entry", N_("Level before (1–5)")),
    sheets.Column("exit", N_("Level after (1–5)")),
    sheets.Column("decision", N_("Decision")),
    sheets.Column("reason", N_("Reason")),
]


def _mark(score: float | None) -> float | None:
    value = hundred(score)
    return None if value is None else round(value, 1)


def _level(level: float | None) -> float | None:
    return None if level is None else round(level, 2)


def _lines(rows: Iterable[Any]) -> Iterator[list[Any]]:
    kinds = {kind: str(label) for kind, label in KINDS.items()}
    grades = {grade: str(label) for grade, label in GRADES.items()}
    provisional = _("yes")
    for row in rows:
        yield [
            row.name,
            row.cohort or "",
            row.student_number,
            row.employee_number,
            *map(_mark, row[4:10]),
            provisional if row.is_provisional else "",
            "" if row.composite is None else grades[grade_of(row.composite, row.pass_mark, row.good_mark)],
            _level(row.entry_level),
            _level(row.exit_level),
            kinds.get(row.kind, ""),
            row.reason or "",
        ]


def send_results(rows: Iterable[Any], name: str) -> Response:
    """Answer with the pass list as a workbook."""
    return sheets.send_rows(COLUMNS, _lines(rows), name, title=_("Result"))
