"""First passwords: they end by themselves, the page says so and whom to ask, organisations choose after how long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from tests.identity.conftest import PASSWORD
from trainmgr.identity import first_passwords
from trainmgr.identity.models import User
from trainmgr.identity.rules import first_password_ends
from trainmgr.identity.sign_on_models import SignInRule
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db

OWN = "blue lathe at dawn"


@pytest.fixture
def administrator(world, hashed):
    return world.user(Role.ADMINISTRATOR, name="王管理", username="guanli", password_hash=hashed)


@pytest.fixture
def newcomer(world, clock):
    """Somebody whose first password was handed over just now."""
    mark = first_passwords.handed_out(first_passwords.new_mark())
    return world.user(
        Role.TRAINEE,
        username="newcomer",
        password_hash=mark,
        must_change_password=True,
        first_password_at=NOW,
    )


def password_of(app, person):
    with app.app_context():
        return first_passwords.password_of(person.id, db.session.get(User, person.id).password_hash)


def office_of(app, administrator):
    """The administrator's browser, signed in at the present moment."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"name": administrator.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def try_in(app, password, name="newcomer"):
    client = app.test_client()
    client.post("/language", data={"language": "en"})
    return client.post("/sign-in", data={"name": name, "password": password})


@pytest.mark.parametrize(
    ("days", "ends"), [([], 30), ([7], 7), ([90, 14], 14), ([365], 365)], ids=["none", "one", "two", "most"]
)
def test_the_strictest_of_ones_organisations_counts(days, ends):
    assert first_password_ends(NOW, days) == NOW + timedelta(days=ends)
    assert first_password_ends(None, days) is None


def test_a_first_password_opens_until_its_end_and_not_from_then_on(app, newcomer, clock):
    given = password_of(app, newcomer)

    clock.forward(days=30, seconds=-1)
    assert try_in(app, given).location == "/first-password"
    clock.forward(seconds=1)
    late = try_in(app, given)

    assert late.status_code == 422
    assert "This first password has ended" in late.get_data(as_text=True)


def test_the_page_names_who_gives_a_new_one_and_that_opens_again(app, world, newcomer, administrator, clock):
    given = password_of(app, newcomer)
    clock.forward(days=31)
    page = try_in(app, given).get_data(as_text=True)
    assert "Ask for a new one on the spot" in page
    assert f"王管理 ({world.college.name})" in page

    admin = office_of(app, administrator)
    person = admin.get(f"/people/{newcomer.id}").get_data(as_text=True)
    assert "重新发放" in person
    shown = admin.post(f"/people/{newcomer.id}/password", follow_redirects=True).get_data(as_text=True)
    new = password_of(app, newcomer)

    assert new in shown
    assert new != given
    assert try_in(app, given).status_code == 422
    assert try_in(app, new).location == "/first-password"


def test_where_nobody_administers_the_page_says_whom_to_ask_all_the_same(app, newcomer, clock):
    given = password_of(app, newcomer)
    clock.forward(days=31)
    assert "Ask whoever gave it to you" in try_in(app, given).get_data(as_text=True)


def test_that_it_has_ended_is_told_only_to_who_knows_it(app, newcomer, administrator, clock):
    clock.forward(days=31)
    page = try_in(app, "2345-6789-abcd").get_data(as_text=True)
    assert "has ended" not in page
    assert "王管理" not in page


def test_one_that_nobody_was_given_yet_does_not_end(app, world, clock):
    person = world.user(
        Role.TRAINEE, username="newcomer", password_hash=first_passwords.new_mark(), must_change_password=True
    )
    clock.forward(days=400)
    assert try_in(app, password_of(app, person)).location == "/first-password"


def test_an_own_password_does_not_end(app, newcomer, clock):
    client = app.test_client()
    client.post("/sign-in", data={"name": "newcomer", "password": password_of(app, newcomer)})
    assert client.post("/first-password", data={"password": OWN, "again": OWN}).status_code == 302

    clock.forward(days=400)

    assert try_in(app, OWN).location == "/"
    with app.app_context():
        assert db.session.get(User, newcomer.id).first_password_at is None


def test_an_organisation_chooses_the_days_and_those_in_peoples_hands_follow(
    app, world, newcomer, administrator, clock
):
    place, given = f"/organizations/{world.college.id}/sign-on", password_of(app, newcomer)
    clock.forward(days=5)
    admin = office_of(app, administrator)

    assert admin.post(f"{place}/rule", data={"days": "4"}).status_code == 302

    assert re.search(r'name="days"[^>]*value="4"', admin.get(place).get_data(as_text=True))
    assert try_in(app, given).status_code == 422
    with app.app_context():
        event = db.session.scalars(
            sa.select(AuditEvent).where(AuditEvent.action == "sign_in.first_password_days")
        ).one()
        assert event.details["days"] == 4
    admin.post(f"{place}/rule", data={"days": "6"})
    assert try_in(app, given).location == "/first-password"


@pytest.mark.parametrize("days", ["0", "366", "-3", "soon", ""])
def test_days_that_are_none_are_named_and_change_nothing(app, world, administrator, clock, days):
    with app.app_context():
        keep(SignInRule(organization_id=world.college.id, factor_required=False, first_password_days=14))
    admin = office_of(app, administrator)

    answer = admin.post(f"/organizations/{world.college.id}/sign-on/rule", data={"days": days})

    assert answer.status_code == 422
    assert 'id="days-error"' in answer.get_data(as_text=True)
    with app.app_context():
        assert db.session.get(SignInRule, world.college.id).first_password_days == 14


def test_the_choice_of_days_leaves_the_second_factor_as_it_was_chosen(app, world, administrator, clock):
    admin = office_of(app, administrator)
    admin.post(f"/organizations/{world.college.id}/sign-on/rule", data={"days": "30", "required": "y"})
    with app.app_context():
        rule = db.session.get(SignInRule, world.college.id)
        assert (rule.factor_required, rule.first_password_days) == (True, 30)
