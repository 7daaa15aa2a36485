"""Reads for people who apply with an account: the programmes that take applications from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import selectinload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, Side, State
from trainmgr.recruitment import labels
from trainmgr.recruitment.models import Application
from trainmgr.recruitment.rules import ApplicationState


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
            sa.func.coalesce(sa.func.nullif(Organization.short_name, ""), Organization.name),
            Application.state,
        )
        .join(Organization, Organization.id == Program.lead_college_id)
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
