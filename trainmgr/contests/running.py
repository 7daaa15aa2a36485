"""Writes of contests: set up, opened to entries, judged, published; entries and judges; scores that never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.contests import awarding, owed, queries
from trainmgr.contests.models import (
    Contest,
    ContestCriterion,
    ContestEntry,
    ContestJudge,
    ContestMember,
    ContestPrize,
    ScoreSheet,
)
from trainmgr.contests.rules import (
    FORWARD,
    ContestKind,
    ContestState,
    Grade,
    Level,
    PrizeKind,
    SheetState,
    places,
    total,
)
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict

SET_UP = audit.sentence("contest.set-up", _l("%(who)s set up the contest “%(what)s”"))
EDITED = audit.sentence("contest.edit", _l("%(who)s changed the contest “%(what)s”"))
MOVED = audit.sentence("contest.move", _l("%(who)s moved the contest “%(what)s” on: %(state)s"))
ENTERED = audit.sentence("contest.enter", _l("%(who)s entered %(count)s entries in the contest “%(what)s”"))
WITHDRAWN = audit.sentence("contest.withdraw", _l("%(who)s withdrew the entry “%(what)s”: %(reason)s"))
NAMED = audit.sentence("contest.name-judge", _l("%(who)s named %(judge)s as a judge of “%(what)s”"))
RELEASED = audit.sentence("contest.release-judge", _l("%(who)s released %(judge)s as a judge of “%(what)s”"))
SCORED = audit.sentence("contest.score", _l("%(who)s scored the entry “%(what)s”"))
CORRECTED = audit.sentence(
    "contest.correct-score", _l("%(who)s corrected the score of “%(what)s”: %(reason)s")
)


@dataclass(frozen=True)
class CriterionFields:
    """One line of a scoring sheet."""

    name: str
    most: Decimal
    weight: Decimal


@dataclass(frozen=True)
class PrizeFields:
    """What some places win."""

    kind: PrizeKind
    grade: Grade
    name: str
    first: int
    last: int
    amount_cents: int | None


@dataclass(frozen=True)
class ContestFields:
    """What a person may say about a contest."""

    college_id: int
    program_id: int | None
    enterprise_id: int | None
    kind: ContestKind
    level: Level
    is_team: bool
    name: str
    name_en: str
    place: str
    held_on: date
    entries_until: date | None
    drop_extremes: bool
    criteria: Sequence[CriterionFields] = field(default_factory=tuple)
    prizes: Sequence[PrizeFields] = field(default_factory=tuple)


# --- the contest ----------------------------------------------------------------------------------------


def set_up(fields: ContestFields, *, by: User, now: datetime) -> Contest:
    """Prepare a contest."""
    contest = Contest(
        college_id=fields.college_id, created_by_id=by.id, created_at=now, criteria=[], prizes=[]
    )
    _fill(contest, fields)
    db.session.add(contest)
    db.session.flush()
    audit.record(SET_UP, contest, by=by, now=now, program_id=contest.program_id, name=contest.name)
    return contest


def edit(contest: Contest, fields: ContestFields, *, version: int, by: User, now: datetime) -> Contest:
    """Change a contest until its judging begins."""
    contest = queries.lock_contest(contest)
    if contest.version != version:
        raise Conflict(_("Somebody else changed this contest meanwhile. Look at it, then save again."))
    require(
        contest.state in (ContestState.DRAFT, ContestState.OPEN),
        _("What is being judged is not changed any more."),
    )
    entered = db.session.scalar(
        sa.select(sa.func.count()).where(ContestEntry.contest_id == contest.id, ContestEntry.is_active)
    )
    require(
        not entered or (contest.is_team, contest.program_id) == (fields.is_team, fields.program_id),
        _("There are entries already: for whom the contest is stays as it is."),
    )
    contest.criteria.clear()
    contest.prizes.clear()
    db.session.flush()
    _fill(contest, fields)
    audit.record(EDITED, contest, by=by, now=now, program_id=contest.program_id, name=contest.name)
    return contest


def _fill(contest: Contest, fields: ContestFields) -> None:
    for name in (
        "program_id", "enterprise_id", "kind", "level", "is_team", "name", "name_en", "place", "held_on",
        "entries_until", "drop_extremes",
    ):  # fmt: skip
        setattr(contest, name, getattr(fields, name))
    contest.criteria += [
        ContestCriterion(position=number, name=one.name, most=one.most, weight=one.weight)
        for number, one in enumerate(fields.criteria, start=1)
    ]
    contest.prizes += [
        ContestPrize(
            kind=one.kind, grade=one.grade, name=one.name, first_place=one.first, last_place=one.last,
            amount_cents=one.amount_cents,
        )
        for one in fields.prizes
    ]  # fmt: skip


def move_on(contest: Contest, target: ContestState, *, by: User, now: datetime) -> Contest:
    """Open a contest to entries, begin its judging, or publish its ranking with the prizes won."""
    contest = queries.lock_contest(contest)
    if contest.state is target:
        return contest
    require(FORWARD.get(contest.state) is target, _("A contest moves on one step at a time."))
    require(contest.criteria, _("The scoring sheet has no criterion yet."))
    if target is ContestState.JUDGING:
        _require_ready(contest)
    if target is ContestState.PUBLISHED:
        _publish(contest, by=by, now=now)
    contest.state = target
    contest.published_at = now if target is ContestState.PUBLISHED else None
    audit.record(
        MOVED, contest, by=by, now=now, program_id=contest.program_id, name=contest.name, state=target.value
    )
    db.session.flush()
    owed.renew(contest, now)
    return contest


def _require_ready(contest: Contest) -> None:
    require(
        db.session.scalar(
            sa.select(ContestEntry.id)
            .where(ContestEntry.contest_id == contest.id, ContestEntry.is_active)
            .limit(1)
        ),
        _("Nobody has entered yet."),
    )
    require(queries.judges_of(contest), _("No judge is named yet."))


def _publish(contest: Contest, *, by: User, now: datetime) -> None:
    entries, known = _active(contest), queries.scored(contest)
    awaited = [
        judge.user.name
        for judge in queries.judges_of(contest)
        if any((entry.id, judge.id) not in known.sheets for entry in entries)
    ]
    require(not awaited, _("Scores are awaited from: %(who)s.", who=_(", ").join(awaited)))
    scores = {entry.id: score for entry in entries if (score := known.score(contest, entry.id)) is not None}
    for entry_id, place in places(scores).items():
        entry = next(one for one in entries if one.id == entry_id)
        entry.score, entry.placed = scores[entry_id], place
    db.session.flush()
    awarding.award_prizes(contest, entries, by=by, now=now)


def _active(contest: Contest) -> list[ContestEntry]:
    return list(
        db.session.scalars(
            sa.select(ContestEntry)
            .where(ContestEntry.contest_id == contest.id, ContestEntry.is_active)
            .order_by(ContestEntry.number)
        )
    )


# --- entries --------------------------------------------------------------------------------------------


def require_entries_open(contest: Contest, now: datetime, *, staff: bool) -> None:
    """Refuse entries before and after their time; staff may still add some until the judging begins."""
    require(contest.state is ContestState.OPEN, _("The contest is not open to entries."))
    late = contest.entries_until is not None and local_day(now) > contest.entries_until
    require(staff or not late, _("The time to enter is over."))


def enter(
    contest: Contest,
    teams: Sequence[tuple[str, Sequence[Enrolment]]],
    *,
    by: User,
    now: datetime,
    staff: bool,
) -> list[ContestEntry]:
    """Enter trainees or teams; nobody takes part twice in one contest."""
    contest = queries.lock_contest(contest)
    require_entries_open(contest, now, staff=staff)
    people = [person.id for _name, members in teams for person in members]
    taken = db.session.scalars(
        sa.select(Enrolment.name)
        .join(ContestMember, ContestMember.enrolment_id == Enrolment.id)
        .where(
            ContestMember.contest_id == contest.id,
            ContestMember.is_active,
            ContestMember.enrolment_id.in_(people),
        )
    ).all()
    require(not taken, _("Entered already: %(who)s.", who=_(", ").join(taken)))
    require(len(set(people)) == len(people), _("Somebody is named twice."))
    last = db.session.scalar(
        sa.select(sa.func.max(ContestEntry.number)).where(ContestEntry.contest_id == contest.id)
    )
    entries = []
    for number, (name, members) in enumerate(teams, start=(last or 0) + 1):
        entry = ContestEntry(contest_id=contest.id, number=number, name=name, by_id=by.id, at=now, members=[])
        entry.members += [ContestMember(contest_id=contest.id, enrolment_id=one.id) for one in members]
        entries.append(entry)
    db.session.add_all(entries)
    audit.record(
        ENTERED, contest, by=by, now=now, program_id=contest.program_id, name=contest.name, count=len(entries)
    )
    return entries


def withdraw(contest: Contest, entry: ContestEntry, *, reason: str, by: User, now: datetime) -> None:
    """Take an entry out of a contest until the ranking is published; its members may enter anew."""
    contest = queries.lock_contest(contest)
    db.session.refresh(entry, ["is_active"])  # somebody may have withdrawn it since it was read
    require(contest.state is not ContestState.PUBLISHED, _("The ranking is published."))
    require(entry.is_active, _("This entry was withdrawn already."))
    require(reason, _("Say why it is withdrawn."))
    entry.is_active, entry.reason = False, reason
    for member in entry.members:
        member.is_active = False
    audit.record(
        WITHDRAWN, entry, by=by, now=now, program_id=contest.program_id, name=entry.name, reason=reason
    )
    db.session.flush()
    owed.renew(contest, now)


# --- judges ---------------------------------------------------------------------------------------------


def name_judge(
    contest: Contest, user: User, organization_id: int, *, by: User, now: datetime
) -> ContestJudge:
    """Name somebody who scores a contest; all judges score all entries."""
    contest = queries.lock_contest(contest)
    require(contest.state is not ContestState.PUBLISHED, _("The ranking is published."))
    known = queries.judge_for(contest, user)
    if known is not None:
        return known
    judge = ContestJudge(contest_id=contest.id, user_id=user.id, organization_id=organization_id)
    db.session.add(judge)
    audit.record(
        NAMED, contest, by=by, now=now, program_id=contest.program_id, name=contest.name, judge=user.name
    )
    db.session.flush()
    owed.renew(contest, now)
    return judge


def release_judge(contest: Contest, judge: ContestJudge, *, by: User, now: datetime) -> None:
    """Release a judge who has not scored anything."""
    contest = queries.lock_contest(contest)
    has_scored = db.session.scalar(sa.select(ScoreSheet.id).where(ScoreSheet.judge_id == judge.id).limit(1))
    require(not has_scored, _("Who has scored stays a judge."))
    audit.record(
        RELEASED, contest, by=by, now=now, program_id=contest.program_id, name=contest.name,
        judge=judge.user.name,
    )  # fmt: skip
    db.session.delete(judge)
    db.session.flush()
    owed.renew(contest, now)


# --- scores ---------------------------------------------------------------------------------------------


def score(
    contest: Contest,
    entry: ContestEntry,
    points: Mapping[int, Decimal],
    *,
    comment: str,
    reason: str,
    by: User,
    now: datetime,
) -> ScoreSheet:
    """Hand in one's scoring sheet of an entry; handed in again it is a correction, which takes a reason."""
    contest = queries.lock_contest(contest)
    db.session.refresh(entry, ["is_active"])
    judge = queries.judge_for(contest, by)
    require(contest.state is ContestState.JUDGING, _("The contest is not being judged."))
    require(judge is not None, _("Only judges who were named score."))
    assert judge is not None  # said above
    require(entry.is_active, _("This entry was withdrawn."))
    require(
        all(m.id in points and 0 <= points[m.id] <= m.most for m in contest.measures),
        _("Give points on every criterion, from 0 to its maximum."),
    )
    known = queries.scored(contest, [entry.id]).sheets.get((entry.id, judge.id))
    if known is not None:
        require(reason, _("You have scored this entry already. Say why you correct it."))
        known.state = SheetState.CORRECTED
        db.session.flush()
    sheet = ScoreSheet(
        contest_id=contest.id, entry_id=entry.id, judge_id=judge.id, comment=comment, at=now,
        points={str(m.id): format(points[m.id].normalize(), "f") for m in contest.measures},
        total=total(points, contest.measures), corrects_id=known.id if known else None,
        reason=reason if known else "",
    )  # fmt: skip
    db.session.add(sheet)
    audit.record(
        CORRECTED if known else SCORED, sheet, by=by, now=now, program_id=contest.program_id, name=entry.name,
        reason=sheet.reason,
    )  # fmt: skip
    db.session.flush()
    owed.renew(contest, now)
    return sheet
