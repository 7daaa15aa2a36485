"""Writes of a programme's set-up: facts, parties, duties, revenue, people.

Two people may have the same form open: each form carries `seen_of` what it showed, and a change on top of
something else is a Conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.msgids import N_
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Duty, Program, ProgramParty, ProgramPerson, RevenueShare, Signature
from trainmgr.programs.rules import PartyRole, ProgramKind, State, Step, Work
from trainmgr.programs.signing import digest_of
from trainmgr.programs.thread import refresh

FACTS_CHANGED = audit.sentence("programs.facts", _l("%(who)s changed the set-up: %(fields)s"))
PARTY_ADDED = audit.sentence("programs.party_add", _l("%(who)s took in %(what)s as a party"))
PARTY_CHANGED = audit.sentence(
    "programs.party_change", _l("%(who)s named %(contact)s as the contact at %(what)s")
)
PARTY_REMOVED = audit.sentence("programs.party_remove", _l("%(who)s took %(what)s out of the parties"))
PERSON_ADDED = audit.sentence("programs.person_add", _l("%(who)s brought %(what)s into the programme"))
PERSON_ENDED = audit.sentence("programs.person_end", _l("%(who)s took %(what)s out of the programme"))

ORGANIZATION_KINDS: dict[PartyRole, OrganizationKind] = {
    PartyRole.LEAD_COLLEGE: OrganizationKind.COLLEGE,
    PartyRole.PARTNER_COLLEGE: OrganizationKind.COLLEGE,
    PartyRole.ENTERPRISE: OrganizationKind.ENTERPRISE,
    PartyRole.OUTSIDE: OrganizationKind.OUTSIDE,
    PartyRole.ALLIANCE: OrganizationKind.ALLIANCE,
    PartyRole.INDUSTRY_COLLEGE: OrganizationKind.INDUSTRY_COLLEGE,
    PartyRole.BASE: OrganizationKind.BASE,
}
# Trainees come by enrolment and enterprise mentors by the mentors' page.
RELATED_ROLES = (
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.SCHOOL_TEACHER,
    Role.COLLEGE_COUNSELLOR,
    Role.ENTERPRISE_COORDINATOR,
    Role.ENTERPRISE_COUNSELLOR,
    Role.OUTSIDE_ASSESSOR,
)


# --- facts --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """The plain facts of a programme."""

    name: str
    name_en: str
    code: str
    kind: ProgramKind
    department_id: int | None
    starts_on: date | None
    ends_on: date | None
    planned_size: int | None
    budget_cents: int | None


FIELD_NAMES: dict[str, str] = {
    "name": N_("Programme name"),
    "name_en": N_("English name"),
    "code": N_("Programme number"),
    "kind": N_("Kind"),
    "department_id": N_("Responsible department"),
    "starts_on": N_("Begins on"),
    "ends_on": N_("Ends on"),
    "planned_size": N_("Planned size"),
    "budget_cents": N_("Budget"),
}
# What a programme is, is settled with its draft.
DRAFT_ONLY = ("code", "kind")


def facts_of(program: Program) -> Facts:
    """Return a programme's facts as they are stored."""
    return Facts(**{name: getattr(program, name) for name in Facts.__dataclass_fields__})


def seen_of(content: Mapping[str, Any]) -> str:
    """Return the mark of what a form showed."""
    return digest_of(content)[:16]


def change_facts(program: Program, facts: Facts, *, seen: str, by: User, now: datetime) -> None:
    """Store changed facts; refused on top of somebody else's change and for what the state has settled."""
    require_open(program, Work.SETUP)
    stored = facts_of(program)
    if seen != seen_of(asdict(stored)):
        raise Conflict(_("These facts were changed after you had opened the page."))
    changed = [name for name in FIELD_NAMES if getattr(stored, name) != getattr(facts, name)]
    if not changed:
        return
    if program.state is not State.DRAFT:
        settled = [name for name in changed if name in DRAFT_ONLY]
        require(not settled, _("Number and kind are settled once the draft has been left."))
    _check_department(program.lead_college_id, facts.department_id)
    for name in changed:
        setattr(program, name, getattr(facts, name))
    audit.record(
        FACTS_CHANGED,
        program,
        by=by,
        now=now,
        program_id=program.id,
        name=program.name,
        fields=_joined({"msgid": FIELD_NAMES[name]} for name in changed),
        before={name: _plain(getattr(stored, name)) for name in changed},
    )
    refresh(program.id, Step.PROGRAM, now=now)


