"""Keeping figures up to date: what came in makes them stale, a job or the clock works them out anew.

The long reading locks nothing; only the short writing at its end does. What comes in meanwhile makes them stale again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Rating, Window
from trainmgr.evaluation.rules import RatingState
from trainmgr.identity.models import User
from trainmgr.insights.computing import figures_of
from trainmgr.insights.models import WindowInsight
from trainmgr.kernel import jobs
from trainmgr.kernel.db import db, reading
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step
from trainmgr.programs.thread import follows

COMPUTING = "insights"
# Organisations with fewer trainees than this get no figures of their own: agreement would have no interval.
FEWEST = 10
A_MINUTE = 20

STALE = WindowInsight.asked != WindowInsight.done


@follows(Step.EVALUATION, own=Step.EVALUATION)
def grow_stale(program_id: int, now: datetime) -> bool:
    """Mark what was worked out of a programme's ratings as stale and have it worked out anew; changes no step."""
    marked = db.session.execute(
        sa.update(WindowInsight)
        .where(WindowInsight.program_id == program_id)
        .values(asked=WindowInsight.asked + 1),
        execution_options={"synchronize_session": False},
    )
    if marked.rowcount:  # type: ignore[attr-defined]
        plan_computing(program_id, by=None, now=now)
    return False


def plan_computing(program_id: int, *, by: User | None, now: datetime) -> None:
    """Plan a job unless one waits already."""
    waits = sa.exists().where(
        Job.program_id == program_id, Job.kind == COMPUTING, Job.state == JobState.QUEUED
    )
    if not db.session.scalar(sa.select(waits)):
        jobs.enqueue(
            COMPUTING,
            title=_("Working out agreement and leniency"),
            params={},
            by=by,
            program_id=program_id,
            now=now,
        )


def request_computing(program: Program, *, by: User, now: datetime) -> None:
    """Have a programme's figures worked out now, for the windows that have none yet too."""
    begin(now, program.id)
    plan_computing(program.id, by=by, now=now)


def begin(now: datetime, program_id: int | None = None) -> int:
    """Make rows for windows that have ratings and no figures yet; returns how many."""
    missing = sa.select(Window).where(
        Window.opens_at <= now,
        ~sa.exists().where(WindowInsight.window_id == Window.id),
        sa.exists().where(Rating.window_id == Window.id, Rating.state == RatingState.SUBMITTED),
    )
    if program_id is not None:
        missing = missing.where(Window.program_id == program_id)
    windows = db.session.scalars(missing.order_by(Window.id).limit(A_MINUTE)).all()
    for window in windows:
        rows = [
            WindowInsight(program_id=window.program_id, window_id=window.id, organization_id=organization_id)
            for organization_id in (None, *_organizations(window.program_id))
        ]
        with suppress(sa.exc.IntegrityError), db.session.begin_nested():  # somebody asked at the same moment
            db.session.add_all(rows)
    return len(windows)


def _organizations(program_id: int) -> Sequence[int]:
    """Return the enterprises and colleges that have some of a programme's trainees and not all."""
    found: list[int] = []
    for column in (Enrolment.enterprise_id, Enrolment.college_id):
        counts = db.session.execute(
            sa.select(column, sa.func.count())
            .where(Enrolment.program_id == program_id, column.is_not(None))
            .group_by(column)
            .order_by(column)
        ).all()
        found += [id_ for id_, n in counts if id_ and len(counts) > 1 and n >= FEWEST]
    return found


def stale(program_id: int | None = None, limit: int = A_MINUTE) -> Sequence[int]:
    """Return the ids of stale rows, the longest stale first."""
    statement = sa.select(WindowInsight.id).where(STALE)
    if program_id is not None:
        statement = statement.where(WindowInsight.program_id == program_id)
    return db.session.scalars(statement.order_by(WindowInsight.id).limit(limit)).all()


def compute(insight_id: int, *, now: datetime) -> None:
    """Work one row out anew. What was written before must be committed."""
    with reading():
        row = db.session.get(WindowInsight, insight_id)
        if row is None:
            return
        asked = row.asked
        figures, ratings = figures_of(row.window_id, row.organization_id)
    db.session.execute(
        sa.update(WindowInsight)
        .where(WindowInsight.id == insight_id)
        .values(figures=figures, ratings=ratings, done=asked, computed_at=now),
        execution_options={"synchronize_session": False},
    )


def tidy(program_id: int, besides: int) -> None:
    """Put away the finished jobs of a programme: there is one for each rating that came in alone."""
    db.session.execute(
        sa.delete(Job).where(
            Job.program_id == program_id, Job.kind == COMPUTING, Job.state == JobState.DONE, Job.id != besides
        ),
        execution_options={"synchronize_session": False},
    )


@jobs.each_minute
def keep_up(now: datetime) -> Iterator[int]:
    """Work out what is new or was missed; yields after each row, and before the first so that nothing is pending."""
    yield begin(now)
    for insight_id in stale(limit=A_MINUTE // 4):
        compute(insight_id, now=now)
        yield insight_id
