"""Every page that staff, a mentor and a trainee can open: axe finds nothing, and nothing is wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import url_for

from tests.browsers import DESK, PHONE
from tests.factories import NOW
from tests.populated import Populated, populate
from trainmgr.kernel.access import Permission, Role, mark_of, permissions_of

pytestmark = pytest.mark.browser

# Fragments, files and redirects: what a browser shows as a page is swept.
NO_PAGE = (
    "static", "health.", "download_", "export_", "print_task_sheets", "_photo", "list_choices", "find_organizations",
    "revenue_sum", "preview_checks", "show_import_box", "show_sign_in", "show_first_password",
)  # fmt: skip

# A fault as one line; the rest of axe's answer is not carried over to Python.
AXE = """options => axe.run(document, {resultTypes: ["violations"], ...options}).then(found =>
    found.violations.flatMap(one => one.nodes.map(node => `${one.id} ${node.target.join(" ")}`)))"""
# Between schemes and widths of one page these can differ.
BY_COLOUR = {"runOnly": ["color-contrast"]}


def addresses(app: Any, made: Populated, role: Role) -> Iterator[str]:
    """Yield the address of every page that a role may open by the table of grants."""
    granted = permissions_of([role])
    with app.test_request_context():
        for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
            mark = mark_of(app.view_functions[rule.endpoint])
            if "GET" not in (rule.methods or ()) or any(word in rule.endpoint for word in NO_PAGE):
                continue
            if isinstance(mark, Permission) and mark in granted:
                yield url_for(
                    rule.endpoint, **{name: made.argument(rule.endpoint, name) for name in rule.arguments}
                )


@pytest.fixture
def sweep(app, world, open_page):
    """Open every page of a role in a language and say what `look` finds wrong on it; returns (faults, pages)."""
    app.config["CLOCK"] = lambda: NOW
    made = populate(world)

    def through(role: Role, language: str, look: Any) -> tuple[list[str], int]:
        (cookie,) = world.signed_in(made.people[role])._cookies.values()
        page = open_page(language=language, reduced_motion="reduce")  # no colour halfway to another
        page.context.add_init_script(AXE_SCRIPT)
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}]
        )
        faults, swept = [], 0
        for address in addresses(app, made, role):
            answer = page.goto(address)
            if answer.status in (403, 404, 409):
                continue
            assert answer.status < 400, f"{address}: {answer.status}"
            swept += 1
            faults += [f"{address}: {fault}" for fault in look(page)]
        return faults, swept

    return through


def shown(page: Any, size: dict[str, int], scheme: str) -> list[str]:
    """Give the open page another size and scheme; returns whether it is wider than the window."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"{width} wide at {size['width']}"] if width > size["width"] else []


def as_at_a_desk_and_on_a_phone(page: Any) -> list[str]:
    """Look at a page in both schemes and both widths."""
    faults = shown(page, DESK, "light") + page.evaluate(AXE, {})
    return faults + shown(page, PHONE, "dark") + page.evaluate(AXE, {})


def as_on_a_phone(page: Any) -> list[str]:
    """Look at a page on a phone in both schemes."""
    faults = shown(page, PHONE, "light") + page.evaluate(AXE, {})
    return faults + shown(page, PHONE, "dark") + page.evaluate(AXE, BY_COLOUR)


def as_wide_as_the_window(page: Any) -> list[str]:
    """Look only at a page's width."""
    return shown(page, DESK, "light") + shown(page, PHONE, "light")


@pytest.mark.parametrize(
    ("role", "language", "look", "least"),
    [
        (Role.STAFF, "zh-CN", as_at_a_desk_and_on_a_phone, 80),
        (Role.STAFF, "en-GB", as_wide_as_the_window, 80),
        (Role.ENTERPRISE_MENTOR, "zh-CN", as_on_a_phone, 20),
        (Role.TRAINEE, "en-GB", as_on_a_phone, 20),
    ],
)
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_its_window(sweep, role, language, look, least):
    faults, swept = sweep(role, language, look)

    assert not faults, "\n".join(faults)
    assert swept >= least


def test_a_page_with_a_fault_is_found(open_page):
    page = open_page()
    page.context.add_init_script(AXE_SCRIPT)
    page.goto("/healthz")
    page.set_content(
        '<main><h1>Faults</h1><img src="/static/icon.svg"><p id="pale">too pale</p><p id="wide">too wide</p></main>'
    )
    page.evaluate("document.getElementById('pale').style.color = '#ddd'")
    page.evaluate("document.getElementById('wide').style.width = '400px'")

    faults = as_on_a_phone(page)

    assert {"image-alt img", "color-contrast #pale"} <= set(faults)
    assert any(fault.endswith("wide at 390") for fault in faults)
