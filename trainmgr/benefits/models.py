"""What a cooperation yields: research and products with owners' shares, income with its split, subsidy claims."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.benefits import labels
from trainmgr.benefits.rules import ClaimKind, ClaimRule, ClaimState, IncomeKind, YieldKind, YieldState
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program

LIVE = sa.text("is_live")


class JointYield(Model):
    """A research or product outcome of a programme; frozen once both signed, corrected by a new one."""

    __tablename__ = "joint_yield"
    __table_args__ = (
        sa.UniqueConstraint("replaces_id"),
        sa.Index("ix_joint_yield_program_id_achieved_on", "program_id", "achieved_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    kind: Mapped[YieldKind] = mapped_column(choice(YieldKind))
    title: Mapped[str] = mapped_column(sa.String(160))
    number: Mapped[str] = mapped_column(sa.String(80), default="")
    achieved_on: Mapped[date]
    ownership: Mapped[str] = mapped_column(sa.String(500))
    benefit: Mapped[str] = mapped_column(sa.String(500))
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    state: Mapped[YieldState] = mapped_column(choice(YieldState), default=YieldState.DRAFT)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("joint_yield.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    shares: Mapped[list[YieldShare]] = relationship(
        order_by="YieldShare.position", cascade="all, delete-orphan", lazy="raise_on_sql"
    )
    program: Mapped[Program] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return labels.YIELDS[self.kind]

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.YIELD_STATES[self.state]


class YieldShare(Model):
    """An owner's part of a research or product outcome; all parts add up to 10,000 basis points."""

    __tablename__ = "yield_share"
    __table_args__ = (
        sa.UniqueConstraint("yield_id", "owner"),
        sa.CheckConstraint("basis_points > 0 AND basis_points <= 10000", name="basis_points"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    yield_id: Mapped[int] = mapped_column(sa.ForeignKey("joint_yield.id"))
    position: Mapped[int]
    owner: Mapped[str] = mapped_column(sa.String(120))
    is_person: Mapped[bool]
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    basis_points: Mapped[int]


class Income(Model):
    """Money that came in for a programme, in cents; a wrong entry is cancelled by a counter-entry."""

    __tablename__ = "program_income"
    __table_args__ = (
        sa.UniqueConstraint("cancels_id"),
        sa.CheckConstraint("(amount_cents > 0) = (cancels_id IS NULL) AND amount_cents <> 0", name="amount"),
        sa.Index("ix_program_income_program_id_received_on", "program_id", "received_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    received_on: Mapped[date]
    kind: Mapped[IncomeKind] = mapped_column(choice(IncomeKind))
    source: Mapped[str] = mapped_column(sa.String(120))
    amount_cents: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    cancels_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program_income.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    parts: Mapped[list[IncomePart]] = relationship(order_by="IncomePart.position", lazy="raise_on_sql")

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return labels.INCOMES[self.kind]


class IncomePart(Model):
    """Whose part of an income how much is, by the shares as they stood when it was entered."""

    __tablename__ = "income_part"
    __table_args__ = (sa.UniqueConstraint("income_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    income_id: Mapped[int] = mapped_column(sa.ForeignKey("program_income.id"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(sa.String(120))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    basis_points: Mapped[int]
    cents: Mapped[int] = mapped_column(sa.BigInteger)


class SubsidyClaim(Model):
    """A claim for a subsidy with its rule; what was handed in never changes, a returned one is followed by another."""

    __tablename__ = "subsidy_claim"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.UniqueConstraint("replaces_id"),
        sa.CheckConstraint("amount_cents > 0", name="amount"),
        sa.CheckConstraint("least_minutes >= 0", name="least_minutes"),
        sa.CheckConstraint("state = 'draft' OR people > 0", name="people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int]
    kind: Mapped[ClaimKind] = mapped_column(choice(ClaimKind))
    office: Mapped[str] = mapped_column(sa.String(120))
    basis: Mapped[str] = mapped_column(sa.String(200))
    amount_cents: Mapped[int]
    least_minutes: Mapped[int] = mapped_column(default=0)
    needs_certificate: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ClaimState] = mapped_column(choice(ClaimState), default=ClaimState.DRAFT)
    people: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    submitted_on: Mapped[date | None]
    paid_on: Mapped[date | None]
    paid_cents: Mapped[int | None] = mapped_column(sa.BigInteger)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("subsidy_claim.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    moves: Mapped[list[ClaimMove]] = relationship(order_by="ClaimMove.id", lazy="raise_on_sql")

    @property
    def rule(self) -> ClaimRule:
        """What the claim asks of a person."""
        return ClaimRule(self.amount_cents, self.least_minutes, self.needs_certificate)

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return labels.CLAIMS[self.kind]

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.CLAIM_STATES[self.state]

    @property
    def state_tone(self) -> str | None:
        """The tone of the state's pill."""
        return labels.CLAIM_TONES[self.state]


class ClaimMove(Model):
    """One step of a claim: into which state, by whom, with what note (the office's document, why it came back)."""

    __tablename__ = "claim_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(sa.ForeignKey("subsidy_claim.id"), index=True)
    state: Mapped[ClaimState] = mapped_column(choice(ClaimState, "claimmovestate"))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.CLAIM_STATES[self.state]


class ClaimPerson(OfCollege, Model):
    """Somebody whom a claim is for, with hours and certificate as they stood when it was handed in.

    `is_live` until the claim comes back: while it is, the person is in no other claim of this training and kind.
    """

    __tablename__ = "claim_person"
    __table_args__ = (
        sa.UniqueConstraint("claim_id", "enrolment_id"),
        sa.Index(
            "uq_claim_person_program_id_user_id_kind", "program_id", "user_id", "kind", unique=True,
            sqlite_where=LIVE, postgresql_where=LIVE,
        ),
        sa.Index("ix_claim_person_claim_id_name", "claim_id", "name", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(sa.ForeignKey("subsidy_claim.id"))
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    kind: Mapped[ClaimKind] = mapped_column(choice(ClaimKind, "claimpersonkind"))
    name: Mapped[str] = mapped_column(sa.String(80))
    minutes: Mapped[int]
    certificate: Mapped[str] = mapped_column(sa.String(80), default="")
    amount_cents: Mapped[int]
    is_live: Mapped[bool] = mapped_column(default=True)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
