"""The annual report as somebody of the college orders it: a chapter, a version, the file, opened."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browsers import fits
from tests.reporting.conftest import words_of

pytestmark = pytest.mark.browser


def tidy(page) -> None:
    """Nothing is wider than the window, and axe finds nothing."""
    fits(page)
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_a_report_is_ordered_waited_for_fetched_and_opened(closing, open_page, live_server):
    page = open_page()
    (cookie,) = closing.world.signed_in(closing.staff)._cookies.values()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto("/reports")
    tidy(page)
    with page.expect_navigation():
        page.get_by_role("link", name="2026", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("link", name="学校概况").click()
    page.get_by_role("textbox").last.fill("浏览器里写的一段。")
    tidy(page)
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()

    with page.expect_navigation():
        page.get_by_role("button", name="生成一版").click()
    page.get_by_role("link", name="下载").first.wait_for()
    tidy(page)
    with page.expect_download() as fetched:
        page.get_by_role("link", name="下载").first.click()

    words = words_of(fetched.value.path().read_bytes())
    assert fetched.value.suggested_filename.endswith(".docx")
    assert "浏览器里写的一段。" in words
    assert "人才培养质量计分卡" in words
