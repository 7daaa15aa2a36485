"""The competency map as geometry: four columns, the links between them as curves. Pure.

Columns are post, typical tasks, competencies, modules. Rows of a column are ordered by where their links come from, so
that few links cross (one pass of the barycentre method: Sugiyama, Tagawa & Toda 1981).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT, GAP, BETWEEN, MARGIN = 208, 40, 8, 88, 8
TEXT_ROOM = WIDTH - 20
LINE = 14


@dataclass(frozen=True)
class Thing:
    """What is to be drawn: its key, its name, a note under the name."""

    key: str
    name: str
    note: str = ""


@dataclass(frozen=True)
class Node:
    """A box: its left upper corner, and its text in lines of at most `TEXT_ROOM` units."""

    thing: Thing
    column: int
    x: float
    y: float
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """The whole map in units of the canvas."""

    width: float
    height: float
    nodes: Sequence[Node] = ()
    edges: Sequence[str] = ()
    headings: Sequence[tuple[float, int]] = field(default_factory=tuple)


def draw(columns: Sequence[Sequence[Thing]], links: Iterable[tuple[str, str]], lines_of: object) -> Drawing:
    """Lay out the columns; `links` lead from keys of a column to keys of the next, `lines_of` breaks a text."""
    pairs = list(links)
    ordered = _ordered(columns, pairs)
    tallest = max((len(column) for column in ordered), default=0)
    top = MARGIN + 24
    height = top + max(1, tallest) * (HEIGHT + GAP) + MARGIN
    nodes: dict[str, Node] = {}
    for place, column in enumerate(ordered):
        free = (tallest - len(column)) * (HEIGHT + GAP) / 2
        for row, thing in enumerate(column):
            x, y = _left(place), top + free + row * (HEIGHT + GAP)
            nodes[thing.key] = Node(thing, place, x, round(y, 1), _broken(thing, lines_of))
    edges = [_curve(nodes[start], nodes[end]) for start, end in pairs if start in nodes and end in nodes]
    width = _left(len(ordered) - 1) + WIDTH + MARGIN
    headings = tuple((_left(place), len(column)) for place, column in enumerate(ordered))
    return Drawing(width, round(height, 1), list(nodes.values()), edges, headings)


def _left(place: int) -> float:
    return MARGIN + place * (WIDTH + BETWEEN)


def _broken(thing: Thing, lines_of: object) -> tuple[str, ...]:
    assert callable(lines_of)
    return tuple(lines_of(thing.name, TEXT_ROOM, 1 if thing.note else 2))


def _ordered(columns: Sequence[Sequence[Thing]], pairs: Sequence[tuple[str, str]]) -> list[list[Thing]]:
    sources: dict[str, list[str]] = {}
    for start, end in pairs:
        sources.setdefault(end, []).append(start)
    rows: dict[str, float] = {}
    ordered = []
    for column in columns:
        placed = sorted(enumerate(column), key=lambda one: (_middle(sources, rows, one[1]), one[0]))
        things = [thing for _place, thing in placed]
        rows |= {thing.key: (row + 0.5) / len(things) for row, thing in enumerate(things)}
        ordered.append(things)
    return ordered


def _middle(sources: Mapping[str, Sequence[str]], rows: Mapping[str, float], thing: Thing) -> float:
    """Where the links to a thing come from, as a share of their column; what has none goes to the end."""
    known = [rows[key] for key in sources.get(thing.key, ()) if key in rows]
    return sum(known) / len(known) if known else 2.0 if rows else 0.0


def _curve(start: Node, end: Node) -> str:
    x1, y1 = start.x + WIDTH, round(start.y + HEIGHT / 2, 1)
    x2, y2 = end.x, round(end.y + HEIGHT / 2, 1)
    middle = (x1 + x2) / 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