def _check_department(college_id: int, department_id: int | None) -> None:
    if department_id is None:
        return
    parent = db.session.scalar(sa.select(Organization.parent_id).where(Organization.id == department_id))
    require(parent == college_id, _("The department belongs to another college."))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _joined(parts: Iterable[Any]) -> Any:
    """Return stored parts as one stored value, said one after the other."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return {"msgid": N_("%(first)s, %(rest)s"), "first": parts[0], "rest": _joined(parts[1:])}


# --- parties ------------------------------------------------------------------------------------


def require_unsigned(program: Program) -> None:
    """Refuse a change of the parties once something has been signed between them."""
    signed = db.session.scalar(sa.select(Signature.id).where(Signature.program_id == program.id).limit(1))
    require(signed is None, _("The parties are settled: something has been signed between them."))


def add_party(
    program: Program,
    organization: Organization,
    role: PartyRole,
    *,
    contact: str = "",
    by: User,
    now: datetime,
) -> ProgramParty:
    """Take an organisation in as a party."""
    require_open(program, Work.PARTIES)
    require_unsigned(program)
    require(role is not PartyRole.LEAD_COLLEGE, _("A programme has one lead college, and it stays."))
    require(organization.kind is ORGANIZATION_KINDS[role], _("This organisation cannot have that part."))
    require(
        all(party.organization_id != organization.id for party in program.parties),
        _("%(name)s is a party already.", name=organization.name),
    )
    party = ProgramParty(organization=organization, role=role, contact=contact)
    program.parties.append(party)
    audit.record(
        PARTY_ADDED, party, by=by, now=now, program_id=program.id, name=organization.name, role=role.value
    )
    refresh(program.id, Step.PROGRAM, now=now)
    return party


def change_contact(program: Program, party: ProgramParty, contact: str, *, by: User, now: datetime) -> None:
    """Name who answers for a party."""
    require_open(program, Work.SETUP)
    if party.contact == contact:
        return
    party.contact = contact
    audit.record(
        PARTY_CHANGED,
        party,
        by=by,
        now=now,
        program_id=program.id,
        name=party.organization.name,
        contact=contact,
    )


def remove_party(program: Program, party: ProgramParty, *, by: User, now: datetime) -> None:
    """Take a party out again, as long as it holds no duty, no share and nobody of it takes part."""
    require_open(program, Work.PARTIES)
    require_unsigned(program)
    require(party.role is not PartyRole.LEAD_COLLEGE, _("A programme has one lead college, and it stays."))
    own = party.organization_id
    held = (
        (Duty, _("It still holds duties. Strike them out or hand them over first.")),
        (RevenueShare, _("It still has a share of the revenue. Change the split first.")),
        (ProgramPerson, _("People of it still take part in the programme.")),
    )
    for model, sentence in held:
        found = db.session.scalar(
            sa.select(model.id).where(model.program_id == program.id, model.organization_id == own).limit(1)
        )
        require(found is None, sentence)
    audit.record(PARTY_REMOVED, party, by=by, now=now, program_id=program.id, name=party.organization.name)
    program.parties.remove(party)
    refresh(program.id, Step.PROGRAM, now=now)


def party_of(program: Program, organization_id: int) -> ProgramParty:
    """Return the party that an organisation is; refused when it is none."""
    found = [party for party in program.parties if party.organization_id == organization_id]
    require(found, _("This organisation is not a party of the programme."))
    return found[0]


# --- people -------------------------------------------------------------------------------------


def add_person(program: Program, membership: Membership, *, by: User, now: datetime) -> None:
    """Relate somebody of a party to the programme in the role that he or she has there."""
    require_open(program, Work.SETUP)
    require(
        membership.role in RELATED_ROLES, _("People of this role come into the programme in another way.")
    )
    party_of(program, membership.organization_id)
    known = db.session.scalars(
        sa.select(ProgramPerson).where(
            ProgramPerson.program_id == program.id,
            ProgramPerson.user_id == membership.user_id,
            ProgramPerson.role == membership.role,
        )
    ).first()
    if known and known.until is None:
        return
    if known:
        known.until = None
    else:
        known = ProgramPerson(
            program_id=program.id,
            user_id=membership.user_id,
            organization_id=membership.organization_id,
            role=membership.role,
            since=local_day(now),
        )
        db.session.add(known)
    audit.record(
        PERSON_ADDED,
        known,
        by=by,
        now=now,
        program_id=program.id,
        name=membership.user.name,
        role=membership.role.value,
    )


def end_person(program: Program, person: ProgramPerson, *, by: User, now: datetime) -> None:
    """End somebody's part in the programme. A teacher's stays on record with its last day, because trainees'
    records hang on it; the others no longer see the programme."""
    require_open(program, Work.SETUP)
    require(person.role in RELATED_ROLES, _("People of this role leave the programme in another way."))
    audit.record(
        PERSON_ENDED,
        person,
        by=by,
        now=now,
        program_id=program.id,
        name=person.user.name,
        role=person.role.value,
    )
    if person.role is Role.SCHOOL_TEACHER:
        person.until = local_day(now)
    else:
        db.session.delete(person)
