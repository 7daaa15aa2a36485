"""How judgements become scores. Every score lies on the scale from 1 to 5.

- Four levels after Kirkpatrick (1959; Kirkpatrick and Kirkpatrick, 2006), judged by three parties and whoever is added.
- A party's score is the weighted mean of what it saw. "No chance to see" is left out and never counts as zero; how much
  of its weight a party saw is its *coverage*.
- The composite is the weighted mean over the parties present, their weights renormalised. With a party missing it is
  provisional, and `low`–`high` is what it could still become: whatever was not judged, by a missing party or left out
  by a present one, is bounded by the ends of the scale (worst-case bounds after Manski, 1989). How much of the weight
  was judged is its coverage; below `LEAST_COVERAGE` it is provisional too, though every party has rated.
- Where several people of a party rate one trainee (peers, counsellors, assessors), the party's score is the mean of
  theirs, and each one who is missing widens its bounds as a missing party does. The marks of such a party are given as
  a list, one for each rater, with the number of raters expected. Fewer than three peers are not counted at all, nor
  those of a window that is still open until all of them are in (`peers_count`).
- With everything judged, the composite is the sum of level weight × party share × mean of the criteria in that cell.
- Divergence is the greatest difference between any two of the three on one criterion that both judged, in points of the
  scale. Criteria and not means are compared, since opposite differences cancel out in means; a mean of several people
  is nobody's word, so only the three are compared, who can talk it over.
- A competency's attainment is the weighted mean of all parties' marks on the criteria that stand for it.
- A dimension's score (professional, social, method, values) is the weighted mean over the criteria of behaviour and
  ability gain that speak of it, by the same points as in the composite.
- Gain is exit minus entry; the normalised gain g = (post − pre) / (max − pre) after Hake (1998).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import TypeVar

from trainmgr.evaluation.rules import LEAST_PEERS, THREE, Grade, Level, LevelWeight, Party
from trainmgr.standards.rules import Dimension

_Group = TypeVar("_Group")
LOWEST = 1.0
HIGHEST = 5.0
HUNDRED = 100 / HIGHEST
NOISE = 1e-9  # of rounding: marks of 3 throughout may come to 2.999999999999999
# The share of the weight that must have been judged before a composite is more than provisional.
LEAST_COVERAGE = 0.7

DIMENSION_LEVELS = (Level.BEHAVIOUR, Level.LEARNING)

Marks = Mapping[int, int | None]
MeanMarks = Mapping[int, float | None]
# What a party gave: its one rater's marks (or the means of several), or those of each of its raters.
Given = Marks | Sequence[Marks]
Expected = Mapping[Party, int] | None


@dataclass(frozen=True, slots=True)
class Item:
    """A criterion as it is weighed; `weight` counts among the criteria of the same level that a party rates."""

    id: int
    level: Level
    weight: float
    parties: frozenset[Party]
    competency_id: int | None = None
    dimension: Dimension | None = None


@dataclass(frozen=True)
class Plan:
    """What is judged by whom with which weight: the criteria and the points of each cell of level and party."""

    items: tuple[Item, ...]
    levels: tuple[LevelWeight, ...]

    def limited_to(self, levels: Iterable[Level], parties: Collection[Party] = ()) -> Plan:
        """Return the plan of a window that asks only about some levels, or only some parties (none named: all).

        What is left keeps its proportions.
        """
        kept = set(levels)
        items = tuple(item for item in self.items if item.level in kept)
        if parties:
            wanted = frozenset(parties)
            items = tuple(replace(i, parties=i.parties & wanted) for i in items if i.parties & wanted)
        return Plan(items, tuple(level for level in self.levels if level.level in kept))

    @cached_property
    def points(self) -> dict[Party, dict[int, float]]:
        """Return what each criterion weighs for each party that rates it; a cell's points are split by item weight."""
        split: dict[Party, dict[int, float]] = {party: {} for party in Party}
        for level in self.levels:
            for party in Party:
                rated = [i for i in self.items if i.level is level.level and party in i.parties]
                whole, cell = sum(item.weight for item in rated), level.points(party)
                if whole > 0 and cell > 0:
                    split[party] |= {item.id: cell * item.weight / whole for item in rated}
        return split

    @cached_property
    def party_points(self) -> dict[Party, float]:
        """Return what each party weighs here; a party that rates nothing is left out."""
        return {party: sum(points.values()) for party, points in self.points.items() if points}

    @cached_property
    def by_competency(self) -> dict[int, tuple[int, ...]]:
        """Return the criteria that stand for each competency."""
        linked: dict[int, tuple[int, ...]] = {}
        for item in self.items:
            if item.competency_id is not None:
                linked[item.competency_id] = (*linked.get(item.competency_id, ()), item.id)
        return linked


