"""A plan as a spreadsheet: its modules by stage, and the coverage matrix."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter
from flask_babel import gettext as _

from trainmgr.curriculum.board import Board
from trainmgr.curriculum.labels import FIELDS, gate_text, named, word

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def plan_workbook(board: Board) -> bytes:
    """Return an .xlsx with a sheet of stages and modules and one of the matrix."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
        strong = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        _stages(book.add_worksheet(_("Stages")[:31]), board, bold, day)
        _modules(book.add_worksheet(_("Modules")[:31]), board, bold, strong)
        _matrix(book.add_worksheet(_("Coverage matrix")[:31]), board, bold, strong)
    return out.getvalue()


def _head(sheet: Any, headings: list[str], bold: Any, widths: list[int]) -> None:
    sheet.freeze_panes(1, 1)
    for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, bold)


def _stages(sheet: Any, board: Board, bold: Any, day: Any) -> None:
    fields = ["stage_number", "name", "venue", "weeks", "hours", "starts_on", "ends_on", "gate"]
    _head(sheet, [str(FIELDS[name]) for name in fields], bold, [8, 28, 14, 8, 8, 12, 12, 48])
    for row, stage in enumerate(board.plan.stages, start=1):
        sheet.write_number(row, 0, stage.number)
        sheet.write_string(row, 1, named(stage))
        sheet.write_string(row, 2, word(stage.venue))
        sheet.write_number(row, 3, stage.weeks)
        sheet.write_number(row, 4, stage.hours)
        for place, date in ((5, stage.starts_on), (6, stage.ends_on)):
            if date:
                sheet.write_datetime(row, place, date, day)
        sheet.write_string(row, 7, gate_text(stage))


def _modules(sheet: Any, board: Board, bold: Any, strong: Any) -> None:
    fields = [
        "stage_number", "name", "theory_hours", "practice_hours", "hours", "layer", "practice_level", "venue",
        "taught_by_enterprise", "jointly_developed", "lead_id",
    ]  # fmt: skip
    _head(sheet, [str(FIELDS[name]) for name in fields], bold, [8, 32, 10, 10, 8, 14, 18, 14, 12, 12, 16])
    row = 0
    for row, module in enumerate(board.plan.modules, start=1):
        sheet.write_number(row, 0, module.stage_number)
        sheet.write_string(row, 1, named(module))
        for place, hours in enumerate((module.theory_hours, module.practice_hours, module.hours), start=2):
            sheet.write_number(row, place, hours)
        texts = [word(module.layer), word(module.practice_level), word(module.venue)]
        texts += [
            _("yes") if flag else "" for flag in (module.taught_by_enterprise, module.jointly_developed)
        ]
        for place, text in enumerate([*texts, module.lead_name], start=5):
            sheet.write_string(row, place, text)
    sheet.write_string(row + 1, 1, _("All trainees"), strong)
    sums = (board.totals.theory, board.totals.practice, board.totals.hours)
    for place, hours in enumerate(sums, start=2):
        sheet.write_number(row + 1, place, hours, strong)


def _matrix(sheet: Any, board: Board, bold: Any, strong: Any) -> None:
    modules = board.plan.modules
    headings = [_("Rank"), _("Competency"), *(named(module) for module in modules), _("Total"), _("Required")]
    _head(sheet, headings, bold, [6, 28, *(12 for _module in modules), 8, 10])
    for row, line in enumerate(board.coverage, start=1):
        sheet.write_number(row, 0, line.wanted.rank)
        sheet.write_string(row, 1, named(line.wanted))
        for place, module in enumerate(modules, start=2):
            if hours := board.plan.cells.get((module.id, line.wanted.id)):
                sheet.write_number(row, place, hours)
        sheet.write_number(row, len(modules) + 2, line.given, strong)
        sheet.write_number(row, len(modules) + 3, line.wanted.required_hours)
    foot = len(board.coverage) + 1
    sheet.write_string(foot, 1, _("Hours given to competencies"), strong)
    for place, module in enumerate(modules, start=2):
        sheet.write_number(foot, place, board.loads[module.id].given, strong)
