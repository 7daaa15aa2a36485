"""What ratings say together, seen on a desk and on a phone."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from tests.browsers import fits
from tests.factories import NOW
from tests.insights.conftest import make_rated
from trainmgr.evaluation.rules import Party

pytestmark = pytest.mark.browser


def lifelike(number, party, place):
    """Parties see much the same, the first mentor a little more mildly."""
    worth = 2.6 + (number * 37 % 11) / 4 + (number // 2 % 2 == 0) * 0.4 + (place % 3 - 1) * 0.2
    mild = 0.7 if party is Party.ENTERPRISE and number % 2 == 0 else 0.0
    return round(min(5, max(1, worth + mild + ((number * 7 + place * 5 + len(party.value)) % 5 - 2) * 0.3)))


@pytest.fixture
def opened(open_page, live_server, signed_in):
    """Open a page of somebody who is signed in."""

    def open_for(user, path, **options):
        page = open_page(**options)
        cookie = signed_in(user).get_cookie("trainmgr")
        page.context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": live_server.url}])
        page.goto(path)
        return page

    return open_for


def test_staff_read_agreement_and_compare_two_classes_on_desk_and_phone(world, app, opened, screenshot):
    app.config["CLOCK"] = lambda: NOW
    rated = make_rated(world, 28)
    rated.rate(lifelike)
    rated.work_out()
    rated.close()

    desk = opened(rated.staff, f"/programs/{rated.program.id}/evaluation?window={rated.window_id}")
    desk.get_by_role("link", name="评价综合分析").click()
    expect(desk.get_by_role("heading", name="各方评价的一致性")).to_be_visible()
    desk.get_by_role("link", name="班级对照").click()
    desk.get_by_role("link", name="比较两个班").click()
    expect(desk.get_by_role("heading", name="这样比公平吗？")).to_be_visible()

    phone = opened(rated.staff, rated.at(), phone=True)
    for tail in (
        "",
        "/classes",
        "/classes/compare",
        "/value-added",
        "/raters",
        f"/raters/{rated.mentors[0].id}",
    ):
        phone.goto(rated.at(tail))
        fits(phone)
        if os.environ.get("INSIGHT_PICTURES"):
            name = tail.strip("/").replace("/", "-") or "program"
            screenshot(phone, f"insights-{name}-390")
            desk.goto(rated.at(tail))
            screenshot(desk, f"insights-{name}-1280")
