"""Lesson plans with their eight rings, the versions that trainees see, what trainees have done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.lessons.rules import LessonState, Ring, Who
from trainmgr.materials.models import Material
from trainmgr.timetable.models import TeachingSession

__all__ = [
    "LessonPlan",
    "LessonQuizItem",
    "LessonRing",
    "LessonRingMaterial",
    "LessonState",
    "LessonTick",
    "LessonUse",
    "LessonVersion",
    "QuizAnswer",
    "Ring",
    "Who",
]


class LessonPlan(Model):
    """How a lesson of some units in a module goes; `published` is the version that trainees see (0: none)."""

    __tablename__ = "lesson_plan"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "lineage", "title"),
        sa.CheckConstraint("units BETWEEN 1 AND 12", name="units"),
        sa.Index("ix_lesson_plan_program_id_title", "program_id", "title", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    lineage: Mapped[str] = mapped_column(sa.String(32))
    title: Mapped[str] = mapped_column(sa.String(120))
    aims: Mapped[str] = mapped_column(sa.Text, default="")
    units: Mapped[int] = mapped_column(default=2)
    state: Mapped[LessonState] = mapped_column(choice(LessonState), default=LessonState.DRAFT)
    published: Mapped[int] = mapped_column(default=0)
    copied_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("lesson_plan.id"))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    rings: Mapped[list[LessonRing]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    changed_by: Mapped[User] = relationship(foreign_keys=[changed_by_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class LessonRing(Model):
    """One ring of a plan as it is being written: minutes, what is done, method, material, who leads it."""

    __tablename__ = "lesson_ring"
    __table_args__ = (sa.CheckConstraint("minutes BETWEEN 0 AND 6000", name="minutes"),)

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson_plan.id"), primary_key=True)
    ring: Mapped[Ring] = mapped_column(choice(Ring), primary_key=True)
    minutes: Mapped[int] = mapped_column(default=0)
    content: Mapped[str] = mapped_column(sa.Text, default="")
    method: Mapped[str] = mapped_column(sa.String(120), default="")
    material: Mapped[str] = mapped_column(sa.Text, default="")
    who: Mapped[Who] = mapped_column(choice(Who), default=Who.TEACHER)


class LessonRingMaterial(Model):
    """A teaching resource that a ring of a plan works with."""

    __tablename__ = "lesson_ring_material"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson_plan.id"), primary_key=True)
    ring: Mapped[Ring] = mapped_column(choice(Ring, "material_ring"), primary_key=True)
    material_id: Mapped[int] = mapped_column(sa.ForeignKey("material.id"), primary_key=True, index=True)

    material: Mapped[Material] = relationship(lazy="raise_on_sql")


class LessonVersion(Model):
    """A plan as it was finished; never changed. `content` holds title, aims, units and the eight rings."""

    __tablename__ = "lesson_version"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson_plan.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    finished_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    finished_at: Mapped[datetime] = mapped_column(UTCDateTime)

    finished_by: Mapped[User] = relationship(lazy="raise_on_sql")


class LessonUse(Model):
    """The plan by which a session is taught; at most one a session."""

    __tablename__ = "lesson_use"

    session_id: Mapped[int] = mapped_column(sa.ForeignKey("teaching_session.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson_plan.id"), index=True)

    session: Mapped[TeachingSession] = relationship(lazy="raise_on_sql")
    plan: Mapped[LessonPlan] = relationship(lazy="raise_on_sql")


class LessonTick(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """A trainee has done what is to be done before or after a session."""

    __tablename__ = "lesson_tick"
    __table_args__ = (
        sa.CheckConstraint("ring IN ('preparation', 'on_the_job')", name="ring_is_a_task"),
        sa.Index("ix_lesson_tick_session_id_ring", "session_id", "ring"),
    )

    enrolment_id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("teaching_session.id"), primary_key=True)
    ring: Mapped[Ring] = mapped_column(choice(Ring, "tick_ring"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(
        primaryjoin="Enrolment.id == foreign(LessonTick.enrolment_id)", lazy="raise_on_sql"
    )


class LessonQuizItem(Model):
    """An item of the bank that a ring of a plan asks; trainees check themselves by the finished version's items."""

    __tablename__ = "lesson_quiz_item"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson_plan.id"), primary_key=True)
    ring: Mapped[Ring] = mapped_column(choice(Ring, "quiz_ring"), primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True, index=True)


class QuizAnswer(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """A trainee's last answer to an item of a session's plan, with its points at once."""

    __tablename__ = "lesson_quiz_answer"
    __table_args__ = (sa.CheckConstraint("points >= 0", name="points"),)

    enrolment_id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("teaching_session.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True, index=True)
    answer: Mapped[Any] = mapped_column(sa.JSON)
    points: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
