"""Reads of interviews: the days, one day with who comes, who may interview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.recruitment.applications import judged_by
from trainmgr.recruitment.interview_models import (
    InterviewBooking,
    InterviewNote,
    InterviewPanel,
    InterviewSlot,
)
from trainmgr.recruitment.models import Application, RecruitmentPost
from trainmgr.recruitment.rules import InterviewOutcome

MOST_DAYS = 60
MOST_CHOICES = 200


@dataclass(frozen=True)
class DayLine:
    """A day of interviews with its sums."""

    day: date
    slots: int
    seats: int
    taken: int


def days_of(program: Program) -> list[DayLine]:
    """Return the days with interviews, latest first: one statement."""
    rows = db.session.execute(
        sa.select(
            InterviewSlot.day,
            sa.func.count(),
            sa.func.sum(InterviewSlot.seats),
            sa.func.sum(InterviewSlot.taken),
        )
        .where(InterviewSlot.program_id == program.id, InterviewSlot.cancelled_at.is_(None))
        .group_by(InterviewSlot.day)
        .order_by(InterviewSlot.day.desc())
        .limit(MOST_DAYS)
    )
    return [DayLine(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


@dataclass(frozen=True)
class Guest:
    """Somebody who is expected at an interview, with the last thing noted."""

    booking_id: int
    application_id: int
    name: str
    major: str
    outcome: InterviewOutcome | None
    note: str


@dataclass
class SlotView:
    """One interview time with who interviews and who comes."""

    slot: InterviewSlot
    begun: bool
    guests: list[Guest] = field(default_factory=list)

    @property
    def interviewers(self) -> list[str]:
        """Who interviews."""
        return [one.user.name for one in self.slot.panel]


def day_view(program: Program, viewer: User, day: date, *, now: datetime) -> list[SlotView]:
    """Return a day's interview times with the applicants whom the viewer may judge: four statements."""
    slots = db.session.scalars(
        sa.select(InterviewSlot)
        .where(
            InterviewSlot.program_id == program.id,
            InterviewSlot.day == day,
            InterviewSlot.cancelled_at.is_(None),
        )
        .order_by(InterviewSlot.starts_at, InterviewSlot.id)
        .options(
            joinedload(InterviewSlot.post).joinedload(RecruitmentPost.enterprise),
            selectinload(InterviewSlot.panel).joinedload(InterviewPanel.user),
        )
    ).all()
    views = {slot.id: SlotView(slot, slot.starts_at <= now) for slot in slots}
    for slot_id, guest in _guests(program, viewer, list(views)):
        views[slot_id].guests.append(guest)
    return list(views.values())


def _guests(program: Program, viewer: User, slot_ids: Sequence[int]) -> list[tuple[int, Guest]]:
    latest = (
        sa.select(sa.func.max(InterviewNote.id))
        .where(InterviewNote.booking_id == InterviewBooking.id)
        .correlate(InterviewBooking)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(
            InterviewBooking.slot_id,
            InterviewBooking.id,
            Application.id,
            Application.name,
            Application.field,
            InterviewNote.outcome,
            sa.func.coalesce(InterviewNote.text, ""),
        )
        .join(Application, Application.id == InterviewBooking.application_id)
        .outerjoin(InterviewNote, InterviewNote.id == latest)
        .where(
            judged_by(program, viewer),
            InterviewBooking.slot_id.in_(slot_ids),
            InterviewBooking.cancelled_at.is_(None),
        )
        .order_by(InterviewBooking.slot_id, InterviewBooking.id)
    )
    return [(row[0], Guest(*row[1:])) for row in rows]


def slot_or_404(program: Program, slot_id: int) -> InterviewSlot:
    """Return an interview time of a programme, or answer 404."""
    slot: InterviewSlot | None = db.session.scalars(
        sa.select(InterviewSlot).where(InterviewSlot.id == slot_id, InterviewSlot.program_id == program.id)
    ).one_or_none()
    return slot if slot is not None else abort(404)


def booking_or_404(program: Program, booking_id: int, viewer: User) -> InterviewBooking:
    """Return a booked interview of somebody whom the viewer may judge, or answer 404: one statement."""
    booking: InterviewBooking | None = db.session.scalars(
        sa.select(InterviewBooking)
        .join(Application, Application.id == InterviewBooking.application_id)
        .where(InterviewBooking.id == booking_id, judged_by(program, viewer))
        .options(joinedload(InterviewBooking.slot), joinedload(InterviewBooking.application))
    ).one_or_none()
    return booking if booking is not None else abort(404)


def interviewers(program: Program) -> list[tuple[int, str, str]]:
    """Return who may interview, of both sides: id, name, organisation; one statement."""
    parties = {party.organization_id: party.organization.short for party in program.parties}
    named = sa.select(ProgramPerson.user_id).where(
        ProgramPerson.program_id == program.id, ProgramPerson.role != Role.TRAINEE
    )
    rows: Any = db.session.execute(
        sa.select(User.id, User.name, Membership.organization_id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id.in_(parties),
            Membership.ended_on.is_(None),
            Membership.role != Role.TRAINEE,
            sa.or_(Membership.role.in_((Role.STAFF, Role.ENTERPRISE_COORDINATOR)), User.id.in_(named)),
            User.active,
        )
        .order_by(Membership.organization_id, User.name, User.id)
        .limit(MOST_CHOICES)
    )
    found = {row[0]: (row[0], row[1], parties[row[2]]) for row in rows}
    return list(found.values())
