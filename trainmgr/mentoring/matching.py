"""Who guides whom: hard limits first, then fit and balance; solved exactly as a minimum-cost flow of seats.

Pure: values in, values out. Costs are integers in thousandths so that equal inputs give equal answers.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

# What makes a pair fit, in percent of the whole; adds to 100.
WEIGHTS: dict[str, int] = {"field": 60, "continuity": 25, "experience": 15}
# Each further trainee of one mentor costs this much more (thousandths), so that equal fits are spread evenly.
BALANCE_STEP = 30
# So many of the best mentors are looked at for each trainee; widened where that leaves somebody out.
FIRST_CHOICES = 12


class Obstacle(enum.StrEnum):
    """The hard limit that keeps a trainee from every mentor, from the nearest to the farthest."""

    CAPACITY = "capacity"
    FIELD = "field"
    QUALIFICATION = "qualification"
    ORGANIZATION = "organization"
    NO_MENTOR = "no_mentor"


@dataclass(frozen=True)
class Trainee:
    """What counts of a trainee: own organisation on this side, field, and the mentor at present or locked."""

    id: int
    organization_id: int | None
    field: str = ""
    present_id: int | None = None
    locked_id: int | None = None


@dataclass(frozen=True)
class Guide:
    """What counts of a mentor. `taken` seats are held by trainees of other programmes; `fields` empty means any."""

    id: int
    organization_id: int
    capacity: int
    fields: frozenset[str] = frozenset()
    qualified_until: date | None = None
    taken: int = 0
    guided_before: int = 0

    @property
    def places(self) -> int:
        """Seats that this programme may fill."""
        return max(0, self.capacity - self.taken)


@dataclass(frozen=True)
class Fit:
    """How well a pair fits, 0 to 1, and the parts of it (each 0 to 1)."""

    total: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class Pair:
    """One line of a proposal; without a mentor, `obstacle` says which limit binds."""

    trainee_id: int
    guide_id: int | None
    fit: Fit | None = None
    locked: bool = False
    next_best_id: int | None = None
    obstacle: Obstacle | None = None


@dataclass(frozen=True)
class Proposal:
    """Pairs for all trainees, and each mentor's load under them (seats of this programme)."""

    pairs: Sequence[Pair]
    load: Mapping[int, int] = field(default_factory=dict)

    @property
    def placed(self) -> int:
        """How many trainees have a mentor."""
        return sum(pair.guide_id is not None for pair in self.pairs)


def related(one: str, other: str) -> bool:
    """Tell whether two names of fields are near: one contains the other, or they begin with the same two signs."""
    return bool(one and other) and (one in other or other in one or one[:2] == other[:2])


def field_fit(trainee: Trainee, guide: Guide) -> float:
    """Return how well the field fits: 1 the same, 0.5 near or not stated on either side, 0 another."""
    if not trainee.field or not guide.fields:
        return 0.5
    if trainee.field in guide.fields:
        return 1.0
    return 0.5 if any(related(trainee.field, known) for known in guide.fields) else 0.0


def limit_between(trainee: Trainee, guide: Guide, until: date | None) -> Obstacle | None:
    """Return the hard limit that forbids a pair, or None; capacity is not a matter of one pair."""
    if trainee.organization_id is not None and guide.organization_id != trainee.organization_id:
        return Obstacle.ORGANIZATION
    expires = guide.qualified_until
    if expires is not None and until is not None and expires < until:
        return Obstacle.QUALIFICATION
    return Obstacle.FIELD if field_fit(trainee, guide) == 0 else None


def fit_of(trainee: Trainee, guide: Guide) -> Fit:
    """Return the fit of a pair with its parts."""
    parts = {
        "field": field_fit(trainee, guide),
        "continuity": 1.0 if trainee.present_id == guide.id else 0.0 if trainee.present_id else 0.5,
        "experience": min(guide.guided_before, 5) / 5,
    }
    return Fit(round(sum(WEIGHTS[name] * part for name, part in parts.items()) / 100, 4), parts)


