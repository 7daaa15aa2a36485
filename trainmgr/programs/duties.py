"""Who answers for what in a programme, and how its revenue is split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.pathways.rules import from_document
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Duty, Program, RevenueShare
from trainmgr.programs.rules import PartyRole, Side, Step, Work, shares_fault
from trainmgr.programs.setup import party_of, seen_of
from trainmgr.programs.thread import refresh

DUTY_ADDED = audit.sentence("programs.duty_add", _l("%(who)s gave %(party)s a duty: %(what)s"))
DUTY_CHANGED = audit.sentence("programs.duty_change", _l("%(who)s changed a duty of %(party)s: %(what)s"))
DUTY_REMOVED = audit.sentence("programs.duty_remove", _l("%(who)s struck out a duty of %(party)s: %(what)s"))
DUTIES_TAKEN = audit.sentence(
    "programs.duties_take", _l("%(who)s took over %(count)s duties from the pathway")
)
REVENUE_SET = audit.sentence("programs.revenue", _l("%(who)s set the revenue split: %(split)s"))

ENTERPRISE_ROLES = {"enterprise_coordinator", "enterprise_mentor", "enterprise_counsellor"}
COLLEGE_ROLES = {"staff", "department_staff", "school_teacher", "college_counsellor"}


# --- duties -------------------------------------------------------------------------------------


def _record_duty(action: str, program: Program, duty: Duty, by: User, now: datetime) -> None:
    party = party_of(program, duty.organization_id)
    audit.record(
        action, duty, by=by, now=now, program_id=program.id, name=duty.text, party=party.organization.name
    )


def add_duty(
    program: Program, *, organization_id: int, text: str, person: str, by: User, now: datetime
) -> Duty:
    """Give a party a duty; the same duty twice is one."""
    require_open(program, Work.SETUP)
    party_of(program, organization_id)
    known = db.session.scalars(
        sa.select(Duty).where(
            Duty.program_id == program.id,
            Duty.organization_id == organization_id,
            Duty.text == text,
            Duty.person == person,
        )
    ).first()
    if known:
        return known
    duty = Duty(program_id=program.id, organization_id=organization_id, text=text, person=person)
    db.session.add(duty)
    _record_duty(DUTY_ADDED, program, duty, by, now)
    refresh(program.id, Step.PROGRAM, now=now)
    return duty


def duty_content(duty: Duty) -> dict[str, Any]:
    """Return what the form of a duty shows."""
    return {"organization_id": duty.organization_id, "text": duty.text, "person": duty.person}


def change_duty(
    program: Program,
    duty: Duty,
    *,
    organization_id: int,
    text: str,
    person: str,
    seen: str,
    by: User,
    now: datetime,
) -> None:
    """Change a duty's words, party or person."""
    require_open(program, Work.SETUP)
    if seen != seen_of(duty_content(duty)):
        raise Conflict(_("This duty was changed after you had opened the page."))
    party_of(program, organization_id)
    duty.organization_id, duty.text, duty.person = organization_id, text, person
    if db.session.is_modified(duty):
        _record_duty(DUTY_CHANGED, program, duty, by, now)
        refresh(program.id, Step.PROGRAM, now=now)


def remove_duty(program: Program, duty: Duty, *, by: User, now: datetime) -> None:
    """Strike a duty out."""
    require_open(program, Work.SETUP)
    _record_duty(DUTY_REMOVED, program, duty, by, now)
    db.session.delete(duty)
    refresh(program.id, Step.PROGRAM, now=now)


def pathway_duties(program: Program) -> list[tuple[int, str, str]]:
    """Return the duties that the pathway names, each with the party of the programme that it falls to."""
    by_side: dict[Side, int] = {}
    for party in program.parties:
        if party.role.side and party.role is not PartyRole.PARTNER_COLLEGE:
            by_side.setdefault(party.role.side, party.organization_id)
    duties = []
    for need in from_document(program.pathway_document).roles:
        side = Side.ENTERPRISE if need.role in ENTERPRISE_ROLES else Side.COLLEGE
        if (
            side in by_side
            and (need.role in ENTERPRISE_ROLES or need.role in COLLEGE_ROLES)
            and need.duties.zh
        ):
            duties.append((by_side[side], need.duties.zh[:200], need.title.zh))
    return duties


def take_duties(program: Program, *, by: User, now: datetime) -> int:
    """Take over the duties that the pathway names and the programme does not have yet; returns how many."""
    require_open(program, Work.SETUP)
    known = set(db.session.scalars(sa.select(Duty.text).where(Duty.program_id == program.id)))
    new = [duty for duty in pathway_duties(program) if duty[1] not in known]
    for organization_id, text, person in new:
        db.session.add(Duty(program_id=program.id, organization_id=organization_id, text=text, person=person))
    if new:
        audit.record(
            DUTIES_TAKEN, program, by=by, now=now, program_id=program.id, name=program.name, count=len(new)
        )
        refresh(program.id, Step.PROGRAM, now=now)
    return len(new)


# --- revenue ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """One line of the revenue split, in hundredths of a percent."""

    label: str
    organization_id: int | None
    basis_points: int


def shares_of(program: Program) -> list[RevenueShare]:
    """Return the revenue split, the largest share first."""
    return list(
        db.session.scalars(
            sa.select(RevenueShare)
            .where(RevenueShare.program_id == program.id)
            .order_by(RevenueShare.basis_points.desc(), RevenueShare.id)
        )
    )


def shares_content(shares: Iterable[RevenueShare | Share]) -> dict[str, Any]:
    """Return what the form of the revenue split shows."""
    return {
        "shares": sorted([share.label, share.organization_id or 0, share.basis_points] for share in shares)
    }


def set_revenue(program: Program, shares: Sequence[Share], *, seen: str, by: User, now: datetime) -> None:
    """Set the revenue split as a whole; it adds up to 100%."""
    require_open(program, Work.REVENUE)
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))
    stored = shares_of(program)
    if seen != seen_of(shares_content(stored)):
        raise Conflict(_("The split was changed after you had opened the page."))
    fault = shares_fault([share.basis_points for share in shares])
    require(fault is None, _("The shares must add up to 100%."))
    if shares_content(stored) == shares_content(shares):
        return
    for share in shares:
        if share.organization_id is not None:
            party_of(program, share.organization_id)
    db.session.execute(sa.delete(RevenueShare).where(RevenueShare.program_id == program.id))
    db.session.add_all(RevenueShare(program_id=program.id, **asdict(share)) for share in shares)
    split = ", ".join(f"{share.label} {share.basis_points / 100:g}%" for share in shares)
    audit.record(REVENUE_SET, program, by=by, now=now, program_id=program.id, name=program.name, split=split)
    refresh(program.id, Step.PROGRAM, now=now)
