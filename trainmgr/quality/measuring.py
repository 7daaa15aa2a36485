"""Figures: computed live for a scope and a period, or as they were computed last; and the records behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort

from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import ProgramParty
from trainmgr.programs.rules import PartyRole
from trainmgr.quality import seeing
from trainmgr.quality.apart import hidden_of
from trainmgr.quality.catalogue import catalogue, target_of, targets
from trainmgr.quality.measures.base import MEASURES, Ask, ByEnterprise, Measure
from trainmgr.quality.models import QualityFigure, QualityRun
from trainmgr.quality.rules import (
    Definition,
    Figure,
    Period,
    Scope,
    ScopeKind,
    Sums,
    Table,
    Unit,
    Verdict,
    figure_of,
)

TRAINING = ("programs", "trainees")  # indicators that tell whether there was training at all

__all__ = ["Missed", "catalogue", "measure", "missed", "records", "stored", "table"]


# --- adding up ----------------------------------------------------------------------------------------


def rows_of(one: Measure, college_id: int, period: Period) -> Any:
    """Return a measure's records of a college and period as a subquery."""
    return one.rows(Ask(college_id, period)).subquery()


def within(one: Measure, rows: Any, scope: Scope) -> sa.ColumnElement[bool]:
    """Return the condition on a measure's records that leaves those of a scope."""
    if scope.kind is ScopeKind.COLLEGE:
        return sa.true()
    if scope.kind is ScopeKind.DEPARTMENT:
        return sa.and_(rows.c.department_id == scope.id)
    if scope.kind is ScopeKind.PROGRAM:
        return sa.and_(rows.c.program_id == scope.id)
    if one.by_enterprise is ByEnterprise.ROW:
        return sa.and_(rows.c.enterprise_id == scope.id)
    party = sa.select(ProgramParty.program_id).where(
        ProgramParty.organization_id == scope.id, ProgramParty.role == PartyRole.ENTERPRISE
    )
    condition: sa.ColumnElement[bool] = rows.c.program_id.in_(party)
    return condition


def sums_of(one: Measure, rows: Any) -> tuple[Any, Any, Any]:
    """Return what is added up of a measure's records: numerator, denominator, people who answered."""
    zero = sa.literal(0)
    numerator = (
        sa.func.count(rows.c[one.distinct].distinct())
        if one.distinct
        else sa.func.coalesce(sa.func.sum(rows.c.amount), 0)
    )
    denominator = sa.func.coalesce(sa.func.sum(rows.c.whole), 0) if one.unit.is_ratio else zero
    people = sa.func.count(rows.c.respondent.distinct()) if one.is_survey else zero
    return numerator, denominator, people


def add_up(one: Measure, scope: Scope, period: Period) -> Sums:
    """Return what a measure's records of a scope and period come to: one statement."""
    rows = rows_of(one, scope.college_id, period)
    found = db.session.execute(sa.select(*sums_of(one, rows)).where(within(one, rows, scope))).one()
    return Sums(float(found[0]), float(found[1]), int(found[2]))


def measure(
    codes: Iterable[str] | None,
    scope: Scope,
    period: Period,
    viewer: User | None = None,
    *,
    now: datetime | None = None,
) -> dict[str, Figure]:
    """Compute figures from the records as they are now, one aggregate each; None asks for every active indicator.

    With a viewer: 404 on a scope that he or she may not see, and only the indicators meant for such a reader. An
    indicator that says nothing of the kind of scope is left out.
    """
    definitions = shown_to(viewer, scope, period)
    wanted = list(definitions) if codes is None else [code for code in codes if code in definitions]
    own = targets(scope.college_id, [period.year or 0])
    found: dict[str, Figure] = {}
    for code in wanted:
        definition = definitions[code]
        one = MEASURES[definition.measure]
        if scope.kind not in one.scopes:
            continue
        target = target_of(definition, period.year, own)
        if one.is_survey:
            found[code] = _survey_figure(definition, scope, period, target, now)
        else:
            found[code] = _figure(definition, one, add_up(one, scope, period), target, now)
    return found


def _survey_figure(
    definition: Definition, scope: Scope, period: Period, target: float | None, now: datetime | None
) -> Figure:
    """Return a survey's figure as published last; never published, as it is now unless other figures would tell of few.

    What is computed anew beside what was published would let a reader subtract one from the other.
    """
    published = _as_published(definition, scope, period).get(definition.code)
    if published is not None:
        return published
    one = MEASURES[definition.measure]
    hidden = (scope.kind, scope.id) in hidden_of(one, scope.college_id, period)
    return shown(definition, add_up(one, scope, period), target, now, is_hidden=hidden)


