"""Figures follow their records: what a transaction wrote is found at its end, a job computes what reads it anew.

Only this year and the one before are touched, where they were computed before, as at night. A measure that takes long
is computed again only after a rest in proportion, by the minute's look at the latest.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import has_app_context
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from trainmgr.kernel import jobs
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db, reading
from trainmgr.kernel.jobs import Job, JobState, each_minute
from trainmgr.programs.models import Program
from trainmgr.quality import computing, watching
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.models import QualityRun

FRESHENING = "quality-fresh"
QUICK = 0.25  # seconds within which a measure may be computed as often as records change
REST = 20  # a slower one rests for this many times as long as it took

# Answers count when their window is closed, which the clock does: there is no hurry beside a rating.
SURVEYS = frozenset(code for code, one in MEASURES.items() if one.is_survey)

# What the worker remembers of slow measures: when each may be computed again. Forgotten, each is computed once more.
_resting: dict[tuple[int, str], datetime] = {}


def _at_the_end(session: Session) -> None:
    """Plan what the transaction made stale; part of the same transaction."""
    if session.in_nested_transaction() or not has_app_context() or session is not db.session():
        return  # a session of another context cannot plan a job here; the night makes up for it
    session.flush()
    touched = watching.take(session)
    if touched is not None:
        for college_id in _colleges(session, touched):
            plan(college_id, touched.measures, now=utcnow())


def _colleges(session: Session, touched: watching.Touched) -> Sequence[int]:
    """Return the colleges with computed figures that the written rows may belong to."""
    known = sa.select(QualityRun.college_id).distinct().order_by(QualityRun.college_id)
    if not touched.everywhere:
        lead = sa.select(Program.lead_college_id).where(Program.id.in_(touched.programs))
        known = known.where(QualityRun.college_id.in_(lead))
    return session.scalars(known).all()


def plan(college_id: int, measures: Iterable[str], *, now: datetime, by_clock: bool = False) -> None:
    """Plan a job for measures of a college, or add them to the one that waits.

    The waiting one is locked: a worker that takes it up sees what this transaction wrote.
    """
    waiting = db.session.scalars(
        sa.select(Job)
        .where(Job.kind == FRESHENING, Job.state == JobState.QUEUED)
        .order_by(Job.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    own = next((job for job in waiting if job.params["college"] == college_id), None)
    if own is not None:
        own.params = {
            **own.params,
            "measures": sorted({*own.params["measures"], *measures}),
            "by_clock": by_clock or own.params["by_clock"],
        }
        return
    jobs.enqueue(
        FRESHENING,
        title=_("Bringing figures up to date"),
        params={"college": college_id, "measures": sorted(measures), "by_clock": by_clock},
        by=None,
        program_id=None,
        now=now,
    )


@jobs.job(FRESHENING)
def freshen_in_background(run: jobs.JobRun) -> None:
    """Compute the planned measures anew; surveys and what rests are left for later."""
    college_id, now = int(run.params["college"]), utcnow()
    wanted = {*run.params["measures"], *_left(college_id, run.id)}
    surveys = frozenset() if run.params["by_clock"] else SURVEYS
    ready = [name for name in sorted(wanted - surveys) if not _rests(college_id, name, now)]
    later = sorted(wanted - set(ready))
    run.progress(0, len(ready), checkpoint={"later": later})
    years = computing.computed_years(college_id, local_day(now).year - 1)
    with reading():  # nobody who writes waits for the long part
        parties = computing.parties_of(college_id)
        codes = {year: computing.codes_of(college_id, year) for year in years}
        looked = [
            (year, _timed(college_id, year, name, codes[year], parties)) for name in ready for year in years
        ]
    for year, found in looked:
        computing.keep(college_id, year, found)
    if SURVEYS.issuperset(later):
        computing.note(college_id, years, utcnow())
    run.progress(len(ready))


def _timed(
    college_id: int, year: int, name: str, codes: computing.Codes, parties: computing.Parties
) -> computing.Looked:
    begun = time.monotonic()
    looked = computing.look(college_id, year, name, codes, parties)
    seconds = time.monotonic() - begun
    if seconds > QUICK:
        _resting[college_id, name] = utcnow() + timedelta(seconds=seconds * REST)
    return looked


def _rests(college_id: int, name: str, now: datetime) -> bool:
    return _resting.get((college_id, name), now) > now


def _left(college_id: int, besides: int) -> set[str]:
    """Put away the finished jobs of a college; returns the measures that they left for later."""
    left: set[str] = set()
    for job in _finished():
        if job.params["college"] == college_id and job.id != besides:
            left |= set(job.checkpoint.get("later", []))
            db.session.delete(job)
    return left


def _finished() -> Sequence[Job]:
    return db.session.scalars(
        sa.select(Job).where(Job.kind == FRESHENING, Job.state == JobState.DONE).order_by(Job.id).limit(200)
    ).all()


@each_minute
def catch_up(now: datetime) -> None:
    """Plan what was left for later and has rested enough."""
    for job in _finished():
        later, college_id = job.checkpoint.get("later", []), job.params["college"]
        rested = [name for name in later if not _rests(college_id, name, now)]
        if rested:
            plan(college_id, rested, now=now, by_clock=True)
            job.checkpoint = {"later": sorted(set(later) - set(rested))}


watching.watch(db.session)
sa.event.listen(db.session, "before_commit", _at_the_end)
