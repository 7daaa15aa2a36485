"""Whether a rater judges more mildly than others, and when that can be told from having better trainees. Pure.

A rater's mean against the mean of all raters of the party tells little by itself: somebody with strong trainees gives
high marks rightly. It can be corrected only where raters overlap, because somebody else judged trainees of both. A
mark is then taken as what the trainee is worth plus how mild the rater is, and both are found by least squares
(Searle 1987, "Linear Models for Unbalanced Data", ch. 4; for raters Braun 1988, "Understanding scoring reliability",
Journal of Educational Statistics 13, 1–18). Raters and trainees are the two sides of a graph, a rating is an edge: what
does not hang together cannot be compared (Weeks & Williams 1964, Technometrics 6, 319–324), and the reason is said.

Nobody's result is changed by this. Scores lie on the scale from 1 to 5.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsqr

from trainmgr.evaluation.closing import t_quantile

# Standard errors take the inverse of a square of this side; beyond that only the estimates are given.
MOST_RATERS = 600

Key = Hashable


class Why(enum.StrEnum):
    """Why a rater's mean is not corrected, or has no interval."""

    ONLY_RATER = "only rater"
    NO_OVERLAP = "no overlap"
    NO_SPARE = "no spare"


@dataclass(frozen=True, slots=True)
class Given:
    """One rater's score of one trainee, for a party (raters are compared within theirs)."""

    rater: Key
    trainee: Key
    party: str
    score: float


@dataclass(frozen=True, slots=True)
class Leniency:
    """How mild a rater is: the mean over `n` trainees, and how far it lies above the party's.

    `raw` is the difference as it is, `corrected` the one for whom the rater had. `compared` counts the raters of the
    party that the correction compares with, this one left out.
    """

    n: int
    mean: float
    raw: float
    corrected: float | None
    low: float | None
    high: float | None
    compared: int
    why: Why | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves "as mild as the others" out."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def leniencies(given: Sequence[Given]) -> dict[tuple[str, Key], Leniency]:
    """Return how mild each rater is, by (party, rater); the order of ratings never matters."""
    if not given:
        return {}
    rows = sorted(given, key=lambda one: (one.party, str(one.rater), str(one.trainee)))
    return _Judges(rows).leniencies()


class _Judges:
    """Raters and trainees as a graph, and the effects that fit their scores best."""

    def __init__(self, rows: Sequence[Given]) -> None:
        self.raters = list(dict.fromkeys((one.party, one.rater) for one in rows))
        rater_at = {rater: place for place, rater in enumerate(self.raters)}
        trainee_at: dict[Key, int] = {}
        self.who = np.array([rater_at[one.party, one.rater] for one in rows])
        self.whom = np.array([trainee_at.setdefault(one.trainee, len(trainee_at)) for one in rows])
        self.scores = np.array([one.score for one in rows])
        self.trainees = len(trainee_at)
        self.n = np.bincount(self.who, minlength=len(self.raters)).astype(float)
        self.means = np.bincount(self.who, self.scores, len(self.raters)) / self.n
        self.part, self.parts = self._components()

    def _components(self) -> tuple[Any, int]:
        size = len(self.raters) + self.trainees
        edges = (np.ones(len(self.who)), (self.who, self.whom + len(self.raters)))
        count, label = connected_components(coo_array(edges, shape=(size, size)), directed=False)
        return label[: len(self.raters)], int(count)

    def leniencies(self) -> dict[tuple[str, Key], Leniency]:
        effects, sigma = self._fit()
        inverse = self._inverse() if sigma is not None and len(self.raters) <= MOST_RATERS else None
        parties = np.array([party for party, _rater in self.raters])
        found = {}
        for place, rater in enumerate(self.raters):
            all_of = np.flatnonzero(parties == rater[0])
            beside = all_of[self.part[all_of] == self.part[place]]
            raw = self.means[place] - np.average(self.means[all_of], weights=self.n[all_of])
            if len(beside) < 2:
                why = Why.ONLY_RATER if len(all_of) < 2 else Why.NO_OVERLAP
                found[rater] = self._one(place, raw, why=why)
                continue
            contrast = self._contrast(place, beside)
            half = self._half(contrast, inverse, sigma)
            why_not = Why.NO_SPARE if half is None else None
            corrected = float(contrast @ effects)
            found[rater] = self._one(place, raw, corrected, half, compared=len(beside) - 1, why=why_not)
        return found

    def _contrast(self, place: int, beside: Any) -> Any:
        """Return what makes of all effects one rater's less the mean of those compared."""
        contrast = np.zeros(len(self.raters))
        contrast[beside] = -self.n[beside] / self.n[beside].sum()
        contrast[place] += 1
        return contrast

    def _half(self, contrast: Any, inverse: Any, sigma: tuple[float, int] | None) -> float | None:
        """Return half the width of a contrast's interval; None where nothing is left to estimate it from."""
        if inverse is None or sigma is None:
            return None
        return t_quantile(sigma[1]) * math.sqrt(sigma[0] * max(0.0, float(contrast @ inverse @ contrast)))

    def _one(
        self, place: int, raw: Any, corrected: float | None = None, half: float | None = None, *,
        compared: int = 0, why: Why | None = None,
    ) -> Leniency:  # fmt: skip
        low, high = (
            (None, None) if corrected is None or half is None else (corrected - half, corrected + half)
        )
        return Leniency(
            int(self.n[place]), float(self.means[place]), float(raw), corrected, low, high, compared, why
        )

    def _design(self) -> csr_array:
        rows = np.arange(len(self.who))
        places = np.concatenate([self.who, self.whom + len(self.raters)])
        ones = np.ones(2 * len(self.who))
        shape = (len(self.who), len(self.raters) + self.trainees)
        return coo_array((ones, (np.concatenate([rows, rows]), places)), shape=shape).tocsr()

    def _fit(self) -> tuple[Any, tuple[float, int] | None]:
        """Return the raters' effects, and the variance left with its degrees of freedom where there are any."""
        design, middle = self._design(), float(self.scores.mean())
        effects = lsqr(design, self.scores - middle, atol=1e-12, btol=1e-12, iter_lim=10_000)[0]
        left = self.scores - middle - design @ effects
        df = len(self.who) - (len(self.raters) + self.trainees - self.parts)
        spread = (float(left @ left) / df, df) if df > 0 else None
        return effects[: len(self.raters)], spread

    def _inverse(self) -> Any:
        """Return the raters' inverse once the trainees are swept out: it gives the variances of contrasts."""
        shape = (len(self.raters), self.trainees)
        beside = coo_array((np.ones(len(self.who)), (self.who, self.whom)), shape=shape).tocsr()
        of_trainee = np.bincount(self.whom, minlength=self.trainees)
        swept = (beside / of_trainee[None, :]) @ beside.T
        return np.linalg.pinv(np.diag(self.n) - swept.toarray(), hermitian=True)
