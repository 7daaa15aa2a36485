"""Who still has to take a test, as a line in the inbox: there until it is handed in, closed or called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from trainmgr.bank.models import InstrumentVersion
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import AWAY
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs import dues
from trainmgr.programs.rules import Step
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, SittingState

TAKE = dues.code(
    "take-test",
    dues.DueCode(
        Step.NEEDS,
        N_("Take the test: %(test)s"),
        N_("To the test"),
        "testing.show_from_inbox",
        N_("%(minutes)s minutes, open from %(opens)s to %(closes)s"),
        subject_arg="sitting_id",
    ),
)


def may_still() -> sa.ColumnElement[bool]:
    """Return the condition on Participant that leaves those who have attempts left or are at one."""
    ended = (
        sa.select(sa.func.count())
        .select_from(Attempt)
        .where(
            Attempt.participant_id == Participant.id,
            Attempt.ended_at.is_not(None),
            Attempt.end != AttemptEnd.CALLED_OFF,
        )
        .correlate(Participant)
        .scalar_subquery()
    )
    return ended < Participant.attempts


def _is_there() -> sa.ColumnElement[bool]:
    """Return the condition on Participant that leaves whom a test can be asked of: nobody suspended or gone."""
    return ~sa.exists().where(Enrolment.id == Participant.enrolment_id, Enrolment.state.in_(AWAY))


def put_all(
    sitting: Sitting, *, now: datetime, participant_ids: Sequence[int] | None = None, after: int = 0
) -> None:
    """Put the test into the inboxes of those who may still take it: all, only some participants, or the newest ones.

    `after` leaves those whose id is higher.
    """
    if sitting.state_at(now) in (SittingState.CLOSED, SittingState.CANCELLED):
        drop_all(sitting)
        return
    chosen = sa.select(Participant.user_id).where(
        Participant.sitting_id == sitting.id, Participant.id > after, may_still(), _is_there()
    )
    if participant_ids is not None:
        chosen = chosen.where(Participant.id.in_(participant_ids))
    params = {
        "test": sitting.name,
        "minutes": db.session.get_one(InstrumentVersion, sitting.version_id).minutes,
        "opens": plain_time(sitting.opens_at),
        "closes": plain_time(sitting.closes_at),
    }
    # A sitting that closes at midnight is due on the day before.
    last_day = local_day(sitting.closes_at - timedelta(seconds=1))
    dues.put_many(
        TAKE,
        [
            dues.Line(user_id=user_id, subject_id=sitting.id, due_on=last_day, params=params)
            for user_id in db.session.scalars(chosen)
        ],
        program_id=sitting.program_id,
        visible_from=local_day(sitting.opens_at),
    )


def drop_all(sitting: Sitting) -> None:
    """Take the test off every inbox."""
    dues.drop(TAKE, program_id=sitting.program_id, subject_ids=[sitting.id])


def drop(sitting: Sitting, user_ids: Sequence[int]) -> None:
    """Take the test off some people's inboxes."""
    dues.drop(TAKE, program_id=sitting.program_id, subject_ids=[sitting.id], user_ids=user_ids)


def plain_time(moment: datetime) -> dict[str, str]:
    """Return a moment as it is kept for readers of any language (see `kernel.i18n.say`)."""
    return {"at": moment.isoformat()}
