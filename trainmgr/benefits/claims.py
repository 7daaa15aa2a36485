"""Writes of subsidy claims: open, name people, hand in, note what became of it, follow a returned one up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.benefits import claim_queries as queries
from trainmgr.benefits.claim_queries import Candidate
from trainmgr.benefits.models import ClaimMove, ClaimPerson, SubsidyClaim
from trainmgr.benefits.rules import ClaimKind, ClaimState, Lacking, may_go
from trainmgr.benefits.yields import require_running
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.models import Program

OPENED = audit.sentence("claim.open", _l("%(who)s opened claim no. %(number)s: %(kind)s"))
NAMED = audit.sentence("claim.people", _l("%(who)s named %(count)s people in claim no. %(number)s"))
DROPPED = audit.sentence("claim.drop", _l("%(who)s took %(count)s people out of claim no. %(number)s"))
MOVED = audit.sentence("claim.move", _l("%(who)s noted claim no. %(number)s as “%(state)s”: %(reason)s"))
EXPORTED = audit.sentence(
    "claim.export", _l("%(who)s took out the roster of claim no. %(number)s, %(count)s people: %(reason)s")
)


@dataclass(frozen=True)
class Terms:
    """The rule of one claim; cents a head, minutes in the ledger."""

    kind: ClaimKind
    office: str
    basis: str
    amount_cents: int
    least_minutes: int = 0
    needs_certificate: bool = False


def open_claim(
    program: Program, terms: Terms, *, by: User, now: datetime, replaces: SubsidyClaim | None = None
) -> SubsidyClaim:
    """Open a claim as a draft."""
    require_running(program)
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))
    last = sa.select(sa.func.max(SubsidyClaim.number)).where(SubsidyClaim.program_id == program.id)
    claim = SubsidyClaim(
        program_id=program.id, number=(db.session.scalar(last) or 0) + 1, by_id=by.id, by_name=by.name, at=now,
        state=ClaimState.DRAFT, people=0, total_cents=0, replaces_id=replaces.id if replaces else None,
        **vars(terms),
    )  # fmt: skip
    db.session.add(claim)
    kind = str(claim.kind_label)
    audit.record(
        OPENED, claim, by=by, now=now, program_id=program.id, name=kind, number=claim.number, kind=kind
    )
    return claim


def name_people(
    program: Program, claim: SubsidyClaim, enrolment_ids: Sequence[int] | None, *, by: User, now: datetime
) -> int:
    """Name people in a draft (all trainees where none are chosen) as far as its rule lets them; returns how many."""
    _require_draft(claim)
    fit = [one for one in queries.candidates(program, claim, by, enrolment_ids) if not one.lacking]
    if not fit:
        return 0
    db.session.add_all(_person(claim, one) for one in fit)
    db.session.flush()
    _count(claim)
    audit.record(
        NAMED, claim, by=by, now=now, program_id=program.id, name=str(claim.kind_label), count=len(fit),
        number=claim.number,
    )  # fmt: skip
    return len(fit)


def drop_people(
    program: Program, claim: SubsidyClaim, person_ids: Sequence[int], *, by: User, now: datetime
) -> int:
    """Take people out of a draft; returns how many."""
    _require_draft(claim)
    done = db.session.execute(
        sa.delete(ClaimPerson).where(ClaimPerson.claim_id == claim.id, among(ClaimPerson.id, person_ids))
    )
    count = int(getattr(done, "rowcount", 0))
    _count(claim)
    if count:
        audit.record(
            DROPPED, claim, by=by, now=now, program_id=program.id, name=str(claim.kind_label), count=count,
            number=claim.number,
        )  # fmt: skip
    return count


def submit(program: Program, claim: SubsidyClaim, *, by: User, now: datetime) -> None:
    """Hand a claim in: its people are held against the rule once more, with hours and certificates of this moment."""
    _require_draft(claim)
    people = {
        one.enrolment_id: one
        for one in db.session.scalars(sa.select(ClaimPerson).where(ClaimPerson.claim_id == claim.id))
    }
    require(people, _("Nobody is in this claim yet."))
    found = {one.enrolment.id: one for one in queries.candidates(program, claim, by, list(people))}
    for enrolment_id, person in people.items():
        now_found = found.get(enrolment_id)
        stands = set(now_found.lacking) - {Lacking.CLAIMED} if now_found else {Lacking.HOURS}
        require(
            not stands, _("%(name)s does not meet the rule any more; take them out first.", name=person.name)
        )
        if now_found is not None:
            person.minutes, person.certificate = now_found.minutes, now_found.certificate
    _count(claim)
    claim.submitted_on = local_day(now)
    _go(program, claim, ClaimState.SUBMITTED, "", by, now)


def settle(
    program: Program,
    claim: SubsidyClaim,
    to: ClaimState,
    *,
    note: str,
    paid_cents: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Note what the office did: approved, paid (how much), returned (why); a returned one lets its people go."""
    _lock(claim)
    if to is ClaimState.SUBMITTED or not may_go(claim.state, to):
        raise Conflict(_("The claim is at “%(state)s”; that cannot come next.", state=claim.state_label))
    require(to is not ClaimState.RETURNED or note.strip(), _("Say why the claim came back."))
    if to is ClaimState.PAID:
        require(
            paid_cents is not None and 0 < paid_cents <= claim.total_cents,
            _("Paid is an amount above 0, at most what was claimed."),
        )
        claim.paid_on, claim.paid_cents = local_day(now), paid_cents
    if to is ClaimState.RETURNED:
        db.session.execute(
            sa.update(ClaimPerson).where(ClaimPerson.claim_id == claim.id).values(is_live=False)
        )
    _go(program, claim, to, note.strip(), by, now)


