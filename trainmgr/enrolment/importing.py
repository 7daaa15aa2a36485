"""The roster import: a background job that writes batch by batch and takes up where it was left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment import queries
from trainmgr.enrolment.bulk import BulkResult, bulk_enrol
from trainmgr.enrolment.columns import Choices, Reader, Understood, roster_columns
from trainmgr.enrolment.models import Cohort
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, intake, jobs, sheets
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, Work

KIND = queries.IMPORT
PURPOSE = "roster"
BATCH, LARGE_BATCH, LARGE = 200, 1_000, 5_000

STARTED = audit.sentence("roster.import", _l("%(who)s uploaded the roster “%(what)s”"))
FINISHED = audit.sentence(
    "roster.imported",
    _l(
        "The roster “%(what)s” was read: %(written)s enrolled, %(already)s already there, %(wrong)s rows wrong"
    ),
)


def choices_of(program_id: int) -> Choices:
    """Return what a programme's roster may name: three small selects."""
    enterprises = db.session.execute(
        sa.select(Organization.id, Organization.name, Organization.short_name)
        .join(ProgramParty, ProgramParty.organization_id == Organization.id)
        .where(ProgramParty.program_id == program_id, ProgramParty.role == PartyRole.ENTERPRISE)
        .order_by(ProgramParty.id)
    )
    cohorts = db.session.scalars(
        sa.select(Cohort.name).where(Cohort.program_id == program_id).order_by(Cohort.name)
    )
    competencies = db.session.execute(
        sa.select(Competency.id, Competency.name, Competency.name_en)
        .where(Competency.program_id == program_id)
        .order_by(Competency.position, Competency.id)
    )
    return Choices(
        [(row[0], row[1], row[2]) for row in enterprises],
        list(cohorts),
        [(row[0], row[1], row[2]) for row in competencies],
    )


def start_import(
    program: Program, data: bytes, *, filename: str, college_id: int, by: User, now: datetime
) -> jobs.Job:
    """Look at an uploaded roster without parsing it, keep it encrypted, and plan the job that reads it."""
    require_open(program, Work.ENROLMENT)
    intake.put_old_away(jobs.Job.program_id == program.id, jobs.Job.kind == KIND, now=now)
    stored = intake.keep_upload(
        data, filename=filename, purpose=PURPOSE, by=by, program_id=program.id, now=now
    )
    audit.record(STARTED, stored, by=by, now=now, program_id=program.id, name=stored.name)
    return jobs.enqueue(
        KIND,
        title=_("Import of “%(name)s”", name=stored.name),
        params={"file": stored.id, "name": stored.name, "college": college_id},
        by=by,
        program_id=program.id,
        now=now,
    )


@jobs.job(KIND)
def import_roster(run: jobs.JobRun) -> None:
    """Read an uploaded roster and enrol its people; wrong rows are noted with their reasons."""
    assert run.program_id is not None
    choices = choices_of(run.program_id)
    run.progress()  # nothing is locked while the file is read
    sheet = intake.read_sheet_of(run.params)
    reader = Reader(choices, local_day(utcnow()))
    rows = [reader.understand(record) for record in sheets.read_records(sheet, roster_columns(choices))]
    run.progress(run.done, len(rows))
    for batch in run.batches(rows, LARGE_BATCH if len(rows) > LARGE else BATCH):
        _write_batch(run, batch)
    _close(run)


def _write_batch(run: jobs.JobRun, batch: Sequence[Understood]) -> None:
    program = db.session.get_one(Program, run.program_id)
    require_open(program, Work.ENROLMENT)
    by = db.session.get(User, run.created_by) if run.created_by else None
    good = [row for row in batch if row.trainee is not None]
    now = utcnow()
    result = bulk_enrol(
        program,
        [row.trainee for row in good if row.trainee is not None],
        college_id=run.params["college"],
        by=by,
        now=now,
        today=local_day(now),
        note=False,
    )
    reasons = {row.number: row.reason for row in batch if row.trainee is None}
    reasons |= {good[place].number: reason for place, reason in result.faults.items()}
    intake.note_faults(run.id, reasons)
    run.count(wrong=len(reasons), **_counts(result))


def _counts(result: BulkResult) -> dict[str, int]:
    return {
        "written": result.written,
        "already": result.already,
        "filled": result.filled,
        "accounts": result.accounts,
        "classes": result.classes,
    }


def _close(run: jobs.JobRun) -> None:
    """Tell the audit trail what came of it; a file without wrong rows is not kept a moment longer."""
    by = db.session.get(User, run.created_by) if run.created_by else None
    program = db.session.get_one(Program, run.program_id)
    figures: dict[str, Any] = {name: run.counts.get(name, 0) for name in ("written", "already", "wrong")}
    audit.record(
        FINISHED, program, by=by, now=utcnow(), program_id=program.id, name=run.params["name"], **figures
    )
    intake.finish(run)
