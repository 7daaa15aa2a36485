"""Who rates a trainee for a party of several: peers in a ring inside the class, counsellors, outside assessors.

    assign(window)               # brings the rows of window_rater up to date
    stale_windows(now)           # open windows whose counsellors or assessors have changed since

Whoever has handed in keeps the row; whoever stopped before is taken out, whoever came is put in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Rating, Scheme, Window, WindowRater
from trainmgr.evaluation.queries import is_in_training
from trainmgr.evaluation.rules import LEAST_PEERS, MANY, Party, Phase, RatingState, ring
from trainmgr.guidance import queries as guidance
from trainmgr.guidance.models import Counsel
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import ProgramPerson
from trainmgr.programs.rules import Side

Pair = tuple[int, int]  # enrolment and user


def parties_of_several(window: Window) -> tuple[Party, ...]:
    """Return the parties of several that a window asks (scheme and criteria must be loaded)."""
    return tuple(party for party in MANY if party in window.plan.party_points)


def assign(window: Window) -> None:
    """Bring who rates for the parties of several up to date; a window that asks none of them costs nothing."""
    asked = parties_of_several(window)
    if not asked:
        return
    people = _people(window.program_id)
    for party in asked:
        _settle(window, party, _wanted(window, party, people))


def _people(program_id: int) -> Sequence[Any]:
    return db.session.execute(
        sa.select(Enrolment.id, Enrolment.user_id, Enrolment.cohort_id)
        .where(Enrolment.program_id == program_id, is_in_training())
        .order_by(Enrolment.cohort_id, Enrolment.id)
    ).all()


def _wanted(window: Window, party: Party, people: Sequence[Any]) -> set[Pair]:
    if party is Party.PEER:
        return set(_peers(window, people))
    if party is Party.COUNSELLOR:
        found = guidance.counsellors_of(window.program_id)
        return {
            (one.id, user.id)
            for one in people
            for side in Side
            if (user := found.of(one.id, one.cohort_id, side)) is not None
        }
    assessors = _assessors(window.program_id)
    return {(one.id, user_id) for one in people for user_id in assessors}


def _peers(window: Window, people: Sequence[Any]) -> Iterable[Pair]:
    """Return who rates whom in each class, in an order that is the same each time and that nobody can guess."""
    for _cohort, members in groupby(people, key=lambda one: one.cohort_id):
        mixed = sorted(members, key=lambda one: sha256(f"{window.id}:{one.id}".encode()).digest())
        for rater, rated in ring(mixed, window.scheme.peer_raters):
            yield rated.id, rater.user_id


def _assessors(program_id: int) -> list[int]:
    return list(
        db.session.scalars(
            sa.select(ProgramPerson.user_id).where(
                ProgramPerson.program_id == program_id,
                ProgramPerson.role == Role.OUTSIDE_ASSESSOR,
                ProgramPerson.until.is_(None),
            )
        )
    )


def _settle(window: Window, party: Party, wanted: set[Pair]) -> None:
    """Write what has changed: three statements, or two where nothing has."""
    mine = (WindowRater.window_id == window.id, WindowRater.party == party)
    rows = db.session.execute(sa.select(WindowRater.enrolment_id, WindowRater.user_id).where(*mine))
    present = {(row.enrolment_id, row.user_id) for row in rows}
    done = _done(window, party) if present - wanted else set()
    gone, new = present - wanted - done, wanted - present
    table: Any = WindowRater.__table__
    if gone:
        db.session.execute(
            sa.delete(table).where(
                table.c.window_id == window.id,
                table.c.party == party,
                table.c.enrolment_id == sa.bindparam("rated"),
                table.c.user_id == sa.bindparam("rater"),
            ),
            [{"rated": rated, "rater": rater} for rated, rater in sorted(gone)],
        )
    if new:
        common = {"window_id": window.id, "party": party, "program_id": window.program_id}
        rows_of = [{**common, "enrolment_id": rated, "user_id": rater} for rated, rater in sorted(new)]
        db.session.execute(sa.insert(WindowRater), rows_of)


def _done(window: Window, party: Party) -> set[Pair]:
    rows = db.session.execute(
        sa.select(Rating.enrolment_id, Rating.rater_id).where(
            Rating.window_id == window.id, Rating.party == party, Rating.state == RatingState.SUBMITTED
        )
    )
    return {(row.enrolment_id, row.rater_id) for row in rows}


def absent(program_id: int, parties: Collection[Party]) -> list[Party]:
    """Return those parties of several in which there is nobody (a statement for each)."""
    anybody = {
        Party.PEER: sa.exists(
            sa.select(Enrolment.cohort_id)
            .where(Enrolment.program_id == program_id, is_in_training())
            .group_by(Enrolment.cohort_id)
            .having(sa.func.count() > LEAST_PEERS)
        ),
        Party.COUNSELLOR: sa.exists().where(Counsel.program_id == program_id, Counsel.until.is_(None)),
        Party.ASSESSOR: sa.exists().where(*_present_assessors(program_id)),
    }
    return [p for p in MANY if p in parties and not db.session.scalar(sa.select(anybody[p]))]


# --- what changes outside ---------------------------------------------------------------------------


def marker(program_id: int) -> str:
    """Return what tells whether counsellors or assessors of a programme have changed (one statement)."""
    counsels, ended = _latest(Counsel.id, Counsel.program_id == program_id), Counsel.until.is_not(None)
    return str(
        db.session.scalar(
            sa.select(
                counsels
                + ":"
                + _count(Counsel.id, Counsel.program_id == program_id, ended)
                + ":"
                + _count(ProgramPerson.id, *_present_assessors(program_id))
                + ":"
                + _latest(ProgramPerson.id, *_present_assessors(program_id))
            )
        )
    )


def _present_assessors(program_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ProgramPerson.program_id == program_id,
        ProgramPerson.role == Role.OUTSIDE_ASSESSOR,
        ProgramPerson.until.is_(None),
    )


def _latest(column: Any, *conditions: sa.ColumnElement[bool]) -> Any:
    latest = sa.select(sa.func.coalesce(sa.func.max(column), 0)).where(*conditions).scalar_subquery()
    return sa.cast(latest, sa.String)


def _count(column: Any, *conditions: sa.ColumnElement[bool]) -> Any:
    return sa.cast(sa.select(sa.func.count(column)).where(*conditions).scalar_subquery(), sa.String)


def stale_windows(now: datetime) -> list[int]:
    """Return the open windows that ask counsellors or assessors and were assigned from others than there are now."""
    rows = db.session.execute(
        sa.select(Window.id, Window.program_id, Window.assigned_from)
        .join(Scheme, Scheme.id == Window.scheme_id)
        .where(
            Window.phase_seen == Phase.OPEN,
            Window.closes_at > now,
            Scheme.counsellor_weight + Scheme.assessor_weight > 0,
        )
    ).all()
    markers = {program_id: marker(program_id) for program_id in {row.program_id for row in rows}}
    return [row.id for row in rows if row.assigned_from != markers[row.program_id]]
