"""Proposals of mentors for a whole class: computed, looked at, changed by hand, approved or put aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.places import lock_places
from trainmgr.identity.models import User
from trainmgr.kernel import audit, jobs
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import say
from trainmgr.mentoring import proposal_queries as queries
from trainmgr.mentoring.actions import assign_many
from trainmgr.mentoring.labels import OBSTACLES
from trainmgr.mentoring.matching import Guide, Pair, Trainee, fit_of, limit_between, propose
from trainmgr.mentoring.matching import Proposal as Answer
from trainmgr.mentoring.models import Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.queries import PRESENT, get_person, names_of
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh

# Trainees whose mentors a request finds by itself: a tenth of a second. More are a job.
AT_ONCE = 300
MOST_ATTEMPTS = 3

PROPOSED = audit.sentence(
    "mentoring.propose", _l("%(who)s had pairs proposed: %(placed)s of %(people)s placed")
)
APPROVED = audit.sentence("mentoring.approve", _l("%(who)s approved %(count)s pairs"))


def request_proposal(program: Program, side: Side, *, by: User, now: datetime) -> jobs.Job | None:
    """Compute pairs for everybody on one side anew: at once for a class or two, else as the job that is returned.

    Asked again while that job is under way, it is the same job. Pairs locked in the open proposal stay as they are.
    """
    lock_places(program.id)  # of two who ask at the same moment, the second finds the first one's job
    job = queries.find_proposing(program, side)
    if job is not None and job.is_live:
        return job
    asked = _ask(program, side, by, now)
    if len(asked.trainees) <= AT_ONCE:
        _write(program, asked, asked.answer(), by=by, now=now)
        return None
    return jobs.enqueue(
        queries.PROPOSING,
        title=_("Finding mentors for %(people)s trainees", people=len(asked.trainees)),
        params={"side": side.value, "by": by.id},
        by=by,
        program_id=program.id,
        now=now,
    )


def compute_proposal(program: Program, side: Side, *, by: User, now: datetime) -> Proposal:
    """Compute pairs for everybody on one side in this transaction, however many they are."""
    asked = _ask(program, side, by, now)
    return _write(program, asked, asked.answer(), by=by, now=now)


@jobs.job(queries.PROPOSING)
def propose_in_background(run: jobs.JobRun) -> None:
    """Compute a large programme's pairs without holding up anybody; started again, it writes no second proposal."""
    if run.checkpoint.get("written"):
        return
    by = get_person(run.params["by"])
    side = Side(run.params["side"])
    for _attempt in range(MOST_ATTEMPTS):
        asked = _ask(db.session.get_one(Program, run.program_id), side, by, utcnow())
        run.progress()  # nothing is locked while it is computed
        answer = asked.answer()
        program = db.session.get_one(Program, run.program_id)
        if asked.seen != _version_of(queries.find_proposal(program, side)):
            continue  # a pair was locked meanwhile, or the proposal approved: once more, with that
        _write(program, asked, answer, by=by, now=utcnow())
        people = len(asked.trainees)
        run.progress(people, people, checkpoint={"written": True}, placed=answer.placed)
        return
    raise Conflict(_("The proposal was changed again and again while it was computed. Compute it anew."))


@dataclass(frozen=True)
class _Asked:
    """What a proposal is computed from, and the open proposal (its id and version) whose locks it keeps."""

    side: Side
    trainees: Sequence[Trainee]
    guides: Sequence[Guide]
    until: date | None
    seen: tuple[int, int] | None

    def answer(self) -> Answer:
        return propose(self.trainees, self.guides, until=self.until)


def _ask(program: Program, side: Side, by: User, now: datetime) -> _Asked:
    require_open(program, Work.MENTORING)
    open_one = queries.find_proposal(program, side)
    locked = _locked_in(open_one) if open_one else {}
    trainees = [
        trainee if trainee.id not in locked else replace(trainee, locked_id=locked[trainee.id])
        for trainee in queries.trainees_for(program, side, by)
    ]
    require(trainees, _("There are no trainees yet. Bring in the roster first."))
    guides = queries.guides_for(program, side, local_day(now))
    require(guides, _("No mentor is named on this side yet. Name the mentors first."))
    return _Asked(side, trainees, guides, program.ends_on, _version_of(open_one))


def _version_of(proposal: Proposal | None) -> tuple[int, int] | None:
    return None if proposal is None else (proposal.id, proposal.version)


def _locked_in(proposal: Proposal) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id).where(
            ProposedPair.proposal_id == proposal.id, ProposedPair.locked, ProposedPair.mentor_id.is_not(None)
        )
    )
    return {enrolment_id: mentor_id for enrolment_id, mentor_id in rows if mentor_id}


def _write(program: Program, asked: _Asked, answer: Answer, *, by: User, now: datetime) -> Proposal:
    """Put the pairs into the open proposal in place of those before."""
    proposal = queries.find_proposal(program, asked.side)
    if proposal is None:
        proposal = Proposal(program_id=program.id, side=asked.side, computed_at=now, computed_by_id=by.id)
        db.session.add(proposal)
    proposal.computed_at, proposal.computed_by_id = now, by.id
    db.session.flush()
    db.session.execute(sa.delete(ProposedPair).where(ProposedPair.proposal_id == proposal.id))
    rows = [_row(proposal.id, pair) for pair in answer.pairs]
    db.session.execute(sa.insert(ProposedPair), rows)
    proposal.summary = _summary(rows)
    audit.record(
        PROPOSED, proposal, by=by, now=now, program_id=program.id, placed=answer.placed, people=len(rows)
    )
    db.session.flush()
    return proposal


