"""A trainee's phone without a network: the log is written, waits with its photo, and is sent once."""

import pytest
from playwright.sync_api import expect

from trainmgr.kernel.access import Role
from trainmgr.practice.models import LogPhoto, LogState, PracticeLog

pytestmark = [pytest.mark.browser, pytest.mark.once]

WAITING = "[data-waiting-list] > li"


@pytest.fixture
def phone(place, open_page, live_server):
    """A phone on which the trainee is signed in and the app has been opened once, so that its worker is there."""
    page = open_page(phone=True)
    (cookie,) = place.browser(place.trainee)._cookies.values()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto("/logs")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto("/logs/new")
    assert page.evaluate("Boolean(navigator.serviceWorker.controller)")
    return page


def write(phone, task, photo=None):
    expect(phone.locator("form[data-offline=ready]")).to_have_count(1)
    phone.fill("#task", task)
    phone.fill("#learned", "地下车间里没有信号。")
    phone.check("[name=competencies]", force=True)
    if photo:
        phone.set_input_files(
            "[data-photos]", {"name": "line.jpg", "mimeType": "image/jpeg", "buffer": photo.read()}
        )


def hand_in(phone):
    phone.click(".savebar .btn-primary")


def test_a_log_with_a_photo_written_without_a_network_is_sent_once_when_there_is_one(place, phone, photo):
    phone.context.set_offline(True)
    phone.goto("/logs/new")
    write(phone, "没有网络时写的日志", photo())
    hand_in(phone)

    expect(phone.locator("[data-kept-notice]")).to_be_visible()
    expect(phone.locator(WAITING)).to_have_count(1)
    expect(phone.locator(WAITING)).to_contain_text("没有网络时写的日志")
    assert place.all(PracticeLog) == []

    phone.context.set_offline(False)
    expect(phone.locator("[data-waiting-none]")).to_be_visible()
    (log,) = place.all(PracticeLog)
    assert (log.task, log.state) == ("没有网络时写的日志", LogState.SUBMITTED)
    assert len(place.all(LogPhoto, log_id=log.id)) == 1


def test_a_log_whose_answer_was_lost_on_the_way_is_there_once(place, phone, live_server):
    """The server wrote it, the phone never heard: it sends the log again under the same key."""
    write(phone, "回执丢了的日志")
    phone.context.route("**/logs", lambda route: (route.fetch(max_redirects=0), route.abort()))
    hand_in(phone)
    expect(phone.locator(WAITING)).to_have_count(1)
    assert len(place.all(PracticeLog)) == 1

    phone.context.unroute_all(behavior="wait")
    phone.click("[data-send-waiting]")
    expect(phone.locator("[data-waiting-none]")).to_be_visible()
    assert len(place.all(PracticeLog)) == 1


def test_a_log_that_says_something_else_than_the_server_has_is_shown_beside_it_and_not_sent_over_it(
    place, phone
):
    """The same form, handed in from this page and, with other words, from a copy of it without a network."""
    write(phone, "先交上去的那篇")
    key = phone.input_value("[name=client_key]")
    hand_in(phone)
    phone.wait_for_url("**/logs?program=*")

    phone.context.set_offline(True)
    phone.goto("/logs/new")
    write(phone, "断网后又写的另一篇")
    phone.evaluate("key => { document.querySelector('[name=client_key]').value = key; }", key)
    hand_in(phone)
    expect(phone.locator("[data-kept-notice]")).to_be_visible()
    phone.context.set_offline(False)

    both = phone.locator("[data-slot=both]")
    expect(both).to_be_visible()
    expect(both.locator("[data-slot=theirs]")).to_contain_text("先交上去的那篇")
    expect(both.locator("[data-slot=ours]")).to_contain_text("断网后又写的另一篇")
    assert [log.task for log in place.all(PracticeLog)] == ["先交上去的那篇"]

    drop = phone.locator("[data-slot=drop]")
    asked = drop.inner_text()
    drop.click()
    expect(drop).not_to_have_text(asked)  # it asks whether one is sure
    drop.click()
    expect(phone.locator("[data-waiting-none]")).to_be_visible()


def test_going_back_to_the_answer_of_a_log_sends_nothing_and_keeps_nothing_here(place, phone):
    write(phone, "改好后提交的日志")
    phone.fill("#hours", "30")
    hand_in(phone)
    expect(phone.locator("#hours")).to_have_value("30")
    phone.fill("#hours", "2")
    hand_in(phone)
    phone.wait_for_url("**/logs?*")

    phone.go_back()

    phone.wait_for_url("**/logs/new")
    phone.goto("/waiting")
    expect(phone.locator("[data-waiting-none]")).to_be_visible()
    assert [(log.minutes, log.state) for log in place.all(PracticeLog)] == [(120, LogState.SUBMITTED)]


def test_a_log_that_is_not_taken_says_why_and_is_mended(place, phone, photo):
    phone.context.set_offline(True)
    phone.goto("/logs/new")
    write(phone, "没有写体会", photo())
    phone.fill("#learned", "")
    hand_in(phone)
    phone.context.set_offline(False)

    expect(phone.locator("[data-slot=why]")).not_to_be_empty()
    phone.locator("[data-slot=mend]").click()
    phone.wait_for_url("**/edit")
    phone.fill("#learned", "补写的体会。")
    hand_in(phone)
    phone.wait_for_url("**/logs?program=*")
    (log,) = place.all(PracticeLog)
    assert (log.state, len(place.all(LogPhoto, log_id=log.id))) == (LogState.SUBMITTED, 1)
    phone.goto("/waiting")
    expect(phone.locator("[data-waiting-none]")).to_be_visible()


def test_somebody_else_on_the_same_phone_sees_that_something_waits_but_not_what(place, phone, live_server):
    phone.context.set_offline(True)
    phone.goto("/logs/new")
    write(phone, "只给自己看的日志")
    hand_in(phone)
    expect(phone.locator("[data-kept-notice]")).to_be_visible()

    other = place.world.user(Role.TRAINEE)
    (cookie,) = place.browser(other)._cookies.values()
    phone.context.clear_cookies()
    phone.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    phone.context.set_offline(False)
    phone.goto("/logs")
    phone.goto("/waiting")

    expect(phone.locator("[data-waiting-note]")).to_contain_text("1")
    expect(phone.locator(WAITING)).to_have_count(0)
    assert place.all(PracticeLog) == []


# The size of the chosen picture once it is small; after a minute whatever it is.
SIZE_ONCE_SMALL = """async (input) => {
    for (let turn = 0; ; turn += 1) {
        const picture = await createImageBitmap(input.files[0]);
        if (picture.width === 1600 || turn === 600) return [picture.width, picture.height];
        await new Promise((go) => setTimeout(go, 100));
    }
}"""


def test_a_large_photo_is_made_small_on_the_phone_before_it_is_sent(phone, photo):
    phone.set_input_files(
        "[data-photos]",
        {"name": "line.jpg", "mimeType": "image/jpeg", "buffer": photo(size=(4000, 3000)).read()},
    )

    size = phone.locator("[data-photos]").evaluate(SIZE_ONCE_SMALL)
    assert size == [1600, 1200]
    text = phone.locator("[data-photos]").evaluate("input => input.files[0].text()")
    assert "SECRET CAMERA" not in text
