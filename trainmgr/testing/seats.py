"""Reads for the person who takes a test: my tests, my place in one, my attempt with its answers.

They start from the person, not from the programme: who takes an entry test may not see the programme yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager

from trainmgr.bank.models import InstrumentVersion
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.programs.models import Program
from trainmgr.testing.answering import is_answered
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, is_in_time
from trainmgr.testing.sheets import Ordering, sheet_of


def _own(viewer: User) -> sa.Select[Participant]:
    return (
        sa.select(Participant)
        .join(Participant.sitting)
        .join(Sitting.instrument_version)
        .join(Sitting.program)
        .where(Participant.user_id == viewer.id)
        .options(
            contains_eager(Participant.sitting).options(
                contains_eager(Sitting.instrument_version),
                contains_eager(Sitting.program),
            )
        )
    )


def list_mine(viewer: User, listing: Listing) -> Page[Participant]:
    """Return a page of the viewer's tests, those that close last first: two statements."""
    orders = {"closes": (sa.desc(Sitting.closes_at), sa.desc(Participant.id))}
    return paginate(_own(viewer), Listing(number=listing.number), orders=orders, default="closes")


def participant_or_404(participant_id: int, viewer: User) -> Participant:
    """Return the viewer's place in a test with the test, its version and its programme: one statement."""
    found = db.session.scalar(_own(viewer).where(Participant.id == participant_id))
    return found if found is not None else abort(404)


def participant_in_or_404(program_id: int, sitting_id: int, viewer: User) -> Participant:
    """Return the viewer's place in a sitting of a programme, or answer 404."""
    found = db.session.scalar(_own(viewer).where(Sitting.id == sitting_id, Program.id == program_id))
    return found if found is not None else abort(404)


def newest_attempt(participant: Participant) -> Attempt | None:
    """Return a participant's newest attempt."""
    return db.session.scalar(
        sa.select(Attempt)
        .where(Attempt.participant_id == participant.id)
        .order_by(Attempt.number.desc())
        .limit(1)
    )


def newest_of(participant_ids: Sequence[int]) -> Mapping[int, Attempt]:
    """Return the newest attempt of each of some participants."""
    rows = db.session.scalars(
        sa.select(Attempt).where(Attempt.participant_id.in_(participant_ids)).order_by(Attempt.number)
    )
    return {attempt.participant_id: attempt for attempt in rows}


def count_answered(attempt: Attempt) -> int:
    """Return how many items have an answer in an attempt."""
    return sum(1 for value, _seq, _at in answers_of(attempt.id).values() if is_answered(value))


def count_taken(participant: Participant) -> int:
    """Return how many attempts a participant has used up; one that staff called off is not among them."""
    found = sa.select(sa.func.count()).where(
        Attempt.participant_id == participant.id, Attempt.end.is_distinct_from(AttemptEnd.CALLED_OFF)
    )
    return db.session.scalar(found) or 0


def answers_of(attempt_id: int) -> Mapping[int, tuple[Any, int, datetime | None]]:
    """Return an attempt's answers by item: the value, its sequence, and when it came."""
    rows = db.session.execute(
        sa.select(Answer.item_id, Answer.value, Answer.sequence, Answer.answered_at).where(
            Answer.attempt_id == attempt_id
        )
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


@dataclass(frozen=True)
class Seat:
    """All that an autosave needs to know of an attempt."""

    attempt_id: int
    sitting_id: int
    started_at: datetime
    deadline_at: datetime
    ended_at: datetime | None
    end: AttemptEnd | None
    order: Ordering

    def is_open(self, now: datetime) -> bool:
        """Whether what arrives now still counts."""
        return self.ended_at is None and is_in_time(self.deadline_at, now)

    def elapsed(self, now: datetime) -> int:
        """Milliseconds since the attempt began: the time by which a page numbers what it sends."""
        return max(0, int((now - self.started_at).total_seconds() * 1000))

    def left(self, now: datetime) -> int:
        """Milliseconds until the deadline; below zero when it has passed."""
        return int((self.deadline_at - now).total_seconds() * 1000)


def _select_seat(participant_id: int, viewer: User) -> Any:
    version = InstrumentVersion
    return (
        sa.select(
            Attempt.id, Attempt.sitting_id, Attempt.started_at, Attempt.deadline_at, Attempt.ended_at, Attempt.end,
            Sitting.version_id, Sitting.form, version.seed, version.frozen_at,
            version.shuffle_items, version.shuffle_options,
        )
        .join(Participant, Participant.id == Attempt.participant_id)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .join(version, version.id == Sitting.version_id)
        .where(Participant.id == participant_id, Participant.user_id == viewer.id)
    )  # fmt: skip


def _seat(row: Any) -> Seat:
    attempt, sitting, started, deadline, ended, end, *paper = row
    return Seat(attempt, sitting, started, deadline, ended, end, Ordering(*paper))


def seat_or_404(participant_id: int, attempt_id: int | None, viewer: User) -> Seat:
    """Return the viewer's attempt, locked against its being ended meanwhile, or answer 404: one statement."""
    statement = _select_seat(participant_id, viewer).where(Attempt.id == attempt_id)
    row = db.session.execute(statement.with_for_update(of=Attempt, key_share=True)).one_or_none()
    return _seat(row) if row is not None else abort(404)


def picture_or_404(participant_id: int, item_id: int, viewer: User, now: datetime) -> StoredFile:
    """Return the picture of an item that the viewer's attempt under way asks, or answer 404."""
    rows = db.session.execute(_select_seat(participant_id, viewer).where(Attempt.ended_at.is_(None))).all()
    for seat in map(_seat, rows):
        item = sheet_of(seat.order).by_id.get(item_id) if seat.is_open(now) else None
        if item is not None and item.picture_id is not None:
            return db.session.get(StoredFile, item.picture_id) or abort(404)
    return abort(404)