def follow_up(program: Program, claim: SubsidyClaim, *, by: User, now: datetime) -> SubsidyClaim:
    """Open a new claim in the place of a returned one, with its rule and those of its people who still meet it."""
    _lock(claim)
    require(claim.state is ClaimState.RETURNED, _("Only a claim that came back is followed by another."))
    if queries.follower_of(claim) is not None:
        raise Conflict(_("Another claim follows this one already."))
    terms = Terms(
        claim.kind,
        claim.office,
        claim.basis,
        claim.amount_cents,
        claim.least_minutes,
        claim.needs_certificate,
    )
    fresh = open_claim(program, terms, by=by, now=now, replaces=claim)
    db.session.flush()
    ids = db.session.scalars(
        sa.select(ClaimPerson.enrolment_id).where(ClaimPerson.claim_id == claim.id)
    ).all()
    name_people(program, fresh, list(ids), by=by, now=now)
    return fresh


def note_export(
    program: Program, claim: SubsidyClaim, *, count: int, reason: str, by: User, now: datetime
) -> None:
    """Note who took out a roster with full ID numbers, and why."""
    require(reason.strip(), _("Say what the full numbers are needed for."))
    audit.record(
        EXPORTED, claim, by=by, now=now, program_id=program.id, name=str(claim.kind_label), count=count,
        number=claim.number, reason=reason.strip(),
    )  # fmt: skip


def _person(claim: SubsidyClaim, one: Candidate) -> ClaimPerson:
    return ClaimPerson(
        claim_id=claim.id, program_id=claim.program_id, enrolment_id=one.enrolment.id,
        user_id=one.enrolment.user_id, kind=claim.kind, name=one.enrolment.name, minutes=one.minutes,
        certificate=one.certificate, amount_cents=claim.amount_cents, is_live=True,
    )  # fmt: skip


def _lock(claim: SubsidyClaim) -> None:
    db.session.flush()
    db.session.refresh(claim, ["state"], with_for_update=True)


def _require_draft(claim: SubsidyClaim) -> None:
    _lock(claim)
    require(claim.state is ClaimState.DRAFT, _("This claim was handed in; it does not change any more."))


def _count(claim: SubsidyClaim) -> None:
    claim.people = db.session.scalar(
        sa.select(sa.func.count()).select_from(ClaimPerson).where(ClaimPerson.claim_id == claim.id)
    ) or 0  # fmt: skip
    claim.total_cents = claim.people * claim.amount_cents


def _go(program: Program, claim: SubsidyClaim, to: ClaimState, note: str, by: User, now: datetime) -> None:
    claim.state = to
    db.session.add(ClaimMove(claim_id=claim.id, state=to, note=note, by_id=by.id, by_name=by.name, at=now))
    audit.record(
        MOVED, claim, by=by, now=now, program_id=program.id, name=str(claim.kind_label), number=claim.number,
        state=str(claim.state_label), reason=note,
    )  # fmt: skip
