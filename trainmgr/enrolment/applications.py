"""Reads of applications: for those who judge them, and for the people who made them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload, selectinload

from trainmgr.enrolment import labels
from trainmgr.enrolment.models import Application, Verdict
from trainmgr.enrolment.rules import ApplicationState, VerdictKind
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, Side, State

OfCollege, OfEnterprise = aliased(Verdict), aliased(Verdict)
College, Enterprise = aliased(Organization), aliased(Organization)


@dataclass(frozen=True)
class ApplicationRow:
    """One application as the list shows it."""

    id: int
    name: str
    field: str
    state: ApplicationState
    applied_at: datetime
    college: str
    enterprise: str | None
    college_verdict: VerdictKind | None
    enterprise_verdict: VerdictKind | None

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.APPLICATION_STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill."""
        return labels.APPLICATION_TONES[self.state]

    @property
    def college_label(self) -> Any:
        """The college's verdict in words, or nothing while it is awaited."""
        return labels.VERDICTS[self.college_verdict] if self.college_verdict else ""

    @property
    def enterprise_label(self) -> Any:
        """The enterprise's verdict in words, or nothing while it is awaited."""
        return labels.VERDICTS[self.enterprise_verdict] if self.enterprise_verdict else ""


ORDERS = {
    "applied": (Application.id,),
    "name": (Application.name, Application.id),
    "state": (Application.state, Application.id),
}


