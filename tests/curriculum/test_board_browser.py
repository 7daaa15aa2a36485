"""The board in a real browser: drag, keys, hours in place, undo, a check broken and mended; desk and phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits
from tests.curriculum.test_browser import sit_down  # noqa: F401
from trainmgr.kernel.access import Role

pytestmark = pytest.mark.browser


def address(plans, tail="/board"):
    return f"/programs/{plans.program.id}/plan{tail}"


def lines(plans, stage=None):
    with plans.world.inside():
        plan = plans.plan()
        return plan.modules_of(stage) if stage else plan.modules


def names(plans, stage):
    return [module.name for module in lines(plans, stage)]


def card(page, module):
    return page.locator(f"#card-{module.lineage}")


@pytest.fixture
def board(plans, sit_down):  # noqa: F811
    plans.begin()
    page = sit_down(plans.staff)
    page.goto(address(plans))
    return page


def test_a_card_is_dragged_to_another_stage_and_sums_and_checks_follow(plans, board):
    module, target = lines(plans, 1)[0], lines(plans, 2)[1]
    card(board, module).drag_to(card(board, target), target_position={"x": 40, "y": 4})

    expect(board.locator(f"#lane-2 > #card-{module.lineage}")).to_be_visible()
    expect(board.locator("#board-news")).to_contain_text(module.name)
    expect(board.locator("#lane-2-sums")).to_contain_text(str(40 + module.hours))
    assert names(plans, 2)[1] == module.name
    assert [c.get_attribute("id") for c in board.locator("#lane-2 .tile").all()] == [
        f"card-{each.lineage}" for each in lines(plans, 2)
    ]


def test_cards_move_with_the_keys_and_are_announced_and_keep_the_focus(plans, board):
    module = lines(plans, 1)[0]
    pick = board.locator(f"#pick-{module.lineage}")
    pick.focus()
    board.keyboard.press("Shift+ArrowDown")
    expect(board.locator("#board-news")).to_contain_text("第 2 个")
    expect(pick).to_be_focused()
    board.keyboard.press("Shift+ArrowRight")
    expect(board.locator(f"#lane-2 > #card-{module.lineage}")).to_be_visible()
    expect(pick).to_be_focused()
    assert names(plans, 2)[-1] == module.name

    board.keyboard.press("Control+z")
    expect(board.locator(f"#lane-1 > #card-{module.lineage}")).to_be_visible()
    board.keyboard.press("Control+z")
    expect(board.locator("#lane-1 .tile").first).to_have_id(f"card-{module.lineage}")
    board.keyboard.press("Control+Shift+z")
    expect(board.locator("#lane-1 .tile").nth(1)).to_have_id(f"card-{module.lineage}")
    assert names(plans, 1)[1] == module.name


def test_the_bars_buttons_move_the_chosen_card_and_keep_the_focus(plans, board):
    module = lines(plans, 1)[0]
    board.get_by_text(module.name, exact=True).click()
    down = board.locator("#arrange [value=down]")
    down.focus()
    board.keyboard.press("Enter")
    expect(board.locator("#lane-1 .tile").nth(1)).to_have_id(f"card-{module.lineage}")
    expect(down).to_be_focused()
    board.keyboard.press("Enter")
    expect(board.locator("#lane-1 .tile").nth(2)).to_have_id(f"card-{module.lineage}")
    board.locator("#arrange select").select_option("7")
    board.locator("#arrange [value=to]").click()
    expect(board.locator(f"#lane-7 > #card-{module.lineage}")).to_be_visible()
    board.locator("#arrange [value=remove]").click()
    expect(card(board, module)).to_have_count(0)
    board.locator("#undo").click()
    expect(card(board, module)).to_have_count(1)
    assert module.name in names(plans, 7)


def test_a_check_is_broken_in_a_card_and_mended_by_undo(plans, board):
    plans.fill()
    board.reload()
    module = lines(plans, 1)[0]
    checks = board.locator("#checks")
    expect(checks).to_contain_text("57.8%")
    board.locator(f"#edit-{module.lineage}").click()
    form = card(board, module).locator("form")
    expect(form.locator("input[name=theory_hours]")).to_be_focused()
    form.locator("input[name=theory_hours]").fill("900")
    board.keyboard.press("Enter")
    expect(checks).to_contain_text("35.1%")  # 758 of 2,158 hours
    expect(board.locator("#offer")).to_contain_text("还缺")
    expect(board.locator(f"#edit-{module.lineage}")).to_be_focused()

    board.locator("#undo").click()
    expect(checks).to_contain_text("57.8%")
    expect(board.locator("#offer")).not_to_contain_text("还缺")
    assert lines(plans, 1)[0].theory_hours == module.theory_hours


def test_wrong_hours_stay_in_the_card_until_they_are_right(plans, board):
    module = lines(plans, 1)[0]
    board.locator(f"#edit-{module.lineage}").click()
    field = card(board, module).locator("input[name=practice_hours]")
    field.fill("viele")
    board.keyboard.press("Enter")
    expect(card(board, module).locator("[role=alert]")).to_be_visible()
    expect(field).to_have_value("viele")
    field.fill("30")
    field.press("Enter")
    expect(card(board, module)).to_contain_text(f"{module.theory_hours} + 30")


SEND_ON_ARRIVAL = """name => new MutationObserver((_, watching) => {
    const field = document.querySelector(`input[name=${name}]`);
    if (!field?.form) return;
    watching.disconnect();
    field.value = "viele";
    field.form.requestSubmit();
}).observe(document.body, {childList: true, subtree: true})"""


def test_a_form_that_has_just_arrived_is_answered_in_the_card_however_fast_it_is_sent(plans, board):
    module = lines(plans, 1)[0]
    board.evaluate(SEND_ON_ARRIVAL, "practice_hours")
    board.locator(f"#edit-{module.lineage}").click()
    expect(card(board, module).locator("[role=alert]")).to_be_visible()
    assert board.url.endswith(address(plans))


PRESS_ON_ARRIVAL = """id => new MutationObserver((_, watching) => {
    if (document.activeElement.id !== id || !document.getElementById("board-news").textContent) return;
    watching.disconnect();
    document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key: "ArrowRight", shiftKey: true, bubbles: true, cancelable: true}));
}).observe(document.body, {childList: true, subtree: true})"""


def test_a_card_that_has_just_moved_moves_on_however_fast_the_keys_follow(plans, board):
    module = lines(plans, 1)[0]
    pick = board.locator(f"#pick-{module.lineage}")
    pick.focus()
    board.evaluate(PRESS_ON_ARRIVAL, f"pick-{module.lineage}")
    board.keyboard.press("Shift+ArrowDown")
    expect(board.locator(f"#lane-2 > #card-{module.lineage}")).to_be_visible()
    expect(pick).to_be_focused()
    assert board.url.endswith(address(plans))


def test_a_module_is_added_and_the_stage_takes_another_at_once(plans, board):
    for name in ("新模块甲", "新模块乙"):
        add = board.locator("#lane-3-add")
        add.locator("summary").click()
        add.locator("[name=name]").fill(name)
        add.locator("[name=practice_hours]").fill("8")
        add.locator("button").click()
        expect(board.locator("#lane-3 .tile").last).to_contain_text(name)
    assert names(plans, 3)[-2:] == ["新模块甲", "新模块乙"]


def test_two_at_the_board_are_told_and_undo_asks_by_name(plans, board, sit_down):  # noqa: F811
    mine, theirs = lines(plans, 1)[0], lines(plans, 1)[1]
    colleague = sit_down(plans.world.user(Role.STAFF, name="周敏"))
    colleague.goto(address(plans))
    colleague.get_by_text(theirs.name, exact=True).click()
    colleague.locator("#arrange [value=next]").click()
    expect(colleague.locator(f"#lane-2 > #card-{theirs.lineage}")).to_be_visible()

    board.get_by_text(mine.name, exact=True).click()
    board.locator("#arrange [value=down]").click()
    expect(board.locator("#board-said")).to_contain_text("周敏")
    expect(board.locator(f"#lane-2 > #card-{theirs.lineage}")).to_be_visible()

    board.locator("#undo").click()
    expect(board.locator("#lane-1 .tile").first).to_have_id(f"card-{mine.lineage}")
    board.locator("#undo").click()
    expect(board.locator("#board-said")).to_contain_text("周敏")
    expect(board.locator(f"#lane-2 > #card-{theirs.lineage}")).to_be_visible()
    board.locator("#undo-sure").click()
    expect(board.locator(f"#lane-1 > #card-{theirs.lineage}")).to_be_visible()


def test_on_a_phone_a_card_is_moved_from_the_bar_at_the_foot(plans, sit_down):  # noqa: F811
    plans.begin()
    module = lines(plans, 1)[0]
    page = sit_down(plans.staff, phone=True)
    page.goto(address(plans))
    page.get_by_text(module.name, exact=True).click()
    page.locator("#arrange [value=down]").click()
    expect(page.locator("#lane-1 .tile").nth(1)).to_have_id(f"card-{module.lineage}")
    box = page.locator("#arrange [value=next]").bounding_box()
    assert min(box["width"], box["height"]) >= 24
    page.locator("#arrange [value=next]").click()
    expect(page.locator(f"#lane-2 > #card-{module.lineage}")).to_have_count(1)
    assert names(plans, 2)[-1] == module.name


def test_hours_are_distributed_and_taken_back_in_one_step(plans, board):
    board.goto(address(plans, "/1/distribution?hours=64"))
    board.get_by_role("button", name="采用到草稿").click()
    expect(board.locator("#checks")).to_contain_text("2 / 2")
    board.locator("#undo").click()
    expect(board.locator("#checks")).to_contain_text("0 / 2")


TAILS = ["/board", "/rules", "/rules/practice_ratio-at_least", "/1/distribution"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["1280", "390"])
def test_axe_finds_nothing_on_the_board_and_beside_it(plans, sit_down, scheme, phone):  # noqa: F811
    plans.begin()
    page = sit_down(plans.staff, color_scheme=scheme, phone=phone)
    for tail in TAILS:
        page.goto(address(plans, tail))
        if tail == "/board":
            page.locator(".tile-edit").first.click()
            page.locator(".cell-form").wait_for()
        found = Axe().run(page).response["violations"]
        assert not found, (tail, [(each["id"], each["nodes"][0]["html"]) for each in found])


@pytest.mark.parametrize("phone", [False, True], ids=["1280", "390"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_board_stays_inside_the_window(plans, sit_down, phone, language, screenshot):  # noqa: F811
    plans.begin()
    page = sit_down(plans.staff, phone=phone, language=language)
    for tail in TAILS:
        page.goto(address(plans, tail))
        fits(page)
        screenshot(page, f"board{tail.replace('/', '-')}-{page.viewport_size['width']}-{language[:2]}")
