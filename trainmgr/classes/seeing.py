"""Who belongs to a class: those whose trainees are in it, its trainees, who teaches it, and who runs the programme."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from trainmgr.classes.models import ClassPeriod, ClassTurn
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

# A feature further down that knows who teaches a class (the timetable) adds its condition on Cohort.
Teaching = Callable[[Program, User], sa.ColumnElement[bool]]
_teaching: list[Teaching] = []


def teaches(condition: Teaching) -> Teaching:
    """Register a condition on Cohort that leaves the classes that a person teaches in a programme."""
    _teaching.append(condition)
    return condition


def classes_seen(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Cohort that leaves the classes of a programme that the viewer belongs to.

    Whoever splits and moves people sees all classes; mentors, counsellors, coordinators and trainees those with a
    trainee whom they may see and who has not left; teachers those that they teach.
    """
    inside = Cohort.program_id == program.id
    if may(program, viewer, Permission.CLASS_EDIT):
        return inside
    theirs = sa.select(Enrolment.cohort_id).where(
        visible_in(program, viewer),
        Enrolment.cohort_id.is_not(None),
        Enrolment.state != EnrolmentState.WITHDRAWN,
    )
    turns = (
        sa.select(ClassTurn.cohort_id)
        .join(ClassPeriod, ClassPeriod.id == ClassTurn.period_id)
        .where(ClassPeriod.program_id == program.id, ClassTurn.teacher_id == viewer.id)
    )
    taught = [condition(program, viewer) for condition in _teaching]
    return sa.and_(inside, sa.or_(Cohort.id.in_(theirs), Cohort.id.in_(turns), *taught))
