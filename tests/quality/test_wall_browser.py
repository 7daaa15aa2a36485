"""Quality in a real browser: figures computed by hand, opened to their records, nothing wider than the window."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits
from trainmgr.kernel.access import Role
from trainmgr.outcomes.rules import PassKind

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def browse(house, open_page, live_server):
    """Open a browser in which somebody is signed in."""

    def browse(person, *, phone=False):
        page = open_page(phone=phone)
        (cookie,) = house.world.signed_in(person)._cookies.values()
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return browse


def _look(page, name):
    if folder := os.environ.get("TRAINMGR_LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_figures_are_computed_opened_and_clean_at_both_widths(house, browse):
    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)
    desk, phone = browse(house.staff), browse(house.world.user(Role.ADMINISTRATOR), phone=True)
    desk.goto("/quality/")
    with desk.expect_navigation():
        desk.click("text=立即计算")
    with desk.expect_navigation():
        desk.click("text=培训合格率")
    expect(desk.get_by_text("1 / 2").first).to_be_visible()
    with desk.expect_navigation():
        desk.click("text=看背后的记录")
    expect(desk.get_by_text(house.named[0].name).first).to_be_visible()

    house.post(house.staff, "/quality/maturity/systems", name="成熟度", copy_of="")
    paths = ("", "golds", "wall", "figures/pass_rate", "figures/trainees/records", "indicators",
             "indicators/pass_rate", "maturity/systems/1", "maturity/systems/1/indices/1")  # fmt: skip
    for page, width in ((desk, "desk"), (phone, "phone")):
        for path in paths:
            page.goto(f"/quality/{path}")
            _look(page, f"{path.replace('/', '-') or 'dashboard'}-{width}")
            fits(page)
            found = Axe().run(page).response["violations"]
            assert not found, (path, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found])
