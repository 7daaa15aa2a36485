"""Reads of two-way choice: rounds, who may choose whom, what was wished and answered, and both as preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.mentoring.choice_models import ChoiceAnswer, ChoiceRound, ChoiceWish
from trainmgr.mentoring.choosing import Phase, Preferences, in_order, phase_on
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.mentoring.queries import PRESENT, mentor_column
from trainmgr.mentoring.rules import Guide, Terms, Trainee, fit_of, limit_between
from trainmgr.mentoring.supply import chooser, mentors_for, trainees_for
from trainmgr.mentoring.terms_models import TraineeSite
from trainmgr.mentoring.terms_queries import terms_of
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

# Nobody can weigh more than that on a phone; who is named by more has the others in the order of their fit.
MOST_SHOWN = 200


def phase_of(found: ChoiceRound, day: date) -> Phase:
    """Return who may choose in a round on a day."""
    if found.cancelled_at is not None:
        return Phase.OVER
    return phase_on(day, found.opens_on, found.trainees_until, found.mentors_until)


def list_rounds(program: Program, side: Side) -> Sequence[ChoiceRound]:
    """Return a side's rounds, the newest first."""
    return db.session.scalars(
        sa.select(ChoiceRound)
        .where(ChoiceRound.program_id == program.id, ChoiceRound.side == side)
        .order_by(ChoiceRound.number.desc())
        .limit(20)
    ).all()


def round_or_404(program: Program, round_id: int) -> ChoiceRound:
    """Return a programme's round, or answer 404."""
    found = db.session.get(ChoiceRound, round_id)
    return found if found is not None and found.program_id == program.id else abort(404)


@dataclass(frozen=True)
class Turnout:
    """How far a round is: who may choose, who named somebody, mentors who are named, mentors who answered."""

    people: int
    wished: int
    named: int
    answered: int


def turnout_of(program: Program, found: ChoiceRound) -> Turnout:
    """Count who chose in a round: one statement."""
    people = (
        sa.select(sa.func.count())
        .select_from(Enrolment)
        .where(_waiting(program, found.side))
        .scalar_subquery()
    )
    wishes = sa.select(
        sa.func.count(sa.distinct(ChoiceWish.enrolment_id)), sa.func.count(sa.distinct(ChoiceWish.mentor_id))
    ).where(ChoiceWish.round_id == found.id)
    answered = (
        sa.select(sa.func.count(sa.distinct(ChoiceAnswer.mentor_id)))
        .where(ChoiceAnswer.round_id == found.id)
        .scalar_subquery()
    )
    wished, named, waiting, said = db.session.execute(wishes.add_columns(people, answered)).one()
    return Turnout(waiting, wished, named, said)


def _waiting(program: Program, side: Side) -> sa.ColumnElement[bool]:
    """Return the condition that leaves who has no mentor on a side: they are whom a round is for."""
    return sa.and_(Enrolment.program_id == program.id, PRESENT, mentor_column(side).is_(None))


def count_waiting(program: Program, side: Side) -> int:
    """Return for how many people a round on a side would be."""
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment).where(_waiting(program, side)))
        or 0
    )


def waiting_users(program: Program, side: Side) -> Sequence[int]:
    """Return the people for whom a round on a side is."""
    return db.session.scalars(sa.select(Enrolment.user_id).where(_waiting(program, side))).all()


# --- a trainee's wishes -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Choosing:
    """A trainee who takes part in a round: the enrolment, and where he or she works ("" not stated)."""

    enrolment: Enrolment
    site: str


def choosing_enrolment(program: Program, found: ChoiceRound, viewer: User) -> Choosing | None:
    """Return the viewer's own enrolment when the round is for it."""
    row = db.session.execute(
        sa.select(Enrolment, TraineeSite.site)
        .outerjoin(TraineeSite, TraineeSite.enrolment_id == Enrolment.id)
        .where(_waiting(program, found.side), Enrolment.user_id == viewer.id)
    ).first()
    return Choosing(row[0], row[1] or "") if row else None


def wishes_of(found: ChoiceRound, enrolment: Enrolment) -> Sequence[int]:
    """Return whom a trainee named in a round, the dearest first."""
    return db.session.scalars(
        sa.select(ChoiceWish.mentor_id)
        .where(ChoiceWish.round_id == found.id, ChoiceWish.enrolment_id == enrolment.id)
        .order_by(ChoiceWish.rank)
    ).all()


