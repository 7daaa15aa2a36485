"""The items as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.improvement.rules import is_late
from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_

COLUMNS = [
    sheets.Column("program", N_("Programme")),
    sheets.Column("college", N_("College")),
    sheets.Column("department", N_("Department")),
    sheets.Column("title", N_("What is to get better")),
    sheets.Column("source", N_("Comes from")),
    sheets.Column("finding", N_("What the records show")),
    sheets.Column("standard", N_("Standard that it is held to")),
    sheets.Column("doer", N_("Who answers for it")),
    sheets.Column("due", N_("To be done by")),
    sheets.Column("state", N_("State")),
    sheets.Column("late", N_("Past its day")),
    sheets.Column("round", N_("Round")),
    sheets.Column("plan", N_("What is to be done")),
    sheets.Column("evidence", N_("What was done, and what it shows")),
    sheets.Column("checker", N_("Checked by")),
    sheets.Column("closed", N_("Settled on")),
    sheets.Column("change", N_("Change for the next edition of the plan")),
]


def _lines(rows: Iterable[Any], today: date) -> Iterator[list[Any]]:
    for item, program, college, department in rows:
        yield [
            program, college, department or "", item.title, str(item.source_label), item.finding, item.standard,
            item.doer_name, item.due_on, str(item.phase_label),
            _("yes") if is_late(item.phase, item.due_on, today) else "",
            item.round, item.plan, item.evidence_note, item.checker_name, item.closed_on, item.change,
        ]  # fmt: skip


def send_items(rows: Iterable[Any], today: date) -> Response:
    """Answer with the items as a workbook."""
    return sheets.send_rows(COLUMNS, _lines(rows, today), _("Improvement items.xlsx"), title=_("Improvement"))
