"""Joint recruitment in the demo: the order class of mixed majors (湛蓝) and apprentices who apply now (富纳)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.demo import gathering
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs import signing
from trainmgr.programs.rules import Side
from trainmgr.recruitment import agreeing, applying, door, interviews, judging, plans
from trainmgr.recruitment.interview_models import InterviewSlot
from trainmgr.recruitment.models import Application, ApplicationState, RecruitmentPlan, Relation
from trainmgr.recruitment.rules import InterviewOutcome, VerdictKind

# 湛蓝: which post of the enterprise each major leads to.
POSTS = {
    "机电一体化技术": "产线设备操作与调试",
    "智能控制技术": "自动化产线维护",
    "工业机器人技术": "机器人工作站运维",
    "电气自动化技术": "电气故障排查",
    "数控技术": "工装夹具加工",
}
LATE = 6  # applicants of 湛蓝 who came when the class was full, or did not fit
NOTES = ("动手能力强，能说清一次故障是怎么查出来的", "表达清楚，电工基础扎实", "对倒班有顾虑，已当面说明")


def plan(
    case: Case,
    lines: Sequence[tuple[str, str, str, int]],
    *,
    on: date,
    opens: date,
    closes: date,
    terms: tuple[Relation, date, int, str],
) -> RecruitmentPlan:
    """Write and sign a plan of (enterprise, post, major, places)."""
    given: dict[str, Any] = {"by": case.staff, "now": case.days.at(on, 10)}
    made = plans.open_edition(case.program, reason="", **given)
    db.session.flush()
    plans.set_terms(case.program, made, plans.Terms(opens, closes, *terms), version=made.version, **given)
    for enterprise, post, major, quota in lines:
        line = plans.NewLine(case.cast.home(enterprise).id, post, major, quota)
        plans.set_line(case.program, made, line, **given)
    agreeing.offer(case.program, made, today=on, **given)
    digest = signing.digest_of(agreeing.document_of(made))
    for side, person, later in ((Side.COLLEGE, case.staff, 1), (Side.ENTERPRISE, case.coordinator, 2)):
        day = on + timedelta(days=later)
        agreeing.sign(
            case.program, made, side, digest=digest, by=person, now=case.days.at(day, 15), today=day
        )
    return made


# --- 湛蓝 (Z6): one order class of mixed majors --------------------------------------------------


def order_class(case: Case, start: date, *, late: bool) -> None:
    """Tell how 湛蓝's class was recruited: places by major; with `late`, an interview day and who had to wait."""
    people = case.enrolments()
    amounts: dict[str, int] = {}
    for one in people:
        amounts[one.field] = amounts.get(one.field, 0) + 1
    lines = [("sunwoda", POSTS[major], major, amount) for major, amount in sorted(amounts.items())]
    opens, closes = start - timedelta(days=26), start - timedelta(days=12)
    made = plan(
        case, lines, on=start - timedelta(days=28), opens=opens, closes=closes,
        terms=(Relation.JOB_PROMISE, start, 1800, "结业合格者安排对应岗位，培养期间包食宿、投保意外险"),
    )  # fmt: skip
    for major, post in POSTS.items():
        db.session.execute(
            sa.update(Enrolment)
            .where(Enrolment.program_id == case.program.id, Enrolment.field == major)
            .values(post=post)
        )
    if late:
        _late_comers(case, start, [line.post_id for line in made.quotas], opens + timedelta(days=8))


