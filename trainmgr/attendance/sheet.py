"""Attendance of a session by Excel: the template with the class in it, reading it back, what was wrong returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _

from trainmgr.attendance import labels
from trainmgr.attendance.marking import Occasion, note
from trainmgr.attendance.page_queries import GridLine, grid_of
from trainmgr.attendance.registers import SHEET, open_register, record
from trainmgr.attendance.rules import Mark, Rate, Source
from trainmgr.identity.models import User
from trainmgr.kernel import intake
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind, Record, Sheet, match_columns, read_records, read_sheet
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.programs.models import Program
from trainmgr.timetable.models import TeachingSession

KIND = "attendance-sheet"
MOST_ROWS = 2_000

COLUMNS = (
    Column("number", N_("Student number"), aliases=("employee number", "工号"), required=True, example="20260101"),
    Column("name", N_("Name"), example="王小明"),
    Column("mark", N_("Attendance mark"), aliases=("attendance", "出勤"), kind=Kind.CHOICE,
           choices={each.value: name for each, name in labels.MARKS.items()}),
    Column("note", N_("Remark"), width=30),
)  # fmt: skip

RATE_COLUMNS = (
    Column("student", N_("Student number")),
    Column("employee", N_("Employee number")),
    Column("name", N_("Name")),
    Column("cohort", N_("Class")),
    Column("present", N_("Present"), kind=Kind.NUMBER),
    Column("late", N_("Came late"), kind=Kind.NUMBER),
    Column("excused", N_("Excused"), kind=Kind.NUMBER),
    Column("absent", N_("Absent"), kind=Kind.NUMBER),
    Column("attended", N_("Attended in all"), kind=Kind.NUMBER),
    Column("expected", N_("Expected in all"), kind=Kind.NUMBER),
    Column("rate", N_("Attendance rate, per cent"), kind=Kind.NUMBER),
)


def template_rows(session: TeachingSession) -> list[tuple[str, str, str, str]]:
    """Return the class of a session as the template shows it, with what was noted already."""
    return [
        (
            _number_of(line),
            line.enrolment.name,
            str(labels.MARKS[line.standing.mark]) if line.standing else "",
            "",
        )
        for line in grid_of(session)
    ]


def _number_of(line: GridLine) -> str:
    return line.enrolment.student_number or line.enrolment.employee_number


@dataclass
class Understood:
    """What a sheet says of each trainee, and why rows could not be taken."""

    marks: dict[int, Mark] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)


def understand(records: Iterator[Record], people: Sequence[GridLine]) -> Understood:
    """Find each row's trainee by the number, or by a name that only one in the class has; empty marks say nothing."""
    by_number = {
        number: line.enrolment.id
        for line in people
        for number in (line.enrolment.student_number, line.enrolment.employee_number)
        if number
    }
    names = {line.enrolment.id: line.enrolment.name for line in people}
    found, seen = Understood(), set[int]()
    for record_ in records:
        if record_.faults:
            found.faults[record_.number] = _("; ").join(record_.faults)
            continue
        key = by_number.get(record_.values["number"])
        fault = _fault(record_.values, key, names, seen)
        if fault:
            found.faults[record_.number] = fault
            continue
        assert key is not None
        seen.add(key)
        if record_.values["mark"]:
            found.marks[key] = Mark(record_.values["mark"])
            found.notes[key] = record_.values["note"]
    return found


def _fault(
    values: Mapping[str, str], key: int | None, names: Mapping[int, str], seen: set[int]
) -> str | None:
    if key is None:
        return _("Nobody in this class has the number %(number)s.", number=values["number"])
    if values["name"] and values["name"] != names[key]:
        return _("The number %(number)s belongs to %(name)s.", number=values["number"], name=names[key])
    if key in seen:
        return _("%(name)s is in the sheet twice; the first row was taken.", name=names[key])
    return None


def take_in(
    program: Program, session: TeachingSession, data: bytes, filename: str, *, by: User, now: datetime
) -> Job:
    """Take a session's sheet in at once and return the job that tells what became of it; raises SheetRefused.

    What the sheet says counts over what was noted before; the history keeps both.
    """
    sheet: Sheet = read_sheet(data, filename=filename)
    if len(sheet.rows) > MOST_ROWS:
        raise FileRefused(
            N_("The sheet has more than %(most)s rows; one session has fewer people."), most=MOST_ROWS
        )
    if "mark" not in match_columns(sheet.columns, COLUMNS):
        raise FileRefused(N_("The sheet has no column for the attendance. Use the template."))
    register = open_register(program, session, by=by, now=now)
    people = grid_of(session)
    found = understand(read_records(sheet, COLUMNS), people)
    standing = {line.enrolment.id: line.standing.mark for line in people if line.standing}
    changes = {key: mark for key, mark in found.marks.items() if standing.get(key) is not mark}
    note(Occasion.of(session), changes, Source.SHEET, by=by, now=now, notes=found.notes)
    record(SHEET, register.program_id, session, by=by, now=now, count=len(changes), wrong=len(found.faults))
    faults = intake.keep_faults(
        _("Attendance"), sheet, found.faults, purpose=KIND, by=by, program_id=program.id, now=now
    )
    counts = {"written": len(changes), "same": len(found.marks) - len(changes), "wrong": len(found.faults)}
    return intake.done_at_once(
        KIND, title=filename[:200], sheet=sheet, counts=counts, params={"session": session.id}, faults=faults,
        by=by, program_id=program.id, now=now,
    )  # fmt: skip


def sheet_or_404(program: Program, job_id: int, viewer: User) -> Job:
    """Return what became of a sheet that somebody sent, to that somebody, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(
            Job.id == job_id, Job.kind == KIND, Job.program_id == program.id, Job.created_by == viewer.id
        )
    ).one_or_none()
    return job or abort(404)


def wrong_rows_of(job: Job) -> StoredFile | None:
    """Return the workbook of the rows that were wrong, None without any."""
    return db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None


def rate_rows(statement: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield each trainee's line of the sheet of rates; the rate stays empty while nothing was expected."""
    for *who, present, late, excused, absent in db.session.execute(
        statement.execution_options(yield_per=1_000)
    ):
        rate = Rate(present, late, excused, absent)
        percent = "" if rate.share is None else round(rate.share * 100, 1)
        yield (*who, present, late, excused, absent, rate.attended, rate.expected, percent)
