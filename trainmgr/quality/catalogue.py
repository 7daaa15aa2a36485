"""Which indicators hold for a college on a day, and their targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import date

import sqlalchemy as sa

import trainmgr.quality.measures.all  # noqa: F401 - registers every measure
from trainmgr.kernel.db import db
from trainmgr.quality.library import load_library
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.models import QualityIndicator, QualityTarget
from trainmgr.quality.rules import Definition, Gold, Table, in_order

_COLUMNS = {field.name for field in fields(Definition)} & set(QualityIndicator.__table__.columns.keys())


def catalogue(college_id: int, day: date, *, everything: bool = False) -> dict[str, Definition]:
    """Return a college's indicators as they hold on a day, in their order; the inactive ones with `everything`."""
    found = load_library()
    for row in _versions(college_id, day):
        found[row.code] = definition_from(row, found.get(row.code))
    known = [one for one in found.values() if one.measure in MEASURES and (everything or one.active)]
    return {one.code: one for one in in_order(known)}


def _versions(college_id: int, day: date) -> Iterable[QualityIndicator]:
    """Read every version that had begun on a day, the one that holds last."""
    return db.session.scalars(
        sa.select(QualityIndicator)
        .where(QualityIndicator.college_id == college_id, QualityIndicator.valid_from <= day)
        .order_by(QualityIndicator.valid_from, QualityIndicator.id)
    )


def definition_from(row: QualityIndicator, built_in: Definition | None) -> Definition:
    """Return a version as a definition."""
    values = {name: getattr(row, name) for name in _COLUMNS - {"golds", "tables"}}
    definition = Definition(
        **values,
        group=row.group,
        golds=tuple(map(Gold, row.golds)),
        tables=tuple(map(Table, row.tables)),
        is_built_in=built_in is not None and built_in.is_built_in,
    )
    return replace(definition, target=built_in.target) if built_in else definition


def history(college_id: int, code: str) -> list[QualityIndicator]:
    """Return every version of a college's indicator, the newest first."""
    return list(
        db.session.scalars(
            sa.select(QualityIndicator)
            .where(QualityIndicator.college_id == college_id, QualityIndicator.code == code)
            .order_by(QualityIndicator.valid_from.desc(), QualityIndicator.id.desc())
        )
    )


def targets(college_id: int, years: Iterable[int]) -> dict[tuple[str, int], float | None]:
    """Return a college's own targets by code and year; None where one was taken back."""
    rows = db.session.execute(
        sa.select(QualityTarget.code, QualityTarget.year, QualityTarget.value)
        .where(QualityTarget.college_id == college_id, QualityTarget.year.in_(list(years)))
        .order_by(QualityTarget.id)
    )
    return {(code, year): value for code, year, value in rows}


def target_of(
    definition: Definition, year: int | None, own: Mapping[tuple[str, int], float | None]
) -> float | None:
    """Return the target of a year: the college's own, else what the program suggests."""
    return own.get((definition.code, year or 0), definition.target)


def target_history(college_id: int, code: str) -> list[QualityTarget]:
    """Return every target that was set for an indicator, the newest first."""
    return list(
        db.session.scalars(
            sa.select(QualityTarget)
            .where(QualityTarget.college_id == college_id, QualityTarget.code == code)
            .order_by(QualityTarget.id.desc())
            .limit(50)
        )
    )
