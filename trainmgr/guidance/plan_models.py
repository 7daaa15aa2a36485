"""Individual plans: a cycle's steps as they were handed in, its goals, tasks, signatures and checks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.guidance import labels
from trainmgr.guidance.cycle import PlanStep, Reached, Voice
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.needs.models import Competency

__all__ = ["GoalCheck", "PlanGoal", "PlanRecord", "PlanSignature", "PlanStep", "StudyPlan", "StudyTask"]

RUNS = sa.text("closed_at IS NULL")


class StudyPlan(OfCollege, Model):
    """One cycle of a trainee's plan; one runs at a time. `revision` counts how often goals were written anew."""

    __tablename__ = "study_plan"
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "number"),
        sa.CheckConstraint("(step = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        sa.Index(
            "uq_study_plan_running", "enrolment_id", unique=True, sqlite_where=RUNS, postgresql_where=RUNS
        ),
        sa.Index("ix_study_plan_program_id_step", "lead_college_id", "program_id", "step", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    number: Mapped[int]
    step: Mapped[PlanStep] = mapped_column(choice(PlanStep), default=PlanStep.COLLECT)
    revision: Mapped[int] = mapped_column(default=1)
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    records: Mapped[list[PlanRecord]] = relationship(
        order_by="PlanRecord.id", lazy="raise_on_sql", viewonly=True
    )
    goals: Mapped[list[PlanGoal]] = relationship(
        order_by="(PlanGoal.revision, PlanGoal.position)", lazy="raise_on_sql", viewonly=True
    )
    tasks: Mapped[list[StudyTask]] = relationship(
        order_by="(StudyTask.revision, StudyTask.position)", lazy="raise_on_sql", viewonly=True
    )
    signatures: Mapped[list[PlanSignature]] = relationship(
        order_by="PlanSignature.at", lazy="raise_on_sql", viewonly=True
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def step_label(self) -> Any:
        """The present step in words."""
        return labels.STEPS[self.step]

    @property
    def present_goals(self) -> list[PlanGoal]:
        """The goals of the present revision."""
        return [one for one in self.goals if one.revision == self.revision]

    @property
    def present_tasks(self) -> list[StudyTask]:
        """The tasks of the present revision."""
        return [one for one in self.tasks if one.revision == self.revision]


class PlanRecord(Model):
    """A step as it was handed in; `facts` are figures from the records of that day. Never changed."""

    __tablename__ = "plan_record"
    __table_args__ = (sa.Index("ix_plan_record_plan_id", "plan_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("study_plan.id"))
    step: Mapped[PlanStep] = mapped_column(choice(PlanStep))
    revision: Mapped[int]
    voice: Mapped[Voice] = mapped_column(choice(Voice))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    facts: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def step_label(self) -> Any:
        """The step in words."""
        return labels.STEPS[self.step]


class PlanGoal(Model):
    """A goal of a revision; `competency_id` ties it to what the programme's needs ask for. Never changed."""

    __tablename__ = "plan_goal"
    __table_args__ = (sa.UniqueConstraint("plan_id", "revision", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("study_plan.id"))
    revision: Mapped[int]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(sa.String(200))
    seen_by: Mapped[str] = mapped_column(sa.String(200), default="")
    competency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("competency.id"), index=True)

    competency: Mapped[Competency | None] = relationship(lazy="raise_on_sql")
    check: Mapped[GoalCheck | None] = relationship(lazy="raise_on_sql", viewonly=True)


class GoalCheck(Model):
    """How far a goal was reached, and what shows it. One a goal, never changed."""

    __tablename__ = "goal_check"

    goal_id: Mapped[int] = mapped_column(sa.ForeignKey("plan_goal.id"), primary_key=True, autoincrement=False)
    reached: Mapped[Reached] = mapped_column(choice(Reached))
    evidence: Mapped[str] = mapped_column(sa.String(300), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def label(self) -> Any:
        """How far, in words."""
        return labels.REACHED[self.reached]


class StudyTask(Model):
    """A task of a revision with its day; the trainee notes it done once, with a word on it."""

    __tablename__ = "study_task"
    __table_args__ = (sa.UniqueConstraint("plan_id", "revision", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("study_plan.id"))
    revision: Mapped[int]
    position: Mapped[int]
    what: Mapped[str] = mapped_column(sa.String(200))
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    done_note: Mapped[str] = mapped_column(sa.String(300), default="")
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


class PlanSignature(Model):
    """The trainee's or a counsellor's signature under a revision; `digest` is of its goals and tasks."""

    __tablename__ = "plan_signature"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("study_plan.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    voice: Mapped[Voice] = mapped_column(choice(Voice), primary_key=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_name: Mapped[str] = mapped_column(sa.String(80))
    digest: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def label(self) -> Any:
        """Who signed, in words."""
        return labels.VOICES[self.voice]


@sa.event.listens_for(PlanRecord, "before_update")
@sa.event.listens_for(PlanGoal, "before_update")
@sa.event.listens_for(GoalCheck, "before_update")
@sa.event.listens_for(PlanSignature, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What was handed in, aimed at, found or signed stays as it was written, whoever asks for a change."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")
