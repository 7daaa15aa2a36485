"""What a test says of its items: classical test theory over the answers of one sitting, or of all. Pure.

A paper is a matrix: a row for each attempt, a column for each item, in points. Whoever left an item blank has no points
in it. A figure that cannot be told (nobody, or nothing varies) is None, never 0.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from trainmgr.testing.rules import SMALL_GROUP

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Kelley (1939): of normally distributed scores the outer 27 per cent tell strong and weak apart best.
KELLEY = 0.27
# Ebel and Frisbie (1991): items below 0.20 are poor, below 0 they sort people the wrong way round.
LITTLE_DISCRIMINATION = 0.20
# Beyond these an item tells few people apart, whatever it asks (our choice, said on the page).
TOO_EASY, TOO_HARD = 0.90, 0.20
# Two sums of points that differ by less are the same (points have two decimals).
SAME = 1e-9


# --- one paper -----------------------------------------------------------------------------------------


def difficulty(points: Matrix, possible: Sequence[float]) -> list[float | None]:
    """Return each item's difficulty p, the mean share of its points, 0 (nobody) to 1 (everybody).

    For items of one point it is the share of right answers; for more points the item mean over its range
    (Crocker and Algina, 1986).
    """
    if not len(points):
        return [None] * points.shape[1]
    return [float(mean / top) for mean, top in zip(points.mean(axis=0), possible, strict=True)]


def discrimination(points: Matrix) -> list[float | None]:
    """Return each item's corrected item–total correlation: Pearson's r of its points with those of all other items.

    For right or wrong it is the point-biserial correlation. The item itself is left out of the total, which it would
    otherwise correlate with (Henrysson, 1963). None where the item or the rest does not vary.
    """
    count, items = points.shape
    if count < 2 or items < 2:
        return [None] * items
    rest = points.sum(axis=1)[:, None] - points
    varies = (np.ptp(points, axis=0) > SAME) & (np.ptp(rest, axis=0) > SAME)
    own, others = points - points.mean(axis=0), rest - rest.mean(axis=0)
    products = (own * others).sum(axis=0)
    squares = np.sqrt((own**2).sum(axis=0) * (others**2).sum(axis=0))
    return [
        _within(product / square) if is_told else None
        for product, square, is_told in zip(products, squares, varies, strict=True)
    ]


def _within(correlation: float) -> float:
    return float(min(1.0, max(-1.0, correlation)))


@dataclass(frozen=True)
class Groups:
    """Who is among the strongest and who among the weakest of a test."""

    upper: Mask
    lower: Mask

    @property
    def sizes(self) -> tuple[int, int]:
        """How many are in the upper and in the lower group."""
        return int(self.upper.sum()), int(self.lower.sum())

    @property
    def is_small(self) -> bool:
        """Whether a group has fewer than five people, so that one of them changes much."""
        return min(self.sizes) < SMALL_GROUP


def outer_groups(totals: NDArray[np.float64], share: float = KELLEY) -> Groups | None:
    """Return the upper and the lower 27 per cent by total points (Kelley, 1939), rounded to whole people, at least one.

    Whoever ties with the last of a group belongs to it, so nobody is chosen by chance. None when the two would meet.
    """
    count = len(totals)
    if count < 2:
        return None
    size = max(1, round(share * count))
    ordered = np.sort(totals)
    low, high = ordered[size - 1], ordered[count - size]
    if high - low <= SAME:
        return None
    return Groups(totals >= high - SAME, totals <= low + SAME)


def upper_lower(points: Matrix, possible: Sequence[float], groups: Groups | None) -> list[float | None]:
    """Return each item's index D, −1 to 1: p in the upper group less p in the lower one (Johnson, 1951; Ebel, 1954)."""
    if groups is None:
        return [None] * points.shape[1]
    gap = points[groups.upper].mean(axis=0) - points[groups.lower].mean(axis=0)
    return [_within(one / top) for one, top in zip(gap, possible, strict=True)]


