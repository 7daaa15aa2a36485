"""Teaching teams: who is in them, whether they are put together as their rule says, who leads which course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from trainmgr.curriculum.models import Edition, EditionState, Module
from trainmgr.faculty.composing import (
    COMPOSITIONS,
    Composition,
    Course,
    Fault,
    Holder,
    Seat,
    SeatRole,
    faults_of,
)
from trainmgr.faculty.models import Profile, Team, TeamMember, TeamSeat
from trainmgr.faculty.queries import homes_of, parted
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.queries import visible_to as programs_visible_to
from trainmgr.programs.rules import Side

MADE = audit.sentence("team.make", _l("%(who)s set up the team %(what)s"))
SEATS_SET = audit.sentence("team.seats", _l("%(who)s changed the composition of the team %(what)s"))
JOINED = audit.sentence("team.join", _l("%(who)s took %(person)s into the team %(what)s"))
LEFT = audit.sentence("team.leave", _l("%(who)s took %(person)s out of the team %(what)s"))
LED = audit.sentence("team.lead", _l("%(who)s made %(person)s the head of the team %(what)s"))

PRESENT = TeamMember.until.is_(None)
MOST_MEMBERS = 200


# --- reads ----------------------------------------------------------------------------------------


def partners_of(viewer: User) -> sa.Select[Any]:
    """Return a select of the organisations that take part in a programme together with one of the viewer's."""
    own = sa.select(ProgramParty.program_id).where(ProgramParty.organization_id.in_(homes_of(viewer)))
    return sa.select(ProgramParty.organization_id).where(ProgramParty.program_id.in_(own))


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Team that leaves those that the viewer's houses keep or have people in."""
    homes = homes_of(viewer)
    inside = sa.exists().where(
        TeamMember.team_id == Team.id,
        TeamMember.profile_id == Profile.id,
        Profile.organization_id.in_(homes),
        PRESENT,
    )
    return sa.or_(Team.organization_id.in_(homes), inside)


def list_teams(viewer: User, listing: Listing, program_id: int | None = None) -> Page[Team]:
    """Return a page of teams (of one programme, when it is named) with their seats, keeper and programme."""
    statement = (
        sa.select(Team)
        .where(visible_to(viewer), Team.ended_on.is_(None))
        .options(selectinload(Team.seats), joinedload(Team.organization), joinedload(Team.program))
    )
    if program_id is not None:
        statement = statement.where(Team.program_id == program_id)
    if listing.q:
        statement = statement.where(sa.or_(contains(Team.name, listing.q), contains(Team.field, listing.q)))
    orders = {"name": (Team.name, Team.id), "field": (Team.field, Team.name, Team.id)}
    page: Page[Team] = paginate(statement, listing, orders=orders, default="name")
    return page


def team_or_404(team_id: int, viewer: User) -> Team:
    """Return a team that the viewer may see, with its seats, or answer 404."""
    found: Team | None = db.session.scalar(
        sa.select(Team)
        .where(Team.id == team_id, visible_to(viewer))
        .options(selectinload(Team.seats), joinedload(Team.organization), joinedload(Team.program))
    )
    return found if found is not None else abort(404)


def may_edit(team: Team, viewer: User) -> bool:
    """Tell whether the viewer keeps a team."""
    return team.organization_id in viewer.organizations_where(Permission.FACULTY_EDIT)


def members_of(team_ids: Sequence[int]) -> dict[int, list[TeamMember]]:
    """Return the present members of some teams, the head first: one statement."""
    found: dict[int, list[TeamMember]] = {key: [] for key in team_ids}
    rows = db.session.scalars(
        sa.select(TeamMember)
        .join(Profile, Profile.id == TeamMember.profile_id)
        .join(User, User.id == Profile.user_id)
        .where(TeamMember.team_id.in_(team_ids), PRESENT)
        .options(
            contains_eager(TeamMember.profile).contains_eager(Profile.user),
            contains_eager(TeamMember.profile).joinedload(Profile.organization),
        )
        .order_by(TeamMember.leads.desc(), TeamMember.role, User.name, TeamMember.id)
    )
    for member in rows:
        found[member.team_id].append(member)
    return found


