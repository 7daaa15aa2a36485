"""Reads of contests; every one starts from what the viewer may see. What others may count is in `award_queries`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.contests.models import (
    Contest,
    ContestEntry,
    ContestJudge,
    ContestMember,
    ScoreSheet,
)
from trainmgr.contests.rules import ContestKind, ContestState, Level, SheetState, final
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson

COLLEGE = (
    Role.ADMINISTRATOR,
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.SCHOOL_TEACHER,
    Role.COLLEGE_COUNSELLOR,
)
ENTERPRISE = (Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR, Role.ENTERPRISE_COUNSELLOR)
JUDGING = {
    OrganizationKind.COLLEGE: (Role.STAFF, Role.DEPARTMENT_STAFF, Role.SCHOOL_TEACHER),
    OrganizationKind.ENTERPRISE: (Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR),
    OrganizationKind.OUTSIDE: (Role.OUTSIDE_ASSESSOR,),
}
MOST_SHOWN = 300


# --- which contests -----------------------------------------------------------------------------------


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Contest that leaves what the viewer may see.

    The college's people see its contests; trainees those of their programmes and of the whole college, once prepared;
    an enterprise's people those of its programmes and those that it holds too; a judge those that name him or her.
    """
    prepared = Contest.state != ContestState.DRAFT
    named = sa.select(ContestJudge.contest_id).where(ContestJudge.user_id == viewer.id)
    related = sa.select(ProgramPerson.program_id).where(ProgramPerson.user_id == viewer.id)
    seen = [sa.and_(prepared, Contest.id.in_(named)), sa.and_(prepared, Contest.program_id.in_(related))]
    if colleges := viewer.organizations_as(*COLLEGE):
        seen.append(Contest.college_id.in_(colleges))
    if Role.TRAINEE in viewer.roles:
        own = sa.select(Enrolment.college_id).where(Enrolment.user_id == viewer.id)
        seen.append(sa.and_(prepared, Contest.program_id.is_(None), Contest.college_id.in_(own)))
    if enterprises := viewer.organizations_as(*ENTERPRISE):
        parties = sa.select(ProgramParty.program_id).where(ProgramParty.organization_id.in_(enterprises))
        seen.append(sa.and_(prepared, Contest.program_id.in_(parties)))
        seen.append(sa.and_(prepared, Contest.enterprise_id.in_(enterprises)))
    return sa.or_(*seen)


def runs(contest: Contest, viewer: User) -> bool:
    """Tell whether the viewer runs a contest: staff of its college."""
    return contest.college_id in viewer.organizations_where(Permission.CONTEST_RUN)


@dataclass(frozen=True)
class Filters:
    """What a reader narrows the list down to."""

    year: int | None = None
    level: str = ""
    kind: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on Contest."""
        found: list[sa.ColumnElement[bool]] = []
        if self.year:
            found.append(sa.extract("year", Contest.held_on) == self.year)
        if self.level in set(Level):
            found.append(Contest.level == Level(self.level))
        if self.kind in set(ContestKind):
            found.append(Contest.kind == ContestKind(self.kind))
        return found


def list_contests(viewer: User, listing: Listing, filters: Filters) -> Page[Any]:
    """Return a page of contests, the latest first (two statements)."""
    statement = (
        sa.select(Contest)
        .where(visible_to(viewer), *filters.conditions())
        .options(joinedload(Contest.program), joinedload(Contest.enterprise))
    )
    if listing.q:
        statement = statement.where(contains(Contest.name, listing.q))
    orders: dict[str, list[Any]] = {
        "held": [sa.desc(Contest.held_on), sa.desc(Contest.id)],
        "day": [Contest.held_on, Contest.id],
        "name": [Contest.name, Contest.id],
        "level": [Contest.level, Contest.id],
    }
    return paginate(statement, listing, orders=orders, default="held")


def with_everything(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Load contests with programme, enterprise, scoring sheet and prizes: in one statement, there are few of each."""
    return statement.options(
        joinedload(Contest.program),
        joinedload(Contest.enterprise),
        joinedload(Contest.criteria),
        joinedload(Contest.prizes),
    )


def contest_or_404(contest_id: int, viewer: User) -> Contest:
    """Return a contest in sight with its scoring sheet and prizes (one statement), or answer 404."""
    statement = with_everything(sa.select(Contest)).where(Contest.id == contest_id, visible_to(viewer))
    return db.session.scalars(statement).unique().one_or_none() or abort(404)


