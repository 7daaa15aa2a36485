"""The second factor: set up, asked for at the door, used once, lost, required."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from tests.identity.conftest import PASSWORD
from trainmgr.identity import passwords, totp
from trainmgr.identity.models import SignInSession
from trainmgr.identity.sign_on_models import RecoveryCode, SecondFactor, SignInRule
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", the one of RFC 6238, appendix B

RECOVERY = ("aaaabbbbcccc", "ddddeeeeffff")


@pytest.fixture
def factor(app, person):
    """The person has a second factor, and two recovery codes."""
    with app.app_context():
        keep(
            SecondFactor(user_id=person.id, secret_sealed=crypto.encrypt(SECRET), started_at=NOW,
                         confirmed_at=NOW, last_step=0),
            *(RecoveryCode(user_id=person.id, digest=digest(person, code)) for code in RECOVERY),
        )  # fmt: skip


def digest(person, code):
    return crypto.blind_index(f"recovery code:{person.id}:{code}")


def code(clock, steps=0):
    return totp.code_at(SECRET, clock.now.timestamp() + 30 * steps)


def sign_in(client, **data):
    return client.post("/sign-in", data={"name": "liwenjing", "password": PASSWORD} | data)


def owe(client, typed):
    return client.post("/sign-in/code", data={"code": typed})


def is_in(client):
    return client.get("/account").status_code == 200


def all_of(app, select):
    with app.app_context():
        return list(db.session.scalars(select))


def actions(app):
    return all_of(app, sa.select(AuditEvent.action).order_by(AuditEvent.id))


# --- the arithmetic -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_rfc(moment, wanted):
    """RFC 6238, appendix B: the last six of its eight digits."""
    assert totp.code_at(SECRET, moment) == wanted
    assert totp.matching_step(SECRET, wanted, moment, after=0) == moment // 30


@pytest.mark.parametrize(
    ("typed", "late", "fits"),
    [("287 082", 0, True), ("２８７０８２", 0, True), ("287082", 30, True), ("287082", -30, True),
     ("287082", 60, False), ("287083", 0, False), ("", 0, False), ("28708", 0, False), ("abcdef", 0, False)],
)  # fmt: skip
def test_a_code_fits_a_step_early_or_late_however_it_is_typed(typed, late, fits):
    assert (totp.matching_step(SECRET, typed, 59 + late, after=0) is not None) == fits


def test_recovery_codes_are_many_different_and_read_however_they_are_typed():
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([2-9a-z]{4}-){2}[2-9a-z]{4}", one) for one in codes)
    assert totp.recovery_form(" ABCD-efgh 2345 ") == "abcdefgh2345"
    assert totp.recovery_form("123456") == ""


# --- setting one up -------------------------------------------------------------------------------


def test_a_person_sets_a_factor_up_and_comes_in_with_it(app, client, person, clock):
    sign_in(client)
    other = app.test_client()
    sign_in(other)
    assert client.post("/account/second-factor/begin", data={"current": "wrong-wrong-1"}).status_code == 422
    assert client.post("/account/second-factor/begin", data={"current": PASSWORD}).status_code == 302
    page = client.get("/account/second-factor").get_data(as_text=True)
    secret = re.search(r'class="code">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert "<svg" in page
    assert client.post("/account/second-factor", data={"code": "000000"}).status_code == 422

    done = client.post("/account/second-factor", data={"code": totp.code_at(secret, clock.now.timestamp())})

    codes = re.findall(r"<li class=\"code\">([\w-]+)</li>", done.get_data(as_text=True))
    assert len(codes) == 10
    assert is_in(client)
    assert not is_in(other)
    stored = all_of(app, sa.select(SecondFactor))[0]
    assert secret not in stored.secret_sealed
    assert not {one.replace("-", "") for one in codes} & set(all_of(app, sa.select(RecoveryCode.digest)))
    clock.forward(seconds=30)
    assert sign_in(other).location == "/sign-in/code"
    assert not is_in(other)
    assert owe(other, totp.code_at(secret, clock.now.timestamp())).location == "/"
    assert is_in(other)
    assert "factor.set_up" in actions(app)
    assert secret not in client.get("/account/second-factor").get_data(as_text=True)


def test_a_set_up_that_was_begun_an_hour_ago_is_begun_again(app, client, person, clock):
    sign_in(client)
    client.post("/account/second-factor/begin", data={"current": PASSWORD})
    clock.forward(minutes=61)
    with app.app_context():
        secret = crypto.decrypt(db.session.scalars(sa.select(SecondFactor)).one().secret_sealed)
    typed = totp.code_at(secret, clock.now.timestamp())
    assert client.post("/account/second-factor", data={"code": typed}).status_code == 409


# --- the door -------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing_and_a_code_opens_once(app, client, person, factor, clock):
    assert sign_in(client, next="/account?x=1").location == "/sign-in/code"
    assert client.get("/account").location.startswith("/sign-in?")
    typed = code(clock)
    assert owe(client, typed).location == "/account?x=1"

    again = app.test_client()
    sign_in(again)
    assert owe(again, typed).status_code == 422
    assert not is_in(again)
    assert owe(again, code(clock, -1)).status_code == 422
    clock.forward(seconds=30)
    assert owe(again, code(clock)).status_code == 302


def test_without_a_right_password_before_no_code_is_taken(client, person, factor, clock):
    assert client.get("/sign-in/code").location == "/sign-in"
    assert owe(client, code(clock)).location == "/sign-in"
    assert not is_in(client)


def test_the_code_is_owed_for_ten_minutes_and_not_after_the_password_changed(
    app, client, person, factor, clock
):
    sign_in(client)
    clock.forward(minutes=10)
    assert owe(client, code(clock)).location == "/sign-in"
    sign_in(client)
    with app.app_context():
        db.session.get(type(person), person.id).password_hash = passwords.hash_password("another-word-9")
        db.session.commit()
    assert owe(client, code(clock)).location == "/sign-in"
    assert not is_in(client)


def test_wrong_codes_are_counted_and_the_right_password_does_not_forget_them(client, person, factor, clock):
    sign_in(client)
    for _ in range(5):
        assert owe(client, "000000").status_code == 422
    waiting = owe(client, code(clock))
    assert waiting.status_code == 429
    assert waiting.headers["Retry-After"] == "31"
    sign_in(client)
    assert owe(client, code(clock)).status_code == 429
    clock.forward(seconds=31)
    assert owe(client, code(clock)).status_code == 302


def test_a_recovery_code_opens_once_and_says_how_many_are_left(app, client, person, factor, clock):
    sign_in(client)
    assert owe(client, "AAAA bbbb-cccc").status_code == 302
    assert is_in(client)
    again = app.test_client()
    sign_in(again)
    assert owe(again, "aaaa-bbbb-cccc").status_code == 422
    assert owe(again, "dddd-eeee-ffff").status_code == 302
    with app.app_context():
        told = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "factor.code_used")).all()
    assert [event.details["left"] for event in told] == [1, 0]


def test_the_session_that_was_there_before_is_dropped_at_both_steps(client, person, factor, clock):
    with client.session_transaction() as session:
        session["planted"] = session["_user_id"] = "by somebody else"
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert "_user_id" not in session
        session["planted"] = "again"
    owe(client, code(clock))
    with client.session_transaction() as session:
        assert "planted" not in session
        assert "half" not in session


def test_staying_signed_in_outlives_the_code(app, client, person, factor, clock):
    sign_in(client, stay="y")
    owe(client, code(clock))
    with app.app_context():
        row = db.session.scalars(sa.select(SignInSession)).one()
    assert row.expires_at - clock.now == timedelta(days=30)


# --- changing and giving it up --------------------------------------------------------------------


def test_new_recovery_codes_replace_the_old_and_giving_up_takes_the_password(
    app, client, person, factor, clock
):
    sign_in(client)
    owe(client, code(clock))
    assert client.post("/account/second-factor/codes", data={"current": "wrong-wrong-1"}).status_code == 422
    page = client.post("/account/second-factor/codes", data={"current": PASSWORD})
    assert len(re.findall(r"<li class=\"code\">", page.get_data(as_text=True))) == 10
    assert digest_missing(app, person)
    assert client.post("/account/second-factor/end", data={"current": ""}).status_code == 422
    client.post("/account/second-factor/end", data={"current": PASSWORD})
    assert all_of(app, sa.select(SecondFactor.user_id)) == all_of(app, sa.select(RecoveryCode.id)) == []
    assert sign_in(app.test_client()).location == "/"


def digest_missing(app, person):
    with app.app_context():
        return digest(person, "aaaabbbbcccc") not in set(db.session.scalars(sa.select(RecoveryCode.digest)))


# --- administrators -------------------------------------------------------------------------------


@pytest.fixture
def admin(app, world, clock, hashed):
    return world.signed_in(world.user(Role.ADMINISTRATOR, password_hash=hashed))


def test_an_administrator_takes_a_lost_factor_away_with_a_reason_and_the_own_password(
    app, client, world, person, factor, admin, clock
):
    address = f"/people/{person.id}/second-factor"
    sign_in(client)
    owe(client, code(clock))
    assert admin.get(address).status_code == 200
    assert admin.post(address, data={"reason": "", "current": PASSWORD}).status_code == 422
    assert admin.post(address, data={"reason": "手机丢了", "current": "wrong-wrong-1"}).status_code == 422
    assert is_in(client)

    assert admin.post(address, data={"reason": "手机丢了", "current": PASSWORD}).status_code == 302

    assert not is_in(client)
    assert sign_in(client).location == "/"
    with app.app_context():
        event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "factor.reset")).one()
    assert event.reason == "手机丢了"
    assert admin.post(address, data={"reason": "x", "current": PASSWORD}).status_code == 409


def test_the_last_administrator_s_lost_factor_is_taken_away_on_the_server(cli, client, person, factor, clock):
    assert cli("user", "reset-factor", "LiWenJing").exit_code == 0
    assert sign_in(client).location == "/"
    again = cli("user", "reset-factor", "liwenjing")
    assert again.exit_code != 0
    assert "no second factor" in again.output
    assert cli("user", "reset-factor", "nobody").exit_code != 0


def test_only_who_administers_the_account_takes_its_factor_away(world, person, factor, clock, hashed):
    data = {"reason": "x", "current": PASSWORD}
    elsewhere = world.user(Role.ADMINISTRATOR, world.organization(), password_hash=hashed)
    staff = world.user(Role.STAFF, password_hash=hashed)
    address = f"/people/{person.id}/second-factor"
    assert world.signed_in(elsewhere).post(address, data=data).status_code == 404
    assert world.signed_in(staff).post(address, data=data).status_code == 403


@pytest.mark.parametrize(("role", "led"), [(Role.STAFF, True), (Role.TRAINEE, False)])
def test_staff_of_an_organisation_that_asks_for_a_factor_are_led_to_set_one_up(app, world, role, led):
    browser = world.signed_in(world.user(role))
    assert browser.get("/account").status_code == 200
    with app.app_context():
        keep(SignInRule(organization_id=world.college.id, factor_required=True))

    assert (browser.get("/account").location == "/account/second-factor") == led
    if led:
        assert browser.post("/account/phone", data={}).location == "/account/second-factor"
        assert browser.get("/account/second-factor").status_code == 200
        assert browser.post("/sign-out").status_code == 302


def test_who_has_a_factor_or_works_elsewhere_is_not_led(app, world, person, factor):
    college, enterprise = world.college.id, world.enterprise.id
    with app.app_context():
        keep(SignInRule(organization_id=college, factor_required=True))
        keep(SignInRule(organization_id=enterprise, factor_required=False))
    assert world.signed_in(person).get("/account").status_code == 200
    assert world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR)).get("/account").status_code == 200