def propose(trainees: Sequence[Trainee], guides: Sequence[Guide], *, until: date | None = None) -> Proposal:
    """Propose a mentor for every trainee: as many as can be placed, then the best total fit, then even loads.

    Locked pairs are kept and take their seats first. Of equal answers the one in the order given wins.
    """
    by_id = {guide.id: guide for guide in guides}
    locked = {t.id: t.locked_id for t in trainees if t.locked_id in by_id}
    seats_left = {guide.id: guide.places for guide in guides}
    for guide_id, count in Counter(locked.values()).items():
        seats_left[guide_id] -= count
    free = [trainee for trainee in trainees if trainee.id not in locked]
    options = {trainee.id: _options(trainee, guides, until) for trainee in free}
    chosen = _solve(free, options, seats_left)
    load = Counter(guide_id for guide_id in (*locked.values(), *chosen.values()) if guide_id is not None)
    pairs = []
    for trainee in trainees:
        if trainee.id in locked:
            guide = by_id[locked[trainee.id]]
            pairs.append(Pair(trainee.id, guide.id, fit_of(trainee, guide), locked=True))
        else:
            pairs.append(
                _pair(trainee, chosen.get(trainee.id), options[trainee.id], guides, seats_left, until)
            )
    return Proposal(pairs, {guide.id: load.get(guide.id, 0) for guide in guides})


def _options(trainee: Trainee, guides: Iterable[Guide], until: date | None) -> list[tuple[Fit, Guide]]:
    found = [
        (fit_of(trainee, guide), guide) for guide in guides if limit_between(trainee, guide, until) is None
    ]
    return sorted(found, key=lambda option: (-option[0].total, option[1].id))


def _solve(
    trainees: Sequence[Trainee], options: Mapping[int, list[tuple[Fit, Guide]]], seats: Mapping[int, int]
) -> dict[int, int | None]:
    """Match trainees to seats at the least cost; every trainee also has an own empty seat at a price above all else."""
    width = FIRST_CHOICES
    while True:
        chosen = _match(trainees, options, seats, width)
        left_out = [t for t in trainees if chosen[t.id] is None and len(options[t.id]) > width]
        if not left_out:
            return chosen
        width *= 4


def _match(
    trainees: Sequence[Trainee],
    options: Mapping[int, list[tuple[Fit, Guide]]],
    seats: Mapping[int, int],
    width: int,
) -> dict[int, int | None]:
    first_seat: dict[int, int] = {}
    count = 0
    for guide_id, places in sorted(seats.items()):
        first_seat[guide_id] = count
        count += min(max(0, places), len(trainees))
    # Above any sum of differences that a rearrangement of all others could bring.
    nobody = (1000 + BALANCE_STEP * (max(seats.values(), default=0) + 1)) * (len(trainees) + 1)
    rows, columns, costs = [], [], []
    for row, trainee in enumerate(trainees):
        for fit, guide in options[trainee.id][:width]:
            for seat in range(min(max(0, seats[guide.id]), len(trainees))):
                rows.append(row)
                columns.append(first_seat[guide.id] + seat)
                costs.append(1 + round((1 - fit.total) * 1000) + BALANCE_STEP * seat)
        rows.append(row)
        columns.append(count + row)
        costs.append(nobody)
    if not trainees:
        return {}
    graph = csr_array(
        (np.array(costs, dtype=float), (rows, columns)), shape=(len(trainees), count + len(trainees))
    )
    of_rows, of_columns = min_weight_full_bipartite_matching(graph)
    owner = sorted((seat, guide_id) for guide_id, seat in first_seat.items() if seats[guide_id] > 0)
    starts = [seat for seat, _ in owner]
    chosen: dict[int, int | None] = {}
    for row, column in zip(of_rows, of_columns, strict=True):
        place = int(np.searchsorted(starts, column, side="right")) - 1
        chosen[trainees[row].id] = owner[place][1] if column < count else None
    return chosen


def _pair(
    trainee: Trainee,
    guide_id: int | None,
    options: list[tuple[Fit, Guide]],
    guides: Sequence[Guide],
    seats: Mapping[int, int],
    until: date | None,
) -> Pair:
    fits = {guide.id: fit for fit, guide in options}
    others = [guide.id for _, guide in options if guide.id != guide_id]
    if guide_id is None:
        return Pair(trainee.id, None, next_best_id=others[0] if others else None,
                    obstacle=_obstacle(trainee, options, guides, until))  # fmt: skip
    return Pair(trainee.id, guide_id, fits[guide_id], next_best_id=others[0] if others else None)


def _obstacle(
    trainee: Trainee, options: Sequence[object], guides: Sequence[Guide], until: date | None
) -> Obstacle:
    """Return the limit that binds: the last one that would have to give for somebody to be found."""
    if options:
        return Obstacle.CAPACITY
    met = {limit_between(trainee, guide, until) for guide in guides}
    order = (Obstacle.FIELD, Obstacle.QUALIFICATION, Obstacle.ORGANIZATION)
    return next((limit for limit in order if limit in met), Obstacle.NO_MENTOR)
