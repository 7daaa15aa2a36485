"""The ledger of awards, own and won elsewhere, and an enterprise's shortlist. What was entered is never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.contests import labels
from trainmgr.contests.models import Contest
from trainmgr.contests.rules import Grade, Level, PrizeKind
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.files import StoredFile

LISTED = sa.text("removed_at IS NULL")


class ContestAward(Model):
    """An award in a college's ledger: from one of its own contests, or won elsewhere and entered with its proof.

    A team's award is one row with several holders. What was entered wrongly is withdrawn with a reason.
    """

    __tablename__ = "contest_award"
    __table_args__ = (
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name="amount"),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason = '')", name="withdrawn"),
        sa.CheckConstraint("(entry_id IS NULL) = (contest_id IS NULL)", name="entry"),
        sa.UniqueConstraint("entry_id", "prize_id"),
        sa.Index("ix_contest_award_college_id_year_level", "college_id", "year", "level", "id"),
        sa.Index("ix_contest_award_contest_id", "contest_id"),
        sa.Index("ix_contest_award_program_id", "program_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"))
    contest_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contest.id"))
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contest_entry.id"))
    prize_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contest_prize.id"))
    contest_name: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[PrizeKind] = mapped_column(choice(PrizeKind))
    level: Mapped[Level] = mapped_column(choice(Level, "contest_level"))
    grade: Mapped[Grade] = mapped_column(choice(Grade))
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    holders_text: Mapped[str] = mapped_column(sa.String(300))
    issuer: Mapped[str] = mapped_column(sa.String(120), default="")
    number: Mapped[str] = mapped_column(sa.String(60), default="")
    awarded_on: Mapped[date]
    year: Mapped[int]
    amount_cents: Mapped[int | None]
    giver_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    proof_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by: Mapped[str] = mapped_column(sa.String(80), default="")
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    contest: Mapped[Contest | None] = relationship(lazy="raise_on_sql")
    giver: Mapped[Organization | None] = relationship(foreign_keys=[giver_id], lazy="raise_on_sql")
    proof: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")
    holders: Mapped[list[AwardHolder]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    @property
    def level_label(self) -> Any:
        """Its level in words."""
        return labels.LEVELS[self.level]

    @property
    def grade_label(self) -> Any:
        """What it is called: its own name, else its grade."""
        return self.name or labels.GRADES[self.grade]

    @property
    def kind_label(self) -> Any:
        """Prize or scholarship, in words."""
        return labels.PRIZES[self.kind]


class AwardHolder(Model):
    """A trainee who holds an award."""

    __tablename__ = "contest_award_holder"

    award_id: Mapped[int] = mapped_column(sa.ForeignKey("contest_award.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), primary_key=True, index=True)


class Shortlisted(Model):
    """A trainee whom an enterprise wants to win as an employee; only its own people see it."""

    __tablename__ = "contest_shortlist"
    __table_args__ = (
        sa.Index(
            "uq_contest_shortlist_listed", "enterprise_id", "enrolment_id", unique=True,
            sqlite_where=LISTED, postgresql_where=LISTED,
        ),
        sa.Index("ix_contest_shortlist_enterprise_id_at", "enterprise_id", "at", "id"),
        sa.Index("ix_contest_shortlist_enrolment_id", "enrolment_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    contest_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contest.id"))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    contest: Mapped[Contest | None] = relationship(lazy="raise_on_sql")
