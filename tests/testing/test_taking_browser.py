"""What a person does who takes a test, on a phone and on a desk, in a real browser; and what happens to the network."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits
from tests.factories import NOW
from tests.testing.conftest import MINUTES, RIGHT
from trainmgr.kernel.db import db
from trainmgr.testing.models import Answer, Attempt, Sitting
from trainmgr.testing.rules import ON_THE_WAY, AttemptEnd

pytestmark = pytest.mark.browser

SOON, EVERY = 2_500, 20_500
LONG = timedelta(minutes=5)


@pytest.fixture
def server(app, clock):
    """The server's clock stands, however long a busy machine takes; `move` sets it forward."""
    moved = [timedelta(0)]

    def move(delta):
        moved[0] += delta

    app.config["CLOCK"] = lambda: NOW + moved[0]
    return SimpleNamespace(move=move)


@pytest.fixture
def opened(open_page, live_server, signed_in, exam, server):
    """Open the test of a trainee of the present sitting; the page's clock stands until it is set forward."""

    def open_for(place=0, tail="", *, steady=True, **options):
        page = open_page(**options)
        if steady:
            page.clock.install(time=NOW)
            page.clock.pause_at(NOW + timedelta(seconds=1))
        cookie = signed_in(exam.trainees[place]).get_cookie("trainmgr")
        page.context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": live_server.url}])
        page.goto(exam.taking(place, tail))
        return page

    return open_for


def start(page):
    with page.expect_navigation():
        page.get_by_role("button", name="开始作答").click()
    expect(page.locator("form[data-taking]")).to_be_visible()


def part(page, exam, name):
    return page.locator(f"#i-{exam.items[name]}")


def answer(page, exam, name, value):
    where = part(page, exam, name)
    if isinstance(value, list):
        for place in value:
            where.locator(f"input[value='{place}']").check()
    elif isinstance(value, bool):
        where.locator(f"input[value='{str(value).lower()}']").check()
    else:
        where.locator("input:not([type=hidden]), textarea").fill(value)


def save(page, after=SOON):
    """Let the time pass after which the page saves by itself, and wait until it has read the answer."""
    with page.expect_response(re.compile("/answers$")) as kept:
        page.clock.fast_forward(after)
    expect(page.locator("[data-state]")).not_to_contain_text("正在保存")
    return kept.value


def save_in_vain(page):
    """Let the time pass after which the page saves by itself, where no answer of it arrives."""
    page.clock.fast_forward(SOON)
    expect(page.locator("[data-state]")).to_contain_text("没有网络")


def stored(exam, place=0):
    names = {key: name for name, key in exam.items.items()}
    with exam.world.inside():
        rows = db.session.execute(
            sa.select(Answer.item_id, Answer.value)
            .join(Attempt, Attempt.id == Answer.attempt_id)
            .where(Attempt.participant_id == exam.participants[place], Answer.sequence > 0)
        ).all()
        return {names[item]: value for item, value in rows}


def the_attempt(exam, place=0):
    with exam.world.inside():
        row = db.session.scalar(sa.select(Attempt).where(Attempt.participant_id == exam.participants[place]))
        db.session.expunge_all()
        return row


def kept_here(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('taking:')).length")


def test_answers_are_saved_as_one_goes_and_the_test_goes_on_on_another_device(exam, opened):
    exam.sitting(people=1)
    page = opened()
    start(page)
    answer(page, exam, "first", [0])
    assert kept_here(page) == 1
    assert save(page).status == 200
    expect(page.locator("[data-state]")).to_contain_text("已保存")
    assert stored(exam) == {"first": [0]}
    assert kept_here(page) == 0

    answer(page, exam, "several", [0, 1])
    answer(page, exam, "number", "42.5")
    assert save(page, EVERY).status == 200
    expect(page.locator("[data-tally]")).to_have_text("3 / 7")

    again = opened(phone=True)
    expect(part(again, exam, "several").locator("input:checked")).to_have_count(2)
    expect(part(again, exam, "number").locator("input[inputmode]")).to_have_value("42.5")
    expect(again.locator("[data-tally]")).to_have_text("3 / 7")
    assert stored(exam) == {"first": [0], "several": [0, 1], "number": "42.5"}


