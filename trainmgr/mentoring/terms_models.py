"""What assigning keeps to besides the mentors' profiles: a programme's limits, leaves, sites and distances."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.mentoring.models import Mentor
from trainmgr.mentoring.rules import WEIGHTS


class MentoringTerms(Model):
    """What a programme holds to when it assigns mentors: usual numbers of trainees, limits, and weights of the fit."""

    __tablename__ = "mentoring_terms"
    __table_args__ = (
        sa.CheckConstraint("typical_enterprise > 0 AND typical_college > 0", name="typical"),
        sa.CheckConstraint("most_km IS NULL OR most_km > 0", name="most_km"),
        sa.CheckConstraint("most_leave >= 0", name="most_leave"),
    )

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    typical_enterprise: Mapped[int] = mapped_column(default=5)
    typical_college: Mapped[int] = mapped_column(default=15)
    most_km: Mapped[int | None]
    most_leave: Mapped[int] = mapped_column(default=14)
    weights: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=lambda: dict(WEIGHTS))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class MentorLeave(Model):
    """Days on which a mentor is away; in all of the mentor's programmes."""

    __tablename__ = "mentor_leave"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.Index("ix_mentor_leave_mentor_id_ends_on", "mentor_id", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("mentor.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(120), default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    mentor: Mapped[Mentor] = relationship(lazy="raise_on_sql")
    created_by: Mapped[User] = relationship(lazy="raise_on_sql")


class TraineeSite(OfCollege, Model):
    """Where a trainee works."""

    __tablename__ = "trainee_site"
    __table_args__ = (sa.Index("ix_trainee_site_program_id", "lead_college_id", "program_id"),)

    enrolment_id: Mapped[int] = mapped_column(
        sa.ForeignKey("enrolment.id", ondelete="CASCADE"), primary_key=True
    )
    program_id: Mapped[int]
    site: Mapped[str] = mapped_column(sa.String(80))


class SiteDistance(Model):
    """How far two of a programme's sites are apart; `one` comes before `other` in the alphabet."""

    __tablename__ = "site_distance"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "one", "other"),
        sa.CheckConstraint("km >= 0", name="km"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    one: Mapped[str] = mapped_column(sa.String(80))
    other: Mapped[str] = mapped_column(sa.String(80))
    km: Mapped[int]
