"""What a judge does on a phone and a marker at a desk, in a real browser."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from tests.browsers import fits
from tests.testing.conftest import RIGHT, inside
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.testing.models import Mark

pytestmark = pytest.mark.browser


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


@pytest.fixture
def mentor(exam, world):
    """A mentor of the enterprise; two people are at the test, the third has not begun."""
    person = world.user(Role.ENTERPRISE_MENTOR, name="周师傅")
    world.relation(exam.program, person, Role.ENTERPRISE_MENTOR)
    exam.sitting(3)
    for place in range(2):
        exam.begin(place)
    return person


def marks(exam):
    with inside(exam.world):
        return db.session.execute(sa.select(Mark.points, Mark.done, Mark.remark, Mark.marker_id)).all()


def test_a_judge_finds_somebody_ticks_the_steps_and_sends_them(exam, mentor, opened):
    page = opened(mentor, exam.url("/judge"), phone=True)
    expect(page.locator(".people li")).to_have_count(2)
    page.locator("main input[name=q]").fill("T0002")
    page.locator("main input[name=q]").press("Enter")
    expect(page.locator(".people li")).to_have_count(1)
    with page.expect_navigation():
        page.locator(".people a").click()

    steps = page.locator(".steps label")
    assert min(step.bounding_box()["height"] for step in steps.all()) >= 44
    fits(page)
    expect(page.locator("[data-points]")).to_have_text("0")
    expect(page.locator("[data-missing]")).to_be_visible()
    steps.nth(0).tap()
    steps.nth(1).tap()
    expect(page.locator("[data-points]")).to_have_text("3.75")
    expect(page.locator("[data-missing]")).to_be_hidden()
    page.locator("#remark").fill("标记没复核")
    page.locator(".savebar .btn-primary").click()

    page.wait_for_url(f"**{exam.url('/judge')}")
    expect(page.locator("main")).to_contain_text("已记 3.75 分（满分 5 分）")
    assert [tuple(row) for row in marks(exam)] == [(Decimal("3.75"), [0, 1], "标记没复核", mentor.id)]


def test_what_is_ticked_without_a_network_is_kept_and_sent_once(exam, mentor, opened):
    page = opened(mentor, exam.url(f"/judge/{exam.participants[0]}"), phone=True)
    page.context.set_offline(True)
    page.locator(".steps label").nth(0).tap()
    page.locator("#remark").fill("手套戴了")
    page.locator(".savebar .btn-primary").click()
    expect(page.locator("[data-saved]")).to_contain_text("没有网络")
    assert marks(exam) == []

    page.context.set_offline(False)
    page.reload()  # as a phone does that had put the page away
    expect(page.locator(".steps input").nth(0)).to_be_checked()
    expect(page.locator("[data-points]")).to_have_text("1.25")
    expect(page.locator("#remark")).to_have_value("手套戴了")
    page.locator(".savebar .btn-primary").click()
    page.wait_for_url(f"**{exam.url('/judge')}")
    page.go_back()
    with page.expect_navigation():
        page.locator(".savebar .btn-primary").click()

    assert [tuple(row)[:3] for row in marks(exam)] == [(Decimal("1.25"), [0], "手套戴了")]


def test_who_has_not_begun_is_told_in_a_sentence(exam, mentor, opened):
    page = opened(mentor, exam.url(f"/judge/{exam.participants[2]}"), phone=True)

    expect(page.locator("main")).to_contain_text("还没有开始测试")


def test_a_marker_gives_points_with_the_keyboard_and_with_buttons(exam, opened):
    exam.sitting(3)
    attempts = [exam.take(place, RIGHT | {"words": f"先断电 {place}"}) for place in range(3)]
    page = opened(exam.staff, exam.url(f"/marking/{exam.items['words']}"))
    fields = page.locator(".points")

    fields.nth(0).focus()
    page.keyboard.type("2.5")
    page.keyboard.press("Tab")  # to the remark
    page.keyboard.type("少说了挂牌")
    page.keyboard.press("Tab")  # to the next answer's points
    page.keyboard.type("3")
    page.locator(".script").nth(2).get_by_role("button", name="1.5", exact=True).click()
    expect(fields.nth(2)).to_have_value("1.5")
    fields.nth(1).press("Enter")

    page.wait_for_url(f"**{exam.url('/marking')}")
    assert sorted(row.points for row in marks(exam)) == [Decimal("1.5"), Decimal("2.5"), Decimal(3)]
    assert len(attempts) == 3
