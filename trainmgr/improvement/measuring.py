"""The figure behind an item, of one cohort and of the next: read by what the item's source names.

@measures(Source.GAP)
def levels(items, following) -> {item id: (last, next)}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.models import AlignmentCheck, AlignmentVerdict
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Attainment, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import User
from trainmgr.improvement.models import ImprovementItem
from trainmgr.improvement.rules import Comparison, Measure, Source, Unit, compare
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.outcomes.queries import COUNTED
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to
from trainmgr.quality import measuring as quality
from trainmgr.quality.models import QualityFigure
from trainmgr.quality.rules import Better, Figure, Period, ScopeKind
from trainmgr.quality.rules import Unit as QualityUnit

Items = Sequence[ImprovementItem]
Following = Mapping[int, Program]
Pair = tuple[Measure | None, Measure | None]
Measurer = Callable[[Items, Following], Mapping[int, Pair]]
MEASURERS: dict[Source, Measurer] = {}


def measures(*sources: Source) -> Callable[[Measurer], Measurer]:
    """Register what reads the last figure and the next one of many items, in a fixed number of statements."""

    def register(function: Measurer) -> Measurer:
        MEASURERS.update(dict.fromkeys(sources, function))
        return function

    return register


Figures = Mapping[tuple[int, str], Measure]


def _by_program(items: Items, following: Following, read: Callable[..., Figures]) -> dict[int, Pair]:
    """Return the figures of each item's programme and of its next edition; what was measured later counts."""
    asked = {item.program_id for item in items} | {one.id for one in following.values()}
    figures = read({item.measure_ref for item in items}, asked)
    pairs: dict[int, Pair] = {}
    for item in items:
        then = following.get(item.program_id)
        last = figures.get((item.program_id, item.measure_ref)) or item.last_measure
        pairs[item.id] = (last, figures.get((then.id, item.measure_ref)) if then else None)
    return pairs


@measures(Source.GAP, Source.HAND)
def levels_reached(items: Items, following: Following) -> Mapping[int, Pair]:
    """Return the mean levels that two cohorts reached in each item's competency."""
    return _by_program(items, following, levels_of)


@measures(Source.ALIGNMENT)
def steps_kept(items: Items, following: Following) -> Mapping[int, Pair]:
    """Return whether each item's module was in step, and is in step in the next edition."""
    return _by_program(items, following, steps_of)


def levels_of(refs: Collection[str], program_ids: Collection[int]) -> Figures:
    """Return the mean level that was reached in competencies, by programme and the competency's name: one statement.

    Levels are those of the last terminal evaluation, of everybody who counts, from 1 to 5.
    """
    last = (
        sa.select(
            Window.id,
            Window.program_id,
            sa.func.row_number()
            .over(partition_by=Window.program_id, order_by=(Window.closes_at.desc(), Window.id.desc()))
            .label("place"),
        )
        .where(Window.program_id.in_(program_ids), Window.kind == WindowKind.TERMINAL)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            Competency.program_id,
            Competency.name,
            Competency.required_level,
            sa.func.count(),
            sa.func.avg(Attainment.level),
            sa.func.avg(Attainment.level * Attainment.level),
        )
        .select_from(last)
        .join(Attainment, Attainment.window_id == last.c.id)
        .join(Competency, Competency.id == Attainment.competency_id)
        .join(Enrolment, Enrolment.id == Attainment.enrolment_id)
        .where(last.c.place == 1, Competency.name.in_(refs), COUNTED)
        .group_by(Competency.program_id, Competency.name, Competency.required_level)
    )
    return {(row[0], row[1]): _level(*row[2:]) for row in rows}


def _level(required: Any, n: int, mean: Any, square: Any) -> Measure:
    value = float(mean)
    spread = math.sqrt(max(0.0, float(square) - value * value) * n / (n - 1)) if n > 1 else None
    return Measure(value, n, Unit.LEVEL, spread, float(required), method="terminal")


def steps_of(refs: Collection[str], program_ids: Collection[int]) -> Figures:
    """Return whether modules are in step in the ways named (1) or not (0), by their newest checks: one statement."""
    key = AlignmentCheck.lineage + ":" + sa.cast(AlignmentCheck.alignment, sa.String)
    newest = (
        sa.select(sa.func.max(AlignmentCheck.id))
        .where(AlignmentCheck.program_id.in_(program_ids), key.in_(refs))
        .group_by(AlignmentCheck.program_id, AlignmentCheck.lineage, AlignmentCheck.alignment)
    )
    rows = db.session.scalars(sa.select(AlignmentCheck).where(AlignmentCheck.id.in_(newest)))
    return {
        (row.program_id, f"{row.lineage}:{row.alignment.value}"): Measure(
            float(row.verdict is AlignmentVerdict.IN_STEP), 0, Unit.STEP, method="alignment"
        )
        for row in rows
    }


