"""What attendance does when the timetable changes: registers move with their sessions, what was noted holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.attendance.models import AttendanceRegister, AttendanceStanding
from trainmgr.curriculum.units import unit_minutes
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program
from trainmgr.timetable.bells import bells_of
from trainmgr.timetable.hooks import after_change
from trainmgr.timetable.models import TeachingSession


@after_change
def follow(sessions: Sequence[TeachingSession], by: User, now: datetime) -> None:
    """Move the registers of sessions that were moved, close those of sessions that were called off.

    A session in which somebody was noted took place as it stands: it is neither moved nor called off.
    """
    moved = {session.id: session for session in sessions}
    registers = db.session.scalars(
        sa.select(AttendanceRegister).where(AttendanceRegister.session_id.in_(moved))
    ).all()
    if not registers:
        return
    noted = sa.select(AttendanceStanding.id).where(
        AttendanceStanding.session_id.in_([register.session_id for register in registers])
    )
    if db.session.scalar(noted.limit(1)):
        raise RuleBroken(
            _("The attendance of this session was noted; it is neither moved nor called off any more.")
        )
    for register in registers:
        _move(register, moved[register.session_id], now)


def _move(register: AttendanceRegister, session: TeachingSession, now: datetime) -> None:
    if session.is_cancelled:
        register.closed_at = register.closed_at or now
        return
    program = db.session.get_one(Program, session.program_id)
    begins, ends = bells_of([session.host_id]).span(session, unit_minutes(program))
    register.begins_at, register.ends_at = begins, ends
