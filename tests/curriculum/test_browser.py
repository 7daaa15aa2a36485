"""The matrix and the order of modules in a real browser: with the keyboard, without a page in between."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits

pytestmark = pytest.mark.browser


@pytest.fixture
def sit_down(plans, open_page):
    """Open a browser at the plan in which somebody is signed in."""

    def open_for(user, **options):
        page = open_page(**options)
        (cookie,) = plans.world.signed_in(user)._cookies.values()
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}]
        )
        return page

    return open_for


def test_a_cell_is_changed_with_the_keyboard_and_everything_follows(plans, sit_down):
    plans.begin()
    page = sit_down(plans.staff)
    page.goto(f"/programs/{plans.program.id}/plan/matrix")
    with plans.world.inside():
        module = plans.plan().modules[0]
    competency = plans.competencies[0]
    cell = page.locator(f"#cell-{module.id}-{competency.id}")
    row = page.locator(f"#competency-{competency.id}")
    expect(row).to_contain_text("0 / 24")

    cell.focus()
    page.keyboard.press("Enter")
    field = row.locator("input[name=hours]")
    expect(field).to_be_focused()
    field.fill("24")
    page.keyboard.press("Enter")

    expect(row).to_contain_text("24 / 24")
    expect(page.locator("#matrix-foot td").first).to_contain_text("24")
    expect(page.locator("#checks")).to_contain_text("1 / 2")
    expect(page.locator("#mend")).not_to_contain_text("精密测量")
    expect(cell).to_be_focused()
    with plans.world.inside():
        assert plans.plan().cells == {(module.id, competency.id): 24}


def test_too_many_hours_are_told_in_the_cell_and_can_be_mended_there(plans, sit_down):
    plans.begin()
    page = sit_down(plans.staff)
    page.goto(f"/programs/{plans.program.id}/plan/matrix")
    with plans.world.inside():
        module = plans.plan().modules[0]
    competency = plans.competencies[0]
    row = page.locator(f"#competency-{competency.id}")
    page.locator(f"#cell-{module.id}-{competency.id}").click()
    row.locator("input[name=hours]").fill("999")
    page.keyboard.press("Enter")
    expect(row.locator("[role=alert]")).to_be_visible()
    expect(row.locator("input[name=hours]")).to_have_value("999")

    row.locator("input[name=hours]").fill("8")
    row.locator("input[name=hours]").press("Enter")
    expect(row).to_contain_text("8 / 24")


def test_a_module_moves_and_the_button_keeps_the_focus(plans, sit_down):
    plans.begin()
    page = sit_down(plans.staff)
    page.goto(f"/programs/{plans.program.id}/plan")
    with plans.world.inside():
        first, second = plans.plan().modules[:2]
    page.locator(f"#down-{first.id}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#module-{second.id} + #module-{first.id}")).to_be_visible()
    expect(page.locator(f"#down-{first.id}")).to_be_focused()


def test_the_checks_follow_while_a_module_is_typed(plans, sit_down):
    plans.begin()
    page = sit_down(plans.staff)
    with plans.world.inside():
        module = plans.plan().modules[0]
    page.goto(f"/programs/{plans.program.id}/plan/modules/{module.id}/edit")
    page.locator("#theory_hours").fill(str(module.theory_hours + 100))
    page.keyboard.press("Tab")
    expect(page.locator("#checks")).to_contain_text("1,412")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tail", ["", "/matrix", "/1/stages/1", "/1/modules/new?stage=1"])
def test_axe_finds_nothing_on_the_pages_of_a_plan(plans, sit_down, tail, scheme):
    plans.begin()
    page = sit_down(plans.staff, color_scheme=scheme)
    page.goto(f"/programs/{plans.program.id}/plan{tail}")
    found = Axe().run(page).response["violations"]
    assert not found, [(each["id"], each["nodes"][0]["html"]) for each in found]


@pytest.mark.parametrize("phone", [False, True], ids=["1280", "390"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pages_of_a_plan_stay_inside_the_window(plans, sit_down, phone, language, screenshot):
    plans.begin()
    page = sit_down(plans.staff, phone=phone, language=language)

    def look(state, *tails):
        for tail in tails:
            page.goto(f"/programs/{plans.program.id}/plan{tail}")
            fits(page)
            screenshot(
                page, f"plan-{state}{tail.replace('/', '-')}-{page.viewport_size['width']}-{language[:2]}"
            )

    look("draft", "", "/matrix", "/1/stages/1", "/1/modules/new")
    plans.fill()
    plans.offer()
    plans.sign()
    look("signed", "", "/matrix", "/next")
