"""One training project from its need to the result judged by three parties, in a real browser."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import xlsxwriter

from tests.browser.walking import PASSWORD, Walker
from trainmgr.demo.people import people
from trainmgr.identity.models import OrganizationKind
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role

pytestmark = pytest.mark.browser

TODAY = date.today()
COMPETENCIES = [("设备故障诊断", "5", "4", "2"), ("精密测量与判定", "4", "4", "2.5"), ("工艺参数优化", "3", "4", "3")]


def workbook(path: Path, rows: list[list[str]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write_string(number, column, value)
    book.close()
    return path


@pytest.fixture
def cast(world, app, open_page):
    """Everybody who takes part, each with an account and a browser."""
    college = world.organization(name="湖南工业职业技术学院")
    department = world.organization(OrganizationKind.DEPARTMENT, name="机械工程学院", parent_id=college.id)
    enterprise = world.organization(OrganizationKind.ENTERPRISE, name="蓝思科技（长沙）有限公司", short_name="蓝思科技")
    with app.app_context():
        secret = hash_password(PASSWORD)

    def person(role: Role, home, username: str, name: str):
        return world.user(role, home, username=username, name=name, password_hash=secret, number=username.upper())

    person(Role.STAFF, college, "liwenjing", "李文静")
    person(Role.ENTERPRISE_COORDINATOR, enterprise, "luoqian", "罗倩")
    for number in range(2):
        person(Role.SCHOOL_TEACHER, college, f"teacher{number}", f"陈立{number}")
    for number in range(6):
        person(Role.ENTERPRISE_MENTOR, enterprise, f"mentor{number}", f"周建国{number}")
    return SimpleNamespace(college=college, department=department, enterprise=enterprise)


def test_a_project_goes_from_its_need_to_the_result_of_three_parties(cast, open_page, tmp_path):
    staff = Walker(open_page, "liwenjing").sign_in()
    coordinator = Walker(open_page, "luoqian").sign_in()

    program = set_up(staff, cast)
    find_needs(staff, coordinator, program, tmp_path)
    print("OK needs")


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


def advance(staff: Walker, program: str, reason: str) -> None:
    """Take the programme one step forward."""
    staff.go(f"{program}/forward")
    assert staff.page.locator("[name=reason]").count(), staff.text()
    staff.fill(reason=reason).press("main form.form .actions button.btn-primary")


def find_needs(staff: Walker, coordinator: Walker, program: str, tmp_path: Path) -> None:
    staff.go(f"{program}/needs/settings").fill(post="精密制造设备技术员", trainee_weight="60", priority_count="3")
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
