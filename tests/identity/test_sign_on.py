"""Signing in through another system: the whole walk, what is refused on it, and whose account is whose."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from joserfc.jwk import OctKey

from tests.factories import NOW, keep
from tests.identity.systems import CLIENT, SECRET, STRANGER, System
from trainmgr.identity import oidc, passwords
from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.identity.sign_on_models import (
    LinkRule,
    ProviderAccount,
    ProviderKind,
    SecondFactor,
    SignInProvider,
)
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db

PASSWORD = "kiln-otter-47"


class Clock:
    """A clock that stands until it is set on."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock(app, monkeypatch):
    clock = Clock()
    monkeypatch.setitem(app.config, "CLOCK", clock)
    monkeypatch.setitem(app.config, "ALLOW_INWARD", "127.0.0.1")
    return clock


@pytest.fixture
def system(clock):
    oidc._descriptions.clear()
    oidc._down.clear()
    system = System(clock)
    yield system
    if system.thread.is_alive():
        system.stop()


@pytest.fixture(scope="module")
def hashed():
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def person(world, clock, hashed):
    return world.user(Role.STAFF, username="liwenjing", number="T0042", password_hash=hashed)


@pytest.fixture
def provider(app, world, system):
    """Set a system up: `provider()` is an OpenID provider of the college that links by number."""

    def make(kind=ProviderKind.OIDC, organization=None, **values):
        organization = organization or world.college
        by = world.user(Role.ADMINISTRATOR, organization)
        values = {
            "name": "统一登录", "issuer": system.url, "client_id": CLIENT, "scopes": "openid profile",
            "link_rule": LinkRule.NUMBER, "secret": SECRET,
        } | values  # fmt: skip
        with app.app_context():
            values["secret_sealed"] = crypto.encrypt(values.pop("secret"))
            return keep(
                SignInProvider(organization_id=organization.id, kind=kind, by_id=by.id, at=NOW, **values)
            )

    return make


def depart(client, made, **query):
    return client.get(f"/sign-in/through/{made.id}", query_string=query)


def arrive(client, address):
    """Follow the browser back: the page in between, and the form that it sends on."""
    page = client.get(address)
    if page.status_code != 200:
        return page
    text = page.get_data(as_text=True)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
    return client.post(re.search(r'action="(/sign-in/through/\d+)"', text)[1], data=fields)


def walk(client, system, made, **query):
    return arrive(client, system.authorize(depart(client, made, **query).location))


def is_in(client):
    return client.get("/account").status_code == 200


def all_of(app, select):
    with app.app_context():
        return list(db.session.scalars(select))


# --- OpenID Connect --------------------------------------------------------------------------------


def test_a_person_walks_through_the_provider_and_back_to_the_page_that_was_wanted(
    app, client, system, person, provider
):
    made = provider()
    page = client.get("/sign-in", query_string={"next": "/account?x=1"}).get_data(as_text=True)
    assert f"/sign-in/through/{made.id}?next=" in page

    done = walk(client, system, made, next="/account?x=1")

    assert done.status_code == 302
    assert done.location == "/account?x=1"
    assert "liwenjing" in client.get("/account").get_data(as_text=True)
    account = all_of(app, sa.select(ProviderAccount))[0]
    assert (account.issuer, account.subject, account.user_id) == (system.url, "s-1", person.id)
    assert "sign_on.linked" in all_of(app, sa.select(AuditEvent.action))
    secrets_kept = all_of(app, sa.select(SignInProvider.secret_sealed))
    assert SECRET not in secrets_kept[0]


def test_the_second_time_the_account_is_known_by_its_subject_whatever_else_it_says(
    app, client, system, person, provider
):
    made = provider()
    walk(client, system, made)
    system.person |= {"preferred_username": "another-number"}
    other = app.test_client()
    assert walk(other, system, made).status_code == 302
    assert "liwenjing" in other.get("/account").get_data(as_text=True)


def test_the_claim_may_stand_in_the_userinfo(client, system, person, provider):
    system.userinfo = {"sub": "s-1", "student_number": ["T0042"]}
    assert walk(client, system, provider(claim="student_number")).status_code == 302
    assert is_in(client)


