"""Certificates of others from a sheet: read by a job, wrong rows back with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from trainmgr.certificates import external, labels, owed
from trainmgr.certificates.external import Facts
from trainmgr.certificates.rules import Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.roll import Roll, trainees_on_roll
from trainmgr.identity.models import User
from trainmgr.kernel import audit, drafts, intake, jobs, sheets
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import among, db
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind, Record
from trainmgr.programs.models import Program

KIND, PURPOSE, BATCH = "certificates-import", "certificates", 200
LONGEST = {"name": 80, "number": 60, "issuer": 120}
EARLIEST, LATEST = date(1980, 1, 1), date(2100, 12, 31)

STARTED = audit.sentence("certificate.import", _l("%(who)s uploaded the certificates “%(what)s”"))
FINISHED = audit.sentence(
    "certificate.imported",
    _l("The certificates “%(what)s” were read: %(written)s entered, %(already)s there already, %(wrong)s wrong"),
)  # fmt: skip


def columns() -> list[Column]:
    """Return the columns of a sheet of certificates."""
    levels = {level.value: label for level, label in labels.LEVELS.items()}
    return [
        Column("holder", N_("Name"), required=True, width=12),
        Column("student_number", N_("Student number"), width=18),
        Column("employee_number", N_("Employee number"), width=16),
        Column("level", N_("Level of the certificate"), required=True, kind=Kind.CHOICE, choices=levels, width=18),
        Column("name", N_("Occupation or certificate"), required=True, width=22),
        Column("number", N_("Certificate number"), required=True, width=24),
        Column("issuer", N_("Issuer"), required=True, width=28),
        Column("issued_on", N_("Day of issue"), required=True, kind=Kind.DATE, example="2026-06-30", width=14),
        Column("expires_on", N_("Valid until"), kind=Kind.DATE, width=14),
    ]  # fmt: skip


def template(program: Program, viewer: User) -> bytes:
    """Return a sheet with the programme's trainees, to fill in."""
    rows = [[one.name, one.student_number, one.employee_number] for one in trainees_on_roll(program, viewer)]
    notes = [
        _("Trainees are known by the student number, else by the employee number, else by a name that only one has."),
        _("Who has several certificates stands in several rows; rows without a certificate are to be deleted."),
        _("The same sheet twice doubles nothing. What was read is verified by hand afterwards."),
    ]  # fmt: skip
    return sheets.write_workbook(columns(), rows, title=_("Certificates"), notes=notes)


def keep_upload(
    program: Program, data: bytes, *, filename: str, by: User, now: datetime
) -> drafts.SheetDraft:
    """Keep an uploaded sheet until somebody has said how to read it; raises FileRefused."""
    external.require_recording(program)
    intake.put_old_away(jobs.Job.program_id == program.id, jobs.Job.kind == KIND, now=now)
    return drafts.keep_draft(
        data, kind=KIND, filename=filename, purpose=PURPOSE, params={"college": program.lead_college_id},
        organization_id=program.lead_college_id, program_id=program.id, by=by, now=now,
    )  # fmt: skip


def start_import(program: Program, draft: drafts.SheetDraft, *, by: User, now: datetime) -> jobs.Job:
    """Plan the job that reads a sheet as it was agreed."""
    external.require_recording(program)
    audit.record(STARTED, program, by=by, now=now, program_id=program.id, name=draft.name)
    title, params = _("Import of “%(name)s”", name=draft.name), drafts.draft_params(draft)
    job = jobs.enqueue(KIND, title=title, params=params, by=by, program_id=program.id, now=now)
    db.session.delete(draft)
    return job


# --- understanding ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Understood:
    """One row: whose certificate it is and what it says; or what is wrong with it."""

    number: int
    enrolment_id: int = 0
    facts: Facts | None = None
    reason: str = ""


class Reader:
    """Understands the rows of a sheet by the programme's trainees."""

    def __init__(self, roll: Roll, today: date) -> None:
        self.today = today
        self.roll = roll

    def understand(self, record: Record) -> Understood:
        """Return what a row means, or all that is wrong with it in one sentence."""
        values, faults = record.values, list(record.faults)
        person = self.roll.find(values, faults, name_key="holder")
        for key, most in LONGEST.items():
            if len(values[key]) > most:
                faults.append(_("“%(text)s…”: at most %(most)s characters", text=values[key][:20], most=most))
        issued, expires = (self._day(values[key], faults) for key in ("issued_on", "expires_on"))
        if faults or person is None or issued is None:
            return Understood(record.number, reason=_("; ").join(faults))
        facts = Facts(
            Level(values["level"]), values["name"], values["number"], values["issuer"], issued, expires
        )
        fault = external.fault_of(facts, self.today)
        return (
            Understood(record.number, reason=fault) if fault else Understood(record.number, person.id, facts)
        )

    def _day(self, text: str, faults: list[str]) -> date | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None  # empty, or told already
        if not EARLIEST <= day <= LATEST:
            faults.append(_("a day between 1980 and 2100"))
            return None
        return day


def reader_of(program: Program, viewer: User, today: date) -> Reader:
    """Return who understands a sheet of a programme."""
    stranger = _("nobody like this is a trainee of this programme")
    return Reader(Roll(trainees_on_roll(program, viewer), stranger), today)


# --- the job ------------------------------------------------------------------------------------


@jobs.job(KIND)
def import_certificates(run: jobs.JobRun) -> None:
    """Read a sheet and enter its certificates; wrong rows are noted with their reasons."""
    program, by = _owner(run)
    reader, wanted = reader_of(program, by, local_day(utcnow())), columns()
    run.progress()  # nothing is locked while the file is read
    sheet = intake.read_sheet_of(run.params)
    places = drafts.places_of(run.params, sheet, wanted)
    if places is not None and run.done == 0:
        drafts.remember(sheet, places, kind=KIND, organization_id=run.params["college"], now=utcnow())
    rows = (reader.understand(record) for record in sheets.read_records(sheet, wanted, places))
    run.progress(run.done, len(sheet.rows))
    for batch in run.batches(rows, BATCH):
        _write_batch(run, batch)
    program, by = _owner(run)
    figures: dict[str, Any] = {name: run.counts.get(name, 0) for name in ("written", "already", "wrong")}
    name = run.params["name"]
    audit.record(FINISHED, program, by=by, now=utcnow(), program_id=program.id, name=name, **figures)
    intake.finish(run)


def _owner(run: jobs.JobRun) -> tuple[Program, User]:
    program = db.session.get_one(Program, run.program_id, options=[selectinload(Program.parties)])
    return program, db.session.get_one(User, run.created_by, options=[selectinload(User.memberships)])


def _write_batch(run: jobs.JobRun, batch: Sequence[Understood]) -> None:
    program, by = _owner(run)
    reasons = {row.number: row.reason for row in batch if row.facts is None}
    good = [row for row in batch if row.facts is not None]
    ids = [row.enrolment_id for row in good]
    people = {
        one.id: one
        for one in db.session.scalars(
            sa.select(Enrolment).where(visible_in(program, by), among(Enrolment.id, ids))
        )
    }
    written = already = 0
    for row in good:
        assert row.facts is not None
        same = external.find_same(row.facts)
        if same is None:
            external.add(program, people[row.enrolment_id], row.facts, None, by=by, now=utcnow())
            written += 1
        elif same.user_id == people[row.enrolment_id].user_id:
            already += 1
        else:
            reasons[row.number] = _("this issuer's certificate with this number is entered for somebody else")
    owed.renew(program.id, utcnow())
    intake.note_faults(run.id, reasons)
    run.count(written=written, already=already, wrong=len(reasons))
