"""One figure at a time: before and after, its range, its limits, its course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainmgr.kernel.charts.canvas import Spot, Tick, in_range, path, r1, text_width


@dataclass(frozen=True)
class Gain:
    """From an entry level to the present one, with the requirement as a tick, on one line of 120 × 16."""

    before: float | None
    after: float | None
    need: float | None


def gain(
    before: float | None, after: float | None, need: float | None, low: float = 1.0, high: float = 5.0
) -> Gain:
    """Place two levels and a requirement; an unknown one stays None and is not drawn."""

    def place(level: float | None) -> float | None:
        return None if level is None else r1(6 + (in_range(level, low, high) - low) / (high - low) * 108)

    return Gain(place(before), place(after), place(need))


@dataclass(frozen=True)
class IntervalLine:
    """A share with the interval around it and a limit as a tick, on one line of 120 × 16 from 0 to 1."""

    value: float | None
    low: float | None
    high: float | None
    limit: float | None


def interval_line(
    value: float | None, low: float | None = None, high: float | None = None, limit: float | None = None
) -> IntervalLine:
    """Place a share, its interval and a limit; an unknown one stays None and is not drawn."""

    def place(share: float | None) -> float | None:
        return None if share is None else r1(6 + in_range(share, 0.0, 1.0) * 108)

    return IntervalLine(place(value), place(low), place(high), place(limit))


@dataclass(frozen=True)
class RangeLine:
    """One figure on its scale: where it is, from where to where it may still move, and the limits with their names."""

    value: float | None
    low: float | None
    width: float
    ticks: Sequence[Tick]
    limits: Sequence[tuple[float, float, str, str]]


def range_line(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    limits: Sequence[tuple[float, str]] = (),
    top: float = 100.0,
) -> RangeLine:
    """Place a figure on 0…top (canvas 420 × 64); limits are (value, name), names that would touch are set aside."""

    def place(at: float) -> float:
        return r1(10 + in_range(at / top, 0.0, 1.0) * 400)

    named: list[tuple[float, float, str, str]] = []
    ordered = sorted(limits)
    for index, (at, name) in enumerate(ordered):
        x, half = place(at), text_width(f"{name} {at:g}") / 2
        after = place(ordered[index + 1][0]) if index + 1 < len(ordered) else None
        before = place(ordered[index - 1][0]) if index else None
        tight_after = after is not None and after - x < 2 * half
        tight_before = before is not None and x - before < 2 * half
        anchor = "end" if tight_after or x + half > 420 else "start" if tight_before or x < half else "middle"
        named.append((x, at, name, anchor))
    band = (None, 0.0) if low is None or high is None else (place(low), r1(place(high) - place(low)))
    return RangeLine(
        None if value is None else place(value),
        band[0],
        band[1],
        [Tick(place(top * step / 5), top * step / 5) for step in range(6)],
        named,
    )


@dataclass(frozen=True)
class Bar:
    """A bar of 100 × 8: what is done, what is done but not yet confirmed, and limits as ticks."""

    fill: float
    soft: float
    ticks: Sequence[float]


def bar(value: float | None, total: float | None, soft: float | None = None) -> Bar:
    """Return shares of a total in per cent; `soft` is the larger one behind (handed in, not yet verified)."""

    def share(part: float | None) -> float:
        return r1(in_range(part / total * 100, 0.0, 100.0)) if part and total else 0.0

    return Bar(share(value), share(soft), [])


def check_bar(
    value: float | None, low: float | None = None, high: float | None = None, top: float | None = None
) -> Bar:
    """Return a figure against its lower and upper limit, on a scale that holds them all."""
    known = [abs(x) for x in (value, low, high) if x is not None]
    scale = top or max([*known, 1e-9]) * (1.25 if high is not None or low is None else 1.0) or 1.0
    ticks = [r1(in_range(x / scale * 100, 0.0, 99.0)) for x in (low, high) if x is not None]
    return Bar(r1(in_range((value or 0.0) / scale * 100, 0.0, 100.0)), 0.0, ticks)


@dataclass(frozen=True)
class Spark:
    """A small course of values on 88 × 24, the last one marked."""

    path: str
    last: Spot


def spark(values: Sequence[float]) -> Spark | None:
    """Return the course of at least two values, else None."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    spots = [
        (r1(4 + 80 * i / (len(values) - 1)), r1(20 - 16 * (v - low) / (high - low)) if high > low else 12.0)
        for i, v in enumerate(values)
    ]
    return Spark(path(spots, closed=False), spots[-1])
