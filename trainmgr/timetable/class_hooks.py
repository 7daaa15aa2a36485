"""What the timetable knows of classes: who teaches one, and what becomes of its sessions when it is merged."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.classes.hooks import Merging, after_merging, foretells_merging
from trainmgr.classes.seeing import teaches
from trainmgr.enrolment.models import Cohort
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs.models import Program
from trainmgr.timetable.actions import cancel
from trainmgr.timetable.models import SessionState, TeachingSession

CALLED_OFF = N_(
    "Sessions to come that are called off: %(count)s. The class it goes into has its own timetable."
)


@teaches
def teaches_class(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Cohort that leaves the classes that somebody has sessions with."""
    return Cohort.id.in_(
        sa.select(TeachingSession.cohort_id).where(
            TeachingSession.program_id == program.id,
            TeachingSession.teacher_id == viewer.id,
            TeachingSession.state == SessionState.PLANNED,
        )
    )


@foretells_merging
def sessions_concerned(from_id: int, into_id: int, day: date) -> tuple[str, int]:
    """Say how many sessions of a class are called off when it is merged into another."""
    count = sa.select(sa.func.count()).where(*_to_come(from_id, day))
    return CALLED_OFF, db.session.scalar(count) or 0


def _to_come(cohort_id: int, day: date) -> list[sa.ColumnElement[bool]]:
    return [
        TeachingSession.cohort_id == cohort_id,
        TeachingSession.day >= day,
        TeachingSession.state == SessionState.PLANNED,
    ]


@after_merging
def call_sessions_off(merging: Merging) -> None:
    """The sessions of a class that was merged are called off from that day on; what took place stays."""
    program = db.session.get_one(Program, merging.program_id)
    sessions = db.session.scalars(
        sa.select(TeachingSession)
        .where(*_to_come(merging.from_id, merging.day))
        .options(joinedload(TeachingSession.module), joinedload(TeachingSession.cohort))
        .order_by(TeachingSession.id)
    ).all()
    for session in sessions:
        cancel(
            program, session, version=session.version, reason=merging.reason, by=merging.by, now=merging.now
        )
