"""富纳 apprentices (case H2): recruiting; some wait for a verdict, some on the waiting list."""

from __future__ import annotations

from datetime import date, timedelta

from trainmgr.demo import analysing, designing, gathering, recruiting
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.identity.models import User
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State
from trainmgr.recruitment import applying, judging
from trainmgr.recruitment.models import Application
from trainmgr.recruitment.rules import VerdictKind

APPLICANTS = 38
MONTHS = 26


def play(days: Days, cast: Cast) -> Case:
    """Tell the class up to the applications of this week."""
    case = Case(days, cast, "funa", staff=cast["li"], coordinator=cast["funa_coordinator"])
    starts = days.monday + timedelta(weeks=13)
    began = days.ago(130)
    case.create(
        "funa",
        ProgramKind.MODERN_APPRENTICESHIP,
        starts=starts,
        ends=starts + timedelta(days=round(MONTHS * 30.44)),
        on=began,
        department="hngy_dq",
        parties=[("funa", PartyRole.ENTERPRISE)],
    )
    teachers, engineers = cast.many["funa_teacher"], cast.many["funa_mentor"]
    case.relate(cast["song"], *teachers, on=began)
    case.advance(State.ANALYSING, began + timedelta(days=4))
    analysing.analyse(case, began + timedelta(days=8), respondents=27)
    analysing.sign_needs(case, began + timedelta(days=40))
    case.advance(State.DESIGNING, began + timedelta(days=44))
    plan = designing.design(case, began + timedelta(days=50), teachers=teachers, experts=engineers)
    designing.sign_plan(case, plan, began + timedelta(days=76))
    case.advance(State.RECRUITING, began + timedelta(days=80))
    gathering.name_mentors(case, teachers, Side.COLLEGE, days.ago(30), capacity=10)
    gathering.name_mentors(case, engineers, Side.ENTERPRISE, days.ago(30), capacity=5, level="视觉工程师")
    _recruit(case)
    return case


def _recruit(case: Case) -> None:
    """Students apply; both sides judge most of them: places run out, then the waiting list begins."""
    students = gathering.students(
        case, APPLICANTS, born=(date(case.days.today.year - 19, 1, 1), date(case.days.today.year - 17, 1, 1))
    )
    posts = recruiting.open_recruiting(case, case.days.ago(48))
    applications = [_apply(case, student, place, posts) for place, student in enumerate(students)]
    rejected = case.texts["applications"]["rejected"]
    for place, application in enumerate(applications):
        if place in (5, 17):
            _judge(case, application, Side.COLLEGE, VerdictKind.REJECT, rejected[place % 2])
        elif place < 30:
            _judge(case, application, Side.COLLEGE, VerdictKind.ADMIT)
            if place < 29:
                _judge(case, application, Side.ENTERPRISE, VerdictKind.ADMIT)
        elif place % 3 == 0:
            _judge(case, application, Side.ENTERPRISE, VerdictKind.ADMIT)
    recruiting.interview_days(case, applications)


def _apply(case: Case, student: User, place: int, posts: list[int]) -> Application:
    day = case.days.ago(max(1, 28 - place * 28 // APPLICANTS))
    return applying.apply(
        case.program,
        college_id=case.program.lead_college_id,
        post_id=posts[place % len(posts)],
        statement=case.random.choice(case.texts["applications"]["statements"]),
        by=student,
        now=case.days.at(day, 8 + place % 12, place),
        today=day,
    )


def _judge(case: Case, application: Application, side: Side, verdict: VerdictKind, reason: str = "") -> None:
    day = min(case.days.ago(1), application.applied_at.date() + timedelta(days=3))
    judging.record_verdict(
        case.program,
        application.id,
        side,
        verdict,
        reason=reason,
        by=case.staff if side is Side.COLLEGE else case.coordinator,
        now=case.days.at(day, 15 if side is Side.COLLEGE else 16),
        today=day,
    )
