"""Reads of the people in a sitting: a page at a time, by class and by how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting
from trainmgr.testing.pasting import IN_TRAINING
from trainmgr.testing.queries import visible_in

FAR = ("not_begun", "running", "ended")


@dataclass(frozen=True)
class Filters:
    """Which people of a sitting are asked for: of a class, and how far."""

    cohort: str = ""
    far: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Filters:
        """Read them from the address; nonsense asks for everybody."""
        far = args.get("far", "")
        return cls(args.get("class", "")[:60].replace("\0", ""), far if far in FAR else "")


def list_people(
    program: Program, sitting: Sitting, viewer: User, listing: Listing, filters: Filters
) -> Page[Participant]:
    """Return a page of the people in a sitting whom the viewer may see: two statements."""
    statement = (
        sa.select(Participant)
        .where(Participant.sitting_id == sitting.id, visible_in(program, viewer))
        .options(joinedload(Participant.enterprise))
    )
    if filters.cohort:
        statement = statement.where(Participant.cohort_name == filters.cohort)
    if filters.far:
        statement = statement.where(_is_so_far(filters.far))
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Participant.name, listing.q), contains(Participant.number, listing.q))
        )
    orders = {
        "name": (Participant.name, Participant.id),
        "number": (Participant.number, Participant.id),
        "class": (Participant.cohort_name, Participant.name, Participant.id),
    }
    return paginate(statement, listing, orders=orders, default="name")


def _is_so_far(far: str) -> sa.ColumnElement[bool]:
    begun = sa.exists().where(Attempt.participant_id == Participant.id)
    if far == "not_begun":
        return ~begun
    running = begun.where(Attempt.ended_at.is_(None))
    return running if far == "running" else sa.and_(begun, ~running)


def classes_of(program: Program, sitting: Sitting, viewer: User) -> Sequence[str]:
    """Return the classes of the people in a sitting."""
    return db.session.scalars(
        sa.select(Participant.cohort_name)
        .where(
            Participant.sitting_id == sitting.id, Participant.cohort_name != "", visible_in(program, viewer)
        )
        .distinct()
        .order_by(Participant.cohort_name)
        .limit(500)
    ).all()


def count_late(attempts: Sequence[Attempt]) -> Mapping[int, int]:
    """Return how many answers came after the end of each attempt; they are kept and do not count."""
    rows = db.session.execute(
        sa.select(Answer.attempt_id, sa.func.count())
        .where(Answer.attempt_id.in_([attempt.id for attempt in attempts]), Answer.late_at.is_not(None))
        .group_by(Answer.attempt_id)
    )
    return {row[0]: row[1] for row in rows}


def count_enrolled(program: Program) -> int:
    """Return how many people of the programme are in training."""
    found = sa.select(sa.func.count()).where(
        Enrolment.program_id == program.id, Enrolment.state.in_(IN_TRAINING)
    )
    return db.session.scalar(found) or 0
