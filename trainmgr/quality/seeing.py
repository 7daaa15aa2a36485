"""Whose figures somebody may see, and which of the records behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort

from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import language
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.queries import visible_to
from trainmgr.programs.rules import PartyRole
from trainmgr.quality.measures.base import RecordKind
from trainmgr.quality.rules import Audience, Scope, ScopeKind

RUN_THE_COLLEGE = (Role.ADMINISTRATOR, Role.STAFF)
OF_THE_COLLEGE = (*RUN_THE_COLLEGE, Role.DEPARTMENT_STAFF)
MOST_CHOICES = 300


def named(model: type[Organization] | type[Program]) -> sa.ColumnElement[str]:
    """Return the column of names in the reader's language; Chinese where there is no English one."""
    if language() != "en":
        return sa.type_coerce(model.name, sa.String)
    return sa.case((model.name_en != "", model.name_en), else_=model.name)


def colleges_of(viewer: User) -> frozenset[int]:
    """Return the colleges (and other houses) whose figures somebody sees as one of their people."""
    return viewer.organizations_as(*OF_THE_COLLEGE)


def enterprises_of(viewer: User) -> frozenset[int]:
    """Return the enterprises for which somebody acts."""
    return viewer.organizations_as(Role.ENTERPRISE_COORDINATOR)


def audience_of(viewer: User, college_id: int) -> Audience:
    """Return as whom somebody reads a college's figures."""
    if college_id in colleges_of(viewer):
        return Audience.COLLEGE
    return Audience.PARTIES if enterprises_of(viewer) or colleges_of(viewer) else Audience.OUTSIDE


def is_for(audience: Audience, reader: Audience) -> bool:
    """Tell whether an indicator for an audience is shown to a reader: each audience holds those before it."""
    order = list(Audience)
    return order.index(reader) <= order.index(audience)


@dataclass(frozen=True)
class Seen:
    """A scope that somebody may see, with its name."""

    scope: Scope
    name: str
    college_name: str = ""


def default_scope(viewer: User, college_id: int | None = None) -> Seen | None:
    """Return what a dashboard shows at first: one's college, one's department, one's enterprise, one's programme."""
    if whole := sorted(viewer.organizations_as(*RUN_THE_COLLEGE)):
        chosen = college_id if college_id in whole else whole[0]
        return find_scope(ScopeKind.COLLEGE, chosen, viewer)
    if departments := sorted(viewer.departments_as(Role.DEPARTMENT_STAFF)):
        return find_scope(ScopeKind.DEPARTMENT, departments[0], viewer)
    if enterprises := sorted(enterprises_of(viewer)):
        return find_scope(ScopeKind.ENTERPRISE, enterprises[0], viewer, college_id)
    first = db.session.scalar(
        sa.select(Program.id).where(visible_to(viewer)).order_by(Program.id.desc()).limit(1)
    )
    return find_scope(ScopeKind.PROGRAM, first, viewer) if first else None


def scope_or_404(kind: ScopeKind, scope_id: int, viewer: User, college_id: int | None = None) -> Seen:
    """Return a scope that somebody may see, or answer 404."""
    found = find_scope(kind, scope_id, viewer, college_id)
    return found if found is not None else abort(404)


def find_scope(kind: ScopeKind, scope_id: int, viewer: User, college_id: int | None = None) -> Seen | None:
    """Return a scope that somebody may see, or None: one statement."""
    own = colleges_of(viewer)
    if kind is ScopeKind.COLLEGE:
        name = _name(Organization.id == scope_id, Organization.id.in_(own))
        return Seen(Scope.of_college(scope_id), name, name) if name else None
    if kind is ScopeKind.DEPARTMENT:
        return _department(scope_id, own)
    if kind is ScopeKind.PROGRAM:
        return _program(scope_id, viewer)
    return _enterprise(scope_id, viewer, college_id)


def _name(*conditions: Any) -> str | None:
    return db.session.scalar(sa.select(named(Organization)).where(*conditions))


def _department(department_id: int, colleges: frozenset[int]) -> Seen | None:
    row = db.session.execute(
        sa.select(named(Organization), Organization.parent_id).where(
            Organization.id == department_id,
            Organization.kind == OrganizationKind.DEPARTMENT,
            Organization.parent_id.in_(colleges),
        )
    ).one_or_none()
    return Seen(Scope.of_department(row[1] or 0, department_id), row[0]) if row else None


