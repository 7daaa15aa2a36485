"""The cheapest way to seat people, as a flow: exact, and small because people who are alike flow together.

Pure: values in, values out. A group flows through its hub to every guide that the hub leads to, or stays with one
guide of its own, or stays without; each guide's seats cost a step more one after the other. The matrix of a network is
totally unimodular (Hoffman and Kruskal, 1956), so the simplex method ends on whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

ANY = float("inf")


@dataclass(frozen=True)
class Group:
    """People who are alike: how many, the hub they may flow through, and the guide they may stay with at a cost."""

    size: int
    hub: int
    stay: tuple[int, int] | None = None


@dataclass(frozen=True)
class Way:
    """From a hub to a guide, at a cost for each."""

    hub: int
    guide: int
    cost: int


@dataclass(frozen=True)
class Flow:
    """How many of each group stay with their own guide, how many go through the hub, and how many take each way."""

    stays: Sequence[int]
    through: Sequence[int]
    taken: Sequence[int]


@dataclass
class _Network:
    """Columns of the linear programme: each a cost, an upper bound, and where it leaves (+1) and arrives (-1)."""

    costs: list[int] = field(default_factory=list)
    bounds: list[tuple[int, float]] = field(default_factory=list)
    entries: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, cost: int, most: float, ends: Mapping[int, int]) -> int:
        """Add a column; returns its place."""
        place = len(self.costs)
        self.costs.append(cost)
        self.bounds.append((0, most))
        self.entries.extend((row, place, sign) for row, sign in ends.items())
        return place


def cheapest_flow(
    groups: Sequence[Group], ways: Sequence[Way], seats: Sequence[int], *, step: int, nobody: int
) -> Flow:
    """Seat everybody at the least cost in all; to stay without a seat costs `nobody`, each further seat `step` more."""
    if not groups:
        return Flow([], [], [0] * len(ways))
    hub_row = len(groups)
    guide_row = hub_row + max(group.hub for group in groups) + 1
    network = _Network()
    without, through, stays = [], [], {}
    for row, group in enumerate(groups):
        without.append(network.add(nobody, ANY, {row: 1}))
        through.append(network.add(0, ANY, {row: 1, hub_row + group.hub: -1}))
        if group.stay:
            stays[row] = network.add(group.stay[1], ANY, {row: 1, guide_row + group.stay[0]: -1})
    taken = [network.add(way.cost, ANY, {hub_row + way.hub: 1, guide_row + way.guide: -1}) for way in ways]
    people = sum(group.size for group in groups)
    for guide, places in enumerate(seats):
        for seat in range(min(max(0, places), people)):
            network.add(step * seat, 1, {guide_row + guide: 1})
    supply = [group.size for group in groups] + [0] * (guide_row + len(seats) - hub_row)
    flow = _solved(network, supply)
    return Flow(
        [int(flow[stays[row]]) if row in stays else 0 for row in range(len(groups))],
        [int(flow[place]) for place in through],
        [int(flow[place]) for place in taken],
    )


def _solved(network: _Network, supply: Sequence[int]) -> np.ndarray:
    rows, columns, signs = zip(*network.entries, strict=True)
    balance = csr_array((signs, (rows, columns)), shape=(len(supply), len(network.costs)))
    answer = linprog(
        network.costs,
        A_eq=balance,
        b_eq=supply,
        bounds=np.array(network.bounds, dtype=float),
        method="highs-ds",
    )
    if not answer.success:
        raise RuntimeError(f"the flow was not found: {answer.message}")
    return np.rint(answer.x)
