"""Enterprises, teachers, bases, teaching material: what training stands on (S8, W10, H6, H14)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trainmgr.bank.models import Item
from trainmgr.bank.rules import ItemState
from trainmgr.faculty.models import PracticeRun, Profile
from trainmgr.faculty.rules import Grade
from trainmgr.identity.models import Organization, OrganizationUnit, PracticeBase, User
from trainmgr.kernel.access import Role
from trainmgr.materials.models import Material
from trainmgr.materials.rules import MaterialKind
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Side
from trainmgr.quality.measures.base import (
    BY_DEPARTMENT,
    IN_COLLEGE,
    Ask,
    RecordKind,
    hit,
    measure,
    ran,
    row,
)
from trainmgr.quality.rules import ScopeKind, Unit
from trainmgr.standards.models import ProgramStandard

NOT_ENTERPRISE = frozenset({ScopeKind.COLLEGE, ScopeKind.DEPARTMENT, ScopeKind.PROGRAM})


@measure("enterprises", Unit.COUNT, RecordKind.OTHER, distinct="id", scopes=NOT_ENTERPRISE)
def _enterprises(ask: Ask) -> sa.Select[Any]:
    """Enterprises that are a party to a programme that ran, each once."""
    return (
        sa.select(
            *row(
                id=Organization.id,
                name=Organization.name,
                program_id=Program.id,
                department_id=Program.department_id,
                enterprise_id=Organization.id,
            )
        )
        .join(ProgramParty, ProgramParty.organization_id == Organization.id)
        .join(Program, Program.id == ProgramParty.program_id)
        .where(ran(ask), ProgramParty.role == PartyRole.ENTERPRISE)
    )


@measure("standards_used", Unit.SHARE, RecordKind.PROGRAM, scopes=NOT_ENTERPRISE)
def _standards_used(ask: Ask) -> sa.Select[Any]:
    """Programmes built on a job standard of both sides, of all that ran."""
    built = sa.exists().where(ProgramStandard.program_id == Program.id)
    return sa.select(
        *row(
            id=Program.id,
            name=Program.name,
            detail=Program.code,
            program_id=Program.id,
            department_id=Program.department_id,
            amount=hit(built),
        )
    ).where(ran(ask))


# --- teachers ---------------------------------------------------------------------------------------


def _teachers(ask: Ask, **more: Any) -> sa.Select[Any]:
    return (
        sa.select(
            *row(
                id=Profile.id,
                name=User.name,
                detail=Profile.fields,
                department_id=Profile.department_id,
                **more,
            )
        )
        .select_from(Profile)
        .join(User, User.id == Profile.user_id)
        .where(
            Profile.organization_id == ask.college_id,
            Profile.side == Side.COLLEGE,
            Profile.created_at < ask.ends,
        )
    )


@measure("teachers", Unit.COUNT, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _all_teachers(ask: Ask) -> sa.Select[Any]:
    """Teachers with a profile."""
    return _teachers(ask)


@measure("dual_teachers", Unit.SHARE, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _dual_teachers(ask: Ask) -> sa.Select[Any]:
    """Teachers with a dual-qualification level on the last day, of all."""
    holds = sa.and_(
        Profile.dual_level.is_not(None), sa.or_(Profile.dual_on.is_(None), Profile.dual_on <= ask.last)
    )
    return _teachers(ask, amount=hit(holds))


@measure("senior_teachers", Unit.SHARE, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _senior_teachers(ask: Ask) -> sa.Select[Any]:
    """Backbone teachers and masters, of all."""
    return _teachers(ask, amount=hit(Profile.grade.in_((Grade.BACKBONE, Grade.MASTER))))


@measure("teacher_practice", Unit.MEAN, RecordKind.OTHER, scopes=BY_DEPARTMENT)
def _teacher_practice(ask: Ask) -> sa.Select[Any]:
    """Confirmed days at enterprises within the days, a teacher."""
    first, last = ask.first.toordinal(), ask.last.toordinal()
    begin = sa.case((PracticeRun.first_day < first, first), else_=PracticeRun.first_day)
    end = sa.case((PracticeRun.last_day > last, last), else_=PracticeRun.last_day)
    days = (
        sa.select(sa.func.coalesce(sa.func.sum(end - begin + 1), 0))
        .where(
            PracticeRun.profile_id == Profile.id,
            PracticeRun.first_day <= last,
            PracticeRun.last_day >= first,
        )
        .correlate(Profile)
        .scalar_subquery()
    )
    return _teachers(ask, amount=days)


@measure("enterprise_teachers", Unit.COUNT, RecordKind.OTHER, distinct="id")
def _enterprise_teachers(ask: Ask) -> sa.Select[Any]:
    """Masters and experts of enterprises who guide or teach in programmes that ran, each once."""
    return (
        sa.select(
            *row(
                id=User.id,
                name=User.name,
                detail=Organization.name,
                program_id=Program.id,
                department_id=Program.department_id,
                enterprise_id=ProgramPerson.organization_id,
            )
        )
        .select_from(ProgramPerson)
        .join(User, User.id == ProgramPerson.user_id)
        .join(Organization, Organization.id == ProgramPerson.organization_id)
        .join(Program, Program.id == ProgramPerson.program_id)
        .where(
            ran(ask),
            ProgramPerson.role == Role.ENTERPRISE_MENTOR,
            ProgramPerson.since <= ask.last,
            sa.or_(ProgramPerson.until.is_(None), ProgramPerson.until >= ask.first),
        )
    )


# --- bases, alliances ----------------------------------------------------------------------------------


def _bases(ask: Ask, on_campus: bool) -> sa.Select[Any]:
    return (
        sa.select(*row(id=Organization.id, name=Organization.name, detail=PracticeBase.address))
        .join(PracticeBase, PracticeBase.organization_id == Organization.id)
        .where(
            PracticeBase.on_campus.is_(on_campus),
            Organization.created_at < ask.ends,
            sa.or_(
                PracticeBase.host_id == ask.college_id,
                Organization.registered_by_id == ask.college_id,
                Organization.parent_id == ask.college_id,
            ),
        )
    )


@measure("bases_inside", Unit.COUNT, RecordKind.OTHER, scopes=IN_COLLEGE)
def _bases_inside(ask: Ask) -> sa.Select[Any]:
    """Practice bases on campus."""
    return _bases(ask, True)


@measure("bases_outside", Unit.COUNT, RecordKind.OTHER, scopes=IN_COLLEGE)
def _bases_outside(ask: Ask) -> sa.Select[Any]:
    """Practice bases off campus."""
    return _bases(ask, False)


@measure("alliances", Unit.COUNT, RecordKind.OTHER, distinct="id", scopes=IN_COLLEGE)
def _alliances(ask: Ask) -> sa.Select[Any]:
    """Alliances and industry colleges of which the college is a unit."""
    return (
        sa.select(*row(id=Organization.id, name=Organization.name, detail=OrganizationUnit.part))
        .join(OrganizationUnit, OrganizationUnit.organization_id == Organization.id)
        .where(
            OrganizationUnit.unit_id == ask.college_id,
            OrganizationUnit.since <= ask.last,
            sa.or_(OrganizationUnit.until.is_(None), OrganizationUnit.until >= ask.first),
        )
    )


# --- teaching material -----------------------------------------------------------------------------------


def _materials(ask: Ask, **more: Any) -> sa.Select[Any]:
    return sa.select(*row(id=Material.id, name=Material.title, detail=Material.occupation, **more)).where(
        Material.owner_id == ask.college_id,
        Material.latest_number > 0,
        Material.created_at < ask.ends,
        sa.or_(Material.retired_on.is_(None), Material.retired_on > ask.last),
    )


@measure("materials", Unit.COUNT, RecordKind.OTHER, scopes=IN_COLLEGE)
def _all_materials(ask: Ask) -> sa.Select[Any]:
    """Published teaching resources."""
    return _materials(ask)


@measure("materials_renewed", Unit.SHARE, RecordKind.OTHER, scopes=IN_COLLEGE)
def _materials_renewed(ask: Ask) -> sa.Select[Any]:
    """Resources whose newest version is of these days, of all."""
    return _materials(ask, amount=hit(Material.renewed_on.between(ask.first, ask.last)))


@measure("cases", Unit.COUNT, RecordKind.OTHER, scopes=IN_COLLEGE)
def _cases(ask: Ask) -> sa.Select[Any]:
    """Real cases in five parts, and others."""
    return _materials(ask).where(Material.kind.in_((MaterialKind.CASE, MaterialKind.CASE_WRITE_UP)))


@measure("bank_items", Unit.COUNT, RecordKind.OTHER, scopes=IN_COLLEGE)
def _bank_items(ask: Ask) -> sa.Select[Any]:
    """Questions and practical tasks in use."""
    return sa.select(*row(id=Item.id, name=sa.func.substr(Item.stem, 1, 80))).where(
        Item.college_id == ask.college_id, Item.state == ItemState.IN_USE, Item.created_at < ask.ends
    )
