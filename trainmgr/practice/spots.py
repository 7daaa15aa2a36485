"""Spot checks: some logs of each week drawn by chance for the mentor to confirm by a short talk or a look."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import abort, current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.jobs import each_minute
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.practice import honesty
from trainmgr.practice.honesty import SpotResult
from trainmgr.practice.log_models import SpotCheck, SpotDraw
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.periods import WEEK, LogKind, Terms, monday_of
from trainmgr.practice.rules import COUNTED
from trainmgr.practice.terms import terms_by_program
from trainmgr.programs import dues
from trainmgr.programs.actions import require_open
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State, Step, Work

CHECKED = audit.sentence("practice.spot", _l("%(who)s made a spot check of a log of %(what)s: %(result)s"))
DAYS_TO_CHECK = 7
LONGEST_BACK = 120  # days of practice that logs handed in last week may lie back

CHECK = code(
    "spot-checks",
    DueCode(
        step=Step.PRACTICE,
        title=N_n(
            "Confirm one log by a short talk or a look", "Confirm %(amount)s logs by a short talk or a look"
        ),
        hint=N_("drawn by chance among all logs of the week"),
        verb=N_("Open it"),
        endpoint="practice.list_spot_checks",
    ),
)


# --- drawing ---------------------------------------------------------------------------------------


@each_minute
def turn(now: datetime) -> Iterator[int]:
    """Draw among the logs of the past week, once a week for each programme that runs."""
    week = monday_of(local_day(now)) - timedelta(days=WEEK)
    drawn = sa.exists().where(SpotDraw.program_id == Program.id, SpotDraw.week == week)
    programs = db.session.scalars(
        sa.select(Program).where(Program.state == State.RUNNING, ~drawn).order_by(Program.id)
    ).all()
    known = terms_by_program(programs)
    for program in programs:
        if known[program.id].spot_percent:
            yield draw_week(program, week, known[program.id], now=now)


def draw_week(program: Program, week: date, terms: Terms, *, now: datetime) -> int:
    """Draw for every mentor among the logs that were handed to him or her in a week; returns how many were drawn.

    One select and two inserts. The seed is random and kept, so that the drawing can be repeated and nobody foresees it.
    """
    pools = _pools(program, week)
    if not pools:
        return 0
    people = sorted(pools)
    seeds = {key: secrets.token_urlsafe(16) for key in people}
    ids = db.session.scalars(
        sa.insert(SpotDraw).returning(SpotDraw.id, sort_by_parameter_order=True),
        [
            {"program_id": program.id, "week": week, "mentor_id": key, "pool": len(pools[key]),
             "percent": terms.spot_percent, "seed": seeds[key], "at": now}
            for key in people
        ],
    ).all()  # fmt: skip
    due_on = local_day(now) + timedelta(days=DAYS_TO_CHECK)
    checks = [
        {"log_id": log_id, "draw_id": draw_id, "program_id": program.id, "mentor_id": key, "due_on": due_on,
         "note": "", "by_name": ""}
        for draw_id, key in zip(ids, people, strict=True)
        for log_id in honesty.draw(pools[key], terms.spot_percent, seeds[key])
    ]  # fmt: skip
    db.session.execute(sa.insert(SpotCheck), checks)
    renew(program.id, now)
    return len(checks)


def _pools(program: Program, week: date) -> dict[int, list[int]]:
    """The logs that each mentor was handed in a week and that count."""
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    first = datetime(week.year, week.month, week.day, tzinfo=zone)
    rows: Any = db.session.execute(
        sa.select(PracticeLog.signer_id, PracticeLog.id)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(
            PracticeLog.program_id == program.id,
            PracticeLog.day >= week - timedelta(days=LONGEST_BACK),
            PracticeLog.kind == LogKind.PRACTICE,
            PracticeLog.state.in_(COUNTED),
            PracticeLog.signer_id.is_not(None),
            PracticeLog.submitted_at >= first,
            PracticeLog.submitted_at < first + timedelta(days=WEEK),
            Enrolment.state != EnrolmentState.WITHDRAWN,
            ~sa.exists().where(SpotCheck.log_id == PracticeLog.id),
        )
        .order_by(PracticeLog.id)
    )
    found: dict[int, list[int]] = {}
    for signer_id, log_id in rows:
        found.setdefault(signer_id, []).append(log_id)
    return found


# --- reading ---------------------------------------------------------------------------------------


def _checks() -> sa.Select[Any]:
    return (
        sa.select(SpotCheck)
        .join(SpotCheck.log)
        .join(PracticeLog.enrolment)
        .options(
            contains_eager(SpotCheck.log).contains_eager(PracticeLog.enrolment).joinedload(Enrolment.program),
            joinedload(SpotCheck.mentor),
        )
    )


def list_checks(mentor: User, listing: Listing, *, done: bool) -> Page[Any]:
    """Return a page of a mentor's spot checks: those still to do, or those done."""
    statement = _checks().where(
        SpotCheck.mentor_id == mentor.id,
        SpotCheck.result.is_not(None) if done else SpotCheck.result.is_(None),
    )
    orders = {"due": [SpotCheck.due_on, SpotCheck.log_id], "name": [Enrolment.name, SpotCheck.log_id]}
    return paginate(statement, listing, orders=orders, default="due")


