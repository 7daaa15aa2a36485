"""Guidance in two classes: 湛蓝's finished cycle and scholarship; 蓝思's open plan, signs and remedial tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.guidance import counselling, looking, merits, plan_queries, planning, queries, tutoring
from trainmgr.guidance.cycle import PlanStep, Reached, Voice
from trainmgr.guidance.models import PointRule, RiskSign, SignState
from trainmgr.guidance.plan_models import PlanGoal, StudyPlan
from trainmgr.guidance.rules import Aspect, AwardKind
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.practice import conditions, owed, remedial
from trainmgr.practice.gate_models import RemedialTask
from trainmgr.practice.gating import Condition, ConditionKind
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.programs.rules import Side

COLLEGE_REASONS = (
    ("课堂与实训守纪", Aspect.CONDUCT, 2),
    ("志愿服务", Aspect.VALUES, 3),
    ("帮带同学", Aspect.TEAMWORK, 3),
)
ENTERPRISE_REASONS = (
    ("安全隐患提案", Aspect.SAFETY, 5),
    ("6S 红旗工位", Aspect.DILIGENCE, 4),
    ("改善建议采纳", Aspect.SKILL, 6),
)


def look_back(case: Case, start: date) -> None:
    """湛蓝's first intake: a counsellor of each side for each class, one whole cycle, points, the scholarship."""
    cast, days = case.cast, case.days
    college, enterprise = cast["gzqg_counsellor"], cast["sunwoda_counsellor"]
    _name(case, {Side.COLLEGE: college, Side.ENTERPRISE: enterprise}, start + timedelta(days=7))
    people = [one for one in case.enrolments() if one.state is not EnrolmentState.WITHDRAWN]
    asked = [Voice.TRAINEE, Voice.COLLEGE, Voice.ENTERPRISE]
    counsellor = planning.Speaker(college, Voice.COLLEGE, asked)
    plan = _open(case, people[3], start + timedelta(weeks=8), college)
    _to_work(
        case,
        plan,
        counsellor,
        planning.Speaker(enterprise, Voice.ENTERPRISE, asked),
        start + timedelta(weeks=9),
    )
    _to_the_end(case, plan, counsellor, start + timedelta(weeks=14))
    coordinator = case.coordinator
    rules = _reasons(case, case.staff, coordinator, start + timedelta(weeks=2))
    _give(case, people[:12], rules, case.staff, coordinator, start + timedelta(weeks=20))
    given = merits.Award(
        Side.ENTERPRISE, AwardKind.SCHOLARSHIP, "欣旺达奖学金", "解决方案秀第一名，实习期无质量差错",
        start + timedelta(weeks=40), 300_000,
    )  # fmt: skip
    merits.award(case.program, people[3], given, by=coordinator, now=days.at(given.awarded_on, 15))


def go_on(case: Case) -> Case:
    """蓝思 this month: the gate's conditions, a plan in its third step, who may need help, two remedial tasks."""
    days, cast = case.days, case.cast
    song = cast["song"]
    _name(case, {Side.COLLEGE: song}, days.ago(40))
    _ask(case, 6, days.ago(30))
    people = [one for one in case.enrolments() if one.state is EnrolmentState.TRAINING]
    plan = _open(case, people[4], days.ago(9), song)
    asked = [Voice.TRAINEE, Voice.COLLEGE]
    trainee = planning.Speaker(_user(people[4]), Voice.TRAINEE, asked)
    _plan(case, plan, planning.Speaker(song, Voice.COLLEGE, asked), days.ago(6))
    planning.sign(case.program, _read(plan), as_=trainee, version=plan.version, now=days.at(days.ago(2), 19))
    rules = _reasons(case, case.staff, case.coordinator, days.ago(28))
    _give(case, people[:8], rules, case.staff, case.coordinator, days.ago(8))
    _remedial(case, days.ago(3))
    _help(case, song)
    return case


def _name(case: Case, people: dict[Side, User], on: date) -> None:
    for cohort in db.session.scalars(sa.select(Cohort).where(Cohort.program_id == case.program.id)).all():
        for side, user in people.items():
            counselling.name(
                case.program, user, side, cohort, reason="", by=case.staff, now=case.days.at(on, 9)
            )


