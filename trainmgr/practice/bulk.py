"""Very many logs and judgements at once, for demo cases, the bench and takeovers from elsewhere.

Rows go in as they are, past the rules; `recount` then brings tallies, inboxes and the step into agreement with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.kernel.db import db
from trainmgr.practice import owed
from trainmgr.practice.gate_models import RemedialTask
from trainmgr.practice.gating import TaskState
from trainmgr.practice.models import (
    GateDecision,
    GateOutcome,
    LogCompetency,
    LogDecision,
    LogDecisionKind,
    LogState,
    PracticeLog,
)
from trainmgr.practice.rules import COUNTED
from trainmgr.programs.rules import Side, Step
from trainmgr.programs.thread import refresh

CHUNK = 1000


@dataclass(frozen=True)
class BulkLog:
    """One log as it is to stand; a signed or returned one needs who decided and when."""

    program_id: int
    enrolment_id: int
    stage_number: int
    day: date
    minutes: int
    task: str
    learned: str
    submitted_at: datetime
    state: LogState = LogState.SUBMITTED
    side: Side = Side.ENTERPRISE
    signer_id: int | None = None
    module_id: int | None = None
    competency_ids: tuple[int, ...] = ()
    decided_by: tuple[int, str] | None = None  # user id and name
    decided_at: datetime | None = None
    comment: str = ""


@dataclass(frozen=True)
class BulkGate:
    """One judgement as it is to stand; of several attempts only the last is the latest."""

    program_id: int
    enrolment_id: int
    stage_number: int
    outcome: GateOutcome
    decided_by: tuple[int, str]
    at: datetime
    attempt: int = 1
    is_latest: bool = True
    task: str = ""
    due_on: date | None = None
    done_on: date | None = None


def _pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    source = iter(rows)
    while piece := list(islice(source, CHUNK)):
        yield piece


def insert_logs(rows: Iterable[BulkLog]) -> int:
    """Write logs with their competencies and decisions, a thousand at a time; returns how many."""
    written = 0
    for piece in _pieces(rows):
        ids = db.session.scalars(
            sa.insert(PracticeLog).returning(PracticeLog.id, sort_by_parameter_order=True),
            [_log(row) for row in piece],
        ).all()
        decisions = [_decision(key, row) for key, row in zip(ids, piece, strict=True) if row.decided_by]
        practised = [
            {"log_id": key, "competency_id": competency_id}
            for key, row in zip(ids, piece, strict=True)
            for competency_id in row.competency_ids
        ]
        if decisions:
            db.session.execute(sa.insert(LogDecision), decisions)
        if practised:
            db.session.execute(sa.insert(LogCompetency), practised)
        written += len(piece)
    return written


def _log(row: BulkLog) -> dict[str, Any]:
    return {
        "program_id": row.program_id, "enrolment_id": row.enrolment_id, "stage_number": row.stage_number,
        "module_id": row.module_id, "day": row.day, "minutes": row.minutes, "task": row.task, "learned": row.learned,
        "state": row.state, "side": row.side, "signer_id": row.signer_id, "submitted_at": row.submitted_at,
        "created_at": row.submitted_at, "version": 1,
    }  # fmt: skip


def _decision(log_id: int, row: BulkLog) -> dict[str, Any]:
    user_id, name = row.decided_by or (0, "")
    kind = LogDecisionKind.SIGN if row.state is LogState.SIGNED else LogDecisionKind.RETURN
    return {
        "log_id": log_id, "kind": kind, "comment": row.comment, "by_id": user_id, "by_name": name,
        "at": row.decided_at or row.submitted_at,
    }  # fmt: skip


def insert_gates(rows: Iterable[BulkGate]) -> int:
    """Write judgements at gates, each remedial one with its task; returns how many."""
    written = 0
    for piece in _pieces(rows):
        ids = db.session.scalars(
            sa.insert(GateDecision).returning(GateDecision.id, sort_by_parameter_order=True),
            [_gate(row) for row in piece],
        ).all()
        tasks = [_task(key, row) for key, row in zip(ids, piece, strict=True) if row.task and row.due_on]
        if tasks:
            db.session.execute(sa.insert(RemedialTask), tasks)
        written += len(piece)
    return written


def _task(decision_id: int, row: BulkGate) -> dict[str, Any]:
    return {
        "program_id": row.program_id, "enrolment_id": row.enrolment_id, "decision_id": decision_id, "position": 1,
        "what": row.task, "due_on": row.due_on, "version": 1,
        "state": TaskState.ACCEPTED if row.done_on else TaskState.OPEN,
    }  # fmt: skip


def _gate(row: BulkGate) -> dict[str, Any]:
    return {
        "program_id": row.program_id, "enrolment_id": row.enrolment_id, "stage_number": row.stage_number,
        "attempt": row.attempt, "is_latest": row.is_latest, "outcome": row.outcome, "comment": "",
        "remedial_task": row.task, "remedial_due_on": row.due_on, "remedial_done_on": row.done_on,
        "findings": [], "waiver": "",
        "by_id": row.decided_by[0], "by_name": row.decided_by[1], "at": row.at,
    }  # fmt: skip


def recount(program_id: int, *, now: datetime) -> None:
    """Compute all tallies, remedial states and inboxes of a programme from its logs and judgements."""
    db.session.flush()

    def minutes(*states: LogState) -> Any:
        total = sa.select(sa.func.coalesce(sa.func.sum(PracticeLog.minutes), 0))
        return total.where(
            PracticeLog.enrolment_id == Enrolment.id, PracticeLog.state.in_(states)
        ).scalar_subquery()

    quietly = {"synchronize_session": False}
    db.session.execute(
        sa.update(Enrolment)
        .where(Enrolment.program_id == program_id)
        .values(submitted_minutes=minutes(*COUNTED), verified_minutes=minutes(LogState.SIGNED)),
        execution_options=quietly,
    )
    in_loop = sa.exists().where(
        GateDecision.enrolment_id == Enrolment.id,
        GateDecision.is_latest,
        GateDecision.outcome == GateOutcome.REMEDIAL,
    )
    db.session.execute(
        sa.update(Enrolment)
        .where(Enrolment.program_id == program_id, owed.IN_TRAINING)
        .values(state=sa.case((in_loop, EnrolmentState.REMEDIAL.value), else_=EnrolmentState.TRAINING.value)),
        execution_options=quietly,
    )
    for thing in [row for row in db.session.identity_map.values() if isinstance(row, Enrolment)]:
        db.session.expire(thing)
    owed.renew_all(program_id, now)
    refresh(program_id, Step.PRACTICE, now=now)
