"""Practice logs with their photos and decisions, stage gates and remedial loops."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.practice import labels
from trainmgr.practice.periods import Covered, LogKind, covered
from trainmgr.practice.rules import GateOutcome, LogDecisionKind, LogState
from trainmgr.programs.rules import Side

__all__ = [
    "GateDecision", "GateOutcome", "LogCase", "LogCompetency", "LogDecision", "LogDecisionKind", "LogKind", "LogPhoto",
    "LogState", "PracticeLog",
]  # fmt: skip


class PracticeLog(OfCollege, Model):
    """A trainee's log of a day's or a week's practice, or a case written up; it never changes once it is handed in.

    A log of several days has its last day in `until` and the minutes of each day in `day_minutes`; `minutes` is their
    sum. A case counts no hours. `typed_signs` and `pasted_signs` are what the form counted while the text was written
    (None: it did not count). `side` is the side that signs it (by the stage's venue), `signer_id` the trainee's present
    mentor on that side. `client_key` comes from the form, so that sending it twice makes one log.
    """

    __tablename__ = "practice_log"
    __table_args__ = (
        sa.Index("uq_practice_log_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.CheckConstraint("minutes >= 0 AND minutes <= 10080", name="minutes"),
        sa.CheckConstraint(
            "state = 'draft' OR ((minutes > 0 OR kind = 'case') AND submitted_at IS NOT NULL)",
            name="handed_in",
        ),
        sa.CheckConstraint("until IS NULL OR until > day", name="until"),
        sa.Index("ix_practice_log_enrolment_id_day", "enrolment_id", "day", "id"),
        sa.Index("ix_practice_log_signer_id_state_day", "signer_id", "state", "day"),
        sa.Index(
            "ix_practice_log_program_id_state_day", "lead_college_id", "program_id", "state", "day", "id"
        ),
        sa.Index("ix_practice_log_program_id_day", "lead_college_id", "program_id", "day", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    stage_number: Mapped[int]
    module_id: Mapped[int | None] = mapped_column(sa.ForeignKey("module.id"), index=True)
    day: Mapped[date]
    until: Mapped[date | None]
    minutes: Mapped[int]
    day_minutes: Mapped[list[int] | None] = mapped_column(sa.JSON(none_as_null=True))
    kind: Mapped[LogKind] = mapped_column(
        choice(LogKind), default=LogKind.PRACTICE, server_default="practice"
    )
    typed_signs: Mapped[int | None]
    pasted_signs: Mapped[int | None]
    task: Mapped[str] = mapped_column(sa.String(200))
    learned: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[LogState] = mapped_column(choice(LogState), default=LogState.DRAFT)
    side: Mapped[Side] = mapped_column(choice(Side), default=Side.ENTERPRISE)
    signer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("practice_log.id"), unique=True)
    client_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    signer: Mapped[User | None] = relationship(lazy="raise_on_sql")
    competencies: Mapped[list[LogCompetency]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan"
    )
    photos: Mapped[list[LogPhoto]] = relationship(
        order_by="LogPhoto.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )
    decision: Mapped[LogDecision | None] = relationship(lazy="raise_on_sql", viewonly=True)
    case: Mapped[LogCase | None] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}

    @property
    def covered(self) -> Covered:
        """The days that it covers, with their minutes."""
        return covered(self.day, self.minutes, self.day_minutes)

    @property
    def is_case(self) -> bool:
        """Whether it is a case written up."""
        return self.kind is LogKind.CASE

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.LOG_STATES[self.state]

    @property
    def state_tone(self) -> str | None:
        """The tone of the state's pill."""
        return labels.LOG_TONES[self.state]


class LogCompetency(OfCollege, Model, by="log_id", above="practice_log"):
    """A competency that a day's work practised."""

    __tablename__ = "log_competency"

    log_id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True, index=True)


