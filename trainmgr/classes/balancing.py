"""Splitting people into classes that resemble each other: by entry level, its spread, gender and major.

The measure (`Table.imbalance`) is the distance of the classes' means from the mean of all, over the features of each
person: entry level (standardised) and its square (so that the spread is alike too), whether there was an entry test,
gender, major. With centred features g and classes of n_k of n people it is

    I = 1/n · Σ_k ‖Σ_{i in k} g_i‖² / n_k      (0: every class has the same mean in every feature)

which is the between-class part of the variance; balancing on such a distance of means before anything begins is
Morgan & Rubin (2012), "Rerandomization to improve covariate balance in experiments", Annals of Statistics 40(2).
What a random division gives on average needs no trial: for means of samples without replacement (Cochran 1977,
Sampling Techniques, 2.5) it is  Σ_k (n - n_k) / (n · (n - 1)) · Σ_i ‖g_i‖² / n.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Seats = dict[int, int]

MOST_CLASSES = 60
CANDIDATES = 160  # of each class, looked at in one round of swaps
WEIGHT_OF_SPREAD = 0.5
LEAST_GAIN = 1e-12


@dataclass(frozen=True)
class Person:
    """Who is to be placed: a key, the entry level (None: not tested), gender and major in any words."""

    key: int
    score: float | None = None
    gender: str = ""
    major: str = ""


class Unsplittable(ValueError):
    """These people cannot be split so: too few of them, or too many fixed in one class."""


class Table:
    """People with their features, centred at the mean of all; every figure about a division comes from here."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = sorted(people, key=lambda person: person.key)
        self.place = {person.key: index for index, person in enumerate(self.people)}
        if len(self.place) != len(self.people):
            raise ValueError("a person is named twice")
        self.features = self._features()

    def _features(self) -> Floats:
        scores = np.array([np.nan if p.score is None else p.score for p in self.people], dtype=float)
        tested = ~np.isnan(scores)
        columns = [tested.astype(float)]
        level = np.zeros(len(self.people))
        if tested.any() and (deviation := float(scores[tested].std())) > 0:
            level[tested] = (scores[tested] - scores[tested].mean()) / deviation
        columns += [level, WEIGHT_OF_SPREAD * level**2]
        for value_of in ("gender", "major"):
            values = [getattr(person, value_of) for person in self.people]
            columns += [np.array([float(v == one) for v in values]) for one in sorted(set(values))]
        features = np.column_stack(columns) if self.people else np.zeros((0, 1))
        return np.asarray(features - features.mean(axis=0) if self.people else features, dtype=float)

    @cached_property
    def square_lengths(self) -> Floats:
        """The squared length of each person's centred features."""
        return np.asarray((self.features**2).sum(axis=1), dtype=float)

    def sums(self, parts: npt.NDArray[np.int64], classes: int) -> Floats:
        """Return each class's sum of centred features."""
        sums = np.zeros((classes, self.features.shape[1]))
        np.add.at(sums, parts, self.features)
        return sums

    def imbalance(self, seats: Mapping[int, int], classes: int) -> float:
        """Return the measure I of a division (0: alike; no unit). Empty classes count as nothing."""
        if not self.people:
            return 0.0
        parts = self._parts(seats)
        sizes = np.bincount(parts, minlength=classes)
        norms = (self.sums(parts, classes) ** 2).sum(axis=1)
        return float((norms[sizes > 0] / sizes[sizes > 0]).sum() / len(self.people))

    def expected_by_chance(self, sizes: Sequence[int]) -> float:
        """Return the measure that random divisions into classes of these sizes have on average."""
        n = len(self.people)
        if n < 2:
            return 0.0
        total = float(self.square_lengths.sum()) / n
        return sum((n - size) / (n * (n - 1)) for size in sizes if size) * total

    def after_move(self, seats: Mapping[int, int], classes: int, key: int, to: int) -> float:
        """Return the measure after one person would go to a class."""
        return self.imbalance({**seats, key: to}, classes)

    def best_swaps(
        self, seats: Mapping[int, int], classes: int, key: int, *, fixed: frozenset[int], most: int = 3
    ) -> list[tuple[int, float]]:
        """Return with whom one person would best change places, and the measure after each: (key, I)."""
        parts, mine = self._parts(seats), seats[key]
        now, n = self.imbalance(seats, classes), len(self.people)
        sums, sizes = self.sums(parts, classes), np.bincount(parts, minlength=classes)
        others = np.array([i for i, p in enumerate(self.people) if parts[i] != mine and p.key not in fixed])
        if not others.size:
            return []
        moved = self.features[others] - self.features[self.place[key]]
        squares = (moved**2).sum(axis=1)
        theirs = parts[others]
        change = (2 * moved @ sums[mine] + squares) / sizes[mine]
        change += (squares - 2 * (moved * sums[theirs]).sum(axis=1)) / sizes[theirs]
        order = np.lexsort((others, change))[:most]
        return [(self.people[others[i]].key, max(0.0, now + float(change[i]) / n)) for i in order]

    def _parts(self, seats: Mapping[int, int]) -> npt.NDArray[np.int64]:
        return np.array([seats[person.key] for person in self.people], dtype=np.int64)


