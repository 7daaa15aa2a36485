"""The joint recruitment plan with its posts, who applied, and what the two sides said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side
from trainmgr.recruitment import labels
from trainmgr.recruitment.rules import ApplicationState, PlanState, Relation, VerdictKind

__all__ = [
    "Application", "ApplicationState", "PlanState", "RecruitmentPage", "RecruitmentPlan", "RecruitmentPost",
    "RecruitmentQuota", "Relation", "Verdict", "VerdictKind",
]  # fmt: skip

_DRAFT, _SIGNED = sa.text("state IN ('draft', 'offered')"), sa.text("state = 'signed'")


class RecruitmentPost(Model):
    """A post of an enterprise for a major (专业) that a programme recruits for; the same in every edition."""

    __tablename__ = "recruitment_post"
    __table_args__ = (sa.UniqueConstraint("program_id", "enterprise_id", "name", "major"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    major: Mapped[str] = mapped_column(sa.String(60))

    enterprise: Mapped[Organization] = relationship(lazy="raise_on_sql")

    @property
    def label(self) -> str:
        """Enterprise, post and major as they stand in a list; the enterprise must be loaded."""
        return f"{self.enterprise.short} · {self.name} · {self.major}"


class RecruitmentPlan(Model):
    """One edition of a programme's joint recruitment plan (联合招生方案). A signed one never changes.

    `pay` is what trainees are paid in training at least, in whole yuan a month; `relation_from` the day from which
    the relation to the enterprise holds. `signed_document` is the content that both sides signed.
    """

    __tablename__ = "recruitment_plan"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.Index(
            "uq_recruitment_plan_signed", "program_id", unique=True, sqlite_where=_SIGNED, postgresql_where=_SIGNED
        ),
        sa.Index(
            "uq_recruitment_plan_draft", "program_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT
        ),
        sa.CheckConstraint("closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on", name="days"),
        sa.CheckConstraint("pay IS NULL OR pay BETWEEN 0 AND 100000", name="pay"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int]
    state: Mapped[PlanState] = mapped_column(
        choice(PlanState, "recruitmentplanstate"), default=PlanState.DRAFT
    )
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    relation: Mapped[Relation] = mapped_column(
        choice(Relation, "recruitmentrelation"), default=Relation.APPRENTICE_AGREEMENT
    )
    relation_from: Mapped[date | None]
    pay: Mapped[int | None]
    promise: Mapped[str] = mapped_column(sa.Text, default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_document: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True), deferred=True)
    version: Mapped[int] = mapped_column(default=1)

    quotas: Mapped[list[RecruitmentQuota]] = relationship(
        order_by="RecruitmentQuota.id", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.PLAN_STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill, or nothing for a draft."""
        return labels.PLAN_TONES.get(self.state, "")

    @property
    def relation_label(self) -> Any:
        """What joins trainee and enterprise, in words."""
        return labels.RELATIONS[self.relation]

    @property
    def total(self) -> int:
        """How many places the plan shares out."""
        return sum(line.quota for line in self.quotas)


class RecruitmentQuota(Model):
    """How many places an edition of the plan gives to a post."""

    __tablename__ = "recruitment_quota"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "post_id"),
        sa.CheckConstraint("quota BETWEEN 1 AND 100000", name="quota"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("recruitment_plan.id"))
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("recruitment_post.id"), index=True)
    quota: Mapped[int]

    post: Mapped[RecruitmentPost] = relationship(lazy="raise_on_sql")


class RecruitmentPage(Model):
    """The page on which anybody may apply to a programme, under an address that the code is part of."""

    __tablename__ = "recruitment_page"
    __table_args__ = (
        sa.CheckConstraint("lowest_age BETWEEN 14 AND 70", name="lowest_age"),
        sa.CheckConstraint(
            "highest_age IS NULL OR highest_age BETWEEN lowest_age AND 70", name="highest_age"
        ),
    )

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    is_open: Mapped[bool] = mapped_column(default=False)
    lowest_age: Mapped[int] = mapped_column(default=16)
    highest_age: Mapped[int | None]
    introduction: Mapped[str] = mapped_column(sa.Text, default="")
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    program: Mapped[Program] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class Application(OfCollege, Model):
    """Somebody's application to a programme, judged by both sides.

    The waiting list keeps the order of `applied_at`, then of the id. `post_id` names the line of the plan that it is
    for. Who applied without an account has a receipt code, of which only the digest is kept, and a phone of one's own
    here, because the account may know another. `confirmed_at`: the person said to come after having been admitted.
    """

    __tablename__ = "application"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "user_id"),
        sa.Index("ix_application_program_id_state_id", "lead_college_id", "program_id", "state", "id"),
        sa.Index(
            "ix_application_program_id_post_id_state", "lead_college_id", "program_id", "post_id", "state"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("recruitment_post.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    field: Mapped[str] = mapped_column(sa.String(60), default="")
    statement: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[ApplicationState] = mapped_column(
        choice(ApplicationState), default=ApplicationState.PENDING
    )
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime)
    phone_encrypted: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    phone_digest: Mapped[str | None] = mapped_column(sa.String(64))
    phone_masked: Mapped[str] = mapped_column(sa.String(20), default="")
    receipt_digest: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(Application.program_id)", lazy="raise_on_sql"
    )
    post: Mapped[RecruitmentPost | None] = relationship(lazy="raise_on_sql")
    verdicts: Mapped[list[Verdict]] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.APPLICATION_STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill."""
        return labels.APPLICATION_TONES[self.state]


class Verdict(Model):
    """One side's verdict on an application; one a side, never changed."""

    __tablename__ = "verdict"
    __table_args__ = (sa.UniqueConstraint("application_id", "side"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    verdict: Mapped[VerdictKind] = mapped_column(choice(VerdictKind))
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User] = relationship(lazy="raise_on_sql")

    @property
    def label(self) -> Any:
        """The verdict in words."""
        return labels.VERDICTS[self.verdict]
