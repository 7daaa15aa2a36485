"""What the public door keeps: repeated applications under one ID number, and how often an address knocked."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime


class RepeatedApplication(Model):
    """An application under an ID number that the programme knows already, but with another name or phone.

    The sender is told nothing of the other one: there is a receipt as for anybody. Those who judge see both.
    """

    __tablename__ = "repeated_application"
    __table_args__ = (sa.Index("ix_repeated_application_program_id_id", "program_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    phone_encrypted: Mapped[str] = mapped_column(sa.Text, deferred=True)
    phone_masked: Mapped[str] = mapped_column(sa.String(20))
    receipt_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Knock(Model):
    """One sending of the public form, or one receipt code that fitted nothing, counted per address (a digest)."""

    __tablename__ = "recruitment_knock"
    __table_args__ = (sa.Index("ix_recruitment_knock_address_key_kind_at", "address_key", "kind", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address_key: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[str] = mapped_column(sa.String(10))
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
