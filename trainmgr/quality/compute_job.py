"""Computing a college's figures beside the request: asked for by somebody, or by the clock at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, jobs
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState, each_minute
from trainmgr.quality import computing
from trainmgr.quality.words import COMPUTED

COMPUTING = "quality-figures"
NIGHT = range(2, 5)  # hours of the local day in which figures are computed by the clock
SHOWN = {JobState.DONE: timedelta(minutes=10), JobState.FAILED: timedelta(days=1)}
RESTED = timedelta(hours=6)


def request_figures(college_id: int, year: int, *, by: User | None, now: datetime) -> Job:
    """Plan the computation of a year and the year before; asked again while it is under way, it is the same one."""
    db.session.execute(
        sa.select(Organization.id).where(Organization.id == college_id).with_for_update()
    )  # of two who ask at the same moment, the second finds the first one's job
    live = find_job(college_id)
    if live is not None and live.is_live:
        return live
    job = jobs.enqueue(
        COMPUTING,
        title=_("Figures of %(year)s", year=year),
        params={"college": college_id, "years": [year - 1, year]},
        by=by,
        program_id=None,
        now=now,
    )
    audit.record(COMPUTED, db.session.get_one(Organization, college_id), by=by, now=now, year=year)
    return job


def find_job(college_id: int) -> Job | None:
    """Return the last computation of a college, of the latest fifty of all."""
    latest = db.session.scalars(sa.select(Job).where(Job.kind == COMPUTING).order_by(Job.id.desc()).limit(50))
    return next((job for job in latest if job.params.get("college") == college_id), None)


def shown_job(college_id: int, now: datetime) -> Job | None:
    """Return the computation that a page tells of: under way, done in the last ten minutes or broken off today."""
    job = find_job(college_id)
    if job is None or job.is_live:
        return job
    ended, shown = job.finished_at, SHOWN.get(job.state)
    return job if ended and shown and ended > now - shown else None


@jobs.job(COMPUTING)
def compute_in_background(run: jobs.JobRun) -> None:
    """Compute year after year; started again, it begins anew with the year that was not finished."""
    years, college_id = list(run.params["years"]), int(run.params["college"])
    finished = list(run.checkpoint.get("years", []))
    for place, year in enumerate(years):
        if year in finished:
            continue
        for done, total in computing.compute_year(college_id, year, now=utcnow()):
            ended = done == total
            finished = [*finished, year] if ended else finished
            run.progress(place * total + done, total * len(years), checkpoint={"years": finished})


@each_minute
def compute_at_night(now: datetime) -> None:
    """Ask for the figures of every college whose last computation is not of this night."""
    if now.astimezone(ZoneInfo(current_app.config["TIMEZONE"])).hour not in NIGHT:
        return
    recent = db.session.scalars(
        sa.select(Job).where(Job.kind == COMPUTING, Job.created_at >= now - RESTED).order_by(Job.id)
    )
    asked = {int(job.params["college"]) for job in recent}
    for college_id in computing.colleges_to_compute(asked):
        request_figures(college_id, local_day(now).year, by=None, now=now)
