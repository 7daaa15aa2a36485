"""What is recorded of trainees against the conditions of a gate, for one or for fifty thousand in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from math import ceil
from typing import Any

import sqlalchemy as sa

from trainmgr.attendance.models import AttendanceTally
from trainmgr.bank.models import Instrument, InstrumentVersion, Item, PaperItem
from trainmgr.bank.rules import ItemKind
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_minutes
from trainmgr.practice.gate_models import GateCondition
from trainmgr.practice.gating import Condition, ConditionKind, Finding, Measure, Met, findings, in_force
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting

K = ConditionKind


@dataclass(frozen=True)
class Source:
    """Where a figure comes from: a table of one row a trainee, with what was reached of what there is."""

    table: sa.Subquery
    part: Any
    whole: Any


class Scope:
    """What is measured: a stage of a programme, of everybody or only of some trainees."""

    def __init__(self, program_id: int, stage: int, only: Sequence[int] | None = None) -> None:
        self.program_id, self.stage, self._only = program_id, stage, only

    def of(self, statement: Any, column: Any) -> Any:
        """Leave the trainees who are asked for."""
        return statement if self._only is None else statement.where(column.in_(self._only))

    @cached_property
    def logs(self) -> sa.Subquery:
        """Each trainee's logs of the stage: verified minutes, how many signed, how many handed in."""
        return _logs(self)


Maker = Callable[[Scope, Condition], Source]


def versions_of(program_id: int, stage: int | None = None) -> list[GateCondition]:
    """Return every version of a programme's conditions (of one stage), the newest first."""
    statement = sa.select(GateCondition).where(GateCondition.program_id == program_id)
    if stage is not None:
        statement = statement.where(GateCondition.stage_number == stage)
    newest = statement.order_by(GateCondition.stage_number, GateCondition.valid_from.desc(), GateCondition.id)
    return list(db.session.scalars(newest))


def conditions_of(program_id: int, stage: int, day: date) -> list[Condition]:
    """Return what the gate of a stage asks for on a day: one statement."""
    return in_force([one.value for one in versions_of(program_id, stage)], day)


# --- where the figures come from -----------------------------------------------------------------------


def _logs(scope: Scope) -> sa.Subquery:
    def those(value: Any, *states: LogState) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((PracticeLog.state.in_(states), value), else_=0)), 0)

    statement = (
        sa.select(
            PracticeLog.enrolment_id,
            those(PracticeLog.minutes, LogState.SIGNED).label("minutes"),
            those(1, LogState.SIGNED).label("signed"),
            those(1, LogState.SIGNED, LogState.SUBMITTED, LogState.RETURNED).label("handed_in"),
        )
        .where(PracticeLog.program_id == scope.program_id, PracticeLog.stage_number == scope.stage)
        .group_by(PracticeLog.enrolment_id)
    )
    return scope.of(statement, PracticeLog.enrolment_id).subquery()


def _hours(scope: Scope, condition: Condition) -> Source:
    return Source(scope.logs, scope.logs.c.minutes, sa.null())


def _signed(scope: Scope, condition: Condition) -> Source:
    return Source(scope.logs, scope.logs.c.signed, scope.logs.c.handed_in)


def _attendance(scope: Scope, condition: Condition) -> Source:
    """Attended of expected, over everything noted so far; the excused count on neither side."""
    attended = AttendanceTally.present + AttendanceTally.late
    statement = sa.select(
        AttendanceTally.enrolment_id,
        attended.label("attended"),
        (attended + AttendanceTally.absent).label("expected"),
    )
    table = scope.of(statement, AttendanceTally.enrolment_id).subquery()
    return Source(table, table.c.attended, table.c.expected)


def _last(rows: sa.Subquery) -> sa.Subquery:
    """Leave of each trainee's tests the one that ended last."""
    place = sa.func.row_number().over(
        partition_by=rows.c.enrolment_id, order_by=(rows.c.ended_at.desc(), rows.c.id.desc())
    )
    ranked = sa.select(rows, place.label("place")).subquery()
    return sa.select(ranked).where(ranked.c.place == 1).subquery()


def _attempts(scope: Scope, condition: Condition, *columns: Any) -> sa.Select[Any]:
    statement = (
        sa.select(Participant.enrolment_id, Attempt.id, Attempt.ended_at, *columns)
        .select_from(Attempt)
        .join(Participant, Participant.id == Attempt.participant_id)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(
            Sitting.program_id == scope.program_id,
            Sitting.cancelled_at.is_(None),
            Attempt.counts,
            Participant.enrolment_id.is_not(None),
        )
    )
    statement = scope.of(statement, Participant.enrolment_id)
    if condition.instrument_id is None:
        return statement
    return statement.join(InstrumentVersion, InstrumentVersion.id == Sitting.version_id).where(
        InstrumentVersion.instrument_id == condition.instrument_id
    )


def _test(scope: Scope, condition: Condition) -> Source:
    rows = _attempts(scope, condition, Attempt.points, Attempt.possible, Attempt.waiting).subquery()
    last = _last(rows)
    return Source(last, last.c.points, sa.case((last.c.waiting == 0, last.c.possible)))


