"""One training project from its need to the result judged by three parties, in a real browser."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.browser.walking import Walker, accounts, advance, workbook
from trainmgr.demo.people import people
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role

pytestmark = pytest.mark.browser

# The server's clock begins at noon: a walk that crossed midnight would write its log into another week.
NOON = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOON.date()
THERE = ["蓝思 1 班", "蓝思科技", "精密测量"]
COMPETENCIES = [
    ("设备故障诊断", "5", "4", "2"),
    ("精密测量与判定", "4", "4", "2.5"),
    ("工艺参数优化", "3", "4", "3"),
]


@pytest.fixture
def cast(world, app, open_page):
    """Everybody who takes part, each with an account and a browser."""
    begun = time.monotonic()
    app.config["CLOCK"] = lambda: NOON.astimezone(UTC) + timedelta(seconds=time.monotonic() - begun)
    college = world.organization(name="湖南工业职业技术学院")
    department = world.organization(OrganizationKind.DEPARTMENT, name="机械工程学院", parent_id=college.id)
    enterprise = world.organization(
        OrganizationKind.ENTERPRISE, name="蓝思科技（长沙）有限公司", short_name="蓝思科技"
    )
    person = accounts(world, app)
    person(Role.STAFF, college, "liwenjing", "李文静")
    person(Role.ENTERPRISE_COORDINATOR, enterprise, "luoqian", "罗倩")
    for number in range(2):
        person(Role.SCHOOL_TEACHER, college, f"teacher{number}", f"陈立{number}")
    for number in range(6):
        person(Role.ENTERPRISE_MENTOR, enterprise, f"mentor{number}", f"周建国{number}")
    return SimpleNamespace(college=college, department=department, enterprise=enterprise)


def test_a_project_goes_from_its_need_to_the_result_of_three_parties(app, cast, open_page, tmp_path):
    staff = Walker(open_page, "liwenjing").sign_in()
    coordinator = Walker(open_page, "luoqian").sign_in()

    program = set_up(staff, cast)
    find_needs(staff, coordinator, program, tmp_path)
    advance(staff, program, "双方已签字")
    design_plan(staff, coordinator, program)
    advance(staff, program, "课程方案双方已签")
    bring_in_trainees(staff, coordinator, cast, program, tmp_path)
    passwords = first_passwords(staff, program, tmp_path)
    pair_mentors(staff, program)
    advance(staff, program, "名册与导师齐备")
    trainee_number, trainee_password = passwords[0]
    trainee = Walker(open_page, trainee_number, phone=True).sign_in(trainee_password)
    practise(trainee, program, tmp_path)
    sign_and_pass(staff, open_page, program, trainee)
    evaluate(staff, open_page, program, trainee)
    close(staff, program)
    wait_for_appeals(app, staff, program)


def set_up(staff: Walker, cast) -> str:
    """Make the programme from the eight-stage pathway; returns its address."""
    staff.go("/programs/new?pathway=eight-stage")
    staff.fill(
        name="蓝思精密制造学徒班 2026 级",
        kind="modern_apprenticeship",
        department=str(cast.department.id),
        starts_on=(TODAY - timedelta(days=30)).isoformat(),
        ends_on=(TODAY + timedelta(days=600)).isoformat(),
        planned_size="30",
        budget="864000",
    )
    staff.page.locator("[name='q-enterprise']").fill("蓝思")
    staff.page.locator(f"#found-enterprise [value='{cast.enterprise.id}']").check()
    staff.press("button:text('建成草稿'), main form.form .actions button.btn-primary")
    program = re.match(r"(/programs/\d+)", staff.path)[1]

    staff.go(f"{program}/setup/duties").sees("组织双方签字")
    staff.go(f"{program}/setup/revenue")
    for row, percent in ((1, "55"), (2, "45")):
        staff.page.locator(f"#percent-{row}").fill(percent)
    staff.press("main form.form .actions button.btn-primary")
    advance(staff, program, "各方已定，开始需求分析")
    return program


def find_needs(staff: Walker, coordinator: Walker, program: str, tmp_path: Path) -> None:
    staff.go(f"{program}/needs/settings").fill(
        post="精密制造设备技术员", trainee_weight="60", priority_count="3"
    )
    staff.press("main form button.btn-primary")
    for name, importance, required, current in COMPETENCIES:
        staff.go(f"{program}/needs/competencies/new")
        staff.fill(name=name, importance=importance, required_level=required, current_level=current)
        staff.press("main form button.btn-primary")
    staff.go(f"{program}/needs/indicators/new")
    staff.fill(name="一次交检合格率", unit="%", direction="higher", weight="4", expected="98", current="92")
    staff.page.locator("main input[type=checkbox]").first.check(force=True)
    staff.press("main form button.btn-primary")
    staff.go(f"{program}/needs/hours").fill(total="120").press("form[method=get] button")
    staff.press("form[method=post][action$='needs/hours'] button.btn-primary")
    for person in (staff, coordinator):
        person.go(f"{program}/needs/sign").press("form[action$='needs/sign'] button.btn-primary")
    staff.go(f"{program}/needs").sees("冻结")


def design_plan(staff: Walker, coordinator: Walker, program: str) -> None:
    """Begin with the pathway's stages, give every priority its hours and every module a lead; both sides sign."""
    staff.go(f"{program}/plan").press("form[action$='plan/begin'] button")
    staff.go(f"{program}/plan").press("form[action*='proposal'] button:not([name=competency_id])")
    name_leads(staff, program)
    staff.go(f"{program}/plan/matrix").sees("设备故障诊断", "精密测量与判定")
    staff.go(f"{program}/plan").press("form[action$='/offer'] button")
    for person in (staff, coordinator):
        person.go(f"{program}/plan").press("a[href*='/sign/']").press(
            "form[action*='/sign/'] button.btn-primary"
        )
    staff.go(f"{program}/plan").sees("签")