@pytest.mark.parametrize("access", [{"access_token": ""}, {"token_type": "mac"}, {"expires_in": -60}, {}])
def test_a_token_that_cannot_ask_for_the_userinfo_is_not_a_sign_in(
    client, system, person, provider, access, monkeypatch
):
    system.userinfo = {"sub": "s-1", "preferred_username": "T0042"}
    real = system.token

    def answer(*asked):
        status, told = real(*asked)
        return status, {name: value for name, value in (told | access).items() if value}

    if access:
        monkeypatch.setattr(system, "token", answer)
    done = walk(client, system, provider())
    assert done.status_code == (422 if access else 302)


def test_a_userinfo_of_somebody_else_is_not_believed(client, system, person, provider):
    system.userinfo = {"sub": "s-2", "preferred_username": "T0042"}
    assert walk(client, system, provider()).status_code == 422
    assert not is_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"iss": "https://another.example"},
        {"exp": int((NOW - timedelta(minutes=3)).timestamp())},
        {"iat": int((NOW + timedelta(minutes=30)).timestamp()), "nbf": int((NOW + timedelta(minutes=30)).timestamp())},
        {"sub": ""},
        {"azp": "another-client"},
        {"at_hash": "wrong"},
    ],
    ids=lambda claims: "-".join(claims),
)  # fmt: skip
def test_an_id_token_that_is_not_for_this_sign_in_opens_nothing(
    app, client, system, person, provider, claims
):
    system.claims = claims
    done = walk(client, system, provider())
    assert done.status_code == 422
    assert "没有确认" in done.get_data(as_text=True)
    assert not is_in(client)
    assert all_of(app, sa.select(ProviderAccount)) == []


def test_an_id_token_that_somebody_else_signed_opens_nothing(client, system, person, provider):
    system.key = STRANGER
    assert walk(client, system, provider()).status_code == 422
    assert not is_in(client)


def test_an_id_token_signed_with_the_client_s_secret_opens_nothing(client, system, person, provider):
    system.key, system.algorithm = OctKey.import_key(SECRET * 3), "HS256"
    assert walk(client, system, provider()).status_code == 422
    assert not is_in(client)


def test_a_state_that_this_browser_did_not_send_opens_nothing(app, client, system, person, provider):
    made = provider()
    address = system.authorize(depart(client, made).location)
    stranger = app.test_client()
    assert arrive(stranger, address).location == "/sign-in"
    depart(stranger, made)
    assert arrive(stranger, address).status_code == 422
    assert arrive(client, re.sub("state=[^&]+", "state=ü", address)).status_code == 422
    assert not is_in(stranger)
    assert not is_in(client)


def test_an_answer_is_taken_once_and_within_a_quarter_of_an_hour(
    app, client, system, person, provider, clock
):
    made = provider()
    address = system.authorize(depart(client, made).location)
    assert arrive(client, address).status_code == 302
    client.post("/sign-out")
    assert arrive(client, address).location == "/sign-in"
    address = system.authorize(depart(client, made).location)
    clock.now += timedelta(minutes=16)
    assert arrive(client, address).location == "/sign-in"
    assert not is_in(client)


def test_a_code_without_this_browser_s_verifier_is_not_exchanged(client, system, person, provider):
    made = provider()
    address = system.authorize(depart(client, made).location)
    with client.session_transaction() as session:
        session["through"] |= {"verifier": "v" * 43}
        session.modified = True
    assert arrive(client, address).status_code == 422


def test_what_was_broken_off_there_is_told(client, system, person, provider):
    made = provider()
    state = parse_qs(urlsplit(depart(client, made).location).query)["state"][0]
    answer = client.get(f"/sign-in/through/{made.id}/back?error=access_denied&state={state}")
    assert answer.status_code == 422
    assert not is_in(client)


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"]
)
def test_no_other_site_is_gone_on_to(client, system, person, provider, onward):
    assert walk(client, system, provider(), next=onward).location == "/"


