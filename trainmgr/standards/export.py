"""A version as spreadsheets: its map, and its competencies in the columns in which they can be taken in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.sheets import Column, Kind, write_workbook
from trainmgr.standards.content import Content
from trainmgr.standards.map import CompetencyMap
from trainmgr.standards.sheets import COLUMNS, JOINT, SheetKind

MAP_COLUMNS = (
    Column("post", _l("Post"), width=24),
    Column("task", _l("Typical work task"), width=32),
    Column("competency", _l("Competency"), width=32),
    Column("importance", _l("Importance (1–5)"), kind=Kind.NUMBER),
    Column("required_level", _l("Required level (1–5)"), kind=Kind.NUMBER),
    Column("units", _l("Certificate units"), width=32),
    Column("module", _l("Module"), width=32),
    Column("hours", _l("Class hours"), kind=Kind.NUMBER),
)


def map_workbook(drawn: CompetencyMap, post: str, label_of: Callable[[Any], str]) -> bytes:
    """Return the map as a spreadsheet: one row for each way from the post to a module."""
    content = drawn.content
    rows: list[list[Any]] = []
    for row in drawn.rows:
        one = row.competency
        head: list[Any] = [post, label_of(row.task) if row.task else "", label_of(one) if one else ""]
        if one is None:
            rows.append([*head, "", "", "", "", ""])
            continue
        figures = [float(one.importance), float(one.required_level), unit_names(content, one.competency_id)]
        rows += [
            [*head, *figures, label_of(module), module.hours[one.competency_id]] for module in row.modules
        ]
        if not row.modules:
            rows.append([*head, *figures, "", ""])
    return write_workbook(MAP_COLUMNS, rows, title=_("Competency map"))


def competency_workbook(content: Content) -> bytes:
    """Return the competencies of a version as the template would hold them."""
    rows = [
        [
            one.name,
            one.name_en,
            one.dimension.value,
            float(one.importance),
            float(one.required_level),
            *[*one.levels, *[""] * 5][:5],
            JOINT.join(content.task_by_id[key].name for key in content.tasks_of.get(one.competency_id, ())),
            JOINT.join(
                unit.code for unit in content.units if unit.id in content.units_of.get(one.competency_id, ())
            ),
        ]
        for one in content.competencies
    ]
    return write_workbook(COLUMNS[SheetKind.COMPETENCIES], rows, title=_("Competencies"), notes=())


def unit_names(content: Content, competency_id: int) -> str:
    """Return the certificate units of a competency on one line."""
    wanted = content.units_of.get(competency_id, ())
    return JOINT.join(f"{unit.code} {unit.name}" for unit in content.units if unit.id in wanted)
