"""Teaching resources in versions, case write-ups, what they are attached to, task sheets, and packs by occupation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.files import StoredFile
from trainmgr.materials import labels
from trainmgr.materials.rules import CasePart, MaterialKind, MaterialState, UpdateKind
from trainmgr.programs.models import Program


class Material(Model):
    """A teaching resource. The last columns are results kept by its actions.

    `latest_number` is the newest published version (0: none yet), `renewed_on` its day; `checked_on` the day on which
    a tracked source was last looked at, `asked_on` the oldest occasion that no version has answered; `counted_from`
    and `due_on` follow from these by the owner's rule.
    """

    __tablename__ = "material"
    __table_args__ = (
        sa.Index("ix_material_owner_id_title", "owner_id", "title", "id"),
        sa.Index("ix_material_owner_id_due_on", "owner_id", "due_on", "id"),
        sa.Index("ix_material_owner_id_collection", "owner_id", "collection"),
        sa.Index("ix_material_occupation", "occupation"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[MaterialKind] = mapped_column(choice(MaterialKind))
    title: Mapped[str] = mapped_column(sa.String(120))
    occupation: Mapped[str] = mapped_column(sa.String(80), default="")
    collection: Mapped[str] = mapped_column(sa.String(80), default="")
    language: Mapped[str] = mapped_column(sa.String(5), default="zh")
    update_kind: Mapped[UpdateKind] = mapped_column(choice(UpdateKind))
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    retired_on: Mapped[date | None]
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    latest_number: Mapped[int] = mapped_column(default=0)
    renewed_on: Mapped[date | None]
    checked_on: Mapped[date | None]
    asked_on: Mapped[date | None]
    counted_from: Mapped[date | None]
    due_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    owner: Mapped[Organization] = relationship(lazy="raise_on_sql")
    versions: Mapped[list[MaterialVersion]] = relationship(
        order_by="MaterialVersion.number.desc()", back_populates="material", lazy="raise_on_sql"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return labels.KINDS[self.kind]

    @property
    def update_label(self) -> Any:
        """How the resource is kept up to date, in words."""
        return labels.UPDATES[self.update_kind]


class MaterialVersion(Model):
    """One version of a resource: a file, a link, or the text of a case. A published one never changes.

    `share` is the percentage of the resource that is new against the version before (100 for the first).
    """

    __tablename__ = "material_version"
    __table_args__ = (
        sa.UniqueConstraint("material_id", "number"),
        sa.CheckConstraint("share BETWEEN 0 AND 100", name="share"),
        sa.CheckConstraint("file_id IS NULL OR link = ''", name="content"),
        sa.CheckConstraint("(state = 'published') = (published_on IS NOT NULL)", name="published"),
        sa.Index("ix_material_version_published_on", "published_on", "material_id"),
        sa.Index("ix_material_version_file_id", "file_id"),
        sa.Index(
            "uq_material_version_draft", "material_id", unique=True,
            sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(sa.ForeignKey("material.id"))
    number: Mapped[int]
    state: Mapped[MaterialState] = mapped_column(choice(MaterialState))
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    link: Mapped[str] = mapped_column(sa.String(500), default="")
    changes: Mapped[str] = mapped_column(sa.Text, default="")
    share: Mapped[int]
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    material: Mapped[Material] = relationship(back_populates="versions", lazy="raise_on_sql")
    file: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")
    created_by: Mapped[User] = relationship(lazy="raise_on_sql")
    case: Mapped[CaseText | None] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class CaseText(Model):
    """The five parts of a case write-up in one version."""

    __tablename__ = "case_text"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("material_version.id"), primary_key=True)
    facts: Mapped[str] = mapped_column(sa.Text, default="")
    analysis: Mapped[str] = mapped_column(sa.Text, default="")
    plan: Mapped[str] = mapped_column(sa.Text, default="")
    effect: Mapped[str] = mapped_column(sa.Text, default="")
    lessons: Mapped[str] = mapped_column(sa.Text, default="")

    def parts(self) -> list[tuple[CasePart, str]]:
        """The parts in their order."""
        return [(part, getattr(self, part.value)) for part in CasePart]


class MaterialOccasion(Model):
    """Something outside that asks for a new version (a contest's question, a changed regulation), until one answers."""

    __tablename__ = "material_occasion"
    __table_args__ = (sa.Index("ix_material_occasion_material_id_noted_on", "material_id", "noted_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(sa.ForeignKey("material.id"))
    noted_on: Mapped[date]
    text: Mapped[str] = mapped_column(sa.String(200))
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("material_version.id"), index=True)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class UpdateRule(Model):
    """An organisation's own rule for a kind of update: days until the next version, share of a collection a year."""

    __tablename__ = "update_rule"
    __table_args__ = (
        sa.CheckConstraint("days BETWEEN 1 AND 1825", name="days"),
        sa.CheckConstraint("share BETWEEN 0 AND 100", name="share"),
    )

    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    update_kind: Mapped[UpdateKind] = mapped_column(choice(UpdateKind), primary_key=True)
    days: Mapped[int]
    share: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class MaterialShare(Model):
    """An organisation that may use a resource of another."""

    __tablename__ = "material_share"

    material_id: Mapped[int] = mapped_column(sa.ForeignKey("material.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organization.id"), primary_key=True, index=True
    )


class MaterialUse(Model):
    """A resource attached to a module of a programme by its lineage, or ('') to the programme as a whole."""

    __tablename__ = "material_use"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "lineage", "material_id"),
        sa.Index("ix_material_use_material_id_program_id", "material_id", "program_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    lineage: Mapped[str] = mapped_column(sa.String(32), default="")
    material_id: Mapped[int] = mapped_column(sa.ForeignKey("material.id"))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    material: Mapped[Material] = relationship(lazy="raise_on_sql")
    program: Mapped[Program] = relationship(lazy="raise_on_sql")


class TaskSheet(Model):
    """A loose-leaf task sheet (活页任务单) of a module; each saved change is a new edition of the leaf.

    Steps, tools, safety, standards and records are lists of lines.
    """

    __tablename__ = "task_sheet"
    __table_args__ = (sa.UniqueConstraint("program_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int]
    lineage: Mapped[str] = mapped_column(sa.String(32), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    aim: Mapped[str] = mapped_column(sa.Text)
    steps: Mapped[list[Any]] = mapped_column(sa.JSON)
    tools: Mapped[list[Any]] = mapped_column(sa.JSON)
    safety: Mapped[list[Any]] = mapped_column(sa.JSON)
    standard: Mapped[list[Any]] = mapped_column(sa.JSON)
    records: Mapped[list[Any]] = mapped_column(sa.JSON)
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    changed_by: Mapped[User] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class MaterialPack(Model):
    """A named selection of resources and experts' notes for an occupation."""

    __tablename__ = "material_pack"
    __table_args__ = (
        sa.UniqueConstraint("owner_id", "name"),
        sa.Index("ix_material_pack_occupation", "occupation"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    occupation: Mapped[str] = mapped_column(sa.String(80))
    purpose: Mapped[str] = mapped_column(sa.String(300), default="")
    items_count: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    owner: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class PackItem(Model):
    """A resource in a pack."""

    __tablename__ = "pack_item"

    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("material_pack.id"), primary_key=True)
    material_id: Mapped[int] = mapped_column(sa.ForeignKey("material.id"), primary_key=True, index=True)
    position: Mapped[int]

    material: Mapped[Material] = relationship(lazy="raise_on_sql")


class PackNote(Model):
    """What an expert says to those who use a pack."""

    __tablename__ = "pack_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("material_pack.id"), index=True)
    expert: Mapped[str] = mapped_column(sa.String(80))
    post: Mapped[str] = mapped_column(sa.String(120), default="")
    text: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
