"""Reads of enrolments, rosters and applications; rows start from what the viewer may see."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Program, ProgramPerson


def visible_in(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves a programme's trainees whom the viewer may see.

    The lead college and the responsible department see all, a partner college and an enterprise their own,
    counsellors those of their side in programmes that name them, teachers and mentors those they guide now,
    an outside assessor named for the programme all, a trainee himself or herself.
    """
    inside = Enrolment.program_id == program.id
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    if program.lead_college_id in colleges:
        return inside
    if program.department_id and program.department_id in viewer.departments_as(Role.DEPARTMENT_STAFF):
        return inside
    seen: list[sa.ColumnElement[bool]] = [Enrolment.user_id == viewer.id]
    if colleges:
        seen.append(Enrolment.college_id.in_(colleges))
    if enterprises := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(Enrolment.enterprise_id.in_(enterprises))
    if Role.SCHOOL_TEACHER in viewer.roles:
        seen.append(Enrolment.school_teacher_id == viewer.id)
    if Role.ENTERPRISE_MENTOR in viewer.roles:
        seen.append(Enrolment.enterprise_mentor_id == viewer.id)
    seen += _as_relation(program, viewer)
    return sa.and_(inside, sa.or_(*seen))


def _as_relation(program: Program, viewer: User) -> list[sa.ColumnElement[bool]]:
    def named(role: Role) -> Any:
        return sa.exists().where(
            ProgramPerson.program_id == program.id,
            ProgramPerson.user_id == viewer.id,
            ProgramPerson.role == role,
        )

    seen: list[sa.ColumnElement[bool]] = []
    if own := viewer.organizations_as(Role.COLLEGE_COUNSELLOR):
        seen.append(sa.and_(Enrolment.college_id.in_(own), named(Role.COLLEGE_COUNSELLOR)))
    if own := viewer.organizations_as(Role.ENTERPRISE_COUNSELLOR):
        seen.append(sa.and_(Enrolment.enterprise_id.in_(own), named(Role.ENTERPRISE_COUNSELLOR)))
    if Role.OUTSIDE_ASSESSOR in viewer.roles:
        seen.append(named(Role.OUTSIDE_ASSESSOR))
    return seen
