"""Reads of the closing report: figures of one programme, of people only as far as the viewer may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.attendance.models import AttendanceTally
from trainmgr.curriculum.models import Edition, Module, ModuleCompetency, PlanStage
from trainmgr.curriculum.queries import edition_in_force
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.models import Result, Scheme, Window
from trainmgr.evaluation.scoring import NOISE
from trainmgr.identity.models import User
from trainmgr.improvement.models import ImprovementItem
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor
from trainmgr.needs.models import BusinessNeed, Competency, Indicator, NeedsAnalysis
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.practice.models import GateDecision, GateOutcome, LogState, PracticeLog
from trainmgr.programs.models import Duty, Program, RevenueShare, Signature
from trainmgr.programs.queries import is_complete_college

MOST = 200  # rows of a table in the report; what is left out is said


def sees_all(program: Program, viewer: User) -> bool:
    """Tell whether the viewer sees every trainee: then the programme's own aggregates may be shown."""
    return is_complete_college(program, viewer) or bool(
        program.department_id and program.department_id in viewer.departments_as(Role.DEPARTMENT_STAFF)
    )


def duties_of(program: Program) -> Sequence[Duty]:
    """Return what the parties answer for."""
    return db.session.scalars(
        sa.select(Duty).where(Duty.program_id == program.id).order_by(Duty.organization_id, Duty.id)
    ).all()


def signatures_in(program: Program) -> Sequence[Signature]:
    """Return everything that the sides signed, in order."""
    return db.session.scalars(
        sa.select(Signature)
        .where(Signature.program_id == program.id)
        .options(joinedload(Signature.user), joinedload(Signature.organization))
        .order_by(Signature.signed_at, Signature.id)
    ).all()


def moves_of(program: Program) -> Sequence[AuditEvent]:
    """Return when the programme went from one state to another."""
    made = sa.or_(
        AuditEvent.action.like("programs.advance.%"),
        AuditEvent.action.in_(("programs.create", "programs.suspend", "programs.resume", "programs.cancel")),
    )
    return db.session.scalars(
        sa.select(AuditEvent)
        .where(AuditEvent.program_id == program.id, made)
        .order_by(AuditEvent.at, AuditEvent.id)
        .limit(MOST)
    ).all()


# --- from the need to the plan ---------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the needs asked for."""

    analysis: NeedsAnalysis | None
    needs: Sequence[BusinessNeed]
    indicators: Sequence[Indicator]
    competencies: Sequence[Competency]


def wanted_in(program: Program) -> Wanted:
    """Return the needs analysis with its priorities in order (four statements)."""

    def rows(kind: Any, *order: Any) -> Any:
        return db.session.scalars(
            sa.select(kind).where(kind.program_id == program.id).order_by(*order).limit(MOST)
        ).all()

    return Wanted(
        db.session.scalars(
            sa.select(NeedsAnalysis).where(NeedsAnalysis.program_id == program.id)
        ).one_or_none(),
        rows(BusinessNeed, BusinessNeed.position, BusinessNeed.id),
        rows(Indicator, Indicator.id),
        rows(
            Competency,
            sa.case((Competency.rank == 0, 1), else_=0),
            Competency.rank,
            Competency.position,
            Competency.id,
        ),
    )


def edition_of(program: Program) -> Edition | None:
    """Return the edition of the plan that is in force."""
    return db.session.scalars(
        sa.select(Edition).where(Edition.id == edition_in_force(program.id))
    ).one_or_none()


