"""Lay two pathways side by side: what they share is aligned, what differs is named."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Generic, TypeVar

from trainmgr.pathways.schema import (
    Check,
    Criterion,
    Level,
    LevelPlan,
    Party,
    Pathway,
    RoleNeed,
    Stage,
    WindowPlan,
)

T = TypeVar("T")


class Difference(StrEnum):
    """How the two sides of a row relate."""

    SAME = "same"
    CHANGED = "changed"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One thing of the left pathway beside its counterpart; `changed` names the fields that differ."""

    left: T | None
    right: T | None
    difference: Difference
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pathways side by side."""

    left: Pathway
    right: Pathway
    facts: tuple[tuple[str, Row[Any]], ...]
    stages: tuple[Row[Stage], ...]
    roles: tuple[Row[RoleNeed], ...]
    levels: tuple[Row[LevelPlan], ...]
    parties: tuple[tuple[Party, Row[float]], ...]
    criteria: tuple[Row[Criterion], ...]
    windows: tuple[Row[WindowPlan], ...]
    checks: tuple[Row[Check], ...]

    @property
    def same(self) -> bool:
        """Whether the two say the same in everything but their name and version."""
        rows = [row for _, row in self.facts] + [
            row
            for part in (self.stages, self.roles, self.levels, self.criteria, self.windows, self.checks)
            for row in part
        ]
        return all(row.difference is Difference.SAME for row in rows)


def differences(left: Pathway, right: Pathway) -> Comparison:
    """Compare two pathways. Stages are aligned in order, everything else by what it is about."""
    a, b = left.evaluation, right.evaluation
    weights_a, weights_b = a.party_weights(), b.party_weights()
    return Comparison(
        left,
        right,
        facts=tuple((name, _row(get(left), get(right))) for name, get in _FACTS.items()),
        stages=_align(left.stages, right.stages),
        roles=_match(left.roles, right.roles, lambda need: (need.role, need.title.zh)),
        levels=_match(sorted(a.levels, key=_rank), sorted(b.levels, key=_rank), lambda plan: plan.level),
        parties=tuple(
            (p, _row(round(weights_a.get(p, 0.0), 6), round(weights_b.get(p, 0.0), 6)))
            for p in Party
            if p in weights_a or p in weights_b
        ),
        criteria=_match(a.criteria, b.criteria, lambda criterion: criterion.key),
        windows=_match(a.windows, b.windows, lambda window: window.key),
        checks=_match(left.checks, right.checks, lambda check: (check.metric, check.op)),
    )


_FACTS: dict[str, Callable[[Pathway], Any]] = {
    "kinds": lambda pathway: frozenset(pathway.kinds),
    "stages": lambda pathway: len(pathway.stages),
    "weeks": lambda pathway: round(pathway.weeks, 1),
    "hours": lambda pathway: pathway.hours,
    "cohort": lambda pathway: pathway.cohort,
    "logs": lambda pathway: pathway.log_frequency,
    "marks": lambda pathway: (pathway.evaluation.pass_mark, pathway.evaluation.good_mark),
}


def _rank(plan: LevelPlan) -> int:
    return list(Level).index(plan.level)


def _row(left: T | None, right: T | None) -> Row[T]:
    if left == right:
        return Row(left, right, Difference.SAME)
    if left is None or right is None:
        return Row(left, right, Difference.ONLY_RIGHT if left is None else Difference.ONLY_LEFT)
    names: tuple[str, ...] = ()
    if hasattr(left, "__dataclass_fields__"):
        every = fields(left)  # type: ignore[arg-type]
        names = tuple(f.name for f in every if getattr(left, f.name) != getattr(right, f.name))
    return Row(left, right, Difference.CHANGED, names)


def _match(left: Sequence[T], right: Sequence[T], key: Callable[[T], Hashable]) -> tuple[Row[T], ...]:
    theirs = {key(item): item for item in right}
    rows = [_row(item, theirs.pop(key(item), None)) for item in left]
    return (*rows, *(_row(None, item) for item in theirs.values()))


def _align(left: Sequence[Stage], right: Sequence[Stage]) -> tuple[Row[Stage], ...]:
    """Align two orders of stages so that as much as possible stands beside its like (Needleman and Wunsch, 1970)."""
    n, m = len(left), len(right)
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            together = best[i + 1][j + 1] + _likeness(left[i], right[j])
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    rows: list[Row[Stage]] = []
    i = j = 0
    while i < n and j < m:
        likeness = _likeness(left[i], right[j])
        if likeness > 0 and best[i][j] == best[i + 1][j + 1] + likeness:
            rows.append(_row(left[i], right[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            rows.append(_row(left[i], None))
            i += 1
        else:
            rows.append(_row(None, right[j]))
            j += 1
    rest = [*(_row(stage, None) for stage in left[i:]), *(_row(None, stage) for stage in right[j:])]
    return (*rows, *rest)


def _likeness(a: Stage, b: Stage) -> float:
    if a.remedial != b.remedial:
        return -1.0
    alike = 8.0 * (a.name.zh == b.name.zh) + 2.0 * (a.venue is b.venue)
    return alike + (0.5 if alike and (a.gate and a.gate.kind) == (b.gate and b.gate.kind) else 0.0)
