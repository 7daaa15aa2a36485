"""The end of attempts and of sittings: by the clock each minute, or at the next request of the person.

Everything is done in batches, each whole or not at all, and doing it again changes nothing: a worker that is killed
in the middle goes on where it was left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs.thread import refresh
from trainmgr.testing import marking_dues, owing, settling
from trainmgr.testing.frame import step_of
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import ON_THE_WAY, AttemptEnd

CLOSED = audit.sentence(
    "testing.close",
    _l("The test “%(what)s” has closed: %(handed_in)s handed in, %(timed_out)s ended by the clock"),
)

BATCH = 200


def end_attempts(
    sitting: Sitting, attempt_ids: Sequence[int], *, now: datetime, end: AttemptEnd = AttemptEnd.TIMED_OUT
) -> None:
    """End attempts of a sitting that are under way, let them count, mark what a machine can, clear the inboxes.

    Those that the clock ends end at their deadline. The number of statements does not grow with the attempts.
    """
    moment = Attempt.deadline_at if end is AttemptEnd.TIMED_OUT else now
    db.session.flush()
    ended = db.session.scalars(
        sa.update(Attempt)
        .where(Attempt.id.in_(attempt_ids), Attempt.ended_at.is_(None))
        .values(ended_at=moment, end=end)
        .returning(Attempt.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not ended:
        return
    settling.let_count(ended)
    settling.settle(sitting, sorted(ended))
    done = db.session.scalars(
        sa.select(Participant.user_id)
        .join(Attempt, Attempt.participant_id == Participant.id)
        .where(Attempt.id.in_(ended), ~owing.may_still())
    ).all()
    if done:
        owing.drop(sitting, done)


@each_minute
def close_by_clock(now: datetime) -> Iterator[int]:
    """End what is overdue and close the sittings in which nobody can answer any more; yields after each batch."""
    overdue = sa.and_(Attempt.ended_at.is_(None), Attempt.deadline_at < now - ON_THE_WAY)
    for sitting_id in db.session.scalars(sa.select(Attempt.sitting_id).where(overdue).distinct()).all():
        while True:
            batch = db.session.scalars(
                sa.select(Attempt.id)
                .where(Attempt.sitting_id == sitting_id, overdue)
                .order_by(Attempt.id)
                .limit(BATCH)
                .with_for_update()
            ).all()
            if not batch:
                break
            end_attempts(db.session.get_one(Sitting, sitting_id), batch, now=now)
            yield len(batch)
    for sitting_id in db.session.scalars(sa.select(Sitting.id).where(*_over(now))).all():
        close(sitting_id, now=now)
        yield 1


def _over(now: datetime) -> Sequence[sa.ColumnElement[bool]]:
    # With nobody at it no answer is on its way, so nothing has to be waited for.
    running = sa.exists().where(Attempt.sitting_id == Sitting.id, Attempt.ended_at.is_(None))
    return (
        Sitting.closed_at.is_(None),
        Sitting.cancelled_at.is_(None),
        Sitting.closes_at <= now,
        ~running,
    )


def close(sitting_id: int, *, now: datetime) -> None:
    """Note that a sitting is over, once it is and nobody is at it: out of every inbox, into those of who marks."""
    sitting = db.session.scalar(
        sa.select(Sitting)
        .where(Sitting.id == sitting_id, *_over(now))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if sitting is None:  # somebody was faster, or has moved its end
        return
    sitting.closed_at = now
    db.session.flush()
    owing.drop_all(sitting)
    ends = dict(
        db.session.execute(
            sa.select(Attempt.end, sa.func.count())
            .where(Attempt.sitting_id == sitting.id, Attempt.counts)
            .group_by(Attempt.end)
        ).all()
    )
    audit.record(
        CLOSED, sitting, by=None, now=now, program_id=sitting.program_id, name=sitting.name,
        handed_in=ends.get(AttemptEnd.HANDED_IN, 0), timed_out=ends.get(AttemptEnd.TIMED_OUT, 0),
    )  # fmt: skip
    marking_dues.put(sitting.program_id, sitting, now=now)
    refresh(sitting.program_id, step_of(sitting), now=now)
