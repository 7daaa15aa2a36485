"""Evidence packs: made for a reason, by the request itself or by a job, kept a day, recognised when they come back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, NamedTuple

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile, remove
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.kernel.storage import PIECE
from trainmgr.programs.models import Program
from trainmgr.reporting import evidence
from trainmgr.reporting.closing_queries import sees_all
from trainmgr.reporting.models import EvidencePack
from trainmgr.reporting.packing import Checked, Packer, check
from trainmgr.reporting.rules import safe_name

KIND, PURPOSE = "evidence-pack", "evidence-pack"
KEPT = timedelta(days=1)
MADE = audit.sentence(
    "reporting.pack", _l("%(who)s made an evidence pack of %(people)s trainees (%(what)s): %(reason)s")
)
TOGETHER = 20  # trainees read one after the other between two commits

Progress = Callable[[int], bool]


class Contents(NamedTuple):
    """What was written into a pack."""

    digest: str
    entries: int
    people: int
    size: int


def subject_name(program: Program, enrolment: Enrolment | None) -> str:
    """Return whose evidence it is, as a file may be called."""
    subject = f"{enrolment.name} {enrolment.student_number}".strip() if enrolment else program.name
    return safe_name(_("Evidence %(subject)s", subject=subject), "evidence")


# --- writing ----------------------------------------------------------------------------------------


def write(
    out: IO[bytes], program: Program, enrolment: Enrolment | None, ids: Sequence[int], viewer: User, *,
    now: datetime, told: Progress = lambda done: True,
) -> Contents | None:  # fmt: skip
    """Write a pack of these trainees into a file; None when `told`, called between some, asks to stop.

    A pack of one trainee has no folders of people and nothing of the programme but its plan's name in the manifest.
    """
    packer = Packer(out)
    facts = _facts(program, enrolment, len(ids), viewer, now)
    if enrolment is None:
        for entry in evidence.program_entries(program, viewer, now):
            packer.add(*entry)
    for start in range(0, len(ids), TOGETHER):
        for place, one in enumerate(
            evidence.people_of(program, viewer, ids[start : start + TOGETHER]), start + 1
        ):
            folder = "" if enrolment else f"{_('10 Trainees')}/{evidence.folder_of(place, one)}"
            for entry in evidence.trainee_entries(program, one, viewer, now, folder):
                packer.add(*entry)
        if not told(min(start + TOGETHER, len(ids))):
            return None
    digest = packer.close(facts)
    return Contents(digest, packer.entries, len(ids), out.tell())


def _facts(
    program: Program, enrolment: Enrolment | None, people: int, viewer: User, now: datetime
) -> dict[str, object]:
    whole = sees_all(program, viewer)
    return {
        "program": {"code": program.code, "name": program.name},
        "trainee": None
        if enrolment is None
        else {"name": enrolment.name, "number": enrolment.student_number},
        "people": people,
        "complete": whole,
        "made_by": viewer.name,
        "made_at": now.isoformat(timespec="seconds"),
        "college": program.lead_college.name,
    }


def record(
    program: Program, enrolment: Enrolment | None, contents: Contents, file: StoredFile | None, *,
    reason: str, by: User, now: datetime,
) -> EvidencePack:  # fmt: skip
    """Note that a pack was made, of whom and why."""
    pack = EvidencePack(
        program_id=program.id, enrolment_id=enrolment.id if enrolment else None, digest=contents.digest,
        people=contents.people, entries=contents.entries, size=contents.size, reason=reason, by_id=by.id,
        by_name=by.name, at=now, file_id=file.id if file else None,
    )  # fmt: skip
    db.session.add(pack)
    audit.record(MADE, pack, by=by, now=now, program_id=program.id, reason=reason, people=contents.people,
                 name=enrolment.name if enrolment else program.name)  # fmt: skip
    return pack


def make_at_once(
    program: Program, enrolment: Enrolment | None, viewer: User, *, reason: str, now: datetime
) -> IO[bytes]:
    """Return the file of a small pack, at its beginning; the caller closes it."""
    ids = [enrolment.id] if enrolment else evidence.ids_of(program, viewer)
    require(ids, _("There is nobody whose evidence could be packed."))
    out = tempfile.TemporaryFile()  # noqa: SIM115  it is closed when it was sent
    try:
        contents = write(out, program, enrolment, ids, viewer, now=now)
        assert contents is not None
        record(program, enrolment, contents, None, reason=reason, by=viewer, now=now)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


# --- reading ----------------------------------------------------------------------------------------


def list_packs(program: Program, viewer: User, listing: Listing) -> Page[EvidencePack]:
    """Return a page of the packs made in a programme: all for whoever sees all trainees, else the own ones."""
    seen = [EvidencePack.program_id == program.id]
    if not sees_all(program, viewer):
        seen.append(EvidencePack.by_id == viewer.id)
    statement = sa.select(EvidencePack).where(*seen)
    newest = replace(listing, sort="made", direction="desc")
    page: Page[EvidencePack] = paginate(statement, newest, orders={"made": [EvidencePack.id]}, default="made")
    return page


def names_of(packs: Sequence[EvidencePack]) -> dict[int, str]:
    """Return the names of the trainees whose packs these are."""
    ids = [pack.enrolment_id for pack in packs if pack.enrolment_id]
    rows = (
        db.session.execute(sa.select(Enrolment.id, Enrolment.name).where(Enrolment.id.in_(ids)))
        if ids
        else ()
    )
    return {row[0]: row[1] for row in rows}


def pack_or_404(program: Program, pack_id: int, viewer: User) -> EvidencePack:
    """Return a pack that the viewer made and whose file is still kept, or answer 404."""
    pack: EvidencePack | None = db.session.scalars(
        sa.select(EvidencePack)
        .where(
            EvidencePack.id == pack_id,
            EvidencePack.program_id == program.id,
            EvidencePack.by_id == viewer.id,
            EvidencePack.file_id.is_not(None),
        )
        .options(joinedload(EvidencePack.file))
    ).one_or_none()
    return pack if pack is not None else abort(404)


def jobs_of(program: Program, viewer: User) -> Sequence[Job]:
    """Return the viewer's jobs that write packs of a programme and are under way or ended badly, the newest first."""
    return db.session.scalars(
        sa.select(Job)
        .where(
            Job.program_id == program.id, Job.kind == KIND, Job.created_by == viewer.id,
            Job.state.in_((JobState.QUEUED, JobState.RUNNING, JobState.FAILED)),
        )
        .order_by(Job.id.desc())
        .limit(3)
    ).all()  # fmt: skip


