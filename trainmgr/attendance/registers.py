"""Deeds around the register of a session: open it, come in by its code, note by hand, close it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.attendance import codes, owed
from trainmgr.attendance.marking import Occasion, note, note_arrival, note_rest
from trainmgr.attendance.models import AttendanceRegister, AttendanceStanding, AttendanceTry
from trainmgr.attendance.page_queries import GridLine
from trainmgr.attendance.queries import EXPECTED, excused_in, expected_in, limits_of, standings_of
from trainmgr.attendance.rules import (
    OPENS_BEFORE,
    Cell,
    Mark,
    Plan,
    Rate,
    Source,
    at_closing,
    on_arrival,
    plan_of,
    rate_of,
    takes_codes,
)
from trainmgr.curriculum.units import unit_minutes
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work, is_open
from trainmgr.timetable.bells import bells_of
from trainmgr.timetable.models import TeachingSession

OPENED = audit.sentence("attendance.open", _l("%(who)s opened the register of “%(what)s” on %(day)s"))
NOTED = audit.sentence(
    "attendance.note", _l("%(who)s noted the attendance of %(count)s trainees in “%(what)s” on %(day)s")
)
CORRECTED = audit.sentence(
    "attendance.correct",
    _l("%(who)s corrected the attendance of %(count)s trainees in “%(what)s” on %(day)s"),
)
SHEET = audit.sentence(
    "attendance.sheet",
    _l("%(who)s noted the attendance of %(count)s trainees in “%(what)s” on %(day)s from a sheet"),
)
CLOSED = audit.sentence(
    "attendance.close", _l("%(who)s closed the register of “%(what)s” on %(day)s: %(absent)s absent")
)
MOST_TRIES, WITHIN = 10, timedelta(minutes=5)


def require_open(program: Program) -> None:
    """Stop unless attendance is taken in this programme now."""
    if not is_open(Work.PRACTICE, program.state):
        raise RuleBroken(
            _("The programme is %(state)s; nothing is noted in it now.", state=program.state_label)
        )


def open_register(
    program: Program, session: TeachingSession, *, by: User, now: datetime
) -> AttendanceRegister:
    """Open a session's register, from a quarter of an hour before it begins; one that is open stays as it is."""
    require_open(program)
    if session.is_cancelled:
        raise RuleBroken(_("This session was called off; nobody is expected."))
    register = db.session.get(AttendanceRegister, session.id)
    if register is not None:
        return register
    begins, ends = bells_of([session.host_id]).span(session, unit_minutes(program))
    if now < begins - OPENS_BEFORE:
        raise RuleBroken(
            _("The register opens a quarter of an hour before the session: %(when)s.",
              when=moment(begins - OPENS_BEFORE, now))
        )  # fmt: skip
    late_after, _within = limits_of(program.id)
    register = AttendanceRegister(
        session_id=session.id,
        program_id=program.id,
        secret=crypto.encrypt(secrets.token_hex(32)),
        begins_at=begins,
        ends_at=ends,
        late_after=late_after,
        opened_by_id=by.id,
        opened_at=now,
    )
    db.session.add(register)
    record(OPENED, program.id, session, by=by, now=now)
    if session.day < (today := local_day(now)):
        owed.renew_registers(program.id, today)
    return register


def record(
    action: str, program_id: int, session: TeachingSession, *, by: Actor | None, now: datetime, **details: Any
) -> None:
    """Write a deed at a session's register into the trail."""
    audit.record(
        action, "attendance_register", by=by, now=now, program_id=program_id, name=session.module.name,
        day={"day": session.day.isoformat()}, session=session.id, **details,
    )  # fmt: skip


# --- by the code ----------------------------------------------------------------------------------


def secret_of(register: AttendanceRegister) -> bytes:
    """Return the secret under which a register makes its codes."""
    return bytes.fromhex(crypto.decrypt(register.secret))


