"""Looking for who may need help: the records of everybody in three selects, the rules, the signs kept up to date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.attendance.models import AttendanceTally
from trainmgr.enrolment.hooks import Change, after_leaving, after_return
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import IN_TRAINING
from trainmgr.guidance import owed
from trainmgr.guidance.models import GuidanceSetting, RiskRuleRow, RiskSign, SignState
from trainmgr.guidance.plan_models import StudyPlan, StudyTask
from trainmgr.guidance.risk import FRESH, Record, RiskCode, RiskRule, Sign, Span, look, rules_from
from trainmgr.guidance.signs import Key, insert_signs, known_signs, refresh_signs
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.practice.away import days_away
from trainmgr.practice.gate_models import RemedialTask, TaskState
from trainmgr.practice.models import GateDecision, GateOutcome, LogState, PracticeLog
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.testing.models import Attempt, Participant, Sitting

LOOKED = audit.sentence(
    "guidance.look", _l("%(who)s looked for trainees who may need help: %(found)s new, %(gone)s no longer so")
)
PEOPLE = 5_000  # so many trainees' signs are written before anybody else may write


def rules_of(program_id: int) -> dict[RiskCode, RiskRule]:
    """Return the rules that hold in a programme: its own last ones, else the usual ones."""
    rows = db.session.scalars(
        sa.select(RiskRuleRow).where(RiskRuleRow.program_id == program_id).order_by(RiskRuleRow.id)
    )
    return rules_from(RiskRule(row.code, row.limit, row.enabled) for row in rows)


# --- the records ----------------------------------------------------------------------------------------------


def _last_logs(program_id: int) -> sa.Subquery:
    return (
        sa.select(PracticeLog.enrolment_id, sa.func.max(PracticeLog.day).label("day"))
        .where(PracticeLog.program_id == program_id, PracticeLog.state != LogState.DRAFT)
        .group_by(PracticeLog.enrolment_id)
        .subquery()
    )


def _failed(program_id: int) -> sa.Subquery:
    """The open loop of each trainee with how often the same gate was judged so."""
    return (
        sa.select(
            GateDecision.enrolment_id,
            sa.func.max(GateDecision.attempt).label("failed"),
            sa.func.max(GateDecision.stage_number).label("stage"),
        )
        .where(
            GateDecision.program_id == program_id,
            GateDecision.is_latest,
            GateDecision.outcome == GateOutcome.REMEDIAL,
        )
        .group_by(GateDecision.enrolment_id)
        .subquery()
    )


def _tests(program_id: int) -> sa.Subquery:
    place = sa.func.row_number().over(
        partition_by=Participant.enrolment_id, order_by=(Attempt.ended_at.desc(), Attempt.id.desc())
    )
    ranked = (
        sa.select(Participant.enrolment_id, Attempt.points, Attempt.possible, place.label("place"))
        .select_from(Attempt)
        .join(Participant, Participant.id == Attempt.participant_id)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(
            Sitting.program_id == program_id,
            Sitting.cancelled_at.is_(None),
            Attempt.counts,
            Attempt.waiting == 0,
            Participant.enrolment_id.is_not(None),
        )
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.place == 1).subquery()


def _overdue(program_id: int) -> sa.Subquery:
    remedial = (
        sa.select(RemedialTask.enrolment_id, RemedialTask.due_on)
        .join(GateDecision, GateDecision.id == RemedialTask.decision_id)
        .where(
            RemedialTask.program_id == program_id,
            RemedialTask.state == TaskState.OPEN,
            GateDecision.is_latest,
        )
    )
    planned = (
        sa.select(StudyPlan.enrolment_id, StudyTask.due_on)
        .join(StudyPlan, sa.and_(StudyPlan.id == StudyTask.plan_id, StudyPlan.revision == StudyTask.revision))
        .where(StudyPlan.program_id == program_id, StudyPlan.closed_at.is_(None), StudyTask.done_on.is_(None))
    )
    both = sa.union_all(remedial, planned).subquery()
    return (
        sa.select(both.c.enrolment_id, sa.func.min(both.c.due_on).label("due_on"))
        .group_by(both.c.enrolment_id)
        .subquery()
    )


def _returns(program_id: int, today: date) -> sa.Subquery:
    """Who came back lately, as the hook noted it; a sign of that kind is its own record."""
    return (
        sa.select(RiskSign.enrolment_id, sa.func.max(RiskSign.found_on).label("day"))
        .where(
            RiskSign.program_id == program_id,
            RiskSign.code == RiskCode.RETURNED,
            RiskSign.found_on > today - FRESH * 6,
        )
        .group_by(RiskSign.enrolment_id)
        .subquery()
    )


def records_of(program: Program, today: date) -> Iterator[tuple[int, Record]]:
    """Yield what is recorded of everybody in training: three statements, whatever their number."""
    away = days_away(program.id, program.starts_on or date.min, today)
    logs, failed, tests = _last_logs(program.id), _failed(program.id), _tests(program.id)
    overdue, returns = _overdue(program.id), _returns(program.id, today)
    statement = sa.select(
        Enrolment.id, Enrolment.enrolled_on, Enrolment.submitted_minutes, Enrolment.planned_minutes,
        AttendanceTally.present, AttendanceTally.late, AttendanceTally.absent,
        logs.c.day.label("last_log"), failed.c.failed, failed.c.stage, tests.c.points, tests.c.possible,
        overdue.c.due_on, returns.c.day.label("came_back"),
    ).outerjoin(AttendanceTally, AttendanceTally.enrolment_id == Enrolment.id)  # fmt: skip
    for table in (logs, failed, tests, overdue, returns):
        statement = statement.outerjoin(table, table.c.enrolment_id == Enrolment.id)
    rows = db.session.execute(
        statement.where(Enrolment.program_id == program.id, Enrolment.state.in_(IN_TRAINING)).order_by(
            Enrolment.id
        )
    )
    for row in rows:
        yield row.id, _record(row, program, away.get(row.id, frozenset()))


def _record(row: Any, program: Program, away: frozenset[date]) -> Record:
    attended = (row.present or 0) + (row.late or 0)
    return Record(
        attended=attended,
        expected=attended + (row.absent or 0),
        last_log=row.last_log,
        began=max(row.enrolled_on, program.starts_on) if program.starts_on else row.enrolled_on,
        failed=row.failed or 0,
        failed_stage=row.stage or 0,
        handed_in=row.submitted_minutes,
        planned=row.planned_minutes,
        points=None if row.points is None else Decimal(str(row.points)),
        possible=None if row.possible is None else Decimal(str(row.possible)),
        oldest_due=row.due_on,
        came_back=row.came_back,
        away=away,
    )


# --- the signs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """How far a look is: trainees gone through of all, and the signs new and no longer so since the piece before."""

    done: int
    total: int
    new: int = 0
    gone: int = 0
    last: bool = False


def look_at(program: Program, *, by: Actor | None, now: datetime) -> tuple[int, int]:
    """Bring a programme's signs up to date; returns how many are new and how many are no longer so.

    An open sign gets its new figures, one that is being helped or keeps quiet is left alone, and what no rule says
    any more goes.
    """
    pieces = list(look_in_pieces(program, by=by, now=now))
    return sum(piece.new for piece in pieces), sum(piece.gone for piece in pieces)


def look_in_pieces(
    program: Program, *, by: Actor | None, now: datetime, before: tuple[int, int] = (0, 0)
) -> Iterator[Piece]:
    """Bring a programme's signs up to date piece by piece; whoever asks may commit after each, and begin anew.

    `before` is what an earlier, broken-off run found and ended; the audit trail is told the whole with the last piece.
    """
    today = local_day(now)
    people, found = _found_in(program, today)
    known = known_signs(program.id, today)
    left = {key[0] for key in known} - people.keys()
    everyone, total = [*left, *people], len(people)
    new, gone = before
    yield Piece(0, total)
    for start in range(0, len(everyone), PEOPLE):
        some = dict.fromkeys(everyone[start : start + PEOPLE])
        # Coming back is an event: its sign begins with the return (welcome_back), never with a look.
        fresh = {
            key: sign
            for key, sign in found.items()
            if key[0] in some and key not in known and key[1] is not RiskCode.RETURNED
        }
        insert_signs(program.id, fresh, today)
        ended = refresh_signs(known, found, some, today)
        new, gone = new + len(fresh), gone + ended
        yield Piece(min(start + PEOPLE, total), total, len(fresh), ended)
    _note(program.id, today)
    audit.record(
        LOOKED, program, by=by, now=now, program_id=program.id, name=program.name, found=new, gone=gone
    )
    owed.renew_signs(program, now)
    yield Piece(total, total, last=True)


def _found_in(program: Program, today: date) -> tuple[dict[int, None], dict[Key, Sign]]:
    """Return everybody in training, in order, and what the rules say of them."""
    rules, span = rules_of(program.id), Span(program.starts_on, program.ends_on)
    people: dict[int, None] = {}
    found: dict[Key, Sign] = {}
    for enrolment_id, record in records_of(program, today):
        people[enrolment_id] = None
        found.update({(enrolment_id, sign.code): sign for sign in look(record, rules, span, today)})
    return people, found


def _note(program_id: int, today: date) -> None:
    row = db.session.get(GuidanceSetting, program_id)
    if row is None:
        row = GuidanceSetting(program_id=program_id)
        db.session.add(row)
    row.looked_on = today
    db.session.flush()


@each_minute
def look_nightly(now: datetime) -> Iterator[int]:
    """Look once a day at each running programme that was not looked at yet today, in pieces."""
    today = local_day(now)
    due = db.session.scalars(
        sa.select(Program.id)
        .outerjoin(GuidanceSetting, GuidanceSetting.program_id == Program.id)
        .where(
            Program.state == State.RUNNING,
            sa.or_(GuidanceSetting.looked_on.is_(None), GuidanceSetting.looked_on < today),
        )
        .order_by(Program.id)
    ).all()
    for program_id in due:
        for piece in look_in_pieces(db.session.get_one(Program, program_id), by=None, now=now):
            yield piece.done


# --- when trainees leave or come back ------------------------------------------------------------------------------


@after_leaving
def forget_leavers(change: Change) -> None:
    """Nothing is asked of trainees who left; their open signs go."""
    db.session.flush()
    db.session.execute(
        sa.update(RiskSign)
        .where(RiskSign.enrolment_id.in_(list(change.enrolment_ids)), RiskSign.state == SignState.OPEN)
        .values(state=SignState.GONE, seen_on=change.day),
        execution_options={"synchronize_session": False},
    )
    owed.renew_all(db.session.get_one(Program, change.program_id), change.now)


@after_return
def welcome_back(change: Change) -> None:
    """Somebody looks in with whoever came back."""
    db.session.flush()
    rule = rules_of(change.program_id)[RiskCode.RETURNED]
    if rule.enabled:
        open_ = set(
            db.session.scalars(
                sa.select(RiskSign.enrolment_id).where(
                    RiskSign.enrolment_id.in_(list(change.enrolment_ids)),
                    RiskSign.code == RiskCode.RETURNED,
                    RiskSign.state == SignState.OPEN,
                )
            )
        )
        sign = Sign(RiskCode.RETURNED, {"figure": 0, "limit": int(rule.limit)})
        fresh = {(key, RiskCode.RETURNED): sign for key in change.enrolment_ids if key not in open_}
        insert_signs(change.program_id, fresh, change.day)
    owed.renew_all(db.session.get_one(Program, change.program_id), change.now)
