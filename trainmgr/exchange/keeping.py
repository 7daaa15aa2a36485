"""Files that the worker wrote for a college: encrypted, fetched by whoever asked for them, gone after a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _

from trainmgr.exchange.models import ExchangeLine
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel import crypto, intake, jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile, is_kept, open_file, remove, store_bytes
from trainmgr.kernel.jobs import Job

ROSTER_OUT, ROSTER_LOOK, ROSTER_IN, STATEMENTS = "roster-out", "roster-look", "roster-in", "statements-out"
WRITTEN, READ = (ROSTER_OUT, STATEMENTS), (ROSTER_LOOK, ROSTER_IN)
PURPOSE = "exchange"
KEPT = timedelta(days=1)


def colleges_of(user: User) -> Sequence[Organization]:
    """Return the colleges whose exchange a person looks after."""
    ids = user.organizations_where(Permission.INTEGRATION_MANAGE)
    return db.session.scalars(
        sa.select(Organization)
        .where(Organization.id.in_(ids), Organization.kind == OrganizationKind.COLLEGE)
        .order_by(Organization.name)
        .limit(50)
    ).all()


def college_or_404(
    organization_id: int, user: User, permission: Permission = Permission.INTEGRATION_MANAGE
) -> Organization:
    """Return a college in which a person holds a permission, or answer 404."""
    if organization_id not in user.organizations_where(permission):
        abort(404)
    found = db.session.get(Organization, organization_id)
    return found if found is not None and found.kind is OrganizationKind.COLLEGE else abort(404)


def job_or_404(college: Organization, job_id: int, by: User, kinds: Sequence[str]) -> Job:
    """Return a job of the exchange that a person asked for in a college, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(Job.id == job_id, Job.kind.in_(kinds), Job.created_by == by.id)
    ).one_or_none()
    return job if job is not None and job.params.get("college") == college.id else abort(404)


def latest_jobs(college: Organization, by: User) -> list[Job]:
    """Return a person's last job of each kind in a college, those put away aside."""
    latest = (
        sa.select(sa.func.max(Job.id))
        .where(Job.created_by == by.id, Job.kind.in_((*WRITTEN, *READ)))
        .group_by(Job.kind)
    )
    found = db.session.scalars(sa.select(Job).where(Job.id.in_(latest)).order_by(Job.id.desc()))
    return [job for job in found if job.params.get("college") == college.id and not job.params.get("away")]


def keep_result(
    run: jobs.JobRun, data: bytes, name: str, media_type: str, *, by: User, now: datetime
) -> None:
    """Keep what a job wrote, encrypted, for whoever asked for it."""
    stored = store_bytes(
        crypto.encrypt_bytes(data), name=name, media_type=media_type, purpose=PURPOSE, by=by, program_id=None, now=now,
    )  # fmt: skip
    run.result_file_id = stored.id


def result_of(job: Job) -> tuple[bytes, str, str]:
    """Return a written file with its name and type; raises RuleBroken when it is not there (any more)."""
    stored = db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None
    require(stored is not None and is_kept(stored), _("The file is no longer kept. Export it again."))
    assert stored is not None
    with open_file(stored) as content:
        return crypto.decrypt_bytes(content.read()), stored.name, stored.media_type


def put_away(job: Job) -> None:
    """Delete what a job has left here: the file that it wrote, or the upload with what was told of its lines."""
    require(not job.is_live, _("The work is still under way. Stop it first."))
    stored = db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None
    if stored is not None:
        remove(stored)
    if job.kind in READ:
        intake.drop_upload(job.params)
        db.session.execute(sa.delete(ExchangeLine).where(ExchangeLine.job_id == job.id))
    job.params, job.result_file_id = job.params | {"away": True}, None


@jobs.each_minute
def put_old_away(now: datetime) -> None:
    """Delete written files that nobody fetched for a day, and uploads that nobody mended for a week."""
    over = sa.or_(
        sa.and_(Job.kind.in_(WRITTEN), Job.finished_at < now - KEPT),
        sa.and_(Job.kind.in_(READ), Job.finished_at < now - intake.KEPT),
    )
    old = sa.select(Job).where(Job.kind.in_((*WRITTEN, *READ)), over).order_by(Job.id.desc()).limit(100)
    for job in db.session.scalars(old):
        if not job.is_live and not job.params.get("away"):
            put_away(job)
