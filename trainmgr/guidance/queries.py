"""Reads of guidance; every row starts from the trainees whom the viewer may see, and counsellors from their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager, joinedload

from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.guidance.models import (
    Counsel,
    GuidanceSetting,
    PointEntry,
    RiskSign,
    SignState,
    TutoringState,
    TutoringTask,
)
from trainmgr.guidance.plan_models import StudyPlan
from trainmgr.guidance.rules import MOST_GUIDED, WEEKLY_FOR_ALL, WEEKLY_FOR_ONE, Naming, Ranking
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

PRESENT = Enrolment.state != EnrolmentState.WITHDRAWN
COUNSELLORS = {Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR}
ROLE_OF = {Side.COLLEGE: Role.COLLEGE_COUNSELLOR, Side.ENTERPRISE: Role.ENTERPRISE_COUNSELLOR}
WIDER = {Role.ADMINISTRATOR, Role.STAFF, Role.DEPARTMENT_STAFF, Role.ENTERPRISE_COORDINATOR}
MOST_OFFERED = 300


def counselled_by(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves the trainees whom somebody counsels now."""
    own, other = aliased(Counsel), aliased(Counsel)
    another = sa.exists().where(
        other.enrolment_id == Enrolment.id, other.side == own.side, other.until.is_(None)
    )
    of_class = sa.and_(own.cohort_id == Enrolment.cohort_id, sa.not_(another))
    return sa.exists().where(
        own.user_id == user_id, own.until.is_(None), sa.or_(own.enrolment_id == Enrolment.id, of_class)
    )


