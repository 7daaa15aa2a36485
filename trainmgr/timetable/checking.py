"""Whether a session can be at a time: calendar, closed days, stage, room, who is busy; each refusal has its reason.

What is known of many days is read at once, so that repeating a session forty times asks no more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.models import Module
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import day as day_text
from trainmgr.kernel.i18n import language, short_day
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to
from trainmgr.timetable import labels
from trainmgr.timetable.following import Frame, frame_on, frames_of
from trainmgr.timetable.holidays import country_day
from trainmgr.timetable.models import ClosedPeriod, Room, SessionState, TeachingSession
from trainmgr.timetable.rules import UNITS, Booking, DayKind, Slot, clashes

PRESENT = Enrolment.state != EnrolmentState.WITHDRAWN


@dataclass(frozen=True)
class Wanted:
    """A session as somebody wants it; `weekends` says that a Saturday or Sunday is meant."""

    module: Module
    cohort: Cohort
    slot: Slot
    teacher: User
    room: Room | None
    host_id: int
    weekends: bool = False
    session_id: int | None = None

    def on(self, day: date) -> Wanted:
        """Return the same on another day."""
        return replace(self, slot=replace(self.slot, day=day))

    @property
    def booking(self) -> Booking:
        """What it would occupy."""
        room_id = self.room.id if self.room else None
        return Booking(self.slot, self.cohort.id, self.teacher.id, room_id, self.session_id)


@dataclass(frozen=True)
class Situation:
    """What is known of the days on which somebody wants a session."""

    program: Program
    frames: Sequence[Frame]
    people: int
    closed: Sequence[ClosedPeriod]
    others: Mapping[int, tuple[TeachingSession, bool]]

    def module_on(self, wanted: Wanted, day: date) -> Module:
        """Return the module as the edition in force on a day has it."""
        frame = frame_on(self.frames, day)
        return frame.module if frame is not None and frame.module is not None else wanted.module


def situation_of(program: Program, wanted: Wanted, days: Sequence[date], viewer: User) -> Situation:
    """Read what stands in the way on some days: four statements, whatever their number."""
    people = sa.select(sa.func.count()).where(Enrolment.cohort_id == wanted.cohort.id, PRESENT)
    return Situation(
        program,
        frames_of(program.id, wanted.module.lineage),
        db.session.scalar(people) or 0,
        _closed(wanted, min(days), max(days)),
        _others(wanted, days, viewer),
    )


def _closed(wanted: Wanted, first: date, last: date) -> Sequence[ClosedPeriod]:
    houses = {wanted.host_id} | ({wanted.room.organization_id} if wanted.room else set())
    return db.session.scalars(
        sa.select(ClosedPeriod)
        .where(
            ClosedPeriod.organization_id.in_(houses),
            ClosedPeriod.starts_on <= last,
            ClosedPeriod.ends_on >= first,
        )
        .options(joinedload(ClosedPeriod.organization))
        .order_by(ClosedPeriod.starts_on, ClosedPeriod.id)
    ).all()


def _others(wanted: Wanted, days: Sequence[date], viewer: User) -> dict[int, tuple[TeachingSession, bool]]:
    busy = [TeachingSession.cohort_id == wanted.cohort.id, TeachingSession.teacher_id == wanted.teacher.id]
    if wanted.room:
        busy.append(TeachingSession.room_id == wanted.room.id)
    statement = (
        sa.select(TeachingSession, visible_to(viewer))
        .join(Program, Program.id == TeachingSession.program_id)
        .where(
            TeachingSession.day.in_(days),
            TeachingSession.state == SessionState.PLANNED,
            sa.or_(*busy),
        )
        .options(*(joinedload(getattr(TeachingSession, name)) for name in NAMED))
    )
    return {session.id: (session, bool(seen)) for session, seen in db.session.execute(statement)}


NAMED = ("program", "module", "cohort", "teacher", "room")


def obstacle(wanted: Wanted, situation: Situation) -> str | None:
    """Return why a session cannot be as it is wanted, in a sentence; None when nothing is in the way."""
    for reason in (
        _shape(wanted),
        _span(wanted, situation),
        _calendar(wanted, situation),
        _room(wanted, situation),
    ):
        if reason:
            return reason
    taken = [replace(_booking(other), session_id=other.id) for other, _seen in situation.others.values()]
    for clash in clashes(wanted.booking, taken):
        assert clash.with_id is not None
        other, seen = situation.others[clash.with_id]
        return labels.clash_text(clash.resource, other, seen=seen)
    return None


def _booking(session: TeachingSession) -> Booking:
    return Booking(session.slot, session.cohort_id, session.teacher_id, session.room_id)


def _shape(wanted: Wanted) -> str | None:
    if wanted.slot.fits:
        return None
    return _("A day has %(number)s units; this session would end behind the last.", number=UNITS)


def _span(wanted: Wanted, situation: Situation) -> str | None:
    """The stage's dates where the plan in force on that day has them, else the programme's."""
    program, day = situation.program, wanted.slot.day
    frame = frame_on(situation.frames, day)
    if frame is not None and frame.module is None:
        return _("On %(day)s edition %(number)s of the plan holds, which has no module “%(name)s”.",
                 day=short_day(day), number=frame.number, name=labels.module_name(wanted.module))  # fmt: skip
    stage = frame.stage if frame is not None else None
    if stage is not None and stage.starts_on and stage.ends_on:
        if stage.starts_on <= day <= stage.ends_on:
            return None
        name = stage.name_en if language() == "en" and stage.name_en else stage.name
        return _("%(day)s lies outside stage %(number)s “%(name)s” (%(first)s to %(last)s).", day=short_day(day),
                 number=stage.number, name=name, first=day_text(stage.starts_on),
                 last=day_text(stage.ends_on))  # fmt: skip
    too_early = program.starts_on is not None and day < program.starts_on
    too_late = program.ends_on is not None and day > program.ends_on
    if too_early or too_late:
        return _("%(day)s lies outside the programme (%(first)s to %(last)s).", day=day_text(day),
                 first=day_text(program.starts_on), last=day_text(program.ends_on))  # fmt: skip
    return None


def _calendar(wanted: Wanted, situation: Situation) -> str | None:
    day = wanted.slot.day
    known = country_day(day)
    if known.kind is DayKind.HOLIDAY:
        return _("%(day)s is a holiday (%(name)s).", day=short_day(day), name=labels.country_text(known))
    if known.kind is DayKind.WEEKEND and not wanted.weekends:
        return _("%(day)s is a weekend. Tick “also on weekends” if that is meant.", day=short_day(day))
    for period in situation.closed:
        if period.starts_on <= day <= period.ends_on:
            return _("%(name)s is closed on %(day)s: %(reason)s.", name=period.organization.short,
                     day=short_day(day), reason=period.reason)  # fmt: skip
    return None


def _room(wanted: Wanted, situation: Situation) -> str | None:
    room = wanted.room
    if room is None or room.capacity is None or situation.people <= room.capacity:
        return None
    return _("%(room)s holds %(capacity)s people; the class %(name)s has %(people)s.", room=room.name,
             capacity=room.capacity, name=wanted.cohort.name, people=situation.people)  # fmt: skip
