"""Profiles of teachers and masters, their qualifications, ratings, practice at enterprises, grades; teaching teams."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.faculty.composing import Composition, SeatRole
from trainmgr.faculty.rules import Confirmed, DualLevel, EntryState, Grade
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side


class Profile(Model):
    """A person as a teacher, master, counsellor or expert of an organisation.

    `fields` and `sites` are names separated by commas; `capacity` is the greatest number of trainees at once (None: not
    stated). `since` is the day on which the person began as teacher or master. `working_time` maps weekdays ("1" to
    "7") to the timetable's units in which the person is available; empty means not stated.
    """

    __tablename__ = "faculty_profile"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "organization_id"),
        sa.CheckConstraint("capacity IS NULL OR capacity BETWEEN 0 AND 500", name="capacity"),
        sa.CheckConstraint("enterprise_years IS NULL OR enterprise_years BETWEEN 0 AND 60", name="years"),
        sa.Index("ix_faculty_profile_organization_id_grade", "organization_id", "grade"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    fields: Mapped[str] = mapped_column(sa.String(200), default="")
    post: Mapped[str] = mapped_column(sa.String(80), default="")
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    education: Mapped[str] = mapped_column(sa.String(60), default="")
    since: Mapped[date | None]
    enterprise_years: Mapped[int | None]
    capacity: Mapped[int | None]
    sites: Mapped[str] = mapped_column(sa.String(200), default="")
    working_time: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    dual_level: Mapped[DualLevel | None] = mapped_column(choice(DualLevel))
    dual_number: Mapped[str] = mapped_column(sa.String(60), default="")
    dual_on: Mapped[date | None]
    is_expert: Mapped[bool] = mapped_column(default=False)
    grade: Mapped[Grade] = mapped_column(choice(Grade), default=Grade.NEW)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id], lazy="raise_on_sql")
    department: Mapped[Organization | None] = relationship(foreign_keys=[department_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class Qualification(Model):
    """A qualification of a person with its evidence; a renewal is a new one of the same name.

    `needed` ones are asked of whoever guides trainees: when one ends, the person may guide nobody. What the person
    entered counts from the moment that staff have checked it; a wrong one is withdrawn, never changed.
    """

    __tablename__ = "faculty_qualification"
    __table_args__ = (
        sa.CheckConstraint("valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name="days"),
        sa.Index("ix_faculty_qualification_profile_id_valid_until", "profile_id", "valid_until"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("faculty_profile.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    issuer: Mapped[str] = mapped_column(sa.String(120), default="")
    number: Mapped[str] = mapped_column(sa.String(60), default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    needed: Mapped[bool] = mapped_column(default=False)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    profile: Mapped[Profile] = relationship(lazy="raise_on_sql")


class TeacherRating(Model):
    """One rating of a person in the three dimensions, 1 to 5, with its evidence. Never changed."""

    __tablename__ = "faculty_rating"
    __table_args__ = (
        sa.CheckConstraint(
            "teaching BETWEEN 1 AND 5 AND technology BETWEEN 1 AND 5 AND service BETWEEN 1 AND 5", name="values"
        ),
        sa.Index("ix_faculty_rating_profile_id_rated_on", "profile_id", "rated_on", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("faculty_profile.id"))
    rated_on: Mapped[date]
    teaching: Mapped[int]
    technology: Mapped[int]
    service: Mapped[int]
    evidence: Mapped[str] = mapped_column(sa.String(500))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PracticeEntry(Model):
    """A stay at an enterprise in a teacher's ledger; `weekdays` are the digits 1 to 7 of the days spent there.

    `organization_id` is the enterprise where it has an account here and confirms by itself; otherwise staff confirm
    from its paper (`proof`, `file_id`). What was entered is never changed: it is withdrawn and entered anew.
    """

    __tablename__ = "practice_entry"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="days"),
        sa.CheckConstraint("(state = 'entered') = (decided_at IS NULL)", name="decided"),
        sa.Index("ix_practice_entry_profile_id_starts_on", "profile_id", "starts_on"),
        sa.Index("ix_practice_entry_organization_id_state", "organization_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("faculty_profile.id"))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    enterprise: Mapped[str] = mapped_column(sa.String(120))
    post: Mapped[str] = mapped_column(sa.String(80))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    weekdays: Mapped[str] = mapped_column(sa.String(7), default="1234567")
    days: Mapped[int]
    proof: Mapped[str] = mapped_column(sa.String(200), default="")
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[EntryState] = mapped_column(choice(EntryState), default=EntryState.ENTERED)
    confirmed: Mapped[Confirmed | None] = mapped_column(choice(Confirmed))
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    profile: Mapped[Profile] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class PracticeRun(Model):
    """Days of practice that follow each other, as ordinals; a person's runs never touch, so they can be added up."""

    __tablename__ = "practice_run"
    __table_args__ = (sa.CheckConstraint("last_day >= first_day", name="days"),)

    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("faculty_profile.id"), primary_key=True)
    first_day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_day: Mapped[int]


