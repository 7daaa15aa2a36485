"""What the calendar of a class and of a person stands on: when units begin, a class's own blocks, private addresses."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Cohort
from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime

__all__ = ["BellTimes", "CalendarFeed", "ClassBlock"]


class BellTimes(Model):
    """When the twelve units of the day begin at an organisation's place: `starts` is 12 texts such as "08:50"."""

    __tablename__ = "bell_times"

    organization_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organization.id"), primary_key=True, autoincrement=False
    )
    starts: Mapped[list[str]] = mapped_column(sa.JSON)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class ClassBlock(Model):
    """The days of a stage for one class, where the plan leaves them open or the class goes at another time."""

    __tablename__ = "class_block"
    __table_args__ = (sa.CheckConstraint("ends_on >= starts_on", name="dates"),)

    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), primary_key=True, autoincrement=False)
    stage_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    cohort: Mapped[Cohort] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class CalendarFeed(Model):
    """Somebody's calendar to subscribe to: only the digest of its private address is kept."""

    __tablename__ = "calendar_feed"
    __table_args__ = (sa.UniqueConstraint("token_digest"),)

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("user_account.id"), primary_key=True, autoincrement=False
    )
    token_digest: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
