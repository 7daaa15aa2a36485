"""From two kinds of need to one ranked list. Pure: figures in, figures out.

Trainee side, after Borich (1980), "A needs assessment model for conducting follow-up studies", Journal of Teacher
Education 31(3), 39–42. A training need is the discrepancy between what should be and what is. What should be is the
level that the two sides require of the post; what is, is the level attained. A respondent's weighted discrepancy is
(required − attained) × mean importance, and the mean weighted discrepancy score (MWDS) is its mean over respondents.
Importance and levels run from 1 to 5, so the score lies between −20 and 20; surpluses count against gaps, as in Borich.
Where only means were typed, the score is (required − current) × importance: the same value, since the mean is linear.

Enterprise side: an indicator's relative shortfall is how far it lags behind its target, as a share of the larger of the
two figures, between 0 and 1. For "more is better" that is (target − current) / target, for "less is better"
(current − target) / current; a target of zero and negative figures need no exception. The target is the more demanding
of what the enterprise expects and what the industry reaches, where a benchmark is known. Weight × shortfall is split
equally among the competencies that the indicator is linked to; an indicator without links counts for none.

Joining: the two raw scores have no common unit, so each side is expressed in points of its own largest score in this
analysis (largest = 100, no need = 0). Score = trainee weight × trainee points + the rest × enterprise points, 0–100.
Ties: equal scores (to four decimals) go by importance, then by the larger gap, then by the order of the job standard.
Priorities are the first so many of the list that have a gap (required > current) and a score; what is already mastered
is no priority even where an indicator linked to it falls short.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

FEW_RESPONDENTS = 5  # below this a mean says little; it is marked
MOST = 50  # competencies, or indicators, of one analysis
EXACT = 4  # decimals to which scores are kept and compared
KEY_SHARE = 0.5
COMMON_SHARE = 0.5  # from this share of people below the required level on, a weakness is common


class AnalysisState(enum.StrEnum):
    """A needs analysis is open until both sides signed; then it is frozen."""

    OPEN = "open"
    FROZEN = "frozen"


class Direction(enum.StrEnum):
    """Whether more of an indicator is better (yield) or less (downtime)."""

    HIGHER = "higher"
    LOWER = "lower"


class Lane(enum.StrEnum):
    """The two sides of the analysis: what people lack, and what the business lacks."""

    TRAINEE = "trainee"
    ENTERPRISE = "enterprise"


class LaneStep(enum.StrEnum):
    """The twelve steps of the two lanes (两维六步), in their order."""

    STANDARD = "standard"
    INSTRUMENT = "instrument"
    TEST = "test"
    REPORT = "report"
    WEAKNESSES = "weaknesses"
    PRIORITIES = "priorities"
    BUSINESS_NEED = "business_need"
    EXPECTED = "expected"
    CURRENT = "current"
    GAP = "gap"
    BENCHMARK = "benchmark"
    SHORTFALLS = "shortfalls"

    @property
    def lane(self) -> Lane:
        """The lane that the step belongs to."""
        return Lane.TRAINEE if self in TRAINEE_STEPS else Lane.ENTERPRISE


TRAINEE_STEPS = tuple(LaneStep)[:6]
ENTERPRISE_STEPS = tuple(LaneStep)[6:]


class LevelSource(enum.StrEnum):
    """Where a competency's current level comes from: typed, rated by respondents, tested, or not measured yet."""

    TYPED = "typed"
    RATED = "rated"
    TESTED = "tested"
    NONE = "none"


class SeriesRule(enum.StrEnum):
    """How an indicator's current figure comes from its months: typed, the last, or mean or sum of the last twelve."""

    TYPED = "typed"
    LATEST = "latest"
    MEAN = "mean"
    SUM = "sum"


class WeightState(enum.StrEnum):
    """A proposal of weights is open until the other side answers or it is taken back."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


# --- trainee side -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rating:
    """One respondent's view of one competency, 1 to 5 each."""

    importance: float
    attainment: float


def borich(required: float, ratings: Sequence[Rating]) -> float:
    """Return the mean weighted discrepancy score of respondents (Borich, 1980); ValueError without respondents."""
    if not ratings:
        raise ValueError("no respondents")
    importance = math.fsum(rating.importance for rating in ratings) / len(ratings)
    weighted = ((required - rating.attainment) * importance for rating in ratings)
    return math.fsum(weighted) / len(ratings)


def borich_of_means(importance: float, required: float, current: float) -> float:
    """Return the same score where only means are known."""
    return (required - current) * importance


def ranked_discrepancy(below: int, above: int, people: int) -> float | None:
    """Return the ranked discrepancy score: the share of people above the required level minus those below it, in
    percent, between −100 (everybody lacks it: the most pressing) and 100; None without people.

    Narine and Harder (2021), "Comparing the Borich model with the Ranked Discrepancy Model for competency assessment",
    Advancements in Agricultural Development 2(3), 96–111. It only asks who lies below, at or above, so that it does
    not treat the steps of a rating scale as equal distances, as Borich's product of means does. As in `borich`, what
    should be is the required level. ValueError when more people lie below and above than there are.
    """
    if below < 0 or above < 0 or below + above > people:
        raise ValueError(f"{below} below and {above} above of {people}")
    return 100 * (above - below) / people if people else None


def is_few(respondents: int) -> bool:
    """Tell whether a mean rests on so few respondents that it is marked (typed means have none)."""
    return 0 < respondents < FEW_RESPONDENTS


# --- enterprise side ----------------------------------------------------------------------------