def test_the_session_that_was_there_before_is_dropped(client, system, person, provider):
    with client.session_transaction() as session:
        session["planted"] = session["_user_id"] = "by somebody else"
    walk(client, system, provider())
    with client.session_transaction() as session:
        assert "planted" not in session
        assert "through" not in session
        assert session["_user_id"] != "by somebody else"


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_provider_that_is_down_is_said_to_be_down(client, system, person, provider, when):
    made = provider()
    if when == "between":
        address = system.authorize(depart(client, made).location)
        system.stop()
        done = arrive(client, address)
    else:
        system.stop()
        done = depart(client, made)
    assert done.status_code == 503
    assert "暂时连不上" in done.get_data(as_text=True)


def test_a_provider_that_answers_with_faults_is_down_too(client, system, person, provider):
    made = provider()
    address = system.authorize(depart(client, made).location)
    system.broken = 502
    assert arrive(client, address).status_code == 503


def test_a_provider_that_was_not_reached_is_left_alone_for_a_moment(
    client, system, person, provider, monkeypatch
):
    made = provider()
    system.broken = 502
    assert depart(client, made).status_code == 503
    system.broken = 0
    assert depart(client, made).status_code == 503
    assert len(system.seen) == 1
    monkeypatch.setattr(oidc, "DOWN_FOR", 0)
    assert depart(client, made).status_code == 302


def test_a_provider_within_our_network_is_asked_only_where_the_configuration_names_it(
    app, client, system, person, provider
):
    made = provider()
    app.config["ALLOW_INWARD"] = ""
    assert depart(client, made).status_code == 503
    assert system.seen == []


def test_a_description_that_sends_us_inward_or_is_another_s_is_not_followed(client, system, person, provider):
    made = provider()
    good = system.discovery()
    for wrong in ({"issuer": "https://another.example"}, {"authorization_endpoint": "http://10.0.0.1/"},
                  {"authorization_endpoint": "javascript:alert(1)"}):  # fmt: skip
        oidc._descriptions.clear()
        system.discovery = lambda wrong=wrong: good | wrong
        assert depart(client, made).status_code == 422
    oidc._descriptions.clear()
    system.discovery = lambda: good | {"token_endpoint": "http://10.0.0.1/token"}
    assert walk(client, system, made).status_code == 422


def test_signing_out_offers_to_sign_out_there_too(client, system, person, provider):
    made = provider()
    walk(client, system, made)
    data = {"current": PASSWORD, "password": "another-otter-48", "again": "another-otter-48"}
    assert client.post("/account/password", data=data).status_code == 302
    left = client.post("/sign-out").location
    assert f"/sign-in/through/{made.id}/out" in client.get(left).get_data(as_text=True)
    away = client.get(f"/sign-in/through/{made.id}/out").location
    assert away.startswith(f"{system.url}/logout?")
    assert parse_qs(urlsplit(away).query)["client_id"] == [CLIENT]


# --- whose account it is ----------------------------------------------------------------------------


def refused(client, system, made):
    done = walk(client, system, made)
    assert done.status_code == 403
    assert not is_in(client)
    return done.get_data(as_text=True)


def test_an_account_that_fits_nobody_opens_nothing_and_makes_nobody(app, client, system, person, provider):
    made = provider()
    before = all_of(app, sa.select(sa.func.count(User.id)))
    system.person |= {"preferred_username": "T9999"}
    assert "没有对应的账号" in refused(client, system, made)
    system.person |= {"preferred_username": ""}
    refused(client, system, made)
    assert all_of(app, sa.select(sa.func.count(User.id))) == before


def test_where_the_rule_says_so_a_newcomer_gets_an_account_without_any_role(app, client, system, provider):
    made = provider(creates=True)
    assert walk(client, system, made).status_code == 302
    assert is_in(client)
    new = all_of(app, sa.select(User).where(User.name == "李文静"))[0]
    assert all_of(app, sa.select(Membership.id).where(Membership.user_id == new.id)) == []
    assert client.get("/people").status_code == 403