def code_now(register: AttendanceRegister, now: datetime) -> str:
    """Return the code that the screen shows now."""
    return codes.code_of(secret_of(register), register.session_id, codes.step_of(now.timestamp()))


@dataclass(frozen=True)
class Arrival:
    """A trainee before the door of a session: the register, the session, who they are in its class."""

    register: AttendanceRegister
    session: TeachingSession
    enrolment: Enrolment


def find_arrival(session_id: int, viewer: User) -> Arrival | None:
    """Return where the viewer comes in, None when they are not in the session's class: one statement."""
    row = db.session.execute(
        _arrivals(viewer).where(AttendanceRegister.session_id == session_id)
    ).one_or_none()
    return Arrival(row[0], row[1], row[2]) if row else None


def arrivals_now(viewer: User, now: datetime) -> list[Arrival]:
    """Return the sessions that take the viewer's code now: usually one."""
    rows = db.session.execute(
        _arrivals(viewer)
        .where(
            AttendanceRegister.closed_at.is_(None),
            AttendanceRegister.begins_at <= now + OPENS_BEFORE,
            AttendanceRegister.ends_at > now,
        )
        .order_by(AttendanceRegister.begins_at, AttendanceRegister.session_id)
        .limit(10)
    )
    return [Arrival(row[0], row[1], row[2]) for row in rows]


def _arrivals(viewer: User) -> sa.Select[AttendanceRegister, TeachingSession, Enrolment]:
    return (
        sa.select(AttendanceRegister, TeachingSession, Enrolment)
        .join(TeachingSession, TeachingSession.id == AttendanceRegister.session_id)
        .join(Enrolment, Enrolment.cohort_id == TeachingSession.cohort_id)
        .where(Enrolment.user_id == viewer.id, EXPECTED)
        .options(joinedload(TeachingSession.module), joinedload(TeachingSession.teacher))
    )


def check_code(arrival: Arrival, code: str, *, now: datetime) -> None:
    """Stop unless a code is the present one of a session that takes codes now."""
    register = arrival.register
    if not register.is_open or not takes_codes(now, register.begins_at, register.ends_at):
        raise RuleBroken(_("This session takes no codes now. If you were there, tell your teacher."))
    if not is_code_of(arrival, code, now=now):
        raise RuleBroken(
            _("This code is no longer valid: it changes every 15 seconds. Take the one on the screen now.")
        )


def is_code_of(arrival: Arrival, code: str, *, now: datetime) -> bool:
    """Tell whether a code is the present one of a session."""
    secret = secret_of(arrival.register)
    return codes.is_taken(secret, arrival.register.session_id, code, now.timestamp())


def must_wait(viewer: User, now: datetime) -> bool:
    """Tell whether somebody tried too many codes in the last minutes."""
    tries = sa.select(sa.func.count()).where(
        AttendanceTry.user_id == viewer.id, AttendanceTry.at > now - WITHIN
    )
    return (db.session.scalar(tries) or 0) >= MOST_TRIES


def count_try(viewer: User, now: datetime) -> None:
    """Count a code that was wrong, and forget the old ones."""
    db.session.execute(
        sa.delete(AttendanceTry).where(AttendanceTry.user_id == viewer.id, AttendanceTry.at <= now - WITHIN)
    )
    db.session.add(AttendanceTry(user_id=viewer.id, at=now))


def come_in(arrival: Arrival, *, by: User, now: datetime) -> Mark:
    """Note that a trainee is here, late after the limit; who is noted already stays as noted. Returns what counts."""
    register = arrival.register
    if not register.is_open or now >= register.ends_at:
        raise RuleBroken(_("This session takes no codes now. If you were there, tell your teacher."))
    mark = on_arrival(now, register.begins_at, register.late_after)
    if note_arrival(arrival.session, arrival.enrolment.id, mark, by=by, now=now):
        return mark
    standing = db.session.scalar(
        sa.select(AttendanceStanding.mark).where(
            AttendanceStanding.session_id == register.session_id,
            AttendanceStanding.enrolment_id == arrival.enrolment.id,
        )
    )
    return standing or mark