def stages_of(edition: Edition) -> Sequence[Any]:
    """Return each stage with modules, hours of theory and of practice, and hours that the enterprise teaches."""
    total = Module.theory_hours + Module.practice_hours
    return db.session.execute(
        sa.select(
            PlanStage,
            sa.func.count(Module.id).label("modules"),
            sa.func.coalesce(sa.func.sum(Module.theory_hours), 0).label("theory"),
            sa.func.coalesce(sa.func.sum(Module.practice_hours), 0).label("practice"),
            sa.func.coalesce(sa.func.sum(sa.case((Module.taught_by_enterprise, total), else_=0)), 0).label("theirs"),
        )
        .outerjoin(
            Module, sa.and_(Module.edition_id == PlanStage.edition_id, Module.stage_number == PlanStage.number)
        )
        .where(PlanStage.edition_id == edition.id)
        .group_by(PlanStage.id)
        .order_by(PlanStage.number)
    ).all()  # fmt: skip


def hours_by_competency(edition: Edition | None) -> dict[int, int]:
    """Return the hours of the plan that serve each competency."""
    if edition is None:
        return {}
    rows = db.session.execute(
        sa.select(ModuleCompetency.competency_id, sa.func.sum(ModuleCompetency.hours))
        .join(Module, Module.id == ModuleCompetency.module_id)
        .where(Module.edition_id == edition.id)
        .group_by(ModuleCompetency.competency_id)
    )
    return {row[0]: int(row[1]) for row in rows}


# --- people -----------------------------------------------------------------------------------------


def people_by_class(program: Program, viewer: User) -> Sequence[Any]:
    """Return each class with people, those away, those completed, and hours planned and verified (in minutes)."""

    def times(state: EnrolmentState) -> Any:
        return sa.func.count(sa.case((Enrolment.state == state, 1)))

    return db.session.execute(
        sa.select(
            Cohort.name,
            sa.func.count(Enrolment.id).label("people"),
            times(EnrolmentState.COMPLETED).label("completed"),
            times(EnrolmentState.REMEDIAL).label("remedial"),
            times(EnrolmentState.SUSPENDED).label("suspended"),
            times(EnrolmentState.WITHDRAWN).label("withdrawn"),
            sa.func.coalesce(sa.func.sum(Enrolment.planned_minutes), 0).label("planned"),
            sa.func.coalesce(sa.func.sum(Enrolment.verified_minutes), 0).label("verified"),
        )
        .select_from(Enrolment)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(visible_in(program, viewer))
        .group_by(Cohort.id, Cohort.name)
        .order_by(Cohort.name)
        .limit(MOST)
    ).all()


def mentors_of(program: Program, viewer: User) -> Sequence[Any]:
    """Return each side with its mentors, those who guide somebody, trainees guided at some time, and handovers."""
    named: dict[Any, Any] = {
        row[0]: row
        for row in db.session.execute(
            sa.select(
                ProgramMentor.side, sa.func.count(), sa.func.count(sa.case((ProgramMentor.load > 0, 1))),
                sa.func.max(ProgramMentor.load),
            )
            .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
            .where(ProgramMentor.program_id == program.id)
            .group_by(ProgramMentor.side)
        )
    }  # fmt: skip
    guided = db.session.execute(
        sa.select(
            Assignment.side,
            sa.func.count(sa.distinct(Assignment.enrolment_id)),
            sa.func.count(Assignment.previous_id),
        )
        .join(Enrolment, Enrolment.id == Assignment.enrolment_id)
        .where(Assignment.program_id == program.id, visible_in(program, viewer))
        .group_by(Assignment.side)
    ).all()
    pairs = {row[0]: row for row in guided}
    return [
        (side, *(named.get(side, (0,) * 4)[1:]), *(pairs.get(side, (0,) * 3)[1:]))
        for side in sorted({*named, *pairs})
    ]


def logs_of(program: Program, viewer: User) -> dict[LogState, tuple[int, int]]:
    """Return how many logs stand in each state, with their minutes."""
    rows = db.session.execute(
        sa.select(PracticeLog.state, sa.func.count(), sa.func.sum(PracticeLog.minutes))
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .where(visible_in(program, viewer), PracticeLog.state != LogState.DRAFT)
        .group_by(PracticeLog.state)
    )
    return {row[0]: (row[1], int(row[2] or 0)) for row in rows}


