"""The places of a programme: how many are free, and that no two people give the same one away."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import EnrolmentState, places_left
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step

# What changes along the thread when people come or go.
STEPS = (Step.ENROLMENT, Step.MENTORING, Step.PRACTICE, Step.EVALUATION, Step.RESULT)


def lock_places(program_id: int) -> None:
    """Let nobody else give away places of a programme until this transaction ends."""
    db.session.flush()
    db.session.execute(sa.select(Program.id).where(Program.id == program_id).with_for_update())


def count_present(program_id: int) -> sa.ScalarSelect[int]:
    """Return the select of how many people have a place in a programme."""
    return (
        sa.select(sa.func.count())
        .where(Enrolment.program_id == program_id, Enrolment.state != EnrolmentState.WITHDRAWN)
        .scalar_subquery()
    )


def free_places(program: Program) -> int | None:
    """Return how many places of a programme are free now; None when it sets no limit."""
    if program.planned_size is None:
        return None
    return places_left(program.planned_size, db.session.scalar(sa.select(count_present(program.id))) or 0)


def require_free(enrolment: Enrolment, student: str, employee: str) -> None:
    """Refuse a number that somebody else in the programme has."""
    for number, same in (
        (student, (Enrolment.student_number == student, Enrolment.college_id == enrolment.college_id)),
        (
            employee,
            (Enrolment.employee_number == employee, Enrolment.enterprise_id == enrolment.enterprise_id),
        ),
    ):
        holder = sa.select(Enrolment.name).where(
            Enrolment.program_id == enrolment.program_id, Enrolment.id != enrolment.id, *same
        )
        name = db.session.scalar(holder.limit(1)) if number else None
        if name is not None:
            raise RuleBroken(_("The number %(number)s belongs to %(name)s.", number=number, name=name))
