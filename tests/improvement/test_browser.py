"""A gap that was not closed, all the way: item, evidence, check, the next edition's plan, the figures beside."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits
from tests.improvement.conftest import LATER, measure
from tests.improvement.test_next_edition import next_edition

pytestmark = pytest.mark.browser


def tidy(page) -> None:
    """Nothing is wider than the window, and axe finds nothing."""
    fits(page)
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def sit_down(loop, page, person, url) -> None:
    """Let somebody else sit down at the browser."""
    (cookie,) = loop.world.signed_in(person)._cookies.values()
    page.context.clear_cookies()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def press(page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_a_finding_changes_the_next_edition_and_its_figures_stand_beside(loop, open_page, live_server):
    page = open_page(phone=True)
    sit_down(loop, page, loop.staff, live_server.url)
    page.goto(loop.at("/findings"))
    tidy(page)
    with page.expect_navigation():
        page.get_by_role("link", name="列入诊改").first.click()
    page.get_by_label("责任人").select_option(str(loop.teacher.id))
    page.get_by_label("完成期限").fill(LATER)
    tidy(page)
    press(page, "列入诊改")
    tidy(page)
    address = page.url

    sit_down(loop, page, loop.teacher, live_server.url)
    page.goto("/")
    with page.expect_navigation():
        page.locator(f'main a[href="{address.removeprefix(live_server.url)}"]').first.click()
    page.get_by_label("改进措施").fill("每周一次练习")
    press(page, "保存措施")
    page.get_by_label("完成情况和成效").fill("练习记录见成绩页")
    page.get_by_label("或系统内相关记录的网址").fill(f"{live_server.url}/programs/{loop.program.id}/result")
    press(page, "提交检查")
    tidy(page)

    sit_down(loop, page, loop.second, live_server.url)
    page.goto(address)
    page.get_by_label("已完成，达到标准").check()
    page.get_by_label("对下一版方案的修改建议").fill("间隙测量增加 8 学时")
    press(page, "保存检查结论")
    tidy(page)

    program, module, competency = next_edition(loop)
    page = open_page()
    sit_down(loop, page, loop.staff, live_server.url)
    page.goto(f"/programs/{program.id}/plan/board")
    with page.expect_navigation():
        page.get_by_role("link", name="间隙测量增加 8 学时").click()
    page.get_by_label("模块", exact=True).select_option(str(module.id))
    page.get_by_label("该能力在此模块增加的学时").fill("8")
    tidy(page)
    press(page, "纳入")
    expect(page.locator("main")).to_contain_text(module.name)

    measure(loop.world, program, {competency.id: (4.2, 4.0, 4.1, 4.3, 3.9, 4.0)})
    page.goto(loop.at("/effects"))
    tidy(page)
    expect(page.locator("main")).to_contain_text("有改进")