class PracticeLimit(Model):
    """A college's own figures of the two practice rules from a day on. Never changed; a later one takes over."""

    __tablename__ = "practice_limit"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "valid_from"),
        sa.CheckConstraint("days_a_year BETWEEN 0 AND 366", name="days_a_year"),
        sa.CheckConstraint("days_in_window BETWEEN 0 AND 3660", name="days_in_window"),
        sa.CheckConstraint("window_years BETWEEN 1 AND 10", name="window_years"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    valid_from: Mapped[date]
    days_a_year: Mapped[int]
    days_in_window: Mapped[int]
    window_years: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class GradeStep(Model):
    """A step to another grade, decided by staff, with what was still missing then. Never changed."""

    __tablename__ = "grade_step"
    __table_args__ = (sa.Index("ix_grade_step_profile_id", "profile_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("faculty_profile.id"))
    grade: Mapped[Grade] = mapped_column(choice(Grade))
    holds_from: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200))
    missing: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class GradeNeed(Model):
    """What a college asks for a grade from a day on (see rules.Needs). Never changed; a later one takes over."""

    __tablename__ = "grade_need"
    __table_args__ = (sa.UniqueConstraint("college_id", "grade", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    grade: Mapped[Grade] = mapped_column(choice(Grade))
    valid_from: Mapped[date]
    years: Mapped[int] = mapped_column(default=0)
    practice_days: Mapped[int] = mapped_column(default=0)
    rating: Mapped[int] = mapped_column(default=0)
    courses: Mapped[int] = mapped_column(default=0)
    qualifications: Mapped[int] = mapped_column(default=0)
    tutored: Mapped[int] = mapped_column(default=0)
    dual: Mapped[DualLevel | None] = mapped_column(choice(DualLevel))
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Team(Model):
    """A teaching team (教研团队) that an organisation keeps, for a programme or a field, under a rule."""

    __tablename__ = "teaching_team"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    field: Mapped[str] = mapped_column(sa.String(80), default="")
    composition: Mapped[Composition] = mapped_column(choice(Composition))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")
    program: Mapped[Program | None] = relationship(lazy="raise_on_sql")
    seats: Mapped[list[TeamSeat]] = relationship(
        order_by="TeamSeat.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class TeamSeat(Model):
    """How many members of a role a team has; `side` None takes both, `most` None sets no upper limit."""

    __tablename__ = "team_seat"
    __table_args__ = (
        sa.CheckConstraint("least BETWEEN 0 AND 100", name="least"),
        sa.CheckConstraint("most IS NULL OR most >= least", name="most"),
    )

    team_id: Mapped[int] = mapped_column(sa.ForeignKey("teaching_team.id"), primary_key=True)
    role: Mapped[SeatRole] = mapped_column(choice(SeatRole), primary_key=True)
    position: Mapped[int]
    side: Mapped[Side | None] = mapped_column(choice(Side))
    least: Mapped[int]
    most: Mapped[int | None]


class TeamMember(Model):
    """Somebody in a team for a time; left, never deleted."""

    __tablename__ = "team_member"
    __table_args__ = (
        sa.CheckConstraint("until IS NULL OR until >= since", name="days"),
        sa.Index(
            "uq_team_member_present", "team_id", "profile_id", unique=True,
            sqlite_where=sa.text("until IS NULL"), postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index("ix_team_member_profile_id", "profile_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("teaching_team.id"))
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("faculty_profile.id"))
    role: Mapped[SeatRole] = mapped_column(choice(SeatRole))
    leads: Mapped[bool] = mapped_column(default=False)
    since: Mapped[date]
    until: Mapped[date | None]

    profile: Mapped[Profile] = relationship(lazy="raise_on_sql")


@sa.event.listens_for(TeacherRating, "before_update")
@sa.event.listens_for(PracticeLimit, "before_update")
@sa.event.listens_for(GradeStep, "before_update")
@sa.event.listens_for(GradeNeed, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What was rated, decided or set stays as it was written, whoever asks for a change."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")
