"""How the mentors' step of a programme stands."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import AWAY
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Assessment, Missing, State, Step, StepState
from trainmgr.programs.thread import assesses

ASSIGN = dues.code(
    "assign-mentors",
    dues.DueCode(
        step=Step.MENTORING,
        title=N_n("Find mentors for one trainee", "Find mentors for %(amount)s trainees"),
        hint=N_("who lack a school teacher or an enterprise mentor"),
        verb=N_("Assign"),
        endpoint="mentoring.show_mentors",
    ),
)


@assesses(Step.MENTORING)
def assess(program: Program, now: datetime) -> Assessment:
    """Count who has both mentors."""
    total, teachers, mentors, both = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(Enrolment.school_teacher_id),
            sa.func.count(Enrolment.enterprise_mentor_id),
            sa.func.count(
                sa.case(
                    (
                        sa.and_(
                            Enrolment.school_teacher_id.is_not(None),
                            Enrolment.enterprise_mentor_id.is_not(None),
                        ),
                        1,
                    )
                )
            ),
        ).where(Enrolment.program_id == program.id, Enrolment.state.not_in(AWAY))
    ).one()
    _put_due(program, total - both, now)
    args = {"program_id": program.id}
    missing = [
        Missing(msgid, blocks=State.RUNNING, params={"count": total - have}, who_msgid=N_("Programme staff"),
                endpoint="mentoring.show_mentors", args=args)
        for have, msgid in (
            (teachers, N_n("One trainee has no school teacher", "%(count)s trainees have no school teacher")),
            (mentors, N_n("One trainee has no enterprise mentor", "%(count)s trainees have no enterprise mentor")),
        )
        if have < total
    ]  # fmt: skip
    params = {"both": both, "total": total, "lacking": total - both}
    if not total:
        return Assessment(StepState.NEXT, N_("nobody to guide yet"), params=params)
    if both < total:
        return Assessment(
            StepState.ASKING, N_("%(both)s of %(total)s have both mentors"), N_("%(lacking)s lack one"), "warn",
            params, missing,
        )  # fmt: skip
    return Assessment(
        StepState.DONE, N_("%(both)s of %(total)s have both mentors"), N_("everybody has two"), "ok", params
    )


def _put_due(program: Program, lacking: int, now: datetime) -> None:
    day = local_day(now)
    working = program.state in (State.RECRUITING, State.RUNNING, State.EVALUATING)
    dues.put(
        ASSIGN,
        program_id=program.id,
        organization_id=program.lead_college_id,
        role=Role.STAFF,
        amount=lacking if working else 0,
        visible_from=day,
        due_on=program.starts_on if program.starts_on and program.starts_on >= day else None,
    )
