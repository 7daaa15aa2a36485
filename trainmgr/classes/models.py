"""Classes: who was in which and why, proposals to split people, the rotation of masters, exchange sessions."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.tenancy import OfCollege

__all__ = [
    "ClassExchange",
    "ClassMove",
    "ClassNote",
    "ClassPeriod",
    "ClassSeat",
    "ClassSplit",
    "ClassTurn",
    "SplitState",
]


class ClassMove(OfCollege, Model):
    """One change of class: from which into which (None: no class), from which day, why, by whom. Never changed."""

    __tablename__ = "class_move"
    __table_args__ = (
        sa.Index("ix_class_move_program_id", "lead_college_id", "program_id"),
        sa.Index("ix_class_move_enrolment_id_day", "enrolment_id", "day", "id"),
        sa.Index("ix_class_move_to_id_day", "to_id", "day"),
        sa.Index("ix_class_move_from_id_day", "from_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id", ondelete="CASCADE"))
    from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"))
    to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"))
    day: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class SplitState(enum.StrEnum):
    """A proposal is looked at, then carried out or put aside."""

    OPEN = "open"
    CARRIED = "carried"
    DROPPED = "dropped"


class ClassSplit(Model):
    """A proposal to divide people into classes that resemble each other; `parts` are the classes' names and ids."""

    __tablename__ = "class_split"
    __table_args__ = (
        sa.Index(
            "uq_class_split_open", "program_id", unique=True,
            sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    state: Mapped[SplitState] = mapped_column(choice(SplitState), default=SplitState.OPEN)
    seed: Mapped[int] = mapped_column(default=0)
    parts: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    by_chance: Mapped[float] = mapped_column(default=0.0)
    by_list: Mapped[float] = mapped_column(default=0.0)
    imbalance: Mapped[float] = mapped_column(default=0.0)
    moved: Mapped[int] = mapped_column(default=0)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ClassSeat(Model):
    """One person's place in a proposal, with the facts that were balanced; `fixed` people stay when it is made anew."""

    __tablename__ = "class_seat"
    __table_args__ = (sa.Index("ix_class_seat_split_id_part", "split_id", "part"),)

    split_id: Mapped[int] = mapped_column(
        sa.ForeignKey("class_split.id", ondelete="CASCADE"), primary_key=True
    )
    enrolment_id: Mapped[int] = mapped_column(
        sa.ForeignKey("enrolment.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    part: Mapped[int]
    fixed: Mapped[bool] = mapped_column(default=False)
    score: Mapped[Decimal | None] = mapped_column(sa.Numeric(6, 3))
    gender: Mapped[str] = mapped_column(sa.String(1), default="")
    major: Mapped[str] = mapped_column(sa.String(60), default="")

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class ClassPeriod(Model):
    """A period of the rotation: in it each class has one master (see ClassTurn)."""

    __tablename__ = "class_period"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.Index("ix_class_period_program_id_starts_on", "program_id", "starts_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]

    turns: Mapped[list[ClassTurn]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="ClassTurn.cohort_id"
    )


class ClassTurn(Model):
    """Who teaches a class in a period of the rotation; nobody teaches two classes in the same period."""

    __tablename__ = "class_turn"
    __table_args__ = (sa.UniqueConstraint("period_id", "teacher_id"),)

    period_id: Mapped[int] = mapped_column(
        sa.ForeignKey("class_period.id", ondelete="CASCADE"), primary_key=True
    )
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), primary_key=True, index=True)
    teacher_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    cohort: Mapped[Cohort] = relationship(lazy="raise_on_sql")
    teacher: Mapped[User] = relationship(lazy="raise_on_sql")


class ClassExchange(Model):
    """A session in which two classes compare and exchange what they found."""

    __tablename__ = "class_exchange"
    __table_args__ = (
        sa.CheckConstraint("first_id <> second_id", name="two"),
        sa.Index("ix_class_exchange_program_id_day", "program_id", "day", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    first_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    second_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    day: Mapped[date]
    topic: Mapped[str] = mapped_column(sa.String(120))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    first: Mapped[Cohort] = relationship(foreign_keys=[first_id], lazy="raise_on_sql")
    second: Mapped[Cohort] = relationship(foreign_keys=[second_id], lazy="raise_on_sql")
    notes: Mapped[list[ClassNote]] = relationship(lazy="raise_on_sql", order_by="ClassNote.id", viewonly=True)


class ClassNote(Model):
    """What one of the two classes took down in an exchange. Never changed; more is a further note."""

    __tablename__ = "class_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(sa.ForeignKey("class_exchange.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


@sa.event.listens_for(ClassMove, "before_update")
@sa.event.listens_for(ClassNote, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What happened or was taken down stays as it was written."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")