def _user(enrolment: Enrolment) -> User:
    return db.session.get_one(User, enrolment.user_id)


def _read(plan: StudyPlan) -> StudyPlan:
    """The plan with everything in it as it stands now."""
    db.session.flush()
    return db.session.scalars(
        sa.select(StudyPlan)
        .where(StudyPlan.id == plan.id)
        .options(
            joinedload(StudyPlan.enrolment), selectinload(StudyPlan.records), selectinload(StudyPlan.tasks),
            selectinload(StudyPlan.goals).joinedload(PlanGoal.check), selectinload(StudyPlan.signatures),
        )
        .execution_options(populate_existing=True)
    ).one()  # fmt: skip


def _open(case: Case, enrolment: Enrolment, on: date, by: User) -> StudyPlan:
    return planning.open_cycle(case.program, enrolment, by=by, now=case.days.at(on, 10))


def _plan(case: Case, plan: StudyPlan, counsellor: planning.Speaker, on: date) -> None:
    """The facts and the goals, so that the decision is next."""
    own = planning.Speaker(_user(_read(plan).enrolment), Voice.TRAINEE, counsellor.asked)
    known = plan_queries.collected(case.program, _read(plan).enrolment, [])
    facts = planning.Sheet("装配图读得慢，愿意学检测；夜里容易拖作业", facts=known)
    planning.hand_in(
        case.program,
        _read(plan),
        PlanStep.COLLECT,
        facts,
        as_=own,
        version=plan.version,
        now=case.days.at(on, 19),
    )
    first, due = case.competencies[0], on + timedelta(days=24)
    goals = [planning.Goal(f"{first.name}：独立完成一遍，不用提示", "师傅连续两次不提示", first.id)]
    tasks = [planning.Task("每天读一张装配图，拍照存档", due), planning.Task("每周五跟师傅复盘一次", due)]
    planning.hand_in(
        case.program, _read(plan), PlanStep.PLAN, planning.Sheet(goals=goals, tasks=tasks), as_=counsellor,
        version=plan.version, now=case.days.at(on + timedelta(days=1), 16),
    )  # fmt: skip


def _to_work(
    case: Case, plan: StudyPlan, college: planning.Speaker, enterprise: planning.Speaker, on: date
) -> None:
    _plan(case, plan, college, on)
    own = planning.Speaker(_user(_read(plan).enrolment), Voice.TRAINEE, college.asked)
    for number, speaker in enumerate((own, college, enterprise)):
        moment = case.days.at(on + timedelta(days=2 + number), 17)
        planning.sign(case.program, _read(plan), as_=speaker, version=plan.version, now=moment)


def _to_the_end(case: Case, plan: StudyPlan, counsellor: planning.Speaker, on: date) -> None:
    program, days = case.program, case.days
    known = _read(plan)
    for task in known.present_tasks:
        planning.note_done(
            program, known, task, note="坚持下来了", by=_user(known.enrolment), now=days.at(on, 20)
        )
    sheets = (
        (PlanStep.DO, planning.Sheet("按期完成")),
        (
            PlanStep.CHECK,
            planning.Sheet(checks={one.id: (Reached.YES, "两次独立完成") for one in known.present_goals}),
        ),
        (PlanStep.EVALUATE, planning.Sheet("读图已过关，下一轮练故障记录的书写")),
    )
    for number, (step, sheet) in enumerate(sheets, start=1):
        moment = days.at(on + timedelta(days=number), 16)
        planning.hand_in(program, _read(plan), step, sheet, as_=counsellor, version=plan.version, now=moment)


def _reasons(case: Case, staff: User, coordinator: User, on: date) -> list[PointRule]:
    made = []
    for side, by, reasons in (
        (Side.COLLEGE, staff, COLLEGE_REASONS),
        (Side.ENTERPRISE, coordinator, ENTERPRISE_REASONS),
    ):
        for name, aspect, points in reasons:
            reason = merits.Reason(side, aspect, name, points)
            made.append(merits.add_rule(case.program, reason, by=by, now=case.days.at(on, 11)))
    db.session.flush()
    return made


