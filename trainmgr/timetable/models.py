"""When and where a class is taught: closed days, rooms, sessions, and the units that sessions occupy."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.curriculum.models import Module
from trainmgr.enrolment.models import Cohort
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program
from trainmgr.timetable.rules import SessionState, Slot

__all__ = ["ClosedPeriod", "OccupiedUnit", "Room", "SessionState", "TeachingSession"]


class ClosedPeriod(Model):
    """Days on which an organisation is closed (a shutdown, the college's holidays), in all of its programmes."""

    __tablename__ = "closed_period"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.Index("ix_closed_period_organization_id_ends_on", "organization_id", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(120))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class Room(Model):
    """A room or place of an organisation: a classroom, a workshop, a line; `retired` ones take no new session.

    `base_id` is the practice base in which it lies, if any.
    """

    __tablename__ = "room"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "name"),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    capacity: Mapped[int | None]
    note: Mapped[str] = mapped_column(sa.String(120), default="")
    base_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    retired: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id], lazy="raise_on_sql")
    base: Mapped[Organization | None] = relationship(foreign_keys=[base_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class TeachingSession(OfCollege, Model):
    """One meeting of a class in a module of the signed plan, on a day for some units.

    `lineage` keeps the module over editions; `host_id` is the party at whose place and under whose calendar it is.
    """

    __tablename__ = "teaching_session"
    __table_args__ = (
        sa.CheckConstraint("first_unit BETWEEN 1 AND 12", name="first_unit"),
        sa.CheckConstraint("units >= 1 AND first_unit + units <= 13", name="units"),
        sa.CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
        sa.Index("ix_teaching_session_cohort_id_day", "cohort_id", "day", "first_unit"),
        sa.Index("ix_teaching_session_teacher_id_day", "teacher_id", "day"),
        sa.Index("ix_teaching_session_room_id_day", "room_id", "day"),
        sa.Index("ix_teaching_session_program_id_day", "lead_college_id", "program_id", "day"),
        sa.Index(
            "ix_teaching_session_program_id_cohort_id_lineage",
            "lead_college_id",
            "program_id",
            "cohort_id",
            "lineage",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    module_id: Mapped[int] = mapped_column(sa.ForeignKey("module.id"))
    lineage: Mapped[str] = mapped_column(sa.String(32))
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    day: Mapped[date]
    first_unit: Mapped[int]
    units: Mapped[int]
    teacher_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"))
    host_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    state: Mapped[SessionState] = mapped_column(choice(SessionState), default=SessionState.PLANNED)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(TeachingSession.program_id)", lazy="raise_on_sql"
    )
    module: Mapped[Module] = relationship(lazy="raise_on_sql")
    cohort: Mapped[Cohort] = relationship(lazy="raise_on_sql")
    teacher: Mapped[User] = relationship(foreign_keys=[teacher_id], lazy="raise_on_sql")
    room: Mapped[Room | None] = relationship(lazy="raise_on_sql")
    host: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def slot(self) -> Slot:
        """When it is."""
        return Slot(self.day, self.first_unit, self.units)

    @property
    def is_cancelled(self) -> bool:
        """Whether it was called off."""
        return self.state is SessionState.CANCELLED


class OccupiedUnit(Model):
    """One unit that a session takes of its class, its teacher and its room.

    The unique constraints keep two people who write at once from taking the same unit; rooms may be left open.
    """

    __tablename__ = "occupied_unit"
    __table_args__ = (
        sa.UniqueConstraint("day", "unit", "cohort_id"),
        sa.UniqueConstraint("day", "unit", "teacher_id"),
        sa.UniqueConstraint("day", "unit", "room_id"),
    )

    session_id: Mapped[int] = mapped_column(
        sa.ForeignKey("teaching_session.id", ondelete="CASCADE"), primary_key=True
    )
    unit: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date]
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    teacher_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"))
