"""Pathways that people made: copies of the library's, edited, imported, or saved from a programme."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime, choice


class PathwayOrigin(enum.StrEnum):
    """Where a pathway came from."""

    COPY = "copy"
    IMPORT = "import"
    PROGRAM = "program"


class CustomPathway(Model):
    """An organisation's own pathway; `document` is the snapshot of pathways.rules. Library files are not in here."""

    __tablename__ = "pathway"
    __table_args__ = (sa.UniqueConstraint("organization_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    slug: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(120))
    number: Mapped[int] = mapped_column(default=1)
    origin: Mapped[PathwayOrigin] = mapped_column(choice(PathwayOrigin))
    based_on: Mapped[str] = mapped_column(sa.String(80), default="")
    document: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
