"""A proposal decided on: pairs locked or moved by hand at a price, then all approved, or put aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import say
from trainmgr.mentoring import proposal_queries as queries
from trainmgr.mentoring.actions import assign_many
from trainmgr.mentoring.choice_actions import stability_now
from trainmgr.mentoring.labels import OBSTACLES
from trainmgr.mentoring.matching import Move, moves_for
from trainmgr.mentoring.models import Mentor, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.proposing import renew_summary
from trainmgr.mentoring.queries import PRESENT, names_of
from trainmgr.mentoring.rules import Obstacle, limits_between
from trainmgr.mentoring.supply import guides_for, mentors_for, trainees_for
from trainmgr.mentoring.terms_queries import terms_of
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh

APPROVED = audit.sentence("mentoring.approve", _l("%(who)s approved %(count)s pairs"))
MOVED = audit.sentence("mentoring.move", _l("%(who)s paired %(trainee)s with %(name)s by hand"))
PUT_ASIDE = audit.sentence("mentoring.put_aside", _l("%(who)s put a proposal aside"))


def set_lock(proposal: Proposal, pair: ProposedPair, locked: bool) -> None:
    """Lock a pair, so that computing anew keeps it, or let it go."""
    require(pair.mentor_id is not None, _("There is no pair to lock: nobody was found for this trainee."))
    pair.locked = locked
    db.session.flush()
    renew_summary(proposal)


def moves_of(
    program: Program, proposal: Proposal, pair: ProposedPair, *, by: User, now: datetime
) -> Sequence[tuple[Move, Mentor]]:
    """Return what every mentor would cost the trainee of a pair, those who are possible first, the cheapest first."""
    day = local_day(now)
    trainee = next(
        (one for one in trainees_for(program, proposal.side, by, day) if one.id == pair.enrolment_id), None
    )
    if trainee is None:
        return []
    terms = terms_of(program, day)
    named = mentors_for(program, proposal.side, day, proposal.id)
    load = {mentor.id: pairs for mentor, _guide, pairs in named}
    mentors = {mentor.id: mentor for mentor, _guide, _pairs in named}
    moves = moves_for(trainee, [guide for _mentor, guide, _pairs in named], load, pair.mentor_id, terms)
    return [(move, mentors[move.guide.id]) for move in moves]


def change_pair(
    program: Program, proposal: Proposal, pair: ProposedPair, mentor_id: int, *, by: User, now: datetime
) -> Move:
    """Give a trainee another mentor by hand; the pair is locked. The hard limits hold here too. Returns the price."""
    require_open(program, Work.MENTORING)
    moves = [move for move, _mentor in moves_of(program, proposal, pair, by=by, now=now)]
    move = next((one for one in moves if one.guide.id == mentor_id), None)
    if move is None:
        raise RuleBroken(_("This mentor is not on the programme's list any more."))
    require(
        Obstacle.CAPACITY not in move.limits,
        _("This mentor is full. Give one place more, or choose another."),
    )
    require(move.is_possible, say(OBSTACLES[move.limits[-1]]) if move.limits else "")
    pair.mentor_id, pair.fit, pair.parts, pair.locked, pair.obstacle = (
        mentor_id,
        move.fit.total,
        dict(move.fit.parts),
        True,
        "",
    )
    if pair.next_best_id == mentor_id:
        pair.next_best_id = next((m.guide.id for m in moves if m.is_possible and m is not move), None)
    db.session.flush()
    renew_summary(proposal, stability_now(program, proposal, by=by, now=now))
    name = next(iter(names_of([mentor_id])), "")
    audit.record(
        MOVED, proposal, by=by, now=now, program_id=program.id, trainee=pair.enrolment.name, name=name
    )
    return move


def drop_proposal(program: Program, proposal: Proposal, *, by: User, now: datetime) -> None:
    """Put a proposal aside; nobody's mentor changes."""
    proposal.state, proposal.decided_at = ProposalState.DROPPED, now
    audit.record(PUT_ASIDE, proposal, by=by, now=now, program_id=program.id)


def approve_proposal(program: Program, proposal: Proposal, *, version: int, by: User, now: datetime) -> int:
    """Make a proposal's pairs the trainees' mentors from today on; returns how many changed or came new.

    The side's other proposals were computed from what is past now; they are put aside.
    """
    require_open(program, Work.MENTORING)
    if proposal.version != version or proposal.state is not ProposalState.OPEN:
        raise Conflict(_("The proposal was changed meanwhile. Look at it again, then approve."))
    pairs = db.session.execute(
        sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id, ProposedPair.locked)
        .join(Enrolment, Enrolment.id == ProposedPair.enrolment_id)
        .where(ProposedPair.proposal_id == proposal.id, ProposedPair.mentor_id.is_not(None), PRESENT)
    ).all()
    wanted = {enrolment_id: (mentor_id, locked) for enrolment_id, mentor_id, locked in pairs if mentor_id}
    _require_possible(program, proposal, wanted, by=by, now=now)
    changed = assign_many(program, proposal.side, wanted, reason="", by=by, now=now)
    for other in queries.open_proposals(program, proposal.side):
        other.state, other.decided_at = ProposalState.DROPPED, now
    proposal.state, proposal.decided_at = ProposalState.APPROVED, now
    audit.record(APPROVED, proposal, by=by, now=now, program_id=program.id, count=changed)
    refresh(program.id, Step.MENTORING, now=now)
    return changed


def _require_possible(
    program: Program, proposal: Proposal, wanted: Mapping[int, tuple[int, bool]], *, by: User, now: datetime
) -> None:
    """Refuse what the limits forbid by now: a mentor may have left, gone on leave, or have fewer places, since."""
    day, side = local_day(now), proposal.side
    guides = {guide.id: guide for guide in guides_for(program, side, day)}
    load = Counter(mentor_id for mentor_id, _locked in wanted.values())
    _require_named(program, side, load, set(guides))
    trainees = {trainee.id: trainee for trainee in trainees_for(program, side, by, day)}
    outside = Counter(
        trainee.present_id for key, trainee in trainees.items() if key not in wanted and trainee.present_id
    )
    full = [key for key, pairs in load.items() if pairs + outside[key] > guides[key].places]
    if full:
        raise Conflict(
            _(
                "%(names)s has fewer places now than the proposal gives. Compute the proposal anew.",
                names=_(", ").join(names_of(full)),
            )
        )
    terms = terms_of(program, day)
    broken = [
        (mentor_id, limits[-1])
        for key, (mentor_id, locked) in wanted.items()
        if key in trainees
        and not locked
        and trainees[key].present_id != mentor_id
        and (limits := limits_between(trainees[key], guides[mentor_id], terms))
    ]
    if broken:
        raise Conflict(
            _(
                "A limit forbids a pair of %(names)s by now: %(limit)s Compute the proposal anew.",
                names=_(", ").join(names_of([mentor_id for mentor_id, _limit in broken])),
                limit=say(OBSTACLES[broken[0][1]]),
            )
        )


def _require_named(program: Program, side: Side, load: Mapping[int, int], named: set[int]) -> None:
    gone = [mentor_id for mentor_id in load if mentor_id not in named]
    if gone:
        raise Conflict(
            _(
                "%(names)s is not on the programme's list any more. Compute the proposal anew.",
                names=_(", ").join(names_of(gone)),
            )
        )
