"""Every page that staff, a mentor and a trainee can open: axe finds nothing, and nothing is wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import url_for

from tests.browsers import DESK, PHONE, sticking_out
from tests.factories import World
from tests.populated import Populated
from trainmgr.kernel.access import Permission, Role, mark_of, permissions_of

pytestmark = pytest.mark.browser

# Fragments, files and redirects: what a browser shows as a page is swept.
NO_PAGE = (
    "static", "health.", "api.", "download_", "export_", "print_task_sheets", "print_judge", "_photo", "_picture",
    "list_choices", "find_organizations", "revenue_sum", "preview_checks", "show_import_box",
    "show_sign_in", "show_first_password",
)  # fmt: skip

# A fault as one line; the rest of axe's answer is not carried over to Python.
AXE = """options => axe.run(document, {resultTypes: ["violations"], ...options}).then(found =>
    found.violations.flatMap(one => one.nodes.map(node => `${one.id} ${node.target.join(" ")}`)))"""
# Between schemes and widths of one page these can differ.
BY_COLOUR = {"runOnly": ["color-contrast"]}


def addresses(app: Any, made: Populated, role: Role) -> Iterator[tuple[str, bool]]:
    """Yield the address of every page that a role may open by the table of grants, and whether staff may not."""
    granted, of_staff = permissions_of([role]), permissions_of([Role.STAFF])
    with app.test_request_context():
        for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
            mark = mark_of(app.view_functions[rule.endpoint])
            if "GET" not in (rule.methods or ()) or any(word in rule.endpoint for word in NO_PAGE):
                continue
            if isinstance(mark, Permission) and mark in granted:
                values = {name: made.argument(rule.endpoint, name) for name in rule.arguments}
                yield url_for(rule.endpoint, **values), mark not in of_staff


@pytest.fixture
def sweep(open_page, made, put_back):
    """Open pages of a role in a language and say what `look` finds wrong on them; returns (faults, pages).

    Of several parts, each has every so-manieth page, so that workers share them evenly.
    """
    app = put_back()

    def through(role: Role, language: str, look: Any, part: int, parts: int) -> tuple[list[str], int]:
        (cookie,) = World(app).signed_in(made.people[role])._cookies.values()
        page = open_page(language=language, reduced_motion="reduce")  # no colour halfway to another
        if look is not as_wide_as_the_window:
            page.context.add_init_script(AXE_SCRIPT)
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}]
        )
        faults, swept = [], 0
        for address, own in list(addresses(app, made, role))[part::parts]:
            answer = page.goto(address)
            if answer.status in (403, 404, 409):
                continue
            assert answer.status < 400, f"{address}: {answer.status}"
            swept += 1
            faults += [f"{address}: {fault}" for fault in look(page, first=swept % 2, own=own)]
        return faults, swept

    return through


def shown(page: Any, size: dict[str, int], scheme: str) -> list[str]:
    """Give the open page another size and scheme; returns whether it is wider than the window."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("width => innerWidth === width", arg=size["width"])
    return [f"{', '.join(found)} at {size['width']}"] if (found := sticking_out(page, size["width"])) else []


# A page is looked at in two ways, and the next one begins as the last one ended: it need not be laid out anew.
DESK_LIGHT, PHONE_LIGHT, PHONE_DARK = (DESK, "light"), (PHONE, "light"), (PHONE, "dark")


def as_at_a_desk_and_on_a_phone(page: Any, first: int = 0, own: bool = False) -> list[str]:
    """Look at a page in both schemes and both widths: for everything in one, the next page's other, and for colours."""
    one, other = [DESK_LIGHT, PHONE_DARK][:: -1 if first else 1]
    faults = shown(page, *one) + page.evaluate(AXE, {})
    return faults + shown(page, *other) + page.evaluate(AXE, BY_COLOUR)


def as_on_a_phone(page: Any, first: int = 0, own: bool = True) -> list[str]:
    """Look at a page on a phone, in both schemes where staff have none from the same template."""
    one, other = [PHONE_LIGHT, PHONE_DARK][:: -1 if first else 1]
    faults = shown(page, *one) + page.evaluate(AXE, {})
    return faults + (shown(page, *other) + page.evaluate(AXE, BY_COLOUR) if own else [])


def as_wide_as_the_window(page: Any, first: int = 0, own: bool = False) -> list[str]:
    """Look only at a page's width."""
    one, other = [DESK_LIGHT, PHONE_LIGHT][:: -1 if first else 1]
    return shown(page, *one) + shown(page, *other)


# Who looks in which language at what, at how many pages at least, shared out in how many parts.
SWEEPS = [
    (Role.STAFF, "zh-CN", as_at_a_desk_and_on_a_phone, 80, 8),
    (Role.STAFF, "en-GB", as_wide_as_the_window, 80, 4),
    (Role.ENTERPRISE_MENTOR, "zh-CN", as_on_a_phone, 20, 2),
    (Role.TRAINEE, "en-GB", as_on_a_phone, 20, 2),
]


@pytest.mark.parametrize(
    ("role", "language", "look", "least", "part", "parts"),
    [
        pytest.param(role, language, look, least // parts, part, parts, id=f"{role}-{language}-{part}")
        for role, language, look, least, parts in SWEEPS
        for part in range(parts)
    ],
)
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_its_window(
    sweep, role, language, look, least, part, parts
):
    faults, swept = sweep(role, language, look, part, parts)

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
    assert any("wide, p#wide" in fault and fault.endswith("at 390") for fault in faults)
