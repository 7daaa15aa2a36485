"""What a trainee does on a phone whose network comes and goes."""

import pytest
from playwright.sync_api import expect

from trainmgr.practice.models import LogState, PracticeLog

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(place, open_page, live_server):
    """A phone on which the trainee is signed in, in a private window: only the page keeps what is typed."""
    page = open_page(phone=True, service_workers="block")
    (cookie,) = place.browser(place.trainee)._cookies.values()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return page


def test_what_is_typed_without_a_network_is_there_again_and_is_handed_in_once(place, phone):
    phone.goto("/logs/new")
    phone.context.set_offline(True)
    phone.fill("#task", "断网时写的任务")
    phone.fill("#learned", "断网时写的体会")
    phone.check("[name=competencies]", force=True)
    phone.click(".savebar .btn-primary")
    phone.wait_for_selector(".saved.say-bad")
    assert place.all(PracticeLog) == []

    phone.context.set_offline(False)
    phone.goto("/logs/new")
    expect(phone.locator("#task")).to_have_value("断网时写的任务")
    expect(phone.locator("#learned")).to_have_value("断网时写的体会")
    phone.click(".savebar .btn-primary")
    phone.wait_for_url("**/logs?program=*")

    (log,) = place.all(PracticeLog)
    assert (log.state, log.task) == (LogState.SUBMITTED, "断网时写的任务")
    assert phone.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('kept:'))") == []