def judged_by(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Application that leaves those that the viewer may judge or has judged.

    The lead college's staff see all, a partner college's their own, a coordinator those that name the enterprise
    or none.
    """
    inside = Application.program_id == program.id
    colleges = viewer.organizations_as(Role.STAFF)
    if program.lead_college_id in colleges:
        return inside
    seen: list[sa.ColumnElement[bool]] = [sa.false()]
    if colleges:
        seen.append(Application.college_id.in_(colleges))
    if enterprises := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(sa.or_(Application.enterprise_id.in_(enterprises), Application.enterprise_id.is_(None)))
    return sa.and_(inside, sa.or_(*seen))


def sides_to_judge(program: Program, application: Application, viewer: User) -> list[Side]:
    """Return the sides for which the viewer may judge an application; it must be one of judged_by."""
    sides = []
    own = viewer.organizations_where(Permission.ENROLMENT_JUDGE)
    for party in program.parties:
        if party.organization_id not in own or party.role.side is None or party.role.side in sides:
            continue
        named = application.college_id if party.role.side is Side.COLLEGE else application.enterprise_id
        if named in (None, party.organization_id) or party.role is PartyRole.LEAD_COLLEGE:
            sides.append(party.role.side)
    return sides


def applications_page(
    program: Program, viewer: User, listing: Listing, state: str, field: str
) -> Page[ApplicationRow]:
    """Return one page of a programme's applications: two statements."""
    conditions = [judged_by(program, viewer)]
    if listing.q:
        conditions.append(Application.name.ilike(like(listing.q), escape="\\"))
    if state in set(ApplicationState):
        conditions.append(Application.state == ApplicationState(state))
    if field:
        conditions.append(Application.field == field)
    statement: Any = (
        sa.select(
            Application.id,
            Application.name,
            Application.field,
            Application.state,
            Application.applied_at,
            _short(College),
            _short(Enterprise),
            OfCollege.verdict,
            OfEnterprise.verdict,
        )
        .join(College, College.id == Application.college_id)
        .outerjoin(Enterprise, Enterprise.id == Application.enterprise_id)
        .outerjoin(OfCollege, _verdict_of(OfCollege, Side.COLLEGE))
        .outerjoin(OfEnterprise, _verdict_of(OfEnterprise, Side.ENTERPRISE))
        .where(*conditions)
    )
    page = paginate(statement, listing, orders=ORDERS, default="applied", scalars=False)
    rows = [ApplicationRow(*row) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def _short(organization: Any) -> sa.ColumnElement[str]:
    return sa.func.coalesce(sa.func.nullif(organization.short_name, ""), organization.name)


def _verdict_of(verdict: Any, side: Side) -> sa.ColumnElement[bool]:
    return sa.and_(verdict.application_id == Application.id, verdict.side == side)


def state_counts(program: Program, viewer: User) -> tuple[dict[ApplicationState, int], list[str]]:
    """Return how many applications are in each state, and the fields that people applied for: one statement."""
    rows = db.session.execute(
        sa.select(Application.state, Application.field, sa.func.count())
        .where(judged_by(program, viewer))
        .group_by(Application.state, Application.field)
    ).all()
    counts = dict.fromkeys(ApplicationState, 0)
    for state, _field, amount in rows:
        counts[state] += amount
    return counts, sorted({field for _state, field, _amount in rows if field})


def application_or_404(program: Program, application_id: int, viewer: User) -> Application:
    """Return an application that the viewer may judge, with its verdicts, or answer 404: two statements."""
    application: Application | None = db.session.scalars(
        sa.select(Application)
        .where(Application.id == application_id, judged_by(program, viewer))
        .options(joinedload(Application.user), selectinload(Application.verdicts).joinedload(Verdict.by))
    ).one_or_none()
    return application if application is not None else abort(404)


# --- for the people who apply --------------------------------------------------------------------


def _open_to(viewer: User) -> sa.ColumnElement[bool]:
    """Programmes of one's own college that recruit, and those one has applied to."""
    colleges = sa.select(ProgramParty.program_id).where(
        ProgramParty.organization_id.in_(viewer.organizations_as(Role.TRAINEE)),
        ProgramParty.role.in_((PartyRole.LEAD_COLLEGE, PartyRole.PARTNER_COLLEGE)),
    )
    mine = sa.select(Application.program_id).where(Application.user_id == viewer.id)
    recruiting = sa.and_(Program.state == State.RECRUITING, Program.id.in_(colleges))
    return sa.or_(recruiting, Program.id.in_(mine))


@dataclass(frozen=True)
class OpenProgram:
    """A programme that takes applications, or took mine."""

    id: int
    name: str
    name_en: str
    starts_on: Any
    ends_on: Any
    planned_size: int | None
    college: str
    state: ApplicationState | None

    @property
    def state_label(self) -> Any:
        """What became of my application so far, or nothing."""
        return labels.APPLICATION_STATES[self.state] if self.state else ""

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill."""
        return labels.APPLICATION_TONES[self.state] if self.state else ""


def open_programs(viewer: User, listing: Listing) -> Page[OpenProgram]:
    """Return the programmes that a person may apply to, with where their own applications stand."""
    mine = sa.and_(Application.program_id == Program.id, Application.user_id == viewer.id)
    statement: Any = (
        sa.select(
            Program.id,
            Program.name,
            Program.name_en,
            Program.starts_on,
            Program.ends_on,
            Program.planned_size,
            _short(College),
            Application.state,
        )
        .join(College, College.id == Program.lead_college_id)
        .outerjoin(Application, mine)
        .where(_open_to(viewer))
    )
    if listing.q:
        statement = statement.where(Program.name.ilike(like(listing.q), escape="\\"))
    orders = {"starts": (Program.starts_on, Program.id), "name": (Program.name, Program.id)}
    page = paginate(statement, listing, orders=orders, default="starts", scalars=False)
    rows = [OpenProgram(*row) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def open_program_or_404(program_id: int, viewer: User) -> Program:
    """Return a programme that a person may apply to (or has), with its parties, or answer 404: two statements."""
    program: Program | None = db.session.scalars(
        sa.select(Program)
        .where(Program.id == program_id, _open_to(viewer))
        .options(selectinload(Program.parties).joinedload(ProgramParty.organization))
    ).one_or_none()
    return program if program is not None else abort(404)


def college_for(program: Program, viewer: User) -> int:
    """Return the college through which a person applies: the lead college before a partner."""
    own = viewer.organizations_as(Role.TRAINEE)
    colleges = [
        party for party in program.parties if party.role.side is Side.COLLEGE and party.organization_id in own
    ]
    if not colleges:
        abort(404)
    return min(colleges, key=lambda party: party.role is not PartyRole.LEAD_COLLEGE).organization_id


def own_application(program_id: int, viewer: User) -> Application | None:
    """Return one's own application to a programme with its verdicts, if there is one."""
    found: Application | None = db.session.scalars(
        sa.select(Application)
        .where(Application.program_id == program_id, Application.user_id == viewer.id)
        .options(selectinload(Application.verdicts))
    ).one_or_none()
    return found


def place_in_line(application: Application) -> int:
    """Return the place of an application on the waiting list, 1 for the next to come in."""
    ahead = (
        sa.select(sa.func.count())
        .select_from(Application)
        .where(
            Application.program_id == application.program_id,
            Application.state == ApplicationState.WAITLISTED,
            Application.id <= application.id,
        )
    )
    return db.session.scalar(ahead) or 0
