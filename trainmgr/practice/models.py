"""Practice logs with their photos and decisions, stage gates and remedial loops."""

from __future__ import annotations

import enum
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice


class LogState(enum.StrEnum):
    """A log is a draft until handed in; then it waits, is signed, or comes back; a returned one is replaced by a new one."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SIGNED = "signed"
    RETURNED = "returned"
    REPLACED = "replaced"


class LogDecisionKind(enum.StrEnum):
    """What a mentor did with a log."""

    SIGN = "sign"
    RETURN = "return"


class GateOutcome(enum.StrEnum):
    """A trainee passes a stage gate or goes into a remedial loop."""

    PASSED = "passed"
    REMEDIAL = "remedial"


class PracticeLog(Model):
    """A trainee's log of one day's practice. `signer_id` is whoever is to sign it (the present mentor of the stage's venue)."""

    __tablename__ = "practice_log"
    __table_args__ = (
        sa.CheckConstraint("minutes > 0 AND minutes <= 1440", name="minutes"),
        sa.Index("ix_practice_log_enrolment_id_day", "enrolment_id", "day", "id"),
        sa.Index("ix_practice_log_signer_id_state_day", "signer_id", "state", "day"),
        sa.Index("ix_practice_log_program_id_state_day", "program_id", "state", "day", "id"),
        sa.Index("ix_practice_log_program_id_day", "program_id", "day", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    stage_number: Mapped[int]
    module_id: Mapped[int | None] = mapped_column(sa.ForeignKey("module.id"), index=True)
    day: Mapped[date]
    minutes: Mapped[int]
    task: Mapped[str] = mapped_column(sa.String(200))
    learned: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[LogState] = mapped_column(choice(LogState), default=LogState.DRAFT)
    signer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("practice_log.id"), unique=True)
    client_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    competencies: Mapped[list[LogCompetency]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    photos: Mapped[list[LogPhoto]] = relationship(
        order_by="LogPhoto.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )
    decisions: Mapped[list[LogDecision]] = relationship(order_by="LogDecision.id", lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LogCompetency(Model):
    """A competency that a day's work practised."""

    __tablename__ = "log_competency"

    log_id: Mapped[int] = mapped_column(sa.ForeignKey("practice_log.id"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True, index=True)


class LogPhoto(Model):
    """A photo of a log, at most six."""

    __tablename__ = "log_photo"
    __table_args__ = (sa.CheckConstraint("position BETWEEN 1 AND 6", name="position"),)

    log_id: Mapped[int] = mapped_column(sa.ForeignKey("practice_log.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)


class LogDecision(Model):
    """A mentor's signature under a log, or its return with a comment. Never changed."""

    __tablename__ = "log_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(sa.ForeignKey("practice_log.id"), index=True)
    kind: Mapped[LogDecisionKind] = mapped_column(choice(LogDecisionKind))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User] = relationship(lazy="raise_on_sql")


class GateDecision(Model):
    """A judgement at a stage gate; the latest attempt counts. A remedial outcome opens a loop with a task and a date."""

    __tablename__ = "gate_decision"
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "stage_number", "attempt"),
        sa.Index("ix_gate_decision_program_id_stage_number", "program_id", "stage_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    stage_number: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=1)
    outcome: Mapped[GateOutcome] = mapped_column(choice(GateOutcome))
    comment: Mapped[str] = mapped_column(sa.String(300), default="")
    remedial_task: Mapped[str] = mapped_column(sa.String(200), default="")
    remedial_due_on: Mapped[date | None]
    remedial_done_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
