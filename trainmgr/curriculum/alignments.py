"""Checks of whether modules keep in step with the work: read, and recorded anew; what was recorded never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import event
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.aligning import Alignment, AlignmentVerdict, Cell, Row, Standing, rows_of
from trainmgr.curriculum.models import AlignmentCheck, Module
from trainmgr.curriculum.rules import ModuleLine
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import PAGE_SIZE, Page
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

RECORDED = audit.sentence("curriculum.align", _l("%(who)s checked whether the module “%(name)s” is in step"))
HISTORY = 200


@dataclass(frozen=True)
class Finding:
    """What a check found, the evidence for it, and for how long it holds."""

    verdict: AlignmentVerdict
    evidence: str
    checked_on: date
    valid_until: date
    link: str = ""


def record_check(
    program: Program, module: Module, alignment: Alignment, finding: Finding, *, by: User, now: datetime
) -> AlignmentCheck:
    """Record a new check of a module in one way; it counts from now on, the earlier ones stay as they are."""
    require_open(program, Work.CURRICULUM)
    require(finding.evidence.strip(), _("Say what the finding rests on."))
    require(finding.checked_on <= local_day(now), _("A check cannot lie in the future."))
    require(finding.valid_until > finding.checked_on, _("A check holds for at least a day."))
    check = AlignmentCheck(
        program_id=program.id,
        lineage=module.lineage,
        alignment=alignment,
        by_id=by.id,
        at=now,
        **vars(finding),
    )
    db.session.add(check)
    db.session.flush()
    audit.record(
        RECORDED, check, by=by, now=now, program_id=program.id, name=module.name, alignment=alignment,
        verdict=finding.verdict,
    )  # fmt: skip
    return check


def latest_checks(program_id: int) -> dict[tuple[str, Alignment], AlignmentCheck]:
    """Return the newest check of each module in each way, with who made it: one statement."""
    newest = (
        sa.select(sa.func.max(AlignmentCheck.id))
        .where(AlignmentCheck.program_id == program_id)
        .group_by(AlignmentCheck.lineage, AlignmentCheck.alignment)
    )
    found = db.session.scalars(
        sa.select(AlignmentCheck).where(AlignmentCheck.id.in_(newest)).options(joinedload(AlignmentCheck.by))
    )
    return {(check.lineage, check.alignment): check for check in found}


def history_of(program_id: int, lineage: str, alignment: Alignment) -> Sequence[AlignmentCheck]:
    """Return the checks of a module in one way, the newest first."""
    return db.session.scalars(
        sa.select(AlignmentCheck)
        .where(
            AlignmentCheck.program_id == program_id,
            AlignmentCheck.lineage == lineage,
            AlignmentCheck.alignment == alignment,
        )
        .options(joinedload(AlignmentCheck.by))
        .order_by(AlignmentCheck.id.desc())
        .limit(HISTORY)
    ).all()


def all_rows(program_id: int, modules: Sequence[ModuleLine], today: date) -> list[Row]:
    """Return how the modules stand in all five ways, the most pressing first."""
    return rows_of(modules, latest_checks(program_id), today)


def page_of(
    rows: Sequence[Row], number: int, standing: Standing | None, alignment: Alignment | None
) -> Page[Row]:
    """Return a page of the rows in which some way (or the way named) stands as asked."""

    def fits(cell: Cell) -> bool:
        return alignment in (None, cell.alignment) and standing in (None, cell.standing)

    kept = [row for row in rows if any(fits(cell) for cell in row.cells)]
    number = min(number, max(1, -(-len(kept) // PAGE_SIZE)))
    start = (number - 1) * PAGE_SIZE
    return Page(kept[start : start + PAGE_SIZE], number, PAGE_SIZE, len(kept))


def _refuse(mapper: Any, connection: Any, target: AlignmentCheck) -> None:
    raise RuleBroken(_("A check never changes; record a new one."))


event.listen(AlignmentCheck, "before_update", _refuse)
event.listen(AlignmentCheck, "before_delete", _refuse)
