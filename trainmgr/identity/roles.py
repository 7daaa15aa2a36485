"""What the roles come to: which rail a person has, which role names them, which roles an organisation may hold."""

from __future__ import annotations

from collections.abc import Iterable

from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role

KINDS: dict[str, tuple[Role, ...]] = {
    "staff": (Role.STAFF, Role.ADMINISTRATOR, Role.DEPARTMENT_STAFF, Role.ENTERPRISE_COORDINATOR),
    "mentor": (Role.ENTERPRISE_MENTOR, Role.SCHOOL_TEACHER),
    "trainee": (Role.TRAINEE,),
    "other": (Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR, Role.OUTSIDE_ASSESSOR),
}
_RANK = [role for roles in KINDS.values() for role in roles]

# Whom an organisation can ask for a second factor: who works for it with an account, not trainees, mentors, outsiders.
ASKED_FOR_FACTOR = (*KINDS["staff"], Role.SCHOOL_TEACHER, Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR)

_COLLEGE = (
    Role.ADMINISTRATOR,
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.SCHOOL_TEACHER,
    Role.COLLEGE_COUNSELLOR,
    Role.TRAINEE,
)
_ENTERPRISE = (
    Role.ADMINISTRATOR,
    Role.ENTERPRISE_COORDINATOR,
    Role.ENTERPRISE_MENTOR,
    Role.ENTERPRISE_COUNSELLOR,
    Role.TRAINEE,
)

# The roles that make sense in an organisation of a kind; a department's people are members of its college.
ROLES_IN: dict[OrganizationKind, tuple[Role, ...]] = {
    OrganizationKind.OPERATOR: (Role.ADMINISTRATOR,),
    OrganizationKind.COLLEGE: _COLLEGE,
    OrganizationKind.DEPARTMENT: (),
    OrganizationKind.ENTERPRISE: _ENTERPRISE,
    OrganizationKind.OUTSIDE: (Role.ADMINISTRATOR, Role.OUTSIDE_ASSESSOR),
    # Nobody works for these: their people are members of the units and of the host.
    OrganizationKind.ALLIANCE: (),
    OrganizationKind.INDUSTRY_COLLEGE: (),
    OrganizationKind.BASE: (),
}


def role_kind(roles: Iterable[Role]) -> str:
    """Return which rail a person with these roles has: staff, mentor, trainee, or other."""
    leading = leading_role(roles)
    return next((kind for kind, members in KINDS.items() if leading in members), "other")


def leading_role(roles: Iterable[Role]) -> Role | None:
    """Return the role that a person of several is addressed by, or None."""
    return min(roles, key=_RANK.index, default=None)
