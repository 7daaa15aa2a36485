"""The door in a real browser on a phone: through another system (script and policy let it pass), and by a code."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browsers import fits
from tests.factories import keep
from tests.identity.systems import CLIENT, SECRET, System
from trainmgr.identity import oidc, passwords, totp
from trainmgr.identity.sign_on_models import LinkRule, ProviderKind, SignInProvider
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role

pytestmark = pytest.mark.browser
PASSWORD = "kiln-otter-47"


@pytest.fixture
def now(app, monkeypatch):
    """The server's clock stands: a code of the second factor is good for half a minute."""
    now = datetime.now(UTC)
    monkeypatch.setitem(app.config, "CLOCK", lambda: now)
    return now


@pytest.fixture
def system(app, monkeypatch, now):
    monkeypatch.setitem(app.config, "ALLOW_INWARD", "127.0.0.1")
    oidc._descriptions.clear()
    system = System(lambda: now)
    yield system
    system.stop()


def test_a_person_comes_through_the_college_s_system_sets_a_factor_up_and_comes_in_with_it(
    app, world, system, open_page, now
):
    hashed = passwords.hash_password(PASSWORD)
    person = world.user(Role.STAFF, username="liwenjing", number="T0042", password_hash=hashed)
    college = world.college.id
    with app.app_context():
        keep(
            SignInProvider(
                organization_id=college, kind=ProviderKind.OIDC, name="统一身份认证", issuer=system.url,
                client_id=CLIENT, secret_sealed=crypto.encrypt(SECRET), scopes="openid",
                link_rule=LinkRule.NUMBER, by_id=person.id, at=now,
            )
        )  # fmt: skip
    page = open_page(phone=True)

    page.goto("/account/second-factor")
    page.get_by_role("link", name="统一身份认证").click()
    page.wait_for_url("**/account/second-factor")
    page.get_by_label("现在的密码").fill(PASSWORD)
    page.get_by_role("button", name="开始设置").click()
    secret = re.sub(r"\s", "", page.locator("p.code").inner_text())
    expect(page.get_by_role("img", name="给验证器扫的二维码")).to_be_visible()
    page.get_by_role("textbox", name="动态码").fill(totp.code_at(secret, now.timestamp()))
    page.get_by_role("button", name="完成设置").click()
    recovery = page.locator("li.code").first.inner_text()

    other = open_page(phone=True)
    other.goto("/sign-in")
    other.get_by_label("用户名").fill("liwenjing")
    other.get_by_label("密码", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="登录", exact=True).click()
    other.wait_for_url("**/sign-in/code")
    other.get_by_role("textbox", name="动态码").fill(recovery)
    other.get_by_role("button", name="登录", exact=True).click()
    other.wait_for_url("**/")
    fits(other)
