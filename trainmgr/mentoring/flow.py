"""The cheapest way to seat people, as a flow: exact, and small because people who are alike flow together.

Pure: values in, values out. A group flows through its hub to every guide that the hub leads to, or goes straight to
one of a few guides of its own, or stays without; each guide's seats cost a step more one after the other. The matrix
of a network is totally unimodular (Hoffman and Kruskal, 1956), so the simplex method ends on whole numbers.

Where one aim comes before another, they are solved one after the other: complementary slackness leaves exactly the
flows that are best for the first, and the second chooses among them. No aim has to be made heavy enough to drown the
next, so that numbers stay small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

ANY = float("inf")
# Reduced costs of whole numbers are whole numbers; what is nearer to nothing than this is nothing.
HALF = 0.5
# Heavier than this, a seat for everybody becomes an aim of its own that comes first.
HEAVY = 100_000_000


@dataclass(frozen=True)
class Group:
    """People who are alike: how many, the hub they may flow through, guides of their own, each at a cost.

    `present` is the one of them under whom they are: going anywhere else counts as a change.
    """

    size: int
    hub: int
    own: Sequence[tuple[int, int]] = ()
    present: int | None = None


@dataclass(frozen=True)
class Road:
    """From a hub to a guide, at a cost for each."""

    hub: int
    guide: int
    cost: int


@dataclass(frozen=True)
class Flow:
    """How many of each group go to each of their own guides, how many through the hub, how many take each road."""

    own: Sequence[Sequence[int]]
    through: Sequence[int]
    taken: Sequence[int]


@dataclass
class _Network:
    """Columns of the linear programme: costs, an upper bound, and where each leaves (+1) and arrives (-1)."""

    costs: list[int] = field(default_factory=list)
    without: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, int]] = field(default_factory=list)

    def add(
        self, cost: int, most: float, ends: Mapping[int, int], *, without: int = 0, change: int = 0
    ) -> int:
        """Add a column; returns its place."""
        place = len(self.costs)
        self.costs.append(cost)
        self.without.append(without)
        self.changes.append(change)
        self.most.append(most)
        self.entries.extend((row, place, sign) for row, sign in ends.items())
        return place


def cheapest_flow(
    groups: Sequence[Group],
    roads: Sequence[Road],
    seats: Sequence[int],
    *,
    step: int,
    nobody: int,
    fewest_changes: bool = False,
) -> Flow:
    """Seat everybody at the least cost in all; to stay without a seat costs `nobody`, each further seat `step` more.

    With `fewest_changes`: as many as can be seated, then as few as can be away from their present guide, then cost.
    """
    if not groups:
        return Flow([], [], [0] * len(roads))
    hub_row = len(groups)
    guide_row = hub_row + max(group.hub for group in groups) + 1
    network = _Network()
    through, own = [], []
    for row, group in enumerate(groups):
        change = int(group.present is not None)
        network.add(nobody, ANY, {row: 1}, without=1, change=change)
        through.append(network.add(0, ANY, {row: 1, hub_row + group.hub: -1}, change=change))
        own.append(
            [
                network.add(
                    cost, ANY, {row: 1, guide_row + guide: -1}, change=change * (guide != group.present)
                )
                for guide, cost in group.own
            ]
        )
    taken = [
        network.add(road.cost, ANY, {hub_row + road.hub: 1, guide_row + road.guide: -1}) for road in roads
    ]
    people = sum(group.size for group in groups)
    for guide, places in enumerate(seats):
        for seat in range(min(max(0, places), people)):
            network.add(step * seat, 1, {guide_row + guide: 1})
    supply = [group.size for group in groups] + [0] * (guide_row + len(seats) - hub_row)
    aims = [network.costs] if nobody <= HEAVY and not fewest_changes else [network.without, network.costs]
    if fewest_changes:
        aims.insert(1, network.changes)
    flow = _solved(network, supply, aims)
    return Flow(
        [[int(flow[place]) for place in places] for places in own],
        [int(flow[place]) for place in through],
        [int(flow[place]) for place in taken],
    )


def _solved(network: _Network, supply: Sequence[int], aims: Sequence[Sequence[int]]) -> np.ndarray:
    rows, columns, signs = zip(*network.entries, strict=True)
    balance = csr_array((signs, (rows, columns)), shape=(len(supply), len(network.costs)))
    bounds = np.column_stack([np.zeros(len(network.most)), network.most])
    answer = None
    for aim in aims:
        if answer is not None:
            _keep_to_the_best(bounds, answer)
        answer = linprog(aim, A_eq=balance, b_eq=supply, bounds=bounds, method="highs-ds")
        if not answer.success:
            raise RuntimeError(f"the flow was not found: {answer.message}")
    assert answer is not None
    return np.rint(answer.x)


def _keep_to_the_best(bounds: np.ndarray, answer: object) -> None:
    """Leave only the flows that are as good as the one found: what would make it worse may not be used."""
    worse = answer.lower.marginals > HALF  # type: ignore[attr-defined]
    better = answer.upper.marginals < -HALF  # type: ignore[attr-defined]
    bounds[worse, 1] = bounds[worse, 0]
    bounds[better, 0] = bounds[better, 1]
