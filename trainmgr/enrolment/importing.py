"""The roster import: a background job that writes batch by batch and takes up where it was left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment import queries
from trainmgr.enrolment.bulk import BulkResult, bulk_enrol, foresee
from trainmgr.enrolment.columns import KEYS, Choices, Reader, Understood, roster_columns
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.places import STEPS, count_present
from trainmgr.enrolment.rules import Foreseen
from trainmgr.enrolment.writer import note_entries
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel import audit, drafts, intake, jobs, sheets
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db, look_again
from trainmgr.kernel.files import StoredFile
from trainmgr.needs.models import Competency
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Work
from trainmgr.programs.thread import refresh

KIND = queries.IMPORT
PURPOSE = "roster"
BATCH, LARGE_BATCH, LARGE, ASSESSED_EVERY = 200, 5_000, 5_000, 25_000
GROWN = (5_000, 20_000)  # rows after which the database looks at its tables again

STARTED = audit.sentence("roster.import", _l("%(who)s uploaded the roster “%(what)s”"))
FINISHED = audit.sentence(
    "roster.imported",
    _l(
        "The roster “%(what)s” was read: %(written)s enrolled, %(already)s already there, %(wrong)s rows wrong"
    ),
)

# What would become of a row of an uploaded roster.
FORESEEN: dict[Foreseen, Any] = {
    Foreseen.NEW: _l("a new person is enrolled"),
    Foreseen.KNOWN: _l("known already; is enrolled"),
    Foreseen.FILLED: _l("in the roster; blanks are filled in"),
    Foreseen.ALREADY: _l("in the roster; nothing changes"),
}


def choices_of(program_id: int) -> Choices:
    """Return what a programme's roster may name, and how many people are in it: one select."""
    nothing, first = sa.literal(""), sa.literal(0)
    enterprises = (
        sa.select(
            sa.literal("enterprise"), ProgramParty.id, Organization.id, Organization.name, Organization.short_name
        )
        .join(Organization, ProgramParty.organization_id == Organization.id)
        .where(ProgramParty.program_id == program_id, ProgramParty.role == PartyRole.ENTERPRISE)
    )  # fmt: skip
    cohorts = sa.select(sa.literal("class"), first, Cohort.id, Cohort.name, nothing).where(
        Cohort.program_id == program_id
    )
    competencies = sa.select(
        sa.literal("competency"), Competency.position, Competency.id, Competency.name, Competency.name_en
    ).where(Competency.program_id == program_id)
    present = sa.select(sa.literal("present"), first, count_present(program_id), nothing, nothing)
    found: dict[str, list[Any]] = {"enterprise": [], "class": [], "competency": [], "present": []}
    rows = db.session.execute(sa.union_all(enterprises, cohorts, competencies, present)).all()
    for what, _place, key, name, other in sorted(rows, key=lambda row: (row[1], row[2])):
        found[what].append((key, name, other))
    return Choices(
        found["enterprise"],
        sorted(((key, name) for key, name, _other in found["class"]), key=lambda pair: pair[1]),
        found["competency"],
        found["present"][0][0],
    )


def keep_upload(
    program: Program, data: bytes, *, filename: str, college_id: int, by: User, now: datetime
) -> drafts.SheetDraft:
    """Look at an uploaded roster without parsing it, and keep it encrypted until somebody says how to read it."""
    require_open(program, Work.ENROLMENT)
    intake.put_old_away(jobs.Job.program_id == program.id, jobs.Job.kind == KIND, now=now)
    return drafts.keep_draft(
        data, kind=KIND, filename=filename, purpose=PURPOSE, params={"college": college_id},
        organization_id=college_id, program_id=program.id, by=by, now=now,
    )  # fmt: skip


