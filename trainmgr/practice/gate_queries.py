"""Reads of a gate's page together with what the gate asks for."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from flask import abort

from trainmgr.curriculum.models import PlanStage
from trainmgr.curriculum.queries import edition_in_force
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import select_one
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.practice.gate_models import GateCondition
from trainmgr.practice.gating import Condition, in_force
from trainmgr.programs.models import Program


def _of_gate(program_id: int, stage: int) -> sa.ColumnElement[bool]:
    return sa.and_(GateCondition.program_id == program_id, GateCondition.stage_number == stage)


def stages_and_conditions(program_id: int, stage: int, day: date) -> tuple[list[PlanStage], list[Condition]]:
    """Return the stages of the plan in force now, and what the gate of one of them asks for on a day: one statement."""
    of_this = sa.and_(_of_gate(program_id, stage), GateCondition.stage_number == PlanStage.number)
    rows = db.session.execute(
        sa.select(PlanStage, GateCondition)
        .outerjoin(GateCondition, of_this)
        .where(PlanStage.edition_id == edition_in_force(program_id))
        .order_by(PlanStage.number)
    ).all()
    return list(dict.fromkeys(row[0] for row in rows)), in_force(
        [row[1].value for row in rows if row[1]], day
    )


def trainee_and_conditions(
    program: Program, enrolment_id: int, stage: int, viewer: User, day: date
) -> tuple[Enrolment, list[Condition]]:
    """Return a trainee whom the viewer may see and what a gate asks for on a day, or answer 404: one statement."""
    rows = db.session.execute(
        select_one(program, enrolment_id, viewer)
        .add_columns(GateCondition)
        .outerjoin(GateCondition, _of_gate(program.id, stage))
    ).all()
    if not rows:
        abort(404)
    return rows[0][0], in_force([row[1].value for row in rows if row[1]], day)
