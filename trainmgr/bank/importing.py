"""Items from a sheet: a background job that writes batch by batch and takes up where it was left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import queries
from trainmgr.bank.columns import Reader, Understood, item_columns
from trainmgr.bank.models import Item
from trainmgr.bank.rules import ItemState
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, intake, jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db

KIND = "bank-import"
PURPOSE = "bank"
BATCH = 200

STARTED = audit.sentence("bank.import", _l("%(who)s uploaded the items “%(what)s”"))
FINISHED = audit.sentence(
    "bank.imported",
    _l(
        "The items “%(what)s” were read: %(written)s written, %(already)s already there, %(wrong)s rows wrong"
    ),
)


def latest_import(viewer: User) -> jobs.Job | None:
    """Return the viewer's last import, unless it was put away."""
    newest = sa.select(jobs.Job).where(jobs.Job.kind == KIND, jobs.Job.created_by == viewer.id)
    job: jobs.Job | None = db.session.scalar(newest.order_by(jobs.Job.id.desc()).limit(1))
    return None if job is None or job.params.get("away") else job


def import_or_404(job_id: int, viewer: User) -> jobs.Job:
    """Return an import into the bank of a college that the viewer writes, or answer 404."""
    job: jobs.Job | None = db.session.scalar(
        sa.select(jobs.Job).where(jobs.Job.id == job_id, jobs.Job.kind == KIND)
    )
    own = viewer.organizations_where(Permission.BANK_EDIT)
    return job if job is not None and job.params.get("college") in own else abort(404)


def start_import(
    college_id: int, data: bytes, *, filename: str, state: ItemState, by: User, now: datetime
) -> jobs.Job:
    """Look at an uploaded sheet without parsing it, keep it encrypted (it holds answers), and plan the job."""
    intake.put_old_away(jobs.Job.kind == KIND, jobs.Job.created_by == by.id, now=now)
    stored = intake.keep_upload(data, filename=filename, purpose=PURPOSE, by=by, program_id=None, now=now)
    audit.record(STARTED, stored, by=by, now=now, name=stored.name)
    return jobs.enqueue(
        KIND,
        title=_("Import of “%(name)s”", name=stored.name),
        params={"file": stored.id, "name": stored.name, "college": college_id, "state": state.value},
        by=by,
        program_id=None,
        now=now,
    )


@jobs.job(KIND)
def import_items(run: jobs.JobRun) -> None:
    """Read an uploaded sheet and write its items; wrong rows are noted with their reasons."""
    lines = queries.competencies_for([run.params["college"]])
    run.progress()  # nothing is locked while the file is read
    sheet = intake.read_sheet_of(run.params)
    rows = Reader(lines).read(sheet, item_columns(lines))
    run.progress(run.done, len(rows))
    for batch in run.batches(rows, BATCH):
        _write_batch(run, batch)
    _close(run)


def _write_batch(run: jobs.JobRun, batch: Sequence[Understood]) -> None:
    college_id, now = run.params["college"], utcnow()
    # Two imports of one college wait for each other, so that neither doubles what the other writes.
    db.session.execute(sa.select(Organization.id).where(Organization.id == college_id).with_for_update())
    digests = {row.number: row.facts.digest() for row in batch if row.facts is not None}
    held = set(
        db.session.scalars(
            sa.select(Item.digest).where(Item.college_id == college_id, Item.digest.in_(digests.values()))
        )
    )
    new = [
        _row(run, row, digests[row.number], now)
        for row in batch
        if digests.get(row.number, "") not in held | {""}
    ]
    if new:
        db.session.execute(sa.insert(Item), new)
    faults = {row.number: row.reason for row in batch if row.facts is None}
    intake.note_faults(run.id, faults)
    run.count(written=len(new), already=len(digests) - len(new), wrong=len(faults))


def _row(run: jobs.JobRun, row: Understood, digest: str, now: datetime) -> dict[str, Any]:
    assert row.facts is not None
    return row.facts.columns() | {
        "college_id": run.params["college"],
        "state": ItemState(run.params["state"]),
        "digest": digest,
        "created_by_id": run.created_by,
        "created_at": now,
        "changed_by_id": run.created_by,
        "changed_at": now,
        "version": 1,
        "times_answered": 0,
    }


def _close(run: jobs.JobRun) -> None:
    """Tell the audit trail what came of it; a file without wrong rows is not kept a moment longer."""
    by = db.session.get(User, run.created_by) if run.created_by else None
    college = db.session.get_one(Organization, run.params["college"])
    figures: dict[str, Any] = {name: run.counts.get(name, 0) for name in ("written", "already", "wrong")}
    audit.record(FINISHED, college, by=by, now=utcnow(), name=run.params["name"], **figures)
    intake.finish(run)


def every_item(statement: sa.Select[Any]) -> Iterator[Item]:
    """Yield all items of a list, a few at a time."""
    yield from db.session.scalars(statement.order_by(Item.id).execution_options(yield_per=500))
