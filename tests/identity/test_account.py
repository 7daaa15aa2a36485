"""One's own account: password, phone, language, browsers; what happens when the sign-in is over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from trainmgr.identity import passwords
from trainmgr.identity.models import SignInAttempt, SignInSession, User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db

PASSWORD = "kiln-otter-47"
NEW = "a quiet lathe hums"


@pytest.fixture(autouse=True)
def _on_that_day(app):
    app.config["CLOCK"] = lambda: NOW


@pytest.fixture(scope="module")
def hashed():
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def person(world, hashed):
    return world.user(
        Role.ENTERPRISE_MENTOR, username="zhoujianguo", name="周建国", number="M1", password_hash=hashed
    )


@pytest.fixture
def browser(app, person):
    client = app.test_client()
    client.post("/sign-in", data={"name": "zhoujianguo", "password": PASSWORD})
    return client


def one(app, select):
    with app.app_context():
        return db.session.scalar(select)


def token_of(client):
    with client.session_transaction() as session:
        return session.get("_user_id")


# --- password -----------------------------------------------------------------------------------


def change(client, current=PASSWORD, password=NEW, again=None):
    data = {"current": current, "password": password, "again": password if again is None else again}
    return client.post("/account/password", data=data)


def test_a_new_password_signs_every_other_browser_out_and_changes_the_token_of_this_one(
    app, world, person, browser
):
    other = world.signed_in(person)
    before = token_of(browser)

    assert change(browser).status_code == 302

    assert token_of(browser) != before
    assert browser.get("/account").status_code == 200
    assert other.get("/account").location.startswith("/sign-in")
    assert one(app, sa.select(sa.func.count(SignInSession.id))) == 1
    assert one(app, sa.select(AuditEvent.action)) == "account.password"
    door = app.test_client()
    assert door.post("/sign-in", data={"name": "zhoujianguo", "password": PASSWORD}).status_code == 422
    assert door.post("/sign-in", data={"name": "zhoujianguo", "password": NEW}).status_code == 302


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"current": "not-my-password"}, "current"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "zhoujianguo", "again": "zhoujianguo"}, "password"),
        ({"again": "something else"}, "again"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason_and_changes_nothing(
    app, browser, data, field
):
    response = change(browser, **data)

    assert response.status_code == 422
    assert f'id="{field}-error"' in response.get_data(as_text=True)
    assert NEW not in response.get_data(as_text=True)
    stored = one(app, sa.select(User.password_hash))
    assert passwords._verify(stored, PASSWORD)


def test_guessing_the_present_password_on_a_stolen_browser_is_slowed_down(app, browser):
    answers = [change(browser, current="guess-guess-1").status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert change(browser).status_code == 429
    assert one(app, sa.select(sa.func.count(SignInAttempt.id))) == 5


@pytest.fixture
def newcomer(app, world, hashed):
    world.user(Role.TRAINEE, username="newcomer", password_hash=hashed, must_change_password=True)
    client = app.test_client()
    client.post("/sign-in", data={"name": "newcomer", "password": PASSWORD})
    return client


@pytest.mark.parametrize("path", ["/", "/account", "/programs/1", "/people"])
def test_a_newcomer_sees_nothing_before_setting_an_own_password(newcomer, path):
    assert newcomer.get(path).location == "/first-password"
    assert newcomer.post("/account/phone").location == "/first-password"


def test_a_newcomer_sets_a_password_and_goes_where_he_wanted(newcomer):
    weak = newcomer.post("/first-password", data={"password": "newcomer12", "again": "newcomer12"})
    assert weak.status_code == 422

    done = newcomer.post("/first-password", data={"password": NEW, "again": NEW, "next": "/account?tab=1"})

    assert done.location == "/account?tab=1"
    assert newcomer.get("/account").status_code == 200


def test_the_first_password_page_cannot_go_round_the_present_password(app, browser):
    assert browser.get("/first-password").location == "/account"
    browser.post("/first-password", data={"password": NEW, "again": NEW})
    assert passwords._verify(one(app, sa.select(User.password_hash)), PASSWORD)


# --- phone --------------------------------------------------------------------------------------


def test_a_phone_is_set_with_the_password_kept_encrypted_and_opens_the_door(app, person, browser):
    response = browser.post("/account/phone", data={"phone": "138 1234 5678", "phone_password": PASSWORD})
    assert response.status_code == 302

    page = browser.get("/account").get_data(as_text=True)
    assert "138****5678" in page
    with app.app_context():
        stored = db.session.scalar(sa.select(User.phone_encrypted))
        assert "13812345678" not in stored
        assert crypto.decrypt(stored) == "13812345678"
    assert (
        app.test_client().post("/sign-in", data={"name": "13812345678", "password": PASSWORD}).status_code
        == 302
    )

    browser.post("/account/phone", data={"phone": "", "phone_password": PASSWORD})
    assert one(app, sa.select(User.phone_digest)) is None


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        ({"phone": "12345", "phone_password": PASSWORD}, 422, "phone"),
        ({"phone": "13812345678", "phone_password": "guess-guess-1"}, 422, "phone_password"),
        ({"phone": "13912345678", "phone_password": PASSWORD}, 409, "phone"),
    ],
)
def test_a_phone_that_will_not_do_is_refused_and_stays_in_the_field(app, world, browser, data, status, field):
    with app.app_context():
        digest = crypto.blind_index("13912345678")
    world.user(Role.STAFF, phone_digest=digest)

    response = browser.post("/account/phone", data=data)

    assert response.status_code == status
    assert f'id="{field}-error"' in response.get_data(as_text=True)
    assert f'value="{data["phone"]}"' in response.get_data(as_text=True)


# --- browsers -----------------------------------------------------------------------------------


def test_signing_out_everywhere_ends_every_session_here_too(app, world, person, browser):
    others = [world.signed_in(person) for _ in range(2)]
    stranger = world.signed_in(world.user(Role.STAFF))

    response = browser.post("/account/browsers/end")

    assert response.location == "/sign-in"
    assert all(client.get("/account").location.startswith("/sign-in") for client in (browser, *others))
    assert stranger.get("/account").status_code == 200
    assert token_of(browser) is None


def test_one_browser_is_signed_out_and_another_person_s_is_not_found(app, world, person, browser):
    other = world.signed_in(person)
    stranger = world.signed_in(world.user(Role.STAFF))
    with app.app_context():
        ids = {
            row.user_id: row.id
            for row in db.session.scalars(sa.select(SignInSession).order_by(SignInSession.id))
        }

    assert browser.post(f"/account/browsers/{ids[person.id]}/end").status_code == 302
    assert other.get("/account").location.startswith("/sign-in")
    foreign = next(session for user, session in ids.items() if user != person.id)
    assert browser.post(f"/account/browsers/{foreign}/end").status_code == 404
    assert stranger.get("/account").status_code == 200


def test_the_account_shows_what_one_is_and_where_one_is_signed_in(browser):
    page = browser.get("/account").get_data(as_text=True)
    for text in ("周建国", "zhoujianguo", "测试企业", "M1"):
        assert text in page


# --- language -----------------------------------------------------------------------------------


def test_the_language_stays_with_the_account_and_comes_back_on_another_browser(app, world, person, browser):
    response = browser.post("/language", data={"language": "en", "next": "/account"})
    assert response.location == "/account"
    assert '<html lang="en"' in browser.get("/account").get_data(as_text=True)
    assert '<html lang="en"' in world.signed_in(person).get("/account").get_data(as_text=True)


def test_before_signing_in_the_language_stays_with_the_browser(client):
    client.post("/language", data={"language": "en", "next": "/sign-in"})
    assert '<html lang="en"' in client.get("/sign-in").get_data(as_text=True)


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_language_leads_to_no_other_site(client, onward):
    response = client.post("/language", data={"language": "en", "next": onward}, headers={"Referer": onward})
    assert response.location == "/"


def test_a_language_that_is_not_spoken_here_is_refused(client):
    assert client.post("/language", data={"language": "xx"}).status_code == 400


# --- when the sign-in is over -------------------------------------------------------------------


def test_what_was_typed_after_the_sign_in_ended_is_shown_again_and_the_door_offered(client):
    response = client.post(
        "/account/phone",
        data={"phone": "13812345678", "phone_password": "secret-secret-1"},
        headers={"Referer": "http://localhost/account", "Accept-Language": "en"},
    )

    page = response.get_data(as_text=True)
    assert response.status_code == 403
    assert "no longer signed in" in page
    assert "/sign-in?next=/account" in page
    assert "13812345678" in page
    assert "secret-secret-1" not in page
