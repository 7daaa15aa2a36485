"""What testing does when trainees pause: their tests wait, and are due again when they are back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from trainmgr.enrolment.hooks import Change, Foretold, after_resuming, foretells
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.testing import owing
from trainmgr.testing.models import Participant, Sitting

AWAY = (StandingKind.SUSPEND, StandingKind.WITHDRAW, StandingKind.PROGRAM)
STILL = sa.and_(Sitting.closed_at.is_(None), Sitting.cancelled_at.is_(None))


@after_resuming
def ask_again(change: Change) -> None:
    """Whoever is back finds the tests in the inbox that are still open or to come."""
    rows = db.session.execute(
        sa.select(Sitting, Participant.id)
        .join(Participant, Participant.sitting_id == Sitting.id)
        .where(
            Sitting.program_id == change.program_id,
            STILL,
            Participant.enrolment_id.in_(list(change.enrolment_ids)),
        )
    ).all()
    waiting: dict[int, tuple[Sitting, list[int]]] = {}
    for sitting, participant_id in rows:
        waiting.setdefault(sitting.id, (sitting, []))[1].append(participant_id)
    for sitting, participant_ids in waiting.values():
        owing.put_all(sitting, now=change.now, participant_ids=participant_ids)


@foretells
def tests_concerned(program_id: int, enrolment_ids: Sequence[int], kind: StandingKind) -> Iterator[Foretold]:
    """Tell how many open tests a change takes off the inbox or puts back."""
    if kind in AWAY:
        message = N_("Open tests that are not asked for any more: %(count)s.")
    elif kind is StandingKind.RESUME:
        message = N_("Open tests that are due again: %(count)s.")
    else:
        return
    count = sa.select(sa.func.count()).where(
        Participant.sitting_id == Sitting.id,
        Sitting.program_id == program_id,
        STILL,
        Participant.enrolment_id.in_(enrolment_ids),
        owing.may_still(),
    )
    yield Foretold(message, db.session.scalar(count) or 0)
