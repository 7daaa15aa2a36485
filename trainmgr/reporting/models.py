"""Evidence packs that left the house; what people write into a college's annual report, its templates and versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.materials.models import Material
from trainmgr.reporting.rules import FIRST_YEAR, LAST_YEAR, Chapter

_YEAR = f"year BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"


class EvidencePack(OfCollege, Model):
    """An evidence pack that was made: of one trainee, or (enrolment_id None) of a programme. Only the file goes away.

    `digest` is the SHA-256 of the list of checksums inside: by it a pack is recognised when it comes back.
    """

    __tablename__ = "evidence_pack"
    __table_args__ = (
        sa.Index("ix_evidence_pack_program_id_id", "lead_college_id", "program_id", "id"),
        sa.Index("ix_evidence_pack_digest", "digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    people: Mapped[int]
    entries: Mapped[int]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)

    file: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")


class ReportText(Model):
    """What people wrote for a chapter of a college's report of a year. Never changed: the highest number counts."""

    __tablename__ = "report_text"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "year", "chapter", "number"),
        sa.CheckConstraint(_YEAR, name="year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    year: Mapped[int]
    chapter: Mapped[Chapter] = mapped_column(choice(Chapter, "reportchapter"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ReportCase(Model):
    """A case of the case library that a chapter of a college's report of a year shows."""

    __tablename__ = "report_case"
    __table_args__ = (sa.CheckConstraint(_YEAR, name="year"),)

    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    material_id: Mapped[int] = mapped_column(
        sa.ForeignKey("material.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    chapter: Mapped[Chapter] = mapped_column(choice(Chapter, "casechapter"))

    material: Mapped[Material] = relationship(lazy="raise_on_sql")


class ReportTemplate(Model):
    """A college's own template of the annual report. The present one is used instead of ours, and never changes.

    `fields` are the names that it asks for, `unknown` those that no report fills.
    """

    __tablename__ = "report_template"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "number"),
        sa.Index(
            "uq_report_template_present", "college_id", unique=True,
            sqlite_where=sa.text("is_present"), postgresql_where=sa.text("is_present"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    number: Mapped[int]
    is_present: Mapped[bool] = mapped_column(default=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    fields: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    unknown: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    file: Mapped[StoredFile] = relationship(lazy="raise_on_sql")


class AnnualReport(Model):
    """One version of a college's report of a year, as it was written. Never changed; the next one is a new version.

    `missing` is what the document itself says to be missing; `template_number` None means our own template.
    """

    __tablename__ = "annual_report"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "year", "number"),
        sa.CheckConstraint(_YEAR, name="year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    year: Mapped[int]
    number: Mapped[int]
    language: Mapped[str] = mapped_column(sa.String(5), default="zh")
    template_number: Mapped[int | None]
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    missing: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    file: Mapped[StoredFile] = relationship(lazy="raise_on_sql")


@sa.event.listens_for(ReportText, "before_update")
@sa.event.listens_for(AnnualReport, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What was written and what was reported stays as it was, whoever asks for a change."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")


@sa.event.listens_for(EvidencePack, "before_update")
def refuse_change_of_packs(mapper: object, connection: object, pack: EvidencePack) -> None:
    """Of a pack only the file may go away."""
    facts = sa.inspect(pack)
    changed = [one.key for one in facts.mapper.column_attrs if facts.attrs[one.key].history.has_changes()]
    if set(changed) - {"file_id"}:
        raise AssertionError(f"pack {pack.id} is never changed")
