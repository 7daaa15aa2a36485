"""What is late, by programme and step of the thread: counts alone, nobody's name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import Membership
from trainmgr.kernel.db import db
from trainmgr.programs.dues import CODES
from trainmgr.programs.labels import in_language
from trainmgr.programs.models import Due, Program, ProgramParty
from trainmgr.programs.rules import PartyRole, Step
from trainmgr.quality.rules import Scope, ScopeKind

SHADES = ((50, 4), (15, 3), (5, 2), (1, 1))  # from how many on a cell has which shade
SHOWN = 15  # programmes with a line of their own; the rest share one


@dataclass
class LateLine:
    """A programme's late things by step, and for how many days the oldest has been late."""

    program_id: int
    label: str
    by_step: dict[Step, int] = field(default_factory=dict)
    days: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_step.values())


@dataclass(frozen=True)
class LateMap:
    """Lines of the programmes with most that is late, and the rest added up."""

    lines: Sequence[LateLine]
    rest: LateLine | None
    n_rest: int

    @property
    def total(self) -> int:
        """Everything that is late."""
        return sum(line.total for line in self.lines) + (self.rest.total if self.rest else 0)


def shade(count: int) -> int:
    """Return the shade of a cell, 0 to 4."""
    return next((tone for least, tone in SHADES if count >= least), 0)


def late_map(scope: Scope, day: date, most: int = SHOWN) -> LateMap:
    """Return what is late in a scope's programmes on a day: one statement."""
    rows = db.session.execute(
        sa.select(
            Program.id,
            Program.name,
            Program.name_en,
            Due.code,
            sa.func.sum(Due.amount),
            sa.func.min(Due.due_on),
        )
        .join(Program, Program.id == Due.program_id)
        .where(Due.due_on < day, Due.paused.is_(False), _within(scope))
        .group_by(Program.id, Program.name, Program.name_en, Due.code)
    ).all()
    lines = sorted(_lines(rows, day), key=lambda line: (-line.total, line.program_id))
    shown, others = lines[:most], lines[most:]
    return LateMap(shown, _together(others) if others else None, len(others))


def _lines(rows: Iterable[Any], day: date) -> list[LateLine]:
    found: dict[int, LateLine] = {}
    for program_id, name, name_en, code, amount, oldest in rows:
        if code not in CODES:
            continue
        line = found.setdefault(program_id, LateLine(program_id, in_language(name, name_en)))
        step = CODES[code].step
        line.by_step[step] = line.by_step.get(step, 0) + int(amount)
        line.days = max(line.days, (day - oldest).days)
    return list(found.values())


def _together(lines: Iterable[LateLine]) -> LateLine:
    sums: dict[Step, int] = defaultdict(int)
    days = 0
    for line in lines:
        days = max(days, line.days)
        for step, count in line.by_step.items():
            sums[step] += count
    return LateLine(0, "", dict(sums), days)


def _within(scope: Scope) -> sa.ColumnElement[bool]:
    led = Program.lead_college_id == scope.college_id
    if scope.kind is ScopeKind.DEPARTMENT:
        return sa.and_(led, Program.department_id == scope.id)
    if scope.kind is ScopeKind.PROGRAM:
        return Program.id == scope.id
    if scope.kind is ScopeKind.ENTERPRISE:
        return sa.and_(led, _of_enterprise(scope.id))
    return led


def _of_enterprise(enterprise_id: int) -> sa.ColumnElement[bool]:
    """Leave what is due from the enterprise or its people, in programmes that it takes part in."""
    party = sa.select(ProgramParty.program_id).where(
        ProgramParty.organization_id == enterprise_id, ProgramParty.role == PartyRole.ENTERPRISE
    )
    people = sa.select(Membership.user_id).where(
        Membership.organization_id == enterprise_id, Membership.ended_on.is_(None)
    )
    return sa.and_(
        Program.id.in_(party), sa.or_(Due.organization_id == enterprise_id, Due.user_id.in_(people))
    )
