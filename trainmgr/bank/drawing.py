"""Draws a paper from a blueprint, and puts its items and options into each person's own order. Pure.

Everything is chosen by the rank of a hash of the seed and the id: the same seed gives the same paper on every machine
and in every year, in whatever order the items come; each item of a cell has the same chance; and an item that joins
the bank moves nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trainmgr.bank.rules import Difficulty, FormPolicy

Place = tuple[int, Difficulty]


@dataclass(frozen=True)
class Cell:
    """What a blueprint asks of one competency and difficulty: so many items of so many points each."""

    competency_id: int
    difficulty: Difficulty
    count: int
    points: Decimal

    @property
    def place(self) -> Place:
        """Where the cell stands in the matrix."""
        return self.competency_id, self.difficulty


@dataclass(frozen=True)
class Shortage:
    """A cell that the bank cannot fill, and by how many items."""

    competency_id: int
    difficulty: Difficulty
    needed: int
    found: int

    @property
    def missing(self) -> int:
        """How many items the cell is short of."""
        return self.needed - self.found


class PaperShort(Exception):
    """The bank cannot fill a paper; `shortages` names each cell."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(shortages)
        self.shortages = list(shortages)


@dataclass(frozen=True)
class Drawn:
    """An item of a paper, with its points there."""

    item_id: int
    points: Decimal


def needed(cell: Cell, policy: FormPolicy) -> int:
    """Return how many different items a cell takes for both forms together."""
    return cell.count * (2 if policy is FormPolicy.PARALLEL else 1)


def shortages(cells: Iterable[Cell], found: Mapping[Place, int], policy: FormPolicy) -> list[Shortage]:
    """Return the cells that the bank cannot fill; `found` counts its items by cell."""
    return [
        Shortage(cell.competency_id, cell.difficulty, needed(cell, policy), found.get(cell.place, 0))
        for cell in cells
        if found.get(cell.place, 0) < needed(cell, policy)
    ]


def draw(
    cells: Sequence[Cell], pool: Mapping[Place, Collection[int]], *, seed: int, avoid: Collection[int] = ()
) -> list[Drawn]:
    """Draw a paper, its cells in the order of the blueprint; items to `avoid` (those of the other form) stay out.

    Raises PaperShort, naming every cell that cannot be filled.
    """
    banned = set(avoid)
    usable = {cell.place: [item for item in pool.get(cell.place, ()) if item not in banned] for cell in cells}
    short = shortages(cells, {place: len(items) for place, items in usable.items()}, FormPolicy.SAME)
    if short:
        raise PaperShort(short)
    return [
        Drawn(item_id, cell.points)
        for cell in cells
        for item_id in ranked(usable[cell.place], f"draw:{seed}")[: cell.count]
    ]


def ranked(items: Iterable[int], key: str) -> list[int]:
    """Return items in the order of their hashes under a key: a shuffle that needs no memory."""
    return sorted(items, key=lambda item: (_hash(f"{key}:{item}"), item))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def item_order(items: Sequence[int], *, seed: int, person_id: int, shuffle: bool) -> list[int]:
    """Return a paper's items in one person's order, the same whenever it is asked; unshuffled they stay as they are."""
    return ranked(items, f"items:{seed}:{person_id}") if shuffle else list(items)


def option_order(options: int, *, seed: int, person_id: int, item_id: int, shuffle: bool) -> list[int]:
    """Return the places of an item's options in one person's order."""
    places = range(options)
    return ranked(places, f"options:{seed}:{person_id}:{item_id}") if shuffle else list(places)
