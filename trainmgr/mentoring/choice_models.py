"""Two-way choice: rounds with their dates, whom trainees wish for, what mentors answer."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.mentoring.choosing import Proposing
from trainmgr.mentoring.models import Mentor
from trainmgr.programs.rules import Side


class ChoiceRound(Model):
    """One round of choosing on a side: trainees name mentors first, then mentors answer, then pairs are found.

    All days count in full. `proposing` is published before anybody chooses; `matched_at` is when pairs were found.
    """

    __tablename__ = "choice_round"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "side", "number"),
        sa.CheckConstraint("trainees_until >= opens_on AND mentors_until > trainees_until", name="days"),
        sa.CheckConstraint("most_wishes BETWEEN 1 AND 20", name="most_wishes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    number: Mapped[int]
    proposing: Mapped[Proposing] = mapped_column(choice(Proposing))
    most_wishes: Mapped[int] = mapped_column(default=5)
    opens_on: Mapped[date]
    trainees_until: Mapped[date]
    mentors_until: Mapped[date]
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    matched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ChoiceWish(Model):
    """A mentor whom a trainee names in a round; rank 1 is the dearest wish."""

    __tablename__ = "choice_wish"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "enrolment_id", "mentor_id"),
        sa.UniqueConstraint("round_id", "enrolment_id", "rank"),
        sa.Index("ix_choice_wish_round_id_mentor_id", "round_id", "mentor_id"),
        sa.Index("ix_choice_wish_enrolment_id", "enrolment_id"),
        sa.CheckConstraint("rank >= 1", name="rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("choice_round.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id", ondelete="CASCADE"))
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("mentor.id"))
    rank: Mapped[int]

    mentor: Mapped[Mentor] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class ChoiceAnswer(Model):
    """What a mentor answers to a trainee who named him or her: a rank, or a refusal; no row means accepted unranked."""

    __tablename__ = "choice_answer"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "mentor_id", "enrolment_id"),
        sa.UniqueConstraint("round_id", "mentor_id", "rank"),
        sa.Index("ix_choice_answer_enrolment_id", "enrolment_id"),
        sa.CheckConstraint("declined OR rank IS NOT NULL", name="says"),
        sa.CheckConstraint("rank IS NULL OR (rank >= 1 AND NOT declined)", name="rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("choice_round.id"))
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("mentor.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id", ondelete="CASCADE"))
    rank: Mapped[int | None]
    declined: Mapped[bool] = mapped_column(default=False)