def _give(
    case: Case,
    people: Sequence[Enrolment],
    rules: Sequence[PointRule],
    staff: User,
    coordinator: User,
    on: date,
) -> None:
    """Each gets one or two reasons of each side; one entry was a mistake and is cancelled."""
    setting = queries.setting_of(case.program.id)
    entry = None
    for place, one in enumerate(people):
        for rule, by in ((rules[place % 3], staff), (rules[3 + place % 3], coordinator)):
            moment = case.days.at(on, 9 + place % 8, place)
            entry = merits.give(case.program, one, rule, note="", setting=setting, by=by, now=moment)
    if entry is not None:
        db.session.flush()
        entry.enrolment = people[-1]
        merits.cancel(case.program, entry, reason="记错人", by=coordinator, now=case.days.at(on, 18))


def _ask(case: Case, stage: int, on: date) -> None:
    for kind, limit in ((ConditionKind.HOURS, "440"), (ConditionKind.LOGS, "90")):
        condition = Condition(kind, Decimal(limit), on)
        conditions.set_condition(
            case.program,
            stage,
            condition,
            reason="校企月度联席会议定",
            by=case.staff,
            now=case.days.at(on, 15),
        )


def _remedial(case: Case, on: date) -> None:
    """The first open loop has a second task, and its first one is reported and waits for the teacher."""
    loop = db.session.scalars(
        sa.select(GateDecision)
        .join(RemedialTask, RemedialTask.decision_id == GateDecision.id)
        .where(
            GateDecision.program_id == case.program.id, GateDecision.is_latest,
            GateDecision.outcome == GateOutcome.REMEDIAL, GateDecision.remedial_done_on.is_(None),
        )
        .order_by(GateDecision.id)
        .limit(1)
    ).first()  # fmt: skip
    if loop is None:
        return
    db.session.add(
        RemedialTask(
            program_id=loop.program_id, enrolment_id=loop.enrolment_id, decision_id=loop.id, position=2,
            what="跟师傅复测 20 片并填记录", due_on=case.days.today + timedelta(days=6), partner="检测线师傅",
            condition=ConditionKind.PRACTICAL, minutes=120,
        )
    )  # fmt: skip
    db.session.flush()
    first = db.session.scalars(
        sa.select(RemedialTask)
        .where(RemedialTask.decision_id == loop.id, RemedialTask.position == 1)
        .options(
            joinedload(RemedialTask.enrolment),
            joinedload(RemedialTask.decision),
            selectinload(RemedialTask.reports),
        )
    ).one()
    given = remedial.Report("对着标准片重测了三遍，读数差在 2 微米以内")
    remedial.report(
        case.program, first, given, version=first.version, by=_user(first.enrolment), now=case.days.at(on, 20)
    )
    owed.renew_loops(case.program.id, case.days.now)


def _help(case: Case, counsellor: User) -> None:
    """Last night's look; one is helped, one needs no help."""
    days = case.days
    looking.look_at(case.program, by=None, now=days.now)
    signs = db.session.scalars(
        sa.select(RiskSign)
        .where(RiskSign.program_id == case.program.id, RiskSign.state == SignState.OPEN)
        .options(joinedload(RiskSign.enrolment))
        .order_by(RiskSign.id)
    ).all()
    if not signs:
        return
    first = [one for one in signs if one.enrolment_id == signs[0].enrolment_id]
    plan = tutoring.Plan("一起把上周的日志补齐，再看一遍间隙测量", days.today + timedelta(days=5), counsellor)
    tutoring.accept(case.program, first[0].enrolment, first, plan, by=counsellor, now=days.now)
    others = [one for one in signs if one.enrolment_id != signs[0].enrolment_id]
    if others:
        tutoring.dismiss(
            case.program, others[0].enrolment, others[0], reason="本周在校外参加技能集训，已与师傅说明",
            by=counsellor, now=days.now,
        )  # fmt: skip
