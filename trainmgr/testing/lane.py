"""What tests bring forth in the trainee lane of the needs analysis: the instrument, the test taken, its report.

Whoever plans, closes, calls off or finishes marking a sitting ends with `tell(program_id, now=now)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.bank.models import Instrument, InstrumentVersion
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.needs.lanes import Product, produces
from trainmgr.needs.rules import LaneStep
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step
from trainmgr.programs.thread import refresh
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import Purpose

SITTING, REPORT = "testing.show_sitting", "testing.show_report"


def tell(program_id: int, *, now: datetime) -> None:
    """Bring the lane and the needs step of a programme up to date after a sitting changed."""
    refresh(program_id, Step.NEEDS, now=now)


@dataclass(frozen=True)
class Entry:
    """A sitting before the training, with what the lane tells of it."""

    id: int
    closed_at: datetime | None
    taken_at: datetime | None
    instrument: str
    version: int
    items: int
    people: int
    took: int
    waiting: int

    @property
    def is_marked(self) -> bool:
        """Whether its report is complete: closed, somebody took it, nothing waits for a marker."""
        return self.closed_at is not None and self.took > 0 and not self.waiting


def entries_of(program_id: int) -> list[Entry]:
    """Return a programme's sittings before the training, the latest first: one statement."""
    people = sa.select(sa.func.count()).where(Participant.sitting_id == Sitting.id)
    counted = (Attempt.sitting_id == Sitting.id, Attempt.counts)
    waiting: Any = sa.func.coalesce(sa.func.sum(Attempt.waiting), 0)
    rows = db.session.execute(
        sa.select(
            Sitting.id,
            Sitting.closed_at,
            Sitting.taken_at,
            Instrument.name,
            InstrumentVersion.number,
            InstrumentVersion.count,
            people.scalar_subquery(),
            sa.select(sa.func.count()).where(*counted).scalar_subquery(),
            sa.select(waiting).where(*counted).scalar_subquery(),
        )
        .join(InstrumentVersion, InstrumentVersion.id == Sitting.version_id)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(
            Sitting.program_id == program_id,
            Sitting.purpose == Purpose.ENTRY,
            Sitting.cancelled_at.is_(None),
        )
        .order_by(Sitting.opens_at.desc(), Sitting.id.desc())
    )
    return [Entry(*row) for row in rows]


@produces
def find_tests(program: Program) -> Mapping[LaneStep, Product]:
    """Return instrument, test and report of a programme's entry sittings; nothing before one is planned."""
    entries = entries_of(program.id)
    if not entries:
        return {}
    found = {
        LaneStep.INSTRUMENT: _instrument(entries[0]),
        LaneStep.TEST: _test(entries),
        LaneStep.REPORT: _report(entries),
    }
    return {step: product.within(program.id) for step, product in found.items()}


def _instrument(entry: Entry) -> Product:
    params = {"name": entry.instrument, "number": entry.version, "count": entry.items}
    return Product(
        True,
        N_("“%(name)s”, version %(number)s: %(count)s items"),
        params,
        SITTING,
        {"sitting_id": entry.id},
    )


def _test(entries: list[Entry]) -> Product:
    """The test is taken when a closed sitting's levels stand in the analysis."""
    taken = [entry for entry in entries if entry.closed_at and entry.taken_at]
    counted = taken or entries
    params = {"took": sum(one.took for one in counted), "people": sum(one.people for one in counted)}
    if taken:
        made = N_("%(took)s of %(people)s took the test; its levels are in the analysis")
    elif any(one.closed_at for one in entries):
        made = N_("%(took)s of %(people)s took the test; its levels are not in the analysis yet")
    else:
        made = N_("%(took)s of %(people)s have taken the test so far")
    endpoint = REPORT if counted[0].closed_at else SITTING
    return Product(bool(taken), made, params, endpoint, {"sitting_id": counted[0].id})


def _report(entries: list[Entry]) -> Product:
    marked = next((entry for entry in entries if entry.is_marked), None)
    if marked:
        made = N_("the report on %(took)s people is there")
        return Product(True, made, {"took": marked.took}, REPORT, {"sitting_id": marked.id})
    waiting = next((entry for entry in entries if entry.closed_at and entry.waiting), None)
    if waiting:
        made = N_("%(count)s answers wait to be marked")
        return Product(False, made, {"count": int(waiting.waiting)}, REPORT, {"sitting_id": waiting.id})
    return Product(False, "", {}, REPORT, {"sitting_id": entries[0].id})
