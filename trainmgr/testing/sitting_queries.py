"""Reads for those who run tests: a programme's sittings with their figures, and one sitting's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may
from trainmgr.testing import queries
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd


@dataclass(frozen=True)
class Figures:
    """How far a sitting is, among the people whom the reader may see."""

    people: int = 0
    begun: int = 0  # people who began at least once
    running: int = 0
    handed_in: int = 0  # attempts that count
    timed_out: int = 0  # attempts that count
    waiting: int = 0  # answers that wait for a person


def may_run(program: Program, viewer: User) -> bool:
    """Tell whether the viewer runs the programme's tests: who sees everybody and may run tests here."""
    return queries.sees_all(program, viewer) and may(program, viewer, Permission.TEST_RUN)


def list_sittings(program: Program, listing: Listing) -> Page[Sitting]:
    """Return a page of a programme's sittings, the newest first."""
    statement = queries.select_sittings(program)
    if listing.q:
        statement = statement.where(contains(Sitting.name, listing.q))
    if not listing.sort:
        listing = replace(listing, direction="desc")
    orders = {"opens": (Sitting.opens_at, Sitting.id), "name": (Sitting.name, Sitting.id)}
    return paginate(statement, listing, orders=orders, default="opens")


def figures_of(program: Program, sittings: Sequence[Sitting], viewer: User) -> Mapping[int, Figures]:
    """Return the figures of some sittings of a programme by their ids: two statements."""
    ids = [sitting.id for sitting in sittings]
    seen = queries.visible_in(program, viewer)
    people: dict[int, int] = dict(
        db.session.execute(
            sa.select(Participant.sitting_id, sa.func.count())
            .where(Participant.sitting_id.in_(ids), seen)
            .group_by(Participant.sitting_id)
        ).all()
    )
    attempts = {row.sitting_id: row for row in db.session.execute(_attempts(ids, seen))}
    return {
        key: Figures(people.get(key, 0), *tuple(attempts[key])[1:]) if key in attempts else Figures(people.get(key, 0))
        for key in ids
    }  # fmt: skip


def _attempts(ids: Sequence[int], seen: sa.ColumnElement[bool]) -> sa.Select[*tuple[int, ...]]:
    def tally(condition: Any, value: object = 1) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, value), else_=0)), 0)

    return (
        sa.select(
            Attempt.sitting_id,
            sa.func.count(Attempt.participant_id.distinct()),
            tally(Attempt.ended_at.is_(None)),
            tally(sa.and_(Attempt.counts, Attempt.end == AttemptEnd.HANDED_IN)),
            tally(sa.and_(Attempt.counts, Attempt.end == AttemptEnd.TIMED_OUT)),
            tally(Attempt.counts, Attempt.waiting),
        )
        .join(Participant, Participant.id == Attempt.participant_id)
        .where(Attempt.sitting_id.in_(ids), seen)
        .group_by(Attempt.sitting_id)
    )
