"""The panel over programmes: what became of the graduates of a year, as far as the viewer may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from trainmgr.employment.figures import counts
from trainmgr.employment.models import FollowUpRound
from trainmgr.employment.rules import Counts
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.queries import visible_to

MOST_PROGRAMS = 200
YEARS = 12


def graduates_seen_by(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment and Program (joined) that leaves whom the viewer may see, in every programme.

    The same people as enrolment's `visible_in` for those who follow graduates up: the lead college and the department
    see all, a partner college and an enterprise their own, counsellors theirs in programmes that name them.
    """
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    seen: list[sa.ColumnElement[bool]] = [
        Program.lead_college_id.in_(colleges),
        Enrolment.college_id.in_(colleges),
        Program.department_id.in_(viewer.departments_as(Role.DEPARTMENT_STAFF)),
        Enrolment.enterprise_id.in_(viewer.organizations_as(Role.ENTERPRISE_COORDINATOR)),
    ]
    for role, column in (
        (Role.COLLEGE_COUNSELLOR, Enrolment.college_id),
        (Role.ENTERPRISE_COUNSELLOR, Enrolment.enterprise_id),
    ):
        if own := viewer.organizations_as(role):
            named = sa.exists().where(
                ProgramPerson.program_id == Program.id,
                ProgramPerson.user_id == viewer.id,
                ProgramPerson.role == role,
            )
            seen.append(sa.and_(column.in_(own), named))
    return sa.and_(visible_to(viewer), sa.or_(*seen))


def years_of(viewer: User) -> list[int]:
    """Return the years of graduation in which the viewer's programmes have rounds, the latest first."""
    return list(
        db.session.scalars(
            sa.select(FollowUpRound.year)
            .join(Program, Program.id == FollowUpRound.program_id)
            .where(visible_to(viewer))
            .distinct()
            .order_by(FollowUpRound.year.desc())
            .limit(YEARS)
        )
    )


@dataclass(frozen=True)
class Row:
    """A programme's figures of a round."""

    program: Program
    counts: Counts


def of_year(viewer: User, year: int) -> dict[int, Counts]:
    """Return the whole of each round of a year's graduates, by months after."""
    return counts(sa.and_(graduates_seen_by(viewer), FollowUpRound.year == year), FollowUpRound.months)


def programs_of(viewer: User, year: int, months: int) -> Sequence[Row]:
    """Return each programme's figures of one round of a year's graduates, by name: two statements."""
    wanted = sa.and_(graduates_seen_by(viewer), FollowUpRound.year == year, FollowUpRound.months == months)
    found = counts(wanted, Program.id)
    programs = db.session.scalars(
        sa.select(Program)
        .where(Program.id.in_(list(found)), visible_to(viewer))
        .order_by(Program.name, Program.id)
        .limit(MOST_PROGRAMS)
    )
    return [Row(program, found[program.id]) for program in programs]


def to_plan(viewer: User, year: int) -> list[Program]:
    """Return the programmes of the viewer's college or department whose trainees graduate in a year."""
    own = sa.or_(
        Program.lead_college_id.in_(viewer.organizations_as(Role.STAFF)),
        Program.department_id.in_(viewer.departments_as(Role.DEPARTMENT_STAFF)),
    )
    return list(
        db.session.scalars(
            sa.select(Program)
            .where(own, sa.extract("year", Program.ends_on) == year)
            .order_by(Program.id)
            .limit(MOST_PROGRAMS)
        )
    )