def _as_published(definition: Definition, scope: Scope, period: Period) -> dict[str, Figure]:
    """Return a survey's figure of a part as computed last: whether it may be shown depends on the other parts."""
    years = [period.year] if period.year is not None else []
    return {
        code: figure for (code, _year), figure in stored(scope, years, {definition.code: definition}).items()
    }


def shown_to(viewer: User | None, scope: Scope, period: Period) -> dict[str, Definition]:
    """Return the indicators that hold at a period's end, as far as they are meant for the viewer (None: for all)."""
    definitions = catalogue(scope.college_id, period.last)
    if viewer is None:
        return definitions
    if seeing.find_scope(scope.kind, scope.id, viewer, scope.college_id) is None:
        abort(404)
    return for_reader(definitions, viewer, scope)


def for_reader(definitions: dict[str, Definition], viewer: User, scope: Scope) -> dict[str, Definition]:
    """Leave the indicators meant for a reader of a scope (whose right to the scope was checked)."""
    reader = seeing.audience_of(viewer, scope.college_id)
    return {code: one for code, one in definitions.items() if seeing.is_for(one.audience, reader)}


def _figure(
    definition: Definition, one: Measure, sums: Sums, target: float | None, now: datetime | None
) -> Figure:
    return figure_of(
        definition.code,
        one.unit,
        sums,
        is_survey=one.is_survey,
        target=target,
        better=definition.better,
        as_of=now,
        near=definition.near,
    )


# --- as computed last ------------------------------------------------------------------------------------


def stored(
    scope: Scope, years: Sequence[int], definitions: dict[str, Definition]
) -> dict[tuple[str, int], Figure]:
    """Return figures as they were computed last, by code and year: two statements.

    Absent where a year was never computed, or where an indicator says nothing of the kind of scope.
    """
    in_scope = sa.and_(
        QualityFigure.college_id == QualityRun.college_id,
        QualityFigure.year == QualityRun.year,
        QualityFigure.scope_kind == scope.kind,
        QualityFigure.scope_id == scope.id,
    )
    rows = db.session.execute(
        sa.select(QualityRun, QualityFigure)
        .outerjoin(QualityFigure, in_scope)
        .where(QualityRun.college_id == scope.college_id, QualityRun.year.in_(list(years)))
    ).all()
    known = {(row[1].code, row[1].year): row[1] for row in rows if row[1]}
    runs = {run.year: run.computed_at for run, _figure in rows}
    own = targets(scope.college_id, years)
    return {
        (definition.code, year): figure_from(
            definition, known.get((definition.code, year)), target_of(definition, year, own), at
        )
        for year, at in runs.items()
        for definition in definitions.values()
        if scope.kind in MEASURES[definition.measure].scopes
    }


def find_latest_year(scope: Scope, last: int) -> int | None:
    """Return the latest year, up to one, whose stored figures show training in a scope; None where there is none."""
    return db.session.scalar(
        sa.select(sa.func.max(QualityFigure.year)).where(
            QualityFigure.college_id == scope.college_id,
            QualityFigure.scope_kind == scope.kind,
            QualityFigure.scope_id == scope.id,
            QualityFigure.code.in_(TRAINING),
            QualityFigure.numerator > 0,
            QualityFigure.year <= last,
        )
    )


def figure_from(
    definition: Definition, row: QualityFigure | None, target: float | None, at: datetime | None
) -> Figure:
    """Return a stored row as a figure; no row means that no record was found."""
    sums = Sums(row.numerator, row.denominator, row.people) if row else Sums()
    return shown(definition, sums, target, at, is_hidden=row is not None and row.is_hidden)


def shown(
    definition: Definition, sums: Sums, target: float | None, at: datetime | None, *, is_hidden: bool
) -> Figure:
    """Return the figure of two sums; one that must be hidden reads as one that too few answered."""
    one = MEASURES[definition.measure]
    figure = _figure(definition, one, sums, target, at)
    if is_hidden and not figure.is_small:
        return Figure(
            definition.code, None, None, None, one.unit, target,
            as_of=at, better=definition.better, is_small=True, near=definition.near,
        )  # fmt: skip
    return figure


def table(college_id: int, year: int, name: str) -> list[tuple[Definition, Figure | None, Figure | None]]:
    """Return a table of the annual report: the indicators placed in it, this year's figure and the one before."""
    wanted = Table(name)
    definitions = catalogue(college_id, Period.of_year(year).last)
    chosen = {code: one for code, one in definitions.items() if wanted in one.tables}
    found = stored(Scope.of_college(college_id), [year - 1, year], chosen)
    return [(one, found.get((code, year)), found.get((code, year - 1))) for code, one in chosen.items()]


