"""Rosters that leave the house as a background job: masked, with full numbers, or as the real-name roster.

The file lies encrypted until it is fetched by whoever asked for it, at the longest a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from trainmgr.enrolment import actions, exporting, queries, roster
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.real_names import Facts, LaidOut, layout_of
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import crypto, jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import among, db
from trainmgr.kernel.files import StoredFile, is_kept, open_file, remove, store_bytes
from trainmgr.kernel.jobs import Job
from trainmgr.kernel.sheets import XLSX, Column, Kind, write_workbook
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

KIND, PURPOSE = queries.EXPORT, "roster-export"
AT_ONCE = 5_000  # so many rows are answered by the request itself
PIECE = 2_000
KEPT = timedelta(days=1)
MASKED, FULL, REAL = "masked", "full", "real"
NEEDS = {
    MASKED: Permission.PEOPLE_VIEW,
    FULL: Permission.ENROLMENT_UNMASK,
    REAL: Permission.ENROLMENT_UNMASK,
}


def start_export(
    program: Program, what: str, chosen: roster.RosterFilter, *, q: str, reason: str, by: User, now: datetime
) -> Job:
    """Plan the writing of a roster; with full numbers the audit trail is told who wants it and why."""
    count = roster.count_of(program, by, q=q, chosen=chosen, by_id_tail=True)
    require(count, _("Nobody is in this list; there is nothing to export."))
    if what != MASKED:
        actions.note_export(program, count=count, reason=reason, by=by, now=now)
    name = (
        _("Real-name roster %(program)s.xlsx", program=program.name)
        if what == REAL
        else _("Roster %(program)s.xlsx", program=program.name)
    )
    params = {"what": what, "q": q, "chosen": vars(chosen), "name": name}
    return jobs.enqueue(KIND, title=name, params=params, by=by, program_id=program.id, now=now)


def is_long(program: Program, viewer: User, *, q: str, chosen: roster.RosterFilter) -> bool:
    """Tell whether a roster has more people than a request should write."""
    return roster.count_of(program, viewer, q=q, chosen=chosen, by_id_tail=True) > AT_ONCE


def export_or_404(program: Program, job_id: int, viewer: User) -> Job:
    """Return an export that the viewer asked for and may still see, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(
            Job.id == job_id, Job.program_id == program.id, Job.kind == KIND, Job.created_by == viewer.id
        )
    ).one_or_none()
    if job is None or not may(program, viewer, NEEDS[job.params["what"]]):
        abort(404)
    return job


def content_of(job: Job) -> bytes:
    """Return the finished workbook; raises RuleBroken when it is not there (any more)."""
    stored = db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None
    require(stored is not None and is_kept(stored), _("The file is no longer kept. Export it again."))
    assert stored is not None
    with open_file(stored) as content:
        return crypto.decrypt_bytes(content.read())


def put_away(job: Job) -> None:
    """Delete the file of an export."""
    stored = db.session.get(StoredFile, job.result_file_id) if job.result_file_id else None
    if stored is not None:
        remove(stored)
    job.params, job.result_file_id = job.params | {"away": True}, None


@jobs.each_minute
def put_old_away(now: datetime) -> None:
    """Delete files that nobody fetched for a day."""
    old = sa.select(Job).where(
        Job.kind == KIND, Job.result_file_id.is_not(None), Job.finished_at < now - KEPT
    )
    for job in db.session.scalars(old.limit(100)).all():
        put_away(job)


# --- the job ------------------------------------------------------------------------------------


@jobs.job(KIND)
def write_roster(run: jobs.JobRun) -> None:
    """Read the people two thousand at a time and write the workbook."""
    program = db.session.get_one(Program, run.program_id, options=[selectinload(Program.parties)])
    by = db.session.get_one(User, run.created_by, options=[selectinload(User.memberships)])
    what = run.params["what"]
    require(may(program, by, NEEDS[what]), _("You may not export this roster any more."))
    chosen = roster.RosterFilter(**run.params["chosen"])
    ids = roster.ids_of(program, by, q=run.params["q"], chosen=chosen, present=what == REAL)
    columns, rows = _sheet(program, by, what, ids, run)
    run.progress(0, len(ids))
    data = write_workbook(columns, rows, title=run.params["name"].removesuffix(".xlsx"))
    if run.stopped:
        return
    stored = store_bytes(
        crypto.encrypt_bytes(data), name=run.params["name"], media_type=XLSX, purpose=PURPOSE, by=by,
        program_id=run.program_id, now=utcnow(),
    )  # fmt: skip
    run.result_file_id = stored.id
    run.progress(len(ids), written=len(ids))


def _sheet(
    program: Program, by: User, what: str, ids: Sequence[int], run: jobs.JobRun
) -> tuple[Sequence[Column], Iterator[Sequence[Any]]]:
    if what != REAL:
        pieces = (
            roster.export_rows(program, by, ids=piece, unmask=what == FULL) for piece in _pieces(ids, run)
        )
        return exporting.ROSTER, (row for piece in pieces for row in piece)
    layout, _version = layout_of(program.lead_college_id)
    columns = [Column(f"c{place}", one.heading, kind=kind_of(one)) for place, one in enumerate(layout)]
    people = (one for piece in _pieces(ids, run) for one in facts_of(program, by, piece))
    return columns, (
        [column.of(Facts(serial, *one)) for column in layout] for serial, one in enumerate(people, start=1)
    )


def kind_of(column: LaidOut) -> Kind:
    """Return how the cells of a roster's column are written."""
    if column.source in ("serial", "hours"):
        return Kind.NUMBER
    return Kind.DATE if column.source in ("starts_on", "ends_on") else Kind.TEXT


def _pieces(ids: Sequence[int], run: jobs.JobRun) -> Iterator[Sequence[int]]:
    """Yield the ids piece by piece, and tell how far the writing is; ends early when asked to stop."""
    source, done = iter(ids), 0
    while piece := list(islice(source, PIECE)):
        if run.should_stop():
            return
        yield piece
        done += len(piece)
        run.progress(min(done, len(ids) - 1))


def facts_of(program: Program, by: User, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return what a real-name roster may say of people, in the order of their ids: what Facts takes after it."""
    rows = db.session.execute(
        sa.select(
            Enrolment.id, Enrolment.name, User.gender, User.id_number_encrypted, User.phone_encrypted,
            Enrolment.student_number, Enrolment.employee_number, Cohort.name, Organization.name,
            Enrolment.field, Enrolment.level, Enrolment.post, Enrolment.planned_minutes,
        )
        .select_from(Enrolment)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Organization, Organization.id == Enrolment.enterprise_id)
        .where(visible_in(program, by), among(Enrolment.id, ids))
    )  # fmt: skip
    found = {}
    for key, name, gender, sealed, phone, *rest in rows:
        open_number = crypto.decrypt(sealed) if sealed else ""
        open_phone = crypto.decrypt(phone) if phone else ""
        words = [value or "" for value in rest[:-1]]
        found[key] = (
            name, gender, open_number, open_phone, *words, rest[-1], program.starts_on, program.ends_on
        )  # fmt: skip
    return [found[key] for key in ids if key in found]