def _late_comers(case: Case, start: date, posts: Sequence[int], day: date) -> None:
    born = (date(start.year - 20, 9, 1), date(start.year - 18, 8, 31))
    made = [
        _apply(case, student, posts[place % len(posts)], day + timedelta(days=1), place)
        for place, student in enumerate(gathering.students(case, LATE, born=born))
    ]
    slots = _offer(case, day + timedelta(days=3), day + timedelta(days=1), amount=2, seats=3)
    for place, one in enumerate(made):
        _book(case, one, slots[place // 3], day + timedelta(days=2))
    for place, one in enumerate(made):
        _note(case, one, None if place == 4 else NOTES[place % 3], day + timedelta(days=3))
        verdict = VerdictKind.REJECT if place in (2, 4) else VerdictKind.ADMIT
        _judge(case, one, Side.COLLEGE, verdict, day + timedelta(days=4))
        if verdict is VerdictKind.ADMIT:
            _judge(case, one, Side.ENTERPRISE, verdict, day + timedelta(days=4))


# --- 富纳 (T1): apprentices who apply now --------------------------------------------------------

FUNA_LINES = (
    ("funa", "视觉系统装调", "电气自动化技术", 9),
    ("funa", "视觉检测运维", "机电一体化技术", 8),
    ("funa", "视觉程序开发", "智能控制技术", 7),
)


def open_recruiting(case: Case, on: date) -> list[int]:
    """Sign 富纳's plan and open its public page; returns the posts."""
    days = case.days
    made = plan(
        case, FUNA_LINES, on=on, opens=on + timedelta(days=4), closes=days.today + timedelta(days=30),
        terms=(Relation.LABOUR_CONTRACT, case.program.starts_on or days.today, 2600,
               "入学即签劳动合同，学费由企业承担，双导师带教"),
    )  # fmt: skip
    door.set_page(
        case.program, None, {"is_open": True, "lowest_age": 16, "highest_age": None,
        "introduction": "招生即招工，入学即入职：录取后与企业签订劳动合同，在校学习与企业岗位交替进行。"},
        version=0, by=case.staff, now=days.at(on + timedelta(days=3)),
    )  # fmt: skip
    return [line.post_id for line in made.quotas]


def interview_days(case: Case, applications: Sequence[Application]) -> None:
    """Tell one interview day that was, and offer one next week, on which some have booked."""
    days = case.days
    held, coming = days.ago(3), days.monday + timedelta(days=9)
    pending = [one for one in applications if one.state is ApplicationState.PENDING]
    past = _offer(case, held, days.ago(6), amount=2, seats=2)
    for place, one in enumerate(pending[:3]):
        _book(case, one, past[place // 2], days.ago(5))
        _note(case, one, None if place == 2 else NOTES[place], held)
    slots = _offer(case, coming, days.ago(1), amount=3, seats=2)
    for place, one in enumerate(pending[3:6]):
        _book(case, one, slots[place // 2], days.ago(1))


# --- shared --------------------------------------------------------------------------------------


def _apply(case: Case, student: User, post_id: int, day: date, place: int) -> Application:
    return applying.apply(
        case.program,
        college_id=case.program.lead_college_id,
        statement=case.random.choice(case.texts["applications"]["statements"]),
        post_id=post_id,
        by=student,
        now=case.days.at(day, 9 + place % 8, place),
        today=day,
    )


def _offer(case: Case, day: date, on: date, *, amount: int, seats: int) -> list[InterviewSlot]:
    facts = interviews.SlotFacts(
        day, time(9, 0), 30, amount, seats, "招生办面试室", "", None, [case.staff.id, case.coordinator.id]
    )
    now = datetime.combine(on, time(8, 0), case.days.zone)
    slots, _clashes = interviews.offer_slots(case.program, facts, zone=case.days.zone, by=case.staff, now=now)
    return slots


def _book(case: Case, application: Application, slot: InterviewSlot, day: date) -> None:
    applicant = db.session.get_one(User, application.user_id)
    interviews.book(application, slot.id, by=applicant, now=case.days.at(day, 12))


def _note(case: Case, application: Application, text: str | None, day: date) -> None:
    booking = interviews.find_booking(application.id)
    assert booking is not None
    booking.application = application
    outcome = InterviewOutcome.CAME if text else InterviewOutcome.NO_SHOW
    interviews.note(
        case.program, booking, outcome, text or "", by=case.coordinator, now=case.days.at(day, 17)
    )


def _judge(case: Case, application: Application, side: Side, verdict: VerdictKind, day: date) -> None:
    judging.record_verdict(
        case.program,
        application.id,
        side,
        verdict,
        reason="本期名额以面试结果为准" if verdict is VerdictKind.REJECT else "",
        by=case.staff if side is Side.COLLEGE else case.coordinator,
        now=case.days.at(day, 15 if side is Side.COLLEGE else 16),
        today=day,
    )
