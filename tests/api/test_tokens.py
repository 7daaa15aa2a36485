"""Tokens: what opens the API and what does not, how they are made, shown once, and revoked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.api.conftest import Caller
from tests.factories import NOW
from trainmgr.api.models import ApiIntegration, ApiToken
from trainmgr.api.rules import SCOPES, digest_of, token_in
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.programs.rules import State

FORM = {"name": "夜间同步", "scopes": ["enrolments:read", "people:read"], "days": "30"}


def shown_in(response):
    found = re.search(r'id="once" value="(tm_[^"]+)"', response.get_data(as_text=True))
    return found and found[1]


def stored(world, kind=ApiToken, **filters):
    with world.inside() as session:
        rows = session.query(kind).filter_by(**filters).order_by(kind.id).all()
        session.expunge_all()
        return rows


@pytest.fixture
def staff(world):
    return world.user()


@pytest.fixture
def admin(world):
    return world.user(Role.ADMINISTRATOR)


# --- what opens ----------------------------------------------------------------------------------------------


def test_a_session_does_not_open_the_api_and_a_token_opens_no_page(world, calling, staff):
    caller = calling(staff)
    browser = world.signed_in(staff)

    assert browser.get("/api/v1/programs").status_code == 401
    assert caller.get("/programs").status_code == 200
    page = caller.client.get("/programs", headers={"Authorization": f"Bearer {caller.token}"})
    assert page.status_code == 302
    assert page.location.startswith("/sign-in")


def test_a_token_acts_for_its_person_even_where_a_cookie_says_somebody_else(world, calling, staff):
    other = world.user(None)
    browser = world.signed_in(staff)
    token = calling(other).token

    answer = browser.get("/api/v1/people", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 403  # who belongs to no organisation sees no people


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"expires_at": NOW - timedelta(seconds=1)}, 401),
        ({"revoked_at": NOW - timedelta(days=1)}, 401),
        ({"expires_at": NOW + timedelta(seconds=1)}, 200),
    ],
)
def test_an_expired_or_revoked_token_opens_nothing(calling, staff, values, status):
    answer = calling(staff, **values).get("/programs")

    assert answer.status_code == status
    if status == 401:
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("values", [{"active": False}, {"must_change_password": True}])
def test_the_token_of_a_closed_account_or_before_its_first_password_opens_nothing(world, calling, values):
    assert calling(world.user(**values)).get("/programs").status_code == 403


@pytest.mark.once
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic tm_abc", "Bearer tm_é", f"Bearer tm_{'x' * 200}"]
)
def test_nonsense_is_no_token(header):
    assert token_in(header) is None


@pytest.mark.once
def test_nonsense_in_the_header_is_answered_like_no_token(world, app):
    caller = Caller(app, "tm_nobody")

    assert caller.get("/programs").status_code == 401
    assert app.test_client().get("/api/v1/programs").json["status"] == 401


def test_the_last_use_is_noted_coarsely(world, calling, staff):
    caller = calling(staff)
    caller.get("/programs")
    (first,) = stored(world)
    world.app.config["CLOCK"] = lambda: NOW + timedelta(seconds=5)
    caller.get("/programs")

    assert first.last_used_at == NOW
    assert stored(world)[0].last_used_at == NOW  # once in ten requests, or in a new minute


# --- one's own -----------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_only_its_digest_is_kept(world, staff):
    browser = world.signed_in(staff)

    made = browser.post("/account/tokens", data=FORM)

    text = shown_in(made)
    (token,) = stored(world)
    assert token.digest == digest_of(text)
    assert text not in repr(vars(token))
    assert token.scopes == ["people:read", "enrolments:read"]
    assert shown_in(browser.get("/account/tokens")) is None
    assert "夜间同步" in browser.get("/account/tokens").get_data(as_text=True)
    assert Caller(world.app, text).get("/people").status_code == 200
    (event,) = stored(world, AuditEvent, action="api.token")
    assert event.subject_name == "夜间同步"


def test_a_revoked_token_opens_nothing_at_once_and_nobody_revokes_anothers(world, staff, calling):
    caller = calling(staff)
    (token,) = stored(world)
    stranger = world.signed_in(world.user())
    assert stranger.post(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert caller.get("/programs").status_code == 200

    world.signed_in(staff).post(f"/account/tokens/{token.id}/revoke")

    assert caller.get("/programs").status_code == 401
    assert [event.actor_id for event in stored(world, AuditEvent, action="api.revoke")] == [staff.id]


@pytest.mark.once
@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["all:write"]}, {"days": "9999"}])
def test_a_token_without_a_purpose_scopes_or_an_end_is_refused(world, staff, wrong):
    answer = world.signed_in(staff).post("/account/tokens", data=FORM | wrong)

    assert answer.status_code == 422
    assert stored(world) == []


# --- an organisation's ---------------------------------------------------------------------------------------


def connect(world, admin, role="staff", **more):
    browser, place = world.signed_in(admin), f"/integrations/{world.college.id}"
    answer = browser.post(place, data={"name": "学工系统", "role": role} | more)
    return browser, place, answer


def test_a_connected_system_reads_as_its_role_and_stands_in_no_list_of_people(world, admin):
    staff = world.user()
    program = world.program(State.RUNNING, created_by=staff)
    trainee = world.enrolment(program)
    browser, place, answer = connect(world, admin)
    assert answer.status_code == 302
    (system,) = stored(world, ApiIntegration)

    made = browser.post(f"{place}/systems/{system.id}/tokens", data=FORM)

    caller = Caller(world.app, shown_in(made))
    rows = caller.get(f"/programs/{program.id}/enrolments").json["data"]
    assert [row["id"] for row in rows] == [trainee.id]
    names = [row["name"] for row in caller.get("/people").json["data"]]
    assert admin.name in names
    assert "学工系统" not in names
    assert caller.get(f"/programs/{program.id}/logs").status_code == 403  # not in its scopes


def test_a_systems_account_cannot_sign_in(world, admin):
    connect(world, admin)
    with world.inside() as session:
        account = session.get(User, session.query(ApiIntegration).one().user_id)
        username = account.username

    for password in ("", "x", username):
        answer = world.app.test_client().post("/sign-in", data={"name": username, "password": password})
        assert answer.status_code in (401, 403, 422)


def test_a_system_that_is_switched_off_reads_nothing(world, admin):
    browser, place, _answer = connect(world, admin)
    (system,) = stored(world, ApiIntegration)
    caller = Caller(world.app, shown_in(browser.post(f"{place}/systems/{system.id}/tokens", data=FORM)))
    assert caller.get("/people").status_code == 200

    browser.post(f"{place}/systems/{system.id}/off")

    assert caller.get("/people").status_code == 403
    again = browser.post(f"{place}/systems/{system.id}/tokens", data=FORM)
    assert again.status_code == 409
    assert len(stored(world)) == 1


@pytest.mark.once
@pytest.mark.parametrize("role", ["administrator", "trainee", "enterprise_coordinator", "nobody"])
def test_a_colleges_system_acts_as_its_staff_and_as_nobody_else(world, admin, role):
    _browser, _place, answer = connect(world, admin, role=role)

    assert answer.status_code == 422
    assert stored(world, ApiIntegration) == []


@pytest.mark.once
def test_only_an_organisations_administrators_see_its_systems(world, admin, staff):
    connect(world, admin)
    (system,) = stored(world, ApiIntegration)
    other = world.user(Role.ADMINISTRATOR, world.organization(name="别的学院"))
    for person, status in ((staff, 403), (other, 404)):
        browser = world.signed_in(person)
        for path in ("", f"/systems/{system.id}", "/webhooks/new"):
            assert browser.get(f"/integrations/{world.college.id}{path}").status_code == status


@pytest.mark.once
def test_every_scope_has_words(world, staff):
    page = world.signed_in(staff).get("/account/tokens").get_data(as_text=True)

    assert page.count('name="scopes"') == len(SCOPES)
    assert "写入实习日志" in page
