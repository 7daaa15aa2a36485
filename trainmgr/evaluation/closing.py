"""What a training closed, and how sure that is: gains of the same people, shares of a gap, two groups apart. Pure.

- The gain is the mean of after − before over people who have both; its interval is that of the paired t (Student 1908).
- The share of a gap that was closed is a ratio of two means, (after − before) / (required − before). Its interval holds
  every share that a paired t test of the same people would not reject (Fieller 1954, "Some problems in interval
  estimation", Journal of the Royal Statistical Society B 16, 175–185). Where the gap itself is not known from zero
  there is none.
- Two groups are compared by the difference of their means with Welch's interval (1947), which does not ask that they
  spread alike; the size of it by Hedges' g (1981).
- One person has no spread and so no interval; a group in which nobody differs has one of no width.

Levels and scores lie on the scale from 1 to 5; all intervals are of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import stdtrit

from trainmgr.evaluation.scoring import NOISE

Interval = tuple[float, float]


def t_quantile(df: float) -> float:
    """Return the quantile of Student's t that cuts off 2.5 % above."""
    return float(stdtrit(df, 0.975))


@dataclass(frozen=True, slots=True)
class Sample:
    """Figures of a group: how many, their sum and the sum of their squares."""

    n: int
    total: float
    squares: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Sample:
        """Add values up."""
        values = list(values)
        return cls(len(values), sum(values), sum(value * value for value in values))

    @property
    def mean(self) -> float | None:
        """The mean; None without anybody."""
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float | None:
        """The sample's variance (n − 1); None for fewer than two."""
        if self.n < 2:
            return None
        return _clean((self.squares - self.total * self.total / self.n) / (self.n - 1), self.squares / self.n)

    @property
    def deviation(self) -> float | None:
        """The sample's standard deviation."""
        return None if self.variance is None else math.sqrt(self.variance)

    @property
    def interval(self) -> Interval | None:
        """The interval of the mean; None for fewer than two."""
        if self.mean is None or self.variance is None:
            return None
        half = t_quantile(self.n - 1) * math.sqrt(self.variance / self.n)
        return self.mean - half, self.mean + half


@dataclass(frozen=True, slots=True)
class Paired:
    """Sums over the same people before and after: levels, their squares, and the products of both."""

    n: int
    before: float
    after: float
    before_squares: float
    after_squares: float
    products: float

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, float]]) -> Paired:
        """Add pairs of (before, after) up."""
        pairs = list(pairs)
        return cls(
            len(pairs),
            sum(b for b, _ in pairs),
            sum(a for _, a in pairs),
            sum(b * b for b, _ in pairs),
            sum(a * a for _, a in pairs),
            sum(a * b for b, a in pairs),
        )

    @property
    def gains(self) -> Sample:
        """The people's gains."""
        return Sample(
            self.n, self.after - self.before, self.after_squares + self.before_squares - 2 * self.products
        )

    def closure(self, required: float) -> Closure:
        """Return what was closed of the gap to a required level."""
        return _closure(self, required)


@dataclass(frozen=True, slots=True)
class Closure:
    """The share of a gap that was closed, with its interval; `gap` is what was missing to the required level before.

    `share` is None without anybody and where nothing was missing; `interval` also for one person, and where the gap
    cannot be told from none.
    """

    n: int
    gap: float | None
    share: float | None
    interval: Interval | None


def _closure(pairs: Paired, required: float) -> Closure:
    n = pairs.n
    if not n:
        return Closure(0, None, None, None)
    gap, gain = required - pairs.before / n, (pairs.after - pairs.before) / n
    if gap <= NOISE:
        return Closure(n, gap, None, None)
    interval = None
    if n > 1:
        lost, reached = (
            _clean((squares - total * total / n) / (n - 1), squares / n)
            for squares, total in ((pairs.before_squares, pairs.before), (pairs.after_squares, pairs.after))
        )
        together = (pairs.products - pairs.before * pairs.after / n) / (n - 1)
        # Of gain and gap: both hold the level before, once with each sign.
        interval = fieller(gain, gap, n, reached + lost - 2 * together, lost, lost - together)
    return Closure(n, gap, gain / gap, interval)


def fieller(
    over: float, under: float, n: int, var_over: float, var_under: float, covariance: float
) -> Interval | None:
    """Return the interval of a ratio of two means of the same n > 1 people; None where it would have no end."""
    q = t_quantile(n - 1) ** 2 / n
    a = under * under - q * var_under
    b = over * under - q * covariance
    c = over * over - q * var_over
    if a <= 1e-12:
        return None
    root = math.sqrt(max(0.0, b * b - a * c))
    return (b - root) / a, (b + root) / a


# --- two groups -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One group's mean less another's, its interval, and its size in standard deviations (g); None where unknown."""

    value: float
    interval: Interval | None
    size: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def apart(one: Sample, other: Sample) -> Difference | None:
    """Return how far two groups are apart; None when one has nobody, without interval when one has one person."""
    if one.mean is None or other.mean is None:
        return None
    value = one.mean - other.mean
    if one.variance is None or other.variance is None:
        return Difference(value, None, None)
    parts = one.variance / one.n, other.variance / other.n
    error = sum(parts)
    if error <= 0:  # within neither group anybody differs
        return Difference(value, (value, value), None)
    df = error**2 / (parts[0] ** 2 / (one.n - 1) + parts[1] ** 2 / (other.n - 1))
    half = t_quantile(df) * math.sqrt(error)
    return Difference(value, (value - half, value + half), _hedges(value, one, other))


def _hedges(value: float, one: Sample, other: Sample) -> float | None:
    df = one.n + other.n - 2
    pooled = ((one.n - 1) * (one.variance or 0) + (other.n - 1) * (other.variance or 0)) / df
    return value / math.sqrt(pooled) * (1 - 3 / (4 * df - 1)) if pooled > 0 else None


def _clean(variance: float, scale: float) -> float:
    """Take rounding noise off a variance."""
    return variance if variance > 1e-11 * max(1.0, scale) else 0.0