def _row(proposal_id: int, pair: Pair) -> dict[str, Any]:
    return {
        "proposal_id": proposal_id,
        "enrolment_id": pair.trainee_id,
        "mentor_id": pair.guide_id,
        "fit": pair.fit.total if pair.fit else 0.0,
        "locked": pair.locked,
        "parts": dict(pair.fit.parts) if pair.fit else {},
        "next_best_id": pair.next_best_id,
        "obstacle": pair.obstacle.value if pair.obstacle else "",
    }


def _summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fits = [row["fit"] for row in rows if row["mentor_id"]]
    return {
        "people": len(rows),
        "placed": len(fits),
        "locked": sum(1 for row in rows if row["locked"]),
        "mean_fit": round(sum(fits) / len(fits), 4) if fits else None,
        "least_fit": min(fits) if fits else None,
    }


def _renew_summary(proposal: Proposal) -> None:
    rows = db.session.execute(
        sa.select(ProposedPair.mentor_id, ProposedPair.fit, ProposedPair.locked).where(
            ProposedPair.proposal_id == proposal.id
        )
    ).mappings()
    proposal.summary = _summary([dict(row) for row in rows])


def set_lock(proposal: Proposal, pair: ProposedPair, locked: bool) -> None:
    """Lock a pair, so that computing anew keeps it, or let it go."""
    require(pair.mentor_id is not None, _("There is no pair to lock: nobody was found for this trainee."))
    pair.locked = locked
    db.session.flush()
    _renew_summary(proposal)


def change_pair(
    program: Program, proposal: Proposal, pair: ProposedPair, mentor_id: int, *, by: User, now: datetime
) -> None:
    """Give a trainee another mentor by hand; the pair is locked. The hard limits hold here too."""
    require_open(program, Work.MENTORING)
    guides = {guide.id: guide for guide in queries.guides_for(program, proposal.side, local_day(now))}
    trainees = {t.id: t for t in queries.trainees_for(program, proposal.side, by)}
    guide, trainee = guides.get(mentor_id), trainees.get(pair.enrolment_id)
    if guide is None or trainee is None:
        raise RuleBroken(_("This mentor is not on the programme's list any more."))
    taken = db.session.scalar(
        sa.select(sa.func.count()).where(
            ProposedPair.proposal_id == proposal.id,
            ProposedPair.mentor_id == mentor_id,
            ProposedPair.id != pair.id,
        )
    )
    require((taken or 0) < guide.places, _("This mentor is full. Give one place more, or choose another."))
    limit = limit_between(trainee, guide, program.ends_on)
    require(limit is None, say(OBSTACLES[limit]) if limit else "")
    fit = fit_of(trainee, guide)
    pair.mentor_id, pair.fit, pair.parts, pair.locked, pair.obstacle = (
        mentor_id,
        fit.total,
        dict(fit.parts),
        True,
        "",
    )
    db.session.flush()
    _renew_summary(proposal)


def drop_proposal(proposal: Proposal, *, now: datetime) -> None:
    """Put a proposal aside; nobody's mentor changes."""
    proposal.state, proposal.decided_at = ProposalState.DROPPED, now


def approve_proposal(program: Program, proposal: Proposal, *, version: int, by: User, now: datetime) -> int:
    """Make a proposal's pairs the trainees' mentors from today on; returns how many changed or came new."""
    require_open(program, Work.MENTORING)
    if proposal.version != version or proposal.state is not ProposalState.OPEN:
        raise Conflict(_("The proposal was changed meanwhile. Look at it again, then approve."))
    pairs = db.session.execute(
        sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id, ProposedPair.locked)
        .join(Enrolment, Enrolment.id == ProposedPair.enrolment_id)
        .where(ProposedPair.proposal_id == proposal.id, ProposedPair.mentor_id.is_not(None), PRESENT)
    ).all()
    _require_places(program, proposal.side, Counter(pair.mentor_id for pair in pairs), now)
    wanted = {enrolment_id: (mentor_id, locked) for enrolment_id, mentor_id, locked in pairs if mentor_id}
    changed = assign_many(program, proposal.side, wanted, reason="", by=by, now=now)
    proposal.state, proposal.decided_at = ProposalState.APPROVED, now
    audit.record(APPROVED, proposal, by=by, now=now, program_id=program.id, count=changed)
    refresh(program.id, Step.MENTORING, now=now)
    return changed


def _require_places(program: Program, side: Side, load: Mapping[int, int], now: datetime) -> None:
    """Refuse what the limits forbid by now: a mentor may have left the list, or have fewer places, since."""
    guides = {guide.id: guide for guide in queries.guides_for(program, side, local_day(now))}
    gone = [mentor_id for mentor_id in load if mentor_id not in guides]
    full = [
        mentor_id
        for mentor_id, pairs in load.items()
        if mentor_id in guides and pairs > guides[mentor_id].places
    ]
    if gone:
        raise Conflict(
            _(
                "%(names)s is not on the programme's list any more. Compute the proposal anew.",
                names=_(", ").join(names_of(gone)),
            )
        )
    if full:
        raise Conflict(
            _(
                "%(names)s has fewer places now than the proposal gives. Compute the proposal anew.",
                names=_(", ").join(names_of(full)),
            )
        )