def agree(
    draft: drafts.SheetDraft,
    places: Mapping[str, int],
    wanted: Sequence[sheets.Column],
    *,
    sheet: str,
    key: str,
) -> None:
    """Keep how a roster is to be read: which worksheet, which column is which, and by which number people are known."""
    told = {column.key for column in wanted}
    draft.places = {name: place for name, place in places.items() if name in told}
    draft.sheet = sheet
    draft.params = draft.params | {"key": key if key in KEYS else ""}


def start_import(program: Program, draft: drafts.SheetDraft, *, by: User, now: datetime) -> jobs.Job:
    """Plan the job that reads a roster as it was agreed."""
    require_open(program, Work.ENROLMENT)
    stored = db.session.get(StoredFile, draft.file_id)
    require(stored is not None, _("The uploaded file is no longer kept. Upload it again."))
    audit.record(STARTED, stored, by=by, now=now, program_id=program.id, name=draft.name)
    job = jobs.enqueue(
        KIND,
        title=_("Import of “%(name)s”", name=draft.name),
        params=drafts.draft_params(draft),
        by=by,
        program_id=program.id,
        now=now,
    )
    db.session.delete(draft)
    return job


@dataclass(frozen=True)
class PreviewRow:
    """One of the first rows as it would be taken: the trainee it means and what would become of it, or the reason."""

    number: int
    values: Mapping[str, str]
    foreseen: Foreseen | None
    reason: str


def preview(
    program: Program, look: drafts.Look, choices: Choices, *, college_id: int, key: str, now: datetime
) -> list[PreviewRow]:
    """Tell what would become of the first rows of a roster; nothing is written."""
    today = local_day(now)
    reader = Reader(choices, today, key)
    rows = [reader.understand(record) for record in look.records]
    good = [row.trainee for row in rows if row.trainee is not None]
    told = iter(
        foresee(program, good, choices=choices, college_id=college_id, now=now, today=today) if good else []
    )
    shown = []
    for row, record in zip(rows, look.records, strict=True):
        said = row.reason if row.trainee is None else next(told)
        values = {name: drafts.masked(value) for name, value in record.values.items()}
        ahead = said if isinstance(said, Foreseen) else None
        shown.append(PreviewRow(row.number, values, ahead, "" if ahead else str(said)))
    return shown


@jobs.job(KIND)
def import_roster(run: jobs.JobRun) -> None:
    """Read an uploaded roster and enrol its people; wrong rows are noted with their reasons."""
    assert run.program_id is not None
    choices = choices_of(run.program_id)
    columns = roster_columns(choices)
    run.progress()  # nothing is locked while the file is read
    sheet = intake.read_sheet_of(run.params)
    places = drafts.places_of(run.params, sheet, columns)
    if places is not None and run.done == 0:
        drafts.remember(sheet, places, kind=KIND, organization_id=run.params["college"], now=utcnow())
    reader = Reader(choices, local_day(utcnow()), run.params.get("key", ""))
    rows = (reader.understand(record) for record in sheets.read_records(sheet, columns, places))
    total = len(sheet.rows)
    run.progress(run.done, total)
    for batch in run.batches(rows, LARGE_BATCH if total > LARGE else BATCH):
        _write_batch(run, batch)
    _close(run)


def _write_batch(run: jobs.JobRun, batch: Sequence[Understood]) -> None:
    if run.done in GROWN:
        look_again(User, Membership, Enrolment, ProgramPerson)
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
        assess=run.done % ASSESSED_EVERY == 0,  # the whole programme is counted each time
    )
    reasons = {row.number: row.reason for row in batch if row.trainee is None}
    reasons |= {good[place].number: reason for place, reason in result.faults.items()}
    intake.note_faults(run.id, reasons)
    note_entries(run.id, [{"row": good[place].number, **made} for place, made in result.made.items()])
    if result.class_ids:
        run.checkpoint = {"classes": [*run.checkpoint.get("classes", ()), *result.class_ids]}
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
    refresh(program.id, *STEPS, now=utcnow())
    intake.finish(run)
