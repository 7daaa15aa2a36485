"""Both lanes of a needs analysis from nothing to a signed ranked list, and the plan drafted from it, in a browser.

The case is 庆铃: three posts with twelve competencies, three technicians who are tested at the same time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.walking import Walker, accounts, advance, workbook
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role

pytestmark = pytest.mark.browser

TODAY = datetime.now(UTC).date()
WORDS = ["需要全程指导", "按步骤做，需检查", "独立完成常规任务", "能处理异常", "能改进并带人"]
# post: (competency, importance, required level, typical task)
POSTS = {
    "整车故障诊断技师": [
        ("整车故障诊断", 4.6, 4, "排除间歇性故障"),
        ("高压下电与验电", 4.8, 4, "高压下电验电"),
        ("诊断数据判读", 4.2, 4, "排除间歇性故障"),
        ("班组带教", 3.8, 3, "排除间歇性故障"),
    ],
    "新能源装调技师": [
        ("扭矩工艺与防错", 4.5, 4, "按工艺拧紧"),
        ("电池包装配与气密", 4.4, 4, "装配电池包"),
        ("作业节拍与标准化", 4.0, 3, "按工艺拧紧"),
        ("线束敷设与接插", 3.9, 3, "装配电池包"),
    ],
    "智能产线运维技师": [
        ("智能工具与数据追溯", 4.0, 4, "采集工位数据"),
        ("设备点检与维护", 4.1, 3, "点检产线设备"),
        ("现场问题改善", 3.9, 3, "采集工位数据"),
        ("安全生产与应急", 4.7, 4, "点检产线设备"),
    ],
}
COMPETENCIES = [row for rows in POSTS.values() for row in rows]
FIGURES = ["3.6", "3.4", "3.3", "3.2", "3.1", "3.0"]
TECHNICIANS = [("QL0001", "冉小川"), ("QL0002", "谭学兵"), ("QL0003", "向春梅")]


@pytest.fixture
def cast(world, app):
    """The college, the enterprise, their people, and three technicians who are not enrolled yet."""
    college = world.organization(name="重庆五一职业技术学院")
    department = world.organization(OrganizationKind.DEPARTMENT, name="汽车工程学院", parent_id=college.id)
    enterprise = world.organization(
        OrganizationKind.ENTERPRISE, name="庆铃汽车（集团）有限公司", short_name="庆铃汽车"
    )
    person = accounts(world, app)
    person(Role.STAFF, college, "staff", "李文静")
    person(Role.ENTERPRISE_COORDINATOR, enterprise, "coordinator", "罗倩")
    person(Role.SCHOOL_TEACHER, college, "teacher", "陈立")
    person(Role.ENTERPRISE_MENTOR, enterprise, "mentor", "周建国")
    for number, name in TECHNICIANS:
        person(Role.TRAINEE, enterprise, number.lower(), name)
    return SimpleNamespace(college=college, department=department, enterprise=enterprise)


def test_two_lanes_lead_to_a_signed_list_and_the_plan_is_drafted_from_it(cast, open_page, tmp_path):
    staff = Walker(open_page, "staff").sign_in()
    coordinator = Walker(open_page, "coordinator").sign_in()
    for number, post in enumerate(POSTS):
        build_standard(staff, coordinator, cast, post, number, tmp_path)
    build_instrument(staff, tmp_path)
    program = open_program(staff, cast)
    adopt_standards(staff, program)
    business_lane(staff, coordinator, program)
    take_three_at_once(staff, open_page, program)
    sign_needs(staff, coordinator, program)
    draft_plan(staff, program)
    break_and_mend_a_check(staff, program)
    sign_plan(staff, coordinator, program)
    compare_second_edition(staff, coordinator, program)


def build_standard(staff: Walker, coordinator: Walker, cast, post: str, number: int, folder: Path) -> None:
    """Open a job standard, bring its tasks and competencies by Excel, and have both sides sign it."""
    staff.go("/standards/new").fill(
        post=post, code=f"QL-{number}", occupation="汽车装调工", enterprise_id=str(cast.enterprise.id)
    )
    staff.press("main form.form button.btn-primary")
    home = re.match(r"(/standards/\d+)", staff.path)[1]
    tasks = sorted({task for *_facts, task in POSTS[post]})
    sheets = {
        "tasks": workbook(
            folder / f"tasks{number}.xlsx", [["类别", "任务"], *(["典型工作任务", task] for task in tasks)]
        ),
        "competencies": workbook(
            folder / f"competencies{number}.xlsx",
            [
                ["能力", "重要度", "要求水平", *(f"{level} 级" for level in range(1, 6)), "典型工作任务"],
                *([name, importance, level, *WORDS, task] for name, importance, level, task in POSTS[post]),
            ],
        ),
    }
    for kind, file in sheets.items():
        staff.go(f"{home}/draft/sheets/{kind}").upload("file", file).press(
            "main form.form button.btn-primary"
        )
    for person in (staff, coordinator):
        person.go(f"{home}/draft/sign").press("form[action$='/sign'] button[type=submit]")
    staff.go(home).sees(*(name for name, *_facts in POSTS[post]), "已发布")


def build_instrument(staff: Walker, folder: Path) -> str:
    """Fill the bank with two items a competency by Excel, and draw a paper that asks one of each difficulty."""
    rows = []
    for name, *_facts in COMPETENCIES:
        rows.append([name, "单选题", "易", 2, f"{name}：先做什么？", "看作业指导书", "直接动手", "A"])
        rows.append([name, "判断题", "中", 3, f"{name}：做完要复核。", "", "", "对"])
    head = ["能力", "题型", "难度", "参考分值", "题干或任务", "A", "B", "正确答案"]
    staff.go("/bank/import").upload("file", workbook(folder / "items.xlsx", [head, *rows]))
    staff.fill(state="in_use").press("main form.form button.btn-primary")
    staff.go("/bank/items").sees("24")
    staff.go("/bank/instruments/new").fill(name="庆铃技师摸底与结业测评").press(
        "main form.form button.btn-primary"
    )
    home = re.match(r"(/bank/instruments/\d+)", staff.path)[1]
    for number in range(len(POSTS)):
        staff.go(f"{home}/blueprint")
        if number:
            tab = staff.page.locator("nav.tabs a[href*='blueprint']").nth(number)
            staff.go(tab.get_attribute("href") or "")
        for field in staff.page.locator("[data-asked=easy], [data-asked=medium]").all():
            field.fill("1")
        staff.press("form[data-blueprint] button.btn-primary")
    staff.go(home).sees("24")
    return home


def open_program(staff: Walker, cast) -> str:
    staff.go("/programs/new?pathway=five-dimension")
    staff.fill(
        name="庆铃技师技能提升 2026",
        kind="employee_upskilling",
        department=str(cast.department.id),
        starts_on=(TODAY - timedelta(days=10)).isoformat(),
        ends_on=(TODAY + timedelta(days=200)).isoformat(),
        planned_size="3",
        budget="60000",
    )
    staff.page.locator("[name='q-enterprise']").fill("庆铃")
    staff.page.locator(f"#found-enterprise [value='{cast.enterprise.id}']").check()
    staff.press("button:text('建成草稿'), main form.form .actions button.btn-primary")
    program = re.match(r"(/programs/\d+)", staff.path)[1]
    staff.go(f"{program}/setup/revenue")
    for row, percent in ((1, "50"), (2, "50")):
        staff.page.locator(f"#percent-{row}").fill(percent)
    staff.press("main form.form .actions button.btn-primary")
    advance(staff, program, "各方已定，开始需求分析")
    return program


def adopt_standards(staff: Walker, program: str) -> None:
    """Take the twelve competencies from the three standards; none has a level yet."""
    for post in POSTS:
        staff.go(f"{program}/needs/standards").press(f"main tr:has-text('{post}') button[name=version_id]")
    staff.go(f"{program}/needs/edit").sees(*(name for name, *_facts in COMPETENCIES))


def business_lane(staff: Walker, coordinator: Walker, program: str) -> None:
    """Name the need, expect figures, paste the months, add the benchmark; both sides agree on the weights."""
    coordinator.go(f"{program}/needs/business-needs/new").fill(text="降低总装返修", source="质量月报")
    coordinator.press("main form.form button.btn-primary")
    staff.go(f"{program}/needs/indicators/new")
    staff.fill(
        name="返修率", unit="%", direction="lower", weight="5", expected="1.5", current="3.1", benchmark="1.4",
        benchmark_source="行业对标", benchmark_year="2025",
    )  # fmt: skip
    for name in ("扭矩工艺与防错", "电池包装配与气密"):
        staff.page.locator(f"main label:has-text('{name}')").first.click()
    staff.press("main form.form button.btn-primary")
    staff.go(f"{program}/needs/edit").press("a[href$='/months'], a[href$='/series']")
    months = "\n".join(
        f"2026-{month:02} {figure}" for month, figure in zip(range(1, 7), FIGURES, strict=True)
    )
    staff.fill(rule="mean", months=months).press("main form.form button.btn-primary")
    staff.go(f"{program}/needs/settings").fill(
        post="汽车装调与维修技师", trainee_weight="70", priority_count="5"
    )
    staff.press("main form.form button.btn-primary")
    coordinator.go(f"{program}/needs/weights").fill(answer="accept")
    coordinator.press("main form.form button.btn-primary")
    staff.go(f"{program}/needs").sees("70%", "返修率", "3.27", "行业对标")


def local(moment: datetime) -> str:
    """Return a moment as it is typed into a form: the clock on the wall in China."""
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%dT%H:%M")


def take_three_at_once(staff: Walker, open_page, program: str) -> None:
    """Plan a sitting, let three technicians answer item by item beside each other, and take their levels."""
    now = datetime.now(UTC)
    staff.go(f"{program}/tests/new").fill(
        purpose="entry", name="摸底测评", opens_at=local(now), closes_at=local(now + timedelta(hours=2))
    )
    staff.press("main form.form button.btn-primary")
    sitting = re.match(r"(/programs/\d+/tests/\d+)", staff.path)[1]
    people = "\n".join([*(number for number, _name in TECHNICIANS), "QL9999"])
    staff.go(f"{sitting}/people/new").fill(people=people, cohort_name="装调 01 班")
    staff.page.locator("form[action$='people/list'] button[type=submit]").click()
    expect(staff.page.locator("main")).to_contain_text("QL9999")  # the stranger comes back, the others are in
    staff.go(f"{sitting}/people").sees(*(name for _number, name in TECHNICIANS))

    seats = [Walker(open_page, number.lower(), phone=True).sign_in() for number, _name in TECHNICIANS]
    for seat in seats:
        seat.go("/tests").press("main a[href*='/tests/']").press("form[action$='/begin'] button")
    for number in range(24):
        for seat, right in zip(seats, (24, 12, 4), strict=True):
            answer(seat, number, right=number < right)
    for seat in seats:
        expect(seat.page.locator("[data-tally]")).to_have_text("24 / 24")
    seats[1].page.reload()
    expect(seats[1].page.locator("[data-tally]")).to_have_text("24 / 24")
    for seat in seats:
        seat.press("button[value=hand-in]").press("form[action$='/hand-in'] button")
        seat.sees("已交卷")
    staff.go(f"{sitting}/end").fill(reason="三人都已交卷")
    staff.press("main form button[value=now]")
    staff.go(f"{sitting}/report").sees("摸底测评")
    staff.go(f"{sitting}/levels").press("form[action$='/levels'] button.btn-primary")
    staff.go(f"{program}/needs").sees("3 人中 3 人参加测试，水平已纳入分析")


def answer(seat: Walker, number: int, *, right: bool) -> None:
    """Answer the item at a place of this person's own order."""
    item = seat.page.locator("fieldset[data-item]").nth(number)
    if item.get_attribute("data-kind") == "single":
        item.locator("label").filter(has_text="看作业指导书" if right else "直接动手").click()
    else:
        item.locator(f"label[for$='-{'true' if right else 'false'}']").click()