def attendance_of(program: Program, viewer: User) -> tuple[int, int, int, int]:
    """Return how often trainees were present, late, excused and absent."""
    columns = (AttendanceTally.present, AttendanceTally.late, AttendanceTally.excused, AttendanceTally.absent)
    row = db.session.execute(
        sa.select(*(sa.func.coalesce(sa.func.sum(column), 0) for column in columns))
        .join(Enrolment, Enrolment.id == AttendanceTally.enrolment_id)
        .where(visible_in(program, viewer))
    ).one()
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def gates_of(program: Program, viewer: User) -> Sequence[Any]:
    """Return each gate with people judged, passed at once, passed later, in a remedial loop now."""
    passed = GateDecision.outcome == GateOutcome.PASSED
    return db.session.execute(
        sa.select(
            GateDecision.stage_number,
            sa.func.count().label("people"),
            sa.func.count(sa.case((sa.and_(passed, GateDecision.attempt == 1), 1))).label("at_once"),
            sa.func.count(sa.case((sa.and_(passed, GateDecision.attempt > 1), 1))).label("later"),
            sa.func.count(sa.case((sa.not_(passed), 1))).label("remedial"),
        )
        .join(Enrolment, Enrolment.id == GateDecision.enrolment_id)
        .where(visible_in(program, viewer), GateDecision.is_latest.is_(True))
        .group_by(GateDecision.stage_number)
        .order_by(GateDecision.stage_number)
    ).all()


# --- what it came to --------------------------------------------------------------------------------


def windows_of(program: Program, viewer: User) -> Sequence[Any]:
    """Return each window with results, provisional and divergent ones, the mean (1–5) and how many reach the mark."""
    reached = sa.case((Result.composite >= Scheme.pass_mark - NOISE, 1))
    seen = sa.select(Enrolment.id).where(visible_in(program, viewer))
    return db.session.execute(
        sa.select(
            Window,
            sa.func.count(Result.composite).label("results"),
            sa.func.count(sa.case((Result.is_provisional.is_(True), 1))).label("provisional"),
            sa.func.count(sa.case((Result.is_divergent.is_(True), 1))).label("divergent"),
            sa.func.avg(Result.composite).label("mean"),
            sa.func.count(reached).label("reached"),
        )
        .join(Scheme, Scheme.id == Window.scheme_id)
        .outerjoin(Result, sa.and_(Result.window_id == Window.id, Result.enrolment_id.in_(seen)))
        .where(Window.program_id == program.id)
        .group_by(Window.id)
        .order_by(Window.opens_at, Window.id)
    ).all()


def passes_of(program: Program, viewer: User) -> dict[PassKind, int]:
    """Return how many passed and how many did not, by the present decisions."""
    rows = db.session.execute(
        sa.select(PassDecision.kind, sa.func.count())
        .join(Enrolment, Enrolment.id == PassDecision.enrolment_id)
        .where(visible_in(program, viewer), PassDecision.is_present.is_(True))
        .group_by(PassDecision.kind)
    )
    return {row[0]: row[1] for row in rows}


def only(program: Program) -> sa.Select[int]:
    """Return a select of this one programme's id."""
    return sa.select(Program.id).where(Program.id == program.id)


def items_of(program: Program) -> Sequence[ImprovementItem]:
    """Return what is to get better, what is open before what is settled."""
    return db.session.scalars(
        sa.select(ImprovementItem)
        .where(ImprovementItem.program_id == program.id)
        .order_by(ImprovementItem.closed_on.is_not(None), ImprovementItem.due_on, ImprovementItem.id)
        .limit(MOST)
    ).all()


def shares_of(program: Program) -> Sequence[RevenueShare]:
    """Return how the programme's income is split."""
    return db.session.scalars(
        sa.select(RevenueShare)
        .where(RevenueShare.program_id == program.id)
        .order_by(RevenueShare.basis_points.desc(), RevenueShare.id)
    ).all()
