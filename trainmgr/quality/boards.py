"""What dashboards show: indicators with their course over years, and the parts of a scope side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import Organization
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.programs.models import Program
from trainmgr.quality import labels, measuring, seeing
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.models import QualityFigure
from trainmgr.quality.rules import (
    Definition,
    Figure,
    Gold,
    Group,
    Scope,
    ScopeKind,
    Unit,
    Verdict,
    change,
)

YEARS = 5
WALL = 12


@dataclass(frozen=True)
class Line:
    """An indicator's line: this year's figure, and those of the years before, oldest first (None: not computed)."""

    definition: Definition
    figure: Figure | None
    course: Sequence[tuple[int, Figure | None]]

    @property
    def name(self) -> str:
        """The indicator's name."""
        return labels.name_of(self.definition)

    @property
    def text(self) -> str:
        """This year's value."""
        return labels.figure_text(self.figure, self.definition.decimals)

    @property
    def sums(self) -> str:
        """Numerator and denominator."""
        return labels.sums_text(self.figure)

    @property
    def target(self) -> str:
        """The target with its direction."""
        return labels.target_text(self.figure, self.definition.decimals)

    @property
    def verdict(self) -> Verdict:
        """How the figure stands against it."""
        return self.figure.verdict if self.figure else Verdict.NO_DATA

    @property
    def unit(self) -> Unit:
        """How the value follows."""
        return MEASURES[self.definition.measure].unit

    @property
    def values(self) -> list[float]:
        """The values that are known, oldest first."""
        return [one.value for _year, one in self.course if one is not None and one.value is not None]

    @property
    def is_idle(self) -> bool:
        """Whether nothing stands there in any year: no value, or a count of zero without a target."""
        if self.verdict in (Verdict.MET, Verdict.NEAR, Verdict.MISSED) or (
            self.figure and self.figure.is_small
        ):
            return False
        return not any(self.values)

    @property
    def change(self) -> str:
        """By how much it changed from the year before."""
        before = self.course[-2][1] if len(self.course) > 1 else None
        return labels.change_text(
            change(self.figure, before),
            self.unit,
            self.definition.decimals or (2 if self.unit.is_ratio else 0),
        )

    @property
    def bars(self) -> list[tuple[str, float, str]]:
        """The years that have a value, as bars: label, value, text."""
        return _bars(((str(year), one) for year, one in self.course if one), self.definition)

    @property
    def told(self) -> str:
        """The course in words."""
        return "; ".join(
            f"{year} {labels.figure_text(one, self.definition.decimals)}" for year, one in self.course
        )


def board(scope: Scope, year: int, definitions: Mapping[str, Definition]) -> list[Line]:
    """Return a scope's lines: two statements; indicators that say nothing of such a scope are left out."""
    years = list(range(year - YEARS + 1, year + 1))
    found = measuring.stored(scope, years, dict(definitions))
    return [
        Line(one, found.get((one.code, year)), [(each, found.get((one.code, each))) for each in years])
        for one in definitions.values()
        if scope.kind in MEASURES[one.measure].scopes
    ]


def when_computed(lines: Iterable[Line]) -> Any:
    """Return when this year's figures were computed, or None."""
    return next((line.figure.as_of for line in lines if line.figure is not None), None)


_ORDER = [Verdict.MISSED, Verdict.NEAR, Verdict.MET, Verdict.OPEN, Verdict.NO_DATA]


def grouped(lines: Iterable[Line]) -> list[tuple[Group, list[Line]]]:
    """Return lines under their headings, in each the missed targets first."""
    ordered = sorted(lines, key=lambda line: (_ORDER.index(line.verdict), line.definition.position))
    groups = [(group, [line for line in ordered if line.definition.group is group]) for group in Group]
    return [(group, found) for group, found in groups if found]


def by_gold(lines: Iterable[Line]) -> list[tuple[Gold, list[Line]]]:
    """Return lines under the five golds; one may stand under several."""
    lines = list(lines)
    groups = [(gold, [line for line in lines if gold in line.definition.golds]) for gold in Gold]
    return [(gold, found) for gold, found in groups if found]


def reached(lines: Iterable[Line]) -> tuple[float, float]:
    """Return the weights of the targets that are met, and of all that have a figure and a target."""
    known = [
        (line.definition.weight, line.verdict)
        for line in lines
        if line.verdict in (Verdict.MET, Verdict.NEAR, Verdict.MISSED)
    ]
    return (
        sum(weight for weight, verdict in known if verdict is Verdict.MET),
        sum(weight for weight, _verdict in known),
    )


