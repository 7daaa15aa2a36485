"""Reads of programmes; every one that takes an id starts from what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson, ProgramStep, Signature
from trainmgr.programs.rules import PartyRole, Side

# Whoever holds one of these in a party sees all of the party's programmes.
PARTY_WIDE = (Role.ADMINISTRATOR, Role.STAFF, Role.ENTERPRISE_COORDINATOR)


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Program that leaves what the viewer may see."""
    related = sa.select(ProgramPerson.program_id).where(ProgramPerson.user_id == viewer.id)
    if Role.OUTSIDE_ASSESSOR in viewer.roles and viewer.asked_on is not None:
        related = related.where(_in_its_days(viewer.asked_on))
    conditions: list[sa.ColumnElement[bool]] = [Program.id.in_(related)]
    if organizations := viewer.organizations_as(*PARTY_WIDE):
        party = sa.select(ProgramParty.program_id).where(ProgramParty.organization_id.in_(organizations))
        conditions.append(Program.id.in_(party))
    if departments := viewer.departments_as(Role.DEPARTMENT_STAFF):
        conditions.append(Program.department_id.in_(departments))
    return sa.or_(*conditions)


def _in_its_days(day: date) -> sa.ColumnElement[bool]:
    """Leave an outside assessor's relations that hold on a day; those of others hold until they are taken away."""
    holds = sa.and_(
        ProgramPerson.since <= day, sa.or_(ProgramPerson.until.is_(None), ProgramPerson.until >= day)
    )
    return sa.or_(ProgramPerson.role != Role.OUTSIDE_ASSESSOR, holds)


def select_visible(viewer: User) -> sa.Select[Any]:
    """Return a select of the programmes that the viewer may see."""
    return sa.select(Program).where(visible_to(viewer))


def program_or_404(program_id: int, viewer: User, *, steps: bool = True) -> Program:
    """Return a programme with its parties (and its nine steps), or answer 404: two statements, three with steps."""
    reads = _reads()
    statement = select_visible(viewer).where(Program.id == program_id).options(*reads.with_program)
    program: Program | None = db.session.scalars(statement).one_or_none()
    if program is None:
        return abort(404)
    _fill(program, "parties", reads.parties)
    if steps:
        _fill(program, "steps", reads.steps)
    return program


@dataclass(frozen=True)
class _Reads:
    """What the frame of every page of a programme reads, written once: an eager load costs twice as much."""

    with_program: Sequence[Any]
    parties: sa.Select[ProgramParty]
    steps: sa.Select[ProgramStep]


@cache
def _reads() -> _Reads:
    key = sa.bindparam("program_id", type_=sa.Integer)
    return _Reads(
        (joinedload(Program.lead_college), joinedload(Program.department)),
        sa.select(ProgramParty)
        .where(ProgramParty.program_id == key)
        .options(joinedload(ProgramParty.organization))
        .order_by(ProgramParty.id),
        sa.select(ProgramStep).where(ProgramStep.program_id == key).order_by(ProgramStep.step),
    )


def _fill(program: Program, name: str, statement: sa.Select[Any]) -> None:
    """Read a collection of a programme, unless this request holds it already."""
    if name not in program.__dict__:
        rows = db.session.scalars(statement, {"program_id": program.id}).all()
        set_committed_value(program, name, list(rows))


def parties_on(program: Program, side: Side) -> list[ProgramParty]:
    """Return a programme's parties on one side."""
    return [party for party in program.parties if party.role.side is side]


def is_complete_college(program: Program, viewer: User) -> bool:
    """Tell whether the viewer sees all of the programme's trainees: the lead college's people do."""
    return program.lead_college_id in viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)


def sides_of(program: Program, viewer: User, permission: Permission) -> frozenset[Side]:
    """Return the sides of a programme for which a permission lets the viewer act."""
    allowed = viewer.organizations_where(permission)
    return frozenset(
        party.role.side for party in program.parties if party.role.side and party.organization_id in allowed
    )


def may(program: Program, viewer: User, permission: Permission) -> bool:
    """Tell whether the viewer holds a permission in this very programme, not only somewhere.

    It counts in a party of the programme (for department staff: in its department) or through a relation to it.
    """
    for membership in viewer.memberships:
        if permission not in viewer.grants_of(membership.role):
            continue
        if membership.role is Role.DEPARTMENT_STAFF:
            if membership.department_id and membership.department_id == program.department_id:
                return True
        elif any(party.organization_id == membership.organization_id for party in program.parties):
            return True
    return False


def signatures_of(subject_kind: str, subject_id: int) -> list[Signature]:
    """Return the signatures under a thing with who signed for whom."""
    return list(
        db.session.scalars(
            sa.select(Signature)
            .where(Signature.subject_kind == subject_kind, Signature.subject_id == subject_id)
            .options(joinedload(Signature.user), joinedload(Signature.organization))
            .order_by(Signature.signed_at)
        )
    )


def latest_events(program: Program, limit: int = 8) -> list[AuditEvent]:
    """Return the last deeds in a programme, newest first."""
    return list(
        db.session.scalars(
            sa.select(AuditEvent)
            .where(AuditEvent.program_id == program.id)
            .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
            .limit(limit)
        )
    )


def enterprises_of(program: Program) -> list[ProgramParty]:
    """Return the enterprises that are a party to a programme."""
    return [party for party in program.parties if party.role is PartyRole.ENTERPRISE]
