"""Mentors found in the browser: proposed, compared, moved by hand, approved; and chosen by both sides on phones."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.browsers import fits
from tests.factories import NOW, TODAY
from tests.mentoring.test_views import name, row, rows
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.mentoring.models import Assignment, Mentor, ProposedPair
from trainmgr.programs.rules import State

pytestmark = pytest.mark.browser


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


@pytest.fixture
def browser_of(world, open_page, live_server):
    """Return a function that opens a page for a person, at a desk or on a phone."""

    def open_for(person, *, phone=False):
        page = open_page(phone=phone)
        (cookie,) = world.signed_in(person)._cookies.values()
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return open_for


def press(page, selector):
    with page.expect_navigation():
        page.locator(selector).locator("visible=true").first.click()


def user_of(world, mentor_id):
    wanted = sa.select(User).join(Mentor, Mentor.user_id == User.id).where(Mentor.id == mentor_id)
    return row(world, wanted)


def test_a_class_is_assigned_compared_changed_by_hand_and_planned_anew_when_a_mentor_leaves(
    world, staff, program, browser_of
):
    people = [world.enrolment(program, field="数控") for _ in range(5)] + [
        world.enrolment(program, field="检测")
    ]
    named = [
        name(world, staff, program, capacity="4", fields=fields)
        for fields in ("数控", "数控, 检测", "检测, 数控")
    ]
    mentors = {one.mentor_id: user_of(world, one.mentor_id).name for one in named}
    desk = browser_of(world.user(Role.STAFF))
    desk.goto(f"/programs/{program.id}/mentors?side=enterprise")

    press(desk, ".actions form[action$='/proposals/enterprise'] button")  # computed at once for a class
    assert desk.locator("section:has(#pairs-h) tbody tr").count() == 6
    assert desk.locator("aside svg").count()  # the chart of loads
    line = desk.locator("section:has(#pairs-h) tbody tr").first.inner_text()
    assert "数控" in line or "检测" in line
    assert desk.locator("section:has(#pairs-h) tbody .reasons li").count() >= 6  # each pair says why
    press(desk, "form:has(input[value=even_loads]) button")  # a second way beside the first
    press(desk, "a[href*='/compare']")
    assert desk.locator("section:has(#sums-h) thead th").count() == 3  # measure, one way, the other

    desk.goto(f"/programs/{program.id}/proposals/enterprise?way=best_fit")
    pair = row(world, sa.select(ProposedPair).order_by(ProposedPair.id))
    press(desk, f"a[href$='/pairs/{pair.id}']")
    other = next(key for key in mentors if key != pair.mentor_id)
    price = desk.locator(f"tr:has(input[value='{other}']) td.num").first.inner_text().strip()
    assert price[0] in "+-0−"
    desk.locator(f"input[name=mentor][value='{other}']").check()
    press(desk, "main form[method=post] button[type=submit]")
    assert price in desk.locator(".notice").first.inner_text()  # what was seen is what it cost
    press(desk, "form[action$='/approve'] button")
    assert (
        row(world, sa.select(Assignment).where(Assignment.enrolment_id == pair.enrolment_id)).mentor_id
        == other
    )

    before = dict(rows(world, sa.select(Assignment.enrolment_id, Assignment.mentor_id)))
    leaver = next(one for one in named if one.mentor_id in before.values())
    desk.goto(f"/programs/{program.id}/mentors/{leaver.id}/leaving")
    desk.fill("[name=day]", TODAY.isoformat())
    desk.fill("[name=reason]", "离职")
    press(desk, "main form.form button[type=submit]")
    desk.goto(f"/programs/{program.id}/mentors?side=enterprise")
    press(desk, "form:has(input[value=fewest_changes]) button")
    stayed = sum(mentor != leaver.mentor_id for mentor in before.values())
    assert f"{stayed} " in desk.locator(".stats").inner_text()
    press(desk, "form[action$='/approve'] button")

    present = sa.select(Assignment.enrolment_id, Assignment.mentor_id).where(Assignment.ends_on.is_(None))
    after = dict(rows(world, present))
    assert set(after) == {one.id for one in people}
    assert leaver.mentor_id not in after.values()
    assert all(after[who] == mentor for who, mentor in before.items() if mentor != leaver.mentor_id)


def test_both_sides_choose_on_phones_and_who_is_left_goes_into_a_second_round(
    world, app, staff, program, browser_of
):
    trainees = [world.user(Role.TRAINEE) for _ in range(3)]
    enrolments = [world.enrolment(program, user=person) for person in trainees]
    one, two = [name(world, staff, program, capacity="1").mentor_id for _ in range(2)]
    desk = browser_of(world.user(Role.STAFF))

    def open_a_round(first):
        desk.goto(f"/programs/{program.id}/choices/enterprise/new")
        for field, days in (("opens_on", 0), ("trainees_until", 2), ("mentors_until", 5)):
            desk.fill(f"[name={field}]", (TODAY + timedelta(days=first + days)).isoformat())
        press(desk, "main form.form button[type=submit]")

    open_a_round(0)
    for person, wishes in zip(trainees, ((one, two), (one,), (two, one)), strict=True):
        phone = browser_of(person, phone=True)
        phone.goto("/")
        press(phone, ".due-title")  # the inbox leads to the list
        fits(phone)
        for place, mentor in enumerate(wishes, 1):
            phone.locator(f"#wish-{place}").select_option(str(mentor))
        press(phone, "main form.form button[type=submit]")
        assert phone.locator(".notice.is-ok").count()

    app.config["CLOCK"] = lambda: NOW + timedelta(days=3)
    for mentor, said in ((one, {0: "2", 1: "1", 2: "no"}), (two, {0: "1", 2: "2"})):
        phone = browser_of(user_of(world, mentor), phone=True)
        phone.goto("/")
        press(phone, ".due-title")
        fits(phone)
        for who, answer in said.items():
            phone.locator(f"#answer-{enrolments[who].id}").select_option(answer)
        press(phone, "main form.form button[type=submit]")
        assert phone.locator(".notice.is-ok").count()

    app.config["CLOCK"] = lambda: NOW + timedelta(days=6)
    desk.goto(f"/programs/{program.id}/choices/enterprise")
    press(desk, "form[action$='/match'] button")
    assert "稳定" in desk.locator("main").inner_text()
    press(desk, "form[action$='/approve'] button")
    pairs = dict(rows(world, sa.select(Assignment.enrolment_id, Assignment.mentor_id)))
    assert pairs == {enrolments[1].id: one, enrolments[0].id: two}

    name(world, staff, program, capacity="1")
    open_a_round(6)
    left = browser_of(trainees[2], phone=True)
    left.goto("/")
    press(left, ".due-title")
    assert "2" in left.locator(".lede").inner_text()  # round 2
    served = browser_of(trainees[0], phone=True)
    served.goto("/")
    assert served.locator(".due-title").count() == 0
