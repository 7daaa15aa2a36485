"""Registers of sessions, what was noted of whom with its history, leave, and each trainee's tally."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.attendance import labels
from trainmgr.attendance.rules import EXCUSE_WITHIN, LATE_AFTER, LeaveKind, LeaveState, Mark, Rate, Source
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.timetable.models import TeachingSession

__all__ = [
    "AttendanceMark", "AttendanceRegister", "AttendanceSetting", "AttendanceStanding", "AttendanceTally",
    "AttendanceTry", "Leave", "LeaveKind", "LeaveState", "Mark", "Source",
]  # fmt: skip

OF_A_DAY = sa.text("session_id IS NULL")


class AttendanceSetting(Model):
    """A programme's own limits: minutes after which one is late, days in which an absence can be explained."""

    __tablename__ = "attendance_setting"
    __table_args__ = (
        sa.CheckConstraint("late_after BETWEEN 0 AND 120", name="late_after"),
        sa.CheckConstraint("excuse_within BETWEEN 0 AND 60", name="excuse_within"),
    )

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    late_after: Mapped[int] = mapped_column(default=LATE_AFTER)
    excuse_within: Mapped[int] = mapped_column(default=EXCUSE_WITHIN)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class AttendanceRegister(OfCollege, Model):
    """The register of a session, opened by whoever takes attendance and closed by hand or by itself after the end.

    `secret` (encrypted) makes the codes on the screen; `begins_at` and `ends_at` follow the session when it is moved.
    """

    __tablename__ = "attendance_register"
    __table_args__ = (
        sa.Index("ix_attendance_register_program_id", "lead_college_id", "program_id"),
        sa.CheckConstraint("ends_at > begins_at", name="times"),
        sa.CheckConstraint("late_after BETWEEN 0 AND 120", name="late_after"),
        sa.Index("ix_attendance_register_closed_at_ends_at", "closed_at", "ends_at"),
    )

    session_id: Mapped[int] = mapped_column(
        sa.ForeignKey("teaching_session.id"), primary_key=True, autoincrement=False
    )
    program_id: Mapped[int]
    secret: Mapped[str] = mapped_column(sa.String(200))
    begins_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    late_after: Mapped[int]
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    session: Mapped[TeachingSession] = relationship(lazy="raise_on_sql")

    @property
    def is_open(self) -> bool:
        """Whether it still takes codes and notes without their being corrections."""
        return self.closed_at is None


class AttendanceMark(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """One note of one trainee in a session, or on a day of work without one. Never changed; the latest counts."""

    __tablename__ = "attendance_mark"
    __table_args__ = (
        sa.Index("ix_attendance_mark_enrolment_id_day", "enrolment_id", "day", "id"),
        sa.Index("ix_attendance_mark_session_id", "session_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int]
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teaching_session.id"))
    day: Mapped[date]
    mark: Mapped[Mark] = mapped_column(choice(Mark))
    source: Mapped[Source] = mapped_column(choice(Source, "attendancesource"))
    note: Mapped[str] = mapped_column(sa.String(120), default="")
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def label(self) -> Any:
        """The mark in words."""
        return labels.MARKS[self.mark]


class AttendanceStanding(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """What counts of a trainee in a session or on a day: the latest of the notes."""

    __tablename__ = "attendance_standing"
    __table_args__ = (
        sa.Index("uq_attendance_standing_session_id_enrolment_id", "session_id", "enrolment_id", unique=True),
        sa.Index("uq_attendance_standing_enrolment_id_day", "enrolment_id", "day", unique=True,
                 sqlite_where=OF_A_DAY, postgresql_where=OF_A_DAY),
        sa.Index("ix_attendance_standing_enrolment_id_day", "enrolment_id", "day", "mark"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int]
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teaching_session.id"))
    day: Mapped[date]
    mark: Mapped[Mark] = mapped_column(choice(Mark))
    source: Mapped[Source] = mapped_column(choice(Source, "attendancesource"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class AttendanceTally(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """A trainee's counts over everything noted, kept with each note, so that lists of 50,000 sort by the rate."""

    __tablename__ = "attendance_tally"

    enrolment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    present: Mapped[int] = mapped_column(default=0)
    late: Mapped[int] = mapped_column(default=0)
    excused: Mapped[int] = mapped_column(default=0)
    absent: Mapped[int] = mapped_column(default=0)

    @property
    def rate(self) -> Rate:
        """The counts as a rate."""
        return Rate(self.present, self.late, self.excused, self.absent)


class AttendanceTry(Model):
    """A code that was typed or scanned and was not the right one: who tries too often has to wait."""

    __tablename__ = "attendance_try"
    __table_args__ = (sa.Index("ix_attendance_try_user_id_at", "user_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Leave(OfCollege, Model):
    """A request to be excused, from one session or for whole days; `reason` is encrypted, it may tell of an illness.

    The request itself never changes; the decision is written once.
    """

    __tablename__ = "attendance_leave"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.CheckConstraint("session_id IS NULL OR starts_on = ends_on", name="one_day"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided"),
        sa.Index("ix_attendance_leave_program_id_state", "lead_college_id", "program_id", "state", "id"),
        sa.Index("ix_attendance_leave_enrolment_id_starts_on", "enrolment_id", "starts_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teaching_session.id"))
    kind: Mapped[LeaveKind] = mapped_column(choice(LeaveKind))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.Text)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    state: Mapped[LeaveState] = mapped_column(choice(LeaveState), default=LeaveState.ASKED)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision: Mapped[str] = mapped_column(sa.String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    session: Mapped[TeachingSession | None] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def days(self) -> int:
        """How many days it covers, rest days counted."""
        return (self.ends_on - self.starts_on).days + 1

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.LEAVE_STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill."""
        return labels.LEAVE_TONES[self.state]

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return labels.LEAVE_KINDS[self.kind]


@sa.event.listens_for(AttendanceMark, "before_update")
def refuse_change_of_marks(mapper: object, connection: object, record: Model) -> None:
    """What was noted stays as it was written; a correction is a note of its own."""
    if db.session.is_modified(record):
        raise AssertionError("attendance_mark records are never changed")
