"""Quality in the demo: figures of the last years, a target of the college's own, two evaluations by an outsider."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.quality import assessing, computing, defining, trees, watching
from trainmgr.quality.assessing import Asking, Judgement
from trainmgr.quality.maturity_models import MaturityEvaluation, MaturityTree
from trainmgr.quality.maturity_rules import FindingKind

YEARS = {"gzqg": 5, "hngy": 2, "cqwy": 2, "lszy": 1}  # of each college, the present one the last
JUDGED = (
    (4, "查阅 41 份日志和岗位记录，访谈 6 名师傅：多数学员能独立顶岗。"),
    (4, "八阶交替的课表与企业排产对得上，阶段门结果用于调整下一阶段。"),
    (3, "协议、方案由双方签署，会议记录齐全；收益分配还没有复核过。"),
    (4, "企业设备和案例进入课程，教师到企业实践有台账。"),
)
FOUND = (
    (FindingKind.STRENGTH, 1, "阶段门的结果当天进入下一阶段安排，做法可以推广。", ""),
    (FindingKind.WEAKNESS, 2, "收益分配方案签署后没有年度复核。", "每年结算后由双方复核一次并签署记录。"),
    (FindingKind.WEAKNESS, None, "部分岗位任务的五同步核对已经过期。", "设备或工艺更新后一个月内重新核对。"),
)


def measure(days: Days, cast: Cast) -> None:
    """Have figures computed, set a target, let the outside assessor submit one evaluation and begin the next."""
    for key, years in YEARS.items():
        if key in cast.homes:
            _compute(cast.home(key), range(days.today.year - years + 1, days.today.year + 1), days)
    watching.take(db.session())  # what was written so far is in these figures
    college, staff, gu = cast.home("hngy"), cast["li"], cast["gu"]
    definition = defining.shown(college.id, "attendance", days.today)
    if definition is not None:
        defining.aim(
            college.id, definition, days.today.year, 0.97, reason="与蓝思约定的出勤要求", by=staff,
            now=days.at(days.ago(200)),
        )  # fmt: skip
    tree = trees.draw_up(college.id, "产教融合培训成熟度指标体系", by=staff, now=days.at(days.ago(90)))
    trees.release(tree, by=staff, now=days.at(days.ago(85)))
    _submitted(days, college, tree, staff, gu)
    _under_way(days, college, tree, staff, gu)


def _compute(college: Organization, years: Iterable[int], days: Days) -> None:
    for year in years:
        for _done in computing.compute_year(college.id, year, now=days.now):
            pass


def _ask(
    days: Days,
    college: Organization,
    tree: MaturityTree,
    title: str,
    span: tuple[int, int],
    staff: User,
    gu: User,
) -> MaturityEvaluation:
    programs = db.session.scalars(
        sa.select(Program.id).where(Program.lead_college_id == college.id).order_by(Program.id).limit(2)
    ).all()
    begins, ends = (days.today + timedelta(days=number) for number in span)
    asking = Asking(title, days.today.year, tree, gu, gu.posts[0].organization_id, begins, ends, programs)
    evaluation = assessing.ask(college.id, asking, by=staff, now=days.at(begins - timedelta(days=5)))
    db.session.flush()
    evaluation.tree = tree
    return evaluation


def _score(
    evaluation: MaturityEvaluation, tree: MaturityTree, many: int, days: Days, ago: int, gu: User
) -> None:
    own = [one for one in tree.indices if not one.is_quantitative]
    for index, (level, note) in list(zip(own, JUDGED, strict=True))[:many]:
        assessing.score(
            evaluation, index, Judgement(level, note), by=gu, today=days.ago(ago), now=days.at(days.ago(ago))
        )
    db.session.flush()


def _submitted(days: Days, college: Organization, tree: MaturityTree, staff: User, gu: User) -> None:
    evaluation = _ask(days, college, tree, "中期第三方评价", (-70, -50), staff, gu)
    _score(evaluation, tree, len(JUDGED), days, 60, gu)
    own = [one for one in tree.indices if not one.is_quantitative]
    for kind, place, text, advice in FOUND:
        finding = assessing.finding_of(kind, text, advice)
        finding.index_id = own[place].id if place is not None else None
        assessing.note_finding(
            evaluation, finding, by=gu, today=days.ago(58), now=days.at(days.ago(58))
        )  # fmt: skip
    assessing.submit(
        evaluation, "总体处于较成熟阶段：交替培养执行到位，机制层面还需要复核和及时核对。",
        by=gu, today=days.ago(55), now=days.at(days.ago(55), 16),
    )  # fmt: skip


def _under_way(days: Days, college: Organization, tree: MaturityTree, staff: User, gu: User) -> None:
    evaluation = _ask(days, college, tree, "年度第三方评价", (-6, 20), staff, gu)
    _score(evaluation, tree, 2, days, 3, gu)
