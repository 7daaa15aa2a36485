"""Importance against attainment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainmgr.kernel.charts.canvas import Spot, Tick, in_range, r1


@dataclass(frozen=True)
class Dot:
    """A numbered dot; it may stand a little off its true place so that its number can be read."""

    number: int
    x: float
    y: float
    true_x: float
    true_y: float
    first: bool
    name: str

    @property
    def moved(self) -> bool:
        """Whether a thin line must lead to its true place."""
        return math.hypot(self.x - self.true_x, self.y - self.true_y) > 0.5


@dataclass(frozen=True)
class Scatter:
    """How important against how well attained, parted by a cross whose two values are stated."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    dots: Sequence[Dot]
    cross: Spot
    cross_x: float
    cross_y: float
    radius: float


def axis_span(values: Iterable[float], low: float, high: float, step: float = 0.5) -> tuple[float, float]:
    """Return a span on whole steps that holds the values, at least two steps long and within what can be rated."""
    known = list(values) or [low, high]
    start = max(low, math.floor(min(known) / step) * step)
    end = min(high, math.ceil(max(known) / step) * step)
    while end - start < 2 * step - 1e-9:
        start, end = max(low, start - step), min(high, end + step)
    return start, end


def scatter(
    points: Sequence[Mapping[str, Any]], cross: Spot | None = None, low: float = 1.0, high: float = 5.0
) -> Scatter:
    """Lay out points with number, x, y and optionally name and first (one of those to act on).

    The cross stands at the means unless given.
    """
    width, height, left, right, head, foot, radius = 400.0, 330.0, 40.0, 390.0, 10.0, 280.0, 9.0
    xs, ys = [float(p["x"]) for p in points], [float(p["y"]) for p in points]
    middle = (low + high) / 2
    at = cross or (sum(xs) / len(xs) if xs else middle, sum(ys) / len(ys) if ys else middle)
    x0, x1 = axis_span([*xs, at[0]], low, high)
    y0, y1 = axis_span([*ys, at[1]], low, high)

    def across(value: float) -> float:
        return left + (in_range(value, x0, x1) - x0) / (x1 - x0) * (right - left)

    def down(value: float) -> float:
        return foot - (in_range(value, y0, y1) - y0) / (y1 - y0) * (foot - head)

    true = [(across(x), down(y)) for x, y in zip(xs, ys, strict=True)]
    placed = spread(true, radius, (left, head, right, foot))
    dots = [
        Dot(int(p["number"]), r1(x), r1(y), r1(tx), r1(ty), bool(p.get("first")), str(p.get("name", "")))
        for p, (x, y), (tx, ty) in zip(points, placed, true, strict=True)
    ]
    return Scatter(
        width=width,
        height=height,
        left=left,
        right=right,
        top=head,
        bottom=foot,
        x_ticks=[Tick(r1(across(value)), value) for value in _steps(x0, x1)],
        y_ticks=[Tick(r1(down(value)), value) for value in _steps(y0, y1)],
        dots=dots,
        cross=at,
        cross_x=r1(across(at[0])),
        cross_y=r1(down(at[1])),
        radius=radius,
    )


def _steps(start: float, end: float, step: float = 0.5) -> list[float]:
    return [start + step * index for index in range(round((end - start) / step) + 1)]


def spread(spots: Sequence[Spot], radius: float, box: tuple[float, float, float, float]) -> list[Spot]:
    """Move circles apart as little as a spiral finds, so that none covers another and all stay within the box.

    The first in order keep their places. Where the box is too full, the last ones may still overlap.
    """
    left, top, right, bottom = box
    placed: list[Spot] = []

    def free(x: float, y: float) -> bool:
        return all(math.hypot(x - px, y - py) >= 2 * radius + 0.5 for px, py in placed)

    def inside(x: float, y: float) -> Spot:
        return in_range(x, left + radius, right - radius), in_range(y, top + radius, bottom - radius)

    for x, y in spots:
        start = inside(x, y)
        best = start
        if not free(*start):
            rings = range(1, math.ceil(max(right - left, bottom - top) / 4))
            tries = (
                inside(
                    x + 4 * ring * math.cos(math.pi * turn / 12), y + 4 * ring * math.sin(math.pi * turn / 12)
                )
                for ring in rings
                for turn in range(24)
            )
            best = next((candidate for candidate in tries if free(*candidate)), start)
        placed.append(best)
    return placed