class LogCase(OfCollege, Model, by="log_id", above="practice_log"):
    """The five parts of a case that was handed in as a log, and the resource that it became (or None)."""

    __tablename__ = "log_case"

    log_id: Mapped[int] = mapped_column(primary_key=True)
    facts: Mapped[str] = mapped_column(sa.Text, default="")
    analysis: Mapped[str] = mapped_column(sa.Text, default="")
    plan: Mapped[str] = mapped_column(sa.Text, default="")
    effect: Mapped[str] = mapped_column(sa.Text, default="")
    lessons: Mapped[str] = mapped_column(sa.Text, default="")
    material_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("material.id", ondelete="SET NULL"), unique=True
    )


class LogPhoto(OfCollege, Model, by="log_id", above="practice_log"):
    """A photo of a log, at most six."""

    __tablename__ = "log_photo"
    __table_args__ = (sa.CheckConstraint("position BETWEEN 1 AND 6", name="position"),)

    log_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)

    file: Mapped[StoredFile] = relationship(lazy="raise_on_sql")


class LogDecision(OfCollege, Model, by="log_id", above="practice_log"):
    """A mentor's signature under a log, or its return with a comment: one a log, never changed."""

    __tablename__ = "log_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[LogDecisionKind] = mapped_column(choice(LogDecisionKind))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User] = relationship(lazy="raise_on_sql")


class GateDecision(OfCollege, Model):
    """A judgement at a stage gate; the latest attempt counts. A remedial outcome opens a loop with a plan of tasks.

    `remedial_task` and `remedial_due_on` sum the plan up; the loop is closed by the next attempt, which may come once
    all tasks are checked (`remedial_done_on`). `findings` are the gate's conditions as they stood, `waiver` the reason
    for letting somebody pass who did not meet them all.
    """

    __tablename__ = "gate_decision"
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "stage_number", "attempt"),
        sa.Index(
            "uq_gate_decision_latest", "enrolment_id", "stage_number", unique=True,
            sqlite_where=sa.text("is_latest"), postgresql_where=sa.text("is_latest"),
        ),
        sa.CheckConstraint(
            "outcome = 'passed' OR (remedial_task <> '' AND remedial_due_on IS NOT NULL)", name="remedial"
        ),
        sa.Index("ix_gate_decision_program_id_stage_number", "lead_college_id", "program_id", "stage_number"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    stage_number: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=1)
    is_latest: Mapped[bool] = mapped_column(default=True)
    outcome: Mapped[GateOutcome] = mapped_column(choice(GateOutcome))
    comment: Mapped[str] = mapped_column(sa.String(300), default="")
    remedial_task: Mapped[str] = mapped_column(sa.String(200), default="")
    remedial_due_on: Mapped[date | None]
    remedial_done_on: Mapped[date | None]
    findings: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    waiver: Mapped[str] = mapped_column(sa.String(300), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


HANDED_IN = (
    "enrolment_id", "stage_number", "module_id", "day", "until", "minutes", "day_minutes", "kind", "task", "learned",
    "typed_signs", "pasted_signs", "replaces_id",
)  # fmt: skip


@sa.event.listens_for(PracticeLog, "before_update")
def refuse_change_of_content(mapper: object, connection: object, log: PracticeLog) -> None:
    """A log that was handed in keeps what it says, whoever asks for a change."""
    facts = sa.inspect(log)
    before = facts.attrs.state.history.deleted or [log.state]
    if before[0] is LogState.DRAFT:
        return
    changed = [name for name in HANDED_IN if facts.attrs[name].history.has_changes()]
    if changed:
        raise AssertionError(f"log {log.id} was handed in; {', '.join(changed)} cannot change any more")


@sa.event.listens_for(LogCase, "before_update")
def refuse_change_of_case(mapper: object, connection: object, case: LogCase) -> None:
    """A case that was handed in keeps its five parts; only what became of it is added."""
    facts = sa.inspect(case)
    parts = ("facts", "analysis", "plan", "effect", "lessons")
    changed = [name for name in parts if facts.attrs[name].history.has_changes()]
    state = sa.select(PracticeLog.__table__.c.state).where(PracticeLog.__table__.c.id == case.log_id)
    if changed and connection.scalar(state) is not LogState.DRAFT:  # type: ignore[attr-defined]
        raise AssertionError(f"log {case.log_id} was handed in; {', '.join(changed)} cannot change any more")
