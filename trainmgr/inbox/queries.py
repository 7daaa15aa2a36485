"""What stands in a reader's inbox, and what the inbox shows beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from trainmgr.classes.space import OwnClass, unread_in
from trainmgr.curriculum.models import Edition, EditionState, PlanStage
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel import by_link
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import SENTENCES, AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.practice.models import (
    GateDecision,
    GateOutcome,
    LogDecision,
    LogDecisionKind,
    LogState,
    PracticeLog,
)
from trainmgr.programs.dues import CODES, is_showing, owned_by
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.queries import visible_to
from trainmgr.programs.rules import State, StepState

AT_WORK = (State.RECRUITING, State.RUNNING, State.EVALUATING)
IN_TRAINING = (EnrolmentState.TRAINING, EnrolmentState.REMEDIAL)
OVER = (State.CLOSED, State.CANCELLED, State.SUSPENDED)
SHORT_LIST = 8
TRAINEES_SHOWN = 12


# --- what is due --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DueCounts:
    """How many lines an inbox holds, by urgency."""

    overdue: int = 0
    today: int = 0
    later: int = 0
    undated: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.overdue + self.today + self.later + self.undated


def select_dues(viewer: User, today: date) -> sa.Select[Any]:
    """Return a select of what is due from the viewer and shows today; a cancelled programme asks for nothing.

    Department staff are asked only for the programmes that their department answers for.
    """
    statement = (
        sa.select(Due)
        .join(Due.program)
        .where(owned_by(viewer), is_showing(today), Program.state != State.CANCELLED)
    )
    if Role.DEPARTMENT_STAFF in viewer.roles:
        own = Program.department_id.in_(viewer.departments_as(Role.DEPARTMENT_STAFF))
        statement = statement.where(sa.or_(Due.role.is_distinct_from(Role.DEPARTMENT_STAFF), own))
    if viewer.confinement is not None:  # who came by a personal link is asked for what the link opens
        addresses = by_link.endpoints_of(viewer.confinement.role)
        opened = [name for name, code in CODES.items() if code.endpoint in addresses]
        statement = statement.where(Due.code.in_(opened))
    return statement


def count_dues(viewer: User, today: date) -> int:
    """Return how many lines stand in the viewer's inbox: one statement."""
    dues = select_dues(viewer, today).with_only_columns(sa.func.count(Due.id))
    return db.session.scalar(dues) or 0


