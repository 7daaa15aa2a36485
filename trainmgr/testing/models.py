"""Tests taken online: sittings of an instrument, who takes part, attempts with their answers, marks and scores."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.bank.models import InstrumentVersion, Item
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program
from trainmgr.testing.rules import AttemptEnd, Purpose, SittingState, state_by_clock

__all__ = ["Answer", "Attempt", "Mark", "Participant", "Score", "Sitting"]


class Sitting(OfCollege, Model):
    """One occasion on which a programme's people take a version of an instrument; `form` is 1, at the end 2.

    `closed_at` is noted when nobody can answer any more and everything that a machine can mark is marked;
    `taken_at` when its levels went into the needs analysis, `analysed_at` when the bank got its items' statistics.
    """

    __tablename__ = "test_sitting"
    __table_args__ = (
        sa.Index("uq_test_sitting_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.UniqueConstraint("program_id", "name"),
        sa.CheckConstraint("closes_at > opens_at", name="window"),
        sa.CheckConstraint("form IN (1, 2)", name="form"),
        sa.Index("ix_test_sitting_program_id_opens_at", "lead_college_id", "program_id", "opens_at", "id"),
        sa.Index("ix_test_sitting_closed_at_closes_at", "closed_at", "closes_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("instrument_version.id"), index=True)
    form: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose, "testpurpose"))
    name: Mapped[str] = mapped_column(sa.String(80))
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    analysed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(Sitting.program_id)", lazy="raise_on_sql"
    )
    instrument_version: Mapped[InstrumentVersion] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    def state_at(self, now: datetime) -> SittingState:
        """Return the state at a moment."""
        return state_by_clock(
            self.opens_at,
            self.closes_at,
            now,
            closed=self.closed_at is not None,
            cancelled=self.cancelled_at is not None,
        )


class Participant(OfCollege, Model, by="sitting_id", above="test_sitting"):
    """Somebody who takes part in a sitting, enrolled in the programme or not yet (a test before the plan).

    Name, number, class and parties are as they were when the sitting was planned, so that a report reads the same
    for ever. `attempts` are granted (1 unless staff grant more), `extra_minutes` belong to this person.
    """

    __tablename__ = "test_participant"
    __table_args__ = (
        sa.Index("uq_test_participant_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.UniqueConstraint("sitting_id", "user_id"),
        sa.CheckConstraint("attempts BETWEEN 1 AND 10", name="attempts"),
        sa.CheckConstraint("extra_minutes BETWEEN 0 AND 300", name="extra_minutes"),
        sa.Index("ix_test_participant_sitting_id_name", "sitting_id", "name", "id"),
        sa.Index("ix_test_participant_sitting_id_cohort_name", "sitting_id", "cohort_name", "name", "id"),
        sa.Index("ix_test_participant_sitting_id_enterprise_id", "sitting_id", "enterprise_id"),
        sa.Index("ix_test_participant_user_id_sitting_id", "user_id", "sitting_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    enrolment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    number: Mapped[str] = mapped_column(sa.String(40), default="")
    cohort_name: Mapped[str] = mapped_column(sa.String(60), default="")
    post: Mapped[str] = mapped_column(sa.String(80), default="")
    college_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    attempts: Mapped[int] = mapped_column(default=1)
    extra_minutes: Mapped[int] = mapped_column(default=0)

    sitting: Mapped[Sitting] = relationship(
        primaryjoin="Sitting.id == foreign(Participant.sitting_id)", lazy="raise_on_sql"
    )
    user: Mapped[User] = relationship(lazy="raise_on_sql")
    enrolment: Mapped[Enrolment | None] = relationship(lazy="raise_on_sql")
    college: Mapped[Organization | None] = relationship(foreign_keys=[college_id], lazy="raise_on_sql")
    enterprise: Mapped[Organization | None] = relationship(foreign_keys=[enterprise_id], lazy="raise_on_sql")


class Attempt(OfCollege, Model, by="participant_id", above="test_participant"):
    """One person's attempt. It ends once: by handing in, by the clock, or called off; then its answers never change.

    `points` of `possible` are what is marked so far, `waiting` how many answers wait for a person, `counts` is the
    one attempt of a participant that the reports read (the last that ended).
    """

    __tablename__ = "test_attempt"
    __table_args__ = (
        sa.Index("uq_test_attempt_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.UniqueConstraint("participant_id", "number"),
        sa.CheckConstraint("(ended_at IS NULL) = (\"end\" IS NULL)", name="ended"),
        sa.CheckConstraint("waiting >= 0", name="waiting"),
        sa.CheckConstraint("points >= 0 AND points <= possible", name="points"),
        sa.CheckConstraint("NOT counts OR ended_at IS NOT NULL", name="counts"),
        sa.Index("ix_test_attempt_sitting_id_ended_at_deadline_at", "sitting_id", "ended_at", "deadline_at"),
        sa.Index("ix_test_attempt_sitting_id_waiting", "sitting_id", "waiting"),
        sa.Index(
            "uq_test_attempt_running", "participant_id", unique=True,
            sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index(
            "uq_test_attempt_counts", "participant_id", unique=True,
            sqlite_where=sa.text("counts"), postgresql_where=sa.text("counts"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(sa.ForeignKey("test_sitting.id"))
    participant_id: Mapped[int]
    number: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    deadline_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end: Mapped[AttemptEnd | None] = mapped_column(choice(AttemptEnd))
    counts: Mapped[bool] = mapped_column(default=False)
    points: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2), default=Decimal(0))
    possible: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2), default=Decimal(0))
    waiting: Mapped[int] = mapped_column(default=0)

    participant: Mapped[Participant] = relationship(
        primaryjoin="Participant.id == foreign(Attempt.participant_id)", lazy="raise_on_sql"
    )
    sitting: Mapped[Sitting] = relationship(lazy="raise_on_sql")


class Answer(OfCollege, Model, by="attempt_id", above="test_attempt"):
    """An answer to an item of the paper, as bank.marking reads it; the newest `sequence` of the page wins.

    `points` is None until it is marked. `late` is what arrived after the deadline: kept, never counted.
    """

    __tablename__ = "test_answer"
    __table_args__ = (
        sa.CheckConstraint("points >= 0", name="points"),
        sa.Index("ix_test_answer_item_id", "item_id", "attempt_id"),
    )

    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    value: Mapped[Any] = mapped_column(sa.JSON(none_as_null=True), nullable=True)
    sequence: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    points: Mapped[Decimal | None] = mapped_column(sa.Numeric(6, 2))
    late: Mapped[Any] = mapped_column(sa.JSON(none_as_null=True), nullable=True)
    late_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    attempt: Mapped[Attempt] = relationship(
        primaryjoin="Attempt.id == foreign(Answer.attempt_id)", lazy="raise_on_sql"
    )
    item: Mapped[Item] = relationship(lazy="raise_on_sql")


class Mark(OfCollege, Model, by="attempt_id", above="test_attempt"):
    """A person's mark of one answer: a short answer's points, or the steps that a judge saw done. The newest counts.

    Marks never change; a correction is a new mark with its reason. `client_key` makes sending it twice one mark.
    """

    __tablename__ = "test_mark"
    __table_args__ = (
        sa.UniqueConstraint("attempt_id", "item_id", "number"),
        sa.CheckConstraint("points >= 0", name="points"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    points: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))
    done: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    remark: Mapped[str] = mapped_column(sa.String(300), default="")
    marker_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    marked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    client_key: Mapped[str | None] = mapped_column(sa.String(60), unique=True)

    marker: Mapped[User] = relationship(lazy="raise_on_sql")


class Score(OfCollege, Model, by="attempt_id", above="test_attempt"):
    """What a finished attempt reached in one competency of the standard, with its level 1–5; written by settling."""

    __tablename__ = "test_score"
    __table_args__ = (
        sa.CheckConstraint("points >= 0 AND points <= possible AND possible > 0", name="points"),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        sa.Index("ix_test_score_competency_id", "competency_id", "attempt_id"),
    )

    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_competency.id"), primary_key=True)
    points: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
    possible: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
    level: Mapped[int]
