"""Recruiting from end to end: a phone without an account, an interview, both sides, the list that moves up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.walking import Walker
from tests.enrolment.conftest import id_number
from tests.factories import NOW, TODAY

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def later(recruiting, app):
    """Set the server's clock forward: the public form wants to have been open for two seconds."""
    passed = [timedelta(0)]
    app.config["CLOCK"] = lambda: NOW + passed[0]

    def set_forward(time):
        passed[0] += time

    return set_forward


@pytest.fixture
def walk(world, open_page, live_server):
    """Walk as a person who is signed in."""

    def as_person(user, *, phone=False):
        walker = Walker(open_page, user.username, phone=phone)
        (cookie,) = world.signed_in(user)._cookies.values()
        walker.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return walker

    return as_person


def test_from_the_public_page_to_a_place_that_frees(recruiting, later, open_page, walk):
    recruiting.plan(("装调", "机器人", 1))
    code, home = recruiting.open_page(), f"/programs/{recruiting.program.id}"
    college, enterprise = walk(recruiting.staff), walk(recruiting.coordinator)
    college.go(f"{home}/recruitment/interviews/new")
    college.fill(day=(TODAY + timedelta(days=7)).isoformat(), begins="09:00", place="实训楼 302")
    college.press("form[action$='/interviews/new'] button[type=submit]").sees("实训楼 302")

    phone = Walker(open_page, "", phone=True).go(f"/apply/{code}")
    phone.fill(
        name="考生甲", id_number=id_number(1), phone="13900000001", statement="想学机器人装调", agree="y"
    )
    phone.page.select_option("select[name=post]", index=1)
    later(timedelta(seconds=30))
    phone.press("form[action*='/apply/'] button[type=submit]")
    expect(phone.page.locator("#receipt-code")).to_be_visible()
    receipt = phone.page.locator("#receipt-code").inner_text()
    phone.press("form[action$='/noted'] button")
    phone.page.locator("input[name=slot]").first.check(force=True)
    phone.press("form[action$='/mine/interview'] button").sees("实训楼 302")
    college.go(f"{home}/recruitment/interviews").sees("考生甲")

    second, _application = recruiting.applicant("装调", 5)
    for walker in (college, enterprise):
        walker.go(f"{home}/applications?state=pending")
        walker.page.locator("[data-pick-all]").check()
        walker.press("button[name=verdict][value=admit]")
    waiting = walk(second, phone=True).go(f"{home}/apply").sees("第 1 位")

    other = Walker(open_page, "", phone=True).go("/apply/receipt").fill(code=receipt)
    other.press("form[action$='/apply/receipt'] button[type=submit]").sees("您已录取")
    other.press("form[action$='/mine/confirm'] button").sees("确认就读")
    other.press("form[action$='/mine/withdraw'] button").sees("放弃名额")

    waiting.go(f"{home}/apply").sees("您已录取")
    college.go(f"{home}/recruitment").sees("装调")