def faults_in(team: Team, members: Sequence[TeamMember]) -> list[Fault]:
    """Return what is wrong with a team's composition."""
    seats = [Seat(seat.role, seat.side, seat.least, seat.most) for seat in team.seats]
    holders = [
        Holder(one.profile.user.name, one.role, one.profile.side, parted(one.profile.fields))
        for one in members
    ]
    return faults_of(seats, holders, team.field)


def candidates(team: Team, viewer: User, listing: Listing) -> Page[Profile]:
    """Return a page of the profiles that may be taken in: the keeper's, and those of its partners in programmes."""
    present = sa.exists().where(TeamMember.profile_id == Profile.id, TeamMember.team_id == team.id, PRESENT)
    statement = (
        sa.select(Profile)
        .join(User, User.id == Profile.user_id)
        .join(Organization, Organization.id == Profile.organization_id)
        .where(_may_join(team, viewer), ~present)
        .options(contains_eager(Profile.user), contains_eager(Profile.organization))
    )
    if listing.q:
        columns = (User.name, Profile.fields, Organization.name)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders = {"name": (User.name, Profile.id), "organization": (Organization.name, User.name, Profile.id)}
    page: Page[Profile] = paginate(statement, listing, orders=orders, default="name")
    return page


def _may_join(team: Team, viewer: User) -> sa.ColumnElement[bool]:
    return sa.or_(
        Profile.organization_id == team.organization_id, Profile.organization_id.in_(partners_of(viewer))
    )


def candidate_or_404(team: Team, profile_id: int, viewer: User) -> Profile:
    """Return a profile that may be taken into a team, or answer 404."""
    found: Profile | None = db.session.scalar(
        sa.select(Profile)
        .where(Profile.id == profile_id, _may_join(team, viewer))
        .options(joinedload(Profile.user))
    )
    return found if found is not None else abort(404)


def member_or_404(team: Team, member_id: int) -> TeamMember:
    """Return a present member of a team, or answer 404."""
    found: TeamMember | None = db.session.scalar(
        sa.select(TeamMember)
        .where(TeamMember.id == member_id, TeamMember.team_id == team.id, PRESENT)
        .options(joinedload(TeamMember.profile).joinedload(Profile.user))
    )
    return found if found is not None else abort(404)


def programs_for(viewer: User) -> Sequence[Program]:
    """Return the programmes that a team may work for, the newest first."""
    return db.session.scalars(
        sa.select(Program).where(programs_visible_to(viewer)).order_by(Program.id.desc()).limit(200)
    ).all()


@dataclass(frozen=True)
class Plan:
    """The courses of a programme's plan as they are led."""

    number: int
    courses: Sequence[Course]

    @property
    def joint(self) -> int:
        """How many courses both sides developed together."""
        return sum(course.is_joint for course in self.courses)

    @property
    def tallies(self) -> Mapping[str, int]:
        """How many courses are led from the right side, from the other, by nobody."""
        found: dict[str, int] = {}
        for course in self.courses:
            found[course.leading.value] = found.get(course.leading.value, 0) + 1
        return found


def plan_of(program_id: int) -> Plan | None:
    """Return how the courses of the programme's plan in force (else the newest) are led: two statements."""
    in_force = sa.case((Edition.state == EditionState.SIGNED, 0), else_=1)
    edition = db.session.execute(
        sa.select(Edition.id, Edition.number)
        .where(Edition.program_id == program_id)
        .order_by(in_force, Edition.number.desc())
        .limit(1)
    ).first()
    if edition is None:
        return None
    parties = sa.select(ProgramParty.organization_id).where(ProgramParty.program_id == program_id)
    enterprise = sa.exists().where(
        Membership.user_id == Module.lead_teacher_id,
        Membership.organization_id.in_(parties),
        Membership.role == Role.ENTERPRISE_MENTOR,
        Membership.ended_on.is_(None),
    )
    rows = db.session.execute(
        sa.select(
            Module.name, Module.theory_hours, Module.practice_hours, Module.lead_teacher_id, enterprise, User.name,
            Module.jointly_developed,
        )
        .outerjoin(User, User.id == Module.lead_teacher_id)
        .where(Module.edition_id == edition.id)
        .order_by(Module.stage_number, Module.position, Module.id)
        .limit(500)
    )  # fmt: skip
    return Plan(
        edition.number,
        [
            Course(name, theory, practice, _side(lead, is_enterprise), leader or "", joint)
            for name, theory, practice, lead, is_enterprise, leader, joint in rows
        ],
    )


