"""Certificates of many trainees beside the request: issuing to all who passed, and all PDFs in one archive."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from trainmgr.certificates import issuing, program_queries, queries
from trainmgr.certificates.issuing import Deed
from trainmgr.certificates.models import Certificate
from trainmgr.certificates.paper import printer
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.places import lock_places
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import among, db
from trainmgr.kernel.files import StoredFile, is_kept, remove, store_stream
from trainmgr.kernel.jobs import Job
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

ISSUE, ZIP, PURPOSE = "certificates-issue", "certificates-zip", "certificates-zip"
AT_ONCE = 200  # so many are issued by the request itself
PIECE = 100
KEPT = timedelta(days=1)


# --- issuing to all ------------------------------------------------------------------------------


def issue_all(program: Program, deed: Deed) -> list[Certificate] | Job:
    """Issue to everybody who passed and has none: at once while they are few, else by a job."""
    issuing.require_issuing(program)
    lock_places(program.id)  # of two who ask at the same moment, the second finds the first one's job
    running = latest(program, ISSUE)
    if running is not None and running.is_live:
        return running
    ids = list(db.session.scalars(queries.without(program)))
    if len(ids) <= AT_ONCE:
        return issuing.issue(program, ids, deed)
    return jobs.enqueue(
        ISSUE, title=_("Issuing certificates of completion"), params={"origin": deed.origin}, by=deed.by,
        program_id=program.id, now=deed.now,
    )  # fmt: skip


@jobs.job(ISSUE)
def issue_in_background(run: jobs.JobRun) -> None:
    """Issue batch by batch; started again, it gives nobody a second one."""
    program, by = _owner(run)
    _require(program, by, Permission.CERTIFICATE_ISSUE)
    ids = list(db.session.scalars(sa.select(Enrolment.id).where(Enrolment.id.in_(queries.passed_in(program)))
                                  .order_by(Enrolment.id)))  # fmt: skip
    run.progress(run.done, len(ids))
    for batch in run.batches(ids, AT_ONCE):
        program, by = _owner(run)
        made = issuing.issue(program, batch, Deed(by, utcnow(), run.params["origin"]))
        run.count(issued=len(made))


# --- all in one archive --------------------------------------------------------------------------


def start_zip(program: Program, *, by: User, now: datetime) -> Job:
    """Plan an archive of the certificates that count, of the people whom the asker may see."""
    require(program_queries.present_ids(program, by), _("Nobody here holds a certificate yet."))
    old = latest(program, ZIP, by)
    if old is not None and old.is_live:
        return old
    if old is not None:
        put_away(old)
    name = _("Certificates %(program)s.zip", program=program.name)
    return jobs.enqueue(ZIP, title=name, params={"name": name}, by=by, program_id=program.id, now=now)


@jobs.job(ZIP)
def zip_in_background(run: jobs.JobRun) -> None:
    """Write the PDFs into an archive, a hundred at a time; started again, it begins anew."""
    program, by = _owner(run)
    _require(program, by, Permission.CERTIFICATE_VIEW)
    ids = program_queries.present_ids(program, by)
    run.progress(0, len(ids))
    with tempfile.TemporaryFile() as file:
        if not _write(run, program, by, ids, file):
            return
        stored = store_stream(
            file, name=run.params["name"], media_type="application/zip", purpose=PURPOSE, by=by,
            program_id=run.program_id, now=utcnow(),
        )  # fmt: skip
    run.result_file_id = stored.id
    run.progress(len(ids), written=len(ids))


def _write(run: jobs.JobRun, program: Program, by: User, ids: Sequence[int], file: IO[bytes]) -> bool:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for start in range(0, len(ids), PIECE):
            if run.should_stop():
                return False
            rows = db.session.scalars(
                sa.select(Certificate)
                .join(Enrolment, Enrolment.id == Certificate.enrolment_id)
                .where(visible_in(program, by), among(Certificate.id, ids[start : start + PIECE]))
                .order_by(Certificate.year, Certificate.number)
            ).all()
            with printer(rows) as paper_of:
                for one in rows:
                    archive.writestr(f"{one.serial} {_fit(one.holder_name)}.pdf", paper_of(one))
            run.progress(min(start + len(rows), len(ids) - 1))
    return True


def _fit(name: str) -> str:
    return "".join("_" if sign in '\\/:*?"<>|' else sign for sign in name)


def content_of(job: Job) -> StoredFile:
    """Return the finished archive; raises RuleBroken when it is not there (any more)."""
    stored = db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None
    require(stored is not None and is_kept(stored), _("The archive is no longer kept. Ask for it again."))
    assert stored is not None
    return stored


def put_away(job: Job) -> None:
    """Delete the file of an archive."""
    stored = db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None
    if stored is not None:
        remove(stored)
    job.params, job.result_file_id = job.params | {"away": True}, None


@jobs.each_minute
def put_old_away(now: datetime) -> None:
    """Delete archives that nobody fetched for a day."""
    old = sa.select(Job).where(Job.kind == ZIP, Job.result_file_id.is_not(None), Job.finished_at < now - KEPT)
    for job in db.session.scalars(old.limit(100)).all():
        put_away(job)


# --- both ----------------------------------------------------------------------------------------


def latest(program: Program, kind: str, by: User | None = None) -> Job | None:
    """Return the last job of a kind (that somebody asked for), unless it was put away."""
    statement = sa.select(Job).where(Job.program_id == program.id, Job.kind == kind)
    if by is not None:
        statement = statement.where(Job.created_by == by.id)
    job: Job | None = db.session.scalars(statement.order_by(Job.id.desc()).limit(1)).first()
    return None if job is None or job.params.get("away") else job


def shown(program: Program, viewer: User) -> list[Job]:
    """Return the viewer's last job of each kind, as far as they were not put away: one statement."""
    newest = (
        sa.select(sa.func.max(Job.id))
        .where(Job.program_id == program.id, Job.kind.in_((ISSUE, ZIP)), Job.created_by == viewer.id)
        .group_by(Job.kind)
    )
    found = db.session.scalars(sa.select(Job).where(Job.id.in_(newest)).order_by(Job.kind))
    return [job for job in found if not job.params.get("away")]


def job_or_404(program: Program, job_id: int, viewer: User) -> Job:
    """Return a job that the viewer asked for, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(
            Job.id == job_id, Job.program_id == program.id, Job.kind.in_((ISSUE, ZIP)),
            Job.created_by == viewer.id,
        )
    ).one_or_none()  # fmt: skip
    return job if job is not None else abort(404)


def _owner(run: jobs.JobRun) -> tuple[Program, User]:
    program = db.session.get_one(Program, run.program_id, options=[selectinload(Program.parties)])
    return program, db.session.get_one(User, run.created_by, options=[selectinload(User.memberships)])


def _require(program: Program, by: User, permission: Permission) -> None:
    require(may(program, by, permission), _("You may not do this in this programme any more."))
