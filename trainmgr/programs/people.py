"""Whom a programme brings together: its staff see its teachers, mentors, counsellors, and (leading it) its trainees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import User
from trainmgr.identity.queries import also_sees
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson


@also_sees
def related_people(viewer: User) -> Sequence[sa.Select[Any]]:
    """Return selects of the ids of the people of the programmes that the viewer works for.

    The lead college and the responsible department see all of a programme's people; a partner college sees those who
    work in it, not the other side's trainees.
    """
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    departments = viewer.departments_as(Role.DEPARTMENT_STAFF)
    if not colleges and not departments:
        return ()
    led = sa.or_(Program.lead_college_id.in_(colleges), Program.department_id.in_(departments))
    return (
        sa.select(ProgramPerson.user_id).join(Program, Program.id == ProgramPerson.program_id).where(led),
        sa.select(ProgramPerson.user_id)
        .join(ProgramParty, ProgramParty.program_id == ProgramPerson.program_id)
        .where(ProgramParty.organization_id.in_(colleges), ProgramPerson.role != Role.TRAINEE),
    )
