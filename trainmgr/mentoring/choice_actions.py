"""Writes of two-way choice: a round opened and ended, wishes and answers taken within the dates, pairs found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.mentoring import choice_queries as queries
from trainmgr.mentoring import labels
from trainmgr.mentoring.choice_models import ChoiceAnswer, ChoiceRound, ChoiceWish
from trainmgr.mentoring.choosing import (
    Days,
    Fault,
    Phase,
    Proposing,
    blocking_pairs,
    fault_in,
    fault_in_days,
    first_wishes,
    stable_pairs,
)
from trainmgr.mentoring.matching import Proposal as Answer
from trainmgr.mentoring.matching import pair_up
from trainmgr.mentoring.models import Mentor, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.proposal_queries import find_proposal
from trainmgr.mentoring.proposing import Asked, write_proposal
from trainmgr.mentoring.rules import Obstacle, Way
from trainmgr.programs import dues
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step, Work

OPENED = audit.sentence("mentoring.round", _l("%(who)s opened round %(number)s of the two-way choice"))
CALLED_OFF = audit.sentence(
    "mentoring.round_off", _l("%(who)s called round %(number)s of the two-way choice off")
)
WISHED = audit.sentence("mentoring.wish", _l("%(who)s named %(count)s mentors in the two-way choice"))
ANSWERED = audit.sentence("mentoring.answer", _l("%(who)s answered %(count)s trainees in the two-way choice"))
MOVED = audit.sentence(
    "mentoring.round_days",
    _l("%(who)s moved the days of round %(number)s of the two-way choice to %(days)s: %(reason)s"),
)
MATCHED = audit.sentence(
    "mentoring.match", _l("%(who)s had pairs found from the two-way choice: %(placed)s of %(people)s placed")
)

WISH = dues.code(
    "choose-mentors",
    dues.DueCode(
        step=Step.MENTORING,
        title=N_("Name the mentors whom you would like"),
        hint=N_("in the order in which you wish for them"),
        verb=N_("Choose"),
        endpoint="mentoring.edit_wishes",
        subject_arg="round_id",
    ),
)
ANSWER = dues.code(
    "answer-wishes",
    dues.DueCode(
        step=Step.MENTORING,
        title=N_n("Answer one trainee who named you", "Answer %(amount)s trainees who named you"),
        hint=N_("rank them, accept or decline"),
        verb=N_("Answer"),
        endpoint="mentoring.edit_answers",
        subject_arg="round_id",
    ),
)


# --- rounds -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoundFacts:
    """What is published of a round before anybody chooses."""

    proposing: Proposing
    most_wishes: int
    opens_on: date
    trainees_until: date
    mentors_until: date


def open_round(program: Program, side: Side, facts: RoundFacts, *, by: User, now: datetime) -> ChoiceRound:
    """Open a round for everybody who has no mentor on a side; they find it in their inboxes on its first day."""
    require_open(program, Work.MENTORING)
    require(facts.opens_on >= local_day(now), _("A round cannot have begun before it is opened."))
    before = queries.list_rounds(program, side)
    last = next((one for one in before if one.cancelled_at is None), None)
    if last is not None:
        require(last.matched_at is not None, _("Round %(number)s is not over yet.", number=last.number))
        require(
            find_proposal(program, side, Way.TWO_WAY) is None,
            _("Approve the pairs of round %(number)s first, or put them aside.", number=last.number),
        )
    people = queries.waiting_users(program, side)
    require(people, _("Everybody has a mentor on this side already."))
    found = ChoiceRound(
        program_id=program.id,
        side=side,
        number=1 + max((one.number for one in before), default=0),
        proposing=facts.proposing,
        most_wishes=facts.most_wishes,
        opens_on=facts.opens_on,
        trainees_until=facts.trainees_until,
        mentors_until=facts.mentors_until,
        opened_by_id=by.id,
        opened_at=now,
    )
    db.session.add(found)
    db.session.flush()
    lines = [dues.Line(user_id=key, subject_id=found.id, due_on=found.trainees_until) for key in people]
    dues.put_many(WISH, lines, program_id=program.id, visible_from=found.opens_on)
    audit.record(OPENED, found, by=by, now=now, program_id=program.id, number=found.number)
    return found


def call_off(program: Program, found: ChoiceRound, *, by: User, now: datetime) -> None:
    """End a round before pairs were found; what was wished counts no longer."""
    _require_running(found)
    found.cancelled_at = now
    _clear_inboxes(program, found)
    audit.record(CALLED_OFF, found, by=by, now=now, program_id=program.id, number=found.number)


def move_days(
    program: Program, found: ChoiceRound, days: Days, *, reason: str, by: User, now: datetime
) -> None:
    """Move the days of a round that is not over; inboxes ask by the new days."""
    require_open(program, Work.MENTORING)
    _require_running(found)
    before = Days(found.opens_on, found.trainees_until, found.mentors_until)
    fault = fault_in_days(before, days, local_day(now))
    require(fault is None, say(labels.DAY_FAULTS[fault]) if fault else "")
    found.opens_on, found.trainees_until, found.mentors_until = (
        days.opens_on,
        days.trainees_until,
        days.mentors_until,
    )
    shown = {"program_id": program.id, "subject_id": found.id}
    dues.move(WISH, **shown, visible_from=days.opens_on, due_on=days.trainees_until)
    after = days.trainees_until + timedelta(days=1)
    dues.move(ANSWER, **shown, visible_from=after, due_on=days.mentors_until)
    told = " – ".join(each.isoformat() for each in (days.opens_on, days.trainees_until, days.mentors_until))
    audit.record(
        MOVED, found, by=by, now=now, program_id=program.id, reason=reason, number=found.number, days=told
    )


def _require_running(found: ChoiceRound) -> None:
    require(
        found.matched_at is None and found.cancelled_at is None,
        _("Pairs of this round were found already, or it is called off."),
    )


def _clear_inboxes(program: Program, found: ChoiceRound) -> None:
    for code in (WISH, ANSWER):
        dues.drop(code, program_id=program.id, subject_ids=[found.id])


# --- wishes and answers -----------------------------------------------------------------------------


def _require_phase(found: ChoiceRound, phase: Phase, now: datetime) -> None:
    if queries.phase_of(found, local_day(now)) is not phase:
        raise Conflict(_("The time for that is over, or has not come yet. Nothing was changed."))


def record_wishes(
    program: Program,
    found: ChoiceRound,
    who: queries.Choosing,
    mentor_ids: Sequence[int],
    *,
    by: User,
    now: datetime,
) -> None:
    """Take whom a trainee names, the dearest first, in place of what was named before."""
    _require_phase(found, Phase.TRAINEES, now)
    enrolment = who.enrolment
    possible = queries.mentors_to_choose(program, found, who, local_day(now))
    fault = fault_in(mentor_ids, {mentor.id for mentor, _free in possible}, found.most_wishes)
    require(fault is None, say(labels.FAULTS[fault], {"most": found.most_wishes}) if fault else "")
    before = queries.wishes_of(found, enrolment)
    mine = (ChoiceWish.round_id == found.id, ChoiceWish.enrolment_id == enrolment.id)
    db.session.execute(sa.delete(ChoiceWish).where(*mine))
    if mentor_ids:
        rows = [
            {"round_id": found.id, "enrolment_id": enrolment.id, "mentor_id": key, "rank": rank}
            for rank, key in enumerate(mentor_ids, 1)
        ]
        db.session.execute(sa.insert(ChoiceWish), rows)
        dues.drop(WISH, program_id=program.id, subject_ids=[found.id], user_ids=[by.id])
    _ask_mentors(program, found, sorted({*before, *mentor_ids}))
    audit.record(WISHED, found, by=by, now=now, program_id=program.id, count=len(mentor_ids))


def _ask_mentors(program: Program, found: ChoiceRound, mentor_ids: Sequence[int]) -> None:
    """Let those who are named find it in their inboxes once the trainees' days are over."""
    times = queries.times_named(found, mentor_ids)
    users = db.session.execute(sa.select(Mentor.id, Mentor.user_id).where(Mentor.id.in_(mentor_ids)))
    lines = [
        dues.Line(
            user_id=user_id, subject_id=found.id, amount=times.get(mentor_id, 0), due_on=found.mentors_until
        )
        for mentor_id, user_id in users
    ]
    visible_from = found.trainees_until + timedelta(days=1)
    dues.put_many(ANSWER, lines, program_id=program.id, visible_from=visible_from)


