"""Who is trained: classes, enrolments with their double identity, entry levels."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment import labels
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program

__all__ = ["Cohort", "Enrolment", "EnrolmentState", "EntryLevel"]


class Cohort(Model):
    """A class of a programme.

    A class named by an enterprise (订单班, 冠名班) has that enterprise and, if any, what it promises (`sponsor`).
    A class that people were in is never deleted: it is closed, and `merged_into_id` says where its people went.
    """

    __tablename__ = "cohort"
    __table_args__ = (sa.UniqueConstraint("program_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    sponsor: Mapped[str] = mapped_column(sa.String(200), default="")
    closed_on: Mapped[date | None]
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"))

    enterprise: Mapped[Organization | None] = relationship(lazy="raise_on_sql")


class Enrolment(OfCollege, Model):
    """A trainee in a programme. The name and numbers are kept here so that rosters sort and search in one table.

    `school_teacher_id` and `enterprise_mentor_id` are the present mentors (written by mentoring, which keeps the
    history); the hours are the trainee's tally in minutes (written by practice). `recognised_minutes` were verified
    in a programme that the trainee was transferred from (decision 23): the planned ones are fewer by them.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        sa.Index("uq_enrolment_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.UniqueConstraint("program_id", "user_id"),
        sa.Index("ix_enrolment_program_id_cohort_id_name", "lead_college_id", "program_id", "cohort_id", "name", "id"),
        sa.Index("ix_enrolment_program_id_name_id", "lead_college_id", "program_id", "name", "id"),
        sa.Index("ix_enrolment_program_id_student_number", "lead_college_id", "program_id", "student_number"),
        sa.Index("ix_enrolment_program_id_enterprise_id", "lead_college_id", "program_id", "enterprise_id"),
        sa.Index("ix_enrolment_school_teacher_id", "school_teacher_id", "program_id"),
        sa.Index("ix_enrolment_enterprise_mentor_id", "enterprise_mentor_id", "program_id"),
        sa.Index(
            "uq_enrolment_program_id_college_id_student_number", "program_id", "college_id", "student_number",
            unique=True, sqlite_where=sa.text("student_number <> ''"), postgresql_where=sa.text("student_number <> ''"),
        ),
        sa.Index(
            "uq_enrolment_program_id_enterprise_id_employee_number", "program_id", "enterprise_id", "employee_number",
            unique=True, sqlite_where=sa.text("employee_number <> ''"),
            postgresql_where=sa.text("employee_number <> ''"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"))
    state: Mapped[EnrolmentState] = mapped_column(choice(EnrolmentState), default=EnrolmentState.TRAINING)
    name: Mapped[str] = mapped_column(sa.String(80))
    student_number: Mapped[str] = mapped_column(sa.String(40), default="")
    employee_number: Mapped[str] = mapped_column(sa.String(40), default="")
    id_number_masked: Mapped[str] = mapped_column(sa.String(20), default="")
    id_number_tail: Mapped[str] = mapped_column(sa.String(4), default="")
    field: Mapped[str] = mapped_column(sa.String(60), default="")
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    post: Mapped[str] = mapped_column(sa.String(80), default="")
    enrolled_on: Mapped[date]
    left_on: Mapped[date | None]
    left_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    school_teacher_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    enterprise_mentor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    recognised_minutes: Mapped[int] = mapped_column(default=0)
    planned_minutes: Mapped[int] = mapped_column(default=0)
    submitted_minutes: Mapped[int] = mapped_column(default=0)
    verified_minutes: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise_on_sql")
    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(Enrolment.program_id)", lazy="raise_on_sql"
    )
    cohort: Mapped[Cohort | None] = relationship(lazy="raise_on_sql")
    college: Mapped[Organization] = relationship(foreign_keys=[college_id], lazy="raise_on_sql")
    enterprise: Mapped[Organization | None] = relationship(foreign_keys=[enterprise_id], lazy="raise_on_sql")
    school_teacher: Mapped[User | None] = relationship(foreign_keys=[school_teacher_id], lazy="raise_on_sql")
    enterprise_mentor: Mapped[User | None] = relationship(
        foreign_keys=[enterprise_mentor_id], lazy="raise_on_sql"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.ENROLMENT_STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill, or nothing for the ordinary states."""
        return labels.ENROLMENT_TONES.get(self.state, "")


class EntryLevel(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """A trainee's level (1–5) in one competency before the training, from the entry assessment."""

    __tablename__ = "entry_level"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    enrolment_id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True, index=True)
    level: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
