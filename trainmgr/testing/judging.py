"""Reads for judges of practical work: whom they may judge, how far each is, the checklist at hand."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort

from trainmgr.bank.models import PaperItem
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.testing import markbook, queries
from trainmgr.testing.models import Attempt, Mark, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd


class Turn(enum.StrEnum):
    """Whom a judge's list shows: those whose work can be judged now, those judged, or everybody."""

    OPEN = "open"
    DONE = "done"
    ALL = "all"


@dataclass(frozen=True)
class Candidate:
    """Somebody whose practical work is judged: the attempt it belongs to, and how many tasks are judged."""

    participant: Participant
    attempt_id: int | None
    judged: int


def _latest() -> Any:
    """Return the number of a participant's latest attempt that is not called off, as a scalar subquery."""
    return (
        sa.select(sa.func.max(Attempt.number))
        .where(Attempt.participant_id == Participant.id, Attempt.end.is_distinct_from(AttemptEnd.CALLED_OFF))
        .correlate(Participant)
        .scalar_subquery()
    )


def list_candidates(
    program: Program, sitting: Sitting, tasks: Sequence[PaperItem], turn: Turn, listing: Listing, viewer: User
) -> Page[Candidate]:
    """Return a page of those whom the viewer may judge in a sitting: two statements."""
    judged = (
        sa.select(sa.func.count(Mark.item_id.distinct()))
        .where(Mark.attempt_id == Attempt.id, Mark.item_id.in_([task.item_id for task in tasks]))
        .correlate(Attempt)
        .scalar_subquery()
    )
    statement = (
        sa.select(Participant, Attempt.id, judged)
        .outerjoin(Attempt, sa.and_(Attempt.participant_id == Participant.id, Attempt.number == _latest()))
        .where(Participant.sitting_id == sitting.id, queries.judged_by(program, viewer))
    )
    if turn is Turn.OPEN:
        statement = statement.where(Attempt.id.is_not(None), judged < len(tasks))
    elif turn is Turn.DONE:
        statement = statement.where(judged == len(tasks))
    if listing.q:
        found = sa.or_(contains(Participant.name, listing.q), contains(Participant.number, listing.q))
        statement = statement.where(found)
    orders = {
        "name": (Participant.name, Participant.id),
        "cohort": (Participant.cohort_name, Participant.name, Participant.id),
    }
    page = paginate(statement, listing, orders=orders, default="name", scalars=False)
    candidates = [Candidate(row[0], row[1], row[2] or 0) for row in page.items]
    return Page(candidates, page.number, page.size, page.total, page.q, page.sort, page.direction)


def candidate_or_404(program: Program, sitting: Sitting, participant_id: int, viewer: User) -> Participant:
    """Return somebody whom the viewer may judge, or oneself (which the writing refuses with a sentence)."""
    oneself = Participant.user_id == viewer.id
    participant = db.session.scalar(
        sa.select(Participant).where(
            Participant.id == participant_id,
            Participant.sitting_id == sitting.id,
            sa.or_(oneself, queries.judged_by(program, viewer)),
        )
    )
    return participant if participant is not None else abort(404)


def given_to(attempt_id: int | None, tasks: Sequence[PaperItem]) -> dict[int, list[Mark]]:
    """Return the marks of an attempt's practical tasks by item, the newest first; an item without one is left out."""
    ids = [attempt_id] if attempt_id else []
    found = markbook.marks_of(ids, [task.item_id for task in tasks])
    return {item_id: marks for (_attempt, item_id), marks in found.items()}


def next_task(tasks: Sequence[PaperItem], judged: Collection[int], wanted: int | None = None) -> PaperItem:
    """Return the task asked for, else the first that is not judged, else the first."""
    asked = next((task for task in tasks if task.item_id == wanted), None)
    return asked or next((task for task in tasks if task.item_id not in judged), tasks[0])
