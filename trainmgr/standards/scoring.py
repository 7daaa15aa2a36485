"""The figures of a Delphi round: what experts agree on, how strongly, and what becomes of an item. Pure.

Agreement is Kendall's coefficient of concordance W (Kendall & Babington Smith 1939) with the correction for ties and
the chi-square test of Siegel & Castellan (1988, ch. 9).
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.special import gammaincc

FULL_MARK = 5
FEWEST_RATERS = 3  # fewer people cannot agree in a way that says anything of others


class Subject(enum.StrEnum):
    """What a Delphi study asks about."""

    COMPETENCIES = "competencies"
    TASKS = "tasks"


class Verdict(enum.StrEnum):
    """What becomes of an item: it stays, it goes, or it is put into words anew and asked again."""

    KEEP = "keep"
    AGAIN = "again"
    DROP = "drop"


@dataclass(frozen=True)
class Limits:
    """The three thresholds of an item: mean (1–5), coefficient of variation, share of full marks (0–1 each)."""

    least_mean: float = 3.5
    most_variation: float = 0.25
    least_full: float = 0.2


@dataclass(frozen=True)
class ItemFigures:
    """What experts say of one item; `variation` is None for a single expert."""

    raters: int
    mean: float
    variation: float | None
    full: float


@dataclass(frozen=True)
class Agreement:
    """Kendall's W over `raters` and `items` with its test: chi-square on items − 1 degrees of freedom."""

    raters: int
    items: int
    w: float
    chi_square: float
    p_value: float


def figures_of(scores: Sequence[int]) -> ItemFigures | None:
    """Return mean, coefficient of variation (sample deviation over mean) and share of full marks; None for no score."""
    if not scores:
        return None
    mean = fmean(scores)
    variation = stdev(scores) / mean if len(scores) > 1 else None
    return ItemFigures(len(scores), mean, variation, sum(s == FULL_MARK for s in scores) / len(scores))


def verdict_on(figures: ItemFigures, limits: Limits, *, last_round: bool) -> Verdict:
    """Keep an item that reaches all three thresholds, drop one that reaches none; the rest is asked again.

    After the last round there is no again: what does not reach all three goes.
    """
    reached = (
        figures.mean >= limits.least_mean,
        figures.variation is not None and figures.variation <= limits.most_variation,
        figures.full >= limits.least_full,
    )
    if all(reached):
        return Verdict.KEEP
    return Verdict.DROP if last_round or not any(reached) else Verdict.AGAIN


def ranks_of(scores: Sequence[float]) -> list[float]:
    """Rank scores from 1 (lowest); equal ones share the mean of their ranks."""
    order = sorted(range(len(scores)), key=lambda place: scores[place])
    ranks = [0.0] * len(scores)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and scores[order[end + 1]] == scores[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks


def kendalls_w(table: Sequence[Sequence[float]]) -> Agreement | None:
    """Return the agreement of raters (rows) over items (columns); None where W is not defined.

    W = 12 S / (m² (n³ − n) − m ΣT), S the squared deviations of the items' rank sums, T = Σ(t³ − t) over the ties of
    a rater. Undefined with fewer than two raters or items, and when every rater ties everything. Every row has a
    score for every item.
    """
    raters, items = len(table), len(table[0]) if table else 0
    if raters < 2 or items < 2:
        return None
    ranked = [ranks_of(row) for row in table]
    sums = [sum(column) for column in zip(*ranked, strict=True)]
    middle = raters * (items + 1) / 2
    deviations = sum((one - middle) ** 2 for one in sums)
    ties = sum(size**3 - size for row in table for size in Counter(row).values())
    most = raters**2 * (items**3 - items) - raters * ties
    if most <= 0:
        return None
    w = 12 * deviations / most
    chi_square = raters * (items - 1) * w
    return Agreement(raters, items, w, chi_square, chance_of(chi_square, items - 1))


def chance_of(chi_square: float, degrees: int) -> float:
    """Return the probability of a chi-square at least as large when the raters rank at random."""
    return float(gammaincc(degrees / 2, chi_square / 2))