def test_what_is_answered_while_the_page_still_comes_in_is_saved_too(exam, opened, server):
    """On a slow line questions stand there before the script does."""
    exam.sitting(people=1)
    page, held = opened(steady=False, service_workers="block"), []
    page.route(re.compile(r"/taking\.js"), lambda route: held.append(route))
    with page.expect_request(re.compile(r"/taking\.js")):
        page.get_by_role("button", name="开始作答").click(no_wait_after=True)
    answer(page, exam, "first", [0])
    there = time.monotonic()
    page.wait_for_timeout(1_000)  # the line is slow
    slow = time.monotonic() - there
    server.move(LONG)  # it believes no page that says to be ahead of it

    held[0].continue_()

    expect(page.locator("[data-state]")).to_contain_text("已保存")
    assert stored(exam) == {"first": [0]}
    # The page's clock counts from the server's answer, not from the script's first line.
    with exam.world.inside():
        sequence = db.session.scalar(sa.select(Answer.sequence).where(Answer.sequence > 0))
    assert sequence > slow * 1000 * 0.9


def test_one_page_saves_at_most_every_twenty_seconds(exam, opened):
    exam.sitting(people=1)
    page = opened()
    start(page)
    sent = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/answers") else None)
    answer(page, exam, "first", [0])
    save(page)
    for second in range(9):
        answer(page, exam, "words", f"先断电{second}")
        page.clock.fast_forward(2_000)

    save(page, 3_000)

    assert len(sent) == 2
    assert stored(exam)["words"] == "先断电8"


def test_a_lost_connection_and_a_reload_lose_nothing(exam, opened):
    exam.sitting(people=1)
    page = opened()
    start(page)
    page.route("**/answers", lambda route: route.abort())
    answer(page, exam, "first", [2])
    answer(page, exam, "words", "先断电，再挂牌")
    save_in_vain(page)
    assert stored(exam) == {}

    page.reload()
    expect(part(page, exam, "first").locator("input[value='2']")).to_be_checked()
    expect(part(page, exam, "words").locator("textarea")).to_have_value("先断电，再挂牌")
    page.clock.fast_forward(100)
    expect(page.locator("[data-state]")).to_contain_text("没有网络")
    page.unroute("**/answers")
    with page.expect_response(re.compile("/answers$")):
        page.evaluate("window.dispatchEvent(new Event('online'))")

    expect(page.locator("[data-state]")).to_contain_text("已保存")
    assert stored(exam) == {"first": [2], "words": "先断电，再挂牌"}
    assert kept_here(page) == 0


def test_it_tries_again_by_itself(exam, opened):
    exam.sitting(people=1)
    page = opened()
    start(page)
    page.context.set_offline(True)
    answer(page, exam, "truth", True)
    save_in_vain(page)
    page.context.set_offline(False)  # the browser tells of it itself
    expect(page.locator("[data-state]")).to_contain_text("已保存")
    assert stored(exam) == {"truth": True}


