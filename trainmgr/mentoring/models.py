"""Mentors, who mentors whom and since when, and proposals for a whole class."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.mentoring.rules import Way
from trainmgr.programs.rules import Side


class ProposalState(enum.StrEnum):
    """A proposal is looked at, then approved or dropped."""

    OPEN = "open"
    APPROVED = "approved"
    DROPPED = "dropped"


class Mentor(Model):
    """A person's profile as a mentor for an organisation: a college's school teacher or an enterprise's mentor.

    Side COLLEGE means school teacher (校内导师), ENTERPRISE means enterprise mentor (企业导师). `fields` are the trades
    that the mentor can guide, separated by commas; `capacity` is the greatest number of trainees at once.
    """

    __tablename__ = "mentor"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "organization_id"),
        sa.CheckConstraint("capacity >= 0", name="capacity"),
        sa.Index("ix_mentor_organization_id_side", "organization_id", "side"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    name: Mapped[str] = mapped_column(sa.String(80))
    fields: Mapped[str] = mapped_column(sa.String(200), default="")
    site: Mapped[str] = mapped_column(sa.String(80), default="")
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    capacity: Mapped[int] = mapped_column(default=5)
    qualification: Mapped[str] = mapped_column(sa.String(120), default="")
    qualified_until: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class ProgramMentor(Model):
    """A mentor named for a programme; `load` is how many of its trainees the mentor guides now."""

    __tablename__ = "program_mentor"
    __table_args__ = (sa.UniqueConstraint("program_id", "mentor_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("mentor.id"), index=True)
    side: Mapped[Side] = mapped_column(choice(Side))
    load: Mapped[int] = mapped_column(default=0)

    mentor: Mapped[Mentor] = relationship(lazy="raise_on_sql")


class Assignment(OfCollege, Model):
    """One trainee under one mentor for a time. Ended by a handover, never deleted, so who signed what stays known."""

    __tablename__ = "assignment"
    __table_args__ = (
        sa.Index("ix_assignment_program_id_side", "lead_college_id", "program_id", "side"),
        sa.Index("ix_assignment_mentor_id_ends_on", "mentor_id", "ends_on"),
        sa.Index(
            "uq_assignment_present", "enrolment_id", "side", unique=True,
            sqlite_where=sa.text("ends_on IS NULL"), postgresql_where=sa.text("ends_on IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    side: Mapped[Side] = mapped_column(choice(Side))
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("mentor.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    locked: Mapped[bool] = mapped_column(default=False)
    previous_id: Mapped[int | None] = mapped_column(sa.ForeignKey("assignment.id"))
    approved_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    approved_at: Mapped[datetime] = mapped_column(UTCDateTime)

    mentor: Mapped[Mentor] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class Proposal(Model):
    """A computed assignment of one side's mentors to a programme's trainees, waiting for approval.

    One of each way may be open, so that two can be compared; `summary` holds what was counted when it was computed.
    """

    __tablename__ = "mentor_proposal"
    __table_args__ = (
        sa.Index(
            "uq_mentor_proposal_open", "program_id", "side", "way", unique=True,
            sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    way: Mapped[Way] = mapped_column(choice(Way), default=Way.BEST_FIT)
    round_id: Mapped[int | None] = mapped_column(sa.ForeignKey("choice_round.id"), index=True)
    state: Mapped[ProposalState] = mapped_column(choice(ProposalState), default=ProposalState.OPEN)
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    computed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    summary: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ProposedPair(Model):
    """One line of a proposal: trainee, mentor (None when nobody fits, with the binding limit), and why."""

    __tablename__ = "proposed_pair"
    __table_args__ = (sa.UniqueConstraint("proposal_id", "enrolment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("mentor_proposal.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    mentor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("mentor.id"))
    fit: Mapped[float] = mapped_column(default=0.0)
    locked: Mapped[bool] = mapped_column(default=False)
    parts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    next_best_id: Mapped[int | None] = mapped_column(sa.ForeignKey("mentor.id"))
    obstacle: Mapped[str] = mapped_column(sa.String(200), default="")

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    mentor: Mapped[Mentor | None] = relationship(foreign_keys=[mentor_id], lazy="raise_on_sql")
    next_best: Mapped[Mentor | None] = relationship(foreign_keys=[next_best_id], lazy="raise_on_sql")
