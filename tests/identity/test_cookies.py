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


def test_over_tls_the_cookie_s_name_binds_it_to_this_very_host(client, person):
    parts = cookie_of(client, base_url="https://localhost")
    assert parts[0].startswith("__Host-trainmgr=")
    assert "Path=/" in parts
    assert not any(part.startswith("Domain=") for part in parts)
    assert client.get("/account", base_url="https://localhost").status_code == 200


def test_on_a_plain_line_the_name_stays_plain(client, person):
    assert cookie_of(client, base_url="http://localhost")[0].startswith("trainmgr=")


def test_a_cookie_that_was_planted_under_the_plain_name_is_not_read_over_tls(app, client, person):
    value = cookie_of(client, base_url="http://localhost")[0].partition("=")[2]
    stranger = app.test_client()
    stranger.set_cookie("trainmgr", value)
    assert stranger.get("/account", base_url="http://localhost").status_code == 200
    planted = stranger.get("/account", base_url="https://localhost")
    assert planted.status_code == 302
    assert planted.location.startswith("/sign-in")


def test_signing_out_over_tls_takes_the_cookie_away(client, person):
    cookie_of(client, base_url="https://localhost")
    client.post("/sign-out", base_url="https://localhost")
    assert client.get("/account", base_url="https://localhost").status_code == 302


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
