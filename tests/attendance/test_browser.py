"""The code goes from the teacher's screen to a trainee's phone, and is refused when it is old."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.attendance.conftest import Scene, at
from tests.browser.walking import Walker, accounts
from tests.timetable.conftest import make_plan
from trainmgr.attendance.rules import Mark
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State

pytestmark = pytest.mark.browser


@pytest.fixture
def people(world, app):
    """The class of the other tests, with accounts to sign in with."""
    person = accounts(world, app)
    college = world.college
    teacher = person(Role.SCHOOL_TEACHER, college, "chen", "陈老师")
    trainees = [
        person(Role.TRAINEE, college, f"trainee{number}", name)
        for number, name in enumerate(("彭浩然", "孙丽", "王小明"))
    ]
    program = world.program(State.RUNNING)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    cohort = world.cohort(program)
    enrolments = [
        world.enrolment(program, user=one, cohort_id=cohort.id, teacher=teacher, student_number=f"2026{n:03}")
        for n, one in enumerate(trainees)
    ]
    made = Scene(world, program, None, teacher, None, cohort, make_plan(world, program, teacher), None, trainees,
                 enrolments, now=at("09:51"))  # type: ignore[arg-type]  # fmt: skip
    app.config["CLOCK"] = lambda: made.now
    world.user(Role.STAFF)
    made.staff = teacher
    made.session = made.make_session()
    return made


def test_a_code_lets_in_who_is_there_and_not_who_gets_it_later(people, open_page, app):
    teacher = Walker(open_page, "chen").sign_in()
    teacher.go(people.register_url).press("form[action$='/open'] button")
    words = teacher.page.locator(".code-letters")
    address, code = urlsplit(words.get_attribute("data-address")), words.get_attribute("data-code")
    assert teacher.page.locator(".code-picture svg").bounding_box()["width"] > 200

    # A phone scans the picture: it opens the address and is let in without another tap.
    first = Walker(open_page, "trainee0", phone=True).sign_in()
    first.go(f"{address.path}?{address.query}")
    first.page.wait_for_url("**/my-attendance")
    first.sees("零件测量")
    assert people.standing() == {"彭浩然": Mark.PRESENT}

    # The screen shows another code in the next step, by itself, and how many are here.
    people.now += timedelta(seconds=20)
    teacher.page.wait_for_function(
        "old => document.querySelector('.code-letters').dataset.code !== old", arg=code
    )
    expect(teacher.page.locator(".code-screen .stat dd").first).to_have_text(re.compile(r"^\s*1\D+3"))

    # Who was sent the picture gets nothing from it.
    second = Walker(open_page, "trainee1", phone=True).sign_in()
    with second.page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        second.page.goto(f"{address.path}?{address.query}")
    assert sent.value.status == 409
    second.page.wait_for_selector(".notice.is-bad")
    assert people.standing() == {"彭浩然": Mark.PRESENT}

    # The letters on the screen now, typed, are fine.
    second.go("/my-attendance").fill(code=teacher.page.locator(".code-letters").inner_text().lower())
    second.press("form[action$='/my-attendance'] button")
    assert people.standing()["孙丽"] is Mark.PRESENT

    # The teacher notes the third by one tap too many and one key, and saves.
    teacher.go(people.register_url)
    mark = teacher.page.get_by_role("button", name=re.compile("王小明"))
    mark.click()
    mark.press("2")
    expect(mark).to_have_attribute("data-tone", "warn")
    mark.press("ArrowUp")
    expect(teacher.page.locator(".roll-mark:focus")).to_have_count(1)
    teacher.press(".savebar .btn-primary")
    assert people.standing()["王小明"] is Mark.LATE
