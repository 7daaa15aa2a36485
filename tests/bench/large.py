"""What is large in itself: a standard with 200 competencies, and a year's plan of 300 modules.

The plan serves as many competencies as an analysis takes, 50 of the standard's. It is a draft, so that it can be
edited; the programme has no trainees. Everything but the many modules goes
through the features' own actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from tests.bench.cases import House, begin, prepare
from trainmgr.curriculum import actions as plans
from trainmgr.curriculum.models import Edition, Module, PlanStage
from trainmgr.curriculum.places import GAP
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.demo.standards import link_programs
from trainmgr.kernel.db import db
from trainmgr.needs.rules import MOST
from trainmgr.programs.rules import Side
from trainmgr.standards import actions as standards
from trainmgr.standards import tasks, versions
from trainmgr.standards.models import JobStandard
from trainmgr.standards.rules import TaskKind

TASKS = 40
CODE = "BENCH-LARGE"
NAME, NAME_EN = "全年计划（300 个模块）", "A year’s plan (300 modules)"
POST = "新能源汽车装调与维修技师（全岗位）"
THEORY, PRACTICE, SERVES = 2, 4, 3  # class hours of a module; how many competencies each serves
PARTS = ("动力电池", "驱动电机", "电控系统", "充电系统", "热管理", "底盘", "车身", "线束", "空调", "总装工艺")
DEEDS = (
    "拆装", "检测", "故障诊断", "安全操作", "调试", "标定", "工艺编制", "质量自检", "记录与追溯", "带教",
    "备件管理", "成本核算", "客户沟通", "改进提案", "数据分析", "应急处置", "工具管理", "图纸识读", "验收", "复盘",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How many competencies the standard has, and how many modules the plan."""

    competencies: int
    modules: int


FULL = Size(competencies=200, modules=300)


def add(house: House, days: Days, size: Size = FULL) -> None:
    """Put the standard and the programme into a database that has a college's people already."""
    start = days.monday - timedelta(weeks=20)
    case = prepare("qingling", house, days)
    wanted = _competencies(min(size.competencies, MOST))
    figure = case.data["indicator"][0] | {"links": [wanted[0]["name"]]}
    case.data |= {
        "name": NAME, "name_en": NAME_EN, "size": 40,
        "competency": wanted, "priorities": 10, "indicator": [figure], "joint": [],
    }  # fmt: skip
    _standard(case, house, _competencies(size.competencies), days.at(start - timedelta(days=300)))
    teachers, experts = begin(case, house, start, respondents=0)
    on = start - timedelta(days=90)
    edition = plans.create_first_edition(case.program, by=case.staff, now=days.at(on))
    leads = [user.id for user in teachers], [user.id for user in experts]
    _fill_up(edition, size.modules, leads, days.at(on))
    _serve(case, edition, days.at(on, 14))
    link_programs()
    db.session.flush()


def _names(count: int) -> list[str]:
    pairs = [f"{part}{deed}" for deed in DEEDS for part in PARTS]
    return pairs[:count]


def _competencies(count: int) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "name_en": f"Competency {place + 1}", "importance": 3 + place % 20 / 10, "required": 4,
            "current": 2 + place % 15 / 10, "hours": 8,
        }
        for place, name in enumerate(_names(count))
    ]  # fmt: skip


def _standard(case: Case, house: House, rows: Sequence[Mapping[str, Any]], now: datetime) -> JobStandard:
    """Build the standard and let both sides sign it."""
    by = case.staff
    facts = standards.PostFacts(CODE, POST, "All posts", "汽车维修工", house.enterprises[0])
    standard = standards.create_standard(house.college, facts, by=by, now=now)
    typical = [
        tasks.create_task(
            standard,
            TaskKind.TYPICAL,
            tasks.TaskFacts(f"典型任务 {number}", f"Task {number}"),
            by=by,
            now=now,
        ).id
        for number in range(1, TASKS + 1)
    ]
    for place, row in enumerate(rows):
        standards.create_competency(
            standard,
            standards.CompetencyFacts(
                row["name"], Decimal(str(row["importance"])), Decimal(row["required"]), row["name_en"],
                levels=tuple(f"{level} 级：{row['name']}" for level in range(1, 6)),
            ),
            tasks=[typical[place % TASKS]],
            units=[],
            by=by,
            now=now,
        )  # fmt: skip
    versions.sign(standard, side=Side.COLLEGE, by=by, now=now)
    versions.sign(standard, side=Side.ENTERPRISE, by=case.coordinator, now=now + timedelta(days=2))
    return standard


def _fill_up(edition: Edition, count: int, leads: tuple[list[int], list[int]], now: datetime) -> None:
    """Bring a plan to so many modules, spread evenly over its stages, each with a lead of the side that teaches it."""
    stages = db.session.scalars(
        sa.select(PlanStage)
        .where(PlanStage.edition_id == edition.id, PlanStage.remedial.is_(False))
        .order_by(PlanStage.number)
    ).all()
    own = db.session.scalars(sa.select(Module).where(Module.edition_id == edition.id)).all()
    pattern = own[0]
    made = [
        Module(
            edition_id=edition.id, lineage=uuid4().hex, stage_number=stage.number, position=(1000 + place) * GAP,
            name=f"{PARTS[place % len(PARTS)]}{DEEDS[place // len(PARTS) % len(DEEDS)]}·{place + 1}",
            name_en=f"Module {place + 1}", theory_hours=THEORY, practice_hours=PRACTICE, layer=pattern.layer,
            practice_level=pattern.practice_level, venue=stage.venue, taught_by_enterprise=place % 2 == 1,
        )
        for place, stage in ((place, stages[place % len(stages)]) for place in range(count - len(own)))
    ]  # fmt: skip
    db.session.add_all(made)
    for place, module in enumerate([*own, *made]):
        side = leads[1] if module.taught_by_enterprise else leads[0]
        module.lead_teacher_id = side[place % len(side)]
    db.session.flush()


def _serve(case: Case, edition: Edition, now: datetime) -> None:
    """Let each module serve some competencies with its hours."""
    ids = [each.id for each in case.competencies]
    modules = db.session.scalars(
        sa.select(Module.id).where(Module.edition_id == edition.id).order_by(Module.id)
    ).all()
    cells = {
        (module_id, ids[(place * SERVES + step) % len(ids)]): 1
        for place, module_id in enumerate(modules)
        for step in range(SERVES)
    }
    plans.set_cells(case.program, edition, cells, by=case.staff, now=now)
