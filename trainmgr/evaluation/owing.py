"""Who owes a rating in a window: counted, put into inboxes, told, and kept up to date by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import assigning, inviting, queries, schemes
from trainmgr.evaluation.due_codes import DUE_CODES
from trainmgr.evaluation.models import Rating, Window, WindowRater
from trainmgr.evaluation.queries import RATER_COLUMNS, is_in_training, is_rated
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import MANY, Party, Phase, RatingState
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs import dues
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Step
from trainmgr.programs.thread import follows, refresh


@follows(Step.ENROLMENT, Step.MENTORING, own=Step.EVALUATION)
def follow_people(program_id: int, now: datetime) -> bool:
    """Bring inboxes and tallies up to date when the trainees or their mentors have changed."""
    windows = _running(Window.program_id == program_id, Window.closes_at > now)
    sync(program_id, windows, now=now)
    return bool(windows)


@each_minute
def turn(now: datetime) -> int:
    """Note every window that the clock has opened or closed since the last time, or whose raters have changed.

    Returns how many there were.
    """
    opened = sa.and_(Window.phase_seen == Phase.PLANNED, Window.opens_at <= now)
    closed = sa.and_(Window.phase_seen != Phase.CLOSED, Window.closes_at <= now)
    moved = Window.id.in_(assigning.stale_windows(now))
    windows = _running(sa.or_(opened, closed, moved))
    for program_id in sorted({window.program_id for window in windows}):
        own = [window for window in windows if window.program_id == program_id]
        for window in own:
            schemes.freeze_if_open(window.scheme, now=now)
        sync(program_id, own, now=now)
        refresh(program_id, Step.EVALUATION, now=now)
    return len(windows)


def _running(*conditions: sa.ColumnElement[bool]) -> list[Window]:
    """Return windows with their criteria, locked in order."""
    # Most often there is none, and laying out what a window brings along takes a hundred times as long as this.
    if db.session.scalar(sa.select(Window.id).where(*conditions).limit(1)) is None:
        return []
    return list(
        db.session.scalars(
            queries.with_criteria(sa.select(Window))
            .where(*conditions)
            .order_by(Window.program_id, Window.id)
            .with_for_update(of=Window)
            .execution_options(populate_existing=True)
        )
    )


def sync(program_id: int, windows: Sequence[Window], *, now: datetime) -> dict[int, int]:
    """Count anew what is expected and submitted in some windows and put it into the inboxes of those who owe it.

    In a closed window nobody owes anything any more. Returns the number of ratings still missing per window.
    """
    db.session.flush()
    missing = {}
    for window in windows:
        phase = window.phase(now)
        if phase is not Phase.CLOSED:
            _assign(window)
        tally = count_up(window)
        owed: dict[int, int] = {}
        for party in _parties_owing(window, tally):
            lines = list(_lines(window, party)) if phase is not Phase.CLOSED and party.value in tally else []
            _put_owed(window, party, lines)
            for each in lines:
                owed[each.user_id or 0] = owed.get(each.user_id or 0, 0) + each.amount
        if phase is Phase.OPEN:
            _write(window, notified=inviting.invite(window, owed, now=now))
        if window.phase_seen is not phase:
            if Party.PEER.value in tally and Phase.CLOSED in (phase, window.phase_seen):
                recompute(window, now=now)  # peers of whom some never rated count from the closing on
            _write(window, phase_seen=phase)
        missing[window.id] = sum(each["expected"] - each["submitted"] for each in tally.values())
    return missing


def _assign(window: Window) -> None:
    """Bring who rates for the parties of several up to date, and note from whom."""
    if not (asked := assigning.parties_of_several(window)):
        return
    assigning.assign(window)
    if set(asked) - {Party.PEER} and (marker := assigning.marker(window.program_id)) != window.assigned_from:
        _write(window, assigned_from=marker)


def _parties_owing(window: Window, tally: dict[str, dict[str, int]]) -> list[Party]:
    """Return the parties whose inboxes may hold something of a window: the three always, others where they rate."""
    before = window.tally | tally
    return [party for party in Party if party not in MANY or party.value in before]


def _put_owed(window: Window, party: Party, owed: Iterable[dues.Line]) -> None:
    """Bring a party's inbox lines of a window up to date; only what has changed is written."""
    visible_from = local_day(window.opens_at)
    known = {
        due.user_id: (due.amount, due.due_on, due.visible_from, due.params)
        for due in db.session.execute(
            sa.select(Due.user_id, Due.amount, Due.due_on, Due.visible_from, Due.params).where(
                Due.program_id == window.program_id,
                Due.code == DUE_CODES[party],
                Due.subject_id == window.id,
            )
        )
    }
    changed = [
        one
        for one in owed
        if known.pop(one.user_id, None) != (one.amount, one.due_on, visible_from, one.params)
    ]
    changed += [line(window, user_id, 0) for user_id in known if user_id is not None]
    if changed:
        dues.put_many(DUE_CODES[party], changed, program_id=window.program_id, visible_from=visible_from)