def job_or_404(program: Program, job_id: int, viewer: User) -> Job:
    """Return a job that the viewer started, or answer 404."""
    job: Job | None = db.session.scalars(
        sa.select(Job).where(
            Job.id == job_id, Job.program_id == program.id, Job.kind == KIND, Job.created_by == viewer.id
        )
    ).one_or_none()
    return job if job is not None else abort(404)


def put_away(pack: EvidencePack) -> None:
    """Delete the file of a pack; that it was made stays in the register."""
    stored = db.session.get(StoredFile, pack.file_id) if pack.file_id else None
    pack.file_id = None
    db.session.flush()
    if stored is not None:
        remove(stored)


# --- coming back ------------------------------------------------------------------------------------


class Recognised(NamedTuple):
    """A pack that was handed in: what its check found, and when it was made here (None: not here, or altered)."""

    checked: Checked
    pack: EvidencePack | None


def recognise(content: IO[bytes], most: int | None = None) -> Recognised:
    """Check a pack and look it up in the register; raises FileRefused when it is none."""
    content.seek(0)
    checked = check(content) if most is None else check(content, most=most)
    pack = db.session.scalars(
        sa.select(EvidencePack)
        .where(EvidencePack.digest == checked.digest)
        .order_by(EvidencePack.id)
        .limit(1)
    ).one_or_none()
    return Recognised(checked, pack)


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a finished file piece by piece, then close it."""
    with file:
        yield from iter(lambda: file.read(PIECE), b"")