@dataclass(frozen=True, slots=True)
class Score:
    """A weighted mean, the share of the weight that was judged (0 to 1), and what the rest could make of it."""

    value: float | None
    coverage: float
    low: float = LOWEST
    high: float = HIGHEST


NOT_JUDGED = Score(None, 0.0)


def party_score(marks: Marks, points: Mapping[int, float]) -> Score:
    """Return one party's score from its marks (None or absent: not judged) and the points of its criteria."""
    whole = judged = total = 0.0
    for criterion, weight in points.items():
        whole += weight
        mark = marks.get(criterion)
        if mark is not None:
            judged += weight
            total += weight * mark
    if judged <= 0:
        return NOT_JUDGED
    rest = max(whole - judged, 0.0)
    return Score(
        _within(total / judged),
        judged / whole,
        _within((total + rest * LOWEST) / whole),
        _within((total + rest * HIGHEST) / whole),
    )


def counted(party: Party, given: Given) -> list[Marks]:
    """Return the marks of each rater of a party that count; fewer than three peers do not."""
    raters = [given] if isinstance(given, Mapping) else list(given)
    return [] if party is Party.PEER and len(raters) < LEAST_PEERS else raters


def peers_count(submitted: int, expected: int, *, is_over: bool) -> bool:
    """Tell whether a trainee's peers count: three at least, and all of them as long as others may still come.

    Otherwise whoever looks before and after the fourth could work out what the fourth gave.
    """
    return submitted >= LEAST_PEERS and (is_over or submitted >= expected)


def raters_score(raters: Sequence[Marks], points: Mapping[int, float], expected: int = 1) -> Score:
    """Return the mean score of a party's raters; each who is missing is bounded by the ends of the scale."""
    if len(raters) == 1 and expected <= 1:
        return party_score(raters[0], points)
    parts = [(1.0, party_score(marks, points)) for marks in raters]
    parts += [(1.0, NOT_JUDGED)] * (expected - len(raters))
    return blend(parts)


def party_mark(given: Given) -> MeanMarks:
    """Return a party's mark on each criterion: the one rater's, or the mean of those who had a chance to see it."""
    if isinstance(given, Mapping):
        return given
    seen: dict[int, list[int]] = {}
    for marks in given:
        for criterion, mark in marks.items():
            seen.setdefault(criterion, [])
            if mark is not None:
                seen[criterion].append(mark)
    return {criterion: _mean(found) for criterion, found in seen.items()}


def _mean(found: Sequence[int]) -> float | None:
    """Return the mean of some marks, as a whole number where it is one."""
    if not found:
        return None
    mean = fmean(found)
    return int(mean) if mean == int(mean) else mean


def unfinished(scores: Mapping[Party, Given], weights: Iterable[Party], expected: Expected) -> list[Party]:
    """Return the parties of which somebody is still missing, though others of them have rated."""
    wanted = expected or {}
    return [p for p in weights if p in scores and len(counted(p, scores[p])) < wanted.get(p, 1)]


@dataclass(frozen=True, slots=True)
class Composite:
    """The score over the parties present; `value` is None while nobody has judged anything."""

    value: float | None
    low: float
    high: float
    missing: tuple[Party, ...]

    @property
    def coverage(self) -> float:
        """The share of the weight that was judged, 0 to 1: all that was not widens the bounds in proportion."""
        return coverage_of(self.low, self.high)

    @property
    def is_provisional(self) -> bool:
        """Whether some party's score is still missing, or too little of the weight was judged."""
        return bool(self.missing) or is_thin(self.coverage)


def coverage_of(low: float, high: float) -> float:
    """Return the share of the weight that was judged, from what the rest could still make of a score."""
    return 1 - (high - low) / (HIGHEST - LOWEST)


def is_thin(coverage: float) -> bool:
    """Tell whether too little was judged; rounding noise does not count."""
    return coverage < LEAST_COVERAGE - NOISE


def composite(scores: Mapping[Party, Score], weights: Mapping[Party, float]) -> Composite:
    """Join the parties' scores with their weights; a party without a score is missing, never zero."""
    present = whole = total = low = high = 0.0
    missing: list[Party] = []
    for party, weight in weights.items():
        if weight <= 0:
            continue
        score = scores.get(party, NOT_JUDGED)
        whole += weight
        low += weight * score.low
        high += weight * score.high
        if score.value is None:
            missing.append(party)
        else:
            present += weight
            total += weight * score.value
    if present <= 0:
        return Composite(None, LOWEST, HIGHEST, tuple(missing))
    return Composite(_within(total / present), _within(low / whole), _within(high / whole), tuple(missing))


