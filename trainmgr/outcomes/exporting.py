"""The result as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import gettext as _

from trainmgr.evaluation.scoring import hundred
from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_
from trainmgr.outcomes.forms import KINDS

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
    for enrolment, cohort, result, decision in rows:
        scores = [None] * 6 if result is None else [
            _mark(result.trainee_score), _mark(result.enterprise_score), _mark(result.teacher_score),
            _mark(result.composite), _mark(result.low), _mark(result.high),
        ]  # fmt: skip
        yield [
            enrolment.name,
            cohort or "",
            enrolment.student_number,
            enrolment.employee_number,
            *scores,
            _("yes") if result and result.is_provisional else "",
            _level(result.entry_level) if result else None,
            _level(result.exit_level) if result else None,
            str(KINDS[decision.kind]) if decision else "",
            decision.reason if decision else "",
        ]


def workbook(rows: Iterable[Any]) -> bytes:
    """Return the pass list as a workbook."""
    return sheets.write_workbook(COLUMNS, _lines(rows), title=_("Result"))