def sign_needs(staff: Walker, coordinator: Walker, program: str) -> None:
    """Give the priorities their hours; both sides sign the one ranked list."""
    staff.go(f"{program}/needs/hours").fill(total="100").press("form[method=get] button")
    staff.press("form[method=post][action$='needs/hours'] button.btn-primary")
    for person in (staff, coordinator):
        person.go(f"{program}/needs/sign").press("form[action$='needs/sign'] button.btn-primary")
    staff.go(f"{program}/needs").sees("冻结", *(name for name, *_facts in COMPETENCIES))
    assert staff.page.locator(".lane-step.is-done").count() == 12, "a step of the two lanes has no product"
    ranks = staff.page.locator("table.ledger").first.locator("tbody tr td:first-child").all_inner_texts()
    assert ranks == [str(number) for number in range(1, len(COMPETENCIES) + 1)]
    advance(staff, program, "双方已签字")


def draft_plan(staff: Walker, program: str) -> None:
    """Begin with the pathway's stages and let the hours be distributed over the priorities; name who leads."""
    staff.go(f"{program}/plan").press("form[action$='plan/begin'] button")
    staff.go(f"{program}/plan/1/distribution").press("form[method=post] button.btn-primary")
    staff.go(f"{program}/plan")
    staff.go(staff.page.locator("a[href$='/lead'], a[href*='/lead?']").first.get_attribute("href") or "")
    staff.page.locator("input[type=radio][name=scope][value=plan]").check(force=True)
    staff.press("button[name=user_id]:not([value='0'])")
    staff.go(f"{program}/plan/matrix").sees(*(name for name, *_facts in COMPETENCIES))
    staff.go(f"{program}/plan").sees("每项优先能力都有学时", "5 / 5", "送双方签字")


