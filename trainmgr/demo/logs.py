"""What stands beside the logs of the 蓝思 class: a case in five parts, a talk, two texts alike, spot checks."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.queries import stages_of
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.practice import actions, drafts, spots, talk
from trainmgr.practice.drafts import Content
from trainmgr.practice.honesty import SpotResult
from trainmgr.practice.log_models import SpotCheck
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.practice.periods import Covered
from trainmgr.practice.terms import terms_of

PARTS = {
    "facts": "精雕机 7 号位连续三批盖板玻璃短边崩边 0.15 毫米，其他机位正常，首检合格，运行四十分钟后开始。",
    "analysis": "对比刀具、夹具和冷却液：刀具寿命未到，夹具平面度合格，冷却液流量只有标准的六成，喷嘴被玻璃粉堵住。",
    "plan": "停机清洗喷嘴，流量调到每分钟 12 升；加装滤网；换料时增加流量点检，由学员记录，师傅复核。",
    "effect": "当班复检 60 片，崩边 0 片；一周内不良率由 4.8% 降到 0.6%，没有再停机。",
    "lessons": "首检合格不等于过程稳定。流量这类缓慢变化的量要按时点检，不能等出了不良再查。",
}
ALIKE = (
    "今天在三号线做盖板玻璃外观检测，先校准光源再放样品，崩边集中在下料口一侧，和师傅一起调整夹爪压力后减少，"
    "记录了二十片样品的间隙和划伤位置。"
)


def tell(case: Case) -> Case:
    """Let the class's logs have what a running class has beside them."""
    people = [one for one in case.enrolments() if one.left_on is None and one.enterprise_mentor_id]
    _write_up(case, people[2])
    _ask(case)
    for one in people[4:6]:
        _hand_in(case, one, Covered(case.days.today, (360,)), "盖板玻璃外观检测", ALIKE, key="alike")
    _check(case)
    return case


def _hand_in(
    case: Case,
    one: Enrolment,
    span: Covered,
    task: str,
    learned: str,
    *,
    key: str,
    parts: dict[str, str] | None = None,
) -> PracticeLog:
    stages = stages_of(case.program.id)
    author, now = db.session.get_one(User, one.user_id), case.days.now
    content = Content(
        span, stage_number=case.program.current_stage, task=task, learned=learned, parts=parts,
        competency_ids=tuple(competency.id for competency in case.competencies[:2]),
    )  # fmt: skip
    log, _faults = drafts.keep(
        case.program, one, content, key=key, replaces=None, stages=stages, by=author, now=now
    )
    actions.hand_in(case.program, one, log, stages=stages, by=author, now=now)
    return log


def _write_up(case: Case, one: Enrolment) -> None:
    """A case of the trainee's own work, signed by the mentor, ready for the library."""
    span = Covered(case.days.ago(6), (0,))
    log = _hand_in(case, one, span, "冷却液流量不足引起的崩边", "", key="case", parts=PARTS)
    mentor = db.session.get_one(User, one.enterprise_mentor_id or 0)
    if log.signer_id == mentor.id:
        actions.sign_log(case.program, log, by=mentor, now=case.days.now)


def _ask(case: Case) -> None:
    """A mentor asks under a log that waits, and the trainee answers."""
    log = db.session.scalars(
        sa.select(PracticeLog)
        .where(
            PracticeLog.program_id == case.program.id,
            PracticeLog.state == LogState.SUBMITTED,
            PracticeLog.signer_id == case.cast["zhou"].id,
        )
        .options(joinedload(PracticeLog.enrolment))
        .order_by(PracticeLog.day.desc(), PracticeLog.id)
        .limit(1)
    ).one()
    author = db.session.get_one(User, log.enrolment.user_id)
    moment = case.days.now - timedelta(hours=3)
    talk.comment(case.program, log, "照片里是几号机位？间隙量了多少？", by=case.cast["zhou"], now=moment)
    talk.comment(
        case.program, log, "五号机位，0.12 毫米，换夹爪后 0.10。", by=author, now=moment + timedelta(hours=1)
    )


def _check(case: Case) -> None:
    """Last week's spot checks are drawn; two mentors have had their talk already."""
    now = case.days.at(case.days.monday, 0, 10)
    spots.draw_week(case.program, case.days.monday - timedelta(days=7), terms_of(case.program), now=now)
    checks = db.session.scalars(
        sa.select(SpotCheck)
        .where(SpotCheck.program_id == case.program.id)
        .options(joinedload(SpotCheck.log).joinedload(PracticeLog.enrolment), joinedload(SpotCheck.mentor))
        .order_by(SpotCheck.log_id)
        .limit(2)
    ).all()
    found = ((SpotResult.CONFIRMED, ""), (SpotResult.COULD_NOT, "学员当天夜班，下周再聊"))
    for check, (result, note) in zip(checks, found, strict=False):
        spots.settle(case.program, check, result, note, by=check.mentor, now=case.days.now)