def _program(program_id: int, viewer: User) -> Seen | None:
    """A programme's figures are for its colleges and its assessors; an enterprise sees its own part instead."""
    statement = sa.select(Program).where(Program.id == program_id, visible_to(viewer))
    if Role.OUTSIDE_ASSESSOR not in viewer.roles:
        statement = statement.where(_of_its_colleges(viewer))
    program = db.session.scalars(statement).one_or_none()
    return Seen(Scope.of_program(program.lead_college_id, program.id), program.label) if program else None


def _of_its_colleges(viewer: User) -> sa.ColumnElement[bool]:
    """Leave the programmes of which somebody's house is a college; administrators of enterprises are left out."""
    return sa.exists().where(
        ProgramParty.program_id == Program.id,
        ProgramParty.organization_id.in_(colleges_of(viewer)),
        ProgramParty.role.in_((PartyRole.LEAD_COLLEGE, PartyRole.PARTNER_COLLEGE)),
    )


def _enterprise(enterprise_id: int, viewer: User, college_id: int | None) -> Seen | None:
    """An enterprise's part in what a college leads: for the college's people, and for the enterprise's own."""
    mine = enterprise_id in enterprises_of(viewer)
    party = (
        sa.select(Program.lead_college_id, named(Organization))
        .join(ProgramParty, ProgramParty.program_id == Program.id)
        .join(Organization, Organization.id == ProgramParty.organization_id)
        .where(ProgramParty.organization_id == enterprise_id, ProgramParty.role == PartyRole.ENTERPRISE)
        .order_by(Program.id.desc())
        .limit(1)
    )
    if not mine:
        party = party.where(Program.lead_college_id.in_(colleges_of(viewer)))
    if college_id is not None:
        party = party.where(Program.lead_college_id == college_id)
    row = db.session.execute(party).first()
    return Seen(Scope.of_enterprise(row[0], enterprise_id), row[1]) if row else None


# --- what there is to choose from ----------------------------------------------------------------------


def choices(viewer: User, college_id: int) -> Sequence[tuple[str, int, str]]:
    """Return the scopes of a college that somebody may choose: (kind, id, name), one statement."""
    kind, name = sa.literal, named(Organization)
    if college_id in colleges_of(viewer):
        inside = Organization.parent_id == college_id
        party = (
            sa.select(ProgramParty.organization_id)
            .join(Program)
            .where(Program.lead_college_id == college_id, ProgramParty.role == PartyRole.ENTERPRISE)
        )
        parts = [
            sa.select(kind("1college").label("kind"), Organization.id.label("id"), name.label("name")).where(
                Organization.id == college_id
            ),
            sa.select(kind("2department"), Organization.id, name).where(
                inside, Organization.kind == OrganizationKind.DEPARTMENT
            ),
            sa.select(kind("3program"), Program.id, named(Program)).where(
                Program.lead_college_id == college_id, visible_to(viewer)
            ),
            sa.select(kind("4enterprise"), Organization.id, name).where(Organization.id.in_(party)),
        ]
    elif own := enterprises_of(viewer):
        parts = [
            sa.select(
                kind("4enterprise").label("kind"), Organization.id.label("id"), name.label("name")
            ).where(Organization.id.in_(own))
        ]
    else:
        parts = [
            sa.select(
                kind("3program").label("kind"), Program.id.label("id"), named(Program).label("name")
            ).where(visible_to(viewer))
        ]
    rows = sa.union_all(*parts).subquery()
    found = db.session.execute(
        sa.select(rows.c.kind, rows.c.id, rows.c.name)
        .order_by(rows.c.kind, rows.c.name, rows.c.id)
        .limit(MOST_CHOICES)
    )
    return [(kind_of[1:], scope_id, label) for kind_of, scope_id, label in found]


# --- records behind a figure ---------------------------------------------------------------------------------


def openable(kind: RecordKind, rows: Any, scope: Scope, viewer: User) -> sa.ColumnElement[bool] | None:
    """Return the condition on a measure's rows that leaves what somebody may see by name; None when that is all.

    Who runs the college sees all of it, a department its own, an enterprise its own trainees; outsiders and partners
    see programmes they may open, and nobody by name.
    """
    if scope.college_id in viewer.organizations_as(*RUN_THE_COLLEGE):
        return None
    seen: list[sa.ColumnElement[bool]] = []
    if departments := viewer.departments_as(Role.DEPARTMENT_STAFF):
        seen.append(rows.c.department_id.in_(departments))
    if own := enterprises_of(viewer):
        seen.append(rows.c.enterprise_id.in_(own))
    if kind is RecordKind.PROGRAM:
        seen.append(rows.c.program_id.in_(sa.select(Program.id).where(visible_to(viewer))))
    return sa.or_(*seen) if seen else sa.false()
