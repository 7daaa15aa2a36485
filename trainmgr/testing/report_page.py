"""A report as its page, its Word document and its workbook show it: weaknesses in their order, classes side by side."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from trainmgr.bank.models import InstrumentVersion
from trainmgr.identity.models import User
from trainmgr.programs.models import Program
from trainmgr.testing import asked, reports
from trainmgr.testing.asked import Line
from trainmgr.testing.models import Attempt, Participant, Score, Sitting
from trainmgr.testing.reporting import Group, weakest_first
from trainmgr.testing.reports import Cell, Chosen, Head, Heads, Pool
from trainmgr.testing.rules import has_passed

MOST_COLUMNS = 60  # groups beside each other on the screen; the workbook holds all


class By(enum.StrEnum):
    """What is compared: classes, or enterprises."""

    CLASS = "class"
    ENTERPRISE = "enterprise"


class Verdict(enum.StrEnum):
    """Whether somebody passed; open while what waits for a marker can still decide it."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"
    ABSENT = "absent"


def verdict_of(attempt: Attempt | None, pass_percent: int) -> Verdict:
    """Return whether an attempt passed, as far as it is marked."""
    if attempt is None:
        return Verdict.ABSENT
    if has_passed(attempt.points, attempt.possible, pass_percent):
        return Verdict.PASSED
    return Verdict.OPEN if attempt.waiting else Verdict.FAILED


@dataclass(frozen=True)
class Column:
    """A class or an enterprise in the comparison, with its people and what they reached."""

    label: str
    args: Mapping[str, Any]  # leads to its own report
    heads: Heads
    groups: Mapping[int, Group]


@dataclass(frozen=True)
class Report:
    """The people of a sitting whom the viewer sees, narrowed down as chosen."""

    program: Program
    sitting: Sitting
    version: InstrumentVersion
    chosen: Chosen
    lines: Sequence[Line]
    all_heads: Sequence[Head]
    all_cells: Sequence[Cell]

    @classmethod
    def of(cls, program: Program, sitting: Sitting, viewer: User, chosen: Chosen) -> Report:
        """Read a report: three statements (the instrument was loaded with the sitting)."""
        version = sitting.instrument_version
        return cls(
            program,
            sitting,
            version,
            chosen,
            asked.lines_of(program.id, version.id),
            reports.heads_of(program, sitting, viewer, version.pass_percent),
            reports.cells_of(program, sitting, viewer),
        )

    @cached_property
    def heads(self) -> list[Head]:
        """The classes that the report is about."""
        return [head for head in self.all_heads if self.chosen.holds(head.cohort, head.enterprise_id)]

    @cached_property
    def totals(self) -> Heads:
        """Everybody whom the report is about."""
        return Heads.of(self.heads)

    @cached_property
    def groups(self) -> dict[int, Group]:
        """What they reached, by competency."""
        return self._pool(
            cell for cell in self.all_cells if self.chosen.holds(cell.cohort, cell.enterprise_id)
        )

    def _pool(self, cells: Iterable[Cell]) -> dict[int, Group]:
        pool = Pool(self.lines)
        for cell in cells:
            pool.add(cell)
        return pool.groups()

    @cached_property
    def weaknesses(self) -> list[tuple[Line, Group]]:
        """The competencies, the commonest weakness first."""
        known = {line.id: line for line in self.lines}
        return [(known[key], self.groups[key]) for key in weakest_first(self.groups)]

    # --- side by side -----------------------------------------------------------------------------

    @cached_property
    def cohorts(self) -> list[str]:
        """The classes in the sitting, of the chosen enterprise."""
        enterprise = Chosen(None, self.chosen.enterprise_id)
        return sorted({one.cohort for one in self.all_heads if enterprise.holds("", one.enterprise_id)})

    @cached_property
    def enterprises(self) -> list[tuple[int, str]]:
        """The enterprises whose people are in the sitting."""
        named = {one.enterprise_id: one.enterprise for one in self.all_heads if one.enterprise_id}
        return sorted(named.items(), key=lambda pair: pair[1])

    def columns(self, by: By) -> list[Column]:
        """Return classes or enterprises side by side."""
        heads: dict[tuple[str, Any], list[Head]] = {}
        for head in self.heads:
            heads.setdefault(self._key(by, head), []).append(head)
        cells: dict[tuple[str, Any], list[Cell]] = {}
        for cell in self.all_cells:
            cells.setdefault(self._key(by, cell), []).append(cell)
        return [
            Column(label, self._args(by, key), Heads.of(rows), self._pool(self._inside(cells, label, key)))
            for (label, key), rows in sorted(heads.items(), key=lambda pair: pair[0][0])
        ]

    def _inside(self, cells: Mapping[tuple[str, Any], list[Cell]], label: str, key: Any) -> list[Cell]:
        return [
            cell for cell in cells.get((label, key), ()) if self.chosen.holds(cell.cohort, cell.enterprise_id)
        ]

    def _key(self, by: By, row: Head | Cell) -> tuple[str, Any]:
        if by is By.CLASS:
            return row.cohort or _("no class"), row.cohort
        return self._names.get(row.enterprise_id) or _("no enterprise"), row.enterprise_id

    @cached_property
    def _names(self) -> dict[int | None, str]:
        return {head.enterprise_id: head.enterprise for head in self.all_heads}

    def _args(self, by: By, key: Any) -> Mapping[str, Any]:
        cohort, enterprise = self.chosen.cohort, self.chosen.enterprise_id
        return (Chosen(key, enterprise) if by is By.CLASS else Chosen(cohort, key or 0)).args


