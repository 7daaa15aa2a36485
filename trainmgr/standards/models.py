"""Job standards: one post's standard in versions, its competencies, tasks, certificates and signatures."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.programs.rules import Side
from trainmgr.standards.rules import Dimension, TaskKind, VersionState


def new_key() -> str:
    """Return a key that nothing else has, here or in another installation."""
    return uuid4().hex


class JobStandard(Model):
    """The standard of one post, built by a college and, where it is named, an enterprise."""

    __tablename__ = "job_standard"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "code"),
        sa.Index("ix_job_standard_college_id_post", "college_id", "post"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_key)
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
    """One version of a standard: edited as a draft, in use once published, outdated when the next is published.

    The `typical_…` columns are the thresholds from which on a representative task is a typical one (see rules).
    """

    __tablename__ = "standard_version"
    __table_args__ = (
        sa.UniqueConstraint("standard_id", "number"),
        sa.CheckConstraint("typical_experts >= 1", name="typical_experts"),
        sa.CheckConstraint("typical_difficulty BETWEEN 1 AND 5", name="typical_difficulty"),
        sa.CheckConstraint("typical_importance BETWEEN 1 AND 5", name="typical_importance"),
        sa.CheckConstraint("typical_frequency BETWEEN 1 AND 5", name="typical_frequency"),
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
    typical_experts: Mapped[int] = mapped_column(default=2)
    typical_difficulty: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2), default=Decimal("2.5"))
    typical_importance: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2), default=Decimal("3.5"))
    typical_frequency: Mapped[Decimal] = mapped_column(sa.Numeric(4, 2), default=Decimal(2))
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
    key: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_key)


class VersionCompetency(Model):
    """A competency as one version of the standard words it. Importance and required level run from 1 to 5.

    `levels` are the words of levels 1 to 5 (five texts, "" where none is written yet); `version` counts edits.
    """

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
    levels: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)

    competency: Mapped[StandardCompetency] = relationship(lazy="raise_on_sql")


class StandardTask(Model):
    """One task of a version: told by experts, typical, learning, the school's own; `key` stays in all versions."""

    __tablename__ = "standard_task"
    __table_args__ = (
        sa.UniqueConstraint("version_id", "kind", "name"),
        sa.UniqueConstraint("version_id", "key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"))
    key: Mapped[str] = mapped_column(sa.String(32), default=new_key)
    kind: Mapped[TaskKind] = mapped_column(choice(TaskKind))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column(default=1)


class TaskSource(Model):
    """Which task of the kind before it a task comes from."""

    __tablename__ = "task_source"

    task_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_task.id"), primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_task.id"), primary_key=True, index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), index=True)


class TaskCompetency(Model):
    """Which competency a typical task takes."""

    __tablename__ = "task_competency"

    task_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_task.id"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("standard_competency.id"), primary_key=True, index=True
    )
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), index=True)


class CertificateStandard(Model):
    """A certificate's standard (a 1+X certificate, a skill grade): issuer, level, units. One in use never changes."""

    __tablename__ = "certificate_standard"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name", "level"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    key: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_key)
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    issuer: Mapped[str] = mapped_column(sa.String(120))
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    is_one_plus_x: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    units: Mapped[list[CertificateUnit]] = relationship(
        back_populates="certificate",
        order_by="CertificateUnit.position",
        lazy="raise_on_sql",
        cascade="all, delete-orphan",
    )

    __mapper_args__ = {"version_id_col": version}


class CertificateUnit(Model):
    """One unit of a certificate's standard."""

    __tablename__ = "certificate_unit"
    __table_args__ = (sa.UniqueConstraint("certificate_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(sa.ForeignKey("certificate_standard.id"))
    key: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_key)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(120))

    certificate: Mapped[CertificateStandard] = relationship(back_populates="units", lazy="raise_on_sql")


class CertificateMapping(Model):
    """Which unit of a certificate a competency of a version covers."""

    __tablename__ = "certificate_mapping"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("standard_competency.id"), primary_key=True, index=True
    )
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("certificate_unit.id"), primary_key=True, index=True)


class StandardSignature(Model):
    """One side's signature under a version; `digest` is of the content that was signed."""

    __tablename__ = "standard_signature"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), primary_key=True)
    side: Mapped[Side] = mapped_column(choice(Side), primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    digest: Mapped[str] = mapped_column(sa.String(64))
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class ProgramStandard(Model):
    """Which published version of a standard a programme draws on; one version of each standard."""

    __tablename__ = "program_standard"

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    standard_id: Mapped[int] = mapped_column(sa.ForeignKey("job_standard.id"), primary_key=True, index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_version.id"), index=True)
    chosen_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    chosen_at: Mapped[datetime] = mapped_column(UTCDateTime)