def test_the_colleges_administrator_finds_a_newcomer_and_gives_the_first_role(
    app, world, client, system, provider
):
    system.person |= {"preferred_username": "T9999"}
    walk(client, system, provider(creates=True))
    (new,) = all_of(app, sa.select(User).where(User.name == "李文静"))
    own, other = (
        world.signed_in(world.user(Role.ADMINISTRATOR, house))
        for house in (world.college, world.organization(name="别的学院"))
    )
    role = {"organization": world.college.id, "role": "school_teacher", "department": 0, "number": "T9999"}

    assert "李文静" not in other.get("/people").text
    assert other.get(f"/people/{new.id}").status_code == 404
    assert "李文静" in own.get("/people").text
    assert 'action="/people/' in own.get(f"/people/{new.id}").text
    assert own.post(f"/people/{new.id}/roles", data=role).status_code == 302

    assert all_of(app, sa.select(Membership.number).where(Membership.user_id == new.id)) == ["T9999"]
    assert client.get("/programs").status_code == 200


def test_a_closed_account_stays_closed(app, client, system, person, provider):
    made = provider()
    walk(client, system, made)
    client.post("/sign-out")
    with app.app_context():
        db.session.get(User, person.id).active = False
        db.session.commit()
    assert "账号已关闭" in refused(client, system, made)


def test_a_number_of_another_organisation_is_not_found(app, client, system, world, provider):
    world.user(Role.STAFF, world.organization(), number="T0042")
    refused(client, system, provider())


def test_who_works_for_two_organisations_is_in_the_hands_of_neither_s_system(
    app, client, system, world, person, provider
):
    made = provider()
    other = world.organization()
    with app.app_context():
        keep(Membership(user_id=person.id, organization_id=other.id, role=Role.ADMINISTRATOR, created_at=NOW))
    assert "还在另一个单位" in refused(client, system, made)

    link_by_hand(client, system, made)
    client.post("/sign-out")
    assert walk(client, system, made).status_code == 302


def link_by_hand(client, system, made):
    client.post("/sign-in", data={"name": "liwenjing", "password": PASSWORD})
    assert client.get(f"/account/ways/{made.id}").location == "/account/ways"
    assert client.post(f"/account/ways/{made.id}", data={"current": "wrong-wrong-1"}).status_code == 422
    client.post(f"/account/ways/{made.id}", data={"current": PASSWORD})
    assert f"/account/ways/{made.id}" in client.get("/account/ways").get_data(as_text=True)
    away = client.get(f"/account/ways/{made.id}")
    assert arrive(client, system.authorize(away.location)).location == "/account/ways"


def test_a_trainee_of_an_enterprise_too_is_found_by_the_college_s_number(
    app, client, system, world, provider
):
    trainee = world.user(Role.TRAINEE, number="T0042")
    enterprise = world.enterprise.id
    with app.app_context():
        keep(Membership(user_id=trainee.id, organization_id=enterprise, role=Role.TRAINEE, created_at=NOW))
    assert walk(client, system, provider()).status_code == 302


def test_who_left_the_organisation_does_not_come_in_through_its_system(
    app, client, system, world, person, provider
):
    made = provider()
    walk(client, system, made)
    client.post("/sign-out")
    elsewhere = world.organization().id
    with app.app_context():
        db.session.execute(
            sa.update(Membership).where(Membership.user_id == person.id).values(ended_on=NOW.date())
        )
        keep(Membership(user_id=person.id, organization_id=elsewhere, role=Role.STAFF, created_at=NOW))
    refused(client, system, made)


def test_an_account_there_links_to_one_person_and_a_person_to_one_account(
    app, client, system, world, person, provider, hashed
):
    made = provider()
    walk(client, system, made)
    client.post("/sign-out")
    system.person |= {"sub": "s-2"}
    refused(client, system, made)

    system.person |= {"sub": "s-1"}
    world.user(Role.STAFF, username="other", password_hash=hashed)
    other = app.test_client()
    other.post("/sign-in", data={"name": "other", "password": PASSWORD})
    other.post(f"/account/ways/{made.id}", data={"current": PASSWORD})
    assert arrive(other, system.authorize(other.get(f"/account/ways/{made.id}").location)).status_code == 409


