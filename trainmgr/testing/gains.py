"""Reads of the gain: the same instrument before and at the end, the same people, added up in SQL.

A person may have taken an instrument more than once before or at the end: the latest attempt that counts is read.
People are narrowed down by how they stood at the end: their class, enterprise and mentors then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.bank.models import Instrument, InstrumentVersion
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.testing.asked import Line, lines_of
from trainmgr.testing.models import Attempt, Participant, Score, Sitting
from trainmgr.testing.queries import visible_in
from trainmgr.testing.reporting import Pairs
from trainmgr.testing.reports import Chosen, share_of
from trainmgr.testing.rules import Purpose


@dataclass(frozen=True)
class Series:
    """A version of an instrument that was taken in a programme: how many closed tests before and at the end."""

    version_id: int
    name: str
    number: int
    before: int
    after: int

    @property
    def is_complete(self) -> bool:
        """Whether a gain can be measured."""
        return bool(self.before and self.after)


def series_of(program_id: int) -> list[Series]:
    """Return what was taken in a programme, complete ones first, then the latest first: one statement."""

    def count(purpose: Purpose) -> Any:
        return sa.func.count(sa.case((Sitting.purpose == purpose, 1)))

    rows = db.session.execute(
        sa.select(
            Sitting.version_id, Instrument.name, InstrumentVersion.number, count(Purpose.ENTRY), count(Purpose.END)
        )
        .join(InstrumentVersion, InstrumentVersion.id == Sitting.version_id)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(
            Sitting.program_id == program_id,
            Sitting.closed_at.is_not(None),
            Sitting.cancelled_at.is_(None),
            Sitting.purpose.in_([Purpose.ENTRY, Purpose.END]),
        )
        .group_by(Sitting.version_id, Instrument.name, InstrumentVersion.number)
        .order_by(sa.func.max(Sitting.closed_at).desc(), Sitting.version_id.desc())
    )  # fmt: skip
    return sorted((Series(*row) for row in rows), key=lambda series: not series.is_complete)


def _latest(program_id: int, version_id: int, purpose: Purpose) -> sa.Subquery:
    """Return a subquery of (user_id, participant_id, attempt_id): each person's latest attempt for a purpose."""
    place = sa.func.row_number().over(
        partition_by=Participant.user_id, order_by=(Attempt.ended_at.desc(), Attempt.id.desc())
    )
    numbered = (
        sa.select(
            Participant.user_id, Participant.id.label("participant_id"), Attempt.id.label("attempt_id"),
            place.label("place"),
        )
        .join(Attempt, sa.and_(Attempt.participant_id == Participant.id, Attempt.counts))
        .join(Sitting, Sitting.id == Participant.sitting_id)
        .where(
            Sitting.program_id == program_id,
            Sitting.version_id == version_id,
            Sitting.purpose == purpose,
            Sitting.closed_at.is_not(None),
            Sitting.cancelled_at.is_(None),
        )
        .subquery()
    )  # fmt: skip
    return sa.select(numbered).where(numbered.c.place == 1).subquery()


def _pairs(
    program: Program, version_id: int, viewer: User, chosen: Chosen, *columns: Any
) -> tuple[sa.Select[*tuple[Any, ...]], Any, Any]:
    """Return a select over scores of one competency before and after, and the two scores; columns may name them."""
    first = _latest(program.id, version_id, Purpose.ENTRY)
    last = _latest(program.id, version_id, Purpose.END)
    before, after = aliased(Score), aliased(Score)
    statement = (
        sa.select(*columns)
        .select_from(Participant)
        .join(last, last.c.participant_id == Participant.id)
        .join(first, first.c.user_id == last.c.user_id)
        .join(before, before.attempt_id == first.c.attempt_id)
        .join(
            after,
            sa.and_(after.attempt_id == last.c.attempt_id, after.competency_id == before.competency_id),
        )
        .where(visible_in(program, viewer), chosen.condition())
    )
    return statement, before, after


@dataclass(frozen=True)
class PairCell:
    """People of one class and enterprise who moved from one level of a competency to another."""

    cohort: str
    enterprise_id: int | None
    enterprise: str
    competency_id: int
    level_before: int
    level_after: int
    people: int
    before: float
    after: float
    before_squares: float
    after_squares: float


def cells_of(program: Program, version_id: int, viewer: User) -> list[PairCell]:
    """Return how the visible people moved, by class, enterprise, competency and levels: one statement."""
    statement, before, after = _pairs(program, version_id, viewer, Chosen())
    share_before = share_of(before.points, before.possible)
    share_after = share_of(after.points, after.possible)
    keys = (
        Participant.cohort_name, Participant.enterprise_id, Organization.name, before.competency_id,
        before.level.label("level_before"), after.level.label("level_after"),
    )  # fmt: skip
    rows = db.session.execute(
        statement.outerjoin(Organization, Organization.id == Participant.enterprise_id)
        .with_only_columns(
            *keys, sa.func.count(), sa.func.sum(share_before), sa.func.sum(share_after),
            sa.func.sum(share_before * share_before), sa.func.sum(share_after * share_after),
        )
        .group_by(*keys)
    )  # fmt: skip
    return [_cell(*row) for row in rows]