# --- by hand --------------------------------------------------------------------------------------


def note_by_hand(
    program: Program,
    session: TeachingSession,
    cells: Mapping[int, Cell],
    *,
    rest: Mark | None,
    by: User,
    now: datetime,
    source: Source = Source.HAND,
) -> Plan:
    """Write what was changed in the grid of a session and return it with what others had changed meanwhile.

    Cells of people who are not in the class are left out. After the closing it is a correction.
    """
    register = open_register(program, session, by=by, now=now)
    _one_after_the_other(session.id)
    members = set(
        db.session.scalars(sa.select(Enrolment.id).where(expected_in(session.cohort_id, session.day)))
    )
    standing = {key: row.mark for key, row in standings_of(session.id).items()}
    known = {key: cell for key, cell in cells.items() if key in members or key in standing}
    plan = plan_of(known, standing, rest)
    note(Occasion.of(session), plan.changes, source, by=by, now=now)
    if plan.changes:
        action = NOTED if register.is_open else CORRECTED
        record(action, program.id, session, by=by, now=now, count=len(plan.changes))
    return plan


def _one_after_the_other(session_id: int) -> None:
    """Let two who write the same register at once come one after the other, so that the second sees the first's."""
    db.session.execute(
        sa.select(AttendanceRegister.session_id)
        .where(AttendanceRegister.session_id == session_id)
        .with_for_update()
    )


# --- closing --------------------------------------------------------------------------------------


def close(register: AttendanceRegister, session: TeachingSession, *, by: User | None, now: datetime) -> int:
    """Close a register: who is expected and not noted is absent, or excused by leave; returns how many are absent."""
    won = db.session.execute(
        sa.update(AttendanceRegister)
        .where(AttendanceRegister.session_id == register.session_id, AttendanceRegister.closed_at.is_(None))
        .values(closed_at=now, closed_by_id=by.id if by else None)
        .returning(AttendanceRegister.session_id)
    ).first()
    if won is None:
        raise RuleBroken(_("The register is closed already."))
    standing = standings_of(session.id)
    expected = db.session.scalars(sa.select(Enrolment.id).where(expected_in(session.cohort_id, session.day)))
    excused = excused_in(session)
    marks = {key: at_closing(key in excused) for key in expected if key not in standing}
    noted = note_rest(Occasion.of(session), marks, Source.CLOSING, by=by, now=now)
    absent = sum(mark is Mark.ABSENT for mark in noted.values())
    record(CLOSED, register.program_id, session, by=by, now=now, absent=absent)
    return absent


@each_minute
def close_ended(now: datetime) -> Iterator[int]:
    """Close the registers of sessions that have ended; each is committed by itself."""
    ended = db.session.scalars(
        sa.select(AttendanceRegister.session_id)
        .where(AttendanceRegister.closed_at.is_(None), AttendanceRegister.ends_at <= now)
        .order_by(AttendanceRegister.ends_at)
        .limit(200)
    ).all()
    for session_id in ended:
        register = db.session.scalars(
            sa.select(AttendanceRegister)
            .where(AttendanceRegister.session_id == session_id)
            .options(joinedload(AttendanceRegister.session).joinedload(TeachingSession.module))
        ).one()
        if register.is_open:
            yield close(register, register.session, by=None, now=now)


def state_text(session: TeachingSession, register: AttendanceRegister | None) -> str:
    """Return how a session's register stands, in words."""
    if session.is_cancelled:
        return _("called off")
    if register is None:
        return _("not noted")
    return _("being taken") if register.is_open else _("taken and closed")


def rate_of_lines(lines: Iterable[GridLine]) -> Rate:
    """Return the rate of what stands in a grid."""
    return rate_of(line.standing.mark for line in lines if line.standing)
