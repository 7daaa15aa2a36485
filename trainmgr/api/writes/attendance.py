"""Attendance: the people of a session, or of a day at work, marked at once; nothing of others is written over."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from marshmallow import fields, validate

from trainmgr.api.deeds import Deed, Done, Write, faults
from trainmgr.api.fields import Base, Day, Ref, choice, described
from trainmgr.api.rules import Area
from trainmgr.attendance import days, page_queries, registers
from trainmgr.attendance.labels import MARKS
from trainmgr.attendance.models import AttendanceStanding
from trainmgr.attendance.rules import Cell, Mark, Plan
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.timetable.queries import session_or_404

P = Permission
MOST_MARKS = 500


class MarkedSchema(Base):
    """One trainee's mark. `seen` is what stood there when you looked; without it nothing of others is changed."""

    enrolment_id = Ref(required=True)
    mark = choice(Mark, required=True)
    seen = choice(Mark, "The mark that this one corrects.", allow_none=True)


class SessionMarksSchema(Base):
    """Marks of the trainees of a session, all or none."""

    marks = fields.List(fields.Nested(MarkedSchema), required=True, validate=validate.Length(1, MOST_MARKS))


class DayMarksSchema(SessionMarksSchema):
    """Marks of trainees on a day of work, all or none."""

    day = Day(required=True, metadata=described("Whoever has a session on that day is marked there."))


def mark_session(deed: Deed) -> Done:
    """Note who was in a session; before its end it opens the register, after its closing it is a correction."""
    program = deed.program()
    session = session_or_404(program, deed.row_id, deed.by)
    if not page_queries.may_take(program, session, deed.by):
        abort(403)
    cells = _cells(deed)
    _require(
        deed,
        {line.enrolment.id for line in page_queries.grid_of(session)},
        _("Nobody expects this trainee there."),
    )
    plan = registers.note_by_hand(program, session, cells, rest=None, by=deed.by, now=deed.now)
    _require_no_conflict(deed, plan)
    return _noted(AttendanceStanding.session_id == session.id, cells)


def mark_day(deed: Deed) -> Done:
    """Note who was at work on a day."""
    program = deed.program(P.ATTENDANCE_TAKE)
    cells, day = _cells(deed), deed.data["day"]
    seen = page_queries.of_the_visible(program, deed.by, cells)
    _require(deed, seen, _("There is no such trainee here to mark."))
    plan = days.note_day(program, day, seen, rest=None, by=deed.by, now=deed.now)
    _require_no_conflict(deed, plan)
    here = sa.and_(AttendanceStanding.session_id.is_(None), AttendanceStanding.day == day)
    standing = sa.select(AttendanceStanding.enrolment_id).where(
        here, AttendanceStanding.enrolment_id.in_(cells)
    )
    _require(
        deed,
        set(db.session.scalars(standing)),
        _("This trainee has a session on that day and is marked there."),
    )
    return _noted(here, cells)


def _cells(deed: Deed) -> dict[int, Cell]:
    cells = {
        one["enrolment_id"]: Cell(Mark(one["mark"]), Mark(one["seen"]) if one.get("seen") else None)
        for one in deed.data["marks"]
    }
    if len(cells) < len(deed.data["marks"]):
        raise faults({"marks": [_("A trainee stands here twice.")]})
    return cells


def _require(deed: Deed, known: Collection[int], text: str) -> None:
    """Refuse the whole when it names anybody who is not known there; each is told at its place."""
    wrong = [place for place, one in enumerate(deed.data["marks"]) if one["enrolment_id"] not in known]
    if wrong:
        raise faults({f"marks.{place}.enrolment_id": [text] for place in wrong})


def _require_no_conflict(deed: Deed, plan: Plan) -> None:
    told = {
        f"marks.{place}.seen": [
            _("It says “%(mark)s” by now.", mark=MARKS[plan.conflicts[one["enrolment_id"]]])
        ]
        for place, one in enumerate(deed.data["marks"])
        if one["enrolment_id"] in plan.conflicts
    }
    if told:
        raise faults(told, 409)


def _noted(here: sa.ColumnElement[bool], enrolment_ids: Iterable[int]) -> Done:
    rows = sa.select(AttendanceStanding.id).where(
        here, AttendanceStanding.enrolment_id.in_(list(enrolment_ids))
    )
    return Done(row_ids=db.session.scalars(rows).all())


_PLACE = "/programs/<int:program_id>"
WRITES = {
    "mark_session": Write(
        "POST", f"{_PLACE}/sessions/<int:row_id>/attendance", Area.ATTENDANCE, P.ATTENDANCE_TAKE, SessionMarksSchema,
        "attendance", N_("Mark the trainees of a session"), mark_session, many=True,
    ),
    "mark_day": Write(
        "POST", f"{_PLACE}/attendance", Area.ATTENDANCE, P.ATTENDANCE_TAKE, DayMarksSchema, "attendance",
        N_("Mark trainees on a day of work"), mark_day, many=True,
    ),
}  # fmt: skip
