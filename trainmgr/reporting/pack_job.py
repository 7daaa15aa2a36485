"""The job that writes a large evidence pack, and the clock that puts old ones away."""

from __future__ import annotations

import tempfile
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.files import store_stream
from trainmgr.kernel.jobs import Job
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.queries import may
from trainmgr.reporting import evidence, packs
from trainmgr.reporting.models import EvidencePack

__all__ = ["put_old_away", "start", "write_pack"]


def start(program: Program, enrolment: Enrolment | None, *, reason: str, by: User, now: datetime) -> Job:
    """Plan the writing of a pack."""
    name = f"{packs.subject_name(program, enrolment)}.zip"
    params = {"enrolment": enrolment.id if enrolment else None, "reason": reason, "name": name}
    return jobs.enqueue(packs.KIND, title=name, params=params, by=by, program_id=program.id, now=now)


@jobs.job(packs.KIND)
def write_pack(run: jobs.JobRun) -> None:
    """Write the pack into a file on disk, some trainees at a time; a run that was cut off begins anew."""
    program, by = _whose(run)
    require(may(program, by, Permission.REPORT_MAKE), _("You may not make this pack any more."))
    key = run.params["enrolment"]
    ids = [key] if key else evidence.ids_of(program, by)
    enrolment = _trainee(key)
    run.progress(0, len(ids))

    def told(done: int) -> bool:
        if run.should_stop():
            return False
        db.session.expunge_all()  # what was read of these trainees is not needed any more
        run.progress(min(done, len(ids) - 1))
        return True

    with tempfile.TemporaryFile() as out:
        contents = packs.write(out, program, enrolment, ids, by, now=utcnow(), told=told)
        if contents is None:
            return
        stored = store_stream(
            out, name=run.params["name"], media_type="application/zip", purpose=packs.PURPOSE, by=by,
            program_id=program.id, now=utcnow(),
        )  # fmt: skip
    packs.record(program, enrolment, contents, stored, reason=run.params["reason"], by=by, now=utcnow())
    run.result_file_id = stored.id
    run.progress(len(ids), written=contents.entries)


def _whose(run: jobs.JobRun) -> tuple[Program, User]:
    """Return the programme and the person, with all that deciding who sees what needs, apart from the session."""
    parties = selectinload(Program.parties).joinedload(ProgramParty.organization)
    program = db.session.get_one(
        Program, run.program_id, options=[parties, joinedload(Program.lead_college), joinedload(Program.department)],
        populate_existing=True,
    )  # fmt: skip
    by = db.session.get_one(
        User, run.created_by, options=[selectinload(User.memberships)], populate_existing=True
    )
    assert by.posts is not None
    db.session.expunge_all()  # so that they stay as they are over every commit
    return program, by


def _trainee(enrolment_id: int | None) -> Enrolment | None:
    if enrolment_id is None:
        return None
    enrolment = db.session.get_one(Enrolment, enrolment_id)
    db.session.expunge(enrolment)
    return enrolment


@jobs.each_minute
def put_old_away(now: datetime) -> None:
    """Delete the files of packs that were kept for a day."""
    old = sa.select(EvidencePack).where(EvidencePack.file_id.is_not(None), EvidencePack.at < now - packs.KEPT)
    for pack in db.session.scalars(old.limit(50)).all():
        packs.put_away(pack)
