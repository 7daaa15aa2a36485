"""Moderations begin and end by themselves: when results show parties apart, come together, or time has passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.decided import follows_results
from trainmgr.evaluation.models import Result, Window
from trainmgr.evaluation.queries import rater_of, with_criteria
from trainmgr.evaluation.rules import Party, Phase
from trainmgr.evaluation.windows import local_midnight
from trainmgr.kernel import audit
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.moderation import owed, queries
from trainmgr.moderation.models import Moderation, ModerationSide
from trainmgr.moderation.queries import Given
from trainmgr.moderation.rules import (
    SPEAKING,
    Ending,
    ModerationState,
    SideAnswer,
    after_answers,
    apart,
    sides,
)
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Work, is_open

OPENED = audit.sentence(
    "moderation.open", _l("The parties are %(gap)s steps apart about %(what)s: a moderation began")
)
AGREED = audit.sentence("moderation.agree", _l("The parties came together about %(what)s"))
PASSED_ON = audit.sentence(
    "moderation.pass-on", _l("The parties stayed apart about %(what)s: a moderator decides")
)
SETTLED = audit.sentence(
    "moderation.settle", _l("The moderation about %(what)s ended: the window was settled")
)

OVER = (State.CLOSED, State.CANCELLED)
LOOKED_BACK = timedelta(hours=6)  # for windows that closed without a last rating


@follows_results
def follow(window: Window, enrolment_ids: Sequence[int], now: datetime) -> None:
    """Begin a moderation where parties are too far apart, bring one under way up to date, end it where they are not."""
    divergent = {
        enrolment_id: gap or 0.0
        for enrolment_id, gap, is_divergent in db.session.execute(
            sa.select(Result.enrolment_id, Result.divergence, Result.is_divergent).where(
                Result.window_id == window.id, Result.enrolment_id.in_(enrolment_ids)
            )
        )
        if is_divergent
    }
    known = _last_of(window.id, enrolment_ids)
    live = {key: one for key, one in known.items() if one.state is not ModerationState.CLOSED}
    decided = {key for key, one in known.items() if one.ending not in (None, Ending.AGREED)}
    touched = [_end(one, Ending.AGREED, AGREED, now) for key, one in live.items() if key not in divergent]
    looked_at = divergent.keys() - decided
    if looked_at:
        touched += _begin(window, {key: divergent[key] for key in looked_at}, live, now)
    if any(touched):
        owed.renew(window.program_id, now)


def _last_of(window_id: int, enrolment_ids: Sequence[int]) -> dict[int, Moderation]:
    rows = db.session.scalars(
        sa.select(Moderation)
        .where(Moderation.window_id == window_id, Moderation.enrolment_id.in_(enrolment_ids))
        .options(selectinload(Moderation.sides), joinedload(Moderation.enrolment))
        .order_by(Moderation.id)
    )
    return {one.enrolment_id: one for one in rows}


def _end(one: Moderation, ending: Ending, sentence: str, now: datetime) -> bool:
    one.state, one.ending, one.closed_at = ModerationState.CLOSED, ending, now
    audit.record(sentence, one, by=None, now=now, program_id=one.program_id, name=one.enrolment.name)
    return True


def _begin(window: Window, gaps: dict[int, float], live: dict[int, Moderation], now: datetime) -> list[bool]:
    """Begin or enlarge the moderations of those who are apart: four statements besides the rows written."""
    given = queries.ratings_of(window.id, list(gaps))
    people = db.session.scalars(sa.select(Enrolment).where(Enrolment.id.in_(list(gaps))))
    until = local_midnight(
        local_day(now) + timedelta(days=1 + queries.setting_of(window.program_id).talk_days)
    )
    touched = []
    for enrolment in people:
        ratings = given.get(enrolment.id, {})
        asked = _asked(window, ratings, now)
        one = live.get(enrolment.id)
        if one is None and len(asked) > 1:
            one = Moderation(
                program_id=window.program_id, window_id=window.id, enrolment=enrolment, sides=[],
                gap=gaps[enrolment.id], opened_at=now, answer_until=until, state=ModerationState.TALK,
            )  # fmt: skip
            db.session.add(one)
            audit.record(
                OPENED, one, by=None, now=now, program_id=window.program_id, name=enrolment.name,
                gap=f"{gaps[enrolment.id]:g}",
            )  # fmt: skip
        if one is not None:
            touched.append(_take_in(one, enrolment, ratings, asked))
    db.session.flush()
    return touched


def _asked(window: Window, given: Given, now: datetime) -> list[Party]:
    """Return who is asked: those at the ends. The trainee only once nobody's judgement can lean on another's."""
    marks = queries.marks_in(given)
    ends = sides(marks, apart(marks, window.scheme.divergence))
    expected = {party for party in window.parties if party in SPEAKING}
    complete = window.phase(now) is Phase.CLOSED or expected <= given.keys()
    return [party for party in marks if party in ends and (complete or party is not Party.TRAINEE)]


def _take_in(one: Moderation, enrolment: Enrolment, given: Given, asked: Iterable[Party]) -> bool:
    """Name those who are not named yet; who no longer rates the trainee is not asked, the rating stands."""
    named = {side.party for side in one.sides}
    new = [party for party in asked if party not in named]
    for party in new:
        rating = given[party]
        present = rater_of(enrolment, party) == rating.rater_id
        one.sides.append(
            ModerationSide(
                party=party,
                rater_id=rating.rater_id,
                rater_name=rating.rater.name,
                answer=SideAnswer.WAITING if present else SideAnswer.ABSENT,
            )
        )
    if new:
        one.state = after_answers([side.answer for side in one.sides])
    return bool(new)


# --- by the clock -----------------------------------------------------------------------------------------


@each_minute
def turn(now: datetime) -> int:
    """End the talk whose time is over, and what was settled; look at windows that closed; returns how many moved."""
    late = _live(
        Moderation.state == ModerationState.TALK,
        Moderation.answer_until <= now,
        Program.state.not_in(OVER),
        Window.settled_at.is_(None),
    )
    for one in late:
        one.state = ModerationState.DECIDE
        audit.record(PASSED_ON, one, by=None, now=now, program_id=one.program_id, name=one.enrolment.name)
    is_over = sa.or_(Window.settled_at.is_not(None), Program.state.in_(OVER))
    settled = _live(Moderation.state != ModerationState.CLOSED, is_over)
    for one in settled:
        _end(one, Ending.SETTLED, SETTLED, now)
    for program_id in sorted({one.program_id for one in (*late, *settled)}):
        owed.renew(program_id, now)
    return len(late) + len(settled) + _look_at_closed(now)


def _live(*conditions: sa.ColumnElement[bool]) -> list[Moderation]:
    return list(
        db.session.scalars(
            sa.select(Moderation)
            .join(Window, Window.id == Moderation.window_id)
            .join(Program, Program.id == Moderation.program_id)
            .where(*conditions)
            .options(joinedload(Moderation.enrolment))
            .order_by(Moderation.id)
            .limit(1_000)
            .with_for_update(of=Moderation)
        )
    )


def _look_at_closed(now: datetime) -> int:
    """Begin what waited for the closing of a window: where only the trainee and one other are apart."""
    closed = db.session.scalars(
        with_criteria(sa.select(Window)).where(
            Window.closes_at <= now, Window.closes_at > now - LOOKED_BACK, Window.settled_at.is_(None)
        )
    ).all()
    found = 0
    for window in closed:
        program = db.session.get_one(Program, window.program_id)
        if not is_open(Work.EVALUATION, program.state):
            continue
        known = sa.exists().where(
            Moderation.window_id == window.id, Moderation.enrolment_id == Result.enrolment_id
        )
        ids = db.session.scalars(
            sa.select(Result.enrolment_id).where(Result.window_id == window.id, Result.is_divergent, ~known)
        ).all()
        for start in range(0, len(ids), 500):
            follow(window, ids[start : start + 500], now)
        found += len(ids)
    return found
