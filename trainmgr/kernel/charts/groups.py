"""Several groups or people beside each other: distributions, places with mentors, named amounts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainmgr.kernel.charts.canvas import Tick, r1


@dataclass(frozen=True)
class Column:
    """One group's share in one interval."""

    group: int
    x: float
    y: float
    width: float
    height: float
    count: int
    share: float


@dataclass(frozen=True)
class Bin:
    """One interval with its columns side by side."""

    low: float
    high: float
    x: float
    middle: float
    columns: Sequence[Column]


@dataclass(frozen=True)
class Histogram:
    """How two or three groups spread over the same intervals, as shares of each group, so that sizes compare."""

    width: float
    height: float
    left: float
    floor: float
    right: float
    bins: Sequence[Bin]
    ticks: Sequence[Tick]
    totals: Sequence[int]


def histogram(edges: Sequence[float], counts: Sequence[Sequence[int]]) -> Histogram:
    """Lay out groups' counts over the intervals between edges (one more edge than intervals)."""
    if len(edges) < 2 or list(edges) != sorted(set(edges)):
        raise ValueError("edges rise and there are at least two")
    if any(len(group) != len(edges) - 1 for group in counts):
        raise ValueError("a group has one count for each interval")
    width, height, left, right, floor, head = 400.0, 220.0, 36.0, 396.0, 186.0, 20.0
    totals = [sum(group) for group in counts]
    shares = [
        [n / total if total else 0.0 for n in group] for group, total in zip(counts, totals, strict=True)
    ]
    peak = max((share for group in shares for share in group), default=0.0)
    step = next(step for step in (0.05, 0.1, 0.2, 0.25) if peak / step <= 5 or step == 0.25)
    ceiling = max(step, math.ceil(peak / step - 1e-9) * step)
    room = (right - left) / (len(edges) - 1)
    column = (room - 10) / max(len(counts), 1)
    bins = []
    for index in range(len(edges) - 1):
        x = left + room * index
        columns = []
        for group, part in enumerate(shares):
            tall = part[index] / ceiling * (floor - head)
            columns.append(
                Column(
                    group=group,
                    x=r1(x + 5 + column * group),
                    y=r1(floor - tall),
                    width=r1(column - 1),
                    height=r1(tall),
                    count=counts[group][index],
                    share=part[index],
                )
            )
        bins.append(Bin(edges[index], edges[index + 1], r1(x), r1(x + room / 2), columns))
    ticks = [
        Tick(r1(floor - step * n / ceiling * (floor - head)), step * n)
        for n in range(round(ceiling / step) + 1)
    ]
    return Histogram(width, height, left, floor, right, bins, ticks, totals)


@dataclass(frozen=True)
class Seat:
    """One place with a mentor: taken, locked (kept by hand), free, or over the limit."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True)
class SeatRow:
    """One mentor's places; with many places they become one bar, and the limit a tick."""

    name: str
    note: str
    y: float
    seats: Sequence[Seat]
    taken: int
    capacity: int
    bar: float | None
    bar_kind: str
    tick: float

    @property
    def over(self) -> bool:
        """Whether more trainees are assigned than the mentor takes."""
        return self.taken > self.capacity


@dataclass(frozen=True)
class Seats:
    """Mentors and how full they are."""

    width: float
    height: float
    left: float
    rows: Sequence[SeatRow]


def seats(rows: Sequence[Mapping[str, Any]], left: float = 132.0) -> Seats:
    """Lay out mentors' places: rows with name, taken, capacity and optionally note and locked."""
    width, step, right = 400.0, 28.0, 56.0
    room = width - left - right
    most = max((max(int(row["taken"]), int(row["capacity"])) for row in rows), default=1) or 1
    pitch = min(25.0, room / most)
    laid = []
    for index, row in enumerate(rows):
        taken, capacity, locked = int(row["taken"]), int(row["capacity"]), int(row.get("locked", 0) or 0)
        many = pitch < 10
        kinds = [
            "over" if n >= capacity else "lock" if n < locked else "taken" if n < taken else "free"
            for n in range(max(taken, capacity))
        ]
        places = (
            [] if many else [Seat(r1(left + pitch * n), r1(pitch - 4), kind) for n, kind in enumerate(kinds)]
        )
        laid.append(
            SeatRow(
                name=str(row["name"]),
                note=str(row.get("note") or ""),
                y=r1(5 + step * index),
                seats=places,
                taken=taken,
                capacity=capacity,
                bar=r1(taken * pitch) if many else None,
                bar_kind="over" if taken > capacity else "taken",
                tick=r1(left + capacity * pitch - (0 if many else 2)),
            )
        )
    return Seats(width, r1(5 + step * max(len(laid), 1)), left, laid)


@dataclass(frozen=True)
class ListBar:
    """One named amount."""

    label: str
    text: str
    y: float
    width: float


def list_bars(rows: Sequence[tuple[str, float, str]], width: float = 380.0) -> list[ListBar]:
    """Lay out named amounts (label, value, text) against the largest one."""
    top = max((value for _label, value, _text in rows), default=0.0)
    return [
        ListBar(label, text, r1(14 + 38 * index), r1(width * max(value, 0.0) / top) if top > 0 else 0.0)
        for index, (label, value, text) in enumerate(rows)
    ]
