"""How far several raters of the same people agree: Krippendorff's α with an interval. Pure.

α = 1 − D_o / D_e, observed over expected disagreement: 1 is full agreement, 0 what chance would give, below 0 worse
than that. It takes any number of raters and leaves out what somebody did not judge (Krippendorff 2019, "Content
Analysis", 4th ed., ch. 12; 2011, "Computing Krippendorff's alpha-reliability"). The marks 1 to 5 have an order, so that
the ordinal difference is the usual one; "interval" takes their distances as equal. Where no mark differs from any other
nothing can be said: α is undefined then, not 1.

The interval is the percentile bootstrap over the people judged (Zapf, Castell, Morawietz & Karch 2016, BMC Medical
Research Methodology 16:93), a thousand draws, 95 %. All marks of a person are drawn together, so that several criteria
may be taken together. The draws are the same each time: the same marks give the same interval, in whatever order people
and raters come. Fewer than ten people give none: it would promise more than it holds.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MARKS = 5
DRAWS = 1_000
SEED = 20261128
# How many numbers a round of draws may hold, so that memory stays small with any number of people.
ROUND = 2_000_000
FEWEST_FOR_INTERVAL = 10
# Krippendorff (2019): to be relied on from 0.8, for tentative conclusions from 0.667.
RELIABLE, TENTATIVE = 0.8, 0.667

Array = np.ndarray[Any, np.dtype[Any]]


class Why(enum.StrEnum):
    """Why there is no α, or no interval."""

    NOBODY_TWICE = "nobody twice"
    NOTHING_VARIES = "nothing varies"
    FEW = "few"


class Reading(enum.StrEnum):
    """How α is read."""

    RELIABLE = "reliable"
    TENTATIVE = "tentative"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Agreement:
    """α with its 95 % interval, over `n` people whom at least two raters judged; None with the reason `why`."""

    alpha: float | None
    low: float | None
    high: float | None
    n: int
    why: Why | None = None

    @property
    def reading(self) -> Reading | None:
        """How α is read; None where it is undefined."""
        if self.alpha is None:
            return None
        if self.alpha >= RELIABLE:
            return Reading.RELIABLE
        return Reading.TENTATIVE if self.alpha >= TENTATIVE else Reading.LOW


def agreement(units: Iterable[Sequence[int]], metric: str = "ordinal") -> Agreement:
    """Return how far raters agree; each unit holds the marks (1–5) that one person got, in any order.

    Raises ValueError for a mark outside the scale or an unknown metric.
    """
    rows = [list(unit) for unit in units]
    if any(not 1 <= mark <= MARKS for row in rows for mark in row):
        raise ValueError("a mark outside the scale from 1 to 5")
    counts = np.array([[row.count(mark) for mark in range(1, MARKS + 1)] for row in rows], float)
    return agreement_of(counts.reshape(len(rows), 1, MARKS), metric)


def agreement_of(counts: Array, metric: str = "ordinal") -> Agreement:
    """Return how far raters agree; `counts` says of (person, criterion, mark) how many raters gave the mark."""
    kinds, people = _kinds(counts)
    n = int(people.sum())
    if not n:
        return Agreement(None, None, None, 0, Why.NOBODY_TWICE)
    [alpha] = _alphas(people[None, :] @ kinds, metric)
    if np.isnan(alpha):
        return Agreement(None, None, None, n, Why.NOTHING_VARIES)
    if n < FEWEST_FOR_INTERVAL:
        return Agreement(float(alpha), None, None, n, Why.FEW)
    low, high = _interval(kinds, people, metric)
    # Rounding in the last place must not leave α outside its interval where nobody disagrees.
    return Agreement(float(alpha), min(low, float(alpha)), max(high, float(alpha)), n)


def _kinds(counts: Array) -> tuple[Array, Array]:
    """Return what marks met in a person, once for all people alike, and how many these are: alike ones cost nothing."""
    if counts.shape[1] == 1 and len(counts):
        numbered = counts[:, 0, :] @ (counts.max() + 1) ** np.arange(MARKS)
        _codes, first, people = np.unique(numbered, return_index=True, return_counts=True)
        each = _coincidences(counts[first]).reshape(-1, MARKS * MARKS)
    else:
        each, people = _coincidences(counts).reshape(len(counts), MARKS * MARKS), np.ones(len(counts), int)
    judged = each.any(axis=1)
    kinds, place = np.unique(np.round(each[judged], 9), axis=0, return_inverse=True)
    return kinds, np.bincount(place, people[judged], len(kinds)).astype(int)


def _coincidences(counts: Array) -> Array:
    """Return of each person how often a mark met another on one criterion, each criterion by its raters less one."""
    raters = counts.sum(axis=2)
    weight = np.where(raters > 1, 1.0 / np.maximum(raters - 1, 1), 0.0)
    met = np.einsum("nkc,nkd,nk->ncd", counts, counts, weight, optimize=True)
    with_itself = np.einsum("nkc,nk->nc", counts, weight)
    met[:, range(MARKS), range(MARKS)] -= with_itself
    return met


def _alphas(sums: Array, metric: str) -> Array:
    """Return α of each row of summed coincidences; not a number where nothing varies."""
    met = sums.reshape(-1, MARKS, MARKS)
    of_mark = met.sum(axis=2)
    n = of_mark.sum(axis=1)
    place = _places(of_mark, metric)
    far = (place[:, :, None] - place[:, None, :]) ** 2
    observed = (met * far).sum(axis=(1, 2))
    expected = (of_mark[:, :, None] * of_mark[:, None, :] * far).sum(axis=(1, 2))
    varies = (expected > 1e-9) & (n > 1)
    share = np.divide((n - 1) * observed, expected, out=np.full(len(n), np.nan), where=varies)
    return 1.0 - share


def _places(of_mark: Array, metric: str) -> Array:
    """Return where each mark stands: by its rank among all marks given (ordinal), or by itself (interval)."""
    if metric == "ordinal":
        return np.cumsum(of_mark, axis=1) - of_mark / 2
    if metric == "interval":
        return np.broadcast_to(np.arange(1.0, MARKS + 1), of_mark.shape)
    raise ValueError(f"no such metric: {metric}")


def _interval(kinds: Array, people: Array, metric: str) -> tuple[float, float]:
    """Return the percentile interval over draws of people."""
    chance = np.random.default_rng(SEED)
    n, size = int(people.sum()), max(1, ROUND // len(kinds))
    found: list[Array] = []
    for start in range(0, DRAWS, size):
        drawn = chance.multinomial(n, people / n, size=min(size, DRAWS - start))
        found.append(_alphas(drawn @ kinds, metric))
    alphas = np.concatenate(found)
    low, high = np.percentile(alphas[~np.isnan(alphas)], [2.5, 97.5])
    return float(low), float(high)
