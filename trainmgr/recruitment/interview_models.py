"""Interviews: slots with seats and interviewers, who booked one, what was noted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.recruitment import labels
from trainmgr.recruitment.models import Application, RecruitmentPost
from trainmgr.recruitment.rules import InterviewOutcome

_LIVE = sa.text("cancelled_at IS NULL")


class InterviewSlot(Model):
    """A time at which some applicants are interviewed; `taken` of its `seats` are booked, never more.

    `day` is the day where the installation stands; `post_id` None: for applicants of every post.
    """

    __tablename__ = "interview_slot"
    __table_args__ = (
        sa.Index("ix_interview_slot_program_id_day", "program_id", "day", "starts_at", "id"),
        sa.CheckConstraint("seats BETWEEN 1 AND 500", name="seats"),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name="taken"),
        sa.CheckConstraint("ends_at > starts_at", name="time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("recruitment_post.id"), index=True)
    day: Mapped[date]
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    place: Mapped[str] = mapped_column(sa.String(120), default="")
    link: Mapped[str] = mapped_column(sa.String(300), default="")
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    post: Mapped[RecruitmentPost | None] = relationship(lazy="raise_on_sql")
    panel: Mapped[list[InterviewPanel]] = relationship(lazy="raise_on_sql")


class InterviewPanel(Model):
    """Somebody who interviews in a slot."""

    __tablename__ = "interview_panel"

    slot_id: Mapped[int] = mapped_column(sa.ForeignKey("interview_slot.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True, index=True)

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class InterviewBooking(Model):
    """An applicant's seat in a slot; one at a time, `cancelled_at` gives it back."""

    __tablename__ = "interview_booking"
    __table_args__ = (
        sa.Index(
            "uq_interview_booking_application_id", "application_id", unique=True,
            sqlite_where=_LIVE, postgresql_where=_LIVE,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(sa.ForeignKey("interview_slot.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), index=True)
    booked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    slot: Mapped[InterviewSlot] = relationship(lazy="raise_on_sql")
    application: Mapped[Application] = relationship(lazy="raise_on_sql")


class InterviewNote(Model):
    """What an interviewer noted on an applicant; it stays, a correction is a further note."""

    __tablename__ = "interview_note"
    __table_args__ = (sa.Index("ix_interview_note_application_id_id", "application_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(sa.ForeignKey("interview_booking.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"))
    outcome: Mapped[InterviewOutcome] = mapped_column(choice(InterviewOutcome))
    text: Mapped[str] = mapped_column(sa.String(500), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User] = relationship(lazy="raise_on_sql")

    @property
    def outcome_label(self) -> Any:
        """Whether the applicant came, in words."""
        return labels.OUTCOMES[self.outcome]
