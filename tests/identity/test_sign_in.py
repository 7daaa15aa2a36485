"""The door: who comes in, who waits, what a guesser learns."""

from __future__ import annotations

import re

import argon2
import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.identity.conftest import PASSWORD
from trainmgr.identity import first_passwords, passwords, signing_in
from trainmgr.identity.models import Membership, SignInAttempt, SignInSession, User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db

OUTDATED = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)


def sign_in(client, name="liwenjing", password=PASSWORD, **data):
    headers = data.pop("headers", None)
    return client.post("/sign-in", data={"name": name, "password": password} | data, headers=headers)


def is_in(client):
    return client.get("/account").status_code == 200


def stored(app, select):
    with app.app_context():
        return db.session.scalar(select)


# --- who comes in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["liwenjing", " LiWenJing ", "T0042", "t0042", "13812345678", "+86 138 1234 5678"]
)
def test_a_person_signs_in_by_user_name_number_or_phone(app, client, person, name):
    with app.app_context():
        account = db.session.get(User, person.id)
        account.phone_digest = crypto.blind_index("13812345678")
        db.session.commit()

    response = sign_in(client, name)

    assert response.status_code == 302
    assert response.location == "/"
    assert is_in(client)


def test_of_several_people_with_one_number_the_password_decides(client, world, person, hashed):
    elsewhere = world.organization()
    other = world.user(
        Role.STAFF, elsewhere, number="T0042", password_hash=passwords.hash_password("other-password-1")
    )

    assert sign_in(client, "T0042", "other-password-1").status_code == 302
    assert other.username in client.get("/account").get_data(as_text=True)


def test_when_number_and_password_fit_several_the_user_name_is_asked_for(client, world, person, hashed):
    world.user(Role.STAFF, world.organization(), number="T0042", password_hash=hashed)

    response = sign_in(client, "T0042")

    assert response.status_code == 422
    assert not is_in(client)
    assert sign_in(client, "liwenjing").status_code == 302


def test_a_number_that_many_organisations_use_decides_nothing(client, world, person, hashed):
    for place in range(3):
        world.user(Role.STAFF, world.organization(), number="T0042", password_hash=f"of {place}")

    assert sign_in(client, "T0042").status_code == 422
    assert sign_in(client, "liwenjing").status_code == 302


def test_a_number_that_ended_opens_nothing(app, client, person):
    with app.app_context():
        db.session.execute(sa.update(Membership).values(ended_on=NOW.date()))
        db.session.commit()

    assert sign_in(client, "T0042").status_code == 422


def test_an_entered_first_password_opens_once_and_must_be_replaced(app, client, world, clock):
    person = world.user(
        Role.TRAINEE, number="S1", password_hash=first_passwords.new_mark(), must_change_password=True
    )
    with app.app_context():
        given = first_passwords.password_of(person.id, person.password_hash)

    response = sign_in(client, "S1", given.upper())
    assert response.location == "/first-password"
    assert client.get("/account").location == "/first-password"
    client.post("/first-password", data={"password": PASSWORD, "again": PASSWORD})
    assert is_in(client)

    other = app.test_client()
    assert sign_in(other, "S1", given).status_code == 422
    assert sign_in(other, "S1").status_code == 302


def test_a_hash_made_with_old_parameters_is_made_anew_at_sign_in(app, client, world, clock):
    person = world.user(Role.STAFF, password_hash=OUTDATED.hash(PASSWORD))

    sign_in(client, person.username)

    new = stored(app, sa.select(User.password_hash).where(User.id == person.id))
    assert "m=19456,t=2,p=1" in new
    assert sign_in(app.test_client(), person.username).status_code == 302


def test_a_closed_account_says_so_only_to_who_knows_its_password(app, client, person):
    with app.app_context():
        db.session.get(User, person.id).active = False
        db.session.commit()

    wrong, right = sign_in(client, password="guess-guess-1"), sign_in(client)

    assert "account is closed" not in english(wrong)
    assert right.status_code == 422
    assert not is_in(client)


def english(response):
    return response.get_data(as_text=True)


# --- what a guesser learns ----------------------------------------------------------------------