# --- the proposal ----------------------------------------------------------------------------------


def split(
    people: Sequence[Person], classes: int, *, seed: int = 0, locked: Mapping[int, int] | None = None
) -> Seats:
    """Divide people into classes 0 … classes-1 that resemble each other; sizes differ by one at most.

    People of each major and gender, best entry level first, are dealt out in a snake (A B B A); then pairs change
    places as long as that lowers the measure. The plain cut of the list is improved in the same way and taken where
    it ends better, so that the result is never worse than it. The same people and seed give the same classes, in
    whatever order they come. `locked` maps a person's key to the class that is fixed for him or her.
    Raises Unsplittable.
    """
    if not 2 <= classes <= MOST_CLASSES:
        raise Unsplittable(f"classes must be from 2 to {MOST_CLASSES}")
    table, fixed = Table(people), dict(locked or {})
    if len(table.people) < classes:
        raise Unsplittable("fewer people than classes")
    if unknown := fixed.keys() - table.place.keys():
        raise ValueError(f"locked people who are not there: {sorted(unknown)[:3]}")
    sizes = targets(len(table.people), classes, Counter(fixed.values()))
    best: tuple[float, Seats] | None = None
    for start in (_snake(table, sizes, fixed, seed), plain_cut(table, sizes, fixed)):
        seats = _improve(table, start, classes, frozenset(fixed), seed)
        found = (table.imbalance(seats, classes), seats)
        best = found if best is None or found[0] < best[0] - LEAST_GAIN else best
    assert best is not None
    return best[1]


def targets(people: int, classes: int, fixed: Mapping[int, int]) -> list[int]:
    """Return the classes' sizes, which differ by one at most: those with most fixed people are the larger ones."""
    base, extra = divmod(people, classes)
    by_fixed = sorted(range(classes), key=lambda one: (-fixed.get(one, 0), one))
    sizes = [base] * classes
    for one in by_fixed[:extra]:
        sizes[one] += 1
    if any(fixed.get(one, 0) > size for one, size in enumerate(sizes)):
        raise Unsplittable("more people are fixed in a class than its size")
    return sizes


def _snake(table: Table, sizes: Sequence[int], fixed: Mapping[int, int], seed: int) -> Seats:
    lot = [person.key for person in table.people]
    random.Random(seed).shuffle(lot)  # noqa: S311  equal people are told apart by lot, not by secret
    ticket = {key: number for number, key in enumerate(lot)}
    free = sorted(
        (person for person in table.people if person.key not in fixed),
        key=lambda p: (p.major, p.gender, p.score is None, -(p.score or 0.0), ticket[p.key]),
    )
    left = _left(sizes, fixed)
    seats, turn = dict(fixed), 0
    forth = list(range(len(sizes)))
    for person in free:
        while True:  # classes that are full are passed over
            row, column = divmod(turn, len(sizes))
            turn += 1
            one = forth[column] if row % 2 == 0 else forth[-1 - column]
            if left[one]:
                break
        left[one] -= 1
        seats[person.key] = one
    return seats


def plain_cut(table: Table, sizes: Sequence[int], fixed: Mapping[int, int] | None = None) -> Seats:
    """Return the list cut into pieces in its own order, as it is often done by hand."""
    left, seats, one = _left(sizes, fixed or {}), dict(fixed or {}), 0
    for person in table.people:
        if person.key in seats:
            continue
        while not left[one]:
            one += 1
        left[one] -= 1
        seats[person.key] = one
    return seats


def _left(sizes: Sequence[int], fixed: Mapping[int, int]) -> list[int]:
    taken = Counter(fixed.values())
    return [size - taken.get(one, 0) for one, size in enumerate(sizes)]


def _improve(table: Table, seats: Seats, classes: int, fixed: frozenset[int], seed: int) -> Seats:
    """Let pairs of two classes change places, the best pair first, until no pair that was looked at helps."""
    parts = table._parts(seats)
    free = np.array([person.key not in fixed for person in table.people], dtype=bool)
    sums, sizes = table.sums(parts, classes), np.bincount(parts, minlength=classes)
    lot = np.random.default_rng(seed)
    pairs, stale = np.triu_indices(classes, 1), 0
    rounds = 40 + 30 * classes
    while stale < min(len(pairs[0]), 3 * classes) + 1 and rounds:
        rounds -= 1
        one, other = _worst_pair(sums, sizes, pairs, skip=stale)
        stale = 0 if _swap_best(table, parts, free, sums, sizes, one, other, lot) else stale + 1
    return {person.key: int(parts[index]) for index, person in enumerate(table.people)}


def _worst_pair(
    sums: Floats,
    sizes: npt.NDArray[np.int64],
    pairs: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    *,
    skip: int,
) -> tuple[int, int]:
    """Return the two classes whose means are farthest apart, or the next such pair after `skip` of them."""
    means = sums / np.maximum(sizes, 1)[:, None]
    apart = ((means[pairs[0]] - means[pairs[1]]) ** 2).sum(axis=1)
    place = int(np.argsort(-apart, kind="stable")[skip % len(apart)])
    return int(pairs[0][place]), int(pairs[1][place])


