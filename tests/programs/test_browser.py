"""The pages of a programme in a real browser: what is missing on a phone, what is typed in tables."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.browsers import fits
from tests.factories import NOW, TODAY
from trainmgr.kernel.access import Role
from trainmgr.programs import dues, forwarding
from trainmgr.programs.models import ProgramStep
from trainmgr.programs.rules import Missing, State, Step
from trainmgr.programs.thread import refresh

pytestmark = pytest.mark.browser


@pytest.fixture
def sit_down(staff, world, live_server, open_page):
    """Open a browser in which the college's staff are signed in."""

    def open_for(**options):
        page = open_page(**options)
        cookie = world.signed_in(staff).get_cookie("trainmgr")
        page.context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": live_server.url}])
        return page

    return open_for


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_on_a_phone_people_are_reminded_without_moving_the_table(world, complete, sit_down, language):
    program, teacher = complete(state=State.RUNNING), world.user(Role.SCHOOL_TEACHER)
    with world.inside() as session:
        refresh(program.id, now=NOW)
        step = session.get_one(ProgramStep, (program.id, int(Step.PRACTICE)))
        lack = Missing("114 judgements at stage gates are open", State.EVALUATING, due_code=forwarding.SETUP)
        step.missing = [lack.to_document()]
        dues.put_many(
            forwarding.SETUP,
            [dues.Line(user_id=teacher.id, due_on=TODAY - timedelta(days=10))],
            program_id=program.id,
            visible_from=TODAY - timedelta(days=20),
        )
        session.commit()
    page = sit_down(phone=True, language=language)
    page.goto(f"/programs/{program.id}")
    button = page.locator("#missing button[name=code]").first
    box = button.bounding_box()
    assert box["x"] + box["width"] <= 390
    frame = page.locator("#missing .scroll")
    assert frame.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.locator("#missing .only-phone .say-bad").count() == 1


def test_names_are_typed_from_the_left_and_figures_from_the_right(complete, sit_down):
    program = complete()
    page = sit_down()
    page.goto(f"/programs/{program.id}/setup/revenue")
    aligned = "e => getComputedStyle(e).textAlign"
    assert page.locator("#label-1").evaluate(aligned) in ("start", "left")
    assert page.locator("#percent-1").evaluate(aligned) in ("end", "right")


@pytest.mark.parametrize("phone", [False, True])
def test_the_stages_of_a_pathway_can_be_read_while_they_are_edited(sit_down, staff, world, phone):
    copied = world.signed_in(staff).post("/pathways/eight-stage/copies", data={"name": "试用模式"})
    page = sit_down(phone=phone)
    page.goto(copied.location)
    assert page.get_by_label("模式名称").input_value() == "试用模式"
    venue, name = page.locator("[name=stages-0-venue]"), page.locator("[name=stages-0-name]")
    assert venue.bounding_box()["width"] >= 100
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth")
    fits(page)
