"""Counsellors, a programme's settings, signs and tutoring tasks, points and awards. What happened is never changed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.guidance import labels
from trainmgr.guidance.risk import RiskCode
from trainmgr.guidance.rules import MOST_GUIDED, WEEKLY_FOR_ALL, WEEKLY_FOR_ONE, Aspect, AwardKind, Ranking
from trainmgr.guidance.states import SignState, TutoringState
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.rules import Side

__all__ = [
    "AwardWithdrawal",
    "Counsel",
    "GuidanceAward",
    "GuidanceSetting",
    "PointConsent",
    "PointEntry",
    "PointRule",
    "RiskRuleRow",
    "RiskSign",
    "SignState",
    "TutoringState",
    "TutoringTask",
]

IS_OPEN = sa.text("until IS NULL")
WAITS = sa.text("state = 'open'")


class GuidanceSetting(Model):
    """A programme's own choices; `looked_on` is the last day on which the signs were looked for."""

    __tablename__ = "guidance_setting"
    __table_args__ = (
        sa.CheckConstraint("most_guided > 0", name="most_guided"),
        sa.CheckConstraint("weekly_for_one > 0 AND weekly_for_all > 0", name="weekly"),
    )

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    most_guided: Mapped[int] = mapped_column(default=MOST_GUIDED)
    ranking: Mapped[Ranking] = mapped_column(choice(Ranking), default=Ranking.OWN)
    weekly_for_one: Mapped[int] = mapped_column(default=WEEKLY_FOR_ONE)
    weekly_for_all: Mapped[int] = mapped_column(default=WEEKLY_FOR_ALL)
    looked_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Counsel(OfCollege, Model):
    """A counsellor of one side named for a class or for one trainee, from a day until a day (not included)."""

    __tablename__ = "counsel"
    __table_args__ = (
        sa.CheckConstraint("(cohort_id IS NULL) <> (enrolment_id IS NULL)", name="whom"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="days"),
        sa.Index(
            "uq_counsel_cohort_id_side",
            "cohort_id",
            "side",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index(
            "uq_counsel_enrolment_id_side",
            "enrolment_id",
            "side",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index("ix_counsel_program_id_user_id", "lead_college_id", "program_id", "user_id"),
        sa.Index("ix_counsel_user_id", "user_id", "until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    side: Mapped[Side] = mapped_column(choice(Side))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"))
    enrolment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"))
    since: Mapped[date]
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise_on_sql")
    cohort: Mapped[Cohort | None] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment | None] = relationship(lazy="raise_on_sql")

    @property
    def side_label(self) -> Any:
        """The side in words."""
        return labels.SIDES[self.side]


# --- signs and tutoring ------------------------------------------------------------------------------------


class RiskRuleRow(Model):
    """A programme's own version of a rule; the last one of a kind holds. Never changed."""

    __tablename__ = "risk_rule"
    __table_args__ = (sa.Index("ix_risk_rule_program_id_code", "program_id", "code", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    code: Mapped[RiskCode] = mapped_column(choice(RiskCode))
    limit: Mapped[Decimal] = mapped_column("limit_value", sa.Numeric(7, 2))
    enabled: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class TutoringTask(OfCollege, Model):
    """What somebody does with a trainee who may need help; `result` is written once."""

    __tablename__ = "tutoring_task"
    __table_args__ = (
        sa.CheckConstraint("(state = 'open') = (ended_on IS NULL)", name="ended"),
        sa.CheckConstraint("state = 'open' OR result <> ''", name="result"),
        sa.Index(
            "ix_tutoring_task_program_id_state_due_on",
            "lead_college_id",
            "program_id",
            "state",
            "due_on",
            "id",
        ),
        sa.Index("ix_tutoring_task_enrolment_id", "enrolment_id"),
        sa.Index("ix_tutoring_task_tutor_id_state", "tutor_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    what: Mapped[str] = mapped_column(sa.String(200))
    tutor_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    tutor_name: Mapped[str] = mapped_column(sa.String(80))
    due_on: Mapped[date]
    state: Mapped[TutoringState] = mapped_column(choice(TutoringState), default=TutoringState.OPEN)
    result: Mapped[str] = mapped_column(sa.String(500), default="")
    ended_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.TUTORING_STATES[self.state]


class RiskSign(OfCollege, Model):
    """A reason to look at a trainee, with the figures it rests on; a dismissed one keeps quiet until `quiet_until`."""

    __tablename__ = "risk_sign"
    __table_args__ = (
        sa.Index(
            "uq_risk_sign_open",
            "enrolment_id",
            "code",
            unique=True,
            sqlite_where=WAITS,
            postgresql_where=WAITS,
        ),
        sa.Index("ix_risk_sign_program_id_state", "lead_college_id", "program_id", "state", "id"),
        sa.CheckConstraint(
            "state <> 'dismissed' OR (reason <> '' AND quiet_until IS NOT NULL)", name="dismissed"
        ),
        sa.CheckConstraint("state <> 'accepted' OR task_id IS NOT NULL", name="accepted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    code: Mapped[RiskCode] = mapped_column(choice(RiskCode))
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[SignState] = mapped_column(choice(SignState), default=SignState.OPEN)
    found_on: Mapped[date]
    seen_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    quiet_until: Mapped[date | None]
    task_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tutoring_task.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")

    @property
    def code_label(self) -> Any:
        """What was looked at, in words."""
        return labels.RISKS[self.code]

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.SIGN_STATES[self.state]


# --- points and awards ---------------------------------------------------------------------------------------


class PointRule(Model):
    """A reason for which one side gives points; a retired one gives none any more, its entries stay."""

    __tablename__ = "point_rule"
    __table_args__ = (
        sa.CheckConstraint("points <> 0 AND points BETWEEN -20 AND 20", name="points"),
        sa.Index("ix_point_rule_program_id_side", "program_id", "side", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    aspect: Mapped[Aspect] = mapped_column(choice(Aspect))
    name: Mapped[str] = mapped_column(sa.String(80))
    points: Mapped[int]
    retired_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def side_label(self) -> Any:
        """The side in words."""
        return labels.SIDES[self.side]

    @property
    def aspect_label(self) -> Any:
        """What it is about, in words."""
        return labels.ASPECTS[self.aspect]


class PointEntry(OfCollege, Model):
    """Points given to a trainee, or the counter-entry that cancels an entry with its reason. Never changed."""

    __tablename__ = "point_entry"
    __table_args__ = (
        sa.CheckConstraint("points <> 0", name="points"),
        sa.CheckConstraint("cancels_id IS NULL OR note <> ''", name="cancels"),
        sa.Index("ix_point_entry_enrolment_id_day", "enrolment_id", "day", "id"),
        sa.Index("ix_point_entry_by_id_day", "by_id", "day"),
        sa.Index("ix_point_entry_program_id_day", "lead_college_id", "program_id", "day", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    rule_id: Mapped[int] = mapped_column(sa.ForeignKey("point_rule.id"), index=True)
    side: Mapped[Side] = mapped_column(choice(Side))
    points: Mapped[int]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    day: Mapped[date]
    cancels_id: Mapped[int | None] = mapped_column(sa.ForeignKey("point_entry.id"), unique=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    rule: Mapped[PointRule] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class PointConsent(Model):
    """A trainee agrees to stand by name in the ranking of points; taken back, the row goes."""

    __tablename__ = "point_consent"

    enrolment_id: Mapped[int] = mapped_column(
        sa.ForeignKey("enrolment.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class GuidanceAward(OfCollege, Model):
    """An award that a side gave, with what it rests on. Never changed; a mistake is withdrawn with a reason."""

    __tablename__ = "guidance_award"
    __table_args__ = (
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name="amount"),
        sa.Index(
            "ix_guidance_award_program_id_awarded_on", "lead_college_id", "program_id", "awarded_on", "id"
        ),
        sa.Index("ix_guidance_award_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    kind: Mapped[AwardKind] = mapped_column(choice(AwardKind))
    name: Mapped[str] = mapped_column(sa.String(80))
    basis: Mapped[str] = mapped_column(sa.String(200))
    amount_cents: Mapped[int | None]
    awarded_on: Mapped[date]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    withdrawal: Mapped[AwardWithdrawal | None] = relationship(lazy="raise_on_sql", viewonly=True)

    @property
    def kind_label(self) -> Any:
        """What it is, in words."""
        return labels.AWARDS[self.kind]

    @property
    def side_label(self) -> Any:
        """The side in words."""
        return labels.SIDES[self.side]


class AwardWithdrawal(Model):
    """Why an award was withdrawn."""

    __tablename__ = "award_withdrawal"

    award_id: Mapped[int] = mapped_column(
        sa.ForeignKey("guidance_award.id"), primary_key=True, autoincrement=False
    )
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


@sa.event.listens_for(RiskRuleRow, "before_update")
@sa.event.listens_for(PointEntry, "before_update")
@sa.event.listens_for(GuidanceAward, "before_update")
@sa.event.listens_for(AwardWithdrawal, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What held, was given or was withdrawn stays as it was written, whoever asks for a change."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")
