"""The maturity evaluation by a third party: dimensions, levels from 1 to 5, how indices come to a score. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

LOWEST, HIGHEST = 1, 5
HUNDRED = 20.0  # what a level is of a hundred
_TOLERANCE = 0.005


class MaturityDimension(enum.StrEnum):
    """What an index looks at: results, innovation, cooperation."""

    RESULTS = "results"
    INNOVATION = "innovation"
    COOPERATION = "cooperation"


class IndexKind(enum.StrEnum):
    """Whether an index follows from an indicator's figure, or is scored by the assessor."""

    QUANTITATIVE = "quantitative"
    QUALITATIVE = "qualitative"


class TreeState(enum.StrEnum):
    """An index system is drawn up, then released; a released one never changes."""

    DRAFT = "draft"
    RELEASED = "released"


class EvaluationState(enum.StrEnum):
    """An evaluation is asked for, then submitted once, or called off."""

    ASKED = "asked"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"


class FindingKind(enum.StrEnum):
    """What a finding says: a strength to keep, a weakness to mend."""

    STRENGTH = "strength"
    WEAKNESS = "weakness"


class Stage(enum.StrEnum):
    """Where an evaluation stands on the calendar."""

    PLANNED = "planned"
    OPEN = "open"
    OVER = "over"


def stage_of(opens_on: date, closes_on: date, today: date) -> Stage:
    """Return where an evaluation stands: open on both of its days and between."""
    if today < opens_on:
        return Stage.PLANNED
    return Stage.OPEN if today <= closes_on else Stage.OVER


def level_of(value: float | None, limits: Sequence[float]) -> int | None:
    """Return the level from 1 to 5 that a figure reaches by four limits, those of the levels 2 to 5.

    Rising limits say that higher is better, falling ones that lower is. No figure, no level: never 1.
    """
    if value is None:
        return None
    rising = limits[0] <= limits[-1]
    reached = [value >= limit - 1e-9 if rising else value <= limit + 1e-9 for limit in limits]
    return LOWEST + next((n for n in range(len(limits), 0, -1) if reached[n - 1]), 0)


def limits_fault(limits: Sequence[float]) -> bool:
    """Tell whether four limits are none: not four, or neither rising nor falling all the way."""
    if len(limits) != HIGHEST - LOWEST:
        return True
    pairs = list(pairwise(limits))
    return not (all(a < b for a, b in pairs) or all(a > b for a, b in pairs))


@dataclass(frozen=True)
class Scored:
    """An index with its weight in percent and the level it was given; None where there was no figure."""

    dimension: MaturityDimension
    weight: float
    level: int | None


@dataclass(frozen=True)
class Total:
    """The weighted mean level of those indices that have one, and the share of the weights that they hold (percent).

    With less than 100 covered the score is of those alone, and says so; what is missing is never counted as zero, and
    `low` to `high` is the range that it could still bring the whole to.
    """

    level: float | None
    covered: float
    low: float | None
    high: float | None

    @property
    def is_partial(self) -> bool:
        """Whether an index has no level."""
        return self.covered < 100 - _TOLERANCE

    @property
    def hundred(self) -> float | None:
        """The level out of a hundred."""
        return None if self.level is None else self.level * HUNDRED


def total(scores: Iterable[Scored]) -> Total:
    """Return what indices come to together; the covered share is of the weights given, in percent."""
    scores = list(scores)
    weights = sum(one.weight for one in scores)
    known = [(one.weight, one.level) for one in scores if one.level is not None]
    held = sum(weight for weight, _level in known)
    if not held or not weights:
        return Total(None, 0.0, None, None)
    points = sum(weight * level for weight, level in known)
    missing = weights - held
    return Total(
        points / held,
        100 * held / weights,
        (points + missing * LOWEST) / weights,
        (points + missing * HIGHEST) / weights,
    )


def by_dimension(scores: Iterable[Scored]) -> dict[MaturityDimension, Total]:
    """Return what the indices of each dimension come to."""
    scores = list(scores)
    return {
        dimension: total(one for one in scores if one.dimension is dimension)
        for dimension in MaturityDimension
        if any(one.dimension is dimension for one in scores)
    }


def weights_missing(weights: Iterable[float]) -> float:
    """Return what weights lack of 100 percent (negative: what is too much)."""
    lack = 100 - sum(weights)
    return 0.0 if abs(lack) <= _TOLERANCE else lack