def next_programs(program_ids: Collection[int], viewer: User) -> dict[int, Program]:
    """Return the newest next edition of each programme, as far as the viewer may see it: one statement."""
    rows = db.session.scalars(
        sa.select(Program)
        .where(Program.predecessor_id.in_(program_ids), visible_to(viewer))
        .order_by(Program.id)
    )
    return {row.predecessor_id: row for row in rows if row.predecessor_id is not None}


def compared(items: Items, viewer: User) -> tuple[dict[int, Comparison], dict[int, Program]]:
    """Return how the next cohort did in what each item is about, by item; and the next editions by programme.

    Items without a figure are left out. A statement for the next editions and those of each source.
    """
    following = next_programs({item.program_id for item in items}, viewer)
    found: dict[int, Comparison] = {}
    for source in {item.source for item in items if item.measure_ref and item.source in MEASURERS}:
        own = [item for item in items if item.source is source and item.measure_ref]
        found |= {key: compare(*pair) for key, pair in MEASURERS[source](own, following).items()}
    return found, following


# --- indicators ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IndicatorRef:
    """Which indicator of which year, of what; written as it stands in an item's `measure_ref`."""

    college_id: int
    year: int
    code: str
    kind: ScopeKind
    id: int

    def __str__(self) -> str:
        return f"{self.college_id}:{self.year}:{self.code}:{self.kind.value}:{self.id}"

    @classmethod
    def read(cls, text: str) -> IndicatorRef:
        """Read it back."""
        college, year, code, kind, number = text.split(":")
        return cls(int(college), int(year), code, ScopeKind(kind), int(number))


def measure_of(figure: Figure) -> Measure | None:
    """Return an indicator's figure as one to be compared; None where there is no data, or too little to be shown."""
    if figure.value is None or figure.is_small:
        return None
    unit = Unit.RATIO if figure.unit is QualityUnit.SHARE else Unit.NUMBER
    return Measure(
        figure.value, round(figure.denominator or 0), unit, aim=figure.target,
        upward=figure.better is Better.HIGHER, method=f"indicator {figure.code}",
    )  # fmt: skip


@measures(Source.INDICATOR)
def indicators_later(items: Items, following: Following) -> Mapping[int, Pair]:
    """Return each indicator when it was taken up, and of the newest later year or the programme's next edition.

    Two statements for each college, mostly one.
    """
    refs = {item.id: IndicatorRef.read(item.measure_ref) for item in items}
    later: dict[tuple[int, str, ScopeKind, int], list[tuple[int, Measure | None]]] = {}
    for college_id in {ref.college_id for ref in refs.values()}:
        for year, key, measure in _stored(college_id, list(refs.values()), following):
            later.setdefault((college_id, *key), []).append((year, measure))
    pairs: dict[int, Pair] = {}
    for item in items:
        ref, then = refs[item.id], following.get(item.program_id)
        place = then.id if ref.kind is ScopeKind.PROGRAM and then else ref.id
        known = later.get((ref.college_id, ref.code, ref.kind, place), [])
        newer = [measure for year, measure in known if year > ref.year or place != ref.id]
        pairs[item.id] = (item.last_measure, newer[-1] if newer else None)
    return pairs


def _stored(
    college_id: int, refs: Sequence[IndicatorRef], following: Following
) -> list[tuple[int, tuple[str, ScopeKind, int], Measure | None]]:
    """Return the stored figures of some indicators by year, the newest last."""
    own = [ref for ref in refs if ref.college_id == college_id]
    ids = {ref.id for ref in own} | {one.id for one in following.values()}
    rows = db.session.scalars(
        sa.select(QualityFigure)
        .where(
            QualityFigure.college_id == college_id,
            QualityFigure.code.in_({ref.code for ref in own}),
            QualityFigure.scope_kind.in_({ref.kind for ref in own}),
            QualityFigure.scope_id.in_(ids),
            QualityFigure.year >= min(ref.year for ref in own),
        )
        .order_by(QualityFigure.year)
    ).all()
    if not rows:
        return []
    definitions = quality.catalogue(college_id, Period.of_year(rows[-1].year).last)
    return [
        (
            row.year,
            (row.code, row.scope_kind, row.scope_id),
            measure_of(quality.figure_from(definitions[row.code], row, None, None)),
        )
        for row in rows
        if row.code in definitions
    ]