def guided_in(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment for guidance: whom the viewer may see; of counsellors only their own.

    A counsellor who was never named for anybody in the programme sees the whole side, as everywhere else.
    """
    seen = visible_in(program, viewer)
    if not viewer.roles & COUNSELLORS or viewer.roles & WIDER:
        return seen
    never = sa.not_(sa.exists().where(Counsel.program_id == program.id, Counsel.user_id == viewer.id))
    return sa.and_(
        seen,
        sa.or_(
            never,
            counselled_by(viewer.id),
            Enrolment.user_id == viewer.id,
            Enrolment.school_teacher_id == viewer.id,
            Enrolment.enterprise_mentor_id == viewer.id,
        ),
    )


def trainee_or_404(program: Program, enrolment_id: int, viewer: User) -> Enrolment:
    """Return a trainee whom the viewer guides or oversees, or answer 404: one statement."""
    enrolment: Enrolment | None = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id == enrolment_id, guided_in(program, viewer))
        .options(
            joinedload(Enrolment.cohort),
            joinedload(Enrolment.school_teacher),
            joinedload(Enrolment.enterprise_mentor),
        )
    ).one_or_none()
    return enrolment if enrolment is not None else abort(404)


def setting_of(program_id: int) -> GuidanceSetting:
    """Return a programme's choices, or the usual ones (not stored) while nothing was chosen."""
    return db.session.get(GuidanceSetting, program_id) or usual_setting(program_id)


def usual_setting(program_id: int) -> GuidanceSetting:
    """Return the choices that hold while a programme has made none; they are not stored."""
    return GuidanceSetting(
        program_id=program_id,
        most_guided=MOST_GUIDED,
        ranking=Ranking.OWN,
        weekly_for_one=WEEKLY_FOR_ONE,
        weekly_for_all=WEEKLY_FOR_ALL,
        version=0,
    )


# --- who counsels whom ---------------------------------------------------------------------------------


def namings_of(program_id: int, enrolment_ids: Sequence[int] | None = None) -> list[Counsel]:
    """Return who is named now, for classes and for trainees (or for some trainees), with names: one statement."""
    statement = (
        sa.select(Counsel)
        .where(Counsel.program_id == program_id, Counsel.until.is_(None))
        .options(joinedload(Counsel.user))
    )
    if enrolment_ids is not None:
        statement = statement.where(
            sa.or_(Counsel.enrolment_id.is_(None), Counsel.enrolment_id.in_(enrolment_ids))
        )
    return list(db.session.scalars(statement.order_by(Counsel.side, Counsel.id)))


@dataclass(frozen=True)
class Counsellors:
    """Who counsels whom now, for many trainees at once."""

    of_trainee: Mapping[tuple[int, Side], User]
    of_class: Mapping[tuple[int, Side], User]

    @classmethod
    def from_rows(cls, rows: Sequence[Counsel]) -> Counsellors:
        """Sort namings that hold now."""
        own = {(one.enrolment_id, one.side): one.user for one in rows if one.enrolment_id}
        classes = {(one.cohort_id, one.side): one.user for one in rows if one.cohort_id}
        return cls(own, classes)

    def of(self, enrolment_id: int, cohort_id: int | None, side: Side) -> User | None:
        """Return a trainee's counsellor of a side: the one named for the trainee, else for the class."""
        named = self.of_trainee.get((enrolment_id, side))
        return named or (self.of_class.get((cohort_id, side)) if cohort_id else None)

    def both(self, enrolment: Enrolment) -> dict[Side, User]:
        """Return a trainee's counsellors by side; a side without one is left out."""
        found = {side: self.of(enrolment.id, enrolment.cohort_id, side) for side in Side}
        return {side: user for side, user in found.items() if user is not None}


def counsellors_of(program_id: int, enrolment_ids: Sequence[int] | None = None) -> Counsellors:
    """Return who counsels a programme's trainees now (or some of them)."""
    return Counsellors.from_rows(namings_of(program_id, enrolment_ids))


def naming_of(row: Counsel) -> Naming:
    """Return a naming as the rules take it."""
    return Naming(row.user_id, row.side, row.since, row.until, row.cohort_id, row.enrolment_id)


def history_of(program: Program, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of namings for classes and for trainees in sight, those that hold first: two statements."""
    over = sa.case((Counsel.until.is_(None), 0), else_=1)
    statement = (
        sa.select(Counsel)
        .join(Counsel.user)
        .outerjoin(Counsel.cohort)
        .outerjoin(Counsel.enrolment)
        .where(
            Counsel.program_id == program.id,
            sa.or_(Counsel.enrolment_id.is_(None), visible_in(program, viewer)),
        )
        .options(
            contains_eager(Counsel.user), contains_eager(Counsel.cohort), contains_eager(Counsel.enrolment)
        )
    )
    if listing.q:
        statement = statement.where(
            sa.or_(
                contains(User.name, listing.q),
                contains(Enrolment.name, listing.q),
                contains(Cohort.name, listing.q),
            )
        )
    orders: dict[str, list[Any]] = {
        "state": [over, Counsel.side, User.name, Counsel.id],
        "name": [User.name, Counsel.id],
        "since": [Counsel.since, Counsel.id],
    }
    return paginate(statement, listing, orders=orders, default="state")


def counsel_or_404(program: Program, counsel_id: int) -> Counsel:
    """Return a naming of a programme with everybody in it, or answer 404."""
    row: Counsel | None = db.session.scalars(
        sa.select(Counsel)
        .where(Counsel.id == counsel_id, Counsel.program_id == program.id)
        .options(joinedload(Counsel.user), joinedload(Counsel.cohort), joinedload(Counsel.enrolment))
    ).one_or_none()
    return row if row is not None else abort(404)


def loads(program_id: int) -> dict[tuple[int, Side], int]:
    """Return how many present trainees each counsellor has now, by side: one statement."""
    own, other = aliased(Counsel), aliased(Counsel)
    another = sa.exists().where(
        other.enrolment_id == Enrolment.id, other.side == own.side, other.until.is_(None)
    )
    fits = sa.or_(
        own.enrolment_id == Enrolment.id, sa.and_(own.cohort_id == Enrolment.cohort_id, sa.not_(another))
    )
    rows = db.session.execute(
        sa.select(own.user_id, own.side, sa.func.count())
        .select_from(own)
        .join(Enrolment, sa.and_(fits, Enrolment.program_id == own.program_id, PRESENT))
        .where(own.program_id == program_id, own.until.is_(None))
        .group_by(own.user_id, own.side)
    )
    return {(user_id, side): number for user_id, side, number in rows}


def without_counsellor(program_id: int) -> dict[Side, int]:
    """Return how many present trainees have no counsellor of a side: one statement."""

    def has(side: Side) -> Any:
        one = aliased(Counsel)
        fits = sa.or_(one.enrolment_id == Enrolment.id, one.cohort_id == Enrolment.cohort_id)
        return sa.exists().where(one.side == side, one.until.is_(None), fits)

    row = db.session.execute(
        sa.select(*(sa.func.count(sa.case((sa.not_(has(side)), 1))) for side in Side)).where(
            Enrolment.program_id == program_id, PRESENT
        )
    ).one()
    return dict(zip(Side, row, strict=True))


def candidates(program: Program, day: date) -> dict[Side, list[User]]:
    """Return who can be named on each side: those who hold the role at a party of the programme today."""
    found: dict[Side, list[User]] = {}
    for side, role in ROLE_OF.items():
        homes = [party.organization_id for party in program.parties if party.role.side is side]
        statement = (
            sa.select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.organization_id.in_(homes), Membership.role == role, _holds(day))
            .distinct()
            .order_by(User.name, User.id)
            .limit(MOST_OFFERED)
        )
        found[side] = list(db.session.scalars(statement))
    return found


def _holds(day: date) -> sa.ColumnElement[bool]:
    return sa.or_(Membership.ended_on.is_(None), Membership.ended_on > day)


def home_of(user_id: int, program: Program, side: Side, day: date) -> Organization | None:
    """Return the party of a side for which somebody is a counsellor."""
    homes = [party.organization_id for party in program.parties if party.role.side is side]
    found: Organization | None = db.session.scalars(
        sa.select(Organization)
        .join(Membership, Membership.organization_id == Organization.id)
        .where(
            Membership.user_id == user_id,
            Membership.role == ROLE_OF[side],
            Organization.id.in_(homes),
            _holds(day),
        )
        .order_by(Organization.id)
        .limit(1)
    ).one_or_none()
    return found


# --- the trainees in somebody's care ---------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A trainee with what is under way."""

    enrolment: Enrolment
    plan: StudyPlan | None
    signs: int
    tasks: int
    points: int


def _counts() -> list[Any]:
    signs = sa.select(sa.func.count()).where(
        RiskSign.enrolment_id == Enrolment.id, RiskSign.state == SignState.OPEN
    )
    tasks = sa.select(sa.func.count()).where(
        TutoringTask.enrolment_id == Enrolment.id, TutoringTask.state == TutoringState.OPEN
    )
    points = sa.select(sa.func.coalesce(sa.func.sum(PointEntry.points), 0)).where(
        PointEntry.enrolment_id == Enrolment.id
    )
    return [one.correlate(Enrolment).scalar_subquery() for one in (signs, tasks, points)]


def list_guided(
    program: Program, viewer: User, listing: Listing, *, cohort: int | None = None, mine: bool = False
) -> Page[Any]:
    """Return a page of the trainees in the viewer's care with plan, signs, tasks and points: two statements."""
    signs, tasks, points = _counts()
    conditions = [guided_in(program, viewer), PRESENT]
    if mine:
        conditions.append(counselled_by(viewer.id))
    if cohort is not None:
        conditions.append(Enrolment.cohort_id == cohort)
    if listing.q:
        conditions.append(contains(Enrolment.name, listing.q))
    total = db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment).where(*conditions)) or 0
    running = sa.and_(StudyPlan.enrolment_id == Enrolment.id, StudyPlan.closed_at.is_(None))
    statement = (
        sa.select(Enrolment, StudyPlan, signs, tasks, points)
        .outerjoin(Enrolment.cohort)
        .outerjoin(StudyPlan, running)
        .where(*conditions)
        .options(contains_eager(Enrolment.cohort))
    )
    orders: dict[str, list[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "signs": [signs, Enrolment.name, Enrolment.id],
        "tasks": [tasks, Enrolment.name, Enrolment.id],
        "points": [points, Enrolment.name, Enrolment.id],
    }
    page = paginate(statement, listing, orders=orders, default="name", total=total, scalars=False)
    return Page(
        [Row(*row) for row in page.items],
        page.number,
        page.size,
        page.total,
        page.q,
        page.sort,
        page.direction,
    )


@dataclass(frozen=True)
class Totals:
    """How many are in the viewer's care, and what is under way for how many of them."""

    people: int
    planned: int
    at_risk: int
    tutored: int


def totals_of(program: Program, viewer: User) -> Totals:
    """Count whom the viewer guides: one statement."""
    plan = sa.exists().where(StudyPlan.enrolment_id == Enrolment.id, StudyPlan.closed_at.is_(None))
    sign = sa.exists().where(RiskSign.enrolment_id == Enrolment.id, RiskSign.state == SignState.OPEN)
    task = sa.exists().where(
        TutoringTask.enrolment_id == Enrolment.id, TutoringTask.state == TutoringState.OPEN
    )
    row = db.session.execute(
        sa.select(sa.func.count(), *(sa.func.count(sa.case((one, 1))) for one in (plan, sign, task))).where(
            guided_in(program, viewer), PRESENT
        )
    ).one()
    return Totals(row[0], row[1], row[2], row[3])


def own_programs(viewer: User) -> list[tuple[int, int]]:
    """Return a trainee's own trainings as (programme, enrolment), the latest first."""
    rows = db.session.execute(
        sa.select(Enrolment.program_id, Enrolment.id)
        .where(Enrolment.user_id == viewer.id)
        .order_by(Enrolment.id.desc())
    )
    return [(row[0], row[1]) for row in rows]


def counselled_programs(viewer: User) -> list[Program]:
    """Return the programmes in which somebody counsels, by name."""
    named = sa.select(Counsel.program_id).where(Counsel.user_id == viewer.id, Counsel.until.is_(None))
    return list(
        db.session.scalars(sa.select(Program).where(Program.id.in_(named)).order_by(Program.name, Program.id))
    )