def test_an_unlinked_account_opens_nothing_where_only_the_persons_link(app, client, system, person, provider):
    made = provider(link_rule=LinkRule.SELF)
    refused(client, system, made)
    link_by_hand(client, system, made)
    client.post("/sign-out")
    assert walk(client, system, made).status_code == 302
    assert client.post(f"/account/ways/{made.id}/end").status_code == 302
    client.post("/sign-out")
    refused(client, system, made)
    assert all_of(app, sa.select(AuditEvent.action)).count("sign_on.unlinked") == 1


def test_a_link_that_one_person_began_is_not_made_for_another(app, client, system, world, person, provider):
    made = provider(link_rule=LinkRule.SELF)
    client.post("/sign-in", data={"name": "liwenjing", "password": PASSWORD})
    client.post(f"/account/ways/{made.id}", data={"current": PASSWORD})
    address = system.authorize(client.get(f"/account/ways/{made.id}").location)
    stranger = world.signed_in(world.user(Role.STAFF))
    with client.session_transaction() as mine, stranger.session_transaction() as theirs:
        theirs["through"] = mine["through"]
    assert arrive(stranger, address).location == "/sign-in"
    assert all_of(app, sa.select(ProviderAccount)) == []


@pytest.mark.parametrize(("verified", "status"), [(True, 302), (False, 403), ("true", 403), (None, 403)])
def test_a_phone_number_counts_only_where_it_was_checked_there(
    app, client, system, person, provider, verified, status
):
    with app.app_context():
        db.session.get(User, person.id).phone_digest = crypto.blind_index("13812345678")
        db.session.commit()
    system.person |= {"phone_number": "+86 138-1234-5678", "phone_number_verified": verified}
    assert walk(client, system, provider(link_rule=LinkRule.PHONE)).status_code == status


def test_the_second_factor_is_asked_for_here_too(app, client, system, person, provider):
    with app.app_context():
        sealed = crypto.encrypt("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        keep(
            SecondFactor(
                user_id=person.id, secret_sealed=sealed, started_at=NOW, confirmed_at=NOW, last_step=0
            )
        )
    assert walk(client, system, provider()).location == "/sign-in/code"
    assert not is_in(client)


def test_a_system_that_is_switched_off_is_not_there(client, system, person, provider):
    made = provider(active=False)
    assert depart(client, made).status_code == 404
    assert "统一登录" not in client.get("/sign-in").get_data(as_text=True)


def test_of_many_systems_the_door_shows_three_and_a_list_that_is_searched(client, system, world, provider):
    for number in range(4):
        provider(organization=world.organization(name=f"学院{number}号"), name=f"登录{number}")
    door = client.get("/sign-in").get_data(as_text=True)
    assert "登录2" in door
    assert "登录3" not in door
    found = client.get("/sign-in/through", query_string={"q": "学院3"}).get_data(as_text=True)
    assert "登录3" in found
    assert "登录1" not in found


# --- CAS --------------------------------------------------------------------------------------------


@pytest.fixture
def cas(provider, system):
    system.person = {"sub": "T0042", "displayName": "李文静 & Co"}
    return provider(ProviderKind.CAS, issuer=f"{system.url}/cas")


def test_a_person_walks_through_the_cas_server_and_back(app, client, system, person, cas):
    done = arrive(client, system.log_in(depart(client, cas, next="/account").location))
    assert done.location == "/account"
    assert is_in(client)
    assert all_of(app, sa.select(ProviderAccount.subject)) == ["T0042"]


def test_a_ticket_is_good_once_and_for_the_service_it_was_given_for(app, client, system, person, cas):
    address = system.log_in(depart(client, cas).location)
    forged = re.sub(r"ticket=.*", "ticket=ST-forged", address)
    assert arrive(client, forged).status_code == 422
    elsewhere = app.test_client()
    depart(elsewhere, cas)
    assert arrive(elsewhere, address).status_code == 422
    assert not is_in(elsewhere)


