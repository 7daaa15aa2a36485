"""A trainee's classes on a phone: what to do before, in and after class, by keyboard and by thumb."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import fits
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.lessons.models import LessonTick

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(lesson, open_page, live_server):
    """A phone on which a trainee of the class is signed in; the coming session has a finished plan."""
    lesson.finished()
    trainee = lesson.world.user(Role.TRAINEE)
    lesson.world.enrolment(lesson.program, user=trainee, cohort_id=lesson.cohort.id)
    page = open_page(phone=True)
    (cookie,) = lesson.world.signed_in(trainee)._cookies.values()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return page


def test_a_trainee_reads_the_three_parts_and_ticks_the_first_on_a_phone(lesson, phone):
    phone.goto("/")
    phone.click(".tabbar >> text=我的课")
    phone.wait_for_url("**/my-lessons")
    fits(phone)
    expect(phone.get_by_text("内容preparation")).to_be_visible()
    expect(phone.get_by_text("内容simulation")).to_be_hidden()  # in class: opened when wanted

    phone.click("summary:has-text('课中')")
    expect(phone.get_by_text("内容simulation")).to_be_visible()
    expect(phone.get_by_text("内容on_the_job")).to_be_visible()

    phone.focus("button:has-text('已完成课前任务')")
    phone.keyboard.press("Enter")
    phone.wait_for_selector("text=您已完成课前任务")
    with lesson.world.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(LessonTick)) == 1


def test_the_page_and_the_week_are_clean_for_axe(phone):
    for address in ("/my-lessons", "/my-timetable?week=2026-11-23"):
        phone.goto(address)
        found = Axe().run(phone).response["violations"]
        assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
