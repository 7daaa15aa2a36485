"""The classes of 湛蓝: divided evenly, two masters in turn, an exchange, announcements, somebody who paused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from trainmgr.classes import rotation, space, splitting
from trainmgr.classes.actions import change_class
from trainmgr.demo.playing import Case
from trainmgr.enrolment import standing
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.standing import Wanted
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.identity.models import User
from trainmgr.kernel.db import db

DAYS_AWAY = 14
SPONSOR = "企业奖学金、十个教学单元的实训设备、结业后优先录用"


def divide(case: Case, on: date) -> None:
    """Divide the intake into its classes, alike in entry level, gender and major."""
    people = splitting.people_to_split(case.program, case.staff, splitting.EVERYBODY)
    now = case.days.at(on, 15)
    proposal = splitting.propose(case.program, people, case.data["classes"], by=case.staff, now=now)
    splitting.carry_out(
        case.program, proposal, version=proposal.version, reason="按入学测评、性别、专业均衡分班",
        by=case.staff, now=case.days.at(on, 16),
    )  # fmt: skip
    for cohort in _classes(case):
        change_class(
            case.program, cohort, cohort.name, enterprise_id=case.cast.home("sunwoda").id, sponsor=SPONSOR,
            by=case.staff, now=case.days.at(on, 17),
        )  # fmt: skip


def rotate(case: Case, start: date, masters: Sequence[User], weeks: int) -> None:
    """The two masters change classes in the middle of the school stages."""
    rotation.make_rotation(
        case.program, [one.id for one in _classes(case)], [one.id for one in masters], first=start, weeks=weeks,
        periods=2, by=case.staff, now=case.days.at(start - timedelta(days=3), 10),
    )  # fmt: skip


def _classes(case: Case) -> Sequence[Cohort]:
    return db.session.scalars(
        sa.select(Cohort).where(Cohort.program_id == case.program.id).order_by(Cohort.name, Cohort.id)
    ).all()


def tell(case: Case, start: date, masters: Sequence[User]) -> None:
    """Announcements to both classes, a question that is answered, and an exchange with what each class found."""
    first, second = _classes(case)[:2]
    for cohort, master in zip((first, second), masters, strict=True):
        space.announce(
            case.program, cohort, "实训车间安全要求", "进车间一律戴安全帽、穿劳保鞋；设备上电前先报告授业师傅。",
            pinned=True, by=master, now=case.days.at(start, 8),
        )  # fmt: skip
    day = start + timedelta(days=45)
    space.announce(
        case.program, first, "下周三与 B 班交流故障排查", "每组带一页纸：现象、先查什么、怎么确认。",
        pinned=False, by=masters[0], now=case.days.at(day - timedelta(days=6), 17),
    )  # fmt: skip
    _ask(case, first, masters[0], day - timedelta(days=2))
    exchange = rotation.plan_exchange(
        case.program, first, second, day=day, topic="送料机卡料：两班各自怎样找到原因",
        by=masters[0], now=case.days.at(day - timedelta(days=6), 16),
    )  # fmt: skip
    db.session.flush()
    notes = (
        (
            first,
            masters[0],
            "先看光电传感器和气缸到位信号，三组里两组在十分钟内找到；没有先查气压的一组多用了半小时。",
        ),
        (second, masters[1], "先查气压再查信号，全部找到；换传感器前没有记录原位置，复装后要重新调。"),
    )
    for cohort, master, text in notes:
        rotation.take_note(exchange, cohort.id, text, by=master, now=case.days.at(day, 17))


def _ask(case: Case, cohort: Cohort, master: User, day: date) -> None:
    asking = db.session.scalars(
        sa.select(User)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.cohort_id == cohort.id)
        .order_by(Enrolment.id)
        .limit(1)
    ).one()
    thread = space.start_thread(
        case.program, cohort, "传感器指示灯常亮怎么判断", "工件离开后灯还亮，是传感器坏了还是线路问题？",
        by=asking, now=case.days.at(day, 19),
    )  # fmt: skip
    space.reply(
        case.program, thread, "先用万用表量输出端，再换到好的工位上试；两样都不变再怀疑传感器。",
        by=master, now=case.days.at(day, 20),
    )  # fmt: skip


def pause_and_return(case: Case, start: date) -> None:
    """One trainee was ill for two weeks of the school stages and came back to the same masters."""
    one = case.enrolments()[20]
    gone = start + timedelta(days=70)
    back = gone + timedelta(days=DAYS_AWAY)
    standing.change(
        case.program, [one], Wanted(StandingKind.SUSPEND, gone, "阑尾手术，住院休养", expected_on=back),
        by=case.staff, now=case.days.at(gone, 9),
    )  # fmt: skip
    standing.change(
        case.program, [case.enrolments()[20]], Wanted(StandingKind.RESUME, back, "康复，医院证明已交"),
        by=case.staff, now=case.days.at(back, 9),
    )  # fmt: skip
