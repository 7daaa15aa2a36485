"""Reads of what is before, in and after class: one's own meetings, and who of a class has done the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.lessons.models import LessonPlan, LessonTick, LessonUse, LessonVersion
from trainmgr.lessons.rules import TASKS, Ring
from trainmgr.programs.models import Program
from trainmgr.timetable.models import SessionState, TeachingSession
from trainmgr.timetable.queries import cohorts_seen, own_sessions

PRESENT = Enrolment.state.not_in(AWAY)
DAYS_BACK, DAYS_AHEAD = 7, 14  # what stands on one's own page


@dataclass
class Meeting:
    """A session with what its plan says, and what the reader, or the class, has done for it."""

    session: TeachingSession
    plan_id: int | None
    title: str
    rings: dict[str, dict[str, Any]]
    enrolment_id: int | None
    done: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    people: int = 0

    @property
    def program_id(self) -> int:
        """The programme."""
        return self.session.program_id

    def task(self, ring: Ring) -> dict[str, Any] | None:
        """What is to be done in a ring, if the plan says anything."""
        found = self.rings.get(ring.value)
        return found if found and found["content"] else None


def _select_meetings(viewer: User) -> sa.Select[Any]:
    mine = sa.and_(Enrolment.cohort_id == TeachingSession.cohort_id, Enrolment.user_id == viewer.id, PRESENT)
    version = sa.and_(LessonVersion.plan_id == LessonPlan.id, LessonVersion.number == LessonPlan.published)
    return (
        sa.select(TeachingSession, LessonPlan.id, LessonVersion.content, Enrolment.id)
        .outerjoin(LessonUse, LessonUse.session_id == TeachingSession.id)
        .outerjoin(LessonPlan, LessonPlan.id == LessonUse.plan_id)
        .outerjoin(LessonVersion, version)
        .outerjoin(Enrolment, mine)
        .options(
            *(
                joinedload(getattr(TeachingSession, name))
                for name in ("module", "cohort", "teacher", "room", "program")
            )
        )
    )


def _meeting(
    session: TeachingSession, plan_id: int | None, content: Any, enrolment_id: int | None
) -> Meeting:
    rings = {ring["ring"]: ring for ring in content["rings"]} if content else {}
    return Meeting(session, plan_id, content["title"] if content else "", rings, enrolment_id)


def my_meetings(viewer: User, today: date, limit: int = 60) -> list[Meeting]:
    """Return what somebody attends or teaches around today, with what is done: at most three statements."""
    rows = db.session.execute(
        _select_meetings(viewer)
        .where(
            own_sessions(viewer),
            TeachingSession.state == SessionState.PLANNED,
            TeachingSession.day.between(
                today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
            ),
        )
        .order_by(TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)
        .limit(limit)
    )
    meetings = [_meeting(*row) for row in rows]
    add_doings(meetings)
    return meetings


def next_meeting(viewer: User, today: date) -> Meeting | None:
    """Return the next session that somebody attends."""
    row = db.session.execute(
        _select_meetings(viewer)
        .where(
            Enrolment.id.is_not(None),
            TeachingSession.state == SessionState.PLANNED,
            TeachingSession.day >= today,
        )
        .order_by(TeachingSession.day, TeachingSession.first_unit, TeachingSession.id)
        .limit(1)
    ).first()
    return _meeting(*row) if row else None


def meeting_or_404(program: Program, session_id: int, viewer: User) -> Meeting:
    """Return one session of a class that the viewer may see with what its plan says, or answer 404: one statement."""
    row = db.session.execute(
        _select_meetings(viewer).where(
            TeachingSession.id == session_id,
            TeachingSession.program_id == program.id,
            TeachingSession.cohort_id.in_(sa.select(Cohort.id).where(cohorts_seen(program, viewer))),
        )
    ).one_or_none()
    return _meeting(*row) if row is not None else abort(404)


def add_doings(meetings: Sequence[Meeting]) -> None:
    """Add what the reader has ticked, and for those who teach how many of the class have: a statement for each."""
    own = [meeting for meeting in meetings if meeting.enrolment_id]
    if own:
        _add_ticks(own)
    taught = [meeting for meeting in meetings if not meeting.enrolment_id]
    if taught:
        _add_counts(taught)


def _add_ticks(own: Sequence[Meeting]) -> None:
    ticks = sa.select(LessonTick.session_id, LessonTick.ring).where(
        LessonTick.session_id.in_([meeting.session.id for meeting in own]),
        LessonTick.enrolment_id.in_({meeting.enrolment_id for meeting in own}),
    )
    done = {(session_id, ring.value) for session_id, ring in db.session.execute(ticks)}
    for meeting in own:
        meeting.done = {ring.value for ring in Ring if (meeting.session.id, ring.value) in done}


def _add_counts(taught: Sequence[Meeting]) -> None:
    people = (
        sa.select(sa.func.count())
        .where(Enrolment.cohort_id == TeachingSession.cohort_id, PRESENT)
        .correlate(TeachingSession)
        .scalar_subquery()
    )

    def ticked(ring: Ring) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .select_from(LessonTick)
            .join(Enrolment, Enrolment.id == LessonTick.enrolment_id)
            .where(LessonTick.session_id == TeachingSession.id, LessonTick.ring == ring, PRESENT)
            .correlate(TeachingSession)
            .scalar_subquery()
        )

    counts = {ring: ticked(ring) for ring in TASKS}
    rows = db.session.execute(
        sa.select(TeachingSession.id, people, *counts.values()).where(
            TeachingSession.id.in_([meeting.session.id for meeting in taught])
        )
    )
    known = {row[0]: row[1:] for row in rows}
    for meeting in taught:
        meeting.people, *numbers = known[meeting.session.id]
        meeting.counts = {ring.value: number for ring, number in zip(counts, numbers, strict=True)}


def list_doings(program: Program, session: TeachingSession, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of the class's trainees whom the viewer may see, each with when both tasks were done."""

    def at(ring: Ring) -> sa.ScalarSelect[Any]:
        return (
            sa.select(LessonTick.at)
            .where(
                LessonTick.enrolment_id == Enrolment.id,
                LessonTick.session_id == session.id,
                LessonTick.ring == ring,
            )
            .scalar_subquery()
        )

    before, after = at(Ring.PREPARATION), at(Ring.ON_THE_JOB)
    statement = sa.select(Enrolment, before, after).where(
        visible_in(program, viewer), Enrolment.cohort_id == session.cohort_id, PRESENT
    )
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "before": (before, Enrolment.name, Enrolment.id),
        "after": (after, Enrolment.name, Enrolment.id),
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)
