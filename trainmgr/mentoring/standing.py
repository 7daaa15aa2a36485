"""What mentoring does when trainees pause, come back or go to another enterprise: mentors rest, return, or end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from trainmgr.enrolment.hooks import (
    Change,
    Foretold,
    after_resuming,
    after_suspending,
    after_transfer,
    foretells,
)
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.mentoring.actions import count_loads, end_on_side
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

ENDS = (StandingKind.WITHDRAW, StandingKind.PROGRAM)


@after_suspending
def let_mentors_rest(change: Change) -> None:
    """The mentors of suspended trainees keep them by name, and their places are free for others meanwhile."""
    program = db.session.get_one(Program, change.program_id)
    for side in Side:
        count_loads(program, side)


@after_resuming
def return_to_mentors(change: Change) -> None:
    """Whoever comes back has the same mentors, as far as these are still named here and have room."""
    program = db.session.get_one(Program, change.program_id)
    for side in Side:
        count_loads(program, side)
        gone = _without_room(change, side)
        if gone:
            end_on_side(program, side, gone, day=change.day, by=change.by, now=change.now)


def _without_room(change: Change, side: Side) -> list[int]:
    """Return who of the returning has a mentor that is not named here any more or has more than fits by now."""
    rows = db.session.execute(
        sa.select(
            Assignment.enrolment_id,
            Assignment.mentor_id,
            ProgramMentor.id.is_not(None),
            sa.func.coalesce(ProgramMentor.load, 0),
            Mentor.capacity,
        )
        .join(Mentor, Mentor.id == Assignment.mentor_id)
        .outerjoin(
            ProgramMentor,
            sa.and_(
                ProgramMentor.mentor_id == Assignment.mentor_id,
                ProgramMentor.program_id == Assignment.program_id,
            ),
        )
        .where(
            Assignment.enrolment_id.in_(list(change.enrolment_ids)),
            Assignment.side == side,
            Assignment.ends_on.is_(None),
        )
        .order_by(Assignment.enrolment_id)
    ).all()
    too_many: dict[int, int] = {}
    gone = []
    for enrolment_id, mentor_id, named, load, capacity in rows:
        if not named:
            gone.append(enrolment_id)
            continue
        over = too_many.setdefault(mentor_id, load - capacity)
        if over > 0:
            gone.append(enrolment_id)
            too_many[mentor_id] -= 1
    return gone


@after_transfer
def end_at_the_former_enterprise(change: Change) -> None:
    """The former enterprise's mentor guides nobody who went to another one."""
    program = db.session.get_one(Program, change.program_id)
    end_on_side(
        program, Side.ENTERPRISE, list(change.enrolment_ids), day=change.day, by=change.by, now=change.now
    )


@foretells
def mentors_concerned(
    program_id: int, enrolment_ids: Sequence[int], kind: StandingKind
) -> Iterator[Foretold]:
    """Tell how many mentors a change frees, ends or brings back."""
    messages = {
        StandingKind.SUSPEND: N_(
            "Mentors who rest, their places free meanwhile: %(count)s. The trainee comes back to them."
        ),
        StandingKind.RESUME: N_("Mentors who take over again if they have room: %(count)s."),
        StandingKind.ENTERPRISE: N_("Assignments to an enterprise mentor that end: %(count)s."),
        **dict.fromkeys(ENDS, N_("Assignments to mentors that end: %(count)s.")),
    }
    if kind not in messages:
        return
    statement = sa.select(sa.func.count()).where(
        Assignment.program_id == program_id,
        Assignment.enrolment_id.in_(enrolment_ids),
        Assignment.ends_on.is_(None),
    )
    if kind is StandingKind.ENTERPRISE:
        statement = statement.where(Assignment.side == Side.ENTERPRISE)
    yield Foretold(messages[kind], db.session.scalar(statement) or 0)
