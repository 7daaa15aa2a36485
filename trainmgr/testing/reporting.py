"""What a report and a gain are computed with: shares with their intervals, mean levels, normalised gains. Pure.

Shares run from 0 to 1, levels from 1 to 5.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trainmgr.testing.rules import SMALL_GROUP

Z_95 = 1.959963984540054  # the standard normal quantile of 0.975
HIGH_GAIN, MEDIUM_GAIN = 0.7, 0.3
# From this share of people below the required level on, a weakness is common; after a training it is not closed.
STILL_OPEN = 0.2


# --- shares -------------------------------------------------------------------------------------


def wilson(count: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the score interval of a share, 95 % unless another quantile is given.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22, 209–212; method 3 of Newcombe (1998), Statistics in Medicine 17, 857–872, whose
    example is 81 of 263: 0.2553 to 0.3662. Unlike the share ± its standard error it stays between 0 and 1 and holds
    for small groups and for shares of 0 and 1.

    Raises ValueError without anybody, and when the count does not lie between 0 and n.
    """
    if n < 1 or not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    share, square = count / n, z * z
    middle = share + square / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low = 0.0 if count == 0 else max(0.0, (middle - half) / (1 + square / n))
    high = 1.0 if count == n else min(1.0, (middle + half) / (1 + square / n))
    return low, high


@dataclass(frozen=True)
class Share:
    """So many of n people, with the interval in which the share of all such people is expected."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        """The share, 0–1; None without anybody."""
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval; None without anybody."""
        return wilson(self.count, self.n) if self.n else None

    @property
    def low(self) -> float | None:
        """The lower end of the interval."""
        return self.interval[0] if self.interval else None

    @property
    def high(self) -> float | None:
        """The upper end of the interval."""
        return self.interval[1] if self.interval else None

    @property
    def is_small(self) -> bool:
        """Whether the group is too small to say much (fewer than five)."""
        return self.n < SMALL_GROUP


# --- levels of a group --------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """What a group reached in one competency: its people by level, and the sum of their shares of points."""

    levels: Mapping[int, int]
    shares: float
    required: float | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, float]], required: float | None = None) -> Group:
        """Join rows of (level, people, sum of their shares of points)."""
        levels: dict[int, int] = {}
        shares = 0.0
        for level, people, share in rows:
            levels[level] = levels.get(level, 0) + people
            shares += share
        return cls(dict(sorted(levels.items())), shares, required)

    @property
    def n(self) -> int:
        """How many people are measured."""
        return sum(self.levels.values())

    @property
    def mean_level(self) -> float | None:
        """The mean level."""
        return sum(level * people for level, people in self.levels.items()) / self.n if self.n else None

    @property
    def mean_share(self) -> float | None:
        """The mean share of points."""
        return self.shares / self.n if self.n else None

    @property
    def below(self) -> Share | None:
        """How many are below the required level; None when nobody requires one."""
        if self.required is None:
            return None
        return Share(sum(people for level, people in self.levels.items() if level < self.required), self.n)

    @property
    def above(self) -> int:
        """How many are above the required level."""
        if self.required is None:
            return 0
        return sum(people for level, people in self.levels.items() if level > self.required)


def weakest_first(groups: Mapping[int, Group]) -> list[int]:
    """Rank competencies: the largest share below the required level first, then the largest gap of the mean level.

    What nobody requires a level of, or nobody is measured in, comes last. Ties keep the order that they came in.
    """

    def place(key: int) -> tuple[bool, float, float]:
        group = groups[key]
        share = group.below.value if group.below else None
        if share is None or group.required is None or group.mean_level is None:
            return True, 0.0, group.mean_level or 0.0
        return False, -share, group.mean_level - group.required

    return sorted(groups, key=place)


# --- gain ---------------------------------------------------------------------------------------


class GainBand(enum.StrEnum):
    """Hake's three regions of normalised gain, and a fall."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    FALL = "fall"


def normalised_gain(before: float, after: float) -> float | None:
    """Return the share of the possible gain that was reached: (after − before) / (1 − before).

    Hake (1998), "Interactive-engagement versus traditional methods", American Journal of Physics 66, 64–74: a group's
    ⟨g⟩ is computed from its mean shares before and after, of the same people. His high-gain region begins at 0.7, the
    medium one at 0.3. From 40 % to 70 % it is (70 − 40) / (100 − 40) = 0.5. Undefined (None) when all was right
    before; negative after a fall.
    """
    if before >= 1:
        return None
    return (after - before) / (1 - before)


def band_of(gain: float | None) -> GainBand | None:
    """Return the region of a normalised gain."""
    if gain is None:
        return None
    if gain < 0:
        return GainBand.FALL
    if gain >= HIGH_GAIN:
        return GainBand.HIGH
    return GainBand.MEDIUM if gain >= MEDIUM_GAIN else GainBand.LOW


@dataclass(frozen=True)
class Pairs:
    """Sums over people who were measured before and after: their shares of points, squares of these, and levels.

    `crossed` counts them by (level before, level after).
    """

    crossed: Mapping[tuple[int, int], int]
    before: float
    after: float
    before_squares: float
    after_squares: float
    required: float | None = None

    @property
    def n(self) -> int:
        """How many people have both."""
        return sum(self.crossed.values())

    @property
    def is_small(self) -> bool:
        """Whether the group is too small to say much."""
        return self.n < SMALL_GROUP

    @property
    def share_before(self) -> float | None:
        """The mean share of points before."""
        return self.before / self.n if self.n else None

    @property
    def share_after(self) -> float | None:
        """The mean share of points after."""
        return self.after / self.n if self.n else None

    @property
    def level_before(self) -> float | None:
        """The mean level before."""
        return sum(pair[0] * people for pair, people in self.crossed.items()) / self.n if self.n else None

    @property
    def level_after(self) -> float | None:
        """The mean level after."""
        return sum(pair[1] * people for pair, people in self.crossed.items()) / self.n if self.n else None

    @property
    def gain(self) -> float | None:
        """The normalised gain of the group."""
        if self.share_before is None or self.share_after is None:
            return None
        return normalised_gain(self.share_before, self.share_after)

    @property
    def band(self) -> GainBand | None:
        """The region of the normalised gain."""
        return band_of(self.gain)

    @property
    def below_before(self) -> Share | None:
        """How many were below the required level before."""
        return self._below(0)

    @property
    def below_after(self) -> Share | None:
        """How many are below it after."""
        return self._below(1)

    def _below(self, side: int) -> Share | None:
        if self.required is None:
            return None
        count = sum(people for pair, people in self.crossed.items() if pair[side] < self.required)
        return Share(count, self.n)

    @property
    def is_open(self) -> bool:
        """Whether so many are still below the required level that the weakness is not closed."""
        after = self.below_after
        return after is not None and after.value is not None and after.value >= STILL_OPEN

    @property
    def effect(self) -> float | None:
        """The gain in standard deviations: Cohen's d with the mean of both variances (Cumming 2012, ch. 11).

        None with fewer than two people, and when nobody differs from anybody.
        """
        if self.n < 2 or self.share_before is None or self.share_after is None:
            return None
        variance = (
            _variance(self.n, self.before, self.before_squares)
            + _variance(self.n, self.after, self.after_squares)
        ) / 2
        return (self.share_after - self.share_before) / math.sqrt(variance) if variance > 1e-12 else None


def _variance(n: int, total: float, squares: float) -> float:
    return max(0.0, (squares - total * total / n) / (n - 1))
