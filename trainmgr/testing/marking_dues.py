"""What waits to be marked after a test, as a line in the inboxes of those who mark; gone when nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa

from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs import dues
from trainmgr.programs.models import Due, Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Step
from trainmgr.testing.models import Attempt, Participant, Sitting

MARK = dues.code(
    "mark-test",
    dues.DueCode(
        Step.NEEDS,
        N_("Mark %(amount)s answers: %(test)s"),
        N_("To the marking"),
        "testing.list_marking",
        N_("short answers and practical work that wait for a person"),
        subject_arg="sitting_id",
    ),
)


def put(program_id: int, sitting: Sitting, *, now: datetime) -> int:
    """Bring the inboxes up to date with what waits in a closed sitting; returns how many answers wait.

    The lead college and its department have all of it before them; a partner college's staff and each teacher of the
    programme what belongs to their college. Only what has changed is written.
    """
    waiting = _waiting_by_college(sitting)
    whole = sum(waiting.values())
    wanted = {line.owner: line for line in _lines(program_id, sitting, waiting, whole)}
    known = _known(program_id, sitting)
    changed = [line for owner, line in wanted.items() if known.get(owner) != line.amount]
    gone = [owner for owner in known if owner not in wanted]
    if changed or gone:
        dues.put_many(
            MARK,
            list(wanted.values()),
            program_id=program_id,
            visible_from=local_day(now),
            replace=True,
            subject_ids=[sitting.id],
        )
    return whole


def _waiting_by_college(sitting: Sitting) -> dict[int | None, int]:
    rows = db.session.execute(
        sa.select(Participant.college_id, sa.func.sum(Attempt.waiting))
        .join(Participant, Participant.id == Attempt.participant_id)
        .where(Attempt.sitting_id == sitting.id, Attempt.waiting > 0, Attempt.counts)
        .group_by(Participant.college_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def _lines(
    program_id: int, sitting: Sitting, waiting: Mapping[int | None, int], whole: int
) -> Iterator[dues.Line]:
    if not whole:
        return
    params = {"test": sitting.name}
    department = db.session.scalar(sa.select(Program.department_id).where(Program.id == program_id))
    if department:
        yield dues.Line(
            organization_id=department,
            role=Role.DEPARTMENT_STAFF,
            subject_id=sitting.id,
            amount=whole,
            params=params,
        )
    for college_id, role in db.session.execute(
        sa.select(ProgramParty.organization_id, ProgramParty.role).where(
            ProgramParty.program_id == program_id,
            ProgramParty.role.in_((PartyRole.LEAD_COLLEGE, PartyRole.PARTNER_COLLEGE)),
        )
    ):
        amount = whole if role is PartyRole.LEAD_COLLEGE else waiting.get(college_id, 0)
        if amount:
            yield dues.Line(
                organization_id=college_id,
                role=Role.STAFF,
                subject_id=sitting.id,
                amount=amount,
                params=params,
            )
    for user_id, college_id in db.session.execute(
        sa.select(ProgramPerson.user_id, ProgramPerson.organization_id)
        .where(ProgramPerson.program_id == program_id, ProgramPerson.role == Role.SCHOOL_TEACHER)
        .distinct()
    ):
        if amount := waiting.get(college_id, 0):
            yield dues.Line(user_id=user_id, subject_id=sitting.id, amount=amount, params=params)


def _known(program_id: int, sitting: Sitting) -> dict[str, int]:
    rows = db.session.execute(
        sa.select(Due.user_id, Due.organization_id, Due.role, Due.amount).where(
            Due.program_id == program_id, Due.code == MARK, Due.subject_id == sitting.id
        )
    )
    return {dues.Line(row.user_id, row.organization_id, row.role).owner: row.amount for row in rows}
