"""Divergences and appeals of the demo: one taken back by its author, one decided, some waiting; 湛蓝's three shows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from trainmgr.contests import awarding, running
from trainmgr.contests.models import Contest, ContestEntry
from trainmgr.contests.rules import ContestKind, ContestState, Grade, Level, PrizeKind
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.evaluation import windows
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.queries import with_criteria
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.files import store_bytes
from trainmgr.moderation import actions, opening, queries
from trainmgr.moderation.models import Moderation
from trainmgr.moderation.rules import DecisionKind, ModerationState, Verdict, apart

SHOWS = (
    (
        ContestKind.SKILL,
        "电池模组装配个人技能秀",
        "Individual skill show: battery modules",
        ("装配质量", "用时", "安全规范"),
    ),
    (
        ContestKind.TEAMWORK,
        "产线团队协作秀",
        "Team work show: line quality",
        ("线体合格率", "协作配合", "6S"),
    ),
    (
        ContestKind.SOLUTION,
        "质量问题解决方案秀",
        "Solution show: quality problems",
        ("问题分析", "改善效果", "现场答辩"),
    ),
)
TEAMS = ("一号线", "二号线", "三号线")


def talk_over(case: Case) -> None:
    """Let some of a case's divergences be talked over: the first is revised, the second kept and decided."""
    live = db.session.scalars(
        queries.with_everything(sa.select(Moderation))
        .join(Window, Window.id == Moderation.window_id)
        .where(
            Moderation.program_id == case.program.id,
            Moderation.state == ModerationState.TALK,
            Window.settled_at.is_(None),
        )
        .order_by(Moderation.id)
        .limit(6)
    ).all()
    waiting = [one for one in live if len(one.sides) > 1]
    if waiting:
        _revise(case, waiting[0])
    if len(waiting) > 1:
        _decide(case, waiting[1])
    opening.turn(case.days.now)  # what the clock has ended since, in the closed programmes too


def _after(case: Case, one: Moderation, hours: int) -> datetime:
    """Return the moment so many hours after a moderation began, at the latest now."""
    return min(one.opened_at + timedelta(hours=hours), case.days.now)


def _revise(case: Case, one: Moderation) -> None:
    given = queries.ratings_of(one.window_id, [one.enrolment_id])[one.enrolment_id]
    marks = queries.marks_in(given)
    side = one.sides[0]
    by = db.session.get_one(User, side.rater_id)
    wanted: dict[int, int] = {}
    for criterion in apart(marks, one.window.scheme.divergence):
        own = marks[side.party].get(criterion)
        if own is not None:
            wanted[criterion] = max(
                (mark for given in marks.values() if (mark := given.get(criterion)) is not None),
                key=lambda mark: (abs(mark - own), mark),
            )
    now = _after(case, one, 20)
    reason = "对照了三次过程记录，原打分偏严"
    actions.revise(case.program, one, wanted, reason=reason, by=by, now=now)


def _decide(case: Case, one: Moderation) -> None:
    now = _after(case, one, 26)
    for side, reason in zip(
        one.sides, ("按现场表现打的分", "按考核记录打的分", "按自己的记录"), strict=False
    ):
        by = db.session.get_one(User, side.rater_id)
        actions.keep(case.program, one, reason=reason, by=by, now=now)
    verdict = Verdict(DecisionKind.TAKE, one.sides[-1].party)
    reason = "核对考核记录与现场照片，考核记录完整，以其为准"
    actions.decide(case.program, one, verdict, reason=reason, by=case.staff, now=_after(case, one, 50))


def settle(case: Case, window: Window) -> None:
    """A process window: one trainee appeals and is answered; then its results are taken as they are."""
    _appeal(case, window.id)
    window = db.session.get_one(Window, window.id)
    reason = "过程评价供改进之用，按现状认定"
    now = window.closes_at + timedelta(days=9)
    windows.settle_window(case.program, window, reason=reason, by=case.staff, now=now)


def _appeal(case: Case, window_id: int) -> None:
    window = db.session.scalars(with_criteria(sa.select(Window)).where(Window.id == window_id)).one()
    enrolment = next(one for one in case.enrolments() if one.state is EnrolmentState.TRAINING)
    trainee = db.session.get_one(User, enrolment.user_id)
    grounds = "“设备点检”一项打分时我在外线支援，补检记录在第 9 周，请按补检记录核对。"
    now = window.closes_at + timedelta(hours=30)
    made = actions.make_appeal(case.program, window, enrolment, grounds=grounds, by=trainee, now=now)
    answer = "已核对第 9 周补检记录：补检在窗口关闭之后，本窗口按原打分；终结性评价时一并考虑。"
    made = queries.appeal_of(made.id)
    actions.answer_appeal(
        case.program, made, {}, uphold=False, answer=answer, by=case.staff, now=now + timedelta(days=2)
    )


