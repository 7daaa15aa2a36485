"""Interviews: slots are offered, applicants book one, interviewers note what they saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work
from trainmgr.recruitment.interview_models import (
    InterviewBooking,
    InterviewNote,
    InterviewPanel,
    InterviewSlot,
)
from trainmgr.recruitment.models import Application, ApplicationState
from trainmgr.recruitment.rules import InterviewOutcome, slot_starts

OFFERED = audit.sentence("interview.offer", _l("%(who)s offered %(count)s interview times on %(day)s"))
CANCELLED = audit.sentence("interview.cancel", _l("%(who)s cancelled an interview time on %(day)s"))
BOOKED = audit.sentence("interview.book", _l("%(who)s booked an interview on %(day)s"))
UNBOOKED = audit.sentence("interview.unbook", _l("%(who)s gave an interview time back"))
NOTED = audit.sentence("interview.note", _l("%(who)s noted the interview of %(what)s"))

MOST_SLOTS = 40


@dataclass(frozen=True)
class SlotFacts:
    """Several interviews one after the other on a day, alike in everything but the time."""

    day: date
    begins: time
    minutes: int
    amount: int
    seats: int
    place: str
    link: str
    post_id: int | None
    panel: Sequence[int]


@dataclass(frozen=True)
class Clash:
    """An interviewer who is asked to be in two interviews at once."""

    name: str
    starts_at: datetime


def offer_slots(
    program: Program, facts: SlotFacts, *, zone: ZoneInfo, by: User, now: datetime
) -> tuple[list[InterviewSlot], list[Clash]]:
    """Offer interview times; returns them, and which interviewers have another interview at the time (not refused)."""
    require_open(program, Work.ENROLMENT)
    begins = datetime.combine(facts.day, facts.begins, zone)
    require(begins > now, _("This time is over already."))
    length = timedelta(minutes=facts.minutes)
    starts = slot_starts(begins, facts.minutes, facts.amount)
    require(
        (starts[-1] + length).astimezone(zone).date() == facts.day,
        _("The last of these interviews would end on another day."),
    )
    clashes = find_clashes(facts.panel, starts[0], starts[-1] + length)
    slots = [
        InterviewSlot(
            program_id=program.id,
            post_id=facts.post_id,
            day=facts.day,
            starts_at=start,
            ends_at=start + length,
            place=facts.place,
            link=facts.link,
            seats=facts.seats,
            taken=0,
            created_by_id=by.id,
            created_at=now,
            panel=[InterviewPanel(user_id=user_id) for user_id in facts.panel],
        )
        for start in starts
    ]
    db.session.add_all(slots)
    audit.record(
        OFFERED, program, by=by, now=now, program_id=program.id, name=program.name, count=len(slots),
        day=facts.day.isoformat(),
    )  # fmt: skip
    db.session.flush()
    return slots, clashes


def find_clashes(people: Sequence[int], starts_at: datetime, ends_at: datetime) -> list[Clash]:
    """Return which of some interviewers have an interview between two moments, in any programme: one statement."""
    rows = db.session.execute(
        sa.select(User.name, sa.func.min(InterviewSlot.starts_at))
        .join(InterviewPanel, InterviewPanel.user_id == User.id)
        .join(InterviewSlot, InterviewSlot.id == InterviewPanel.slot_id)
        .where(
            User.id.in_(people),
            InterviewSlot.cancelled_at.is_(None),
            InterviewSlot.starts_at < ends_at,
            InterviewSlot.ends_at > starts_at,
        )
        .group_by(User.id, User.name)
        .order_by(User.name)
    )
    return [Clash(*row) for row in rows]


def cancel_slot(program: Program, slot: InterviewSlot, *, by: User, now: datetime) -> int:
    """Cancel an interview time; returns how many applicants have to book another."""
    require(slot.cancelled_at is None, _("This interview time is cancelled already."))
    require(slot.starts_at > now, _("This interview time is over already."))
    slot.cancelled_at = now
    db.session.flush()
    done = db.session.execute(
        sa.update(InterviewBooking)
        .where(InterviewBooking.slot_id == slot.id, InterviewBooking.cancelled_at.is_(None))
        .values(cancelled_at=now)
    )
    audit.record(
        CANCELLED, slot, by=by, now=now, program_id=program.id, name=program.name, day=slot.day.isoformat()
    )
    return int(getattr(done, "rowcount", 0))


# --- booking -------------------------------------------------------------------------------------


def find_booking(application_id: int) -> InterviewBooking | None:
    """Return the interview that an applicant has booked, with its slot."""
    found: InterviewBooking | None = db.session.scalars(
        sa.select(InterviewBooking)
        .where(InterviewBooking.application_id == application_id, InterviewBooking.cancelled_at.is_(None))
        .options(joinedload(InterviewBooking.slot))
    ).one_or_none()
    return found


def open_slots(application: Application, *, now: datetime) -> list[InterviewSlot]:
    """Return the interview times to come that an applicant may book, soonest first, at most forty."""
    return list(
        db.session.scalars(
            sa.select(InterviewSlot)
            .where(
                InterviewSlot.program_id == application.program_id,
                InterviewSlot.cancelled_at.is_(None),
                InterviewSlot.starts_at > now,
                InterviewSlot.taken < InterviewSlot.seats,
                sa.or_(InterviewSlot.post_id.is_(None), InterviewSlot.post_id == application.post_id),
            )
            .order_by(InterviewSlot.starts_at, InterviewSlot.id)
            .limit(MOST_SLOTS)
        )
    )


def book(application: Application, slot_id: int, *, by: Actor, now: datetime) -> InterviewSlot:
    """Book a seat for an applicant; one booked before is given back in the same moment.

    The seat is taken by a single statement that counts in the database, so of two who want the last one gets it.
    """
    require(
        application.state is ApplicationState.PENDING,
        _("The application is settled: %(state)s.", state=application.state_label),
    )
    slot = db.session.scalars(
        sa.select(InterviewSlot).where(
            InterviewSlot.id == slot_id,
            InterviewSlot.program_id == application.program_id,
            sa.or_(InterviewSlot.post_id.is_(None), InterviewSlot.post_id == application.post_id),
        )
    ).one_or_none()
    require(slot is not None, _("This interview time is not offered. Choose another."))
    assert slot is not None
    before = find_booking(application.id)
    if before is not None and before.slot_id == slot.id:
        return slot
    if before is not None:
        _put_back(before, now)
    _take_seat(slot.id, now)
    db.session.add(InterviewBooking(slot_id=slot.id, application_id=application.id, booked_at=now))
    audit.record(
        BOOKED, application, by=by, now=now, program_id=application.program_id, name=application.name,
        day=slot.day.isoformat(),
    )  # fmt: skip
    db.session.flush()
    return slot


def _take_seat(slot_id: int, now: datetime) -> None:
    db.session.flush()
    done = db.session.execute(
        sa.update(InterviewSlot)
        .where(
            InterviewSlot.id == slot_id,
            InterviewSlot.cancelled_at.is_(None),
            InterviewSlot.starts_at > now,
            InterviewSlot.taken < InterviewSlot.seats,
        )
        .values(taken=InterviewSlot.taken + 1)
        .execution_options(synchronize_session=False)
    )
    require(getattr(done, "rowcount", 0) == 1, _("This interview time is full or over. Choose another."))


def _give_back(booking: InterviewBooking, now: datetime) -> None:
    require(booking.slot.starts_at > now, _("The interview has begun; speak with the college."))
    db.session.flush()
    done = db.session.execute(
        sa.update(InterviewBooking)
        .where(InterviewBooking.id == booking.id, InterviewBooking.cancelled_at.is_(None))
        .values(cancelled_at=now)
    )
    if getattr(done, "rowcount", 0) != 1:  # given back in the same moment, and the seat with it
        return
    db.session.execute(
        sa.update(InterviewSlot)
        .where(InterviewSlot.id == booking.slot_id, InterviewSlot.taken > 0)
        .values(taken=InterviewSlot.taken - 1)
        .execution_options(synchronize_session=False)
    )


def _put_back(before: InterviewBooking, now: datetime) -> None:
    """Make room for another booking; who did not come may book again, and the seat of that day stays used."""
    if before.slot.starts_at > now:
        _give_back(before, now)
        return
    last = next(iter(notes_on(before.application_id)), None)
    require(
        last is not None and last.outcome is InterviewOutcome.NO_SHOW,
        _("The interview has begun; speak with the college."),
    )
    before.cancelled_at = now
    db.session.flush()


def release(applications: Sequence[Application], *, now: datetime) -> None:
    """Give back the interviews to come of people who are not judged any more: one statement, two for each seat."""
    bookings = db.session.scalars(
        sa.select(InterviewBooking)
        .join(InterviewSlot, InterviewSlot.id == InterviewBooking.slot_id)
        .where(
            InterviewBooking.application_id.in_([one.id for one in applications]),
            InterviewBooking.cancelled_at.is_(None),
            InterviewSlot.starts_at > now,
        )
        .options(joinedload(InterviewBooking.slot))
    ).all()
    for booking in bookings:
        _give_back(booking, now)


def unbook(application: Application, *, by: Actor, now: datetime) -> None:
    """Give a booked interview back."""
    booking = find_booking(application.id)
    require(booking is not None, _("No interview is booked."))
    assert booking is not None
    _give_back(booking, now)
    audit.record(
        UNBOOKED, application, by=by, now=now, program_id=application.program_id, name=application.name
    )


# --- what was seen -------------------------------------------------------------------------------


def note(
    program: Program,
    booking: InterviewBooking,
    outcome: InterviewOutcome,
    text: str,
    *,
    by: User,
    now: datetime,
) -> InterviewNote:
    """Note whether an applicant came and what was seen; notes stay, a correction is a further note."""
    require(booking.cancelled_at is None, _("This interview was given back by the applicant."))
    require(booking.slot.starts_at <= now, _("The interview has not begun yet."))
    application = booking.application
    row = InterviewNote(
        booking_id=booking.id, application_id=application.id, outcome=outcome, text=text, by_id=by.id, at=now
    )
    db.session.add(row)
    audit.record(NOTED, application, by=by, now=now, program_id=program.id, name=application.name)
    return row


def notes_on(application_id: int) -> list[InterviewNote]:
    """Return what was noted on an applicant's interviews, newest first: one statement."""
    return list(
        db.session.scalars(
            sa.select(InterviewNote)
            .where(InterviewNote.application_id == application_id)
            .options(joinedload(InterviewNote.by))
            .order_by(InterviewNote.id.desc())
        )
    )
