"""The bench: a college's year in a database, and what its pages cost."""

from __future__ import annotations

from trainmgr.kernel.access import Role

PASSWORD = "bench-password-2026"

# Who is signed in for which pages: the user name and the role, all of the first college.
PEOPLE: dict[str, tuple[str, Role]] = {
    "staff": ("bench1-staff", Role.STAFF),
    "mentor": ("bench1-mentor1", Role.ENTERPRISE_MENTOR),
    "teacher": ("bench1-teacher1", Role.SCHOOL_TEACHER),
    "coordinator": ("bench1-coordinator1", Role.ENTERPRISE_COORDINATOR),
    "trainee": ("bench1-trainee", Role.TRAINEE),
}