def cronbach_alpha(points: Matrix) -> float | None:
    """Return the paper's internal consistency: α = k/(k−1) · (1 − Σ s²ᵢ / s²ₜ) (Cronbach, 1951), at most 1.

    It may be negative when items contradict each other. None with fewer than two items or people, and when the total
    does not vary. With right or wrong items it is KR-20 (Kuder and Richardson, 1937).
    """
    count, items = points.shape
    if count < 2 or items < 2:
        return None
    totals = points.sum(axis=1)
    if np.ptp(totals) <= SAME:
        return None
    share = points.var(axis=0, ddof=1).sum() / totals.var(ddof=1)
    return float(items / (items - 1) * (1 - share))


# --- options -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OptionCount:
    """How often an option was ticked: by all, in the upper group, in the lower group."""

    place: int
    is_right: bool
    count: int
    upper: int
    lower: int


def option_counts(
    chosen: Sequence[Collection[int]], options: int, right: Collection[int], groups: Groups | None
) -> list[OptionCount]:
    """Return how often each option of a choice was ticked; `chosen` are the places that each attempt ticked."""
    ticks = np.zeros((len(chosen), options), dtype=bool)
    for row, places in enumerate(chosen):
        for place in places:
            if 0 <= place < options:
                ticks[row, place] = True
    upper = ticks[groups.upper].sum(axis=0) if groups else np.zeros(options, dtype=int)
    lower = ticks[groups.lower].sum(axis=0) if groups else np.zeros(options, dtype=int)
    whole = ticks.sum(axis=0)
    return [
        OptionCount(place, place in right, int(whole[place]), int(upper[place]), int(lower[place]))
        for place in range(options)
    ]


# --- what is striking ----------------------------------------------------------------------------------


class Flag(enum.StrEnum):
    """What is striking about an item; each with the threshold stated above."""

    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    NEGATIVE = "negative"
    LITTLE = "little"
    UNCHOSEN = "unchosen"
    MISLEADING = "misleading"


def flags(
    count: int, p: float | None, correlation: float | None, options: Iterable[OptionCount] = ()
) -> list[Flag]:
    """Return what is striking about an item; nothing is said of fewer than five people.

    Too easy from p = 0.90, too hard below 0.20; negative below 0, little below 0.20; a wrong option that nobody chose,
    and one that the strong chose more often than the weak.
    """
    if count < SMALL_GROUP:
        return []
    found = []
    if p is not None and p >= TOO_EASY:
        found.append(Flag.TOO_EASY)
    if p is not None and p < TOO_HARD:
        found.append(Flag.TOO_HARD)
    if correlation is not None and correlation < 0:
        found.append(Flag.NEGATIVE)
    elif correlation is not None and correlation < LITTLE_DISCRIMINATION:
        found.append(Flag.LITTLE)
    wrong = [option for option in options if not option.is_right]
    if any(option.count == 0 for option in wrong):
        found.append(Flag.UNCHOSEN)
    if any(option.upper > option.lower for option in wrong):
        found.append(Flag.MISLEADING)
    return found


# --- all sittings of an item ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """The sums of one item in one sitting: its share of points x (0–1), and the rest y of the paper as a share."""

    count: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float


def pooled_difficulty(sums: Iterable[Sums]) -> float | None:
    """Return p over several sittings: each answer counts the same."""
    known = [one for one in sums if one.count]
    count = sum(one.count for one in known)
    return sum(one.x for one in known) / count if count else None


def pooled_discrimination(sums: Iterable[Sums]) -> float | None:
    """Return the corrected item–total correlation over several sittings, each measured from its own means.

    Papers differ in what they ask besides, so their rests are compared within a sitting only: the sums of squares and
    products within the groups are added up, as in the analysis of covariance (Fisher, 1932). With one sitting it is
    `discrimination`.
    """
    xx = yy = xy = 0.0
    for one in sums:
        if one.count:
            xx += one.xx - one.x**2 / one.count
            yy += one.yy - one.y**2 / one.count
            xy += one.xy - one.x * one.y / one.count
    if xx <= SAME or yy <= SAME:
        return None
    return _within(xy / sqrt(xx * yy))


def added_up(counts: Iterable[tuple[Collection[int], int]], options: int) -> Mapping[str, int]:
    """Return how often each option was ticked, by its place as the bank keeps it; from (places, how often)."""
    found = dict.fromkeys(range(options), 0)
    for places, often in counts:
        for place in set(places) & found.keys():
            found[place] += often
    return {str(place): often for place, often in found.items()}