def test_an_attribute_of_the_cas_server_can_be_compared(app, client, system, person, provider):
    system.person = {"sub": "wenjing.li", "employeeNumber": "T0042"}
    made = provider(ProviderKind.CAS, issuer=f"{system.url}/cas/", claim="employeeNumber")
    assert arrive(client, system.log_in(depart(client, made).location)).status_code == 302


@pytest.mark.parametrize(
    "answer",
    ["", "not xml", "<html></html>", '<!DOCTYPE x [<!ENTITY a "T0042">]><x>&a;</x>', "<a><b/></a>"],
)
def test_what_is_no_answer_of_a_cas_server_opens_nothing(client, system, person, cas, answer):
    address = system.log_in(depart(client, cas).location)
    system.validate = lambda query: answer
    assert arrive(client, address).status_code == 422
    assert not is_in(client)


def test_signing_out_there_signs_out_here(app, client, system, person, cas):
    address = system.log_in(depart(client, cas).location)
    ticket = parse_qs(urlsplit(address).query)["ticket"][0]
    arrive(client, address)

    def end(word):
        request = (
            '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="1" Version="2.0">'
            f"<samlp:SessionIndex>{word}</samlp:SessionIndex></samlp:LogoutRequest>"
        )
        path = urlsplit(address).path
        return app.test_client().post(path, data={"logoutRequest": request}).status_code

    assert end("ST-another") == 204
    assert is_in(client)
    assert end(ticket) == 204
    assert not is_in(client)
    assert all_of(app, sa.select(SignInSession.id)) == []
    assert app.test_client().post(urlsplit(address).path, data={"logoutRequest": "<x"}).status_code == 404


# --- WeCom and DingTalk -----------------------------------------------------------------------------


def test_a_person_of_the_company_comes_in_through_wecom(app, client, system, person, provider):
    made = provider(
        ProviderKind.WECOM, issuer="", agent="1000002", authorize_url="https://login.work.weixin.qq.com/x?a=1",
        token_url=f"{system.url}/wecom/gettoken", person_url=f"{system.url}/wecom/getuserinfo",
    )  # fmt: skip
    system.person = {"userid": "T0042"}
    query = {k: v[0] for k, v in parse_qs(urlsplit(depart(client, made).location).query).items()}
    assert (query["appid"], query["agentid"], query["a"]) == (CLIENT, "1000002", "1")
    back = query["redirect_uri"]
    assert arrive(client, f"{back}?code=bad&state={query['state']}").status_code == 422
    query = {k: v[0] for k, v in parse_qs(urlsplit(depart(client, made).location).query).items()}
    assert arrive(client, f"{back}?code=good&state={query['state']}").status_code == 302
    assert is_in(client)

    system.person = {"openid": "a customer of the company"}
    other = app.test_client()
    query = {k: v[0] for k, v in parse_qs(urlsplit(depart(other, made).location).query).items()}
    assert arrive(other, f"{back}?code=good&state={query['state']}").status_code == 422


def test_a_person_comes_in_through_dingtalk_by_the_phone_number(app, client, system, person, provider):
    with app.app_context():
        db.session.get(User, person.id).phone_digest = crypto.blind_index("13812345678")
        db.session.commit()
    made = provider(
        ProviderKind.DINGTALK, issuer="", authorize_url="https://login.dingtalk.com/oauth2/auth",
        token_url=f"{system.url}/ding/token", person_url=f"{system.url}/ding/me", link_rule=LinkRule.PHONE,
    )  # fmt: skip
    system.person = {"unionId": "u1", "nick": "文静", "mobile": "13812345678"}
    query = {k: v[0] for k, v in parse_qs(urlsplit(depart(client, made).location).query).items()}
    assert query["client_id"] == CLIENT
    done = arrive(client, f"{query['redirect_uri']}?code=x&authCode=good&state={query['state']}")
    assert done.status_code == 302
    assert all_of(app, sa.select(ProviderAccount.subject)) == ["u1"]