def record_answers(
    program: Program,
    found: ChoiceRound,
    mentor: Mentor,
    answers: Mapping[int, int | None],
    declined: Sequence[int],
    *,
    by: User,
    now: datetime,
) -> None:
    """Take what a mentor answers: a rank, a refusal, or (None) accepted; whoever is not named here is accepted."""
    _require_phase(found, Phase.MENTORS, now)
    who = {trainee.id for trainee, _rank, _declined in queries.who_named(found, mentor)}
    ranks = [rank for rank in answers.values() if rank is not None]
    fault = fault_in([*answers, *declined], who, len(who))
    if fault is None and (len(set(ranks)) < len(ranks) or any(not 1 <= rank <= len(who) for rank in ranks)):
        fault = Fault.SAME_PLACE
    require(fault is None, say(labels.FAULTS[fault], {"most": len(who)}) if fault else "")
    mine = (ChoiceAnswer.round_id == found.id, ChoiceAnswer.mentor_id == mentor.id)
    db.session.execute(sa.delete(ChoiceAnswer).where(*mine))
    rows: list[dict[str, Any]] = [
        {"round_id": found.id, "mentor_id": mentor.id, "enrolment_id": key, "rank": rank, "declined": False}
        for key, rank in answers.items()
        if rank is not None
    ]
    rows += [
        {"round_id": found.id, "mentor_id": mentor.id, "enrolment_id": key, "rank": None, "declined": True}
        for key in declined
    ]
    if rows:
        db.session.execute(sa.insert(ChoiceAnswer), rows)
    dues.drop(ANSWER, program_id=program.id, subject_ids=[found.id], user_ids=[by.id])
    audit.record(ANSWERED, found, by=by, now=now, program_id=program.id, count=len(who))


