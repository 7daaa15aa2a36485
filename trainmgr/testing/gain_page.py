"""The gain as its page and its Word document show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from trainmgr.identity.models import User
from trainmgr.programs.models import Program
from trainmgr.testing import asked, gains
from trainmgr.testing.asked import Line
from trainmgr.testing.gains import PairCell, Series
from trainmgr.testing.reporting import Pairs
from trainmgr.testing.reports import Chosen


@dataclass(frozen=True)
class Gain:
    """How the people whom the viewer sees moved between an instrument's test before and at the end."""

    program: Program
    series: Series
    chosen: Chosen
    lines: Sequence[Line]
    cells: Sequence[PairCell]

    @classmethod
    def of(cls, program: Program, series: Series, viewer: User, chosen: Chosen) -> Gain:
        """Read a gain: two statements."""
        lines = asked.lines_of(program.id, series.version_id)
        return cls(program, series, chosen, lines, gains.cells_of(program, series.version_id, viewer))

    @cached_property
    def pairs(self) -> Mapping[int, Pairs]:
        """How they moved, by competency."""
        return gains.pairs_of(self.cells, self.lines, self.chosen)

    @cached_property
    def rows(self) -> list[tuple[Line, Pairs]]:
        """The competencies in which somebody was measured twice, what is least closed first."""
        found = [(line, self.pairs[line.id]) for line in self.lines if self.pairs[line.id].n]

        def share(row: tuple[Line, Pairs]) -> float:
            after = row[1].below_after
            return -(after.value or 0.0) if after else 1.0

        return sorted(found, key=share)

    @cached_property
    def whole(self) -> Pairs:
        """All competencies together: each person counts once for each of them."""
        crossed: dict[tuple[int, int], int] = {}
        for _line, pairs in self.rows:
            for key, people in pairs.crossed.items():
                crossed[key] = crossed.get(key, 0) + people
        every = [pairs for _line, pairs in self.rows]
        return Pairs(
            crossed,
            sum(pairs.before for pairs in every),
            sum(pairs.after for pairs in every),
            sum(pairs.before_squares for pairs in every),
            sum(pairs.after_squares for pairs in every),
        )

    @property
    def people(self) -> int:
        """The largest number of people measured twice in one competency."""
        return max((pairs.n for _line, pairs in self.rows), default=0)

    @property
    def still_open(self) -> list[tuple[Line, Pairs]]:
        """The competencies whose share below the required level stays above the threshold."""
        return [row for row in self.rows if row[1].is_open]

    @cached_property
    def cohorts(self) -> list[str]:
        """The classes in it, of the chosen enterprise."""
        enterprise = Chosen(None, self.chosen.enterprise_id)
        return sorted({one.cohort for one in self.cells if enterprise.holds("", one.enterprise_id)})

    @cached_property
    def enterprises(self) -> list[tuple[int, str]]:
        """The enterprises whose people are in it."""
        named = {one.enterprise_id: one.enterprise for one in self.cells if one.enterprise_id}
        return sorted(named.items(), key=lambda pair: pair[1])
