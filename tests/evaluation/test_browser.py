"""What a mentor does on a phone and staff on a desk, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browsers import fits
from trainmgr.evaluation.models import Rating, Result
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.kernel.db import db

pytestmark = pytest.mark.browser

E = Party.ENTERPRISE


@pytest.fixture
def opened(open_page, live_server, signed_in):
    """Open a page of somebody who is signed in."""

    def open_for(user, path, **options):
        page = open_page(**options)
        cookie = signed_in(user).get_cookie("trainmgr")
        page.context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": live_server.url}])
        page.goto(path)
        return page

    return open_for


def tap_all(page, mark, *, leave=0):
    questions = page.locator("fieldset.criterion")
    for number in range(questions.count() - leave):
        questions.nth(number).locator(f"input[value='{mark}']").check()


def draft_of(answers):
    """Know the response to a draft with so many answers."""

    def is_it(response):
        given = re.findall(r'name="c\d+"', response.request.post_data or "")
        return response.url.endswith("/draft") and len(given) == answers

    return is_it


def test_a_mentor_rates_with_one_thumb_and_goes_on_where_the_draft_was_left(stage, opened):
    page = opened(stage.mentor, f"/programs/{stage.program.id}/windows/{stage.window_id}/rate", phone=True)
    asked = page.locator("fieldset.criterion").count()
    with page.expect_response(
        draft_of(asked - 1)
    ) as kept:  # a slow hand sends drafts of fewer answers before
        tap_all(page, 4, leave=1)
    assert kept.value.status == 204
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"\S"))
    expect(page.locator("[data-answers-text]")).to_have_text(f"{asked - 1} / {asked}")

    again = opened(stage.mentor, stage.url(E), phone=True)
    expect(again.locator("fieldset.criterion input:checked")).to_have_count(asked - 1)
    again.locator("fieldset.criterion").last.locator("input[value='unseen']").check()
    again.locator(".savebar .btn-primary").click()
    again.wait_for_url(f"**{stage.url(E, 1)}")

    with stage.world.inside():
        [rating] = db.session.query(Rating).all()
        assert rating.state is RatingState.SUBMITTED
        assert rating.coverage < 1
        assert db.session.query(Result).count() == 1


def test_a_finger_finds_every_answer_of_the_form(stage, opened):
    page = opened(stage.mentor, stage.url(E), phone=True)

    boxes = [label.bounding_box() for label in page.locator(".scale label").all()]
    assert min(box["height"] for box in boxes) >= 44
    assert min(box["width"] for box in boxes) >= 44
    assert min(label.bounding_box()["height"] for label in page.locator(".unseen").all()) >= 44
    fits(page)


def test_an_unfinished_form_comes_back_at_what_is_missing(stage, opened):
    page = opened(stage.mentor, stage.url(E), phone=True)
    tap_all(page, 3, leave=2)
    page.locator(".savebar .btn-primary").click()
    expect(page.locator("fieldset.is-wrong")).to_have_count(2)
    expect(page.locator(".errors li")).to_have_count(2)
    page.locator(".errors a").first.click()
    expect(page.locator("fieldset.is-wrong").first).to_be_focused()


def test_answers_given_without_a_network_are_there_again_and_go_in_once(stage, opened):
    page = opened(stage.mentor, stage.url(E), phone=True)
    asked = page.locator("fieldset.criterion").count()
    page.context.set_offline(True)
    tap_all(page, 4)
    page.locator("#comment").fill("断网时写的")
    page.locator(".savebar .btn-primary").click()
    page.wait_for_selector(".saved.say-bad")

    page.context.set_offline(False)
    page.goto(stage.url(E))
    expect(page.locator("fieldset.criterion .is-on")).to_have_count(asked)
    expect(page.locator("[data-answers-text]")).to_have_text(f"{asked} / {asked}")
    expect(page.locator("#comment")).to_have_value("断网时写的")
    page.locator(".savebar .btn-primary").click()
    page.wait_for_url(f"**{stage.url(E, 1)}")

    with stage.world.inside():
        [rating] = db.session.query(Rating).all()
        assert (rating.state, rating.comment) == (RatingState.SUBMITTED, "断网时写的")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('kept:'))") == []


def test_a_correction_outlives_a_lost_network(stage, opened):
    stage.rate(E, 0, 4)
    with stage.world.inside():
        path = f"/ratings/given/{db.session.query(Rating.id).scalar()}/correction"
    page = opened(stage.mentor, path, phone=True)
    page.context.set_offline(True)
    page.fill("#reason", "看错了人")
    tap_all(page, 2)
    page.locator(".savebar .btn-primary").click()
    page.wait_for_selector(".saved.say-bad")

    page.context.set_offline(False)
    page.goto(path)
    expect(page.locator("#reason")).to_have_value("看错了人")
    page.locator(".savebar .btn-primary").click()
    page.wait_for_url("**/ratings/given/*")

    with stage.world.inside():
        [kept, correction] = db.session.query(Rating).order_by(Rating.id).all()
        assert (kept.state, correction.state) == (RatingState.CORRECTED, RatingState.SUBMITTED)
        assert correction.score < kept.score


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("phone", [True, False])
def test_the_pages_are_orderly(stage, opened, screenshot, language, phone):
    stage.rate(Party.TRAINEE, 0, 5)
    stage.rate(E, 0, 3)
    base = f"/programs/{stage.program.id}/evaluation"
    pages = {
        "evaluation": (stage.staff, base),
        "scheme": (stage.staff, base + "/scheme"),
        "trainee-result": (stage.staff, f"{base}/results/{stage.enrolments[0].id}"),
        "rate": (stage.mentor, stage.url(E, 1)),
    }
    for name, (who, path) in pages.items():
        page = opened(who, path, phone=phone, language=language)
        width = page.viewport_size["width"]
        fits(page)
        screenshot(page, f"{name}-{width}-{language[:2]}")


def row_kept(marks):
    """Know the response to a row's draft with so many marks."""

    def is_it(response):
        given = re.findall(r'name="r\d+c\d+"\r\n\r\n[0-5]', response.request.post_data or "")
        return response.url.endswith("/draft") and len(given) == marks

    return is_it


def test_a_class_is_rated_in_one_grid_by_keyboard_alone(stage, opened):
    page = opened(stage.mentor, f"/ratings/{stage.window_id}/grid/enterprise")
    row = page.locator(".rating-grid tbody tr").first
    asked = row.locator("input").count()
    row.locator("input").first.focus()
    expect(page.locator("[data-grid-hint]")).to_contain_text("1 ")
    with page.expect_response(row_kept(asked)) as kept:
        for _ in range(asked):
            page.keyboard.press("4")  # each digit moves on by itself
    assert kept.value.status == 204
    expect(row.locator("[data-row-saved]")).to_have_text(re.compile(r"\d\d:\d\d"))
    expect(row.locator("[data-progress]")).to_have_text(f"{asked} / {asked}")
    second = page.locator(".rating-grid tbody tr").nth(1).locator("input")
    expect(second.first).to_be_focused()
    page.keyboard.press("0")
    page.keyboard.press("x")
    page.keyboard.press("ArrowUp")
    expect(row.locator("input").nth(1)).to_be_focused()
    with page.expect_navigation():
        page.locator(".savebar .btn-primary").click()

    expect(page.locator(".say-bad").first).to_be_visible()
    expect(page.locator(".rating-grid input")).to_have_count(asked)
    with stage.world.inside():
        assert db.session.query(Rating).filter_by(state=RatingState.SUBMITTED).count() == 1
        assert db.session.query(Result).one().enterprise_score == pytest.approx(4)