def set_hours(staff: Walker, module: str, kind: str, hours: str) -> None:
    """Change a module's theory or practice hours in its card on the board, which stays where it is."""
    tile = staff.page.locator(f".tile:has-text('{module}')").first
    tile.locator(".tile-edit").click()
    field = tile.locator(f"input[name={kind}_hours]")
    field.fill(hours)
    field.press("Enter")
    expect(field).to_have_count(0)


def break_and_mend_a_check(staff: Walker, program: str) -> None:
    """Give one module so much theory that practice falls below its share: it cannot be offered until it is mended."""
    staff.go(f"{program}/plan/board")
    set_hours(staff, "模拟演练", "theory", "122")
    expect(staff.page.locator("main")).to_contain_text("156 ÷ 312")
    staff.go(f"{program}/plan").sees("还缺 1 项", "实践学时占比：现在 50.0%")
    assert not staff.page.locator("form[action$='/offer'] button").count()
    staff.go(f"{program}/plan/board")
    set_hours(staff, "模拟演练", "theory", "2")
    staff.go(f"{program}/plan").sees("156 ÷ 192")
    assert "还缺" not in staff.text()


def sign_plan(staff: Walker, coordinator: Walker, program: str, number: int = 1) -> None:
    staff.go(f"{program}/plan?edition={number}").press("form[action$='/offer'] button")
    for person in (staff, coordinator):
        person.go(f"{program}/plan?edition={number}").press("a[href*='/sign/']")
        person.press("form[action*='/sign/'] button.btn-primary")
    staff.go(f"{program}/plan?edition={number}").sees("已签")


def compare_second_edition(staff: Walker, coordinator: Walker, program: str) -> None:
    """Amend the signed plan with a reason, sign the second edition, and see what differs from the first."""
    staff.go(f"{program}/plan/next").fill(reason="台架增加，模拟训练加时")
    staff.press("main form.form button.btn-primary")
    staff.go(f"{program}/plan/board?edition=2")
    set_hours(staff, "模拟演练", "practice", "26")
    sign_plan(staff, coordinator, program, 2)
    staff.go(f"{program}/plan/compare?edition=2").sees("模拟演练", "台架增加，模拟训练加时")
    staff.go(f"{program}/plan?edition=1").sees("192")
    staff.go(f"{program}/plan").sees("196")