def test_of_two_tabs_the_newer_answer_stands(exam, opened, server):
    exam.sitting(people=1)
    old = opened()
    start(old)
    new = opened()
    answer(old, exam, "first", [1])
    server.move(LONG)  # far longer than either page can lag behind the server's clock
    new.clock.fast_forward(LONG // timedelta(milliseconds=1))
    answer(new, exam, "first", [2])
    save(new)
    save(old)
    assert stored(exam) == {"first": [2]}

    with old.expect_navigation():
        old.get_by_role("button", name="交卷…").click()  # sends nothing old

    assert stored(exam) == {"first": [2]}


def test_the_page_locks_at_the_deadline_and_what_was_typed_by_then_counts(exam, opened, server):
    exam.sitting(people=1)
    page = opened()
    start(page)
    answer(page, exam, "first", [0])
    save(page)
    server.move(timedelta(minutes=MINUTES) - timedelta(seconds=1))
    page.clock.fast_forward(MINUTES * 60_000 - 1_000)
    expect(page.locator("[data-clock]")).to_have_text("00:01")
    answer(page, exam, "second", [0])
    server.move(timedelta(seconds=1))

    assert save(page, 1_000).status == 200  # earlier than it would by itself
    expect(part(page, exam, "second").locator("input").first).to_be_disabled()
    expect(page.locator("[data-note]")).to_contain_text("时间已到")
    assert stored(exam) == {"first": [0], "second": [0]}


def test_what_comes_too_late_is_refused_with_the_reason_and_kept_beside(exam, opened, server):
    exam.sitting(people=1)
    page = opened()
    start(page)
    page.route("**/answers", lambda route: route.abort())
    answer(page, exam, "first", [0])
    save_in_vain(page)
    server.move(timedelta(minutes=MINUTES) + ON_THE_WAY + timedelta(seconds=1))
    page.unroute("**/answers")
    with page.expect_response(re.compile("/answers$")) as refused:
        page.evaluate("window.dispatchEvent(new Event('online'))")

    assert refused.value.status == 409
    expect(page.locator("[data-note]")).to_contain_text("不计成绩")
    expect(part(page, exam, "first").locator("input").first).to_be_disabled()
    assert the_attempt(exam).end is AttemptEnd.TIMED_OUT
    with exam.world.inside():
        row = db.session.scalars(sa.select(Answer).where(Answer.late.is_not(None))).one()
        assert (row.value, row.late) == (None, [0])


def test_what_a_device_still_had_after_the_end_is_handed_over_once(exam, opened, server):
    exam.sitting(people=1)
    page = opened()
    start(page)
    page.route("**/answers", lambda route: route.abort())
    answer(page, exam, "truth", True)
    server.move(timedelta(minutes=MINUTES) + ON_THE_WAY + timedelta(seconds=1))
    page.unroute("**/answers")

    page.reload()

    expect(page.locator("[data-left-over]")).to_contain_text("1 题在结束后才送达")
    assert kept_here(page) == 0
    assert the_attempt(exam).end is AttemptEnd.TIMED_OUT


def test_a_page_that_was_locked_opens_again_when_the_end_has_moved(exam, opened, server):
    exam.sitting(people=1, closes_at=NOW + timedelta(minutes=10))
    page = opened()
    start(page)
    with exam.world.inside():
        sitting = db.session.get_one(Sitting, exam.sitting_id)
        sitting.closes_at += timedelta(minutes=10)
        db.session.scalars(sa.select(Attempt)).one().deadline_at += timedelta(minutes=10)
        db.session.commit()
    server.move(timedelta(minutes=10))

    with page.expect_response(re.compile("/answers$")):
        page.clock.fast_forward(10 * 60_000)

    expect(part(page, exam, "first").locator("input").first).to_be_enabled()
    expect(page.locator("[data-note]")).to_be_hidden()
    expect(page.locator("[data-clock]")).to_have_text("10:00")


def test_handing_in_sends_the_last_answer_asks_once_and_the_way_back_leads_nowhere(exam, opened):
    exam.sitting(people=1)
    page = opened()
    start(page)
    for name, value in RIGHT.items():
        if name != "words":
            answer(page, exam, name, value)
    page.get_by_role("button", name="交卷…").click()
    page.wait_for_url("**/hand-in")
    expect(page.locator("main")).to_contain_text("还有 1 题没有作答")
    expect(page.locator("main")).to_contain_text("题目 words")
    page.get_by_role("button", name="交卷，1 题未答").click()
    page.wait_for_url(f"**{exam.taking()}")
    expect(page.locator("main")).to_contain_text("已交卷")
    assert the_attempt(exam).points == 13

    page.go_back()

    expect(page.get_by_role("button", name="交卷")).to_have_count(0)
    expect(page).to_have_url(re.compile(f"{exam.taking()}$"))
    expect(page.locator("main")).to_contain_text("已交卷")
    expect(page.locator("form[data-taking]")).to_have_count(0)


def test_three_people_take_the_test_in_parallel(exam, opened):
    exam.sitting(people=3)
    pages = [opened(place, phone=place == 1) for place in range(3)]
    for page in pages:
        start(page)
    orders = {tuple(part.get_attribute("id") for part in page.locator("fieldset").all()) for page in pages}
    assert len(orders) > 1
    for name, value in RIGHT.items():
        for place, page in enumerate(pages):
            answer(
                page,
                exam,
                name,
                value if not isinstance(value, str) else f"{value}{'' if name == 'number' else place}",
            )
    for page in pages:
        page.get_by_role("button", name="交卷…").click()
        page.wait_for_url("**/hand-in")
    for page in reversed(pages):
        page.get_by_role("button", name="交卷").click()
        page.wait_for_url(re.compile(r"/tests/\d+$"))

    for place in range(3):
        assert stored(exam, place) == RIGHT | {"words": f"先断电{place}"}
        assert (the_attempt(exam, place).points, the_attempt(exam, place).waiting) == (13, 2)


def test_without_scripts_one_saves_by_the_button_and_stays(exam, opened):
    exam.sitting(people=1)
    page = opened(java_script_enabled=False, steady=False)
    page.get_by_role("button", name="开始作答").click()
    for name, value in RIGHT.items():
        answer(page, exam, name, value)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("已保存")
    assert stored(exam) == RIGHT
    page.get_by_role("button", name="交卷…").click()
    page.get_by_role("button", name="交卷").click()
    expect(page.locator("main")).to_contain_text("已交卷")
    assert the_attempt(exam).end is AttemptEnd.HANDED_IN


def test_a_thumb_finds_every_answer_and_axe_finds_nothing(exam, opened):
    exam.sitting(people=1)
    page = opened(phone=True, steady=False)  # axe waits by the page's clock
    assert Axe().run(page).violations_count == 0
    start(page)

    heights = [label.bounding_box()["height"] for label in page.locator("fieldset label").all()]
    assert min(heights) >= 44, heights
    fits(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="交卷…").click()
    page.wait_for_url("**/hand-in")
    assert Axe().run(page).violations_count == 0
