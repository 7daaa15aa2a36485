"""The item bank of the demo: items on the competencies of 庆铃's posts, and the instrument drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trainmgr.bank import actions, authoring, content, instruments
from trainmgr.bank.authoring import ItemFacts
from trainmgr.bank.content import LETTERS, Credit
from trainmgr.bank.drawing import Cell
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.kernel.db import db
from trainmgr.standards.models import JobStandard, StandardVersion, VersionCompetency

DAYS_AGO = 600  # after the standards, before the first test
SEED = 2026  # the same paper whenever the demo is loaded
POINTS = {Difficulty.EASY: Decimal(2), Difficulty.MEDIUM: Decimal(3), Difficulty.HARD: Decimal(5)}


def build(days: Days, cast: Cast) -> None:
    """Write the items and plan the instrument."""
    data, by, now = read("bank"), cast["tan"], days.at(days.ago(DAYS_AGO))
    college = cast.home("cqwy").id
    competencies = competencies_of(college)
    for row in data["item"]:
        facts = facts_of(row, competencies[row["on"]])
        authoring.write_item(college, facts, state=ItemState.IN_USE, by=by, now=now)
    _plan(data["instrument"], college, competencies, by, now)


def competencies_of(college_id: int) -> dict[str, int]:
    """Return the competencies of the college's standards by name."""
    rows = db.session.execute(
        sa.select(VersionCompetency.name, VersionCompetency.competency_id)
        .join(StandardVersion, StandardVersion.id == VersionCompetency.version_id)
        .join(JobStandard, JobStandard.id == StandardVersion.standard_id)
        .where(JobStandard.college_id == college_id)
        .order_by(JobStandard.code, VersionCompetency.position)
    )
    return {row[0]: row[1] for row in rows}


def facts_of(row: Mapping[str, Any], competency_id: int) -> ItemFacts:
    """Return an item of a data file as it is written into the bank."""
    kind, difficulty = ItemKind(row["kind"]), Difficulty(row["difficulty"])
    points = Decimal(row["points"]) if "points" in row else POINTS[difficulty]
    return ItemFacts(
        competency_id, kind, difficulty, points, row["stem"], _content(kind, row), row.get("why", "")
    )


def _content(kind: ItemKind, row: Mapping[str, Any]) -> dict[str, Any]:
    if kind.has_options:
        right = [LETTERS.index(letter) for letter in row["right"]]
        return content.choice_content(kind, row["options"], right, Credit.PARTIAL)
    if kind is ItemKind.TRUE_FALSE:
        return {"right": row["right"]}
    if kind is ItemKind.NUMBER:
        tolerance = str(row.get("tolerance", 0))
        return content.number_content(
            Decimal(str(row["right"])),
            Decimal(tolerance.rstrip("%")),
            relative=tolerance.endswith("%"),
            unit=row.get("unit", ""),
        )
    if kind is ItemKind.CHECKLIST:
        return content.checklist_content(row["steps"])
    return {"model": row["model"]}


def _plan(data: Mapping[str, Any], college: int, competencies: Mapping[str, int], by: Any, now: Any) -> None:
    settings = actions.Settings(minutes=data["minutes"])
    made = actions.open_instrument(college, data["name"], data["purpose"], settings=settings, by=by, now=now)
    cells = [
        Cell(key, difficulty, data[difficulty], POINTS[difficulty])
        for key in competencies.values()
        for difficulty in (Difficulty.EASY, Difficulty.MEDIUM)
    ]
    cells += [Cell(competencies[name], Difficulty.HARD, 1, POINTS[Difficulty.HARD]) for name in data["hard"]]
    instrument = instruments.instrument_or_404(made.id, by)
    instrument.versions[0].seed = SEED
    db.session.flush()
    actions.set_blueprint(instrument, cells, version=instrument.versions[0].version, by=by, now=now)
