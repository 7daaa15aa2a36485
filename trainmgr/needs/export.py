"""The ranked list as a spreadsheet, with every figure that a score comes from."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.sheets import Column, Kind, write_workbook
from trainmgr.needs import labels
from trainmgr.needs.presenting import CompetencyRow, View

COLUMNS = (
    Column("rank", _l("Rank"), kind=Kind.NUMBER),
    Column("name", _l("Competency"), width=28),
    Column("name_en", _l("English name"), width=28),
    Column("dimension", _l("Ability dimension")),
    Column("importance", _l("Importance (1–5)"), kind=Kind.NUMBER),
    Column("required_level", _l("Required level (1–5)"), kind=Kind.NUMBER),
    Column("current_level", _l("Current level (1–5)"), kind=Kind.NUMBER),
    Column("gap", _l("Gap"), kind=Kind.NUMBER),
    Column("respondents", _l("Respondents"), kind=Kind.NUMBER),
    Column("trainee_score", _l("Weighted discrepancy"), kind=Kind.NUMBER),
    Column("trainee_points", _l("Trainee points"), kind=Kind.NUMBER),
    Column("enterprise_score", _l("Weighted shortfall"), kind=Kind.NUMBER),
    Column("enterprise_points", _l("Enterprise points"), kind=Kind.NUMBER),
    Column("score", _l("Score"), kind=Kind.NUMBER),
    Column("priority", _l("Priority")),
    Column("required_hours", _l("Hours in the plan"), kind=Kind.NUMBER),
    Column("indicators", _l("Business indicators"), width=48),
)


def ranked_list(view: View) -> bytes:
    """Return the ranked list as an .xlsx."""
    return write_workbook(COLUMNS, (_row(row) for row in view.rows), title=_("Ranked needs"))


def _row(row: CompetencyRow) -> list[object]:
    competency = row.competency
    return [
        competency.rank,
        competency.name,
        competency.name_en,
        str(labels.DIMENSIONS[competency.dimension]),
        float(competency.importance),
        float(competency.required_level),
        float(competency.current_level),
        round(row.gap, 2),
        competency.respondents,
        competency.trainee_score,
        competency.trainee_points,
        competency.enterprise_score,
        competency.enterprise_points,
        competency.score,
        _("yes") if competency.is_priority else "",
        competency.required_hours,
        "; ".join(indicator.line for indicator in row.indicators),
    ]
