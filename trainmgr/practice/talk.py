"""The talk under a log between the trainee, the mentors of both sides and staff; who has not read what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.practice.log_models import LogComment, LogReading, present_of
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs import dues
from trainmgr.programs.actions import require_open
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work

WITHDRAWN = audit.sentence("practice.withdraw", _l("%(who)s withdrew a comment under a log of %(what)s"))
DAYS_TO_READ = 7
MOST_SHOWN = 200

UNREAD = code(
    "log-comments",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Read new comments under one log", "Read new comments under %(amount)s logs"),
        hint=N_("somebody asks or answers"),
        verb=N_("Read"),
        endpoint="practice.list_unread",
    ),
)


def comments_of(log: PracticeLog, reader: User) -> tuple[list[LogComment], int]:
    """Return what was said last under a log in its order, and how many lines the reader has not read."""
    mine = sa.and_(LogReading.log_id == LogComment.log_id, LogReading.user_id == reader.id)
    rows = db.session.execute(
        sa.select(LogComment, sa.func.coalesce(LogReading.unread, 0))
        .outerjoin(LogReading, mine)
        .where(LogComment.log_id == log.id)
        .order_by(LogComment.id.desc())
        .limit(MOST_SHOWN)
    ).all()
    return [row[0] for row in reversed(rows)], rows[0][1] if rows else 0


def comment(program: Program, log: PracticeLog, text: str, *, by: User, now: datetime) -> LogComment:
    """Say something under a log that was handed in; the others who take part are told."""
    require_open(program, Work.PRACTICE)
    require(log.state is not LogState.DRAFT, _("The talk begins when the log is handed in."))
    row = LogComment(log_id=log.id, text=text, by_id=by.id, by_name=by.name, at=now)
    db.session.add(row)
    _tell(program, log, log.enrolment, by, now)
    return row


def _tell(program: Program, log: PracticeLog, enrolment: Enrolment, by: User, now: datetime) -> None:
    """Count the new comment for everybody else who takes part and still may; whoever speaks has read."""
    readings = {
        one.user_id: one
        for one in db.session.scalars(
            sa.select(LogReading)
            .where(LogReading.log_id == log.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    present = present_of(enrolment) | {by.id}
    present |= _still_see(program, enrolment, set(readings) - present)
    for user_id in sorted(present):
        one = readings.get(user_id)
        if one is None:
            one = readings[user_id] = LogReading(log_id=log.id, user_id=user_id, unread=0)
            db.session.add(one)
        one.unread = 0 if user_id == by.id else one.unread + 1
        one.since = None if user_id == by.id else one.since or now
    db.session.flush()
    renew(log.program_id, now, list(readings))


def _still_see(program: Program, enrolment: Enrolment, user_ids: Collection[int]) -> set[int]:
    """Return who of some people may still see a trainee: staff do, a former mentor does not."""
    people = db.session.scalars(
        sa.select(User).where(User.id.in_(user_ids)).options(selectinload(User.memberships))
    )
    here = sa.select(Enrolment.id).where(Enrolment.id == enrolment.id)
    return {one.id for one in people if db.session.scalar(here.where(visible_in(program, one))) is not None}


def withdraw(program: Program, log: PracticeLog, comment_id: int, *, by: User, now: datetime) -> None:
    """Withdraw one's own comment: its words are no longer shown, that something was said stays."""
    row = db.session.get(LogComment, comment_id)
    require(row is not None and row.log_id == log.id, _("This comment does not stand here."))
    assert row is not None
    require(row.by_id == by.id, _("Only whoever wrote a comment withdraws it."))
    if row.withdrawn_at is None:
        row.withdrawn_at = now
        audit.record(WITHDRAWN, row, by=by, now=now, program_id=program.id, name=log.enrolment.name)


def mark_read(log: PracticeLog, *, by: User, now: datetime) -> None:
    """Note that a person has read everything under a log."""
    row = db.session.get(LogReading, (log.id, by.id))
    if row is not None and row.unread:
        row.unread, row.since = 0, None
        db.session.flush()
        renew(log.program_id, now, [by.id])


def forget_former(program_id: int, enrolment_ids: Sequence[int], now: datetime) -> None:
    """Ask nobody to read on who does not guide a trainee any more."""
    waits = sa.select(LogReading.log_id).join(PracticeLog, PracticeLog.id == LogReading.log_id)
    waits = waits.where(PracticeLog.program_id == program_id, LogReading.unread > 0)
    if db.session.scalar(waits.limit(1)) is None:
        return
    for start in range(0, len(enrolment_ids), 500):
        logs = (
            sa.select(PracticeLog.id)
            .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
            .where(
                Enrolment.id.in_(enrolment_ids[start : start + 500]),
                LogReading.user_id != Enrolment.user_id,
                LogReading.user_id != sa.func.coalesce(Enrolment.school_teacher_id, 0),
                LogReading.user_id != sa.func.coalesce(Enrolment.enterprise_mentor_id, 0),
            )
        )
        db.session.execute(
            sa.update(LogReading)
            .where(LogReading.unread > 0, LogReading.log_id.in_(logs.correlate(LogReading)))
            .values(unread=0, since=None),
            execution_options={"synchronize_session": False},
        )
    renew(program_id, now)


def renew(program_id: int, now: datetime, user_ids: Collection[int] | None = None) -> None:
    """Count the logs with comments that people have not read yet: one select and the statements of `put_many`."""
    statement = (
        sa.select(LogReading.user_id, sa.func.count(), sa.func.min(LogReading.since))
        .join(PracticeLog, PracticeLog.id == LogReading.log_id)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(
            PracticeLog.program_id == program_id,
            LogReading.unread > 0,
            Enrolment.state != EnrolmentState.WITHDRAWN,
        )
        .group_by(LogReading.user_id)
    )
    if user_ids is not None:
        statement = statement.where(LogReading.user_id.in_(user_ids))
    found: Any = db.session.execute(statement)
    lines = {
        row[0]: Line(user_id=row[0], amount=row[1], due_on=local_day(row[2]) + timedelta(days=DAYS_TO_READ))
        for row in found
    }
    idle = [Line(user_id=key, amount=0) for key in user_ids or () if key not in lines]
    dues.put_many(
        UNREAD,
        [*lines.values(), *idle],
        program_id=program_id,
        visible_from=local_day(now),
        replace=user_ids is None,
    )
