"""How administrators set sign-in up: for their own organisations, with secrets that nobody reads again."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from trainmgr.identity.sign_on_models import LinkRule, ProviderKind, SecondFactor, SignInProvider, SignInRule
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db

OIDC = {
    "name": "统一身份认证", "issuer": "https://login.example.edu.cn/realms/x", "client_id": "trainmgr",
    "secret": "a very secret word", "scopes": "openid profile", "claim": "student_number", "link_rule": "number",
    "active": "y",
}  # fmt: skip
CAS = {"name": "CAS", "issuer": "https://cas.example.edu.cn/cas", "link_rule": "number", "active": "y"}


@pytest.fixture
def admin(world):
    return world.signed_in(world.user(Role.ADMINISTRATOR))


@pytest.fixture
def place(world):
    return f"/organizations/{world.college.id}/sign-on"


def all_of(app, select):
    with app.app_context():
        return list(db.session.scalars(select))


def test_an_administrator_sets_a_system_up_and_its_secret_is_never_shown(app, admin, place):
    assert admin.get(f"{place}/new?kind=oidc").status_code == 200
    assert admin.post(f"{place}/new?kind=oidc", data=OIDC).status_code == 302

    with app.app_context():
        made = db.session.scalars(sa.select(SignInProvider)).one()
        assert crypto.decrypt(made.secret_sealed) == OIDC["secret"]
        assert (made.kind, made.link_rule, made.claim) == (
            ProviderKind.OIDC,
            LinkRule.NUMBER,
            "student_number",
        )
        number = made.id
    page = admin.get(f"{place}/{number}").get_data(as_text=True)
    assert OIDC["secret"] not in page
    assert f"/sign-in/through/{number}/back" in page
    assert OIDC["name"] in admin.get(place).get_data(as_text=True)
    assert all_of(app, sa.select(AuditEvent.action)) == ["provider.added"]


@pytest.mark.parametrize("kind", list(ProviderKind))
def test_each_kind_asks_for_what_it_needs_and_comes_with_what_is_known(admin, place, kind):
    page = admin.get(f"{place}/new?kind={kind}").get_data(as_text=True)
    fields = set(re.findall(r'<input [^>]*id="(\w+)"', page))
    assert ("issuer" in fields) == (kind in (ProviderKind.OIDC, ProviderKind.CAS))
    assert ("agent" in fields) == (kind is ProviderKind.WECOM)
    assert ("token_url" in fields) == (kind in (ProviderKind.WECOM, ProviderKind.DINGTALK))
    assert ("api.dingtalk.com" in page) == (kind is ProviderKind.DINGTALK)
    assert (
        admin.post(f"{place}/new?kind={kind}", data={"name": "x", "link_rule": "number"}).status_code == 422
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("issuer", "http://login.example.edu.cn"), ("issuer", "https://127.0.0.1/"), ("issuer", "https://[::1]:8/"),
     ("issuer", "javascript:alert(1)"), ("issuer", ""), ("client_id", ""), ("name", " "), ("link_rule", "anybody"),
     ("claim", "a b"), ("scopes", "<b>")],
)  # fmt: skip
def test_what_cannot_be_is_named_at_its_field(app, admin, place, field, value):
    response = admin.post(f"{place}/new?kind=oidc", data=OIDC | {field: value})
    assert response.status_code == 422
    assert f'href="#{field}"' in response.get_data(as_text=True)
    assert all_of(app, sa.select(SignInProvider.id)) == []


def test_nobody_is_opened_an_account_by_itself_where_only_the_persons_link(admin, place):
    data = OIDC | {"link_rule": "self", "creates": "y"}
    assert admin.post(f"{place}/new?kind=oidc", data=data).status_code == 422


def test_an_unknown_kind_is_not_there(admin, place):
    assert admin.get(f"{place}/new?kind=saml").status_code == 404


def test_changing_keeps_the_secret_and_of_two_the_later_is_told(app, admin, place):
    admin.post(f"{place}/new?kind=oidc", data=OIDC)
    with app.app_context():
        made = db.session.scalars(sa.select(SignInProvider)).one()
        address, version = f"{place}/{made.id}", str(made.version)
    changed = OIDC | {"secret": "", "name": "新名称", "version": version}
    assert admin.post(address, data=changed).status_code == 302
    assert admin.post(address, data=changed | {"name": "更晚的"}).status_code == 409
    assert admin.post(address, data=changed | {"issuer": ""}).status_code == 422
    with app.app_context():
        made = db.session.scalars(sa.select(SignInProvider)).one()
        assert (made.name, crypto.decrypt(made.secret_sealed)) == ("新名称", OIDC["secret"])


def test_others_do_not_come_near_it(app, world, admin, place):
    admin.post(f"{place}/new?kind=cas", data=CAS)
    with app.app_context():
        number = db.session.scalars(sa.select(SignInProvider.id)).one()
    elsewhere = world.organization()
    stranger = world.signed_in(world.user(Role.ADMINISTRATOR, elsewhere))
    staff = world.signed_in(world.user(Role.STAFF))
    for address in (place, f"{place}/new", f"{place}/{number}"):
        assert stranger.get(address).status_code == 404
        assert staff.get(address).status_code == 403
    assert stranger.post(f"{place}/{number}", data=CAS).status_code == 404
    assert stranger.post(f"{place}/rule", data={"required": "y"}).status_code == 404
    assert stranger.get(f"/organizations/{elsewhere.id}/sign-on/{number}").status_code == 404
    department = world.department()
    assert admin.get(f"/organizations/{department.id}/sign-on").status_code == 404


def test_a_college_asks_its_staff_for_a_second_factor_and_sees_who_lacks_one(app, world, place):
    administrator = world.user(Role.ADMINISTRATOR)
    admin, staff = world.signed_in(administrator), world.signed_in(world.user(Role.STAFF))
    world.user(Role.TRAINEE)
    with app.app_context():
        sealed = crypto.encrypt("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        keep(SecondFactor(user_id=administrator.id, secret_sealed=sealed, started_at=NOW, confirmed_at=NOW))
    assert "2 名工作人员中 1 名尚未开启" in admin.get(place).get_data(as_text=True)

    admin.post(f"{place}/rule", data={"required": "y", "days": "30"})

    assert staff.get("/account").location == "/account/second-factor"
    assert admin.get("/account").status_code == 200
    admin.post(f"{place}/rule", data={"required": "y", "days": "30"})
    admin.post(f"{place}/rule", data={"days": "30"})
    assert staff.get("/account").status_code == 200
    assert all_of(app, sa.select(AuditEvent.action)) == ["factor.required", "factor.not_required"]
    assert all_of(app, sa.select(SignInRule.factor_required)) == [False]


def test_the_overview_takes_few_statements_however_many_systems_there_are(admin, place, count_statements):
    for number in range(3):
        admin.post(f"{place}/new?kind=cas", data=CAS | {"name": f"CAS {number}"})
    with count_statements() as statements:
        assert admin.get(place).status_code == 200
    assert len(statements) <= 10
