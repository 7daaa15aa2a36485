"""Reads of remedial tasks; every row starts from the trainees whom the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.materials.models import Material, MaterialUse
from trainmgr.practice.gate_models import RemedialReport, RemedialTask, TaskState
from trainmgr.practice.models import GateDecision
from trainmgr.programs.models import Program

MOST_OFFERED = 200
PRESENT = Enrolment.state != EnrolmentState.WITHDRAWN


def task_or_404(program: Program, task_id: int, viewer: User) -> RemedialTask:
    """Return a remedial task with its plan, reports and checks, or answer 404: two statements."""
    task: RemedialTask | None = db.session.scalars(
        sa.select(RemedialTask)
        .join(RemedialTask.enrolment)
        .where(RemedialTask.id == task_id, visible_in(program, viewer))
        .options(
            contains_eager(RemedialTask.enrolment),
            joinedload(RemedialTask.decision),
            joinedload(RemedialTask.module),
            joinedload(RemedialTask.material),
            selectinload(RemedialTask.reports).joinedload(RemedialReport.check),
            selectinload(RemedialTask.reports).joinedload(RemedialReport.file),
        )
    ).one_or_none()
    return task if task is not None else abort(404)


def evidence_or_404(program: Program, report_id: int, viewer: User) -> StoredFile:
    """Return the file of a report, of a trainee whom the viewer may see, or answer 404."""
    file: StoredFile | None = db.session.scalars(
        sa.select(StoredFile)
        .join(RemedialReport, RemedialReport.file_id == StoredFile.id)
        .join(RemedialTask, RemedialTask.id == RemedialReport.task_id)
        .join(Enrolment, Enrolment.id == RemedialTask.enrolment_id)
        .where(RemedialReport.id == report_id, visible_in(program, viewer))
    ).one_or_none()
    return file if file is not None else abort(404)


def gates_and_tasks(enrolment: Enrolment) -> tuple[list[GateDecision], dict[int, list[RemedialTask]]]:
    """Return every judgement on a trainee, first attempts first, and the tasks of their plans: one statement."""
    decisions: dict[int, GateDecision] = {}
    tasks: dict[int, list[RemedialTask]] = {}
    for decision, task in db.session.execute(
        sa.select(GateDecision, RemedialTask)
        .outerjoin(RemedialTask, RemedialTask.decision_id == GateDecision.id)
        .where(GateDecision.enrolment_id == enrolment.id)
        .order_by(GateDecision.stage_number, GateDecision.attempt, RemedialTask.position)
    ):
        decisions[decision.id] = decision
        if task is not None:
            tasks.setdefault(decision.id, []).append(task)
    return list(decisions.values()), tasks


def list_tasks(
    program: Program, viewer: User, listing: Listing, state: TaskState | None, cohort: int | None
) -> Page[Any]:
    """Return a page of the tasks of running plans, those that wait for a check first: two statements."""
    conditions: list[Any] = [visible_in(program, viewer), PRESENT, GateDecision.is_latest]
    if state is not None:
        conditions.append(RemedialTask.state == state)
    if cohort is not None:
        conditions.append(Enrolment.cohort_id == cohort)
    if listing.q:
        conditions.append(sa.or_(contains(Enrolment.name, listing.q), contains(RemedialTask.what, listing.q)))
    statement = (
        sa.select(RemedialTask)
        .join(RemedialTask.decision)
        .join(RemedialTask.enrolment)
        .outerjoin(Enrolment.cohort)
        .where(*conditions)
        .options(
            contains_eager(RemedialTask.decision),
            contains_eager(RemedialTask.enrolment).contains_eager(Enrolment.cohort),
        )
    )
    turn = sa.case(
        (RemedialTask.state == TaskState.REPORTED, 0), (RemedialTask.state == TaskState.OPEN, 1), else_=2
    )
    orders: dict[str, list[Any]] = {
        "turn": [turn, RemedialTask.due_on, RemedialTask.id],
        "due": [RemedialTask.due_on, RemedialTask.id],
        "name": [Enrolment.name, RemedialTask.id],
        "class": [Cohort.name, Enrolment.name, RemedialTask.id],
    }
    return paginate(statement, listing, orders=orders, default="turn")


def counts(program: Program, viewer: User) -> dict[TaskState, int]:
    """Count the tasks of running plans by their state: one statement."""
    rows = db.session.execute(
        sa.select(RemedialTask.state, sa.func.count())
        .join(RemedialTask.decision)
        .join(RemedialTask.enrolment)
        .where(visible_in(program, viewer), PRESENT, GateDecision.is_latest)
        .group_by(RemedialTask.state)
    )
    return {row[0]: row[1] for row in rows}


def offered_materials(program_id: int) -> Sequence[Material]:
    """Return the resources that the programme uses, by title."""
    uses = sa.select(MaterialUse.material_id).where(MaterialUse.program_id == program_id)
    return db.session.scalars(
        sa.select(Material)
        .where(Material.id.in_(uses))
        .order_by(Material.title, Material.id)
        .limit(MOST_OFFERED)
    ).all()