def check_or_404(log_id: int, mentor: User) -> SpotCheck:
    """Return a mentor's own spot check of a log, or answer 404."""
    check: SpotCheck | None = db.session.scalars(
        _checks().where(SpotCheck.log_id == log_id, SpotCheck.mentor_id == mentor.id)
    ).one_or_none()
    return check if check is not None else abort(404)


@dataclass(frozen=True)
class Tally:
    """How many logs were drawn in a programme, and what was found in those that were looked at."""

    drawn: int = 0
    confirmed: int = 0
    doubtful: int = 0
    could_not: int = 0

    @property
    def looked_at(self) -> int:
        """How many were looked at or talked about."""
        return self.confirmed + self.doubtful


def tally(program: Program, viewer: User) -> Tally:
    """Count the spot checks of the trainees whom the viewer sees: one statement."""
    rows = db.session.execute(
        sa.select(SpotCheck.result, sa.func.count())
        .join(PracticeLog, PracticeLog.id == SpotCheck.log_id)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(SpotCheck.program_id == program.id, visible_in(program, viewer))
        .group_by(SpotCheck.result)
    )
    counts: dict[SpotResult | None, int] = {row[0]: row[1] for row in rows}
    return Tally(
        sum(counts.values()),
        counts.get(SpotResult.CONFIRMED, 0),
        counts.get(SpotResult.DOUBTFUL, 0),
        counts.get(SpotResult.COULD_NOT, 0),
    )


# --- confirming ------------------------------------------------------------------------------------


def settle(
    program: Program, check: SpotCheck, result: SpotResult, note: str, *, by: User, now: datetime
) -> None:
    """Note what a talk or a look gave; the log itself stays as it is, whatever was found."""
    require_open(program, Work.PRACTICE)
    require(
        note or result is SpotResult.CONFIRMED,
        _("Say in a few words what you found, or why it was not possible."),
    )
    db.session.refresh(check, ["result"], with_for_update=True)
    if check.result is not None:
        raise Conflict(_("This spot check was made already. Nothing was changed."))
    check.result, check.note, check.done_at = result, note, now
    check.by_id, check.by_name = by.id, by.name
    db.session.flush()
    audit.record(
        CHECKED, "spot_check", by=by, now=now, program_id=program.id, name=check.log.enrolment.name,
        result={"msgid": RESULT_MSGIDS[result]}, log=check.log_id,
    )  # fmt: skip
    renew(program.id, now, [by.id])


RESULT_MSGIDS = {
    SpotResult.CONFIRMED: N_("it was as the log says"),
    SpotResult.DOUBTFUL: N_("doubtful"),
    SpotResult.COULD_NOT: N_("could not be checked"),
}


def follow(program_id: int, by_mentor: Mapping[int | None, list[int]], side: Side, now: datetime) -> None:
    """Hand the open spot checks of trainees to the mentors who now guide them on a side."""
    is_open = sa.and_(SpotCheck.program_id == program_id, SpotCheck.result.is_(None))
    if db.session.scalar(sa.select(SpotCheck.log_id).where(is_open).limit(1)) is None:
        return
    for user_id, enrolment_ids in by_mentor.items():
        for start in range(0, len(enrolment_ids) if user_id is not None else 0, 500):
            logs = sa.select(PracticeLog.id).where(
                PracticeLog.enrolment_id.in_(enrolment_ids[start : start + 500]), PracticeLog.side == side
            )
            db.session.execute(
                sa.update(SpotCheck).where(is_open, SpotCheck.log_id.in_(logs)).values(mentor_id=user_id),
                execution_options={"synchronize_session": False},
            )
    renew(program_id, now)


def renew(program_id: int, now: datetime, mentor_ids: Collection[int] | None = None) -> None:
    """Count the spot checks that wait for each mentor: one select and the statements of `put_many`."""
    statement = (
        sa.select(SpotCheck.mentor_id, sa.func.count(), sa.func.min(SpotCheck.due_on))
        .join(PracticeLog, PracticeLog.id == SpotCheck.log_id)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(
            SpotCheck.program_id == program_id,
            SpotCheck.result.is_(None),
            Enrolment.state != EnrolmentState.WITHDRAWN,
        )
        .group_by(SpotCheck.mentor_id)
    )
    if mentor_ids is not None:
        statement = statement.where(SpotCheck.mentor_id.in_(mentor_ids))
    lines = {
        row[0]: Line(user_id=row[0], amount=row[1], due_on=row[2]) for row in db.session.execute(statement)
    }
    idle = [Line(user_id=key, amount=0) for key in mentor_ids or () if key not in lines]
    dues.put_many(
        CHECK,
        [*lines.values(), *idle],
        program_id=program_id,
        visible_from=local_day(now),
        replace=mentor_ids is None,
    )
