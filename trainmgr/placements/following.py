"""What placements do when something changes elsewhere: whoever leaves the programme leaves the post as well."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.hooks import Change, after_leaving
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.placements import owed
from trainmgr.placements.actions import end_unasked
from trainmgr.placements.models import Placement
from trainmgr.placements.rules import OPEN
from trainmgr.programs.models import Program


@after_leaving
def end_with_the_training(change: Change) -> None:
    """End the running placements of trainees who left, and call off those that have not begun."""
    placements = db.session.scalars(
        sa.select(Placement)
        .where(Placement.enrolment_id.in_(change.enrolment_ids), Placement.state.in_(sorted(OPEN)))
        .options(joinedload(Placement.enrolment), joinedload(Placement.post))
    ).all()
    if not placements:
        return
    program, today = db.session.get_one(Program, change.program_id), local_day(change.now)
    for placement in placements:
        day = max(min(change.day, today), placement.starts_on)
        end_unasked(program, placement, day=day, reason=change.reason[:200], by=change.by, now=change.now)
    owed.renew(program.id, change.now)