def name_leads(staff: Walker, program: str) -> None:
    """Name one teacher as the lead of all modules at once."""
    staff.go(f"{program}/plan")
    staff.go(staff.page.locator("a[href$='/lead'], a[href*='/lead?']").first.get_attribute("href") or "")
    staff.page.locator("input[type=radio][name=scope][value=plan]").check(force=True)
    staff.press("button[name=user_id]:not([value='0'])")


def bring_in_trainees(staff: Walker, coordinator: Walker, cast, program: str, tmp_path: Path) -> None:
    """Read a roster of thirty rows, one of them wrong."""
    staff.go(f"{program}/classes").fill(within="main", name="蓝思 1 班")
    staff.press("main form.form button.btn-primary, main form[method=post] button[type=submit]")
    crowd = people("walk", born_from=date(2005, 1, 1), born_to=date(2008, 12, 31))
    rows = [
        ["Name", "ID number", "Student number", "Employee number", "Class", "Enterprise", "Field or trade"]
    ]
    for number, one in zip(range(30), crowd, strict=False):
        rows.append([one.name, one.id_number, f"2026LS{number:03}", f"LS{number:05}", *THERE])
    rows.append(["错号", "110105194912310021", "2026LS999", "LS99999", *THERE])
    file = workbook(tmp_path / "roster.xlsx", rows)
    for _twice in range(2):
        staff.go(f"{program}/roster/import").upload("file", file).press("form.form button.btn-primary")
        staff.press("button[value=begin]")
        staff.go(f"{program}/roster")
        assert staff.page.locator("table.ledger tbody tr").count() == 30, staff.text()


def first_passwords(staff: Walker, program: str, tmp_path: Path) -> list[tuple[str, str]]:
    """Fetch the first passwords; returns (student number, password) by row."""
    from trainmgr.kernel.sheets import read_sheet

    staff.go(f"{program}/roster/first-passwords")
    with staff.page.expect_download() as download:
        staff.page.locator("form[action$='first-passwords'] button").first.click()
    path = tmp_path / "passwords.xlsx"
    download.value.save_as(path)
    return [(row[1], row[4]) for row in read_sheet(path, filename="p.xlsx").rows]


def pair_mentors(staff: Walker, program: str) -> None:
    for side, names, capacity in (
        ("college", [f"陈立{n}" for n in range(2)], "20"),
        ("enterprise", [f"周建国{n}" for n in range(6)], "6"),
    ):
        for name in names:
            staff.go(f"{program}/mentors/{side}/new?q={name}").fill(
                within="form.form", fields="精密测量", capacity=capacity
            )
            staff.press("form.form button.btn-primary")
        staff.go(f"{program}/mentors?side={side}").press(f"form[action$='proposals/{side}'] button")
        staff.sees("30")
        staff.press(f"form[action$='proposals/{side}/approve'] button")
    staff.go(f"{program}/mentors").sees("100.0%")


def practise(trainee: Walker, program: str, tmp_path: Path) -> None:
    """Set an own password, write a log with a photo on the phone, hand it in."""
    from PIL import Image

    trainee.fill(password="wo-de-mima-2026", again="wo-de-mima-2026").press("form button.btn-primary")
    Image.new("RGB", (900, 600), "steelblue").save(tmp_path / "photo.jpg")
    trainee.go("/logs/new").fill(
        **{f"hours_{NOON.isoweekday()}": "7.5"},
        task="盖板玻璃外观检测",
        learned="崩边多在下料口，调整夹爪后减少。",
    )
    chosen = trainee.page.locator("[name=competencies]").first
    chosen.focus()  # by the key: a press on the screen may meet the bar at its foot
    chosen.press("Space")
    trainee.upload("photos", tmp_path / "photo.jpg")
    trainee.press("form[action$='/logs'] button.btn-primary").sees("盖板玻璃外观检测")