@dataclass(frozen=True)
class Missed:
    """A stored figure that missed its target."""

    scope: Scope
    figure: Figure
    definition: Definition


def missed(college_id: int, year: int) -> list[Missed]:
    """Return a college's stored figures of a year that miss their target, college, departments and programmes."""
    definitions = catalogue(college_id, Period.of_year(year).last)
    own = targets(college_id, [year])
    aimed = {code: one for code, one in definitions.items() if target_of(one, year, own) is not None}
    rows = db.session.execute(
        sa.select(QualityFigure, QualityRun.computed_at)
        .join(
            QualityRun,
            sa.and_(QualityRun.college_id == QualityFigure.college_id, QualityRun.year == QualityFigure.year),
        )
        .where(
            QualityFigure.college_id == college_id,
            QualityFigure.year == year,
            QualityFigure.scope_kind != ScopeKind.ENTERPRISE,
            QualityFigure.code.in_(list(aimed)),
        )
        .order_by(QualityFigure.code, QualityFigure.scope_kind, QualityFigure.scope_id)
    )
    found = []
    for row, at in rows:
        definition = aimed[row.code]
        # A count's target is the whole college's: no part of it can be held against it.
        if row.scope_kind is not ScopeKind.COLLEGE and not MEASURES[definition.measure].unit.is_ratio:
            continue
        figure = figure_from(definition, row, target_of(definition, year, own), at)
        if figure.verdict is Verdict.MISSED:
            found.append(Missed(Scope(college_id, row.scope_kind, row.scope_id), figure, definition))
    return found


# --- the records behind a figure -----------------------------------------------------------------------------


def _behind(
    definition: Definition, scope: Scope, period: Period, only_hits: bool
) -> tuple[Measure, Any, sa.Select[Any]]:
    one = MEASURES[definition.measure]
    rows = rows_of(one, scope.college_id, period)
    names = ("id", "name", "detail", "amount", "whole", "program_id", "person_id")
    columns: list[Any] = [rows.c[name] for name in names]
    if one.distinct:  # each once, whatever it belongs to
        columns = [rows.c.id if one.distinct == "id" else sa.null().label("id"), rows.c.name]
    statement = sa.select(*columns).where(within(one, rows, scope))
    if only_hits and not one.distinct:
        statement = statement.where(rows.c.amount != 0)
    return one, rows, statement.distinct() if one.distinct else statement


def records(
    definition: Definition,
    scope: Scope,
    period: Period,
    viewer: User,
    listing: Listing,
    *,
    only_hits: bool = True,
) -> tuple[Page[Any], int]:
    """Return a page of the people or records behind a figure that the viewer may see, and how many are hidden.

    Of a survey nobody sees who answered what: all are hidden.
    """
    one, rows, statement = _behind(definition, scope, period, only_hits)
    everything = _count(statement)
    limit = seeing.openable(one.kind, rows, scope, viewer)
    if one.is_survey:
        limit = sa.false()
    if limit is not None:
        statement = statement.where(limit)
    if listing.q:
        statement = statement.where(contains(rows.c.name, listing.q))
    orders: dict[str, Sequence[Any]] = {
        "name": [rows.c.name, *([] if one.distinct == "name" else [rows.c.id])]
    }
    if not one.distinct:
        orders["detail"] = [rows.c.detail, rows.c.name, rows.c.id]
        orders["amount"] = [rows.c.amount, rows.c.name, rows.c.id]
    shown = everything if limit is None and not listing.q else None
    page = paginate(statement, listing, orders=orders, default="name", scalars=False, total=shown)
    if listing.q:
        return page, 0
    return page, everything - page.total


def export_records(
    definition: Definition, scope: Scope, period: Period, viewer: User, *, only_hits: bool = True
) -> Iterable[Any]:
    """Return all records behind a figure that the viewer may see, a thousand at a time."""
    one, rows, statement = _behind(definition, scope, period, only_hits)
    limit = sa.false() if one.is_survey else seeing.openable(one.kind, rows, scope, viewer)
    if limit is not None:
        statement = statement.where(limit)
    return db.session.execute(statement.order_by(rows.c.name).execution_options(yield_per=1_000))


def _count(statement: sa.Select[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0


def figure_behind(definition: Definition, scope: Scope, period: Period) -> Figure:
    """Return the figure that stands above its records: as they are now, of a survey as it was published last."""
    one = MEASURES[definition.measure]
    if one.is_survey:
        found = _as_published(definition, scope, period)
        return found.get(definition.code) or Figure(definition.code, None, None, None, one.unit)
    return _figure(definition, one, add_up(one, scope, period), None, None)


def unit_of(definition: Definition) -> Unit:
    """Return how an indicator's value follows."""
    return MEASURES[definition.measure].unit
