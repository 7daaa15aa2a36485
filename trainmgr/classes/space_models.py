"""The class space: announcements with who has read them, and the discussion."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.kernel.db import Model, UTCDateTime
from trainmgr.kernel.files import StoredFile


class ClassAnnouncement(Model):
    """Something told to a class; taken back it stays as a mark with the reason."""

    __tablename__ = "class_announcement"
    __table_args__ = (sa.Index("ix_class_announcement_cohort_id_pinned", "cohort_id", "pinned", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    title: Mapped[str] = mapped_column(sa.String(120))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    pinned: Mapped[bool] = mapped_column(default=False)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by: Mapped[str] = mapped_column(sa.String(80), default="")
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    file: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")


class ClassRead(Model):
    """Somebody has seen an announcement."""

    __tablename__ = "class_read"

    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("class_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ClassMessage(Model):
    """A thread of a class's discussion (`thread_id` None, with a title) or a reply in one.

    `answers` counts the replies of a thread and `last_at` is when it last moved. `withdrawn_at`: the writer took it
    back; `hidden_at`: staff hid it, with the reason. Neither removes the row.
    """

    __tablename__ = "class_message"
    __table_args__ = (
        sa.Index("ix_class_message_cohort_id_last_at", "cohort_id", "last_at", "id"),
        sa.Index("ix_class_message_thread_id", "thread_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    thread_id: Mapped[int | None] = mapped_column(sa.ForeignKey("class_message.id"))
    title: Mapped[str] = mapped_column(sa.String(120), default="")
    text: Mapped[str] = mapped_column(sa.Text)
    answers: Mapped[int] = mapped_column(default=0)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_by: Mapped[str] = mapped_column(sa.String(80), default="")
    hidden_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    @property
    def is_shown(self) -> bool:
        """Whether its words are shown."""
        return self.withdrawn_at is None and self.hidden_at is None
