"""Reads behind lists and searches: programmes, organisations that may become a party, people of the parties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer, joinedload, selectinload

from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.dues import is_showing, owned_by
from trainmgr.programs.models import Due, Duty, Program, ProgramParty, ProgramPerson
from trainmgr.programs.queries import select_visible
from trainmgr.programs.rules import ORDER, ProgramKind, State
from trainmgr.programs.setup import RELATED_ROLES

STATE_ORDER = sa.case(
    {state: place for place, state in enumerate((*ORDER, State.SUSPENDED, State.CANCELLED))},
    value=Program.state,
)
ORDERS: dict[str, Sequence[Any]] = {
    "name": (Program.name, Program.id),
    "code": (Program.code, Program.id),
    "kind": (Program.kind, Program.name, Program.id),
    "state": (STATE_ORDER, Program.name, Program.id),
    "starts": (Program.starts_on, Program.id),
    "size": (Program.planned_size, Program.id),
    "newest": (Program.created_at.desc(), Program.id.desc()),
}


def page_of_programs(
    viewer: User, listing: Listing, *, state: State | None, kind: ProgramKind | None
) -> Page[Program]:
    """Return a page of the programmes that the viewer may see: three statements."""
    statement = select_visible(viewer)
    if listing.q:
        statement = statement.where(_names(listing.q))
    if state:
        statement = statement.where(Program.state == state)
    if kind:
        statement = statement.where(Program.kind == kind)
    statement = statement.options(
        defer(Program.pathway_document), selectinload(Program.parties).joinedload(ProgramParty.organization)
    )
    return paginate(statement, listing, orders=ORDERS, default="newest")


def _names(text: str) -> sa.ColumnElement[bool]:
    pattern = like(text)
    party = (
        sa.select(ProgramParty.program_id)
        .join(Organization, Organization.id == ProgramParty.organization_id)
        .where(
            sa.or_(
                Organization.name.ilike(pattern, escape="\\"),
                Organization.short_name.ilike(pattern, escape="\\"),
                Organization.name_en.ilike(pattern, escape="\\"),
            )
        )
    )
    return sa.or_(
        Program.name.ilike(pattern, escape="\\"),
        Program.name_en.ilike(pattern, escape="\\"),
        Program.code.ilike(pattern, escape="\\"),
        Program.id.in_(party),
    )


def choices(viewer: User, limit: int = 12) -> Sequence[Program]:
    """Return the newest programmes for the switcher, those under way first: one statement."""
    over = sa.case((Program.state.in_((State.CLOSED, State.CANCELLED)), 1), else_=0)
    return db.session.scalars(
        select_visible(viewer)
        .options(defer(Program.pathway_document))
        .order_by(over, Program.created_at.desc(), Program.id.desc())
        .limit(limit)
    ).all()


# --- organisations and people to choose from ----------------------------------------------------


def find_organizations(
    kind: OrganizationKind, text: str, *, without: Sequence[int] = (), limit: int = 20
) -> tuple[Sequence[Organization], bool]:
    """Return organisations by a piece of their name or by their code, and whether there are more."""
    pattern = like(text)
    statement = sa.select(Organization).where(
        Organization.kind == kind,
        sa.or_(
            Organization.name.ilike(pattern, escape="\\"),
            Organization.short_name.ilike(pattern, escape="\\"),
            Organization.name_en.ilike(pattern, escape="\\"),
            Organization.code == text,
        ),
    )
    if without:
        statement = statement.where(Organization.id.not_in(without))
    found = db.session.scalars(statement.order_by(Organization.name, Organization.id).limit(limit + 1)).all()
    return found[:limit], len(found) > limit


def organizations(ids: Sequence[int]) -> Sequence[Organization]:
    """Return organisations by their ids, by name."""
    if not ids:
        return []
    return db.session.scalars(
        sa.select(Organization).where(Organization.id.in_(ids)).order_by(Organization.name, Organization.id)
    ).all()


def departments_of(college_ids: Sequence[int]) -> Sequence[Organization]:
    """Return the departments of some colleges."""
    return db.session.scalars(
        sa.select(Organization)
        .where(Organization.kind == OrganizationKind.DEPARTMENT, Organization.parent_id.in_(college_ids))
        .order_by(Organization.parent_id, Organization.name)
        .limit(500)
    ).all()


def find_people(program: Program, text: str, *, limit: int = 20) -> tuple[Sequence[Membership], bool]:
    """Return people of the parties who may be related to a programme, and whether there are more."""
    pattern = like(text)
    found = db.session.scalars(
        sa.select(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id.in_([party.organization_id for party in program.parties]),
            Membership.role.in_(RELATED_ROLES),
            Membership.ended_on.is_(None),
            User.active,
            sa.or_(
                User.name.ilike(pattern, escape="\\"),
                Membership.number == text,
                User.username == text,
            ),
        )
        .options(joinedload(Membership.user), joinedload(Membership.organization))
        .order_by(User.name, Membership.id)
        .limit(limit + 1)
    ).all()
    return found[:limit], len(found) > limit


def people_of(program: Program, limit: int = 100) -> tuple[Sequence[ProgramPerson], bool]:
    """Return the people related to a programme, its trainees and enterprise mentors left out."""
    found = db.session.scalars(
        sa.select(ProgramPerson)
        .where(ProgramPerson.program_id == program.id, ProgramPerson.role.in_(RELATED_ROLES))
        .options(joinedload(ProgramPerson.user), joinedload(ProgramPerson.organization))
        .order_by(ProgramPerson.until.is_not(None), ProgramPerson.role, ProgramPerson.id)
        .limit(limit + 1)
    ).all()
    return found[:limit], len(found) > limit


def duties_of(program: Program) -> Sequence[Duty]:
    """Return the duties in a programme, in the order in which they were given."""
    return db.session.scalars(
        sa.select(Duty).where(Duty.program_id == program.id).order_by(Duty.id).limit(500)
    ).all()


# --- what is due in a programme -----------------------------------------------------------------


def own_dues(program: Program, viewer: User, today: date, limit: int = 20) -> Sequence[Due]:
    """Return what is due from the viewer in one programme."""
    return db.session.scalars(
        sa.select(Due)
        .where(Due.program_id == program.id, owned_by(viewer), is_showing(today))
        .order_by(Due.due_on.is_(None), Due.due_on, Due.id)
        .limit(limit)
    ).all()


def count_dues(program: Program) -> int:
    """Return how many lines of inboxes a programme has."""
    return db.session.scalar(sa.select(sa.func.count(Due.id)).where(Due.program_id == program.id)) or 0


def last_change(program: Program, *actions: str, subject_id: int | None = None) -> AuditEvent | None:
    """Return the last deed of some kinds in a programme: who changed what somebody else has open."""
    statement = sa.select(AuditEvent).where(
        AuditEvent.program_id == program.id, AuditEvent.action.in_(actions)
    )
    if subject_id is not None:
        statement = statement.where(AuditEvent.subject_id == subject_id)
    return db.session.scalars(statement.order_by(AuditEvent.id.desc()).limit(1)).first()


def get_duty(program: Program, number: str | int) -> Duty | None:
    """Return a duty of a programme, by its id as it came from the address."""
    if not _is_id(number):
        return None
    return db.session.scalars(
        sa.select(Duty).where(Duty.id == int(number), Duty.program_id == program.id)
    ).one_or_none()


def get_person(program: Program, person_id: int) -> ProgramPerson | None:
    """Return somebody's relation to a programme, with the name."""
    return db.session.scalars(
        sa.select(ProgramPerson)
        .where(ProgramPerson.id == person_id, ProgramPerson.program_id == program.id)
        .options(joinedload(ProgramPerson.user))
    ).one_or_none()


def get_membership(program: Program, number: str) -> Membership | None:
    """Return a current membership in one of a programme's parties, by its id as it came from a form."""
    if not _is_id(number):
        return None
    return db.session.scalars(
        sa.select(Membership)
        .where(
            Membership.id == int(number),
            Membership.organization_id.in_([party.organization_id for party in program.parties]),
            Membership.ended_on.is_(None),
        )
        .options(joinedload(Membership.user))
    ).one_or_none()


def code_holder(program: Program, code: str) -> Program | None:
    """Return another programme of the same college that has a number already."""
    return db.session.scalars(
        sa.select(Program).where(
            Program.lead_college_id == program.lead_college_id, Program.code == code, Program.id != program.id
        )
    ).one_or_none()


def get_organization(number: str) -> Organization | None:
    """Return an organisation by its id as it came from a form."""
    return db.session.get(Organization, int(number)) if _is_id(number) else None


def _is_id(number: str | int) -> bool:
    text = str(number)
    return text.isascii() and text.isdigit() and len(text) < 10