def _cell(cohort: str, enterprise_id: int | None, enterprise: str | None, *rest: Any) -> PairCell:
    competency_id, level_before, level_after, people, *sums = rest
    return PairCell(
        cohort, enterprise_id, enterprise or "", competency_id, level_before, level_after, people, *map(float, sums)
    )  # fmt: skip


def pairs_of(cells: Iterable[PairCell], lines: Sequence[Line], chosen: Chosen) -> dict[int, Pairs]:
    """Add cells up by competency, for the people who are chosen."""
    rows: dict[int, list[PairCell]] = {line.id: [] for line in lines}
    for cell in cells:
        if chosen.holds(cell.cohort, cell.enterprise_id):
            rows.setdefault(cell.competency_id, []).append(cell)
    return {line.id: _added(rows[line.id], line.required) for line in lines}


def _added(cells: Sequence[PairCell], required: float | None) -> Pairs:
    crossed: dict[tuple[int, int], int] = {}
    for cell in cells:
        key = cell.level_before, cell.level_after
        crossed[key] = crossed.get(key, 0) + cell.people
    return Pairs(
        crossed,
        sum(cell.before for cell in cells),
        sum(cell.after for cell in cells),
        sum(cell.before_squares for cell in cells),
        sum(cell.after_squares for cell in cells),
        required,
    )


# --- each person ------------------------------------------------------------------------------------


def _people(program: Program, version_id: int, viewer: User, chosen: Chosen) -> sa.Subquery:
    statement, before, after = _pairs(program, version_id, viewer, chosen)
    share_before = share_of(sa.func.sum(before.points), sa.func.sum(before.possible))
    share_after = share_of(sa.func.sum(after.points), sa.func.sum(after.possible))
    return (
        statement.with_only_columns(
            Participant.id.label("participant_id"),
            share_before.label("before"),
            share_after.label("after"),
            sa.func.avg(sa.cast(before.level, sa.Float)).label("level_before"),
            sa.func.avg(sa.cast(after.level, sa.Float)).label("level_after"),
            sa.func.count().label("competencies"),
        )
        .group_by(Participant.id)
        .subquery()
    )


def _people_select(
    program: Program, version_id: int, viewer: User, chosen: Chosen
) -> tuple[sa.Select[*tuple[Any, ...]], sa.Subquery]:
    rows = _people(program, version_id, viewer, chosen)
    statement = (
        sa.select(
            Participant.id, Participant.sitting_id, Participant.name, Participant.number,
            Participant.cohort_name, Organization.name.label("enterprise"),
            rows.c.before, rows.c.after, rows.c.level_before, rows.c.level_after, rows.c.competencies,
        )
        .join(rows, rows.c.participant_id == Participant.id)
        .outerjoin(Organization, Organization.id == Participant.enterprise_id)
    )  # fmt: skip
    return statement, rows


def list_people(
    program: Program, version_id: int, viewer: User, chosen: Chosen, listing: Listing
) -> Page[Any]:
    """Return a page of the people who took both, with their shares and mean levels: two statements."""
    statement, rows = _people_select(program, version_id, viewer, chosen)
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Participant.name, listing.q), contains(Participant.number, listing.q))
        )
    orders: dict[str, Sequence[Any]] = {
        "name": [Participant.name, Participant.id],
        "class": [Participant.cohort_name, Participant.name, Participant.id],
        "before": [rows.c.before, Participant.name, Participant.id],
        "after": [rows.c.after, Participant.name, Participant.id],
        "gain": [rows.c.after - rows.c.before, Participant.name, Participant.id],
        "level": [rows.c.level_after - rows.c.level_before, Participant.name, Participant.id],
    }
    filters = {key: str(value or "") for key, value in chosen.args.items()}
    return paginate(statement, listing, orders=orders, default="class", scalars=False, filters=filters)


def export_people(program: Program, version_id: int, viewer: User, chosen: Chosen) -> Iterable[Any]:
    """Return everybody who took both, read a thousand rows at a time."""
    statement, _rows = _people_select(program, version_id, viewer, chosen)
    found: Iterable[Any] = db.session.execute(
        statement.order_by(Participant.cohort_name, Participant.name, Participant.id).execution_options(
            yield_per=1_000
        )
    )
    return found


# --- what the result shows ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Closing:
    """What the tests before and at the end say of a programme: each competency, and which are not closed."""

    series: Series
    rows: Sequence[tuple[Line, Pairs]]

    @property
    def still_open(self) -> list[tuple[Line, Pairs]]:
        """The competencies whose share below the required level stays above the threshold."""
        return [row for row in self.rows if row[1].is_open]

    @property
    def people(self) -> int:
        """The largest number of people measured twice."""
        return max((pairs.n for _line, pairs in self.rows), default=0)


def closing_of(program: Program, viewer: User) -> Closing | None:
    """Return what the latest instrument taken twice says of a programme; None before that: one statement, or three."""
    series = next((one for one in series_of(program.id) if one.is_complete), None)
    if series is None:
        return None
    lines = lines_of(program.id, series.version_id)
    pairs = pairs_of(cells_of(program, series.version_id, viewer), lines, Chosen())
    return Closing(series, [(line, pairs[line.id]) for line in lines if pairs[line.id].n])
