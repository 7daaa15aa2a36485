"""The faculty of 贵州轻工 and its partners: a 7+5 team, a ledger with one teacher short, grades, alliance and bases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.faculty import actions, grading, practising, teams
from trainmgr.faculty.actions import QualificationFacts
from trainmgr.faculty.composing import Composition, SeatRole
from trainmgr.faculty.models import Profile
from trainmgr.faculty.practising import Stay
from trainmgr.faculty.rules import Dimension, DualLevel, Grade, units_of
from trainmgr.identity import alliances, managing
from trainmgr.identity.managing import OrganizationFacts
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program

L = DualLevel
# Fields, title, years of service, level: the seven teachers in the order of the cast.
TEACHERS: tuple[tuple[str, str, int, DualLevel | None], ...] = (
    ("机电一体化，动力电池", "副教授", 14, L.SENIOR),
    ("机电一体化", "讲师", 9, L.MIDDLE),
    ("电气自动化", "副教授", 12, L.MIDDLE),
    ("电气自动化，工业机器人", "讲师", 6, L.JUNIOR),
    ("机械设计", "讲师", 7, L.MIDDLE),
    ("动力电池", "助理讲师", 1, None),
    ("工业软件", "讲师", 5, L.JUNIOR),
)
# Stays of each teacher: days ago that it ended, days long, enterprise's key, post.
STAYS: dict[int, tuple[tuple[int, int, str, str], ...]] = {
    0: ((1200, 62, "sunwoda", "电池模组装配"), (800, 60, "sunwoda", "产线工艺"), (420, 61, "sunwoda", "产线工艺"),
        (60, 95, "sunwoda", "设备点检与改造")),
    1: ((1700, 45, "ruanshu", "工控软件测试"), (30, 92, "sunwoda", "电池检测")),  # short over five years
    2: ((900, 120, "sunwoda", "电气装调"), (40, 91, "sunwoda", "电气装调")),
    4: ((500, 60, "sunwoda", "夹具设计"),),
}  # fmt: skip
UNITS = """
贵州轻工职业技术学院，理事长单位
欣旺达电子股份有限公司，副理事长单位
深圳市软数科技股份有限公司，副理事长单位
贵州省电池行业协会，成员单位
贵阳经济技术开发区管理委员会，指导单位
贵州装备制造职业学院，成员单位
贵州电子信息职业技术学院，成员单位
"""
BASES = (
    ("电池装备校内生产性实训基地", True, "gzqg", 80, "花溪校区 4 号实训楼"),
    ("欣旺达惠州校外实践基地", False, "sunwoda", 120, "惠州博罗园区"),
)


def gather(days: Days, cast: Cast) -> None:
    """Tell the faculty's story up to today."""
    he, home = cast["he"], cast.home("gzqg")
    began = days.at(days.ago(1300))
    profiles = [
        _profile(days, user, home, facts)
        for user, facts in zip(cast.many["gzqg_teacher"], TEACHERS, strict=True)
    ]
    experts = [
        _profile(days, user, cast.home(key), ("动力电池，产线装调", "高级工程师", 11, None))
        for key in ("sunwoda", "ruanshu")
        for user in cast.many[f"{key}_expert"]
    ]
    for key in ("master_a", "master_b"):
        master = _profile(days, cast[key], cast.home("sunwoda"), ("产线装调", "高级技师", 15, None))
        master.is_expert = True
    profiles[0].is_expert = True
    db.session.flush()
    _hold(days, profiles, he)
    _practise(days, cast, profiles, he)
    _rate_and_grade(days, profiles, he)
    _team(days, home, profiles, experts, he, began)
    _organizations(days, cast, he)
    _lansi(days, cast)


def _lansi(days: Days, cast: Cast) -> None:
    """The school teachers of 蓝思's class and two of its masters: one has practised, one licence ends soon."""
    home, house, by = cast.home("hngy"), cast.home("lansi"), cast["li"]
    teachers = [
        _profile(days, user, home, facts)
        for user, facts in zip(
            (cast["chen"], cast["jiang"]),
            (("精密加工，外观检测", "副教授", 12, L.MIDDLE), ("自动化集成", "讲师", 6, L.JUNIOR)),
            strict=True,
        )
    ]
    master = _profile(days, cast["zhou"], house, ("外观检测，精密加工", "高级技师", 14, None))
    master.is_expert = True
    db.session.flush()
    for profile, name, ends in (
        (teachers[0], "数控车工高级技师", days.ago(-800)),
        (master, "特种作业操作证", days.ago(-40)),
    ):
        facts = QualificationFacts(
            name,
            issuer="湖南省应急管理厅" if profile is master else "湖南省人力资源和社会保障厅",
            valid_from=ends - timedelta(days=1095),
            valid_until=ends,
            needed=True,
        )
        actions.add_qualification(profile, facts, by=by, now=days.at(days.ago(300)))
    last = days.ago(50)
    stay = Stay(house.name, "治具设计与点检", last - timedelta(days=92), last)
    entry = practising.enter(teachers[0], stay, by=cast["chen"], now=days.at(last, 17))
    db.session.flush()
    practising.decide(
        entry, confirmed=True, reason="", version=entry.version, by=cast["luo"],
        now=days.at(last + timedelta(days=3), 10),
    )  # fmt: skip


