"""How masters rotate over classes, and what two classes show side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt


@dataclass(frozen=True)
class Period:
    """A stretch of the rotation with the teacher of each class: (class, teacher)."""

    starts_on: date
    ends_on: date
    turns: tuple[tuple[int, int], ...]


def alternate(
    classes: Sequence[int], teachers: Sequence[int], *, first: date, weeks: int, periods: int
) -> list[Period]:
    """Return periods in which each class has another teacher than before, and no teacher two classes at once.

    Teachers move on by one class each period (a Latin square), so that after as many periods as there are teachers
    every class has had each of them once. There must be at least as many teachers as classes, two of them.
    Raises ValueError.
    """
    if len(set(classes)) != len(classes) or len(set(teachers)) != len(teachers):
        raise ValueError("a class or a teacher is named twice")
    if len(classes) < 2 or len(teachers) < len(classes):
        raise ValueError("it takes two classes and as many teachers as classes")
    found = []
    for number in range(periods):
        begins = first + timedelta(weeks=weeks * number)
        turns = tuple(
            (cohort, teachers[(place + number) % len(teachers)]) for place, cohort in enumerate(classes)
        )
        found.append(Period(begins, begins + timedelta(weeks=weeks) - timedelta(days=1), turns))
    return found


@dataclass(frozen=True)
class Sample:
    """Figures of one class on one thing: how many people have one, the sum and the sum of squares."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float | None:
        """The mean; None when nobody has a figure."""
        return self.total / self.n if self.n else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation (n - 1); None for fewer than two."""
        if self.n < 2:
            return None
        return sqrt(max(0.0, self.squares - self.total**2 / self.n) / (self.n - 1))


def effect_size(one: Sample, other: Sample) -> float | None:
    """Return Hedges' g of two classes (Hedges 1981): the difference of means in pooled standard deviations.

    Corrected for small samples by 1 - 3 / (4 (n1 + n2) - 9). None when a class has fewer than two people, or nobody
    differs.
    """
    if one.n < 2 or other.n < 2 or one.mean is None or other.mean is None:
        return None
    freedom = one.n + other.n - 2
    pooled = ((one.n - 1) * (one.deviation or 0) ** 2 + (other.n - 1) * (other.deviation or 0) ** 2) / freedom
    if pooled <= 0:
        return None
    return (one.mean - other.mean) / sqrt(pooled) * (1 - 3 / (4 * (one.n + other.n) - 9))
