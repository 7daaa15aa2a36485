"""The cookie that carries a sign-in: no script reads it, no other site sends it, no plain line carries it."""

from __future__ import annotations

import pytest

from trainmgr import create_app
from trainmgr.identity import passwords
from trainmgr.kernel.access import Role

PASSWORD = "kiln-otter-47"


@pytest.fixture
def person(world):
    return world.user(Role.STAFF, username="liwenjing", password_hash=passwords.hash_password(PASSWORD))


def cookie_of(client, **options):
    data = {"name": "liwenjing", "password": PASSWORD}
    answer = client.post("/sign-in", data=data, **options)
    assert answer.status_code == 302
    return [part.strip() for part in answer.headers["Set-Cookie"].split(";")]


@pytest.mark.parametrize("url", ["http://localhost", "https://localhost"])
def test_no_script_reads_the_cookie_and_no_other_site_sends_it(client, person, url):
    parts = cookie_of(client, base_url=url)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
    assert ("Secure" in parts) == url.startswith("https")


def test_an_installation_known_by_https_sends_its_cookie_over_tls_only(app, client, person, monkeypatch):
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://train.example.edu.cn")
    assert "Secure" in cookie_of(client)


@pytest.mark.once
@pytest.mark.parametrize(("proxies", "secure"), [("1", True), ("0", False)])
def test_what_a_proxy_says_of_tls_counts_only_where_it_is_trusted(make_database, tmp_path, proxies, secure):
    app = create_app(
        {"TESTING": True, "SECRET_KEY": "only for tests", "SQLALCHEMY_DATABASE_URI": make_database().url,
         "INSTANCE_PATH": str(tmp_path), "TRUSTED_PROXIES": proxies, "WTF_CSRF_ENABLED": False}
    )  # fmt: skip
    answer = app.test_client().post(
        "/language",
        data={"language": "en"},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"},
    )
    assert answer.status_code == 302
    assert ("Secure" in answer.headers["Set-Cookie"]) == secure
    assert ("Strict-Transport-Security" in answer.headers) == secure
