"""What stands beside logs: a programme's terms, days opened again, comments, signs worth a question, spot checks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.honesty import HintKind, SpotResult
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.periods import BACK_DAYS, DAY_LIMIT, SPOT_PERCENT

__all__ = [
    "HintKind", "LogBand", "LogComment", "LogHint", "LogOpening", "LogReading", "PracticeTerms", "SpotCheck",
    "SpotDraw", "SpotResult",
]  # fmt: skip


class PracticeTerms(Model):
    """How a programme keeps logs where it decided otherwise than its pathway (see periods.Terms)."""

    __tablename__ = "practice_terms"
    __table_args__ = (
        sa.CheckConstraint("back_days BETWEEN 0 AND 60", name="back_days"),
        sa.CheckConstraint("day_limit BETWEEN 60 AND 1440", name="day_limit"),
        sa.CheckConstraint("spot_percent BETWEEN 0 AND 100", name="spot_percent"),
    )

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    frequency: Mapped[LogFrequency] = mapped_column(choice(LogFrequency), default=LogFrequency.WEEKLY)
    back_days: Mapped[int] = mapped_column(default=BACK_DAYS)
    day_limit: Mapped[int] = mapped_column(default=DAY_LIMIT)
    spot_percent: Mapped[int] = mapped_column(default=SPOT_PERCENT)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class LogOpening(OfCollege, Model, by="enrolment_id", above="enrolment"):
    """Past days of which a trainee may still hand logs in, until a day, with the reason. Never changed."""

    __tablename__ = "log_opening"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.Index("ix_log_opening_enrolment_id_until", "enrolment_id", "until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class LogComment(OfCollege, Model, by="log_id", above="practice_log"):
    """One line of the talk under a log. Never changed; its author may withdraw it, and that it was said stays."""

    __tablename__ = "log_comment"
    __table_args__ = (sa.Index("ix_log_comment_log_id", "log_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int]
    text: Mapped[str] = mapped_column(sa.String(500))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LogReading(OfCollege, Model, by="log_id", above="practice_log"):
    """Who takes part in the talk under a log, and up to which comment he or she has read."""

    __tablename__ = "log_reading"
    __table_args__ = (sa.Index("ix_log_reading_user_id_unread", "user_id", "unread"),)

    log_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True)
    unread: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LogBand(OfCollege, Model):
    """One value under which a log's text is found when another resembles it (see honesty.bands)."""

    __tablename__ = "log_band"

    program_id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(sa.ForeignKey("practice_log.id"), primary_key=True)


class LogHint(OfCollege, Model, by="log_id", above="practice_log"):
    """A sign in a log that may be worth a question; it changes no state. Whoever looked puts it aside with a note."""

    __tablename__ = "log_hint"
    __table_args__ = (
        sa.UniqueConstraint("log_id", "kind"),
        sa.CheckConstraint("(dismissed_at IS NULL) = (dismissed_by_id IS NULL)", name="dismissed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int]
    kind: Mapped[HintKind] = mapped_column(choice(HintKind))
    other_id: Mapped[int | None] = mapped_column(sa.ForeignKey("practice_log.id"))
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    dismissed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    dismissed_by: Mapped[str] = mapped_column(sa.String(80), default="")
    note: Mapped[str] = mapped_column(sa.String(200), default="")


class SpotDraw(Model):
    """One drawing of spot checks: from how many logs that a mentor was handed in a week, by which seed."""

    __tablename__ = "spot_draw"
    __table_args__ = (sa.UniqueConstraint("program_id", "week", "mentor_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    week: Mapped[date]
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    pool: Mapped[int]
    percent: Mapped[int]
    seed: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SpotCheck(OfCollege, Model):
    """One log drawn for a short talk or a look, and what the mentor found (None: still to do)."""

    __tablename__ = "spot_check"
    __table_args__ = (
        sa.CheckConstraint("(result IS NULL) = (done_at IS NULL)", name="done"),
        sa.Index("ix_spot_check_mentor_id_result", "mentor_id", "result"),
        sa.Index("ix_spot_check_program_id_result", "lead_college_id", "program_id", "result"),
    )

    log_id: Mapped[int] = mapped_column(sa.ForeignKey("practice_log.id"), primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("spot_draw.id"), index=True)
    program_id: Mapped[int]
    mentor_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    due_on: Mapped[date]
    result: Mapped[SpotResult | None] = mapped_column(choice(SpotResult))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80), default="")

    log: Mapped[PracticeLog] = relationship(lazy="raise_on_sql")
    draw: Mapped[SpotDraw] = relationship(lazy="raise_on_sql")
    mentor: Mapped[User] = relationship(foreign_keys=[mentor_id], lazy="raise_on_sql")


@sa.event.listens_for(LogOpening, "before_update")
@sa.event.listens_for(SpotDraw, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What was opened and drawn stays as it was written."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")


@sa.event.listens_for(LogComment, "before_update")
def refuse_change_of_words(mapper: object, connection: object, comment: LogComment) -> None:
    """What was said stays as it was said; only that it was withdrawn is added."""
    facts = sa.inspect(comment)
    if any(facts.attrs[name].history.has_changes() for name in ("text", "by_id", "by_name", "at", "log_id")):
        raise AssertionError(f"comment {comment.id} is never changed")


def present_of(enrolment: Enrolment) -> set[int]:
    """Return who talks under a trainee's logs: the trainee and the present mentors of both sides."""
    people = (enrolment.user_id, enrolment.school_teacher_id, enrolment.enterprise_mentor_id)
    return {key for key in people if key is not None}
