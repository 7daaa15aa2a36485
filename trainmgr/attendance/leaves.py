"""Deeds around leave: a trainee asks, somebody who guides or runs decides, absences in it become excused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from trainmgr.attendance import owed
from trainmgr.attendance.marking import Occasion, note
from trainmgr.attendance.models import AttendanceStanding, Leave, LeaveKind, LeaveState, Mark, Source
from trainmgr.attendance.queries import limits_of
from trainmgr.attendance.registers import require_open
from trainmgr.attendance.rules import LONGEST_LEAVE, may_still_ask
from trainmgr.enrolment.hooks import Change, after_leaving
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit, crypto, photos
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.files import StoredFile, open_file, store_bytes
from trainmgr.kernel.i18n import day as day_text
from trainmgr.programs.models import Program
from trainmgr.timetable.models import TeachingSession

ASKED = audit.sentence("leave.ask", _l("%(who)s asked for leave for %(what)s from %(first)s to %(last)s"))
GRANTED = audit.sentence(
    "leave.grant", _l("%(who)s granted %(what)s leave from %(first)s to %(last)s: %(count)s absences excused")
)
REFUSED = audit.sentence(
    "leave.refuse", _l("%(who)s refused %(what)s leave from %(first)s to %(last)s: %(reason)s")
)
WITHDRAWN = audit.sentence(
    "leave.withdraw", _l("%(who)s took back the request of %(what)s for leave from %(first)s to %(last)s")
)
OPEN = (LeaveState.ASKED, LeaveState.GRANTED)


def ask(
    program: Program,
    enrolment: Enrolment,
    *,
    kind: LeaveKind,
    starts_on: date,
    ends_on: date,
    session: TeachingSession | None,
    reason: str,
    photo: FileStorage | None,
    by: User,
    now: datetime,
) -> Leave:
    """Ask to be excused for days, or from one session; raises RuleBroken, or FileRefused for what is no photo."""
    require_open(program)
    _require_time(program, enrolment, starts_on, ends_on, session, now)
    leave = Leave(
        program_id=program.id,
        enrolment_id=enrolment.id,
        session_id=session.id if session else None,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=crypto.encrypt(reason),
        file_id=_kept(photo, program, by=by, now=now) if photo else None,
        state=LeaveState.ASKED,
        asked_by_id=by.id,
        asked_at=now,
    )
    db.session.add(leave)
    _record(ASKED, leave, enrolment, by=by, now=now)  # not why: more people read the trail than the request
    owed.ask_deciders(leave, enrolment, session, today=local_day(now))
    return leave


def _require_time(
    program: Program,
    enrolment: Enrolment,
    starts_on: date,
    ends_on: date,
    session: TeachingSession | None,
    now: datetime,
) -> None:
    if ends_on < starts_on:
        raise RuleBroken(_("The last day lies before the first."))
    if (ends_on - starts_on).days >= LONGEST_LEAVE:
        raise RuleBroken(
            _("At most %(days)s days at once; for longer the training is suspended.", days=LONGEST_LEAVE)
        )
    _late, within = limits_of(program.id)
    if not may_still_ask(ends_on, local_day(now), within):
        raise RuleBroken(
            _("An absence can be explained for %(days)s days; that was until %(last)s. Talk to your counsellor.",
              days=within, last=day_text(ends_on + (date.resolution * within)))
        )  # fmt: skip
    same = sa.select(Leave.id).where(
        Leave.enrolment_id == enrolment.id,
        Leave.state.in_(OPEN),
        Leave.starts_on <= ends_on,
        Leave.ends_on >= starts_on,
        sa.or_(Leave.session_id.is_(None), Leave.session_id == session.id) if session else sa.true(),
        sa.true() if session else Leave.session_id.is_(None),
    )
    if db.session.scalar(same.limit(1)):
        raise RuleBroken(_("There is leave for these days already. Take it back first if it is not right."))


def _kept(photo: FileStorage, program: Program, *, by: User, now: datetime) -> int:
    """Keep the photo of a certificate encrypted: it may tell of an illness."""
    picture, _thumbnail = photos.make_small(photo)
    return store_bytes(
        crypto.encrypt_bytes(picture), name="leave.jpg", media_type="application/octet-stream", purpose="leave",
        by=by, program_id=program.id, now=now,
    ).id  # fmt: skip


def photo_of(leave: Leave) -> bytes | None:
    """Return the photo that came with a request, None without one."""
    stored = db.session.get(StoredFile, leave.file_id) if leave.file_id else None
    if stored is None:
        return None
    with open_file(stored) as content:
        return crypto.decrypt_bytes(content.read())


def reason_of(leave: Leave) -> str:
    """Return why somebody asks, for those who decide and for the trainee."""
    return crypto.decrypt(leave.reason)


def _record(
    action: str,
    leave: Leave,
    enrolment: Enrolment,
    *,
    by: User,
    now: datetime,
    reason: str = "",
    **details: Any,
) -> None:
    audit.record(
        action, leave, by=by, now=now, program_id=leave.program_id, name=enrolment.name, reason=reason,
        first={"day": leave.starts_on.isoformat()}, last={"day": leave.ends_on.isoformat()}, **details,
    )  # fmt: skip


# --- deciding -------------------------------------------------------------------------------------


def _require_undecided(leave: Leave, version: int) -> None:
    if leave.version != version or leave.state is not LeaveState.ASKED:
        raise Conflict(_("Somebody else decided this meanwhile. What you see now is how it stands."))


def _decide(leave: Leave, state: LeaveState, words: str, *, by: User, now: datetime) -> None:
    leave.state, leave.decision = state, words
    leave.decided_by_id, leave.decided_by_name, leave.decided_at = by.id, by.name, now
    owed.drop_leaves(leave.program_id, [leave.id])


def grant(program: Program, leave: Leave, *, version: int, words: str = "", by: User, now: datetime) -> int:
    """Grant leave; absences noted in it become excused. Returns how many."""
    require_open(program)
    _require_undecided(leave, version)
    if leave.asked_by_id == by.id:
        raise RuleBroken(_("Nobody decides on a request of their own."))
    _decide(leave, LeaveState.GRANTED, words, by=by, now=now)
    absences = _absences(leave)
    for standing in absences:
        note(
            Occasion(standing.day, standing.session_id), {leave.enrolment_id: Mark.EXCUSED}, Source.LEAVE,
            by=by, now=now,
        )  # fmt: skip
    _record(GRANTED, leave, leave.enrolment, by=by, now=now, count=len(absences))
    return len(absences)


def _absences(leave: Leave) -> list[AttendanceStanding]:
    standing = AttendanceStanding
    statement = sa.select(standing).where(
        standing.enrolment_id == leave.enrolment_id,
        standing.day.between(leave.starts_on, leave.ends_on),
        standing.mark == Mark.ABSENT,
    )
    if leave.session_id is not None:
        statement = statement.where(standing.session_id == leave.session_id)
    rows = list(db.session.scalars(statement.order_by(standing.day, standing.id)))
    for row in rows:
        db.session.expunge(row)
    return rows


def refuse(program: Program, leave: Leave, *, version: int, words: str, by: User, now: datetime) -> None:
    """Refuse leave with the reason that the trainee reads; what was noted stays."""
    require_open(program)
    _require_undecided(leave, version)
    if leave.asked_by_id == by.id:
        raise RuleBroken(_("Nobody decides on a request of their own."))
    _decide(leave, LeaveState.REFUSED, words, by=by, now=now)
    _record(REFUSED, leave, leave.enrolment, by=by, now=now, reason=words)


def withdraw(leave: Leave, *, version: int, by: User, now: datetime) -> None:
    """Take one's own request back while nobody has decided."""
    _require_undecided(leave, version)
    _decide(leave, LeaveState.WITHDRAWN, "", by=by, now=now)
    _record(WITHDRAWN, leave, leave.enrolment, by=by, now=now)


@after_leaving
def nothing_to_decide(change: Change) -> None:
    """Take requests of trainees who left off every inbox; they stay as they were asked."""
    waiting = db.session.scalars(
        sa.select(Leave.id).where(
            Leave.enrolment_id.in_(change.enrolment_ids), Leave.state == LeaveState.ASKED
        )
    ).all()
    if waiting:
        owed.drop_leaves(change.program_id, waiting)
