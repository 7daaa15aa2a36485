"""Studies of a major: evidence with its source, the job standards and the plan it looks at, and what was decided."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.research.rules import Decision, EvidenceKind

__all__ = ["Decision", "Evidence", "EvidenceKind", "Study", "StudyStandard"]


class Study(Model):
    """One study of a major. Once decided it never changes; a later look is a new study."""

    __tablename__ = "study"
    __table_args__ = (
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL OR reason <> '')", name="decided"
        ),
        sa.Index("ix_study_college_id_major", "college_id", "major", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    major: Mapped[str] = mapped_column(sa.String(80))
    question: Mapped[str] = mapped_column(sa.String(300))
    edition_id: Mapped[int | None] = mapped_column(sa.ForeignKey("edition.id"), index=True)
    decision: Mapped[Decision | None] = mapped_column(choice(Decision))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    college: Mapped[Organization] = relationship(lazy="raise_on_sql")
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id], lazy="raise_on_sql")
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class Evidence(Model):
    """One finding with its source and year; a figure where there is one."""

    __tablename__ = "study_evidence"
    __table_args__ = (sa.CheckConstraint("year BETWEEN 1990 AND 2100", name="year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id"), index=True)
    kind: Mapped[EvidenceKind] = mapped_column(choice(EvidenceKind))
    finding: Mapped[str] = mapped_column(sa.String(300))
    figure: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 2))
    unit: Mapped[str] = mapped_column(sa.String(20), default="")
    source: Mapped[str] = mapped_column(sa.String(160))
    year: Mapped[int]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class StudyStandard(Model):
    """A version of a job standard that a study looks at."""

    __tablename__ = "study_standard"

    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("standard_version.id"), primary_key=True, index=True
    )