def for_wall(lines: Iterable[Line]) -> list[Line]:
    """Return the lines of the wall screen: those with a target, then those above zero, at most twelve."""
    known = [
        (line, line.figure) for line in lines if line.figure is not None and line.figure.value is not None
    ]
    ordered = sorted(
        known, key=lambda pair: (pair[1].target is None, not pair[1].value, pair[0].definition.position)
    )
    return [line for line, _figure in ordered[:WALL]]


# --- parts side by side --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A part of a scope with its figure."""

    kind: ScopeKind
    id: int
    name: str
    figure: Figure


def bars_of(parts_shown: Sequence[Part], definition: Definition) -> list[tuple[str, float, str]]:
    """Return the first parts that have a value as bars: label, value, text."""
    return _bars(((part.name, part.figure) for part in parts_shown), definition)[:WALL]


def _bars(named: Iterable[tuple[str, Figure]], definition: Definition) -> list[tuple[str, float, str]]:
    return [
        (name, figure.value, labels.figure_text(figure, definition.decimals))
        for name, figure in named
        if figure.value is not None
    ]


def kinds_of_parts(scope: Scope, definition: Definition) -> list[ScopeKind]:
    """Return by what a scope's figure can be taken apart: a college by all, a department by programme."""
    possible = {
        ScopeKind.COLLEGE: (ScopeKind.DEPARTMENT, ScopeKind.PROGRAM, ScopeKind.ENTERPRISE),
        ScopeKind.DEPARTMENT: (ScopeKind.PROGRAM,),
    }.get(scope.kind, ())
    return [kind for kind in possible if kind in MEASURES[definition.measure].scopes]


def parts(
    scope: Scope,
    kind: ScopeKind,
    definition: Definition,
    year: int,
    listing: Listing,
    target: float | None,
    as_of: Any,
) -> Page[Part]:
    """Return a page of a scope's parts with their figures as computed last, by name: two statements."""
    page = paginate(
        _parts(scope, kind, definition, year), listing, orders=_ORDERS[kind], default="name", scalars=False
    )
    return Page(
        [_part(row, kind, definition, target, as_of) for row in page.items],
        page.number, page.size, page.total, page.q, page.sort, page.direction, page.filters,
    )  # fmt: skip


def export_parts(
    scope: Scope, kind: ScopeKind, definition: Definition, year: int, target: float | None, as_of: Any
) -> Iterable[Part]:
    """Return all parts of a scope with their figures."""
    rows = db.session.execute(
        _parts(scope, kind, definition, year)
        .order_by(*_ORDERS[kind]["name"])
        .execution_options(yield_per=1_000)
    )
    return (_part(row, kind, definition, target, as_of) for row in rows)


_ORDERS: dict[ScopeKind, dict[str, Sequence[Any]]] = {
    kind: {
        "name": [name, QualityFigure.scope_id],
        "figure": [QualityFigure.numerator, QualityFigure.scope_id],
    }
    for kind, name in (
        (ScopeKind.DEPARTMENT, Organization.name),
        (ScopeKind.PROGRAM, Program.name),
        (ScopeKind.ENTERPRISE, Organization.name),
    )
}


def _parts(scope: Scope, kind: ScopeKind, definition: Definition, year: int) -> sa.Select[*tuple[Any, ...]]:
    model: Any = Program if kind is ScopeKind.PROGRAM else Organization
    statement = (
        sa.select(QualityFigure, seeing.named(model))
        .join(model, model.id == QualityFigure.scope_id)
        .where(
            QualityFigure.college_id == scope.college_id,
            QualityFigure.year == year,
            QualityFigure.code == definition.code,
            QualityFigure.scope_kind == kind,
        )
    )
    if scope.kind is ScopeKind.DEPARTMENT:
        statement = statement.where(Program.department_id == scope.id)
    return statement


def _part(row: Any, kind: ScopeKind, definition: Definition, target: float | None, as_of: Any) -> Part:
    # A count's target is the whole's: a part is not held against it.
    own = target if MEASURES[definition.measure].unit.is_ratio else None
    return Part(kind, row[0].scope_id, row[1], measuring.figure_from(definition, row[0], own, as_of))
