"""What a sitting says of its paper and items: its answers as a matrix, in a fixed number of statements.

Only attempts that count and are marked to the end go in: the total of one that waits for a marker is not known yet.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

import numpy as np
import sqlalchemy as sa

from trainmgr.bank import instruments
from trainmgr.bank.models import Item, PaperItem
from trainmgr.bank.rules import ItemKind
from trainmgr.kernel.db import db
from trainmgr.testing import item_statistics
from trainmgr.testing.item_statistics import Flag, Groups, Matrix, OptionCount
from trainmgr.testing.models import Answer, Attempt, Sitting

WITH_OPTIONS = [kind for kind in ItemKind if kind.has_options]
Places = Sequence[int]


@dataclass(frozen=True)
class ItemFigures:
    """What a sitting says of one item of its paper; `place` is its number there."""

    line: PaperItem
    place: int
    count: int
    p: float | None
    discrimination: float | None
    upper_lower: float | None
    options: Sequence[OptionCount] = ()
    flags: Sequence[Flag] = ()

    @property
    def item(self) -> Item:
        """The item itself."""
        return self.line.item


@dataclass(frozen=True)
class PaperFigures:
    """What a sitting says of its paper: of how many marked attempts, how many still wait, its alpha, its items."""

    count: int
    waiting: int
    possible: Decimal
    alpha: float | None
    groups: Groups | None
    items: Sequence[ItemFigures] = ()
    totals: Sequence[float] = field(default=(), repr=False)


def figures_of(sitting: Sitting) -> PaperFigures:
    """Compute what a sitting says of its items: three statements, however many answers."""
    lines = instruments.paper_of(sitting.version_id, sitting.form)
    attempts, waiting = _attempts(sitting)
    points, ticked = _matrix(sitting, attempts, lines)
    totals = points.sum(axis=1)
    groups = item_statistics.outer_groups(totals)
    return PaperFigures(
        count=len(attempts),
        waiting=waiting,
        possible=sum((line.points for line in lines), Decimal(0)),
        alpha=item_statistics.cronbach_alpha(points),
        groups=groups,
        items=_items(lines, points, ticked, groups),
        totals=totals.tolist(),
    )


def _items(
    lines: Sequence[PaperItem], points: Matrix, ticked: Sequence[Sequence[Places]], groups: Groups | None
) -> list[ItemFigures]:
    possible, found = [float(line.points) for line in lines], []
    columns = zip(
        lines,
        item_statistics.difficulty(points, possible),
        item_statistics.discrimination(points),
        item_statistics.upper_lower(points, possible, groups),
        ticked,
        strict=True,
    )
    for place, (line, p, correlation, gap, chosen) in enumerate(columns, start=1):
        options = _options(line.item, chosen, groups)
        flags = item_statistics.flags(len(points), p, correlation, options)
        found.append(ItemFigures(line, place, len(points), p, correlation, gap, options, flags))
    return found


def _options(item: Item, chosen: Sequence[Places], groups: Groups | None) -> list[OptionCount]:
    if not item.kind.has_options:
        return []
    return item_statistics.option_counts(chosen, len(item.content["options"]), item.content["right"], groups)


def _attempts(sitting: Sitting) -> tuple[list[int], int]:
    """Return the attempts that are marked to the end, and how many are not."""
    rows = db.session.execute(
        sa.select(Attempt.id, Attempt.waiting)
        .where(Attempt.sitting_id == sitting.id, Attempt.counts)
        .order_by(Attempt.id)
    ).all()
    done = [row.id for row in rows if not row.waiting]
    return done, len(rows) - len(done)


def _matrix(
    sitting: Sitting, attempts: Sequence[int], lines: Sequence[PaperItem]
) -> tuple[Matrix, list[list[Places]]]:
    """Return the points by attempt and item, and what each attempt ticked by item: one statement."""
    rows = {attempt: place for place, attempt in enumerate(attempts)}
    columns = {line.item_id: place for place, line in enumerate(lines)}
    points = np.zeros((len(attempts), len(lines)))
    ticked: list[list[Places]] = [[()] * len(attempts) for _ in lines]
    found = db.session.execute(
        sa.select(
            Answer.attempt_id,
            Answer.item_id,
            sa.cast(Answer.points, sa.Float),
            sa.case((Item.kind.in_(WITH_OPTIONS), sa.cast(Answer.value, sa.Text)), else_=None),
        )
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .join(Item, Item.id == Answer.item_id)
        .where(Attempt.sitting_id == sitting.id, Attempt.counts, Attempt.waiting == 0)
    )
    for attempt, item, reached, text in found:
        row, column = rows.get(attempt), columns.get(item)
        if row is None or column is None:
            continue
        points[row, column] = reached or 0.0
        if text:
            ticked[column][row] = places_in(text)
    return points, ticked


@lru_cache(maxsize=4096)
def places_in(text: str) -> tuple[int, ...]:
    """Return the places of the ticked options from an answer as the database keeps it."""
    value = json.loads(text)
    if not isinstance(value, list):
        return ()
    return tuple(place for place in value if isinstance(place, int) and not isinstance(place, bool))
