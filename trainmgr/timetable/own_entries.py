"""What the timetable and what lies below it put into somebody's calendar: sessions, blocks with their gates, tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.units import unit_minutes
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import language
from trainmgr.pathways.rules import Venue
from trainmgr.programs.models import Program
from trainmgr.recruitment.interview_models import InterviewBooking, InterviewPanel, InterviewSlot
from trainmgr.recruitment.models import Application
from trainmgr.testing.models import Participant, Sitting
from trainmgr.timetable.alternating import Block, blocks_of
from trainmgr.timetable.bells import bells_of
from trainmgr.timetable.blocks import days_and_blocks, spans_in
from trainmgr.timetable.entries import Entry, contributes
from trainmgr.timetable.labels import module_name
from trainmgr.timetable.models import TeachingSession
from trainmgr.timetable.queries import own_sessions

MOST = 2_000
PRESENT = Enrolment.state.in_((EnrolmentState.TRAINING, EnrolmentState.REMEDIAL))


@contributes
def sessions(person: User, first: date, last: date) -> Iterator[Entry]:
    """Yield the sessions that somebody teaches or attends; those called off stay, as called off."""
    rows = db.session.scalars(
        sa.select(TeachingSession)
        .where(own_sessions(person), TeachingSession.day.between(first, last))
        .options(*(joinedload(getattr(TeachingSession, name)) for name in NAMED))
        .order_by(TeachingSession.day, TeachingSession.id)
        .limit(MOST)
    ).all()
    bells = bells_of({row.host_id for row in rows})
    minutes = {program.id: unit_minutes(program) for program in {row.program for row in rows}}
    for row in rows:
        starts, ends = bells.span(row, minutes[row.program_id])
        place = f"{row.room.name}, {row.host.short}" if row.room else row.host.short
        yield Entry(
            f"session-{row.id}", starts, ends, f"{module_name(row.module)} · {row.cohort.name}",
            row.cancelled_at or row.created_at, place, row.program.label, row.is_cancelled, row.version - 1,
        )  # fmt: skip


NAMED = ("program", "module", "cohort", "room", "host")


@contributes
def blocks(person: User, first: date, last: date) -> Iterator[Entry]:
    """Yield the blocks at school and at the enterprise of a trainee's classes, and the day of each stage gate."""
    places = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.user_id == person.id, PRESENT, Enrolment.cohort_id.is_not(None))
        .options(joinedload(Enrolment.program))
    ).all()
    for place in places:
        assert place.cohort_id is not None
        stages, mine = days_and_blocks(place.program_id, place.cohort_id)
        for block in blocks_of(stages, spans_in(mine), place.program.starts_on):
            if block.starts_on <= last and block.ends_on >= first:
                row = mine.get(block.stage.number)
                version, at = (row.version, row.at) if row else (0, place.program.created_at)
                yield from _of_block(place.cohort_id, place.program, block, version, at)


def _of_block(cohort_id: int, program: Program, block: Block, version: int, at: datetime) -> Iterator[Entry]:
    stage, english = block.stage, language() == "en"
    name = stage.name_en if english and stage.name_en else stage.name
    where = _("At the enterprise") if stage.venue is Venue.ENTERPRISE else _("At school")
    uid = f"block-{cohort_id}-{stage.number}"
    yield Entry(
        uid, block.starts_on, block.ends_on, f"{where} · {name}", at, "", program.label, False, version
    )
    gate = stage.gate_en if english and stage.gate_en else stage.gate
    if gate:
        title = _("Gate of stage %(number)s: %(gate)s", number=stage.number, gate=gate)
        yield Entry(f"gate-{cohort_id}-{stage.number}", block.ends_on, block.ends_on, title, at, "",
                    program.label, False, version)  # fmt: skip


@contributes
def interviews(person: User, first: date, last: date) -> Iterator[Entry]:
    """Yield the interviews that somebody has booked, or holds; those given up or called off stay, as called off."""
    given_up = sa.func.coalesce(InterviewBooking.cancelled_at, InterviewSlot.cancelled_at)
    booked = (
        sa.select(InterviewSlot, Program, given_up, InterviewBooking.id)
        .join(InterviewBooking, InterviewBooking.slot_id == InterviewSlot.id)
        .join(Application, Application.id == InterviewBooking.application_id)
        .where(Application.user_id == person.id)
    )
    held = (
        sa.select(InterviewSlot, Program, InterviewSlot.cancelled_at, InterviewSlot.id)
        .join(InterviewPanel, InterviewPanel.slot_id == InterviewSlot.id)
        .where(InterviewPanel.user_id == person.id)
    )
    for kind, statement in (("booked", booked), ("held", held)):
        rows = db.session.execute(
            statement.join(Program, Program.id == InterviewSlot.program_id)
            .where(InterviewSlot.day.between(first, last))
            .order_by(InterviewSlot.starts_at, InterviewSlot.id)
            .limit(200)
        )
        for slot, program, off, key in rows:
            yield Entry(
                f"interview-{kind}-{key}", slot.starts_at, slot.ends_at,
                _("Interview: %(name)s", name=program.label), off or slot.created_at, slot.place, slot.link,
                off is not None, 1 if off else 0,
            )  # fmt: skip


@contributes
def tests(person: User, first: date, last: date) -> Iterator[Entry]:
    """Yield the tests that somebody takes, from the moment they open to the moment they close."""
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    rows = db.session.scalars(
        sa.select(Sitting)
        .join(Participant, Participant.sitting_id == Sitting.id)
        .where(
            Participant.user_id == person.id,
            Sitting.opens_at < datetime.combine(last + timedelta(days=1), time.min, zone),
            Sitting.closes_at >= datetime.combine(first, time.min, zone),
        )
        .options(joinedload(Sitting.program))
        .order_by(Sitting.opens_at, Sitting.id)
        .limit(200)
    )
    for row in rows:
        yield Entry(
            f"test-{row.id}", row.opens_at, row.closes_at, _("Test: %(name)s", name=row.name),
            row.cancelled_at or row.created_at, "", row.program.label, row.cancelled_at is not None,
            row.version - 1,
        )  # fmt: skip
