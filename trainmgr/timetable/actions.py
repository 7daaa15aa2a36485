"""Deeds in a timetable: putting sessions in, once or weekly, moving them, calling them off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work, is_open
from trainmgr.timetable import hooks, labels
from trainmgr.timetable.checking import Situation, Wanted, obstacle, situation_of
from trainmgr.timetable.models import OccupiedUnit, SessionState, TeachingSession
from trainmgr.timetable.rules import weekly

TIMETABLED = audit.sentence(
    "session.create", _l("%(who)s put %(count)s sessions of “%(what)s” into the timetable")
)
MOVED = audit.sentence(
    "session.move", _l("%(who)s moved “%(what)s” from %(before)s to %(after)s: %(reason)s")
)
CANCELLED = audit.sentence("session.cancel", _l("%(who)s called off “%(what)s” on %(day)s: %(reason)s"))


@dataclass
class Repetition:
    """What became of a session that was to be repeated: what was taken, and what not and why."""

    taken: list[TeachingSession] = field(default_factory=list)
    refused: list[tuple[date, str]] = field(default_factory=list)


def require_open(program: Program) -> None:
    """Stop unless the programme's timetable may be worked on now."""
    if not is_open(Work.CURRICULUM, program.state):
        raise RuleBroken(
            _("The programme is %(state)s; its timetable stays as it is.", state=program.state_label)
        )


def timetable(program: Program, wanted: Wanted, weeks: int, *, by: User, now: datetime) -> Repetition:
    """Put a session into the timetable, weekly for so many weeks; what clashes is left out and told.

    When not a single one can be taken, the first reason is the answer.
    """
    require_open(program)
    days = weekly(wanted.slot.day, weeks)
    situation = situation_of(program, wanted, days, by)
    result = Repetition()
    for day in days:
        this = wanted.on(day)
        reason = obstacle(this, situation) or _take(program, this, situation, result, by=by, now=now)
        if reason:
            result.refused.append((day, reason))
    if not result.taken:
        raise RuleBroken(result.refused[0][1])
    audit.record(
        TIMETABLED, result.taken[0], by=by, now=now, program_id=program.id, name=wanted.module.name,
        count=len(result.taken), cohort=wanted.cohort.name,
    )  # fmt: skip
    hooks.tell_changed(result.taken, by=by, now=now)
    return result


def _take(
    program: Program, wanted: Wanted, situation: Situation, result: Repetition, *, by: User, now: datetime
) -> str | None:
    """Write one session with its units; returns the reason when somebody else was faster."""
    session = TeachingSession(
        program_id=program.id,
        module_id=situation.module_on(wanted, wanted.slot.day).id,
        lineage=wanted.module.lineage,
        cohort_id=wanted.cohort.id,
        created_by_id=by.id,
        created_at=now,
        state=SessionState.PLANNED,
        **_place(wanted),
    )
    try:
        with db.session.begin_nested():
            db.session.add(session)
            db.session.flush()
            _occupy(session)
    except IntegrityError:
        return _who_was_faster(program, wanted, by)
    result.taken.append(session)
    return None


def _place(wanted: Wanted) -> dict[str, object]:
    return {
        "day": wanted.slot.day,
        "first_unit": wanted.slot.first_unit,
        "units": wanted.slot.units,
        "teacher_id": wanted.teacher.id,
        "room_id": wanted.room.id if wanted.room else None,
        "host_id": wanted.host_id,
    }


def _occupy(session: TeachingSession) -> None:
    """Take the units one by one; the unique constraints refuse a unit that another session has."""
    rows = [
        {
            "session_id": session.id,
            "unit": unit,
            "day": session.day,
            "cohort_id": session.cohort_id,
            "teacher_id": session.teacher_id,
            "room_id": session.room_id,
        }
        for unit in session.slot.numbers
    ]
    db.session.execute(sa.insert(OccupiedUnit), rows)


def _free(session: TeachingSession) -> None:
    db.session.execute(
        sa.delete(OccupiedUnit).where(OccupiedUnit.session_id == session.id),
        execution_options={"synchronize_session": False},
    )


def _who_was_faster(program: Program, wanted: Wanted, by: User) -> str:
    situation = situation_of(program, wanted, [wanted.slot.day], by)
    return obstacle(wanted, situation) or _("Somebody else took this place at the same moment.")


def _require_present(session: TeachingSession, version: int) -> None:
    if session.version != version:
        raise Conflict(
            _(
                "Somebody else changed this session meanwhile. What you see now is how it stands; repeat your change."
            )
        )
    if session.is_cancelled:
        raise RuleBroken(_("This session was called off; it is not changed any more."))


def move(
    program: Program,
    session: TeachingSession,
    wanted: Wanted,
    *,
    version: int,
    reason: str,
    by: User,
    now: datetime,
) -> None:
    """Give a session another time, teacher or room, unless something is in the way."""
    require_open(program)
    _require_present(session, version)
    wanted = replace(wanted, session_id=session.id)
    situation = situation_of(program, wanted, [wanted.slot.day], by)
    broken = obstacle(wanted, situation)
    if broken:
        raise RuleBroken(broken)
    before = session.slot
    try:
        with db.session.begin_nested():
            _free(session)
            for name, value in _place(wanted).items():
                setattr(session, name, value)
            session.module_id = situation.module_on(wanted, wanted.slot.day).id
            db.session.flush()
            _occupy(session)
    except IntegrityError as faster:
        raise RuleBroken(_who_was_faster(program, wanted, by)) from faster
    audit.record(
        MOVED, session, by=by, now=now, program_id=program.id, name=wanted.module.name, reason=reason,
        before=labels.when(before), after=labels.when(wanted.slot), cohort=wanted.cohort.name,
    )  # fmt: skip
    hooks.tell_changed([session], by=by, now=now)


def cancel(
    program: Program, session: TeachingSession, *, version: int, reason: str, by: User, now: datetime
) -> None:
    """Call a session off; it stays visible and frees its class, teacher and room."""
    require_open(program)
    _require_present(session, version)
    _free(session)
    session.state, session.cancelled_at, session.cancelled_reason = SessionState.CANCELLED, now, reason
    audit.record(
        CANCELLED, session, by=by, now=now, program_id=program.id, name=session.module.name, reason=reason,
        day={"day": session.day.isoformat()}, cohort=session.cohort.name,
    )  # fmt: skip
    hooks.tell_changed([session], by=by, now=now)
