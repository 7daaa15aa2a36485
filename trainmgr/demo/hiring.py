"""What became of 湛蓝's two intakes: rounds with answers, the employers' words, from trial to employee, consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.demo.playing import Case
from trainmgr.employment import answering, carrying, converting, queries, rounds
from trainmgr.employment.answering import Source, Word
from trainmgr.employment.converting import NewStep
from trainmgr.employment.course import PostStep, add_months
from trainmgr.employment.models import FollowUpRound
from trainmgr.employment.rules import Answer, AnswerSource, Band, Destination, Match
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program

POSTS = ("锂电设备维护", "产线点检", "工艺巡检", "设备调试")
OTHERS = ("贵阳某新能源有限公司", "遵义某机电有限公司")
WRITTEN_OFF = 14  # every so many have not answered
ON_DAY = timedelta(days=9)


def follow_up(cases: Sequence[Case]) -> None:
    """The first intake six and 36 months after, the second 36 months after: under way today."""
    first, second = cases
    _round(first, 6, first.program.ends_on, answered=0.5)
    _steps(first)
    _round(first, 36, first.program.ends_on, answered=0.9)
    _round(second, 36, second.program.ends_on, answered=0.5, now=second.days.today - timedelta(days=12))
    _consents(second)


def _graduates(case: Case) -> list[Enrolment]:
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .where(Enrolment.program_id == case.program.id, queries.GRADUATED)
            .options(joinedload(Enrolment.user), joinedload(Enrolment.enterprise))
            .order_by(Enrolment.id)
        )
    )


def _round(case: Case, months: int, end: date | None, *, answered: float, now: date | None = None) -> None:
    opens = now or add_months(end or case.days.today, months)
    closes = opens + timedelta(days=45)
    planned = case.days.at(opens - timedelta(days=5), 9)
    asked = rounds.plan_round(
        case.program, months=months, opens_on=opens, closes_on=closes, by=case.staff, now=planned
    )
    rounds.keep_rounds(case.days.at(opens, 8))
    people = _graduates(case)
    told = people[: round(len(people) * answered)]
    for place, one in enumerate(told):
        if place % WRITTEN_OFF != WRITTEN_OFF - 1:
            _answer(case, asked, one, place, case.days.at(opens + timedelta(days=place % 9), 19))
    _words(case, asked, told, case.days.at(opens + ON_DAY, 10))
    if closes < case.days.today:
        rounds.keep_rounds(case.days.at(closes + timedelta(days=1), 8))


def _answer(case: Case, asked: FollowUpRound, one: Enrolment, place: int, now: datetime) -> None:
    by_staff = place % 11 == 10
    source = Source(AnswerSource.STAFF, "辅导员电话，本人") if by_staff else Source(AnswerSource.GRADUATE)
    answering.take_answer(
        case.program, asked, one, _told(one, asked.months, place), source,
        by=case.staff if by_staff else one.user, now=now,
    )  # fmt: skip


def _told(one: Enrolment, months: int, place: int) -> Answer:
    if place % 13 == 7:
        return Answer(Destination.STUDY, employer_name="专升本")
    if place % 17 == 9:
        return Answer(Destination.ARMY if months < 36 else Destination.SEEKING)
    moved = months >= 36 and place % 4 == 1
    income = 560_000 + (place % 9) * 42_000 + (230_000 if months >= 36 else 0)
    return Answer(
        Destination.EMPLOYED if place % 10 else Destination.FLEXIBLE,
        employer_id=None if moved else one.enterprise_id,
        employer_name=OTHERS[place % 2] if moved else "",
        post=POSTS[place % len(POSTS)],
        match=Match.NO if place % 9 == 4 else Match.PARTLY if place % 9 == 6 else Match.YES,
        income_cents=income if place % 3 else None,
        income_band=None if place % 3 else Band.TO_8000,
        promoted=months >= 36 and place % 6 != 0,
        promoted_to="班组长" if months >= 36 and place % 6 == 1 else "",
        certified=True,
        certificate="电工 高级工",
    )


def _words(case: Case, asked: FollowUpRound, people: Sequence[Enrolment], now: datetime) -> None:
    """The coordinator of 欣旺达 confirms those who told that they work there."""
    coordinator = db.session.get_one(
        User, case.coordinator.id, options=[selectinload(User.memberships)], populate_existing=True
    )
    own = queries.employers_of(coordinator)
    for place, one in enumerate(people):
        answer = queries.present_answer(asked.id, one.id)
        if answer and answer.employer_id in own and place % 3 == 0:
            word = Word(confirmed=True, satisfaction=4 if place % 3 else 5)
            answering.take_word(case.program, asked, one, answer, word, by=coordinator, now=now)


def _steps(case: Case) -> None:
    """A third of the first intake from the trial period to the post."""
    program = db.session.get_one(Program, case.program.id, options=[selectinload(Program.parties)])
    begin = (program.ends_on or case.days.today) + timedelta(days=20)
    for place, one in enumerate(_graduates(case)[::3]):
        if one.enterprise_id is None:
            continue
        course = [(PostStep.TRIAL, 0, "试用期", 480_000), (PostStep.CONFIRMED, 90, "一级", 560_000)]
        if place % 3 == 0:
            course.append((PostStep.PROMOTED, 700, "二级", 680_000))
        elif place % 7 == 1:
            course.append((PostStep.LEFT, 500, "", 0))
        for kind, days, level, pay in course:
            on = begin + timedelta(days=days + place)
            step = NewStep(
                kind, on, one.enterprise_id, POSTS[place % len(POSTS)] if pay else "", level, pay or None
            )
            converting.note_step(program, one, step, by=case.coordinator, now=case.days.at(on, 15))


def _consents(case: Case) -> None:
    """Some of the second intake let their enterprise have the record of their training."""
    for place, one in enumerate(_graduates(case)[:12]):
        if one.enterprise is not None:
            now = case.days.at(case.days.today - timedelta(days=6), 12, place)
            carrying.set_consent(case.program, one, one.enterprise, given=True, by=one.user, now=now)
