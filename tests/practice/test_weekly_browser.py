"""A week on a phone: written with a photo, sent back, answered, written again, signed; a hint and a spot check."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.factories import NOW, TODAY
from trainmgr.kernel.access import Role
from trainmgr.practice import spots
from trainmgr.practice.log_models import LogHint, SpotCheck, SpotResult
from trainmgr.practice.models import LogPhoto, LogState, PracticeLog

pytestmark = [pytest.mark.browser, pytest.mark.once]

TEXT = "这周在二号线做盖板玻璃外观检测，先看照明再动治具，崩边多在下料口，调整夹爪后减少，记录了十片样品的间隙数值。"


@pytest.fixture
def open_as(weekly, open_page, live_server):
    """Open a browser in which somebody is signed in."""

    def opened(person, *, phone=True):
        page = open_page(phone=phone)
        (cookie,) = weekly.browser(person)._cookies.values()
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return opened


def write_week(page, photo, text=TEXT):
    page.fill("#hours_1", "8")
    page.fill("#hours_2", "7.5")
    page.fill("#task", "盖板外观检测")
    page.check("[name=competencies]", force=True)
    page.locator("#learned").press_sequentially(text[:12])
    page.fill("#learned", text)
    if photo:
        page.set_input_files(
            "#photos", {"name": "line.jpg", "mimeType": "image/jpeg", "buffer": photo.read()}
        )


def test_a_weeks_log_from_the_phone_to_the_signature(weekly, open_as, photo):
    other = weekly.world.user(Role.TRAINEE)
    weekly.world.enrolment(weekly.program, user=other, teacher=weekly.teacher, mentor=weekly.mentor)
    monday = TODAY - timedelta(days=TODAY.weekday())
    weekly.browser(other).post("/logs", data=weekly.typed_week(monday, {1: "8"}, learned=TEXT))

    trainee = open_as(weekly.trainee)
    trainee.goto("/logs/new")
    trainee.select_option("#day", monday.isoformat())
    write_week(trainee, photo())
    trainee.click(".savebar .btn-primary")
    trainee.wait_for_url("**/logs?program=*")
    log = weekly.all(PracticeLog, enrolment_id=weekly.enrolment.id)[0]
    assert (log.minutes, log.until, log.typed_signs) == (930, monday + timedelta(days=1), len(TEXT))
    assert len(weekly.all(LogPhoto, log_id=log.id)) == 1

    mentor = open_as(weekly.mentor)
    mentor.goto("/logs/to-sign")
    mentor.goto(f"/logs/{log.id}")
    expect(mentor.locator("[aria-labelledby=hints-h]")).to_contain_text(other.name)
    mentor.fill("#comment", "补上间隙的数值")
    with mentor.expect_navigation():
        mentor.click(f"form[action='/logs/{log.id}/return'] button")

    trainee.goto(f"/logs/{log.id}")
    trainee.fill("#text", "哪几片样品？")
    trainee.click(f"form[action='/logs/{log.id}/comments'] button")
    trainee.wait_for_selector(".talk >> text=哪几片样品？")

    mentor.goto("/logs/unread")
    with mentor.expect_response(f"**/logs/{log.id}/seen"):  # the page says so by itself
        mentor.click("ul.logs a")
    mentor.wait_for_selector(".talk >> text=哪几片样品？")
    mentor.goto("/logs/unread")
    expect(mentor.locator("ul.logs li")).to_have_count(0)

    trainee.goto(f"/logs/{log.id}/edit")
    trainee.fill("#learned", TEXT + "第三片 0.12 毫米。")
    trainee.click(".savebar .btn-primary")
    trainee.wait_for_url("**/logs?program=*")

    mentor.goto("/logs/to-sign")
    for box in mentor.locator("[data-pick]").all():
        box.check(force=True)
    with mentor.expect_navigation():
        mentor.click("form[data-picks] button[type=submit]")
    with mentor.expect_navigation():
        mentor.click("form[action='/logs/to-sign'] .btn-primary")
    states = [one.state for one in weekly.all(PracticeLog, enrolment_id=weekly.enrolment.id)]
    assert states == [LogState.REPLACED, LogState.SIGNED]
    assert all(hint.dismissed_at is None for hint in weekly.all(LogHint))  # a hint decides nothing

    with weekly.world.inside() as session:
        assert list(spots.turn(NOW + timedelta(days=5))) == [1]  # the Wednesday after
        session.commit()
    mentor.goto("/logs/spot-checks")
    mentor.click("table.ledger tbody th a")
    mentor.check("[name=result][value=confirmed]", force=True)
    mentor.click(".savebar .btn-primary")
    mentor.wait_for_url("**/logs/spot-checks")
    assert [check.result for check in weekly.all(SpotCheck)] == [SpotResult.CONFIRMED]
