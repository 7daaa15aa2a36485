"""What the lead college's staff find in their inbox about a programme's next step forward."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.models import Program, ProgramStep
from trainmgr.programs.rules import Missing, State, Step, blocking, next_state

SETUP = dues.code(
    "programs-setup",
    dues.DueCode(
        Step.PROGRAM,
        title=N_n("One thing missing in the set-up", "%(amount)s things missing in the set-up"),
        verb=N_("Complete it"),
        endpoint="programs.show_setup",
    ),
)
FORWARD = dues.code(
    "programs-forward",
    dues.DueCode(
        Step.PROGRAM,
        title=N_("Nothing is missing any more for the next step"),
        verb=N_("Go forward"),
        endpoint="programs.show_forward",
    ),
)


def tell_staff(program: Program, *, now: datetime) -> None:
    """Keep the two lines of the staff's inbox up to date: what the set-up lacks, and that all is there."""
    documents = db.session.scalars(
        sa.select(ProgramStep.missing).where(ProgramStep.program_id == program.id)
    ).all()
    missing = [Missing.from_document(item) for document in documents for item in document]
    target = next_state(program.state)
    in_the_way = len(blocking(missing, target)) if target else 0
    is_draft = program.state is State.DRAFT
    for code, amount in (
        (SETUP, in_the_way if is_draft else 0),
        (FORWARD, int(bool(target) and not in_the_way)),
    ):
        dues.put(
            code,
            program_id=program.id,
            visible_from=local_day(now),
            organization_id=program.lead_college_id,
            role=Role.STAFF,
            amount=amount,
        )
