"""The remedial loop as people walk it: a gate is missed, two tasks, done on a phone, checked, passed, and it shows."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browsers import fits
from tests.factories import TODAY
from trainmgr.practice.gate_models import RemedialTask
from trainmgr.practice.models import GateDecision, GateOutcome, LogState

pytestmark = [pytest.mark.browser, pytest.mark.once]

LATER = (TODAY + timedelta(days=9)).isoformat()


@pytest.fixture
def opened(place, open_page, live_server):
    """Open a window or a phone in which somebody is signed in."""

    def open_for(person, *, phone=False):
        page = open_page(phone=phone)
        (cookie,) = place.browser(person)._cookies.values()
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return open_for


def test_a_missed_gate_leads_over_two_tasks_to_the_second_attempt(place, opened):
    base = f"/programs/{place.program.id}"
    gate = f"{base}/practice/{place.enrolment.id}/gates/1"
    place.browser(place.staff).post(
        f"{base}/conditions/1/hours",
        data={"limit": "10", "valid_from": TODAY.isoformat(), "reason": "联席会定"},
    )
    place.log(stage_number=1, state=LogState.SIGNED, minutes=450)

    # The teacher sees what is missing beside the form, and sets two tasks.
    desk = opened(place.teacher)
    desk.goto(gate)
    expect(desk.locator("aside")).to_contain_text("还差 2.5 学时")
    desk.check("[name=outcome][value=remedial]", force=True)
    desk.fill("[name=tasks-0-what]", "补 2.5 学时的间隙测量")
    desk.fill("[name=tasks-0-due_on]", LATER)
    desk.get_by_text("补训计划任务 2").click()
    desk.fill("[name=tasks-1-what]", "写一篇实操记录")
    desk.fill("[name=tasks-1-due_on]", LATER)
    with desk.expect_navigation():
        desk.click(".savebar .btn-primary")

    # The trainee does both on a phone.
    phone = opened(place.trainee, phone=True)
    for task in place.all(RemedialTask):
        phone.goto(f"{base}/practice/{place.enrolment.id}")
        fits(phone)
        with phone.expect_navigation():
            phone.get_by_role("link", name=task.what).click()
        fits(phone)
        phone.fill("[name=text]", "对着标准片练了二十次。")
        phone.click(".savebar .btn-primary")
        phone.wait_for_url(f"**/practice/{place.enrolment.id}")
    expect(phone.locator(".points")).to_contain_text("已报告，待检查")

    # The mentor checks; then the gate is judged again. The hours are still short, so the pass says why.
    for task in place.all(RemedialTask):
        desk.goto(f"{base}/remedial")
        desk.get_by_role("link", name=task.what).click()
        desk.check("[name=found][value=yes]", force=True)
        desk.click(".savebar .btn-primary")
        desk.wait_for_url(f"**/practice/{place.enrolment.id}")
    place.log(stage_number=1, state=LogState.SIGNED, minutes=150)
    desk.goto(f"{base}/everyone?stage=1")
    expect(desk.locator("main")).to_contain_text("还有 1 人")
    desk.goto(gate)
    desk.check("[name=outcome][value=passed]", force=True)
    with desk.expect_navigation():
        desk.click(".savebar .btn-primary")

    first, second = place.all(GateDecision)
    assert [(one.attempt, one.outcome) for one in (first, second)] == [
        (1, GateOutcome.REMEDIAL),
        (2, GateOutcome.PASSED),
    ]
    assert second.waiver == ""
    desk.goto(f"{base}/everyone?stage=1")
    expect(desk.locator("main")).to_contain_text("这道门已人人通过")
