"""Conditions of stage gates by date, and the tasks of remedial plans with their reports and checks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.curriculum.models import Module
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.materials.models import Material
from trainmgr.practice import gate_labels
from trainmgr.practice.gating import Condition, ConditionKind, TaskState
from trainmgr.practice.models import GateDecision

__all__ = ["ConditionKind", "GateCondition", "RemedialCheck", "RemedialReport", "RemedialTask", "TaskState"]


class GateCondition(Model):
    """A condition of a gate from a day on. Never changed; a later version takes over, one without limit ends it."""

    __tablename__ = "gate_condition"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "stage_number", "kind", "valid_from"),
        sa.CheckConstraint("limit_value IS NULL OR limit_value > 0", name="limit_value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    stage_number: Mapped[int]
    kind: Mapped[ConditionKind] = mapped_column(choice(ConditionKind))
    limit: Mapped[Decimal | None] = mapped_column("limit_value", sa.Numeric(7, 2))
    instrument_id: Mapped[int | None] = mapped_column(sa.ForeignKey("instrument.id"), index=True)
    valid_from: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def value(self) -> Condition:
        """The condition as the rules take it."""
        return Condition(self.kind, self.limit, self.valid_from, self.instrument_id)

    @property
    def kind_label(self) -> Any:
        """What is asked for, in words."""
        return gate_labels.CONDITIONS[self.kind]


class RemedialTask(OfCollege, Model):
    """One task of the remedial plan that a judgement at a gate opened; `condition` is the one that it answers."""

    __tablename__ = "remedial_task"
    __table_args__ = (
        sa.UniqueConstraint("decision_id", "position"),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name="minutes"),
        sa.Index(
            "ix_remedial_task_program_id_state_due_on",
            "lead_college_id",
            "program_id",
            "state",
            "due_on",
            "id",
        ),
        sa.Index("ix_remedial_task_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("gate_decision.id"))
    position: Mapped[int]
    what: Mapped[str] = mapped_column(sa.String(200))
    partner: Mapped[str] = mapped_column(sa.String(80), default="")
    condition: Mapped[ConditionKind | None] = mapped_column(choice(ConditionKind))
    module_id: Mapped[int | None] = mapped_column(sa.ForeignKey("module.id"), index=True)
    material_id: Mapped[int | None] = mapped_column(sa.ForeignKey("material.id"), index=True)
    minutes: Mapped[int | None]
    due_on: Mapped[date]
    state: Mapped[TaskState] = mapped_column(choice(TaskState), default=TaskState.OPEN)
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    decision: Mapped[GateDecision] = relationship(lazy="raise_on_sql")
    module: Mapped[Module | None] = relationship(lazy="raise_on_sql")
    material: Mapped[Material | None] = relationship(lazy="raise_on_sql")
    reports: Mapped[list[RemedialReport]] = relationship(
        order_by="RemedialReport.number", lazy="raise_on_sql", viewonly=True
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return gate_labels.TASK_STATES[self.state]

    @property
    def state_tone(self) -> str | None:
        """The tone of the state's pill."""
        return gate_labels.TASK_TONES[self.state]


class RemedialReport(Model):
    """A trainee's word that a task is done, with text and a file. Never changed; a new one follows a return."""

    __tablename__ = "remedial_report"
    __table_args__ = (sa.UniqueConstraint("task_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("remedial_task.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text, default="")
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    file: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")
    check: Mapped[RemedialCheck | None] = relationship(lazy="raise_on_sql", viewonly=True)


class RemedialCheck(Model):
    """What the mentor found of a report: accepted, or not yet, with a comment. One a report, never changed."""

    __tablename__ = "remedial_check"
    __table_args__ = (sa.CheckConstraint("accepted OR comment <> ''", name="comment"),)

    report_id: Mapped[int] = mapped_column(sa.ForeignKey("remedial_report.id"), primary_key=True)
    accepted: Mapped[bool]
    comment: Mapped[str] = mapped_column(sa.String(300), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


@sa.event.listens_for(GateCondition, "before_update")
@sa.event.listens_for(RemedialReport, "before_update")
@sa.event.listens_for(RemedialCheck, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What held, was reported or was found stays as it was written, whoever asks for a change."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")
