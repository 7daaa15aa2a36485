"""What placements do when something changes elsewhere: whoever leaves, pauses or changes enterprise leaves the post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.hooks import (
    Change,
    Foretold,
    after_leaving,
    after_suspending,
    after_transfer,
    foretells,
)
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.placements import owed
from trainmgr.placements.actions import end_unasked
from trainmgr.placements.models import Placement, PlacementState
from trainmgr.placements.rules import OPEN
from trainmgr.programs.models import Program


@after_leaving
@after_suspending
@after_transfer
def end_with_the_training(change: Change) -> None:
    """End the running placements of trainees who left, paused or changed enterprise; call off what has not begun.

    Whoever comes back is placed anew, with an agreement of its own: its dates and terms are other ones (decision 23).
    """
    placements = db.session.scalars(
        sa.select(Placement)
        .where(Placement.enrolment_id.in_(change.enrolment_ids), Placement.state.in_(sorted(OPEN)))
        .options(joinedload(Placement.enrolment), joinedload(Placement.post))
    ).all()
    if not placements:
        return
    program, today = db.session.get_one(Program, change.program_id), local_day(change.now)
    for placement in placements:
        day = min(change.day, today)
        if placement.state is not PlacementState.PLANNED:
            day = max(day, placement.starts_on)
        end_unasked(program, placement, day=day, reason=change.reason[:200], by=change.by, now=change.now)
    owed.renew(program.id, change.now)


@foretells
def placements_concerned(
    program_id: int, enrolment_ids: Sequence[int], kind: StandingKind
) -> Iterator[Foretold]:
    """Tell how many placements a change ends or calls off."""
    if kind in (StandingKind.RESUME, StandingKind.READMIT):
        return
    count = sa.select(sa.func.count()).where(
        Placement.enrolment_id.in_(enrolment_ids), Placement.state.in_(sorted(OPEN))
    )
    yield Foretold(
        N_(
            "Placements that end on that day or are called off: %(count)s. Afterwards a new agreement is signed."
        ),
        db.session.scalar(count) or 0,
    )