def _profile(
    days: Days, user: User, home: Organization, facts: tuple[str, str, int, DualLevel | None]
) -> Profile:
    fields, title, years, level = facts
    profile = actions.create_profile(user, home, by=None, now=days.at(days.ago(1400)))
    profile.fields, profile.title, profile.dual_level = fields, title, level
    profile.since = date(days.today.year - years, 9 if days.today.month >= 9 else 1, 1)
    profile.dual_on = date(days.today.year - 1, 6, 20) if level else None
    profile.capacity, profile.sites = 15, home.short_name
    profile.working_time = units_of(["1-morning", "2-morning", "3-afternoon", "5-morning"])
    return profile


def _hold(days: Days, profiles: Sequence[Profile], by: User) -> None:
    """Everybody has a teacher's certificate; one licence ends in six weeks, one has ended."""
    now = days.at(days.ago(700))
    for place, profile in enumerate(profiles):
        facts = QualificationFacts("高校教师资格证", issuer="贵州省教育厅", number=f"2014520{place:04}")
        actions.add_qualification(profile, facts, by=by, now=now)
    for profile, name, ends in (
        (profiles[0], "电工高级技师", days.ago(-900)),
        (profiles[2], "高压电工作业证", days.ago(-42)),
        (profiles[3], "特种作业操作证", days.ago(20)),
    ):
        facts = QualificationFacts(
            name,
            issuer="贵州省应急管理厅",
            valid_from=ends - timedelta(days=1095),
            valid_until=ends,
            needed=True,
        )
        actions.add_qualification(profile, facts, by=by, now=now)


def _practise(days: Days, cast: Cast, profiles: Sequence[Profile], by: User) -> None:
    for place, stays in STAYS.items():
        for ended, length, key, post in stays:
            last, house = days.ago(ended), cast.home(key)
            stay = Stay(house.name, post, last - timedelta(days=length - 1), last)
            entry = practising.enter(profiles[place], stay, by=profiles[place].user, now=days.at(last, 17))
            db.session.flush()
            if (place, ended) == (4, 500):
                continue  # waits for the enterprise's word
            practising.decide(
                entry, confirmed=True, reason="", version=entry.version, by=cast[f"{key}_coordinator"],
                now=days.at(last + timedelta(days=3), 10),
            )  # fmt: skip


def _rate_and_grade(days: Days, profiles: Sequence[Profile], by: User) -> None:
    ratings: tuple[tuple[int, int, tuple[int, int, int], str], ...] = (
        (0, 420, (4, 3, 3), "听课 4 次；参与欣旺达模组线改造"),
        (0, 70, (4, 4, 4), "主持动力电池装配课程；为企业培训 2 期 61 人"),
        (1, 70, (4, 3, 2), "听课 3 次；企业实践总结一篇"),
        (2, 65, (3, 4, 3), "指导学生装调项目 3 组"),
    )
    for place, ago, values, evidence in ratings:
        day = days.ago(ago)
        actions.rate(
            profiles[place], dict(zip(Dimension, values, strict=True)), evidence=evidence, rated_on=day, by=by,
            now=days.at(day, 16),
        )  # fmt: skip
    db.session.flush()
    for place, grade, ago, reason in (
        (0, Grade.QUALIFIED, 1200, "考核合格，教研室一致同意"),
        (0, Grade.BACKBONE, 60, "主持两门共同开发课程，企业实践达标"),
        (1, Grade.QUALIFIED, 1000, "考核合格"),
        (2, Grade.QUALIFIED, 1000, "考核合格"),
    ):
        profile = profiles[place]
        grading.decide_grade(
            profile, grade, holds_from=days.ago(ago), reason=reason, version=profile.version, by=by,
            now=days.at(days.ago(ago), 15),
        )  # fmt: skip
        db.session.flush()


def _team(
    days: Days,
    home: Organization,
    teachers: Sequence[Profile],
    experts: Sequence[Profile],
    by: User,
    began: Any,
) -> None:
    program = db.session.scalar(
        sa.select(Program).where(Program.lead_college_id == home.id).order_by(Program.id).limit(1)
    )
    team = teams.set_up(
        home, "动力电池装备校企教研室", Composition.SEVEN_FIVE, field="", program=program, by=by, now=began
    )
    db.session.flush()
    for role, people in ((SeatRole.THEORY_TEACHER, teachers), (SeatRole.RESIDENT_EXPERT, experts)):
        for profile in people:
            member = teams.take_in(team, profile, role, since=days.ago(1300), by=by, now=began)
            member.leads = profile is teachers[0]
            db.session.flush()


def _organizations(days: Days, cast: Cast, by: User) -> None:
    """An alliance with its units, an industry college of two, a base on the campus and one outside."""
    home = cast.home("gzqg")
    shared: dict[str, Any] = {"by": by, "now": days.at(days.ago(600))}

    def enter(kind: OrganizationKind, name: str, english: str) -> Organization:
        facts = OrganizationFacts(name, name_en=english)
        made = managing.register_organization(kind, facts, parent=None, registered_by=home.id, **shared)
        db.session.flush()
        return made

    alliance = enter(
        OrganizationKind.ALLIANCE,
        "贵州新能源电池产教联合体",
        "Guizhou battery alliance of industry and education",
    )
    alliances.add_units(alliance, alliances.read_lines(UNITS), since=days.ago(600), **shared)
    college = enter(OrganizationKind.INDUSTRY_COLLEGE, "欣旺达智能制造产业学院", "Sunwoda industry college")
    units = [(home.name, "举办方"), (cast.home("sunwoda").name, "举办方")]
    alliances.add_units(college, units, since=days.ago(500), **shared)
    for name, on_campus, host, capacity, address in BASES:
        base = enter(OrganizationKind.BASE, name, "Practice base")
        facts = alliances.BaseFacts(on_campus, cast.home(host).id, capacity, address)
        alliances.describe_base(base, facts, **shared)