def _joined(
    scores: Mapping[Party, Score],
    weights: Mapping[Party, float],
    given: Mapping[Party, Given],
    expected: Expected,
) -> Composite:
    """Join scores, and name the parties of which somebody is still missing besides those that have no score."""
    whole = composite(scores, weights)
    late = {*whole.missing, *unfinished(given, (p for p, w in weights.items() if w > 0), expected)}
    return Composite(whole.value, whole.low, whole.high, tuple(party for party in weights if party in late))


@dataclass(frozen=True, slots=True)
class Divergence:
    """How far two parties are apart on one criterion, in points of the scale."""

    criterion_id: int
    gap: int


def divergences(marks: Mapping[Party, Given]) -> list[Divergence]:
    """Return how far the three are apart on each criterion that at least two of them judged, the greatest first."""
    by_criterion: dict[int, list[int]] = {}
    for party in THREE:
        given = marks.get(party, {})
        for criterion, mark in (given if isinstance(given, Mapping) else given[0]).items():
            if mark is not None:
                by_criterion.setdefault(criterion, []).append(mark)
    found = [Divergence(c, max(m) - min(m)) for c, m in by_criterion.items() if len(m) > 1]
    return sorted(found, key=lambda each: (-each.gap, each.criterion_id))


def attainments(plan: Plan, marks: Mapping[Party, Given]) -> dict[int, float]:
    """Return the level reached in each competency that anybody judged."""
    reached: dict[int, float] = {}
    means = {party: party_mark(counted(party, g) if party not in THREE else g) for party, g in marks.items()}
    for competency_id, criteria in plan.by_competency.items():
        weight = total = 0.0
        for party, given in means.items():
            points = plan.points[party]
            for criterion in criteria:
                mark = given.get(criterion)
                if mark is not None and criterion in points:
                    weight += points[criterion]
                    total += points[criterion] * mark
        if weight > 0:
            reached[competency_id] = _within(total / weight)
    return reached


def gain(entry: float | None, level: float | None) -> float | None:
    """Return exit minus entry in points of the scale; undefined when one of them is not known."""
    return None if entry is None or level is None else level - entry


def normalised_gain(entry: float | None, level: float | None, *, top: float = HIGHEST) -> float | None:
    """Return the share of the possible gain that was made, g = (post − pre) / (top − pre) (Hake, 1998).

    1 means that everything was gained, below 0 that something was lost; undefined when one of the levels is not known
    or nothing was left to gain.
    """
    if entry is None or level is None or entry >= top:
        return None
    return (level - entry) / (top - entry)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that the ratings of one trainee in one window come to."""

    scores: Mapping[Party, Score]
    composite: Composite
    divergence: int | None
    attainments: Mapping[int, float]


def evaluate(plan: Plan, marks: Mapping[Party, Given], expected: Expected = None) -> Evaluation:
    """Work out scores, composite, divergence and attainments from the submitted marks of each party.

    `expected` says how many raters a party has, where it is not one.
    """
    wanted = expected or {}
    scores = {
        party: raters_score(counted(party, given), plan.points[party], wanted.get(party, 1))
        for party, given in marks.items()
    }
    apart = divergences(marks)
    return Evaluation(
        scores,
        _joined(scores, plan.party_points, marks, expected),
        apart[0].gap if apart else None,
        attainments(plan, marks),
    )


def level_scores(
    plan: Plan, marks: Mapping[Party, Given], expected: Expected = None
) -> dict[Level, dict[Party, Score]]:
    """Return each rating party's score on each level that it has points on."""
    groups = {
        level.level: [item.id for item in plan.items if item.level is level.level] for level in plan.levels
    }
    return _by_group(plan, groups, marks, expected)


def level_composites(
    plan: Plan, marks: Mapping[Party, Given], expected: Expected = None
) -> dict[Level, Composite]:
    """Return the composite of each level over the parties that judge it."""
    weights = {level.level: {party: level.points(party) for party in Party} for level in plan.levels}
    return {
        level: _joined(scores, {party: weights[level][party] for party in scores}, marks, expected)
        for level, scores in level_scores(plan, marks, expected).items()
    }


