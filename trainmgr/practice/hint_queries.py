"""A programme's hints, a page at a time; rows start from the trainees whom the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.practice.honesty import HintKind
from trainmgr.practice.log_models import LogHint
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.practice.watch import Shown
from trainmgr.programs.models import Program


@dataclass(frozen=True)
class HintLine:
    """A hint with the log that it stands in, and whose log that is."""

    shown: Shown
    log: PracticeLog
    enrolment: Enrolment


def list_hints(
    program: Program, viewer: User, listing: Listing, kind: HintKind | None, *, aside: bool
) -> Page[HintLine]:
    """Return a page of hints still open, or of those put aside, the latest first: two statements.

    Logs that were written again are left out, and the viewer's own. Another log is named only where the viewer may
    see it too.
    """
    other, owner = aliased(PracticeLog), aliased(Enrolment)
    seen = sa.select(Enrolment.id).where(visible_in(program, viewer))
    conditions = [
        PracticeLog.program_id == program.id,
        PracticeLog.state != LogState.REPLACED,
        visible_in(program, viewer),
        Enrolment.user_id != viewer.id,
        LogHint.dismissed_at.is_not(None) if aside else LogHint.dismissed_at.is_(None),
    ]
    if kind is not None:
        conditions.append(LogHint.kind == kind)
    if listing.q:
        conditions.append(contains(Enrolment.name, listing.q))
    statement = (
        sa.select(LogHint, PracticeLog, Enrolment, other, owner.name)
        .join(PracticeLog, PracticeLog.id == LogHint.log_id)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .outerjoin(other, sa.and_(other.id == LogHint.other_id, other.enrolment_id.in_(seen)))
        .outerjoin(owner, owner.id == other.enrolment_id)
        .where(*conditions)
    )
    total = (
        sa.select(sa.func.count())
        .select_from(LogHint)
        .join(PracticeLog, PracticeLog.id == LogHint.log_id)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(*conditions)
    )
    orders: dict[str, list[Any]] = {
        "latest": [sa.desc(LogHint.id)],
        "name": [Enrolment.name, LogHint.id],
        "day": [PracticeLog.day, LogHint.id],
    }
    page = paginate(
        statement,
        listing,
        orders=orders,
        default="latest",
        total=db.session.scalar(total) or 0,
        scalars=False,
    )
    lines = [
        HintLine(Shown(hint, twin, name or ""), log, enrolment)
        for hint, log, enrolment, twin, name in page.items
    ]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction)
