"""Reads of sittings and of the people in them, as far as the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.bank.models import Instrument, InstrumentVersion
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.testing.models import Attempt, Participant, Sitting


def visible_in(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Participant that leaves the people of a programme's sittings whom the viewer may see.

    The lead college and the responsible department see all, a partner college and an enterprise their own, teachers
    and mentors those they guide now, an outside assessor named for the programme all, a trainee himself or herself.
    """
    inside = _in_program(program)
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    if program.lead_college_id in colleges:
        return inside
    if program.department_id and program.department_id in viewer.departments_as(Role.DEPARTMENT_STAFF):
        return inside
    seen: list[sa.ColumnElement[bool]] = [Participant.user_id == viewer.id]
    if colleges:
        seen.append(Participant.college_id.in_(colleges))
    if enterprises := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(Participant.enterprise_id.in_(enterprises))
    guided = sa.select(Enrolment.id).where(Enrolment.program_id == program.id)
    if Role.SCHOOL_TEACHER in viewer.roles:
        seen.append(Participant.enrolment_id.in_(guided.where(Enrolment.school_teacher_id == viewer.id)))
    if Role.ENTERPRISE_MENTOR in viewer.roles:
        seen.append(Participant.enrolment_id.in_(guided.where(Enrolment.enterprise_mentor_id == viewer.id)))
    if Role.OUTSIDE_ASSESSOR in viewer.roles:
        seen.append(
            sa.exists().where(
                ProgramPerson.program_id == program.id,
                ProgramPerson.user_id == viewer.id,
                ProgramPerson.role == Role.OUTSIDE_ASSESSOR,
            )
        )
    return sa.and_(inside, sa.or_(*seen))


def judged_by(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Participant that leaves those whose practical work the viewer may judge, never oneself.

    Those whom one may see anyway; and of people who are not enrolled yet, whom nobody guides, a teacher those of the
    own college and a mentor those of the own enterprise.
    """
    nobody_guides = sa.and_(_in_program(program), Participant.enrolment_id.is_(None), _of_own_house(viewer))
    return sa.and_(Participant.user_id != viewer.id, sa.or_(visible_in(program, viewer), nobody_guides))


def marked_by(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Participant that leaves those whose written answers the viewer may mark, never oneself.

    Answers are marked without names, so guiding somebody matters not: besides those whom one may see, a teacher marks
    the own college's people and a mentor the own enterprise's, enrolled or not.
    """
    own_house = sa.and_(_in_program(program), _of_own_house(viewer))
    return sa.and_(Participant.user_id != viewer.id, sa.or_(visible_in(program, viewer), own_house))


def _in_program(program: Program) -> sa.ColumnElement[bool]:
    return Participant.sitting_id.in_(sa.select(Sitting.id).where(Sitting.program_id == program.id))


def _of_own_house(viewer: User) -> sa.ColumnElement[bool]:
    return sa.or_(
        Participant.college_id.in_(viewer.organizations_as(Role.SCHOOL_TEACHER)),
        Participant.enterprise_id.in_(viewer.organizations_as(Role.ENTERPRISE_MENTOR)),
    )


def sees_all(program: Program, viewer: User) -> bool:
    """Tell whether the viewer sees every participant of the programme's sittings."""
    return program.lead_college_id in viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF) or bool(
        program.department_id and program.department_id in viewer.departments_as(Role.DEPARTMENT_STAFF)
    )


def select_sittings(program: Program) -> sa.Select[Sitting]:
    """Return the select of a programme's sittings with their instruments."""
    return (
        sa.select(Sitting)
        .join(Sitting.instrument_version)
        .join(InstrumentVersion.instrument)
        .where(Sitting.program_id == program.id)
        .options(
            contains_eager(Sitting.instrument_version).contains_eager(InstrumentVersion.instrument),
        )
    )


def sitting_or_404(program: Program, sitting_id: int) -> Sitting:
    """Return a sitting of a programme with its instrument, or answer 404: one statement."""
    sitting: Sitting | None = db.session.scalar(select_sittings(program).where(Sitting.id == sitting_id))
    return sitting if sitting is not None else abort(404)


def participant_or_404(program: Program, sitting: Sitting, participant_id: int, viewer: User) -> Participant:
    """Return somebody who takes part in a sitting and whom the viewer may see, or answer 404."""
    participant = db.session.scalar(
        sa.select(Participant)
        .where(
            Participant.id == participant_id,
            Participant.sitting_id == sitting.id,
            visible_in(program, viewer),
        )
        .options(joinedload(Participant.enterprise), joinedload(Participant.college))
    )
    return participant if participant is not None else abort(404)


def attempts_of(participant: Participant) -> Sequence[Attempt]:
    """Return a participant's attempts, the newest first."""
    return db.session.scalars(
        sa.select(Attempt).where(Attempt.participant_id == participant.id).order_by(Attempt.number.desc())
    ).all()


def instrument_of(sitting: Sitting) -> Instrument:
    """Return the instrument of a sitting that was loaded with it."""
    return sitting.instrument_version.instrument
