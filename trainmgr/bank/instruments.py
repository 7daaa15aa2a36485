"""Reads of instruments: the list, one with its versions, what its blueprint asks and what the bank lacks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.bank import drawing, queries
from trainmgr.bank.drawing import Cell, Place, Shortage
from trainmgr.bank.models import BlueprintRow, Instrument, InstrumentVersion, Item, PaperItem
from trainmgr.bank.queries import CompetencyLine
from trainmgr.bank.rules import FormPolicy, InstrumentState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.standards.models import StandardCompetency


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Instrument that leaves those of the viewer's own colleges."""
    return Instrument.college_id.in_(viewer.organizations_where(Permission.BANK_VIEW))


@dataclass(frozen=True)
class Line:
    """An instrument with its newest version, as the list shows it."""

    instrument: Instrument
    version: InstrumentVersion


def list_instruments(viewer: User, listing: Listing) -> Page[Line]:
    """Return a page of the instruments of the viewer's colleges."""
    newest = (
        sa.select(sa.func.max(InstrumentVersion.number))
        .where(InstrumentVersion.instrument_id == Instrument.id)
        .correlate(Instrument)
        .scalar_subquery()
    )
    statement = (
        sa.select(Instrument, InstrumentVersion)
        .join(InstrumentVersion, InstrumentVersion.instrument_id == Instrument.id)
        .where(InstrumentVersion.number == newest, visible_to(viewer))
    )
    if listing.q:
        statement = statement.where(contains(Instrument.name, listing.q))
    orders = {
        "name": (Instrument.name, Instrument.id),
        "items": (InstrumentVersion.count, Instrument.id),
        "minutes": (InstrumentVersion.minutes, Instrument.id),
    }
    page = paginate(statement, listing, orders=orders, default="name", scalars=False)
    lines = [Line(row[0], row[1]) for row in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)


def instrument_or_404(instrument_id: int, viewer: User) -> Instrument:
    """Return an instrument with its versions and their blueprints, or answer 404: three statements."""
    instrument: Instrument | None = db.session.scalar(
        sa.select(Instrument)
        .where(Instrument.id == instrument_id, visible_to(viewer))
        .options(
            joinedload(Instrument.college),
            selectinload(Instrument.versions).selectinload(InstrumentVersion.rows),
        )
    )
    return instrument if instrument is not None else abort(404)


def version_of(instrument: Instrument, number: int | None) -> InstrumentVersion:
    """Return a version by its number (the newest without one), or answer 404."""
    if number is None:
        return instrument.versions[0]
    return next((one for one in instrument.versions if one.number == number), None) or abort(404)


def draft_of(instrument: Instrument) -> InstrumentVersion | None:
    """Return the version that may be changed, if there is one."""
    return next((one for one in instrument.versions if one.state is InstrumentState.DRAFT), None)


def cells_of(version: InstrumentVersion) -> list[Cell]:
    """Return the blueprint in the order of its competencies and difficulties."""
    return _cells(version.rows)


def cells_in(version_id: int) -> list[Cell]:
    """Return the blueprint of a version as the database has it, in the same order."""
    return _cells(
        db.session.scalars(sa.select(BlueprintRow).where(BlueprintRow.version_id == version_id)).all()
    )


def _cells(rows: Sequence[BlueprintRow]) -> list[Cell]:
    ordered = sorted(rows, key=lambda row: (row.competency_id, row.difficulty.rank))
    return [Cell(row.competency_id, row.difficulty, row.count, row.points) for row in ordered]


def name_is_taken(college_id: int, name: str, *, but: int | None = None) -> bool:
    """Tell whether another instrument of the college has this name."""
    taken = sa.select(Instrument.id).where(Instrument.college_id == college_id, Instrument.name == name)
    return db.session.scalar(taken.where(Instrument.id.is_distinct_from(but))) is not None


def paper_of(version_id: int, form: int) -> Sequence[PaperItem]:
    """Return the kept paper of a form with its items, in the order of the blueprint; empty before it is drawn."""
    return db.session.scalars(
        sa.select(PaperItem)
        .where(PaperItem.version_id == version_id, PaperItem.form == form)
        .options(joinedload(PaperItem.item).joinedload(Item.picture))
        .order_by(PaperItem.position)
    ).all()


# --- blueprint against bank -----------------------------------------------------------------------


@dataclass(frozen=True)
class Blueprint:
    """A version's blueprint as a matrix: its cells, what the bank has for each, and what it is short of."""

    competencies: Sequence[CompetencyLine]
    cells: dict[Place, Cell]
    found: dict[Place, int]
    shortages: dict[Place, Shortage]

    @property
    def count(self) -> int:
        """How many items a paper has."""
        return sum(cell.count for cell in self.cells.values())

    @property
    def points(self) -> Decimal:
        """How many points a paper has."""
        return sum((cell.count * cell.points for cell in self.cells.values()), Decimal(0))

    def totals(self, competency_id: int) -> tuple[int, Decimal]:
        """Return the items and points of one competency."""
        mine = [cell for cell in self.cells.values() if cell.competency_id == competency_id]
        return sum(cell.count for cell in mine), sum((cell.count * cell.points for cell in mine), Decimal(0))


def blueprint_of(
    version: InstrumentVersion, college_id: int, competencies: Sequence[CompetencyLine]
) -> Blueprint:
    """Hold a version's blueprint against the bank: one select."""
    cells = {cell.place: cell for cell in cells_of(version)}
    found = queries.count_by_cell([college_id], [line.id for line in competencies])
    short = drawing.shortages(cells.values(), found, version.form_policy)
    return Blueprint(competencies, cells, found, {(one.competency_id, one.difficulty): one for one in short})


def wanted_by_blueprints(college_ids: Sequence[int], standard_id: int) -> dict[Place, int]:
    """Return how many items the newest versions of the colleges' instruments want at most, by cell."""
    newest = (
        sa.select(sa.func.max(InstrumentVersion.number))
        .where(InstrumentVersion.instrument_id == Instrument.id)
        .correlate(Instrument)
        .scalar_subquery()
    )
    factor = sa.case((InstrumentVersion.form_policy == FormPolicy.PARALLEL, 2), else_=1)
    rows = db.session.execute(
        sa.select(
            BlueprintRow.competency_id, BlueprintRow.difficulty, sa.func.max(BlueprintRow.count * factor)
        )
        .join(InstrumentVersion, InstrumentVersion.id == BlueprintRow.version_id)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .join(StandardCompetency, StandardCompetency.id == BlueprintRow.competency_id)
        .where(
            Instrument.college_id.in_(college_ids),
            InstrumentVersion.number == newest,
            StandardCompetency.standard_id == standard_id,
        )
        .group_by(BlueprintRow.competency_id, BlueprintRow.difficulty)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def items_by_id(ids: Sequence[int]) -> dict[int, Item]:
    """Return the items of a paper with their pictures."""
    found = db.session.scalars(sa.select(Item).where(Item.id.in_(ids)).options(joinedload(Item.picture)))
    return {item.id: item for item in found}