def dimension_scores(
    plan: Plan, marks: Mapping[Party, Given], expected: Expected = None
) -> dict[Dimension, dict[Party, Score]]:
    """Return each party's score on each ability dimension that it judges, over behaviour and ability gain."""
    return _by_group(plan, _dimensions(plan), marks, expected)


def dimension_composites(
    plan: Plan, marks: Mapping[Party, Given], expected: Expected = None
) -> dict[Dimension, Composite]:
    """Return the composite of each ability dimension over the parties that judge it."""
    found = {}
    for dimension, scores in dimension_scores(plan, marks, expected).items():
        ids = _dimensions(plan)[dimension]
        weights = {
            party: sum(plan.points[party].get(criterion, 0.0) for criterion in ids) for party in scores
        }
        found[dimension] = _joined(scores, weights, marks, expected)
    return found


def _dimensions(plan: Plan) -> dict[Dimension, list[int]]:
    asked = [item for item in plan.items if item.level in DIMENSION_LEVELS]
    return {each: ids for each in Dimension if (ids := [i.id for i in asked if i.dimension is each])}


def _by_group(
    plan: Plan, groups: Mapping[_Group, Collection[int]], marks: Mapping[Party, Given], expected: Expected
) -> dict[_Group, dict[Party, Score]]:
    """Return each party's score over each group of criteria that it has points on."""
    table: dict[_Group, dict[Party, Score]] = {}
    wanted = expected or {}
    for group, ids in groups.items():
        for party in plan.party_points:
            points = {criterion: p for criterion, p in plan.points[party].items() if criterion in ids}
            if points:
                raters = counted(party, marks.get(party, ()))
                score = raters_score(raters, points, max(wanted.get(party, 1), len(raters)))
                table.setdefault(group, {})[party] = score
    return table


def blend(parts: Iterable[tuple[float, Score]]) -> Score:
    """Join weighted scores; what was not judged is left out of the value and bounded by the ends of the scale."""
    whole = judged = covered = total = low = high = 0.0
    for weight, score in parts:
        whole += weight
        covered += weight * score.coverage
        low += weight * score.low
        high += weight * score.high
        if score.value is not None:
            judged += weight
            total += weight * score.value
    if judged <= 0:
        return NOT_JUDGED
    return Score(_within(total / judged), covered / whole, _within(low / whole), _within(high / whole))


def overall(
    levels: Iterable[LevelWeight], windows: Iterable[tuple[float, Mapping[Level, Mapping[Party, Score]]]]
) -> Composite:
    """Join several windows into one score of the whole training, as docs/pathways.md defines it.

    A party's score on a level is the mean over the windows that ask about it, by the windows' weights; levels and
    parties are then joined as within a window. A window yet to come holds NOT_JUDGED for everything that it will ask.
    """
    windows, levels = tuple(windows), tuple(levels)
    scores: dict[Party, Score] = {}
    weights: dict[Party, float] = {}
    missing: list[Party] = []
    for party in Party:
        asked = [(level.points(party), _asked(windows, level.level, party)) for level in levels]
        cells = [(points, cell) for points, cell in asked if points > 0 and cell]
        if not cells:
            continue
        scores[party] = blend((points, blend(cell)) for points, cell in cells)
        weights[party] = sum(points for points, _ in cells)
        if any(score.value is None for _, cell in cells for _, score in cell):
            missing.append(party)
    joined = composite(scores, weights)
    return Composite(joined.value, joined.low, joined.high, tuple(missing))


def _asked(
    windows: Iterable[tuple[float, Mapping[Level, Mapping[Party, Score]]]], level: Level, party: Party
) -> list[tuple[float, Score]]:
    """Return a party's score on a level in each window that asks it, with the window's weight."""
    found = ((weight, table.get(level, {}).get(party)) for weight, table in windows)
    return [(weight, score) for weight, score in found if score is not None]


def grade_of(score: float, pass_mark: float, good_mark: float) -> Grade:
    """Return the criterion-referenced grade of a composite; all on the 1–5 scale, both marks belong to the grade above.

    It is held against marks set beforehand, never against the other trainees (R. Glaser, 1963: what somebody can do,
    not where somebody stands among others).
    """
    if score >= good_mark - NOISE:
        return Grade.GOOD
    return Grade.MEETS if score >= pass_mark - NOISE else Grade.BELOW


def hundred(score: float | None) -> float | None:
    """Return a score out of 100: a mark of 5 is 100 and each point is 20, so that the pass mark 60 is a mark of 3."""
    return None if score is None else score * HUNDRED


def _within(value: float) -> float:
    """Take rounding noise off the ends of the scale."""
    return min(max(value, LOWEST), HIGHEST)