def mentors_to_choose(
    program: Program, found: ChoiceRound, who: Choosing, on: date
) -> list[tuple[Mentor, int]]:
    """Return the mentors whom a trainee may name, each with the free places: no hard limit forbids them.

    Who fits best comes first.
    """
    trainee, terms = chooser(who.enrolment, found.side, who.site), terms_of(program, on)
    possible = [
        (fit_of(trainee, guide, terms).total, mentor, guide.places - load)
        for mentor, guide, load in mentors_for(program, found.side, on)
        if guide.places > load and limit_between(trainee, guide, terms) is None
    ]
    possible.sort(key=lambda one: (-one[0], one[1].id))
    return [(mentor, free) for _fit, mentor, free in possible[:MOST_SHOWN]]


# --- a mentor's answers -----------------------------------------------------------------------------


def choosing_mentor(program: Program, found: ChoiceRound, viewer: User) -> Mentor | None:
    """Return the viewer's own profile when it is named on the round's side."""
    return db.session.scalar(
        sa.select(Mentor)
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .where(
            ProgramMentor.program_id == program.id,
            ProgramMentor.side == found.side,
            Mentor.user_id == viewer.id,
            Mentor.active,
        )
        .options(joinedload(Mentor.organization))
        .limit(1)
    )


def who_named(found: ChoiceRound, mentor: Mentor) -> Sequence[Any]:
    """Return the trainees who named a mentor and still wait, with what the mentor answered: (trainee, rank, declined).

    At which place they named the mentor is not told.
    """
    return db.session.execute(
        sa.select(Enrolment, ChoiceAnswer.rank, ChoiceAnswer.declined)
        .join(ChoiceWish, ChoiceWish.enrolment_id == Enrolment.id)
        .outerjoin(
            ChoiceAnswer,
            sa.and_(
                ChoiceAnswer.round_id == found.id,
                ChoiceAnswer.mentor_id == mentor.id,
                ChoiceAnswer.enrolment_id == Enrolment.id,
            ),
        )
        .where(
            ChoiceWish.round_id == found.id,
            ChoiceWish.mentor_id == mentor.id,
            PRESENT,
            mentor_column(found.side).is_(None),
        )
        .order_by(Enrolment.name, Enrolment.id)
        .limit(MOST_SHOWN)
    ).all()


def times_named(found: ChoiceRound, mentor_ids: Sequence[int]) -> Mapping[int, int]:
    """Return how often each of some mentors is named in a round."""
    rows = db.session.execute(
        sa.select(ChoiceWish.mentor_id, sa.func.count())
        .where(ChoiceWish.round_id == found.id, ChoiceWish.mentor_id.in_(mentor_ids))
        .group_by(ChoiceWish.mentor_id)
    )
    return {row[0]: row[1] for row in rows}


# --- both as preferences ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ballot:
    """What a round's pairs are found from: everybody who waits, the mentors, what holds, and the preferences."""

    trainees: Sequence[Trainee]
    guides: Sequence[Guide]
    terms: Terms
    preferences: Preferences


def ballot_of(program: Program, found: ChoiceRound, viewer: User, on: date) -> Ballot:
    """Return a round's preferences as they count now: of those who still wait, for mentors who are still possible."""
    terms = terms_of(program, on)
    named = mentors_for(program, found.side, on)
    guides = {guide.id: guide for _mentor, guide, _load in named}
    seats = {guide.id: max(0, guide.places - load) for _mentor, guide, load in named}
    waiting = {one.id: one for one in trainees_for(program, found.side, viewer, on) if one.present_id is None}
    said = {
        (mentor_id, enrolment_id): None if declined else (rank,)
        for mentor_id, enrolment_id, rank, declined in db.session.execute(
            sa.select(
                ChoiceAnswer.mentor_id, ChoiceAnswer.enrolment_id, ChoiceAnswer.rank, ChoiceAnswer.declined
            ).where(ChoiceAnswer.round_id == found.id)
        )
    }
    wishes: dict[int, list[int]] = {key: [] for key in waiting}
    accepted: dict[int, dict[int, int | None]] = {key: {} for key in guides}
    fits: dict[int, dict[int, float]] = {key: {} for key in guides}
    for enrolment_id, mentor_id in db.session.execute(
        sa.select(ChoiceWish.enrolment_id, ChoiceWish.mentor_id)
        .where(ChoiceWish.round_id == found.id)
        .order_by(ChoiceWish.enrolment_id, ChoiceWish.rank)
    ):
        trainee, guide = waiting.get(enrolment_id), guides.get(mentor_id)
        if trainee is None or guide is None or limit_between(trainee, guide, terms):
            continue
        wishes[enrolment_id].append(mentor_id)
        answer = said.get((mentor_id, enrolment_id), (None,))
        if answer is not None:
            accepted[mentor_id][enrolment_id] = answer[0]
            fits[mentor_id][enrolment_id] = fit_of(trainee, guide, terms).total
    answers = {key: in_order(taken, fits[key]) for key, taken in accepted.items()}
    return Ballot(list(waiting.values()), list(guides.values()), terms, Preferences(wishes, answers, seats))