# --- one person -------------------------------------------------------------------------------------


class Standing(enum.StrEnum):
    """How a person stands in a competency against the level that the post requires."""

    BELOW = "below"
    REACHED = "reached"
    ABOVE = "above"
    NOT_REQUIRED = "not_required"
    WAITING = "waiting"


@dataclass(frozen=True)
class PersonLine:
    """What one person reached in one competency; no score while something of it waits for a marker."""

    line: Line
    score: Score | None

    @property
    def gap(self) -> float | None:
        """How many levels are missing (negative: above what is required)."""
        if self.score is None or self.line.required is None:
            return None
        return self.line.required - self.score.level

    @property
    def standing(self) -> Standing:
        """How the person stands."""
        if self.score is None:
            return Standing.WAITING
        if self.gap is None:
            return Standing.NOT_REQUIRED
        if self.gap > 0:
            return Standing.BELOW
        # One level more than the next whole one that is required is a strength, not only "reached".
        return Standing.ABOVE if self.gap <= -1 else Standing.REACHED


@dataclass(frozen=True)
class PersonReport:
    """One person's report."""

    participant: Participant
    sitting: Sitting
    attempt: Attempt | None
    rows: Sequence[PersonLine]

    @classmethod
    def of(cls, participant: Participant, sitting: Sitting) -> PersonReport:
        """Read one person's report: three statements."""
        attempt = reports.counted_attempt(participant)
        lines = asked.lines_of(sitting.program_id, sitting.version_id)
        scores = reports.scores_of([attempt.id]).get(attempt.id, {}) if attempt else {}
        rows = [PersonLine(line, scores.get(line.id)) for line in lines] if attempt else []
        return cls(participant, sitting, attempt, rows)

    @property
    def verdict(self) -> Verdict:
        """Whether the person passed."""
        return verdict_of(self.attempt, self.sitting.instrument_version.pass_percent)

    @cached_property
    def gaps(self) -> list[PersonLine]:
        """The competencies below the required level, the largest gap first."""
        found = [row for row in self.rows if row.standing is Standing.BELOW]
        return sorted(found, key=lambda row: -(row.gap or 0))

    @cached_property
    def strengths(self) -> list[PersonLine]:
        """The competencies above the required level, the furthest first."""
        found = [row for row in self.rows if row.standing is Standing.ABOVE]
        return sorted(found, key=lambda row: row.gap or 0)

    @property
    def ordered(self) -> list[PersonLine]:
        """All competencies: gaps, what is reached, strengths, what is not required or not marked yet."""
        order = [
            Standing.BELOW,
            Standing.REACHED,
            Standing.ABOVE,
            Standing.NOT_REQUIRED,
            Standing.WAITING,
        ]
        return sorted(self.rows, key=lambda row: (order.index(row.standing), -(row.gap or 0)))
