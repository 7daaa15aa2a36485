"""The competency map as a person uses it: larger, smaller and fitted, by button and by key; a list on the phone."""

import pytest
from playwright.sync_api import expect

from tests.browsers import fits
from trainmgr.kernel.access import Role

pytestmark = pytest.mark.browser


def open_map(open_page, live_server, world, user, standard_id, **options):
    cookie = world.signed_in(user).get_cookie("trainmgr")
    page = open_page(**options)
    page.context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": live_server.url}])
    page.goto(f"/standards/{standard_id}/versions/1/map")
    return page


def width_of(page):
    return float(page.locator("svg.map").get_attribute("width"))


def test_the_map_is_zoomed_by_button_and_by_key(published, open_page, live_server, world):
    page = open_map(open_page, live_server, world, published.staff, published.id)
    before = width_of(page)

    page.get_by_role("button", name="放大").click()
    larger = width_of(page)
    page.locator(".map-window").focus()
    page.keyboard.press("-")
    page.keyboard.press("-")
    smaller = width_of(page)
    page.keyboard.press("0")

    assert larger == pytest.approx(before * 1.25)
    assert smaller == pytest.approx(before / 1.25)
    window = page.locator(".map-window").bounding_box()
    assert width_of(page) <= window["width"]
    assert page.locator("[data-map] output").inner_text().endswith("%")


def test_the_map_is_kept_as_a_picture(published, open_page, live_server, world):
    page = open_map(open_page, live_server, world, published.staff, published.id)

    with page.expect_download() as kept:
        page.get_by_role("button", name="PNG").click()

    assert kept.value.suggested_filename.endswith(".png")
    assert kept.value.path().read_bytes().startswith(b"\x89PNG")


def test_on_a_phone_the_map_is_a_list(published, open_page, live_server, world):
    page = open_map(
        open_page, live_server, world, world.user(Role.ENTERPRISE_MENTOR), published.id, phone=True
    )

    expect(page.locator("svg.map")).to_be_hidden()
    expect(page.get_by_role("rowheader")).to_have_count(2)
    fits(page)
