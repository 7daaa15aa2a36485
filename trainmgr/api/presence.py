"""Sessions, attendance and changes of standing as resources."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import fields

from trainmgr.api.fields import Base, Id, choice, names_of
from trainmgr.api.reading import Asked, Resource, by_choice, by_days, by_id
from trainmgr.api.rules import Area
from trainmgr.attendance.models import AttendanceStanding, Mark, Source
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.enrolment.standing_models import StandingChange
from trainmgr.enrolment.standing_rules import StandingKind, StandingState
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_
from trainmgr.timetable.models import SessionState, TeachingSession
from trainmgr.timetable.queries import cohorts_seen

P = Permission


class SessionSchema(Base):
    """A meeting of a class in a module, for some units of a day."""

    id = Id()
    module_id = Id()
    cohort_id = Id()
    teacher_id = Id()
    room_id = Id(allow_none=True)
    day = fields.Date()
    first_unit = fields.Integer()
    units = fields.Integer()
    state = choice(SessionState)
    version = fields.Integer()


def _sessions(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(TeachingSession, name) for name in names_of(SessionSchema)]
    seen = sa.select(Cohort.id).where(cohorts_seen(asked.place, asked.viewer))
    return sa.select(*columns).where(
        TeachingSession.program_id == asked.place.id, TeachingSession.cohort_id.in_(seen)
    )


class AttendanceSchema(Base):
    """What counts of a trainee in a session or on a day."""

    id = Id()
    enrolment_id = Id()
    session_id = Id(allow_none=True)
    day = fields.Date()
    mark = choice(Mark)
    source = choice(Source)
    at = fields.DateTime()


def _attendance(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(AttendanceStanding, name) for name in names_of(AttendanceSchema)]
    return (
        sa.select(*columns)
        .join(Enrolment, Enrolment.id == AttendanceStanding.enrolment_id)
        .where(visible_in(asked.place, asked.viewer))
    )


class StandingChangeSchema(Base):
    """A change of a trainee's standing: planned for a day to come, in effect, or called off."""

    id = Id()
    enrolment_id = Id()
    kind = choice(StandingKind)
    state = choice(StandingState)
    day = fields.Date()
    expected_on = fields.Date(allow_none=True)
    reason = fields.String()
    before = choice(EnrolmentState, allow_none=True)
    after = choice(EnrolmentState, allow_none=True)
    enterprise_id = Id(allow_none=True)
    to_program_id = Id(allow_none=True)
    recognised_minutes = fields.Integer()
    at = fields.DateTime()
    settled_at = fields.DateTime(allow_none=True)
    remark = fields.String()


def _changes(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(StandingChange, name) for name in names_of(StandingChangeSchema)]
    return (
        sa.select(*columns)
        .join(Enrolment, Enrolment.id == StandingChange.enrolment_id)
        .where(visible_in(asked.place, asked.viewer))
    )


_OF = "Only of this trainee."
RESOURCES = (
    Resource(
        "standing-changes", "standing_change", Area.ENROLMENTS, P.PROGRAM_VIEW, StandingChangeSchema,
        N_("Changes of trainees' standing"), [StandingChange.id], _changes,
        filters=by_id("enrolment_id", StandingChange.enrolment_id, _OF)
        | by_choice("state", StandingChange.state, StandingState, "The change's state."),
    ),
    Resource(
        "sessions", "session", Area.ATTENDANCE, P.ATTENDANCE_VIEW, SessionSchema, N_("Sessions of classes"),
        [TeachingSession.day, TeachingSession.id], _sessions,
        filters=by_id("cohort_id", TeachingSession.cohort_id, "Only of this class.") | by_days(TeachingSession.day),
        has_version=True,
    ),
    Resource(
        "attendance", "attendance_mark", Area.ATTENDANCE, P.ATTENDANCE_VIEW, AttendanceSchema, N_("Who was there"),
        [AttendanceStanding.id], _attendance,
        filters=by_choice("mark", AttendanceStanding.mark, Mark, "Only this mark.")
        | by_id("enrolment_id", AttendanceStanding.enrolment_id, _OF)
        | by_id("session_id", AttendanceStanding.session_id, "Only of this session.")
        | by_days(AttendanceStanding.day),
    ),
)  # fmt: skip