def target_of(direction: Direction, expected: float, benchmark: float | None) -> float:
    """Return what an indicator is measured against: the more demanding of expectation and benchmark."""
    if benchmark is None:
        return expected
    return max(expected, benchmark) if direction is Direction.HIGHER else min(expected, benchmark)


def shortfall(
    direction: Direction, *, current: float, expected: float, benchmark: float | None = None
) -> float:
    """Return how far a figure lags behind its target, as a share (0 to 1) of the larger of the two."""
    target = target_of(direction, expected, benchmark)
    lag = target - current if direction is Direction.HIGHER else current - target
    if lag <= 0:
        return 0.0
    return min(1.0, lag / max(abs(target), abs(current)))


MONTHS = 12


def figure_of(rule: SeriesRule, months: Mapping[date, Decimal]) -> Decimal | None:
    """Return an indicator's current figure from its months: the last one, or mean or sum of the last twelve on record.

    None where the rule is to type it, or where there are no months.
    """
    if rule is SeriesRule.TYPED or not months:
        return None
    last = [months[month] for month in sorted(months)[-MONTHS:]]
    if rule is SeriesRule.LATEST:
        return last[-1]
    total = sum(last, Decimal(0))
    return total if rule is SeriesRule.SUM else total / len(last)


@dataclass(frozen=True, slots=True)
class Gauge:
    """An indicator as it is scored; `competencies` are the keys that it is linked to."""

    key: int
    weight: float
    shortfall: float
    competencies: frozenset[int] = field(default_factory=frozenset)

    @property
    def pressure(self) -> float:
        """What the indicator brings into the ranking: weight × shortfall."""
        return self.weight * self.shortfall


def shares(gauges: Iterable[Gauge]) -> dict[int, float]:
    """Return the weighted shortfall that falls on each competency."""
    parts: dict[int, list[float]] = {}
    for gauge in gauges:
        for key in gauge.competencies:
            parts.setdefault(key, []).append(gauge.pressure / len(gauge.competencies))
    return {key: math.fsum(sorted(values)) for key, values in parts.items()}


def key_shortfalls(gauges: Sequence[Gauge]) -> list[int]:
    """Return the indicators with the largest weighted shortfalls that make up half of all of it, largest first."""
    short = sorted((gauge for gauge in gauges if gauge.pressure > 0), key=lambda g: (-g.pressure, g.key))
    whole, reached, chosen = math.fsum(gauge.pressure for gauge in short), 0.0, []
    for gauge in short:
        if reached >= KEY_SHARE * whole:
            break
        reached += gauge.pressure
        chosen.append(gauge.key)
    return chosen


# --- one list -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ability:
    """A competency as it is ranked; `current` and `importance` are means."""

    key: int
    position: int
    importance: float
    required: float
    current: float

    @property
    def gap(self) -> float:
        """What is missing to the required level; negative where more is there than required."""
        return self.required - self.current


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a competency stands in the list: raw scores of both sides, their points (0–100), score, rank from 1."""

    key: int
    trainee_score: float
    enterprise_score: float
    trainee_points: float
    enterprise_points: float
    score: float
    rank: int
    is_priority: bool


def points_of(raw: Mapping[int, float]) -> dict[int, float]:
    """Express scores in points of the largest one; what is not above zero has none."""
    largest = max(raw.values(), default=0.0)
    return {key: round(100 * value / largest, EXACT) if value > 0 else 0.0 for key, value in raw.items()}


def ranked(
    abilities: Sequence[Ability], gauges: Iterable[Gauge], *, trainee_weight: int, priority_count: int
) -> list[Standing]:
    """Return the standings of all competencies, most pressing first (see above); weights in percent."""
    short = shares(gauges)
    trainee = {a.key: borich_of_means(a.importance, a.required, a.current) for a in abilities}
    enterprise = {a.key: short.get(a.key, 0.0) for a in abilities}
    trainee_points, enterprise_points = points_of(trainee), points_of(enterprise)
    score = {
        key: round((trainee_weight * points + (100 - trainee_weight) * enterprise_points[key]) / 100, EXACT)
        for key, points in trainee_points.items()
    }
    order = sorted(
        abilities, key=lambda a: (-score[a.key], -a.importance, -round(a.gap, EXACT), a.position, a.key)
    )
    first = [a.key for a in order if a.gap > 0 and score[a.key] > 0][:priority_count]
    return [
        Standing(
            key=a.key,
            trainee_score=round(trainee[a.key], EXACT),
            enterprise_score=round(enterprise[a.key], EXACT),
            trainee_points=trainee_points[a.key],
            enterprise_points=enterprise_points[a.key],
            score=score[a.key],
            rank=rank,
            is_priority=a.key in first,
        )
        for rank, a in enumerate(order, start=1)
    ]


def propose_hours(scores: Mapping[int, float], total: int) -> dict[int, int]:
    """Share a total of whole hours by score (largest remainders, Hamilton), at least one hour each.

    Scores that are all zero share equally. ValueError when there are fewer hours than competencies.
    """
    if total < len(scores):
        raise ValueError("fewer hours than competencies")
    whole = math.fsum(scores.values())
    exact = {key: total * (score / whole if whole > 0 else 1 / len(scores)) for key, score in scores.items()}
    hours = {key: math.floor(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (hours[key] - exact[key], -scores[key], key))
    for key in by_remainder[: total - sum(hours.values())]:
        hours[key] += 1
    for key in sorted(hours, key=lambda key: (hours[key], key)):
        if hours[key] == 0:
            richest = max(hours, key=lambda other: (hours[other], -other))
            hours[richest] -= 1
            hours[key] = 1
    return hours
