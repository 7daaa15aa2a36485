"""The seals of the audit trail: one row per event, chained by hash."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime


class AuditSeal(Model):
    """One link of the chain: what an event said when it was sealed, behind everything sealed before.

    `texts_hash` stands for names, reason and details of the event, together with `salt`; when a person is erased the
    names go, the salt goes, and `redacted_by` is the event that says so. The links stay whole.
    """

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 … without a gap
    event_id: Mapped[int] = mapped_column(unique=True)
    sealed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    salt: Mapped[str] = mapped_column(sa.String(32))
    texts_hash: Mapped[str] = mapped_column(sa.String(64))
    before_hash: Mapped[str] = mapped_column(sa.String(64))
    own_hash: Mapped[str] = mapped_column(sa.String(64))
    redacted_by: Mapped[int | None]


class InstallationMark(Model):
    """When something last happened to the whole installation: the worker's look at the clock, a backup."""

    __tablename__ = "installation_mark"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
