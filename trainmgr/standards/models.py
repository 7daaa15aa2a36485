"""Job standards: one post's standard in versions, and the lasting identity of its competencies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.standards.rules import Dimension, VersionState


class JobStandard(Model):
    """The standard of one post, built by a college and, where it is named, an enterprise."""

    __tablename__ = "job_standard"
    __table_args__ = (sa.UniqueConstraint("college_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(32), unique=True, default=lambda: uuid4().hex)
    post: Mapped[str] = mapped_column(sa.String(80))
    post_en: Mapped[str] = mapped_column(sa.String(120), default="")
    occupation: Mapped[str] = mapped_column(sa.String(80), default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    college: Mapped[Organization] = relationship(foreign_keys=[college_id], lazy="raise_on_sql")
    enterprise: Mapped[Organization | None] = relationship(foreign_keys=[enterprise_id], lazy="raise_on_sql")
    versions: Mapped[list[StandardVersion]] = relationship(
        order_by="StandardVersion.number", lazy="raise_on_sql"
    )

    __mapper_args__ = {"version_id_col": version}


class StandardVersion(Model):
    """One version of a standard: edited as a draft, in use once published, outdated when the next is published."""

    __tablename__ = "standard_version"
    __table_args__ = (
        sa.UniqueConstraint("standard_id", "number"),
        sa.Index(
            "uq_standard_version_draft", "standard_id", unique=True,
            sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"),
        ),
        sa.Index(
            "uq_standard_version_published", "standard_id", unique=True,
            sqlite_where=sa.text("state = 'published'"), postgresql_where=sa.text("state = 'published'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    standard_id: Mapped[int] = mapped_column(sa.ForeignKey("job_standard.id"))
    number: Mapped[int]
    state: Mapped[VersionState] = mapped_column(choice(VersionState), default=VersionState.DRAFT)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    standard: Mapped[JobStandard] = relationship(back_populates="versions", lazy="raise_on_sql")
    competencies: Mapped[list[VersionCompetency]] = relationship(
        order_by="VersionCompetency.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class StandardCompetency(Model):
    """A competency's lasting identity; items, tests and programmes hang on it, whatever its words become."""

    __tablename__ = "standard_competency"

    id: Mapped[int] = mapped_column(primary_key=True)
    standard_id: Mapped[int] = mapped_column(sa.ForeignKey("job_standard.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(32), unique=True, default=lambda: uuid4().hex)


class VersionCompetency(Model):
    """A competency as one version of the standard words it. Importance and required level run from 1 to 5."""

    __tablename__ = "version_competency"
    __table_args__ = (
        sa.UniqueConstraint("version_id", "competency_id"),
        sa.UniqueConstraint("version_id", "name"),
        sa.CheckConstraint("importance BETWEEN 1 AND 5", name="importance"),
        sa.CheckConstraint("required_level BETWEEN 1 AND 5", name="required_level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"))
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_competency.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    dimension: Mapped[Dimension] = mapped_column(choice(Dimension), default=Dimension.PROFESSIONAL)
    importance: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))
    required_level: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2))

    competency: Mapped[StandardCompetency] = relationship(lazy="raise_on_sql")