# --- pairs ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matched:
    """What was found for a round: pairs, how they stand with the wishes, what is told of them."""

    asked: Asked
    answer: Answer
    parts: Mapping[int, Mapping[str, float]]
    told: Mapping[str, Any]


def match_round(program: Program, found: ChoiceRound, *, by: User, now: datetime) -> Proposal:
    """Find the stable pairs of a round that is over; they wait for approval like any other proposal."""
    return write_pairs(program, found, find_pairs(program, found, by=by, now=now), by=by, now=now)


def require_over(program: Program, found: ChoiceRound, *, now: datetime) -> None:
    """Refuse to find pairs of a round that still runs, was called off, or whose pairs are approved."""
    require_open(program, Work.MENTORING)
    require(found.cancelled_at is None, _("This round was called off."))
    _require_phase(found, Phase.OVER, now)
    decided = db.session.scalar(
        sa.select(Proposal.id).where(Proposal.round_id == found.id, Proposal.state == ProposalState.APPROVED)
    )
    require(decided is None, _("The pairs of this round are approved already."))


def find_pairs(program: Program, found: ChoiceRound, *, by: User, now: datetime) -> Matched:
    """Find the stable pairs of a round that is over; writes nothing."""
    require_over(program, found, now=now)
    ballot = queries.ballot_of(program, found, by, local_day(now))
    require(ballot.trainees, _("Everybody has a mentor on this side already."))
    pairs = stable_pairs(ballot.preferences, found.proposing)
    answer = pair_up(ballot.trainees, ballot.guides, pairs, ballot.terms, without=Obstacle.CHOICE)
    asked = Asked(found.side, Way.TWO_WAY, ballot.trainees, ballot.guides, ballot.terms, round_id=found.id)
    ranks = ballot.preferences.ranks()
    parts = {
        who: {
            "wish": 1 + list(ballot.preferences.wishes[who]).index(mentor),
            "answer": 1 + ranks[mentor][who],
        }
        for who, mentor in pairs.items()
    }
    told = {
        "round": found.number,
        "proposing": found.proposing.value,
        "wishes": sum(len(named) for named in ballot.preferences.wishes.values()),
        "first_wishes": first_wishes(ballot.preferences, pairs),
        "silent": sum(not named for named in ballot.preferences.wishes.values()),
        "blocking": len(blocking_pairs(ballot.preferences, pairs)),
    }
    return Matched(asked, answer, parts, told)


def write_pairs(
    program: Program, found: ChoiceRound, matched: Matched, *, by: User, now: datetime
) -> Proposal:
    """Put a round's pairs into the open two-way proposal."""
    proposal = write_proposal(
        program, matched.asked, matched.answer, by=by, now=now, parts=matched.parts, told=matched.told
    )
    found.matched_at = now
    _clear_inboxes(program, found)
    placed, people = matched.answer.placed, len(matched.asked.trainees)
    audit.record(MATCHED, found, by=by, now=now, program_id=program.id, placed=placed, people=people)
    return proposal


def stability_now(program: Program, proposal: Proposal, *, by: User, now: datetime) -> dict[str, int]:
    """Count a two-way proposal's blocking pairs and first wishes anew, after a pair was moved by hand."""
    found = db.session.get(ChoiceRound, proposal.round_id) if proposal.round_id else None
    if found is None:
        return {}
    preferences = queries.ballot_of(program, found, by, local_day(now)).preferences
    rows = db.session.execute(
        sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id).where(
            ProposedPair.proposal_id == proposal.id, ProposedPair.mentor_id.is_not(None)
        )
    )
    pairs = {who: mentor for who, mentor in rows if mentor}
    return {
        "blocking": len(blocking_pairs(preferences, pairs)),
        "first_wishes": first_wishes(preferences, pairs),
    }
