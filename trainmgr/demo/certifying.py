"""What 湛蓝 and 庆铃 yielded: certificates (one replaced, one revoked), grades, joint outcomes, income, claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.benefits import claims, incomes, yields
from trainmgr.benefits.rules import ClaimKind, ClaimState, IncomeKind, Share, YieldKind
from trainmgr.certificates import external, issuing, queries
from trainmgr.certificates.issuing import Deed
from trainmgr.certificates.rules import Level
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import Side, State

HERE = "http://127.0.0.1:5000/"
CENTRE, ASSESSOR = "贵州省职业技能鉴定指导中心", "新能源电池产业评价组织"
MANY = 40  # of a programme's trainees hold a grade


def certify(days: Days, cast: Cast) -> None:
    """Certificates of both intakes of 湛蓝, grades and claims of 庆铃's technicians."""
    closed = _programs(State.CLOSED)
    for program in closed:
        _issue(days, program, cast["he"])
    if closed:
        _grade(
            days,
            closed[-1],
            cast["he"],
            ((Level.ONE_X_INTERMEDIATE, "动力电池维护"), (Level.INTERMEDIATE, "电工")),
        )
        _create(days, closed[-1], cast["he"], cast["sunwoda_coordinator"])
        _earn(days, closed[-1], cast["he"])
    for program in _programs(State.EVALUATING):
        staff = cast["tan"]
        _grade(days, program, staff, ((Level.SENIOR, "汽车装调工"), (Level.TECHNICIAN, "汽车装调工")))
        _earn(days, program, staff)
        _claim(days, program, staff)


def _programs(state: State) -> Sequence[Program]:
    whole = selectinload(Program.parties).joinedload(ProgramParty.organization)
    found = sa.select(Program).where(Program.state == state).options(whole).order_by(Program.id)
    return db.session.scalars(found.execution_options(populate_existing=True)).all()


def _end(days: Days, program: Program) -> date:
    return min(program.ends_on or days.today, days.today)


def _issue(days: Days, program: Program, staff: User) -> None:
    origin = str(current_app.config.get("PUBLIC_URL") or HERE).rstrip("/") + "/"
    deed = Deed(staff, days.at(_end(days, program) + timedelta(days=12), 10), origin)
    ids = list(db.session.scalars(queries.without(program)))
    made = issuing.issue(program, ids, deed)
    later = Deed(staff, days.at(_end(days, program) + timedelta(days=40), 15), origin)
    if len(made) > 8:
        issuing.reissue(made[4], reason="证书遗失，本人申请换发", deed=later)
        issuing.revoke(made[7], reason="核查发现重复培训，结业结论更正", deed=later)


def _people(program: Program) -> Sequence[Enrolment]:
    return db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.program_id == program.id, Enrolment.left_on.is_(None))
        .options(joinedload(Enrolment.user))
        .order_by(Enrolment.id)
        .limit(MANY)
    ).all()


def _grade(days: Days, program: Program, staff: User, grades: Sequence[tuple[Level, str]]) -> None:
    """Grades of some trainees: most verified, a few waiting, some that end soon."""
    day = _end(days, program) - timedelta(days=20)
    for place, person in enumerate(_people(program)):
        level, name = grades[place % 3 == 2]
        soon = days.today + timedelta(days=20 + place) if place % 9 == 4 else None
        issuer = ASSESSOR if level.value.startswith("one_x") else CENTRE
        facts = external.Facts(level, name, f"{day.year}{program.id:02}{place:05}", issuer, day, soon)
        row = external.enter(program, person, facts, None, by=staff, now=days.at(day + timedelta(days=6), 10))
        if place % 10 != 9:
            external.verify(row, by=staff, now=days.at(day + timedelta(days=8), 16))


def _create(days: Days, program: Program, staff: User, coordinator: User) -> None:
    """A patent that both sides signed, and a teaching resource that waits for the enterprise."""
    college, house = (party.organization.name for party in program.parties[:2])
    day = _end(days, program) + timedelta(days=60)
    owners = (Share(college, False, 5_000), Share(house, False, 4_000), Share(staff.name, True, 1_000))
    patent = yields.Facts(
        YieldKind.PATENT, "电芯叠片机对位偏差在线检测装置", "ZL 2022 2 0000001.5", day,
        "双方共有，各方可自行实施；对外许可须双方书面同意。", "许可收益按份额分配，每年结算一次。", owners,
    )  # fmt: skip
    row = yields.note(program, patent, None, by=staff, now=days.at(day + timedelta(days=3), 10))
    db.session.flush()
    for side, person in ((Side.COLLEGE, staff), (Side.ENTERPRISE, coordinator)):
        at = days.at(day + timedelta(days=9), 11)
        yields.sign(program, row, side=side, version=row.version, by=person, now=at)
    book = yields.Facts(
        YieldKind.TEACHING_RESOURCE, "锂电设备点检活页式教材", "", day, "双方共有署名权。", "稿酬按份额分配。",
        (Share(college, False, 6_000), Share(house, False, 4_000)),
    )  # fmt: skip
    yields.note(program, book, None, by=staff, now=days.at(day + timedelta(days=20), 10))


def _earn(days: Days, program: Program, staff: User) -> None:
    day = _end(days, program) - timedelta(days=30)
    for kind, source, yuan in (
        (IncomeKind.TRAINING_FEE, "企业委托培训费", 268_000),
        (IncomeKind.SERVICE, "设备改造技术服务", 45_600),
        (IncomeKind.FUNDING, "现场工程师专项经费", 120_000),
    ):
        given = incomes.Receipt(day, kind, source, yuan * 100 + 1)
        incomes.enter(program, given, by=staff, now=days.at(day + timedelta(days=2), 10))


def _claim(days: Days, program: Program, staff: User) -> None:
    """A claim of the first stretch, paid; one for those with a certificate, handed in."""
    now = days.at(days.ago(40), 10)
    terms = claims.Terms(
        ClaimKind.TRAINING, "市人力资源和社会保障局", "企业职工岗位技能提升补贴办法", 80_000, 60
    )
    paid = claims.open_claim(program, terms, by=staff, now=now)
    ids = [person.id for person in _people(program)]
    if not claims.name_people(program, paid, ids, by=staff, now=now):
        return
    claims.submit(program, paid, by=staff, now=now)
    claims.settle(
        program, paid, ClaimState.APPROVED, note="批复第 31 号", by=staff, now=days.at(days.ago(20), 9)
    )
    claims.settle(
        program, paid, ClaimState.PAID, note="", paid_cents=paid.total_cents, by=staff,
        now=days.at(days.ago(12), 15),
    )  # fmt: skip
    terms = claims.Terms(
        ClaimKind.ASSESSMENT, "市人力资源和社会保障局", "职业技能评价补贴办法", 30_000, 0, True
    )
    waiting = claims.open_claim(program, terms, by=staff, now=days.at(days.ago(9), 10))
    if claims.name_people(program, waiting, ids, by=staff, now=days.at(days.ago(8), 10)):
        claims.submit(program, waiting, by=staff, now=days.at(days.ago(6), 10))
