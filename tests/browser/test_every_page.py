"""Every page that staff, a mentor and a trainee can open: axe finds nothing, and nothing is wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import url_for

from tests.factories import NOW
from tests.populated import Populated, populate
from trainmgr.kernel.access import Permission, Role, mark_of, permissions_of

pytestmark = pytest.mark.browser

# Fragments, files and redirects: what a browser shows as a page is swept.
NO_PAGE = (
    "static", "health.", "download_", "export_", "_photo", "list_choices", "find_organizations", "revenue_sum",
    "preview_checks", "show_import_box", "show_sign_in", "show_first_password",
)  # fmt: skip
ARGUMENTS = {"programs.find_organizations": {"name": "enterprise"}}


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


@pytest.mark.parametrize(
    ("role", "width", "scheme", "language"),
    [
        (Role.STAFF, 1280, "light", "zh-CN"),
        (Role.STAFF, 390, "dark", "en-GB"),
        (Role.ENTERPRISE_MENTOR, 390, "light", "zh-CN"),
        (Role.TRAINEE, 390, "light", "zh-CN"),
    ],
)
def test_axe_finds_nothing_on_any_page(app, world, open_page, role, width, scheme, language):
    app.config["CLOCK"] = lambda: NOW
    made = populate(world)
    (cookie,) = world.signed_in(made.people[role])._cookies.values()
    page = open_page(language=language, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
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
        found = Axe().run(page).response["violations"]
        faults += [f"{address}: {one['id']} {one['nodes'][0]['target']}" for one in found]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{address}: wider than {width}")

    assert not faults, "\n".join(faults)
    assert swept >= 10