# --- contests -----------------------------------------------------------------------------------------------


def compete(case: Case, first: date) -> None:
    """The three shows of 湛蓝 (case Z5) with an enterprise scholarship, one award won in the province, a shortlist."""
    people = [one for one in case.enrolments() if one.state is not EnrolmentState.WITHDRAWN][:12]
    guides = [people[0].school_teacher_id, people[0].enterprise_mentor_id]
    judges = [case.staff, case.coordinator, *(db.session.get_one(User, one) for one in guides if one)]
    homes = [case.program.lead_college_id, people[0].enterprise_id or 0]
    for place, (kind, name, name_en, criteria) in enumerate(SHOWS):
        held = first + timedelta(weeks=6 * place)
        contest = _set_up(case, kind, name, name_en, criteria, held)
        for number, judge in enumerate(judges):
            running.name_judge(
                contest,
                judge,
                homes[number % 2],
                by=case.staff,
                now=case.days.at(held - timedelta(days=9), 9),
            )
        _play(case, contest, people, judges, held)
    _elsewhere(case, people[0], first + timedelta(weeks=20))
    enterprise = people[0].enterprise_id
    if enterprise is not None:
        awarding.shortlist(
            enterprise, people[0], contest_id=None, note="三项竞赛都在前列，愿意留在模组线",
            by=case.coordinator, now=case.days.at(first + timedelta(weeks=14), 10),
        )  # fmt: skip


def _set_up(
    case: Case, kind: ContestKind, name: str, name_en: str, criteria: tuple[str, ...], held: date
) -> Contest:
    fields = running.ContestFields(
        college_id=case.program.lead_college_id, program_id=case.program.id,
        enterprise_id=next(one.enterprise_id for one in case.enrolments()), kind=kind, level=Level.COLLEGE,
        is_team=kind is ContestKind.TEAMWORK, name=name, name_en=name_en, place="实训中心",
        held_on=held, entries_until=held - timedelta(days=3), drop_extremes=True,
        criteria=[
            running.CriterionFields(one, Decimal(most), Decimal(1))
            for one, most in zip(criteria, (50, 30, 20), strict=True)
        ],
        prizes=[
            running.PrizeFields(PrizeKind.SCHOLARSHIP, Grade.FIRST, "欣旺达奖学金", 1, 1, 200_000),
            running.PrizeFields(PrizeKind.PRIZE, Grade.SECOND, "", 2, 2, None),
            running.PrizeFields(PrizeKind.PRIZE, Grade.THIRD, "", 3, 3, None),
        ],
    )  # fmt: skip
    return running.set_up(fields, by=case.staff, now=case.days.at(held - timedelta(days=20), 9))


def _play(case: Case, contest: Contest, people: list[Enrolment], judges: list[User], held: date) -> None:
    days, staff = case.days, case.staff
    running.move_on(contest, ContestState.OPEN, by=staff, now=days.at(held - timedelta(days=18), 9))
    if contest.is_team:
        teams = [(name, people[4 * place : 4 * place + 4]) for place, name in enumerate(TEAMS)]
    else:
        teams = [(one.name, [one]) for one in people[:6]]
    running.enter(contest, teams, by=staff, now=days.at(held - timedelta(days=5), 15), staff=True)
    running.move_on(contest, ContestState.JUDGING, by=staff, now=days.at(held, 8))
    entries = db.session.scalars(sa.select(ContestEntry).where(ContestEntry.contest_id == contest.id)).all()
    for judge in judges:
        for entry in entries:
            share = Decimal(case.random.randint(68, 96)) / 100
            points = {one.id: round(one.most * share, 1) for one in contest.criteria}
            running.score(contest, entry, points, comment="", reason="", by=judge, now=days.at(held, 15))
    running.move_on(contest, ContestState.PUBLISHED, by=staff, now=days.at(held, 17))


def _elsewhere(case: Case, person: Enrolment, day: date) -> None:
    now = case.days.at(day + timedelta(days=4), 10)
    paper = store_bytes(
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n",
        name="获奖证书.pdf", media_type="application/pdf", purpose="award", by=case.staff, program_id=None, now=now,
    )  # fmt: skip
    facts = awarding.AwardFacts(
        contest_name="职业院校技能大赛（省赛）新能源装备赛项",
        kind=PrizeKind.PRIZE,
        level=Level.PROVINCE,
        grade=Grade.SECOND,
        name="",
        issuer="省教育厅",
        number="",
        awarded_on=day,
        amount_cents=None,
    )
    awarding.enter_award(case.program.lead_college_id, [person], facts, paper, by=case.staff, now=now)