def lock_contest(contest: Contest) -> Contest:
    """Let one person at a time change a contest; whose it is and who holds it too stay as they were read."""
    kept = {name: contest.__dict__[name] for name in ("program", "enterprise") if name in contest.__dict__}
    fresh = (
        db.session.scalars(
            sa.select(Contest)
            .where(Contest.id == contest.id)
            .options(joinedload(Contest.criteria), joinedload(Contest.prizes))
            .with_for_update(of=Contest)
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )
    for name, value in kept.items():
        set_committed_value(fresh, name, value)
    return fresh


# --- who is in it --------------------------------------------------------------------------------------


def judges_of(contest: Contest) -> list[ContestJudge]:
    """Return the judges with their houses."""
    return list(
        db.session.scalars(
            sa.select(ContestJudge)
            .where(ContestJudge.contest_id == contest.id)
            .options(joinedload(ContestJudge.user), joinedload(ContestJudge.organization))
            .order_by(ContestJudge.id)
        )
    )


def judge_for(contest: Contest, viewer: User) -> ContestJudge | None:
    """Return the viewer's seat among the judges, if any."""
    return db.session.scalars(
        sa.select(ContestJudge).where(
            ContestJudge.contest_id == contest.id, ContestJudge.user_id == viewer.id
        )
    ).one_or_none()


def list_entries(contest: Contest, viewer: User, listing: Listing, *, everybody: bool) -> Page[Any]:
    """Return a page of entries with their members: all, or only the viewer's own; by place once published."""
    statement = (
        sa.select(ContestEntry)
        .where(ContestEntry.contest_id == contest.id)
        .options(selectinload(ContestEntry.members).joinedload(ContestMember.enrolment))
    )
    if not everybody:
        mine = sa.select(ContestMember.entry_id).join(Enrolment).where(Enrolment.user_id == viewer.id)
        statement = statement.where(ContestEntry.id.in_(mine))
    if listing.q:
        statement = statement.where(contains(ContestEntry.name, listing.q))
    orders: dict[str, list[Any]] = {
        "placed": [sa.func.coalesce(ContestEntry.placed, 999_999), ContestEntry.number],
        "number": [ContestEntry.number],
        "name": [ContestEntry.name, ContestEntry.id],
    }
    default = "placed" if contest.state is ContestState.PUBLISHED else "number"
    return paginate(statement, listing, orders=orders, default=default)


def entry_or_404(contest: Contest, entry_id: int) -> ContestEntry:
    """Return an entry of a contest with its members, or answer 404."""
    return db.session.scalars(
        sa.select(ContestEntry)
        .where(ContestEntry.id == entry_id, ContestEntry.contest_id == contest.id)
        .options(selectinload(ContestEntry.members).joinedload(ContestMember.enrolment))
    ).one_or_none() or abort(404)


def candidates(contest: Contest, numbers: Sequence[str]) -> dict[str, list[Enrolment]]:
    """Return the trainees who may enter by the student or employee numbers typed (one statement)."""
    inside = (
        Enrolment.program_id == contest.program_id
        if contest.program_id
        else Enrolment.college_id == contest.college_id
    )
    rows = db.session.scalars(
        sa.select(Enrolment).where(
            inside,
            Enrolment.state.not_in(AWAY),
            sa.or_(Enrolment.student_number.in_(numbers), Enrolment.employee_number.in_(numbers)),
        )
    )
    found: dict[str, list[Enrolment]] = {}
    for enrolment in rows:
        for number in {enrolment.student_number, enrolment.employee_number} & set(numbers):
            found.setdefault(number, []).append(enrolment)
    return found


def own_enrolment(contest: Contest, viewer: User) -> Enrolment | None:
    """Return with which enrolment the viewer may enter a contest, the latest one."""
    inside = (
        Enrolment.program_id == contest.program_id
        if contest.program_id
        else Enrolment.college_id == contest.college_id
    )
    return db.session.scalars(
        sa.select(Enrolment)
        .where(inside, Enrolment.user_id == viewer.id, Enrolment.state.not_in(AWAY))
        .order_by(Enrolment.id.desc())
        .limit(1)
    ).one_or_none()


def find_judges(contest: Contest, text: str) -> list[tuple[User, int]]:
    """Return who may judge under a name or sign-in name: of the college, of its enterprises, of an outside house."""
    parties = sa.select(ProgramParty.organization_id).join(Program, Program.id == ProgramParty.program_id)
    enterprises = sa.or_(
        Membership.organization_id == contest.enterprise_id,
        Membership.organization_id.in_(
            parties.where(
                ProgramParty.program_id == contest.program_id
                if contest.program_id
                else Program.lead_college_id == contest.college_id
            )
        ),
    )
    where = {
        OrganizationKind.COLLEGE: Membership.organization_id == contest.college_id,
        OrganizationKind.ENTERPRISE: enterprises,
        OrganizationKind.OUTSIDE: Organization.kind == OrganizationKind.OUTSIDE,
    }
    rows = db.session.execute(
        sa.select(User, Membership.organization_id)
        .join(Membership, Membership.user_id == User.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(
            sa.or_(User.name == text, User.username == text),
            sa.or_(*(sa.and_(where[kind], Membership.role.in_(roles)) for kind, roles in JUDGING.items())),
        )
        .order_by(User.id)
        .limit(10)
    ).all()
    return list({user.id: (user, organization_id) for user, organization_id in rows}.values())


# --- scores ---------------------------------------------------------------------------------------------


@dataclass
class Scored:
    """How far the judging is: the sheets that count by entry and judge."""

    sheets: dict[tuple[int, int], ScoreSheet] = field(default_factory=dict)

    def totals(self, entry_id: int) -> list[Decimal]:
        """Return the totals of an entry."""
        return [sheet.total for (entry, _), sheet in self.sheets.items() if entry == entry_id]

    def by_judge(self, judge_id: int) -> int:
        """Return how many entries a judge has scored."""
        return sum(1 for _, judge in self.sheets if judge == judge_id)

    def score(self, contest: Contest, entry_id: int) -> Decimal | None:
        """Return an entry's score so far."""
        return final(self.totals(entry_id), drop_extremes=contest.drop_extremes)


def scored(contest: Contest, entry_ids: Sequence[int] | None = None) -> Scored:
    """Return the sheets that count, of all entries or of some (one statement)."""
    statement = sa.select(ScoreSheet).where(
        ScoreSheet.contest_id == contest.id, ScoreSheet.state == SheetState.SUBMITTED
    )
    if entry_ids is not None:
        statement = statement.where(ScoreSheet.entry_id.in_(entry_ids))
    return Scored({(sheet.entry_id, sheet.judge_id): sheet for sheet in db.session.scalars(statement)})


def score_counts(contest: Contest) -> tuple[int, Mapping[int, int]]:
    """Return how many entries take part, and how many of them each judge has scored (one statement)."""
    active = sa.select(ContestEntry.id).where(ContestEntry.contest_id == contest.id, ContestEntry.is_active)
    total = sa.select(sa.func.count()).select_from(active.subquery()).scalar_subquery()
    counts_here = sa.and_(
        ScoreSheet.judge_id == ContestJudge.id,
        ScoreSheet.state == SheetState.SUBMITTED,
        ScoreSheet.entry_id.in_(active),
    )
    rows = db.session.execute(
        sa.select(ContestJudge.id, sa.func.count(ScoreSheet.id), total)
        .outerjoin(ScoreSheet, counts_here)
        .where(ContestJudge.contest_id == contest.id)
        .group_by(ContestJudge.id)
    ).all()
    return (rows[0][2] if rows else 0), {judge: done for judge, done, _total in rows}


# --- choices of forms -----------------------------------------------------------------------------------


def offered_programs(college_ids: Sequence[int]) -> Sequence[Any]:
    """Return the programmes that colleges lead, the latest first."""
    return db.session.execute(
        sa.select(Program.id, Program.name, Program.name_en)
        .where(Program.lead_college_id.in_(college_ids))
        .order_by(Program.id.desc())
        .limit(MOST_SHOWN)
    ).all()


def offered_enterprises(college_ids: Sequence[int]) -> Sequence[Any]:
    """Return the enterprises with which colleges have programmes."""
    return db.session.execute(
        sa.select(Organization.id, Organization.name)
        .where(
            Organization.kind == OrganizationKind.ENTERPRISE,
            Organization.id.in_(
                sa.select(ProgramParty.organization_id)
                .join(Program, Program.id == ProgramParty.program_id)
                .where(Program.lead_college_id.in_(college_ids))
            ),
        )
        .order_by(Organization.name)
        .limit(MOST_SHOWN)
    ).all()
