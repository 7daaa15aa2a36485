"""A mentor without an account on a phone of 390 px: link, code, logs, a rating; passed on it opens nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits
from tests.factories import NOW, TODAY
from trainmgr.attendance import leaves
from trainmgr.attendance.models import Leave, LeaveState
from trainmgr.attendance.rules import LeaveKind
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation import schemes, windows
from trainmgr.evaluation.models import Rating, RatingState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program

pytestmark = pytest.mark.browser


def tidy(page) -> None:
    """Nothing is wider than the phone, and axe finds nothing."""
    fits(page)
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def press(page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).locator("visible=true").first.click()


def open_the_last_evaluation(doorway) -> None:
    staff = doorway.world.user(Role.STAFF)
    doorway.world.competency(doorway.program)
    with doorway.world.app.app_context():
        program = db.session.get_one(Program, doorway.program.id)
        scheme = schemes.make_scheme(program, by=staff, now=NOW - timedelta(days=9))
        windows.plan_windows(program, scheme, by=staff, now=NOW - timedelta(days=9))
        window = evaluation.window_or_404(program.id, evaluation.terminal_window(program.id).id)
        windows.open_window(program, window, by=staff, now=NOW - timedelta(days=2))
        db.session.commit()


def ask_to_be_excused(doorway) -> int:
    with doorway.world.app.app_context():
        program = db.session.get_one(Program, doorway.program.id)
        enrolment = db.session.get_one(Enrolment, doorway.enrolment.id)
        trainee = db.session.get_one(User, enrolment.user_id)
        leave = leaves.ask(
            program, enrolment, kind=LeaveKind.SICK, starts_on=TODAY, ends_on=TODAY, session=None, reason="发烧",
            photo=None, by=trainee, now=NOW,
        )  # fmt: skip
        db.session.commit()
        return leave.id


def signed_in(doorway, page, person, url):
    (cookie,) = doorway.world.signed_in(person)._cookies.values()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
    return page


def test_mentor_by_link_on_a_phone(doorway, open_page, live_server):
    open_the_last_evaluation(doorway)
    leave_id = ask_to_be_excused(doorway)
    first, second = (
        doorway.log(task="点检二号线"),
        doorway.log(task="校准治具", day=TODAY - timedelta(days=1)),
    )
    desk = signed_in(doorway, open_page(), doorway.coordinator, live_server.url)
    desk.goto(f"/programs/{doorway.program.id}/links")
    press(desk, "main a:has-text('发链接')")
    desk.locator("[name=mentor]").select_option(label=f"周建国 · {doorway.world.enterprise.short}")
    press(desk, "form[action$='/links'] button[type=submit]")
    address, code = desk.locator("#address").inner_text(), desk.locator("[data-code]").inner_text()
    assert code.replace(" ", "") not in desk.locator("#words").input_value()

    phone = open_page(phone=True)
    phone.goto(address)
    tidy(phone)
    press(phone, "main button[type=submit]")
    tidy(phone)
    phone.fill("[name=link_code]", "000000" if code != "000 000" else "111111")
    press(phone, "main form button[type=submit]")
    expect(phone.get_by_text("验证码不对").first).to_be_visible()
    tidy(phone)
    phone.fill("[name=link_code]", code)
    press(phone, "main form button[type=submit]")
    assert phone.url == f"{live_server.url}/"
    tidy(phone)

    press(phone, ".tabbar >> text=日志")
    phone.locator("[data-pick-all]").check()
    press(phone, ".bulkbar button[type=submit]")
    press(phone, ".savebar button[type=submit]")
    expect(phone.get_by_text("点检二号线")).to_have_count(0)
    tidy(phone)

    press(phone, ".tabbar >> text=待办")
    press(phone, ".due-title:has-text('请假')")
    tidy(phone)
    press(phone, "main button:has-text('准假'), main form.form button.btn-primary")

    press(phone, ".tabbar >> text=评价")
    press(phone, f"main a:has-text('{doorway.enrolment.name}')")
    tidy(phone)
    for criterion in phone.locator("fieldset.criterion").all():
        criterion.locator("input[value='4']").evaluate("one => one.click()")
    press(phone, ".savebar button.btn-primary")
    tidy(phone)

    stranger = open_page(phone=True)
    stranger.goto(address)
    press(stranger, "main button[type=submit]")
    stranger.fill("[name=link_code]", code)
    press(stranger, "main form button[type=submit]")
    expect(stranger.get_by_text("没有可用的验证码").first).to_be_visible()
    stranger.goto("/logs/to-sign")
    assert "/sign-in" in stranger.url

    press(desk, "a:has-text('查看链接')")
    tidy(desk)
    press(desk, "button:has-text('收回链接')")
    phone.goto("/")
    assert "/sign-in" in phone.url
    phone.goto(address)
    press(phone, "main button[type=submit]")
    expect(phone.get_by_text("链接已收回").first).to_be_visible()

    with doorway.world.inside() as session:
        assert session.get(Leave, leave_id).state is LeaveState.GRANTED
        (rating,) = session.query(Rating).filter_by(rater_id=doorway.mentor.id).all()
        assert rating.state is RatingState.SUBMITTED
        assert {session.get(PracticeLog, log.id).state for log in (first, second)} == {LogState.SIGNED}