def count_by_urgency(viewer: User, today: date) -> DueCounts:
    """Return how many lines are overdue, due today, later, and without a date: one statement."""

    def tally(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    due_on = Due.due_on
    urgencies = (due_on < today, due_on == today, due_on > today, due_on.is_(None))
    tallies = select_dues(viewer, today).with_only_columns(*(tally(condition) for condition in urgencies))
    row = db.session.execute(tallies).one()
    return DueCounts(*(int(count) for count in row))


def list_dues(viewer: User, listing: Listing, *, today: date, total: int) -> Page[Due]:
    """Return one page of the inbox, the most urgent first: one statement."""
    programs = contains_eager(Due.program).load_only(Program.name, Program.name_en)
    return paginate(
        select_dues(viewer, today).options(programs),
        listing,
        orders={"urgency": (Due.due_on.is_(None), Due.due_on, Due.id)},
        default="urgency",
        total=total,
    )


def latest_deeds(viewer: User, since: datetime) -> list[AuditEvent]:
    """Return what the viewer did lately, newest first: one statement."""
    return list(
        db.session.scalars(
            sa.select(AuditEvent)
            .where(
                AuditEvent.actor_id == viewer.id,
                AuditEvent.at >= since,
                AuditEvent.action.in_(list(SENTENCES)),
            )
            .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
            .limit(SHORT_LIST)
        )
    )


# --- beside it: a mentor's trainees -------------------------------------------------------------


@dataclass(frozen=True)
class OwnTrainee:
    """One of a mentor's trainees with the hours (in minutes) and the logs that wait for the mentor."""

    enrolment_id: int
    program_id: int
    name: str
    is_remedial: bool
    planned: int
    submitted: int
    verified: int
    waiting_logs: int


def own_trainees(mentor: User) -> tuple[Sequence[OwnTrainee], int]:
    """Return a mentor's present trainees, those whose logs wait first, and how many there are: one statement."""
    waiting = (
        sa.select(sa.func.count(PracticeLog.id))
        .where(
            PracticeLog.signer_id == mentor.id,
            PracticeLog.state == LogState.SUBMITTED,
            PracticeLog.enrolment_id == Enrolment.id,
        )
        .scalar_subquery()
        .label("waiting")
    )
    rows = db.session.execute(
        sa.select(
            Enrolment.id,
            Enrolment.program_id,
            Enrolment.name,
            Enrolment.state,
            Enrolment.planned_minutes,
            Enrolment.submitted_minutes,
            Enrolment.verified_minutes,
            waiting,
            sa.func.count().over().label("total"),
        )
        .join(Program, Program.id == Enrolment.program_id)
        .where(
            sa.or_(Enrolment.enterprise_mentor_id == mentor.id, Enrolment.school_teacher_id == mentor.id),
            Enrolment.state.in_(IN_TRAINING),
            Program.state.in_(AT_WORK),
        )
        .order_by(waiting.desc(), Enrolment.name, Enrolment.id)
        .limit(TRAINEES_SHOWN)
    ).all()
    trainees = [
        OwnTrainee(
            enrolment_id=row.id,
            program_id=row.program_id,
            name=row.name,
            is_remedial=row.state is EnrolmentState.REMEDIAL,
            planned=row.planned_minutes,
            submitted=row.submitted_minutes,
            verified=row.verified_minutes,
            waiting_logs=row.waiting,
        )
        for row in rows
    ]
    return trainees, rows[0].total if rows else 0


# --- beside it: a trainee's own way -------------------------------------------------------------


@dataclass(frozen=True)
class OwnTraining:
    """A trainee's present training: hours, the next gate, the last log that came back, the class space."""

    enrolment: Enrolment
    gate: PlanStage | None
    returned: PracticeLog | None
    comment: str
    space: OwnClass | None = None


def own_training(trainee: User) -> OwnTraining | None:
    """Return the training that a trainee is in now (the latest of several), or None: at most three statements."""
    row = db.session.execute(
        sa.select(Enrolment, Cohort.name, unread_in(Cohort, trainee))
        .join(Enrolment.program)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.user_id == trainee.id, Enrolment.state.in_(IN_TRAINING), Program.state.in_(AT_WORK))
        .options(contains_eager(Enrolment.program).load_only(Program.name, Program.name_en))
        .order_by(Enrolment.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    enrolment, cohort, unread = row
    returned, comment = _last_returned(enrolment)
    space = None
    if enrolment.cohort_id:
        space = OwnClass(enrolment.program_id, enrolment.program.name, enrolment.cohort_id, cohort, unread)
    return OwnTraining(enrolment, _next_gate(enrolment), returned, comment, space)


def _next_gate(enrolment: Enrolment) -> PlanStage | None:
    passed = sa.select(GateDecision.stage_number).where(
        GateDecision.enrolment_id == enrolment.id, GateDecision.outcome == GateOutcome.PASSED
    )
    return db.session.scalar(
        sa.select(PlanStage)
        .join(Edition, Edition.id == PlanStage.edition_id)
        .where(
            Edition.program_id == enrolment.program_id,
            Edition.state == EditionState.SIGNED,
            PlanStage.gate != "",
            PlanStage.number.not_in(passed),
        )
        .order_by(PlanStage.number)
        .limit(1)
    )


def _last_returned(enrolment: Enrolment) -> tuple[PracticeLog | None, str]:
    row = db.session.execute(
        sa.select(PracticeLog, LogDecision.comment)
        .outerjoin(
            LogDecision,
            sa.and_(LogDecision.log_id == PracticeLog.id, LogDecision.kind == LogDecisionKind.RETURN),
        )
        .where(PracticeLog.enrolment_id == enrolment.id, PracticeLog.state == LogState.RETURNED)
        .order_by(PracticeLog.day.desc(), PracticeLog.id.desc(), LogDecision.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1] or "") if row else (None, "")


# --- beside it: what programmes ask for ---------------------------------------------------------


def asking_steps(viewer: User) -> tuple[Sequence[tuple[ProgramStep, Program]], int]:
    """Return the steps in which the viewer's programmes wait for somebody, and how many there are: one statement."""
    rows = db.session.execute(
        sa.select(ProgramStep, Program, sa.func.count().over())
        .join(Program, Program.id == ProgramStep.program_id)
        .where(visible_to(viewer), ProgramStep.state == StepState.ASKING, Program.state.not_in(OVER))
        .options(sa.orm.load_only(Program.name, Program.name_en))
        .order_by(ProgramStep.assessed_at.desc(), ProgramStep.program_id, ProgramStep.step)
        .limit(SHORT_LIST)
    ).all()
    return [(row[0], row[1]) for row in rows], rows[0][2] if rows else 0