def test_unknown_account_and_wrong_password_are_answered_alike(client, person):
    wrong = sign_in(client, "liwenjing", "guess-guess-1")
    unknown = sign_in(client, "nobodyhere", "guess-guess-1")

    assert wrong.status_code == unknown.status_code == 422
    tokens = re.compile(r'(name="csrf_token" value=)"[^"]*"')
    pages = [tokens.sub(r"\1", english(answer)) for answer in (wrong, unknown)]
    assert pages[0].replace("liwenjing", "nobodyhere") == pages[1]


@pytest.mark.parametrize("name", ["liwenjing", "nobodyhere", "13900000000", "T0042", "waiting"])
def test_an_unknown_account_costs_the_same_work(client, world, person, monkeypatch, name):
    world.user(
        Role.TRAINEE, username="waiting", password_hash=first_passwords.new_mark(), must_change_password=True
    )
    passwords._nobodys()
    done = []
    verify = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda *args: done.append(args) or verify(*args))

    sign_in(client, name, "guess-guess-1")

    assert len(done) == 1
    assert "m=19456,t=2,p=1" in done[0][0]


@pytest.mark.parametrize("name", ["liwenjing", "nobodyhere"])
def test_known_and_unknown_accounts_wait_alike(client, person, clock, name):
    answers = [sign_in(client, name, "guess-guess-1").status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2


def test_what_was_typed_is_kept_except_the_password(client, person):
    page = english(sign_in(client, "liwenjing", "guess-guess-1"))
    assert 'value="liwenjing"' in page
    assert "guess-guess-1" not in page


# --- slowing down -------------------------------------------------------------------------------


def test_after_five_failures_even_the_right_password_waits_and_is_told_until_when(client, person, clock):
    for _ in range(5):
        sign_in(client, password="guess-guess-1")

    waiting = sign_in(client, headers={"Accept-Language": "en"})

    assert waiting.status_code == 429
    assert waiting.headers["Retry-After"] == "31"
    assert "31 " in english(waiting)
    clock.forward(seconds=31)
    assert sign_in(client).status_code == 302


def test_tries_during_the_wait_do_not_lengthen_it(client, person, clock):
    for _ in range(20):
        sign_in(client, password="guess-guess-1")
    clock.forward(seconds=31)
    assert sign_in(client).status_code == 302


def test_the_wait_grows_with_each_further_failure(client, person, clock):
    waits = []
    for _ in range(8):
        sign_in(client, password="guess-guess-1")
        answer = sign_in(client)
        if answer.status_code == 302:
            pytest.fail("the right password was taken too early") if waits else client.post("/sign-out")
            continue
        waits.append(int(answer.headers["Retry-After"]))
        clock.forward(seconds=waits[-1])
    assert waits == sorted(waits)


def test_other_names_of_an_account_count_together(client, person):
    for name in ("liwenjing", "T0042", "LIWENJING", "t0042", "liwenjing"):
        sign_in(client, name, "guess-guess-1")

    assert sign_in(client, "T0042").status_code == 429


def test_the_right_password_clears_the_account_but_not_the_address(app, client, person, clock):
    for _ in range(4):
        sign_in(client, password="guess-guess-1")
    sign_in(client)
    for _ in range(4):
        sign_in(client, password="guess-guess-1")

    assert sign_in(client).status_code == 302
    assert stored(app, sa.select(sa.func.count()).where(SignInAttempt.address_key != "")) == 8


def test_one_address_that_tries_many_accounts_waits(client, world, person, clock, monkeypatch):
    monkeypatch.setattr(passwords, "_verify", lambda stored, typed: False)
    for number in range(60):
        assert sign_in(client, f"someone{number}", "guess-guess-1").status_code == 422

    assert sign_in(client, "another", "guess-guess-1").status_code == 429
    elsewhere = client.post(
        "/sign-in",
        data={"name": "another", "password": "guess-guess-1"},
        environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert elsewhere.status_code == 422


def test_failures_are_kept_as_digests_and_forgotten_after_a_day(app, client, person, clock):
    sign_in(client, password="guess-guess-1")
    with app.app_context():
        row = db.session.scalars(sa.select(SignInAttempt)).one()
        assert len(row.account_key) == len(row.address_key) == 64

    clock.forward(hours=25)
    sign_in(client)

    assert stored(app, sa.select(sa.func.count(SignInAttempt.id))) == 0


# --- the session --------------------------------------------------------------------------------


def test_signing_in_drops_the_session_that_was_there_before(app, client, person):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["_user_id"] = "a token of somebody else"
        session["language"] = "en"

    sign_in(client)

    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] != "a token of somebody else"
        assert session["language"] == "en"


def test_each_sign_in_has_a_new_token_and_only_its_digest_is_stored(app, client, person):
    tokens = set()
    for browser in (client, app.test_client()):
        sign_in(browser)
        with browser.session_transaction() as session:
            tokens.add(session["_user_id"])
    with app.app_context():
        kept = set(db.session.scalars(sa.select(SignInSession.token_digest)))
    assert len(tokens) == len(kept) == 2
    assert not tokens & kept


def test_expired_sessions_are_swept_at_sign_in_and_open_nothing(app, client, person, clock):
    sign_in(client)
    clock.forward(hours=13)
    assert not is_in(client)

    sign_in(client)

    assert stored(app, sa.select(sa.func.count(SignInSession.id))) == 1


def test_staying_signed_in_lasts_thirty_days(client, person, clock):
    response = sign_in(client, stay="y")
    assert "Expires=" in response.headers["Set-Cookie"]
    clock.forward(days=29)
    assert is_in(client)
    clock.forward(days=2)
    assert not is_in(client)


def test_signing_out_ends_the_session_in_the_database(app, client, person):
    sign_in(client)
    with client.session_transaction() as session:
        stolen = dict(session)

    assert client.post("/sign-out").location == "/sign-in"

    with client.session_transaction() as session:
        session.update(stolen)
    assert not is_in(client)


def test_who_is_in_goes_home_from_the_door(client, person):
    sign_in(client)
    assert client.get("/sign-in").location == "/"


@pytest.mark.parametrize(
    ("onward", "location"),
    [
        ("/programs/7?page=2", "/programs/7?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_only_local_addresses_are_gone_on_to(client, person, onward, location):
    assert f'value="{onward}"' in english(client.get("/sign-in", query_string={"next": onward})) or not onward
    assert sign_in(client, next=onward).location == location


def test_a_page_asked_for_before_signing_in_is_found_again_after_it(client, person):
    asked = client.get("/account?x=1")
    assert asked.status_code == 302
    page = client.get(asked.location)
    assert 'value="/account?x=1"' in english(page)


def test_empty_fields_are_named_and_nothing_is_counted(app, client, person):
    response = client.post("/sign-in", data={"name": " ", "password": ""})
    assert response.status_code == 422
    assert 'id="name-error"' in english(response)
    assert stored(app, sa.select(sa.func.count(SignInAttempt.id))) == 0


def test_the_door_takes_few_statements(client, person, count_statements):
    with count_statements() as statements:
        sign_in(client)
    assert len(statements) <= 10


def test_without_its_token_the_form_is_refused(app, client, person):
    app.config["WTF_CSRF_ENABLED"] = True
    assert sign_in(client).status_code == 400


@pytest.mark.parametrize("typed", ["\x00", "no\x00body", "ﷺ" * 60, "'; --", "٠١٢٣"])
def test_whatever_is_typed_gets_a_meant_answer(client, person, typed):
    assert sign_in(client, typed).status_code == 422
    assert sign_in(client, "liwenjing", typed).status_code == 422


def test_overlong_input_is_refused_before_it_is_hashed(client, person, monkeypatch):
    monkeypatch.setattr(passwords, "_verify", lambda *_: pytest.fail("hashed"))
    assert sign_in(client, "x" * 100, "p").status_code == 422
    assert sign_in(client, "liwenjing", "p" * 500).status_code == 422


def test_somebody_else_s_row_is_never_the_answer(app, client, world, person):
    """A user name that equals somebody else's number lets each in with their own password only."""
    twin = world.user(
        Role.STAFF,
        world.organization(),
        username="t0042",
        password_hash=passwords.hash_password("twin-password-1"),
    )
    sign_in(client, "T0042", "twin-password-1")
    assert twin.username in english(client.get("/account"))
    other = app.test_client()
    sign_in(other, "T0042")
    assert "liwenjing" in english(other.get("/account"))


def test_candidates_are_few(app, world, person):
    keep_ids = [world.user(Role.STAFF, world.organization(), number="N1").id for _ in range(3)]
    with app.app_context():
        assert [user.id for user in signing_in.candidates("n1")] == sorted(keep_ids)
        assert signing_in.candidates("") == signing_in.candidates("x" * 61) == []
