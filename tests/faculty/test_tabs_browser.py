"""Tabs on a phone: a row of them is longer than the window, and the open one stands in it."""

import pytest
from playwright.sync_api import expect

from trainmgr.kernel.access import Role

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_the_open_tab_is_in_sight_though_it_is_the_last_of_many(world, open_page, live_server):
    (cookie,) = world.signed_in(world.user(Role.STAFF))._cookies.values()
    phone = open_page(phone=True)
    phone.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    phone.goto("/faculty/rules")

    tabs = phone.get_by_role("navigation", name="师资")
    expect(tabs.get_by_role("link", name="规则", exact=True)).to_be_in_viewport(ratio=0.9)
    expect(tabs.get_by_role("link", name="教师与师傅", exact=True)).not_to_be_in_viewport()
