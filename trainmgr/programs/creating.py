"""Making programmes: from a pathway, and as the next edition of one that ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.pathways.rules import Pathway, to_document
from trainmgr.programs import duties, hooks
from trainmgr.programs.models import Duty, Program, ProgramParty, ProgramPerson, RevenueShare
from trainmgr.programs.rules import PartyRole, State
from trainmgr.programs.setup import ORGANIZATION_KINDS, Facts
from trainmgr.programs.thread import refresh

CREATED = audit.sentence("programs.create", _l("%(who)s made the programme %(what)s from “%(pathway)s”"))
CONTINUED = audit.sentence(
    "programs.continue", _l("%(who)s started %(what)s as the next edition of %(previous)s")
)

# People who stay with a programme from one edition to the next; trainees and mentors come anew.
STAYING_ROLES = (
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.SCHOOL_TEACHER,
    Role.COLLEGE_COUNSELLOR,
    Role.ENTERPRISE_COORDINATOR,
    Role.ENTERPRISE_COUNSELLOR,
)


class CodeTaken(RuleBroken):
    """Another programme of the college has this number; `program` is that one."""

    def __init__(self, program: Program) -> None:
        super().__init__(_("The number is taken by “%(name)s”.", name=program.name))
        self.program = program


@dataclass(frozen=True)
class Plan:
    """What a new programme is made of."""

    facts: Facts
    pathway: Pathway
    lead_college_id: int
    parties: Sequence[tuple[int, PartyRole]] = field(default_factory=tuple)


def propose_code(college_id: int, year: int) -> str:
    """Return the college's next free programme number in a year: 2026-07."""
    codes = db.session.scalars(
        sa.select(Program.code).where(
            Program.lead_college_id == college_id, Program.code.startswith(f"{year}-")
        )
    )
    tails = [code.partition("-")[2] for code in codes]
    numbers = [int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 7]
    return f"{year}-{max(numbers, default=0) + 1:02}"


def find_by_code(college_id: int, code: str) -> Program | None:
    """Return a college's programme with a number, if there is one."""
    return db.session.scalars(
        sa.select(Program).where(Program.lead_college_id == college_id, Program.code == code)
    ).one_or_none()


def create(plan: Plan, *, by: User, now: datetime) -> Program:
    """Make a draft from a pathway, with its parties and the duties that the pathway names."""
    require(
        plan.lead_college_id in by.organizations_where(Permission.PROGRAM_EDIT),
        _("You cannot make programmes for this college."),
    )
    document = to_document(plan.pathway)
    program = _store(
        plan.facts, plan.lead_college_id, plan.pathway.slug, plan.pathway.version, document, by=by, now=now
    )
    _add_parties(program, plan.parties, by)
    audit.record(
        CREATED,
        program,
        by=by,
        now=now,
        program_id=program.id,
        name=program.name,
        pathway={"zh": plan.pathway.name.zh, "en": plan.pathway.name.en},
    )
    duties.take_duties(program, by=by, now=now)
    refresh(program.id, now=now)
    return program


def _store(
    facts: Facts,
    college_id: int,
    slug: str,
    version: int,
    document: dict[str, Any],
    *,
    by: User,
    now: datetime,
    predecessor_id: int | None = None,
) -> Program:
    if taken := find_by_code(college_id, facts.code):
        raise CodeTaken(taken)
    if facts.department_id is not None:
        department = db.session.get(Organization, facts.department_id)
        require(
            department and department.parent_id == college_id, _("The department belongs to another college.")
        )
    program = Program(
        **asdict(facts),
        state=State.DRAFT,
        lead_college_id=college_id,
        pathway_slug=slug,
        pathway_version=version,
        pathway_document=document,
        predecessor_id=predecessor_id,
        created_by_id=by.id,
        created_at=now,
        parties=[],
    )
    db.session.add(program)
    db.session.flush()
    return program


def _add_parties(program: Program, parties: Sequence[tuple[int, PartyRole]], by: User) -> None:
    wanted = {program.lead_college_id: PartyRole.LEAD_COLLEGE}
    for organization_id, role in parties:
        wanted.setdefault(organization_id, role)
    found = {
        organization.id: organization
        for organization in db.session.scalars(sa.select(Organization).where(Organization.id.in_(wanted)))
    }
    for organization_id, role in wanted.items():
        organization = found.get(organization_id)
        require(
            organization and organization.kind is ORGANIZATION_KINDS[role],
            _("One of the parties is not known any more."),
        )
        contact = by.name if role is PartyRole.LEAD_COLLEGE else ""
        program.parties.append(
            ProgramParty(
                organization_id=organization_id, organization=organization, role=role, contact=contact
            )
        )
    db.session.flush()


def start_next_edition(
    previous: Program,
    *,
    code: str,
    name: str,
    name_en: str,
    starts_on: date | None,
    ends_on: date | None,
    planned_size: int | None,
    by: User,
    now: datetime,
) -> Program:
    """Make the next edition of a programme: the same pathway, parties, duties, split and people who stay.

    What the programme before did not close stays linked through `predecessor_id`.
    """
    require(
        previous.state not in (State.DRAFT, State.CANCELLED),
        _("A next edition follows a programme that has begun."),
    )
    facts = Facts(
        name=name,
        name_en=name_en,
        code=code,
        kind=previous.kind,
        department_id=previous.department_id,
        starts_on=starts_on,
        ends_on=ends_on,
        planned_size=planned_size,
        budget_cents=previous.budget_cents,
    )
    program = _store(
        facts,
        previous.lead_college_id,
        previous.pathway_slug,
        previous.pathway_version,
        previous.pathway_document,
        by=by,
        now=now,
        predecessor_id=previous.id,
    )
    _copy_setup(previous, program, now)
    audit.record(
        CONTINUED, program, by=by, now=now, program_id=program.id, name=program.name, previous=previous.name
    )
    hooks.tell_next_edition(hooks.NextEdition(previous, program, by, now))
    refresh(program.id, now=now)
    return program


def _copy_setup(previous: Program, program: Program, now: datetime) -> None:
    for party in previous.parties:
        program.parties.append(
            ProgramParty(organization=party.organization, role=party.role, contact=party.contact)
        )
    for duty in db.session.scalars(sa.select(Duty).where(Duty.program_id == previous.id).order_by(Duty.id)):
        db.session.add(Duty(program_id=program.id, **duties.duty_content(duty)))
    for share in duties.shares_of(previous):
        db.session.add(
            RevenueShare(
                program_id=program.id,
                organization_id=share.organization_id,
                label=share.label,
                basis_points=share.basis_points,
            )
        )
    people = sa.select(ProgramPerson).where(
        ProgramPerson.program_id == previous.id,
        ProgramPerson.role.in_(STAYING_ROLES),
        ProgramPerson.until.is_(None),
    )
    for person in db.session.scalars(people):
        db.session.add(
            ProgramPerson(
                program_id=program.id,
                user_id=person.user_id,
                organization_id=person.organization_id,
                role=person.role,
                since=local_day(now),
            )
        )
    db.session.flush()
