"""Writes of the ledger of awards and of an enterprise's shortlist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.contests.award_models import AwardHolder, ContestAward, Shortlisted
from trainmgr.contests.models import Contest, ContestEntry, ContestMember
from trainmgr.contests.rules import Grade, Level, PrizeKind, won
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile

ENTERED = audit.sentence("award.enter", _l("%(who)s entered an award: %(what)s"))
WITHDRAWN = audit.sentence("award.withdraw", _l("%(who)s withdrew an award (%(what)s): %(reason)s"))
LISTED = audit.sentence("shortlist.add", _l("%(who)s put %(what)s on the enterprise's shortlist"))
REMOVED = audit.sentence(
    "shortlist.remove", _l("%(who)s took %(what)s off the enterprise's shortlist: %(reason)s")
)
MOST_HOLDERS = 300


def award_prizes(contest: Contest, entries: Sequence[ContestEntry], *, by: User, now: datetime) -> int:
    """Write the prizes that a published ranking wins into the ledger; returns how many (three statements)."""
    by_id = {entry.id: entry for entry in entries if entry.placed is not None}
    prizes = {prize.id: prize for prize in contest.prizes}
    pairs = won([prize.row for prize in contest.prizes], {key: one.placed or 0 for key, one in by_id.items()})
    holders = _members([entry_id for _prize, entry_id in pairs])
    awards = []
    for prize_id, entry_id in pairs:
        prize, people = prizes[prize_id], holders.get(entry_id, [])
        awards.append(
            ContestAward(
                college_id=contest.college_id, program_id=contest.program_id, contest_id=contest.id,
                entry_id=entry_id, prize_id=prize.id, contest_name=contest.name, kind=prize.kind,
                level=contest.level, grade=prize.grade, name=prize.name,
                holders_text=_told(people) or by_id[entry_id].name, awarded_on=contest.held_on,
                year=contest.held_on.year, amount_cents=prize.amount_cents,
                giver_id=contest.enterprise_id if prize.amount_cents else None, by_id=by.id, by_name=by.name,
                at=now, holders=[AwardHolder(enrolment_id=person.id) for person in people],
            )
        )  # fmt: skip
    db.session.add_all(awards)
    db.session.flush()
    return len(awards)


def _members(entry_ids: Sequence[int]) -> dict[int, list[Enrolment]]:
    rows = db.session.execute(
        sa.select(ContestMember.entry_id, Enrolment)
        .join(Enrolment, Enrolment.id == ContestMember.enrolment_id)
        .where(ContestMember.entry_id.in_(entry_ids), ContestMember.is_active)
        .order_by(ContestMember.id)
    )
    found: dict[int, list[Enrolment]] = {}
    for entry_id, enrolment in rows:
        found.setdefault(entry_id, []).append(enrolment)
    return found


def _told(people: Sequence[Enrolment]) -> str:
    text = _(", ").join(person.name for person in people)
    return text if len(text) <= MOST_HOLDERS else f"{text[: MOST_HOLDERS - 1]}…"


@dataclass(frozen=True)
class AwardFacts:
    """What the paper of an award that was won elsewhere says."""

    contest_name: str
    kind: PrizeKind
    level: Level
    grade: Grade
    name: str
    issuer: str
    number: str
    awarded_on: date
    amount_cents: int | None


def enter_award(
    college_id: int,
    people: Sequence[Enrolment],
    facts: AwardFacts,
    proof: StoredFile | None,
    *,
    by: User,
    now: datetime,
) -> ContestAward:
    """Enter an award that trainees won in a contest held elsewhere; the proof is its paper."""
    require(people, _("Say who holds the award."))
    require(facts.awarded_on <= local_day(now), _("It was awarded on a day that is still to come."))
    require(proof is not None, _("Add the paper of the award: PDF or picture."))
    programs = {person.program_id for person in people}
    award = ContestAward(
        college_id=college_id, program_id=programs.pop() if len(programs) == 1 else None,
        contest_name=facts.contest_name, kind=facts.kind, level=facts.level, grade=facts.grade,
        name=facts.name, holders_text=_told(people), issuer=facts.issuer, number=facts.number,
        awarded_on=facts.awarded_on, year=facts.awarded_on.year, amount_cents=facts.amount_cents,
        proof_id=proof.id if proof else None, by_id=by.id, by_name=by.name, at=now,
        holders=[AwardHolder(enrolment_id=person.id) for person in people],
    )  # fmt: skip
    db.session.add(award)
    audit.record(ENTERED, award, by=by, now=now, program_id=award.program_id, name=facts.contest_name)
    return award


def withdraw_award(award: ContestAward, *, reason: str, by: User, now: datetime) -> None:
    """Take an award out of the count, with the reason."""
    db.session.refresh(award, attribute_names=["withdrawn_at"], with_for_update=True)
    require(award.withdrawn_at is None, _("This award was withdrawn already."))
    require(reason, _("Say why the award is withdrawn."))
    award.withdrawn_at, award.withdrawn_by, award.withdrawn_reason = now, by.name, reason
    audit.record(
        WITHDRAWN, award, by=by, now=now, program_id=award.program_id, name=award.contest_name, reason=reason
    )


# --- the enterprise's shortlist --------------------------------------------------------------------------


def shortlist(
    enterprise_id: int,
    enrolment: Enrolment,
    *,
    contest_id: int | None,
    note: str,
    by: User,
    now: datetime,
) -> Shortlisted:
    """Put a trainee on an enterprise's list of those whom it wants to win as employees."""
    known: Shortlisted | None = db.session.scalars(
        sa.select(Shortlisted).where(
            Shortlisted.enterprise_id == enterprise_id,
            Shortlisted.enrolment_id == enrolment.id,
            Shortlisted.removed_at.is_(None),
        )
    ).one_or_none()
    if known is not None:
        return known
    row = Shortlisted(
        enterprise_id=enterprise_id, enrolment_id=enrolment.id, contest_id=contest_id, note=note, by_id=by.id,
        by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    # Without the programme: its other people read that part of the trail, and the list is the enterprise's own.
    audit.record(LISTED, row, by=by, now=now, name=enrolment.name)
    return row


def remove(row: Shortlisted, *, reason: str, by: User, now: datetime) -> None:
    """Take a trainee off the list; the row is kept."""
    require(row.removed_at is None, _("This trainee is off the list already."))
    require(reason, _("Say why."))
    row.removed_at, row.removed_reason = now, reason
    audit.record(REMOVED, row, by=by, now=now, name=row.enrolment.name, reason=reason)
