"""Moderations with their sides, decisions with the marks that count, and appeals. What was said never changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.rules import Party
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.moderation import labels
from trainmgr.moderation.rules import (
    APPEAL_DAYS,
    TALK_DAYS,
    AppealState,
    DecisionKind,
    Ending,
    ModerationState,
    SideAnswer,
)

IS_LIVE = sa.text("state <> 'closed'")


class ModerationSetting(Model):
    """How many days a programme gives the raters to talk, and a trainee to appeal after a window has closed."""

    __tablename__ = "moderation_setting"
    __table_args__ = (
        sa.CheckConstraint("talk_days BETWEEN 1 AND 60 AND appeal_days BETWEEN 1 AND 60", name="days"),
    )

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    talk_days: Mapped[int] = mapped_column(default=TALK_DAYS)
    appeal_days: Mapped[int] = mapped_column(default=APPEAL_DAYS)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Moderation(OfCollege, Model):
    """The talk about one trainee's result in one window whose parties are too far apart.

    `gap` is how far they were apart when it began, in points of the scale. One is under way at a time.
    """

    __tablename__ = "moderation"
    __table_args__ = (
        sa.CheckConstraint("(state = 'closed') = (ending IS NOT NULL)", name="ended"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        sa.Index("ix_moderation_program_id_state", "lead_college_id", "program_id", "state", "id"),
        sa.Index("ix_moderation_enrolment_id_window_id", "enrolment_id", "window_id"),
        sa.Index("ix_moderation_state_answer_until", "state", "answer_until"),
        sa.Index(
            "uq_moderation_live", "window_id", "enrolment_id", unique=True,
            sqlite_where=IS_LIVE, postgresql_where=IS_LIVE,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    state: Mapped[ModerationState] = mapped_column(choice(ModerationState), default=ModerationState.TALK)
    ending: Mapped[Ending | None] = mapped_column(choice(Ending))
    gap: Mapped[float]
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answer_until: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    window: Mapped[Window] = relationship(lazy="raise_on_sql")
    sides: Mapped[list[ModerationSide]] = relationship(order_by="ModerationSide.id", lazy="raise_on_sql")

    @property
    def state_label(self) -> Any:
        """Where it stands, or how it ended, in words."""
        return labels.ENDINGS[self.ending] if self.ending else labels.STATES[self.state]


class ModerationSide(Model):
    """One of those who are apart, and what they answered: kept the rating, or handed in another one beside it."""

    __tablename__ = "moderation_side"
    __table_args__ = (
        sa.UniqueConstraint("moderation_id", "party"),
        sa.CheckConstraint("(answer IN ('waiting', 'absent')) = (answered_at IS NULL)", name="answered"),
        sa.CheckConstraint("answer IN ('waiting', 'absent') OR reason <> ''", name="reason"),
        sa.CheckConstraint("(answer = 'revised') = (revised_id IS NOT NULL)", name="revised"),
        sa.Index("ix_moderation_side_rater_id_answer", "rater_id", "answer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    moderation_id: Mapped[int] = mapped_column(sa.ForeignKey("moderation.id"))
    party: Mapped[Party] = mapped_column(choice(Party))
    rater_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    rater_name: Mapped[str] = mapped_column(sa.String(80))
    answer: Mapped[SideAnswer] = mapped_column(choice(SideAnswer), default=SideAnswer.WAITING)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revised_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rating.id"))

    @property
    def answer_label(self) -> Any:
        """What was answered, in words."""
        return labels.ANSWERS[self.answer]


class Appeal(OfCollege, Model):
    """A trainee's objection to the result of one window; made once, answered once."""

    __tablename__ = "appeal"
    __table_args__ = (
        sa.UniqueConstraint("window_id", "enrolment_id"),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered"),
        sa.CheckConstraint("state = 'open' OR answer <> ''", name="answer"),
        sa.CheckConstraint("grounds <> ''", name="grounds"),
        sa.Index("ix_appeal_program_id_state", "lead_college_id", "program_id", "state", "id"),
        sa.Index("ix_appeal_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    grounds: Mapped[str] = mapped_column(sa.String(1000))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[AppealState] = mapped_column(choice(AppealState), default=AppealState.OPEN)
    answer: Mapped[str] = mapped_column(sa.String(1000), default="")
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    answered_by: Mapped[str] = mapped_column(sa.String(80), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    window: Mapped[Window] = relationship(lazy="raise_on_sql")

    @property
    def state_label(self) -> Any:
        """Where it stands, in words."""
        return labels.APPEALS[self.state]


class ModerationDecision(OfCollege, Model):
    """What a moderator decided in a moderation or upon an appeal: {criterion id: mark} counts from then on.

    The ratings stay as they are; of several decisions about a criterion the newest one counts. The composites are
    those before and after it, from 1 to 5.
    """

    __tablename__ = "moderation_decision"
    __table_args__ = (
        sa.Index("ix_moderation_decision_program_id", "lead_college_id", "program_id"),
        sa.CheckConstraint("(moderation_id IS NULL) <> (appeal_id IS NULL)", name="about"),
        sa.CheckConstraint("(kind = 'take') = (party IS NOT NULL)", name="taken_party"),
        sa.CheckConstraint("reason <> ''", name="reason"),
        sa.Index("ix_moderation_decision_window_id_enrolment_id", "window_id", "enrolment_id"),
        sa.Index("ix_moderation_decision_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    moderation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation.id"), unique=True)
    appeal_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    kind: Mapped[DecisionKind] = mapped_column(choice(DecisionKind))
    party: Mapped[Party | None] = mapped_column(choice(Party))
    marks: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    reason: Mapped[str] = mapped_column(sa.String(1000))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    before: Mapped[float | None]
    after: Mapped[float | None]

    @property
    def decided(self) -> dict[int, int]:
        """The marks that count, by criterion."""
        return {int(criterion): int(mark) for criterion, mark in self.marks.items()}

    @property
    def kind_label(self) -> Any:
        """What was decided, in words."""
        return labels.KINDS[self.kind]
