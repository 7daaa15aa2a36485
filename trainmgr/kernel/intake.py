"""Sheets that people hand in: kept encrypted, read by a job or at once, wrong rows back with the reason.

Long sheets are a background job that reads the upload again from its encrypted copy; `Job.params` then holds the id of
the stored file (`file`) and its name (`name`), and a `RowFault` tells why a row was not taken. Short ones are taken in
by the request itself and leave a job that is done, with the wrong rows as a workbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel import crypto, sheets
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import Model, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import StoredFile, is_kept, open_file, remove, store_bytes
from trainmgr.kernel.jobs import Job, JobRun, JobState
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Sheet
from trainmgr.kernel.sheets.refusals import FileRefused, refusal

KEPT = timedelta(days=7)


class RowFault(Model):
    """Why one row of an uploaded sheet could not be taken; the row itself stays in the encrypted upload."""

    __tablename__ = "row_fault"

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(sa.Text)


# --- by a job -----------------------------------------------------------------------------------


def keep_upload(
    data: bytes, *, filename: str, purpose: str, by: Actor, program_id: int | None, now: datetime
) -> StoredFile:
    """Look at an uploaded sheet without parsing it, and keep it encrypted; raises FileRefused."""
    most = sheets.SheetLimits().max_bytes
    if len(data) > most:
        raise refusal("size", most=most // 1024**2, found=f"{len(data) / 1024**2:.1f}")
    if not data:
        raise refusal("empty")
    sheets.inspect_bytes(data, filename)
    return store_bytes(
        crypto.encrypt_bytes(data), name=filename, media_type="application/octet-stream", purpose=purpose,
        by=by, program_id=program_id, now=now,
    )  # fmt: skip


def latest_job(kind: str, by: Actor, program_id: int) -> Job | None:
    """Return a person's last import of a kind in a programme, unless it was put away."""
    job: Job | None = db.session.scalars(
        sa.select(Job)
        .where(Job.program_id == program_id, Job.kind == kind, Job.created_by == by.id)
        .order_by(Job.id.desc())
        .limit(1)
    ).first()
    return None if job is None or job.params.get("away") else job


def job_or_404(kind: str, job_id: int, by: Actor, program_id: int) -> Job:
    """Return an import of a kind that a person started in a programme, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(
            Job.id == job_id, Job.program_id == program_id, Job.kind == kind, Job.created_by == by.id
        )
    ).one_or_none()
    return job if job is not None else abort(404)


def read_upload(params: Mapping[str, Any]) -> bytes:
    """Return the content of the upload of a job; raises RuleBroken when it was put away."""
    stored = db.session.get(StoredFile, params["file"])
    if stored is None or not is_kept(stored):
        raise RuleBroken(_("The uploaded file is no longer kept. Upload it again."))
    with open_file(stored) as content:
        return crypto.decrypt_bytes(content.read())


def read_sheet_of(params: Mapping[str, Any]) -> Sheet:
    """Return the uploaded sheet of a job; one without rows is refused."""
    sheet = sheets.read_sheet(
        read_upload(params), filename=params["name"], limits=sheets.SheetLimits(sheet=params.get("sheet", ""))
    )
    if not sheet.rows:
        raise FileRefused(
            N_("The file has a header, but no rows below it. Fill in the template and upload it again.")
        )
    return sheet


def note_faults(job_id: int, reasons: Mapping[int, str]) -> None:
    """Note why rows could not be taken, by their number."""
    if reasons:
        rows = [
            {"job_id": job_id, "row": number, "reason": reason} for number, reason in sorted(reasons.items())
        ]
        db.session.execute(sa.insert(RowFault), rows)


def finish(run: JobRun) -> None:
    """End the reading of a sheet: one without wrong rows is not kept a moment longer."""
    if not run.stopped and not run.counts.get("wrong"):
        drop_upload(run.params)


def drop_upload(params: Mapping[str, Any]) -> None:
    """Delete an uploaded file for good; it may hold people's numbers."""
    stored = db.session.get(StoredFile, params["file"])
    if stored is not None:
        remove(stored)


def put_away(job: Job) -> None:
    """Delete what an import that is over has left: the upload and the reasons of its wrong rows."""
    if job.is_live:
        raise RuleBroken(_("The import is still running. Stop it first."))
    drop_upload(job.params)
    db.session.execute(sa.delete(RowFault).where(RowFault.job_id == job.id))
    job.params = job.params | {"away": True}


def put_old_away(*which: sa.ColumnElement[bool], now: datetime) -> None:
    """Put imports away that ended a week ago: nobody corrects rows for ever."""
    for job in db.session.scalars(sa.select(Job).where(*which, Job.finished_at < now - KEPT)):
        if not job.is_live and not job.params.get("away"):
            put_away(job)


def faults_workbook(job: Job) -> bytes:
    """Return the rows that were wrong so far as they were uploaded, each with its reason in the last column."""
    found = db.session.execute(sa.select(RowFault.row, RowFault.reason).where(RowFault.job_id == job.id))
    faults = {row.row: row.reason for row in found}
    limits = sheets.SheetLimits(sheet=job.params.get("sheet", ""))
    sheet = sheets.read_sheet(read_upload(job.params), filename=job.params["name"], limits=limits)
    return sheets.write_faults(sheet, faults)


# --- at once ------------------------------------------------------------------------------------


def done_at_once(
    kind: str,
    *,
    title: str,
    sheet: Sheet,
    counts: Mapping[str, int],
    params: dict[str, Any],
    faults: int | None,
    by: Actor,
    program_id: int | None,
    now: datetime,
) -> Job:
    """Return the job of a sheet that the request itself took in; `faults` is the file of its wrong rows."""
    locale = get_locale()
    job = Job(
        kind=kind,
        title=title,
        state=JobState.DONE,
        total=len(sheet.rows),
        done=len(sheet.rows),
        counts=dict(counts),
        params=params,
        locale=locale.language if locale else "zh",
        result_file_id=faults,
        created_by=by.id,
        program_id=program_id,
        created_at=now,
        started_at=now,
        finished_at=now,
    )
    db.session.add(job)
    db.session.flush()
    return job


def keep_faults(
    title: str,
    sheet: Sheet,
    faults: Mapping[int, str],
    *,
    purpose: str,
    by: Actor,
    program_id: int | None,
    now: datetime,
) -> int | None:
    """Keep the wrong rows of a sheet as a workbook to correct; returns the file's id, None without any."""
    if not faults:
        return None
    name = _("%(sheet)s to correct", sheet=title) + ".xlsx"
    return store_bytes(
        sheets.write_faults(sheet, faults), name=name, media_type=sheets.XLSX, purpose=purpose, by=by,
        program_id=program_id, now=now,
    ).id  # fmt: skip
