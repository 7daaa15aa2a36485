"""Two-way choice between trainees and teachers: wishes, answers, stable pairs, and a second round for who is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.demo.playing import Case, Unexpected
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.mentoring import choice_actions as choice
from trainmgr.mentoring import choice_queries as queries
from trainmgr.mentoring import deciding
from trainmgr.mentoring.choice_models import ChoiceRound
from trainmgr.mentoring.choosing import Proposing
from trainmgr.mentoring.models import Mentor
from trainmgr.programs.rules import Side

WISHES = 2


def choose_teachers(case: Case, teachers: dict[int, int], on: date) -> None:
    """Let a class and its teachers choose each other in two rounds within five days.

    `teachers` are mentor ids by user id, the one whom most name first; more name that one than there are places, and
    one of them names nobody else: who is left finds another teacher in the second round.
    """
    people, ids = case.enrolments(), list(teachers.values())
    popular = len(people) * 9 // 20
    found = _open(case, on, days=1)
    for place, one in enumerate(people):
        first = 0 if place < popular else 1 + place % 2
        named = [ids[first], ids[1 + (place + 1) % 2 if first != 1 else 0]]
        _wish(case, found, one, named[: 1 if place == popular - 1 else WISHES])
    for user_id in teachers:
        _answer(case, found, user_id, on + timedelta(days=2))
    left = _match(case, found, on + timedelta(days=3))
    if len(left) != 1:
        raise Unexpected(f"{case.name}: {len(left)} trainees are left without a teacher, not one")
    second = _open(case, on + timedelta(days=3), days=0)
    _wish(case, second, left[0], ids[1:])
    for user_id in list(teachers)[1:]:
        _answer(case, second, user_id, on + timedelta(days=4))
    if _match(case, second, on + timedelta(days=5)):
        raise Unexpected(f"{case.name}: somebody is without a teacher after the second round")


def _open(case: Case, on: date, *, days: int) -> ChoiceRound:
    """Open a round in which trainees choose up to a day so many days later, and teachers on the day after."""
    until = on + timedelta(days=days)
    facts = choice.RoundFacts(Proposing.TRAINEES, WISHES, on, until, until + timedelta(days=1))
    return choice.open_round(case.program, Side.COLLEGE, facts, by=case.staff, now=case.days.at(on, 12))


def _wish(case: Case, found: ChoiceRound, one: Enrolment, mentor_ids: Sequence[int]) -> None:
    author, now = db.session.get_one(User, one.user_id), case.days.at(found.trainees_until, 13, one.id % 60)
    who = queries.choosing_enrolment(case.program, found, author)
    if who is None:
        raise Unexpected(f"{case.name}: {one.name} has a teacher already")
    choice.record_wishes(case.program, found, who, mentor_ids, by=author, now=now)


def _answer(case: Case, found: ChoiceRound, user_id: int, on: date) -> None:
    """Let a teacher rank whoever named him or her, in the order of the class."""
    mentor = db.session.scalars(
        sa.select(Mentor).where(Mentor.user_id == user_id).options(joinedload(Mentor.organization))
    ).one()
    named = sorted(one.id for one, _rank, _declined in queries.who_named(found, mentor))
    if named:
        ranks: dict[int, int | None] = {key: rank for rank, key in enumerate(named, 1)}
        author, now = db.session.get_one(User, user_id), case.days.at(on, 15)
        choice.record_answers(case.program, found, mentor, ranks, (), by=author, now=now)


def _match(case: Case, found: ChoiceRound, on: date) -> list[Enrolment]:
    """Have the pairs found and approved; returns who is left."""
    proposal = choice.match_round(case.program, found, by=case.staff, now=case.days.at(on, 9))
    if proposal.summary["blocking"]:
        raise Unexpected(f"{case.name}: {proposal.summary}")
    now = case.days.at(on, 10)
    deciding.approve_proposal(case.program, proposal, version=proposal.version, by=case.staff, now=now)
    db.session.flush()
    left = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.program_id == case.program.id, Enrolment.school_teacher_id.is_(None))
        .order_by(Enrolment.id)
        .execution_options(populate_existing=True)
    )
    return list(left)