def mentors_of(staff: Walker, program: str, name: str) -> tuple[str, str]:
    """Return the sign-in names of a trainee's school teacher and enterprise mentor, as the roster shows them."""
    staff.go(f"{program}/roster?q={name}")
    shown = staff.text()
    teacher = next(f"teacher{n}" for n in range(2) if f"陈立{n}" in shown)
    return teacher, next(f"mentor{n}" for n in range(6) if f"周建国{n}" in shown)


def sign_and_pass(staff: Walker, open_page, program: str, trainee: Walker) -> None:
    """The teacher signs the log on a phone; then everybody passes the gates of all stages."""
    trainee.go("/account")
    name = trainee.page.locator(".who").first.get_attribute("title") or ""
    trainee.name = name.split("：")[-1].strip() or re.search(r"我的账号：(\S+)", trainee.text())[1]
    trainee.teacher, trainee.mentor = mentors_of(staff, program, trainee.name)
    teacher = Walker(open_page, trainee.teacher, phone=True).sign_in()
    teacher.go("/logs/to-sign").sees("盖板玻璃外观检测")
    teacher.page.locator("[data-pick]").first.check(force=True)
    teacher.press("form[data-picks] button[type=submit]").press("form[action$='to-sign'] button.btn-primary")
    trainee.go("/logs").sees("7.5")
    for stage in range(1, 9):
        if stage > 1:
            staff.go(f"{program}/practice").press("form[action$='practice/stage'] button")
        staff.go(f"{program}/gates/{stage}")
        staff.page.locator("[data-pick-all]").check(force=True)
        staff.press("form[data-picks] button.btn-primary").press(
            f"form[action$='gates/{stage}'] button.btn-primary"
        )
    staff.go(f"{program}/practice")


def evaluate(staff: Walker, open_page, program: str, trainee: Walker) -> None:
    """Open the terminal window; trainee, mentor and teacher rate on phones; the result shows all three."""
    staff.go(f"{program}/evaluation/scheme").press("form[action$='scheme/make'] button")
    staff.go(f"{program}/evaluation").press("form[action$='windows/plan'] button")
    for _process in range(2):  # this edition is judged once, at its end
        staff.go(f"{program}/evaluation").press("form[action$='/remove'] button")
    staff.go(f"{program}/evaluation").press("form[action$='/open'] button")
    advance(staff, program, "各阶段门已过，开始终结评价")
    mentor = Walker(open_page, trainee.mentor, phone=True).sign_in()
    teacher = Walker(open_page, trainee.teacher, phone=True).sign_in()
    for person, points in ((trainee, "5"), (mentor, "3"), (teacher, "4")):
        rate(person, trainee.name, points)
    staff.go(f"{program}/evaluation?q={trainee.name}").press(f"table a:text-is('{trainee.name}')")
    staff.sees(trainee.name, "学员", "企业", "教师", "综合")
    assert "暂定" not in staff.text()
    trainee.go("/my-result").sees("企业", "教师")


def rate(person: Walker, name: str, points: str) -> None:
    """Find the trainee in what is to be rated, choose the same points everywhere, submit."""
    person.go("/ratings")
    forms = "main a[href*='/ratings/']:not([href*='given'])"
    named = f"{forms}:has-text('{name}')"
    person.press(named if person.page.locator(named).count() else forms)
    assert person.page.locator("form[data-rating]").count(), (person.page.url, person.text())
    for question in person.page.locator("form[data-rating] fieldset.criterion").all():
        chosen = question.locator(f"input[type=radio][value='{points}']")
        chosen.focus()
        chosen.press("Space")
    person.press("form[data-rating] .savebar button.btn-primary")


def close(staff: Walker, program: str) -> None:
    """Close the window, take what is missing as it is, decide on everybody."""
    staff.go(f"{program}/evaluation").press("form[action$='/close'] button")
    staff.fill(reason="其余学员本届未评").press("form[action$='/settle'] button")
    staff.go(f"{program}/result").press("form[action$='result/accept'] button")
    staff.page.locator("[data-pick-all]").check(force=True)
    staff.press("form[data-picks] button[value=failed]")
    staff.fill(reason="没有评价结果").press("form[action$='result/decide'] button.btn-primary")


def wait_for_appeals(app: Any, staff: Walker, program: str) -> None:
    """The programme is not closed while the trainee may still appeal; a week later it is."""
    advance(staff, program, "本届结束")
    staff.sees("前申诉")
    a_week_ago = app.config["CLOCK"]
    app.config["CLOCK"] = lambda: a_week_ago() + timedelta(days=8)
    staff.sign_in()
    advance(staff, program, "本届结束")
    staff.go(program).sees("已结项")
