"""What a programme's page of practice shows: everybody's hours, stages with gates, mentors with waiting logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload

from trainmgr.curriculum.models import Edition, EditionState, PlanStage
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.practice.gate_models import GateCondition
from trainmgr.practice.gating import Finding, lacking
from trainmgr.practice.measures import Figures, findings_of
from trainmgr.practice.models import GateDecision, GateOutcome, LogState, PracticeLog
from trainmgr.practice.rules import DAYS_TO_SIGN, JUDGEABLE, Judgement, Standing, standing_at
from trainmgr.programs.models import Due, Program

PRESENT = Enrolment.state.not_in(AWAY)
MENTORS_SHOWN = 12


@dataclass(frozen=True)
class Chosen:
    """What the list of trainees is narrowed to."""

    cohort: int | None = None
    mentor: int | None = None
    waiting: bool = False
    late: bool = False
    remedial: bool = False


@dataclass(frozen=True)
class Row:
    """A trainee with what waits and the last gate passed."""

    enrolment: Enrolment
    waiting: int
    gate: int | None


@dataclass(frozen=True)
class Totals:
    """What the trainees whom the viewer sees have done together, in minutes; `listed` fit what is asked for."""

    listed: int
    people: int
    planned: int
    submitted: int
    verified: int
    remedial: int


def _waiting_logs(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns).where(
        PracticeLog.enrolment_id == Enrolment.id, PracticeLog.state == LogState.SUBMITTED
    )


def _narrowed(q: str, chosen: Chosen, now: datetime) -> list[Any]:
    conditions: list[Any] = []
    if q:
        conditions.append(
            sa.or_(
                Enrolment.name.ilike(like(q), escape="\\"),
                Enrolment.student_number == q,
                Enrolment.employee_number == q,
            )
        )
    if chosen.cohort is not None:
        conditions.append(Enrolment.cohort_id == chosen.cohort)
    if chosen.mentor is not None:
        conditions.append(
            sa.or_(
                Enrolment.school_teacher_id == chosen.mentor, Enrolment.enterprise_mentor_id == chosen.mentor
            )
        )
    if chosen.remedial:
        conditions.append(Enrolment.state == EnrolmentState.REMEDIAL)
    if chosen.late:
        before = now - timedelta(days=DAYS_TO_SIGN)
        conditions.append(_waiting_logs(PracticeLog.id).where(PracticeLog.submitted_at < before).exists())
    elif chosen.waiting:
        conditions.append(_waiting_logs(PracticeLog.id).exists())
    return conditions


def list_trainees(
    program: Program, viewer: User, listing: Listing, chosen: Chosen, now: datetime, *, total: int
) -> Page[Any]:
    """Return a page of trainees with hours, waiting logs and the last gate passed: one statement."""
    waiting = _waiting_logs(sa.func.count()).scalar_subquery()
    gate = (
        sa.select(sa.func.max(GateDecision.stage_number))
        .where(GateDecision.enrolment_id == Enrolment.id, GateDecision.is_latest,
               GateDecision.outcome == GateOutcome.PASSED)
        .scalar_subquery()
    )  # fmt: skip
    conditions = [visible_in(program, viewer), PRESENT, *_narrowed(listing.q, chosen, now)]
    statement = (
        sa.select(Enrolment, waiting, gate)
        .outerjoin(Enrolment.cohort)
        .where(*conditions)
        .options(contains_eager(Enrolment.cohort))
    )
    orders: dict[str, list[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "submitted": [Enrolment.submitted_minutes, Enrolment.id],
        "verified": [Enrolment.verified_minutes, Enrolment.id],
        "waiting": [waiting, Enrolment.name, Enrolment.id],
        "gate": [sa.func.coalesce(gate, 0), Enrolment.name, Enrolment.id],
    }
    page = paginate(statement, listing, orders=orders, default="name", total=total, scalars=False)
    rows = [Row(*row) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def totals(program: Program, viewer: User, q: str, chosen: Chosen, now: datetime) -> Totals:
    """Add up what the trainees whom the viewer sees have done, and count who is to be listed: one statement."""
    listed = sa.and_(sa.true(), *_narrowed(q, chosen, now))
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.case((listed, 1))),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Enrolment.planned_minutes), 0),
            sa.func.coalesce(sa.func.sum(Enrolment.submitted_minutes), 0),
            sa.func.coalesce(sa.func.sum(Enrolment.verified_minutes), 0),
            sa.func.count(sa.case((Enrolment.state == EnrolmentState.REMEDIAL, 1))),
        ).where(visible_in(program, viewer), PRESENT)
    ).one()
    return Totals(*row)


# --- stages and gates ------------------------------------------------------------------------------


@dataclass(frozen=True)
class GateCount:
    """How the trainees stand at one gate."""

    passed: int = 0
    remedial: int = 0


@dataclass(frozen=True)
class StageLine:
    """A stage with its gate for the summary: `open` are the trainees without a judgement.

    `versions` are those of the gate's conditions, where they were asked for.
    """

    stage: PlanStage
    count: GateCount
    open: int
    is_now: bool
    is_done: bool
    versions: Sequence[GateCondition] = ()


def stage_summary(
    program: Program, viewer: User, people: int, *, with_conditions: bool = False
) -> list[StageLine]:
    """Return the signed plan's stages that everybody goes through, with how people stand at their gates: one statement.

    Counted are the trainees whom the viewer sees; `people` is how many these are. On demand each stage brings every
    version of its gate's conditions.
    """
    passed = sa.func.count(sa.case((GateDecision.outcome == GateOutcome.PASSED, 1)))
    judged = (
        sa.select(GateDecision.stage_number, passed.label("passed"), sa.func.count().label("judged"))
        .join(Enrolment, Enrolment.id == GateDecision.enrolment_id)
        .where(
            GateDecision.program_id == program.id,
            GateDecision.is_latest,
            visible_in(program, viewer),
            PRESENT,
        )
        .group_by(GateDecision.stage_number)
        .subquery()
    )
    of_gate = sa.and_(
        GateCondition.program_id == program.id,
        GateCondition.stage_number == PlanStage.number,
        sa.true() if with_conditions else sa.false(),
    )
    rows = db.session.execute(
        sa.select(
            PlanStage,
            sa.func.coalesce(judged.c.passed, 0),
            sa.func.coalesce(judged.c.judged, 0),
            GateCondition,
        )
        .join(Edition, Edition.id == PlanStage.edition_id)
        .outerjoin(judged, judged.c.stage_number == PlanStage.number)
        .outerjoin(GateCondition, of_gate)
        .where(
            Edition.program_id == program.id,
            Edition.state == EditionState.SIGNED,
            PlanStage.remedial.is_(False),
        )
        .order_by(PlanStage.number, GateCondition.id)
    )
    versions: dict[tuple[PlanStage, int, int], list[GateCondition]] = {}
    for stage, through, known, version in rows:
        versions.setdefault((stage, through, known), []).extend([version] if version else [])
    return [
        StageLine(
            stage,
            GateCount(through, known - through),
            people - known if stage.gate else 0,
            stage.number == program.current_stage,
            stage.number < program.current_stage,
            found,
        )
        for (stage, through, known), found in versions.items()
    ]


@dataclass(frozen=True)
class GateRow:
    """A trainee before one gate."""

    enrolment: Enrolment
    decision: GateDecision | None
    standing: Standing
    findings: Sequence[Finding] = ()

    @property
    def lacking(self) -> Sequence[Finding]:
        """The conditions that are not shown to be met."""
        return lacking(self.findings)

    @property
    def may_be_judged(self) -> bool:
        """Whether somebody can judge now."""
        return self.standing in JUDGEABLE


def list_gate(
    program: Program,
    viewer: User,
    figures: Figures,
    gates: Sequence[int],
    listing: Listing,
    cohort: int | None,
) -> Page[Any]:
    """Return a page of trainees before one gate, those to be judged first: two statements, three with conditions."""
    number = figures.stage
    before = max((gate for gate in gates if gate < number), default=None)
    here, earlier = aliased(GateDecision), aliased(GateDecision)
    conditions = [visible_in(program, viewer), PRESENT]
    if listing.q:
        conditions.append(Enrolment.name.ilike(like(listing.q), escape="\\"))
    if cohort is not None:
        conditions.append(Enrolment.cohort_id == cohort)

    def at(decision: Any, stage: int | None) -> Any:
        return sa.and_(
            decision.enrolment_id == Enrolment.id, decision.stage_number == stage, decision.is_latest
        )

    open_first = sa.case((here.id.is_(None), 0), (here.outcome == GateOutcome.REMEDIAL, 1), else_=2)
    statement = (
        sa.select(Enrolment, here, earlier)
        .outerjoin(here, at(here, number))
        .outerjoin(earlier, at(earlier, before))
        .where(*conditions)
        .options(joinedload(Enrolment.cohort))
    )
    total = db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment).where(*conditions)) or 0
    orders: dict[str, list[Any]] = {
        "state": [open_first, Enrolment.name, Enrolment.id],
        "name": [Enrolment.name, Enrolment.id],
        "verified": [Enrolment.verified_minutes, Enrolment.id],
    }
    page = paginate(statement, listing, orders=orders, default="state", total=total, scalars=False)
    found = findings_of(program.id, number, figures.conditions, [row[0].id for row in page.items])
    rows = [
        replace(_gate_row(row[0], row[1], row[2], program, number, gates), findings=found[row[0].id])
        for row in page.items
    ]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def _gate_row(
    enrolment: Enrolment,
    here: GateDecision | None,
    earlier: GateDecision | None,
    program: Program,
    number: int,
    gates: Sequence[int],
) -> GateRow:
    latest = {
        one.stage_number: Judgement(one.outcome, one.remedial_done_on is not None, one.attempt)
        for one in (here, earlier)
        if one is not None
    }
    return GateRow(enrolment, here, standing_at(number, gates, program.current_stage, latest))


# --- mentors ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MentorLine:
    """A mentor with the logs that wait for him or her in this programme."""

    user_id: int
    name: str
    logs: int
    due_on: date | None
    reminded_at: datetime | None
    reminded_by: str


def waiting_mentors(program: Program, code: str) -> list[MentorLine]:
    """Return whom most logs wait for, from the inboxes: one statement."""
    rows = db.session.execute(
        sa.select(User.id, User.name, Due.amount, Due.due_on, Due.reminded_at, Due.reminded_by)
        .join(User, User.id == Due.user_id)
        .where(Due.program_id == program.id, Due.code == code)
        .order_by(Due.due_on, Due.amount.desc(), User.id)
        .limit(MENTORS_SHOWN)
    )
    return [MentorLine(*row) for row in rows]