def _swap_best(
    table: Table,
    parts: npt.NDArray[np.int64],
    free: npt.NDArray[np.bool_],
    sums: Floats,
    sizes: npt.NDArray[np.int64],
    one: int,
    other: int,
    lot: np.random.Generator,
) -> bool:
    """Swap the pair of two classes that lowers the measure most; tells whether any did."""
    mine = _some(np.flatnonzero((parts == one) & free), lot)
    theirs = _some(np.flatnonzero((parts == other) & free), lot)
    if not mine.size or not theirs.size:
        return False
    a, b = table.features[mine], table.features[theirs]
    # With d = b - a the class `one` gains d and `other` loses it: the change of Σ‖C‖²/n without forming each d.
    lengths = table.square_lengths[theirs][None, :] + table.square_lengths[mine][:, None] - 2 * a @ b.T
    pull = 2 * (sums[one] / sizes[one] - sums[other] / sizes[other])
    change = (b @ pull)[None, :] - (a @ pull)[:, None] + lengths * (1 / sizes[one] + 1 / sizes[other])
    place = int(np.argmin(change))
    if change.flat[place] >= -LEAST_GAIN:
        return False
    row, column = divmod(place, theirs.size)
    moved = b[column] - a[row]
    parts[mine[row]], parts[theirs[column]] = other, one
    sums[one] += moved
    sums[other] -= moved
    return True


def _some(rows: npt.NDArray[np.int64], lot: np.random.Generator) -> npt.NDArray[np.int64]:
    return rows if rows.size <= CANDIDATES else np.sort(lot.choice(rows, CANDIDATES, replace=False))


# --- what a division looks like ----------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """People of one class, gender and major: how many, how many tested, sum and sum of squares of their levels."""

    part: int
    gender: str
    major: str
    people: int
    tested: int
    total: float
    squares: float


@dataclass
class Portrait:
    """One class of a division: people, those tested, sums of their entry levels, counts by gender and major."""

    people: int = 0
    tested: int = 0
    total: float = 0.0
    squares: float = 0.0
    genders: Counter[str] = field(default_factory=Counter)
    majors: Counter[str] = field(default_factory=Counter)

    @property
    def mean(self) -> float | None:
        """The mean entry level of those tested; None when nobody was."""
        return self.total / self.tested if self.tested else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of their levels (n - 1); None for fewer than two."""
        if self.tested < 2:
            return None
        return sqrt(max(0.0, self.squares - self.total**2 / self.tested) / (self.tested - 1))

    def add(self, group: Group) -> None:
        """Count a group in."""
        self.people += group.people
        self.tested += group.tested
        self.total += group.total
        self.squares += group.squares
        self.genders[group.gender] += group.people
        self.majors[group.major] += group.people


def portraits(groups: Iterable[Group], classes: int) -> list[Portrait]:
    """Return what each class of a division looks like."""
    found = [Portrait() for _ in range(classes)]
    for group in groups:
        found[group.part].add(group)
    return found


def groups_of(people: Iterable[Person], seats: Mapping[int, int]) -> list[Group]:
    """Return people counted by class, gender and major."""
    members: dict[tuple[int, str, str], list[Person]] = {}
    for person in people:
        members.setdefault((seats[person.key], person.gender, person.major), []).append(person)
    found = []
    for (part, gender, major), group in members.items():
        scores = [person.score for person in group if person.score is not None]
        squares = sum(score**2 for score in scores)
        found.append(Group(part, gender, major, len(group), len(scores), sum(scores), squares))
    return found


@dataclass(frozen=True)
class Gaps:
    """The greatest differences between two classes: mean entry level in its unit and in standard deviations, shares.

    The standardised difference is taken by the standard deviation of all (Austin 2009, "Balance diagnostics …",
    Statistics in Medicine 28: below 0.1 is negligible); shares are differences of fractions from 0 to 1.
    """

    mean: float | None
    standardised: float | None
    gender: float
    major: float


def gaps(found: Sequence[Portrait]) -> Gaps:
    """Return how far the classes of a division are apart at most."""
    means = [one.mean for one in found if one.mean is not None]
    mean = max(means) - min(means) if len(means) > 1 else None
    tested, total = sum(one.tested for one in found), sum(one.total for one in found)
    variance = sum(one.squares for one in found) / tested - (total / tested) ** 2 if tested else 0.0
    deviation = sqrt(variance) if variance > LEAST_GAIN else 0.0
    return Gaps(
        mean,
        None if mean is None else mean / deviation if deviation else 0.0,
        _widest([(one.genders, one.people) for one in found]),
        _widest([(one.majors, one.people) for one in found]),
    )


def _widest(counts: Sequence[tuple[Mapping[str, int], int]]) -> float:
    filled = [(count, people) for count, people in counts if people]
    values = {value for count, _people in filled for value in count}
    shares = [[count.get(value, 0) / people for count, people in filled] for value in values]
    return max((max(each) - min(each) for each in shares), default=0.0)
