"""The timetable and the lessons of a case: rooms, closed days, sessions by the week, a plan of eight rings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from trainmgr.curriculum.models import Module
from trainmgr.demo import bulk
from trainmgr.demo.cast import read
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Cohort, EnrolmentState
from trainmgr.enrolment.queries import cohorts
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.lessons import actions as lessons
from trainmgr.lessons import resources
from trainmgr.lessons.models import LessonPlan, LessonTick
from trainmgr.lessons.rules import Ring, Who
from trainmgr.materials.models import Material
from trainmgr.programs.models import Program
from trainmgr.timetable import actions, places, queries
from trainmgr.timetable.checking import Wanted
from trainmgr.timetable.models import Room, TeachingSession
from trainmgr.timetable.rules import Slot


def teach_lansi(case: Case) -> None:
    """Nine weeks around today: two modules of the stage, a plan for the first, a draft for the second, ticks."""
    monday, on = case.days.monday, case.days.ago(30)
    line = _room(case, "lansi", "CNC 二线培训区", 45, on)
    _close(case, "lansi", monday + timedelta(days=28), monday + timedelta(days=30), "产线年度检修", on)
    _close(case, "hngy", monday + timedelta(days=18), monday + timedelta(days=18), "校运动会", on)
    first, second = _modules(case, 6)[:2]
    (cohort,) = cohorts(case.program.id)
    now, start = case.days.at(on), monday - timedelta(weeks=3)
    by_plan = _meet(case, first, cohort, Slot(start + timedelta(days=1), 1, 4), 9, line, now)
    beside = _meet(case, second, cohort, Slot(start + timedelta(days=3), 5, 2), 9, line, now)
    texts = read("lessons")["lansi"]
    plan = _write(case, first, texts, on)
    _teach_by(case, plan, by_plan, on)
    draft = _begin(case, second, texts["title_next"], 2, case.days.ago(3))
    _teach_by(case, draft, beside, case.days.today)
    _tick(case, [session for session in by_plan if session.day < case.days.today])


def teach_qingling(case: Case, start: date, classes: int = 6) -> None:
    """Two weeks of the first classes, one after another so that their teacher is never in two places."""
    hall = _room(case, "cqwy", "高压实训厅", 60, start)
    module = _modules(case, 2)[0]  # the week after the theory
    texts = read("lessons")["qingling"]
    plan = _write(case, module, texts, start)
    now, taught = case.days.at(start), []
    for place, cohort in enumerate(cohorts(case.program.id)[:classes]):
        slot = Slot(start + timedelta(days=7 + place % 5), 1 + 2 * (place // 5), texts["units"])
        taught += _meet(case, module, cohort, slot, 2, hall, now)
    _teach_by(case, plan, taught, start)


def use_resources(days: Days) -> None:
    """Let the rings of the demo's plans work with resources, once these stand on their shelves; finish them again."""
    now, texts = days.at(days.ago(2), 9), read("lessons")
    for entry in texts.values():
        plan = db.session.scalars(
            sa.select(LessonPlan)
            .where(LessonPlan.title == entry["title"])
            .options(selectinload(LessonPlan.rings))
        ).one()
        program = db.session.scalars(
            sa.select(Program)
            .where(Program.id == plan.program_id)
            .options(selectinload(Program.parties))
            .execution_options(populate_existing=True)
        ).one()
        by = db.session.get_one(
            User, plan.created_by_id, options=[selectinload(User.memberships)], populate_existing=True
        )
        for written in entry["rings"]:
            titles = written.get("resources", ())
            ids = db.session.scalars(sa.select(Material.id).where(Material.title.in_(titles))).all()
            resources.add_resources(program, plan, Ring(written["ring"]), ids, by=by, now=now)
        used = resources.named(resources.resources_of(plan.id))
        lessons.finish(program, plan, by=by, now=now, materials=used)


def _modules(case: Case, stage: int) -> list[Module]:
    return [module for module in queries.modules_in_force(case.program) if module.stage_number == stage]


def _room(case: Case, house: str, name: str, capacity: int, on: date) -> Room:
    values = {"name": name, "capacity": capacity, "note": "", "retired": False}
    organization_id = case.cast.home(house).id
    return places.add_room(case.program, organization_id, values, by=case.staff, now=case.days.at(on))


def _close(case: Case, house: str, first: date, last: date, reason: str, on: date) -> None:
    home = case.cast.home(house).id
    party = next(party for party in case.program.parties if party.organization_id == home)
    by = case.staff if party.organization_id == case.program.lead_college_id else case.coordinator
    places.close(case.program, party, first, last, reason=reason, by=by, now=case.days.at(on, 10))


def _meet(
    case: Case, module: Module, cohort: Cohort, slot: Slot, weeks: int, room: Room, now: datetime
) -> list[TeachingSession]:
    assert module.lead_teacher is not None
    wanted = Wanted(module, cohort, slot, module.lead_teacher, room, room.organization_id)
    try:
        return actions.timetable(case.program, wanted, weeks, by=case.staff, now=now).taken
    except RuleBroken:  # all of its weeks are holidays: it depends on the day of loading
        return []


def _begin(case: Case, module: Module, title: str, units: int, on: date) -> LessonPlan:
    assert module.lead_teacher is not None
    return lessons.create_plan(
        case.program, module, title, units, by=module.lead_teacher, now=case.days.at(on, 14)
    )


def _write(case: Case, module: Module, texts: dict[str, Any], on: date) -> LessonPlan:
    plan = _begin(case, module, texts["title"], texts["units"], on)
    rings = {
        Ring(written["ring"]): lessons.RingFacts(
            written["minutes"],
            written["content"],
            written["method"],
            written["material"],
            Who(written["who"]),
        )
        for written in texts["rings"]
    }
    facts, now = lessons.PlanFacts(texts["title"], texts["aims"], texts["units"], rings), case.days.at(on, 15)
    assert module.lead_teacher is not None
    lessons.save_plan(case.program, plan, facts, version=plan.version, by=module.lead_teacher, now=now)
    lessons.finish(case.program, plan, by=module.lead_teacher, now=now)
    return plan


def _teach_by(case: Case, plan: LessonPlan, sessions: Sequence[TeachingSession], on: date) -> None:
    if not sessions:
        return
    ids = [session.id for session in sessions]
    first = min(session.day for session in sessions)
    lessons.teach_by(case.program, plan, ids, today=min(first, on), by=case.staff, now=case.days.at(on, 16))


def _tick(case: Case, sessions: Sequence[TeachingSession]) -> None:
    """Most prepare, fewer write down what they did at work; what cannot be yet is in no row."""
    rows = []
    present = [one for one in case.enrolments() if one.state is not EnrolmentState.WITHDRAWN]
    for session in sessions:
        for one in present:
            for ring, share, days in ((Ring.PREPARATION, 0.85, -1), (Ring.ON_THE_JOB, 0.6, 2)):
                day = session.day + timedelta(days=days)
                if day <= case.days.today and case.random.random() < share:
                    at = case.days.at(day, 19)
                    rows.append({"enrolment_id": one.id, "session_id": session.id, "ring": ring, "at": at})
    bulk.insert(LessonTick, rows)
