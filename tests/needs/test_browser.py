"""What a person does on the pages of needs, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.needs.test_signing import sign

pytestmark = pytest.mark.browser


def sign_in(page, client, server):
    """Give the browser the sign-in of a test client."""
    cookie = client.get_cookie("trainmgr")
    page.context.add_cookies([{"name": "trainmgr", "value": cookie.value, "url": server.url}])


def test_a_competency_moves_without_the_page_being_left(ready, signed_in, open_page, live_server):
    page = open_page()
    sign_in(page, signed_in(ready.staff), live_server)
    page.goto(f"/programs/{ready.program.id}/needs/edit")
    page.evaluate("window.stayed = true")
    names = page.locator("#competencies tbody th")
    expect(names).to_have_text(["故障诊断", "读图"], use_inner_text=True)

    with page.expect_response("**/needs/edit"):
        page.locator("#competencies tbody tr").first.get_by_role("button").nth(1).click()
    expect(names).to_have_text(["读图", "故障诊断"], use_inner_text=True)
    assert page.evaluate("window.stayed")


def test_the_coordinator_reads_signs_and_sees_it_frozen(ready, signed_in, open_page, live_server):
    sign(signed_in(ready.staff), ready.program, "college")
    page = open_page(phone=True)
    sign_in(page, signed_in(ready.coordinator), live_server)
    page.goto(f"/programs/{ready.program.id}/needs")
    page.locator(f"a[href='/programs/{ready.program.id}/needs/sign']").click()
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/programs/{ready.program.id}/needs")
    expect(page.locator(".pill.is-frozen")).to_have_count(2)
    expect(page.locator("main form")).to_have_count(0)
