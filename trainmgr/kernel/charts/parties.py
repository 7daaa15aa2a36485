"""The parties beside each other: bars and radar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainmgr.kernel.charts.canvas import PARTIES, Spot, in_range, path, r1, wrapped


@dataclass(frozen=True)
class PartyRow:
    """One party's bar: how long, and for a provisional value from where to where it may still move."""

    party: str
    value: float | None
    y: float
    width: float
    range_x: float
    range_width: float
    low: float | None
    high: float | None
    text_x: float

    @property
    def provisional(self) -> bool:
        """Whether a part of it is still missing."""
        return self.low is not None


@dataclass(frozen=True)
class PartyBars:
    """Bars of the parties in their fixed order, from zero, with the requirement as a tick over all."""

    width: float
    height: float
    left: float
    bar: float
    rows: Sequence[PartyRow]
    need: float | None
    need_x: float | None


def party_bars(
    values: Mapping[str, float | None],
    ranges: Mapping[str, tuple[float, float]] | None = None,
    need: float | None = None,
    top: float = 5.0,
    left: float = 72.0,
) -> PartyBars:
    """Lay out the bars of those parties that are named; None is a party that has not judged (no bar, never zero)."""
    width, bar, step, right = 400.0, 20.0, 36.0, 64.0
    room = width - left - right
    head = 16.0 if need is not None else 2.0

    def place(value: float) -> float:
        return in_range(value / top, 0.0, 1.0) * room

    rows: list[PartyRow] = []
    for party in (party for party in PARTIES if party in values):
        value, span = values[party], (ranges or {}).get(party)
        length = place(value) if value is not None else 0.0
        low, high = (place(span[0]), place(span[1])) if span else (length, length)
        rows.append(
            PartyRow(
                party,
                value,
                r1(head + len(rows) * step),
                r1(length),
                r1(left + low),
                r1(high - low),
                span[0] if span else None,
                span[1] if span else None,
                r1(left + max(length, high) + 6),
            )
        )
    height = head + max(len(rows), 1) * step - (step - bar) + 4
    need_x = None if need is None else r1(left + place(need))
    return PartyBars(width, r1(height), left, bar, rows, need, need_x)


@dataclass(frozen=True)
class Label:
    """A text of a chart with where it stands; lines go downwards from y."""

    x: float
    y: float
    anchor: str
    lines: Sequence[str]


@dataclass(frozen=True)
class RadarSeries:
    """One party's line, with gaps where it has not judged, and its marks."""

    party: str
    path: str
    marks: Sequence[Spot]
    judged: int


@dataclass(frozen=True)
class Radar:
    """The same criteria judged by several parties, from zero in the middle to the top level at the rim."""

    width: float
    height: float
    rings: Sequence[str]
    spokes: Sequence[str]
    labels: Sequence[Label]
    series: Sequence[RadarSeries]


def radar(axes: Sequence[str], series: Mapping[str, Sequence[float | None]], top: float = 5.0) -> Radar:
    """Lay out a radar of at least three axes; each series has a value or None for every axis."""
    if len(axes) < 3:
        raise ValueError("a radar needs at least three axes")
    if any(len(values) != len(axes) for values in series.values()):
        raise ValueError("a series has as many values as there are axes")
    width, height, cx, cy, rim = 420.0, 330.0, 210.0, 165.0, 118.0
    angles = [2 * math.pi * index / len(axes) - math.pi / 2 for index in range(len(axes))]

    def spot(index: int, level: float) -> Spot:
        reach = rim * in_range(level / top, 0.0, 1.0)
        return r1(cx + reach * math.cos(angles[index])), r1(cy + reach * math.sin(angles[index]))

    everywhere = range(len(axes))
    rings = [path([spot(i, top * ring / 5) for i in everywhere], closed=True) for ring in range(1, 6)]
    spokes = [f"M{cx} {cy}L{x} {y}" for x, y in (spot(i, top) for i in everywhere)]
    lines = []
    for party in (party for party in PARTIES if party in series):
        spots = [None if level is None else spot(i, level) for i, level in enumerate(series[party])]
        marks = [place for place in spots if place is not None]
        lines.append(RadarSeries(party, ring_path(spots), marks, len(marks)))
    labels = [_radar_label(name, angle, cx, cy, rim, width) for name, angle in zip(axes, angles, strict=True)]
    return Radar(width, height, rings, spokes, labels, lines)


def _radar_label(name: str, angle: float, cx: float, cy: float, rim: float, width: float) -> Label:
    across, down = math.cos(angle), math.sin(angle)
    x, y = cx + (rim + 13) * across, cy + (rim + 13) * down
    if abs(across) < 0.2:
        anchor, room = "middle", 180.0
    else:
        anchor, room = ("start", width - x) if across > 0 else ("end", x)
    lines = wrapped(name, max(room, 44.0), 3 if anchor != "middle" else 2)
    first = (
        y - (len(lines) - 1) * 13 if down < -0.9 else y + 10 if down > 0.9 else y + 4 - (len(lines) - 1) * 6.5
    )
    return Label(r1(x), r1(first), anchor, lines)


def ring_path(spots: Sequence[Spot | None]) -> str:
    """Return the line through spots around a ring: closed when none is missing, else with gaps."""
    present = [index for index, place in enumerate(spots) if place is not None]
    if len(present) == len(spots):
        return path([place for place in spots if place is not None], closed=True)
    pieces = []
    for index in present:
        if spots[index - 1] is None:  # a run begins behind a gap, also across the seam
            run = []
            step = index
            while (place := spots[step % len(spots)]) is not None:
                run.append(place)
                step += 1
            if len(run) > 1:
                pieces.append(path(run, closed=False))
    return "".join(pieces)
