"""What found something: each source registers a finder; what it finds is proposed once, taken up or set aside.

@finder(Source.GAP)
def gaps_left_open(program, today) -> list[Finding]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from trainmgr.improvement.models import ImprovementAside, ImprovementItem
from trainmgr.improvement.rules import Measure, Source
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program


@dataclass(frozen=True)
class Finding:
    """Something that misses its standard. `key` is the same whenever it is found again.

    `measure_ref` names the figure behind it (a competency's name, an indicator's code), `measure` is the figure as it
    stands; `endpoint` with its `values` is the page on which it can be seen.
    """

    source: Source
    key: str
    title: str
    text: str
    standard: str
    measure_ref: str = ""
    measure: Measure | None = None
    endpoint: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


MOST_ASIDE = 200

Finder = Callable[[Program, date], Sequence[Finding]]
FINDERS: dict[Source, Finder] = {}


def finder(source: Source) -> Callable[[Finder], Finder]:
    """Register what finds findings of a source, in a fixed number of statements."""

    def register(function: Finder) -> Finder:
        FINDERS[source] = function
        return function

    return register


def findings_of(program: Program, source: Source, today: date) -> Sequence[Finding]:
    """Return everything that a source's finder finds in a programme now."""
    return FINDERS[source](program, today) if source in FINDERS else ()


def find(program: Program, source: Source, key: str, today: date) -> Finding | None:
    """Return a finding by its name as it stands now, or None when it is no longer found."""
    return next((one for one in findings_of(program, source, today) if one.key == key), None)


@dataclass(frozen=True)
class Found:
    """What waits for a decision in a programme, and what was set aside."""

    open: Sequence[Finding]
    aside: Sequence[tuple[ImprovementAside, Finding | None]]


def look(program: Program, source: Source, today: date) -> Found:
    """Return what a source finds that has neither an item nor a reason why not, and what was set aside.

    What is found of a whole college is found in each of its programmes, and decided on once.
    """
    findings = {one.key: one for one in findings_of(program, source, today)}
    known = ImprovementItem.source == source, ImprovementItem.source_key.in_(list(findings))
    taken = (
        set(db.session.scalars(sa.select(ImprovementItem.source_key).where(*known))) if findings else set()
    )
    asides = db.session.scalars(
        sa.select(ImprovementAside)
        .where(
            ImprovementAside.source == source,
            sa.or_(
                ImprovementAside.program_id == program.id, ImprovementAside.source_key.in_(list(findings))
            ),
            ~sa.exists().where(
                ImprovementItem.source == ImprovementAside.source,
                ImprovementItem.source_key == ImprovementAside.source_key,
            ),
        )
        .order_by(ImprovementAside.id.desc())
        .limit(MOST_ASIDE)
    ).all()
    kept = {one.source_key for one in asides}
    return Found(
        [one for key, one in findings.items() if key not in taken and key not in kept],
        [(one, findings.get(one.source_key)) for one in asides],
    )