def _side(lead: int | None, is_enterprise: bool) -> str | None:
    if lead is None:
        return None
    return Side.ENTERPRISE.value if is_enterprise else Side.COLLEGE.value


# --- writes ---------------------------------------------------------------------------------------


def set_up(
    organization: Organization,
    name: str,
    composition: Composition,
    *,
    field: str = "",
    program: Program | None = None,
    by: User,
    now: datetime,
) -> Team:
    """Set a team up with the seats of its rule."""
    same = sa.select(Team.id).where(Team.organization_id == organization.id, Team.name == name)
    require(db.session.scalar(same) is None, _("There is a team %(name)s already.", name=name))
    require(
        composition is not Composition.ONE_ONE_N or field,
        _("A 1+1+N team belongs to one technical field: name it."),
    )
    team = Team(
        organization_id=organization.id, program_id=program.id if program else None, name=name, field=field,
        composition=composition, created_at=now,
        seats=[
            TeamSeat(role=seat.role, position=place, side=Side(seat.side) if seat.side else None,
                     least=seat.least, most=seat.most)
            for place, seat in enumerate(COMPOSITIONS[composition], start=1)
        ],
    )  # fmt: skip
    db.session.add(team)
    audit.record(MADE, team, by=by, now=now, name=name, program_id=team.program_id)
    return team


def set_seats(
    team: Team, figures: Mapping[SeatRole, tuple[int, int | None]], *, version: int, by: User, now: datetime
) -> None:
    """Change how many members of each role a team has."""
    if team.version != version:
        raise Conflict(_("Somebody has changed this team meanwhile. Look again, then save."))
    for seat in team.seats:
        least, most = figures[seat.role]
        require(most is None or most >= least, _("“At most” is not less than “at least”."))
        seat.least, seat.most = least, most
    team.version = version + 1
    audit.record(SEATS_SET, team, by=by, now=now, name=team.name, program_id=team.program_id)


def take_in(
    team: Team, profile: Profile, role: SeatRole, *, since: date, by: User, now: datetime
) -> TeamMember:
    """Take somebody into a team; a seat that is full or of the other side is told, not refused."""
    require(role in {seat.role for seat in team.seats}, _("The team's rule has no such seat."))
    members = members_of([team.id])[team.id]
    require(len(members) < MOST_MEMBERS, _("A team has at most %(most)s members.", most=MOST_MEMBERS))
    require(
        all(one.profile_id != profile.id for one in members),
        _("%(name)s is in the team already.", name=profile.user.name),
    )
    member = TeamMember(team_id=team.id, profile_id=profile.id, role=role, since=since, leads=False)
    db.session.add(member)
    audit.record(
        JOINED, team, by=by, now=now, name=team.name, person=profile.user.name, program_id=team.program_id
    )
    return member


def take_out(team: Team, member: TeamMember, *, on: date, by: User, now: datetime) -> None:
    """Take somebody out of a team; the membership stays in the history."""
    member.until, member.leads = max(on, member.since), False
    audit.record(
        LEFT,
        team,
        by=by,
        now=now,
        name=team.name,
        person=member.profile.user.name,
        program_id=team.program_id,
    )


def make_head(team: Team, member: TeamMember, *, by: User, now: datetime) -> None:
    """Make somebody the head of a team; there is one."""
    db.session.execute(
        sa.update(TeamMember).where(TeamMember.team_id == team.id, TeamMember.leads).values(leads=False)
    )
    member.leads = True
    audit.record(
        LED, team, by=by, now=now, name=team.name, person=member.profile.user.name, program_id=team.program_id
    )