def count_up(window: Window) -> dict[str, dict[str, int]]:
    """Count expected, submitted and unassigned ratings per party and write them to the window (three statements, four
    where a party of several rates: of it each rater's is expected, and one of whoever has none).
    """
    inside = sa.and_(Enrolment.program_id == window.program_id, is_in_training())
    people = db.session.execute(
        sa.select(
            sa.func.count().label("expected"), *(_without_rater(window, party) for party in RATER_COLUMNS)
        ).where(inside)
    ).one()
    submitted: dict[Party, int] = dict(
        db.session.execute(
            sa.select(Rating.party, sa.func.count())
            .join(Enrolment, Enrolment.id == Rating.enrolment_id)
            .where(Rating.window_id == window.id, Rating.state == RatingState.SUBMITTED, inside)
            .group_by(Rating.party)
        ).all()
    )
    asked = window.plan.party_points
    several = _several(window, inside) if any(party in MANY for party in asked) else {}
    tally = {}
    for party in asked:
        rows, covered = several.get(party, (0, 0))
        without = getattr(people, party.value) if party in RATER_COLUMNS else people.expected - covered
        tally[party.value] = {
            "expected": people.expected if party in RATER_COLUMNS else rows + without,
            "submitted": submitted.get(party, 0),
            "unassigned": without,
        }
    if tally != window.tally:
        _write(window, tally=tally)
    return tally


def _several(window: Window, inside: sa.ColumnElement[bool]) -> dict[Party, tuple[int, int]]:
    """Return how many ratings each party of several owes, and of how many trainees."""
    rows = db.session.execute(
        sa.select(WindowRater.party, sa.func.count(), sa.func.count(sa.distinct(WindowRater.enrolment_id)))
        .join(Enrolment, Enrolment.id == WindowRater.enrolment_id)
        .where(WindowRater.window_id == window.id, inside)
        .group_by(WindowRater.party)
    )
    return {party: (owed, people) for party, owed, people in rows}


def _without_rater(window: Window, party: Party) -> Any:
    """Count trainees whom nobody of a party rates: not rated yet, and no mentor assigned."""
    return sa.func.count(
        sa.case((sa.and_(RATER_COLUMNS[party].is_(None), ~is_rated(window.id, party)), 1))
    ).label(party.value)


def _write(window: Window, **values: Any) -> None:
    """Write what actions keep on a window without moving the version that people edit against."""
    db.session.execute(
        sa.update(Window).where(Window.id == window.id).values(**values),
        execution_options={"synchronize_session": False},
    )
    for key, value in values.items():
        set_committed_value(window, key, value)


def _lines(window: Window, party: Party) -> Iterator[dues.Line]:
    for user_id, amount in queries.owing(window, party):
        yield line(window, user_id, amount)


def line(window: Window, user_id: int, amount: int) -> dues.Line:
    """Return the inbox line of somebody who owes so many ratings in a window."""
    last = local_day(window.closes_at - timedelta(microseconds=1))
    name = {"zh": window.name, "en": window.name_en or window.name}
    return dues.Line(
        user_id=user_id, subject_id=window.id, amount=amount, due_on=last, params={"window": name}
    )
