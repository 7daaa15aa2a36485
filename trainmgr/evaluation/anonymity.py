"""What of a survey's table may be shown so that nobody's answers can be worked out from it. Pure.

A figure over fewer than five people is not shown. That alone protects nobody: a total less the groups that are shown
gives the group that is not. So further figures are withheld until nothing that can be worked out from all those shown,
by whatever sums and differences, concerns fewer than five people (complementary suppression; Cox 1980, "Suppression
methodology and statistical disclosure control", Journal of the American Statistical Association 75, 377–385).

How that is known: rows and columns are the vertices of a graph, each cell withheld an edge that weighs its people.
Everything that the shown figures say of withheld cells is a number for each row plus a number for each column; where
the two add up to nothing the cell drops out. Hence what is said concerns the edges between two parts of the graph, a
cut, and nothing concerns fewer than five people exactly if no cut weighs less than five (Gusfield 1988, "A graph
theoretic approach to statistical data security", SIAM Journal on Computing 17, 552–571). Rows whose total is not
shown count as one vertex, and so do such columns. Small cuts are found after Nagamochi and Ibaraki (1992): what hangs
together by five or more is drawn together until nothing is left or a part hangs by less.

Nobody at all (0) is no secret and may be said. Two tables of the same people by two properties (class, enterprise) are
the two margins of one table whose cells are not shown: give them together, with `margins`. Several questions to the
same people are tables of their own, each judged alone: whatever is worked out over several questions concerns, in one
of them, at least five people.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

LEAST = 5
CELLS, ROWS, COLUMNS, TOTAL = "cells", "rows", "columns", "total"
EVERYTHING = frozenset({CELLS, ROWS, COLUMNS, TOTAL})

Key = Hashable
Cell = tuple[Key, Key]


@dataclass(frozen=True)
class Published:
    """Which figures of a table may be shown; None stands for all rows or all columns."""

    cells: frozenset[Cell]
    rows: frozenset[Key]
    columns: frozenset[Key]
    total: bool

    def shows(self, row: Key | None = None, column: Key | None = None) -> bool:
        """Tell whether the figure of a cell, of a row (no column named), of a column or of everybody may be shown."""
        if row is None:
            return self.total if column is None else column in self.columns
        return row in self.rows if column is None else (row, column) in self.cells


def published(
    cells: Mapping[Cell, int], margins: Collection[str] = EVERYTHING, least: int = LEAST
) -> Published:
    """Decide which figures of a table of people may be shown.

    `cells` counts the people who answered by (row, column); rows and columns each divide them: nobody stands in two.
    `margins` names what is to be shown at all: "cells", "rows" (each row's total), "columns", "total". Raises
    ValueError for a negative count or an unknown margin.
    """
    unknown = set(margins) - EVERYTHING
    if unknown or any(n < 0 for n in cells.values()):
        raise ValueError(f"no such margin: {sorted(unknown)}" if unknown else "a count below zero")
    table = _Table(dict(cells), set(margins), least)
    table.protect()
    return table.published


def shown_groups(counts: Mapping[Key, int], least: int = LEAST, *, with_total: bool = True) -> Published:
    """Decide which groups of a one-dimensional table may be shown, beside the total unless that is not shown at all.

    Ask the answer by `shows(group)` and `shows()`.
    """
    margins = {ROWS, TOTAL} if with_total else {ROWS}
    return published({(group, ""): n for group, n in counts.items()}, margins, least)


class _Table:
    """A table while it is decided upon: what is still shown shrinks until nothing small can be worked out."""

    def __init__(self, cells: dict[Cell, int], margins: set[str], least: int) -> None:
        # In one order, whatever order they came in, so that a table comes out the same each time.
        self.n, self.least = dict(sorted(cells.items(), key=str)), least
        self.by_row, self.by_column = _sums(cells, 0), _sums(cells, 1)
        self.all = sum(cells.values())
        self.cells = {key for key, n in cells.items() if CELLS in margins and self._is_fine(n)}
        self.rows = {key for key, n in self.by_row.items() if ROWS in margins and self._is_fine(n)}
        self.columns = {key for key, n in self.by_column.items() if COLUMNS in margins and self._is_fine(n)}
        self.total = TOTAL in margins and self._is_fine(self.all)

    def _is_fine(self, n: int) -> bool:
        return n == 0 or n >= self.least

    @property
    def published(self) -> Published:
        return Published(frozenset(self.cells), frozenset(self.rows), frozenset(self.columns), self.total)

    def protect(self) -> None:
        """Withhold figures until no cut of what is withheld weighs less than the least."""
        while True:
            graph = self._graph()
            part = loose_part(graph, self.least)
            if part is None:
                return
            self._tie(part, graph)

    # --- the graph of what is withheld ---

    def _vertex(self, key: Key, *, is_row: bool) -> Cell:
        """Return the vertex of a row or column; without shown totals they are one, or one for both sides."""
        if key in (self.rows if is_row else self.columns):
            return ("row" if is_row else "column", key)
        return ("rest", is_row and self.total)

    def _graph(self) -> dict[Cell, dict[Cell, int]]:
        graph: dict[Cell, dict[Cell, int]] = {}
        for (row, column), n in self.n.items():
            one, other = self._vertex(row, is_row=True), self._vertex(column, is_row=False)
            if n > 0 and (row, column) not in self.cells and one != other:
                graph.setdefault(one, {})[other] = graph.get(one, {}).get(other, 0) + n
                graph.setdefault(other, {})[one] = graph.get(other, {}).get(one, 0) + n
        return graph

    # --- withholding more ---

    def _tie(self, part: frozenset[Cell], graph: Mapping[Cell, Any]) -> None:
        """Withhold what ties a part to the rest: the smallest cell between, else a total, everybody's last."""
        between = [
            (self.n[cell], str(cell), cell)
            for cell in self.cells
            if self.n[cell] and self._crosses(cell, part)
        ]
        if between:
            self.cells.remove(min(between)[2])
            return
        totals = [
            (sums[key], str(key), is_row, key)
            for is_row, shown, sums in ((True, self.rows, self.by_row), (False, self.columns, self.by_column))
            for key in shown
            if (vertex := self._vertex(key, is_row=is_row)) in graph
            and (vertex in part) != (("rest", is_row and self.total) in part)
        ]
        if totals:
            _n, _text, is_row, key = min(totals, key=lambda each: each[:3])
            (self.rows if is_row else self.columns).remove(key)
            return
        near = [(self.n[c], str(c), c) for c in self.cells if self.n[c] and self._touches(c, graph)]
        if near:  # a longer way round: its column or row comes next
            self.cells.remove(min(near)[2])
        else:
            self.total = False

    def _touches(self, cell: Cell, graph: Mapping[Cell, Any]) -> bool:
        row, column = cell
        return self._vertex(row, is_row=True) in graph or self._vertex(column, is_row=False) in graph

    def _crosses(self, cell: Cell, part: frozenset[Cell]) -> bool:
        row, column = cell
        return (self._vertex(row, is_row=True) in part) != (self._vertex(column, is_row=False) in part)


def _sums(cells: Mapping[Cell, int], place: int) -> dict[Any, int]:
    sums: dict[Any, int] = {}
    for key, n in cells.items():
        sums[key[place]] = sums.get(key[place], 0) + n
    return sums


def loose_part(graph: Mapping[Any, Mapping[Any, int]], least: int) -> frozenset[Any] | None:
    """Return a part of a weighted graph that hangs on the rest of its component by less than `least`; None without one.

    In an order in which each next vertex hangs most on those before it, the last hangs on all others by the cut around
    it, and whatever hung on those before by `least` or more cannot be cut off from the one before it by less
    (Nagamochi & Ibaraki 1992, Stoer & Wagner 1997): the two are drawn together.
    """
    parts = {vertex: frozenset([vertex]) for vertex in graph}
    live = {vertex: dict(near) for vertex, near in graph.items()}
    while live:
        order, hold = _adjacency_order(live)
        last = order[-1]
        if len(order) > 1 and hold[-1] < least:
            return parts[last]
        joined = [(order[i - 1], order[i]) for i in range(1, len(order)) if hold[i] >= least]
        if len(order) == 1:
            del live[last]
        for keep, gone in reversed(joined):
            _draw_together(live, parts, keep, gone)
    return None


def _adjacency_order(live: Mapping[Any, Mapping[Any, int]]) -> tuple[list[Any], list[int]]:
    """Return one component in such an order, and by how much each vertex hangs on those before it."""
    start = next(iter(live))
    hangs, done = {start: 0}, set()
    order: list[Any] = []
    hold: list[int] = []
    heap: list[tuple[int, int, Any]] = [(0, 0, start)]
    count = 0
    while heap:
        weight, _tie, vertex = heappop(heap)
        if vertex in done:
            continue
        done.add(vertex)
        order.append(vertex)
        hold.append(-weight)
        for near, more in live[vertex].items():
            if near not in done:
                hangs[near] = hangs.get(near, 0) + more
                count += 1
                heappush(heap, (-hangs[near], count, near))
    return order, hold


def _draw_together(
    live: dict[Any, dict[Any, int]], parts: dict[Any, frozenset[Any]], keep: Any, gone: Any
) -> None:
    for near, weight in live.pop(gone).items():
        del live[near][gone]
        if near != keep:
            live[keep][near] = live[keep].get(near, 0) + weight
            live[near][keep] = live[near].get(keep, 0) + weight
    parts[keep] |= parts.pop(gone)