def _practical(scope: Scope, condition: Condition) -> Source:
    """What a judge saw done, of what the checklists of the last judged test hold; unjudged ones leave it open."""
    rows = (
        _attempts(
            scope,
            condition,
            sa.func.sum(Answer.points).label("points"),
            sa.func.sum(PaperItem.points).label("possible"),
            sa.func.count(sa.case((Answer.points.is_(None), 1))).label("waiting"),
        )
        .join(PaperItem, sa.and_(PaperItem.version_id == Sitting.version_id, PaperItem.form == Sitting.form))
        .join(Item, sa.and_(Item.id == PaperItem.item_id, Item.kind == ItemKind.CHECKLIST))
        .outerjoin(Answer, sa.and_(Answer.attempt_id == Attempt.id, Answer.item_id == PaperItem.item_id))
        .group_by(Participant.enrolment_id, Attempt.id, Attempt.ended_at)
        .subquery()
    )
    last = _last(rows)
    return Source(last, last.c.points, sa.case((last.c.waiting == 0, last.c.possible)))


SOURCES: dict[ConditionKind, Maker] = {
    K.HOURS: _hours,
    K.LOGS: _signed,
    K.ATTENDANCE: _attendance,
    K.TEST: _test,
    K.PRACTICAL: _practical,
}


# --- everybody's figures in one select -------------------------------------------------------------------


class Figures:
    """Joins what each condition of a gate asks for to a select from Enrolment, and says who meets it in SQL.

    `before` is the gate that stands before this one; `only` the trainees whose figures are wanted.
    """

    def __init__(
        self,
        program_id: int,
        stage: int,
        conditions: Sequence[Condition],
        before: int | None = None,
        only: Sequence[int] | None = None,
    ) -> None:
        self.stage, self.conditions, self.before = stage, conditions, before
        scope = Scope(program_id, stage, only)
        self._sources = {one.kind: SOURCES[one.kind](scope, one) for one in conditions}

    def join(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """Join the figures to a select from Enrolment, whoever has none keeping the row."""
        for table in dict.fromkeys(source.table for source in self._sources.values()):
            statement = statement.outerjoin(table, table.c.enrolment_id == Enrolment.id)
        return statement

    @property
    def columns(self) -> list[Any]:
        """Two columns a condition, in their order: what was reached, of what."""
        found: list[Any] = []
        for one in self.conditions:
            source = self._sources[one.kind]
            found += [source.part, source.whole]
        return found

    def is_(self, condition: Condition, met: Met) -> Any:
        """Return the SQL condition that trainees stand like this against a condition of the gate."""
        source = self._sources[condition.kind]
        assert condition.limit is not None
        if condition.kind is K.HOURS:
            if met is Met.UNKNOWN:
                return sa.false()
            enough = sa.func.coalesce(source.part, 0) >= ceil(condition.limit * ledger_minutes(1))
            return enough if met is Met.MET else sa.not_(enough)
        unknown = sa.func.coalesce(source.whole, 0) == 0
        if met is Met.UNKNOWN:
            return unknown
        enough = source.part * 100 >= sa.literal(condition.limit, sa.Numeric(7, 2)) * source.whole
        return sa.and_(sa.not_(unknown), enough if met is Met.MET else sa.not_(enough))

    def lacks(self, condition: Condition) -> Any:
        """Return the SQL condition that a condition of the gate is not shown to be met."""
        return sa.not_(self.is_(condition, Met.MET))

    @property
    def lacks_any(self) -> Any:
        """Return the SQL condition that at least one condition of the gate is not shown to be met."""
        return sa.or_(sa.false(), *(self.lacks(one) for one in self.conditions))

    def read(self, values: Sequence[Any]) -> list[Finding]:
        """Return one row's figures as findings; `values` are what `columns` selected."""
        measures: dict[ConditionKind, Measure | None] = {}
        for place, one in enumerate(self.conditions):
            measures[one.kind] = self._measure(one.kind, *values[2 * place : 2 * place + 2])
        return findings(self.conditions, measures)

    def _measure(self, kind: ConditionKind, part: Any, whole: Any) -> Measure | None:
        if kind is K.HOURS:
            return Measure(Decimal(int(part or 0)) / ledger_minutes(1))
        if not whole:
            return None
        return Measure(Decimal(str(part or 0)), Decimal(str(whole)))


def findings_of(
    program_id: int, stage: int, conditions: Sequence[Condition], enrolment_ids: Sequence[int]
) -> Mapping[int, list[Finding]]:
    """Return how trainees stand against the conditions of a gate: one statement, none without conditions."""
    if not conditions:
        return {key: [] for key in enrolment_ids}
    figures = Figures(program_id, stage, conditions, only=enrolment_ids)
    statement = figures.join(sa.select(Enrolment.id, *figures.columns).select_from(Enrolment))
    rows = db.session.execute(statement.where(Enrolment.id.in_(enrolment_ids)))
    return {row[0]: figures.read(row[1:]) for row in rows}


def instruments_of(program_id: int) -> list[Instrument]:
    """Return the instruments that the programme's people sit, by name."""
    return list(
        db.session.scalars(
            sa.select(Instrument)
            .where(
                Instrument.id.in_(
                    sa.select(InstrumentVersion.instrument_id)
                    .join(Sitting, Sitting.version_id == InstrumentVersion.id)
                    .where(Sitting.program_id == program_id)
                )
            )
            .order_by(Instrument.name, Instrument.id)
        )
    )
