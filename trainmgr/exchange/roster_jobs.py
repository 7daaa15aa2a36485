"""The worker's part of OneRoster: write a college's files, look at an upload, take it in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from trainmgr.enrolment.places import STEPS
from trainmgr.exchange import arriving, keeping, leaving
from trainmgr.exchange.arriving import Line
from trainmgr.exchange.mending import MOST_KEPT
from trainmgr.exchange.models import ExchangeLine
from trainmgr.exchange.packages import opened
from trainmgr.exchange.rules import Outcome, total_of
from trainmgr.exchange.taking import Result, Taker
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, intake, jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db
from trainmgr.programs.thread import refresh

BATCH = 200


def asked_by(run: jobs.JobRun) -> tuple[Organization, User]:
    """Return the college of a job and who asked for it, who must still look after its exchange."""
    college = db.session.get_one(Organization, run.params["college"])
    by = db.session.get_one(User, run.created_by, options=[selectinload(User.memberships)])
    allowed = college.id in by.organizations_where(Permission.INTEGRATION_MANAGE)
    require(by.active and allowed, _("Whoever asked for this does not look after the exchange any more."))
    return college, by


@jobs.job(keeping.ROSTER_OUT)
def write_roster(run: jobs.JobRun) -> None:
    """Write a college's OneRoster files."""
    college, by = asked_by(run)
    data = leaving.write_archive(run, college, today=local_day(utcnow()))
    if data is None:
        return
    now = utcnow()
    name = _("OneRoster %(name)s %(day)s", name=college.short, day=local_day(now).isoformat()) + ".zip"
    keeping.keep_result(run, data, name, leaving.ZIP, by=by, now=now)
    run.progress(run.total)


@jobs.job(keeping.ROSTER_LOOK)
def look_at_roster(run: jobs.JobRun) -> None:
    """Tell what would become of each line of an upload; nothing is written but that."""
    _go_through(run, dry=True)


@jobs.job(keeping.ROSTER_IN)
def take_roster_in(run: jobs.JobRun) -> None:
    """Take the lines of an upload in, batch by batch."""
    _go_through(run, dry=False)
    if run.stopped:
        return
    college, by = asked_by(run)
    now, figures = utcnow(), total_of(run.counts)
    told: dict[str, Any] = {name: figures[name] for name in ("new", "changed", "suspended", "wrong")}
    audit.record(arriving.FINISHED, college, by=by, now=now, name=college.name, **told)
    for program_id in run.checkpoint.get("programs", ()):
        refresh(program_id, *STEPS, now=now)
    if not figures["wrong"]:
        intake.drop_upload(run.params)


def _go_through(run: jobs.JobRun, *, dry: bool) -> None:
    run.progress()  # nothing is locked while the file is read
    data = intake.read_upload(run.params)
    with opened(data) as package:
        college, _by = asked_by(run)
        upload = arriving.Upload(package, college)
        run.progress(run.done, upload.total)
        for batch in run.batches(upload.lines(), BATCH):
            college, by = asked_by(run)
            now = utcnow()
            taker = Taker(college, upload, by, now, local_day(now), dry)
            _note(run, batch, taker.take(batch))
            programs = {*run.checkpoint.get("programs", ()), *taker.programs}
            run.checkpoint = run.checkpoint | {"programs": sorted(programs)}


def _note(run: jobs.JobRun, lines: Sequence[Line], results: Sequence[Result]) -> None:
    """Write down what became of a batch: every wrong line, and of the others as many as anybody looks at."""
    rows: list[dict[str, Any]] = []
    for line, (outcome, reason) in zip(lines, results, strict=True):
        name = f"{line.file}.{outcome.value}"
        run.count(**{name: 1})
        if outcome is Outcome.WRONG or (outcome is not Outcome.SAME and run.counts[name] <= MOST_KEPT):
            rows.append(
                {
                    "job_id": run.id,
                    "file": line.file,
                    "line": line.number,
                    "outcome": outcome,
                    "reason": reason,
                }
            )
    if rows:
        db.session.execute(sa.insert(ExchangeLine), rows)
