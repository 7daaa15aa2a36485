"""Whom a programme brings together: its staff see its teachers, mentors, counsellors, and (leading it) its trainees."""

from __future__ import annotations

import sqlalchemy as sa

from trainmgr.identity.models import User
from trainmgr.identity.queries import also_sees
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson


@also_sees
def related_people(viewer: User) -> sa.ColumnElement[bool] | None:
    """Return the condition on User that leaves the people of the programmes that the viewer works for.

    The lead college and the responsible department see all of a programme's people; a partner college sees those who
    work in it, not the other side's trainees.
    """
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    departments = viewer.departments_as(Role.DEPARTMENT_STAFF)
    if not colleges and not departments:
        return None
    led = sa.or_(Program.lead_college_id.in_(colleges), Program.department_id.in_(departments))
    party = sa.select(ProgramParty.program_id).where(ProgramParty.organization_id.in_(colleges))
    return sa.exists().where(
        ProgramPerson.user_id == User.id,
        sa.or_(
            ProgramPerson.program_id.in_(sa.select(Program.id).where(led)),
            sa.and_(ProgramPerson.program_id.in_(party), ProgramPerson.role != Role.TRAINEE),
        ),
    )
