"""People and organisations: who sees whom, who administers whom, what happens to an account."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from trainmgr.identity import first_passwords, passwords
from trainmgr.identity.models import Membership, Organization, OrganizationKind, SignInSession, User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.rules import State

USCC = "91110000600037341L"
OTHER_USCC = "914403001922038216"


@pytest.fixture(autouse=True)
def _on_that_day(app):
    app.config["CLOCK"] = lambda: NOW


@pytest.fixture
def administrator(world):
    return world.user(Role.ADMINISTRATOR, name="管理员甲")


@pytest.fixture
def admin(world, administrator):
    return world.signed_in(administrator)


@pytest.fixture
def operator(world):
    return world.signed_in(world.user(Role.ADMINISTRATOR, world.organization(OrganizationKind.OPERATOR)))


def rows(app, select):
    with app.app_context():
        return list(db.session.scalars(select))


def actions(app):
    return rows(app, sa.select(AuditEvent.action).order_by(AuditEvent.id))


def new(client, world, **data):
    values = {
        "name": "周建国",
        "username": "ZhouJianguo",
        "phone": "",
        "organization": world.college.id,
        "role": "staff",
        "department": 0,
        "number": "T7",
        "title": "",
    } | data
    return client.post("/people/new", data=values)


# --- opening an account -------------------------------------------------------------------------


def test_a_new_person_gets_a_first_password_that_is_shown_once_and_works(app, admin, world):
    created = new(admin, world, phone="138-1234-5678")
    page = admin.get(created.location).get_data(as_text=True)
    person = rows(app, sa.select(User).where(User.username == "zhoujianguo"))[0]
    with app.app_context():
        password = first_passwords.password_of(person.id, person.password_hash)

    assert password in page
    assert password not in admin.get(created.location).get_data(as_text=True)
    for name in ("zhoujianguo", "T7", "13812345678"):
        door = app.test_client().post("/sign-in", data={"name": name, "password": password})
        assert door.location == "/first-password"
    assert actions(app)[:2] == ["person.created", "membership.added"]


def test_the_phone_is_kept_encrypted_and_shown_masked(app, admin, world):
    created = new(admin, world, phone="13812345678")
    page = admin.get(created.location).get_data(as_text=True)
    with app.app_context():
        person = db.session.scalars(sa.select(User).where(User.username == "zhoujianguo")).one()
        assert "13812345678" not in (person.phone_encrypted or "")
        assert crypto.decrypt(person.phone_encrypted) == "13812345678"
    assert "138****5678" in page
    assert "13812345678" not in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("username", "周"),
        ("username", "a b"),
        ("username", "x"),
        ("phone", "12345"),
        ("role", "enterprise_mentor"),
        ("role", "emperor"),
        ("role", "department_staff"),
        ("organization", "999999"),
        ("organization", "nonsense"),
        ("department", "999999"),
        ("number", "9" * 41),
    ],
)
def test_wrong_fields_are_named_and_nothing_typed_is_lost(app, admin, world, field, value):
    world.department()
    response = new(admin, world, **{field: value, "title": "讲师"})

    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert f'id="{field}-error"' in page
    assert 'value="讲师"' in page
    assert rows(app, sa.select(User.id).where(User.name == "周建国")) == []


@pytest.mark.parametrize(
    ("data", "first"),
    [
        ({"username": "zhoujianguo", "number": "T8"}, {}),
        ({"username": "other", "number": "T7"}, {}),
        ({"username": "other", "number": "T8", "phone": "13812345678"}, {"phone": "13812345678"}),
    ],
)
def test_what_belongs_to_somebody_else_is_refused_and_a_double_submit_makes_one_account(
    app, admin, world, data, first
):
    new(admin, world, **first)

    response = new(admin, world, **data)

    assert response.status_code == 409
    assert 'value="周建国"' in response.get_data(as_text=True)
    assert len(rows(app, sa.select(User.id).where(User.name == "周建国"))) == 1


def test_an_administrator_opens_accounts_only_in_organisations_of_his_own(app, admin, world):
    other = world.organization()
    assert new(admin, world, organization=other.id).status_code == 422
    assert new(admin, world, organization=world.enterprise.id, role="enterprise_mentor").status_code == 422


def test_the_college_that_registered_an_enterprise_staffs_it_until_it_has_its_own_administrator(
    app, admin, world
):
    made = admin.post(
        "/organizations/new",
        data={"kind": "enterprise", "name": "蓝湾精密", "code": USCC, "short_name": "蓝湾"},
    )
    enterprise = int(made.location.rsplit("/", 1)[1])

    first = new(admin, world, organization=enterprise, role="administrator", number="")
    assert first.status_code == 302

    refused = new(
        admin, world, organization=enterprise, role="enterprise_mentor", username="second", number=""
    )
    assert refused.status_code == 422


# --- who sees whom ------------------------------------------------------------------------------


def test_people_of_other_organisations_are_not_there(world, admin):
    stranger = world.user(Role.SCHOOL_TEACHER, world.organization(), name="远处的人")

    assert admin.get(f"/people/{stranger.id}").status_code == 404
    assert "远处的人" not in admin.get("/people").get_data(as_text=True)
    for path in ("edit", "close", "reopen", "password", "number", "roles"):
        assert admin.post(f"/people/{stranger.id}/{path}").status_code == 404


def test_the_operator_s_administrator_sees_everybody(world, operator):
    stranger = world.user(Role.SCHOOL_TEACHER, world.organization(), name="远处的人")
    assert operator.get(f"/people/{stranger.id}").status_code == 200
    assert "远处的人" in operator.get("/people").get_data(as_text=True)


def test_staff_see_the_people_of_their_programmes_and_a_partner_college_no_foreign_trainees(world):
    partner = world.organization(name="伙伴学院")
    program = world.program(State.RUNNING, partner=partner)
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    enrolment = world.enrolment(program, mentor=mentor)
    lead, other = (world.signed_in(world.user(Role.STAFF, home)) for home in (world.college, partner))

    assert lead.get(f"/people/{mentor.id}").status_code == 200
    assert lead.get(f"/people/{enrolment.user_id}").status_code == 200
    assert other.get(f"/people/{mentor.id}").status_code == 200
    assert other.get(f"/people/{enrolment.user_id}").status_code == 404


def test_a_coordinator_sees_the_people_of_the_own_enterprise_only(world):
    program = world.program(State.RUNNING)
    teacher = world.user(Role.SCHOOL_TEACHER)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    colleague = world.user(Role.ENTERPRISE_MENTOR)
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))

    assert coordinator.get(f"/people/{colleague.id}").status_code == 200
    assert coordinator.get(f"/people/{teacher.id}").status_code == 404


def test_staff_see_people_but_change_nothing(world):
    staff = world.signed_in(world.user(Role.STAFF))
    person = world.user(Role.SCHOOL_TEACHER)
    page = staff.get(f"/people/{person.id}")

    assert page.status_code == 200
    assert "/close" not in page.get_data(as_text=True)
    assert staff.post(f"/people/{person.id}/close").status_code == 403


# --- who administers whom -----------------------------------------------------------------------


def test_an_account_of_two_houses_is_in_the_hands_of_neither(app, world, admin, operator):
    """Otherwise the administrator of one college could take over an account that works for another."""
    person = world.user(Role.SCHOOL_TEACHER)
    with app.app_context():
        keep(
            Membership(
                user_id=person.id,
                organization_id=world.enterprise.id,
                role=Role.ENTERPRISE_MENTOR,
                created_at=NOW,
            )
        )

    assert admin.get(f"/people/{person.id}").status_code == 200
    assert admin.post(f"/people/{person.id}/password").status_code == 403
    assert admin.get(f"/people/{person.id}/edit").status_code == 403
    assert operator.post(f"/people/{person.id}/password").status_code == 302


def test_a_college_cannot_reset_the_password_of_the_operator(world, admin):
    person = world.user(Role.ADMINISTRATOR, world.organization(OrganizationKind.OPERATOR))
    assert admin.post(f"/people/{person.id}/password").status_code == 404


def test_a_reset_signs_the_person_out_and_the_old_password_opens_nothing(app, world, admin):
    person = world.user(Role.STAFF, password_hash=passwords.hash_password("kiln-otter-47"))
    their = world.signed_in(person)
    assert their.get("/account").status_code == 200

    page = admin.get(admin.post(f"/people/{person.id}/password").location).get_data(as_text=True)

    assert their.get("/account").location.startswith("/sign-in")
    old = app.test_client().post("/sign-in", data={"name": person.username, "password": "kiln-otter-47"})
    assert old.status_code == 422
    mark = rows(app, sa.select(User.password_hash).where(User.id == person.id))[0]
    with app.app_context():
        assert first_passwords.password_of(person.id, mark) in page
    assert actions(app)[-1] == "person.password_reset"


def test_nobody_closes_the_own_account_or_ends_the_own_administration(app, world, admin, administrator):
    membership = rows(app, sa.select(Membership).where(Membership.user_id == administrator.id))[0]

    assert admin.post(f"/people/{administrator.id}/close").status_code == 409
    assert admin.post(f"/people/{administrator.id}/password").status_code == 409
    assert admin.post(f"/people/{administrator.id}/roles/{membership.id}/end").status_code == 409


def test_a_closed_account_is_signed_out_and_can_be_opened_again(app, world, admin):
    person = world.user(Role.STAFF)
    their = world.signed_in(person)

    assert admin.post(f"/people/{person.id}/close").status_code == 302
    assert admin.post(f"/people/{person.id}/close").status_code == 409
    assert their.get("/account").location.startswith("/sign-in")
    assert rows(app, sa.select(SignInSession).where(SignInSession.user_id == person.id)) == []
    assert person.name in admin.get("/people?state=closed").get_data(as_text=True)
    assert person.name not in admin.get("/people").get_data(as_text=True)
    assert admin.post(f"/people/{person.id}/reopen").status_code == 302
    assert actions(app) == ["person.closed", "person.reopened"]


def test_a_whole_number_is_shown_on_request_only_and_recorded(app, world, admin):
    with app.app_context():
        encrypted = crypto.encrypt("13812345678")
    person = world.user(Role.STAFF, phone_encrypted=encrypted, phone_masked="138****5678")

    assert "13812345678" not in admin.get(f"/people/{person.id}").get_data(as_text=True)
    shown = admin.post(f"/people/{person.id}/number", data={"kind": "phone"})

    assert "13812345678" in shown.get_data(as_text=True)
    assert actions(app) == ["person.phone_shown"]
    assert admin.post(f"/people/{person.id}/number", data={"kind": "id_number"}).status_code == 409
    assert admin.post(f"/people/{person.id}/number", data={"kind": "password_hash"}).status_code == 422


# --- editing ------------------------------------------------------------------------------------


def seen_on(client, path):
    page = client.get(path).get_data(as_text=True)
    return page.split('name="seen"')[1].split('value="')[1].split('"')[0]


def test_editing_keeps_the_phone_unless_it_is_typed_or_removed(app, world, admin):
    person = world.user(Role.STAFF, phone_masked="138****5678", phone_digest="d", phone_encrypted="e")
    path = f"/people/{person.id}/edit"

    def edit(**data):
        values = {
            "name": "新名",
            "username": person.username,
            "phone": "",
            "seen": seen_on(admin, path),
        } | data
        return admin.post(path, data=values)

    assert edit().status_code == 302
    assert rows(app, sa.select(User.phone_masked).where(User.id == person.id)) == ["138****5678"]
    edit(no_phone="y")
    assert rows(app, sa.select(User.phone_digest).where(User.id == person.id)) == [None]
    edit(phone="13987654321")
    assert rows(app, sa.select(User.phone_masked).where(User.id == person.id)) == ["139****4321"]


def test_of_two_who_edit_at_once_the_later_is_told_by_whom_and_keeps_what_was_typed(app, world, admin):
    person = world.user(Role.STAFF)
    path = f"/people/{person.id}/edit"
    other = world.signed_in(world.user(Role.ADMINISTRATOR, name="管理员乙"))
    seen = seen_on(admin, path)
    other.post(path, data={"name": "乙的名", "username": person.username, "seen": seen})

    late = admin.post(path, data={"name": "甲的名", "username": person.username, "seen": seen})

    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "管理员乙" in page
    assert "乙的名" in page
    assert 'value="甲的名"' in page
    again = page.split('name="seen"')[1].split('value="')[1].split('"')[0]
    assert (
        admin.post(path, data={"name": "甲的名", "username": person.username, "seen": again}).status_code
        == 302
    )


def test_a_sign_in_meanwhile_is_no_conflict(app, world, admin):
    person = world.user(Role.STAFF)
    path = f"/people/{person.id}/edit"
    seen = seen_on(admin, path)
    world.signed_in(person).post("/language", data={"language": "en"})

    assert (
        admin.post(path, data={"name": "新名", "username": person.username, "seen": seen}).status_code == 302
    )


def test_a_further_role_is_added_once_ended_and_begun_again(app, world, admin):
    person = world.user(Role.STAFF)
    role = {
        "organization": world.college.id,
        "role": "school_teacher",
        "department": 0,
        "number": "T9",
        "title": "讲师",
    }

    assert admin.post(f"/people/{person.id}/roles", data=role).status_code == 302
    assert admin.post(f"/people/{person.id}/roles", data=role).status_code == 409
    added = rows(app, sa.select(Membership).where(Membership.number == "T9"))[0]
    path = f"/people/{person.id}/roles/{added.id}"
    assert admin.post(path, data={"number": "T10", "title": "副教授", "department": 0}).status_code == 302
    assert admin.post(f"{path}/end").status_code == 302
    assert admin.post(f"{path}/end").status_code == 409
    ended = rows(app, sa.select(Membership).where(Membership.id == added.id))[0]
    assert (ended.number, ended.title, ended.ended_on) == ("T10", "副教授", TODAY)
    assert admin.post(f"/people/{person.id}/roles", data=role).status_code == 302
    assert rows(app, sa.select(Membership.ended_on).where(Membership.id == added.id)) == [None]


def test_department_staff_take_a_department_of_their_college(world, admin):
    own, other = world.department(), world.department(world.organization())
    person = world.user(Role.STAFF)
    role = {"organization": world.college.id, "role": "department_staff", "number": "", "title": ""}

    assert admin.post(f"/people/{person.id}/roles", data=role | {"department": 0}).status_code == 422
    assert admin.post(f"/people/{person.id}/roles", data=role | {"department": other.id}).status_code == 422
    assert admin.post(f"/people/{person.id}/roles", data=role | {"department": own.id}).status_code == 302


def test_a_role_of_another_person_is_not_found(app, world, admin):
    person, other = world.user(Role.STAFF), world.user(Role.STAFF)
    membership = rows(app, sa.select(Membership).where(Membership.user_id == other.id))[0]
    assert admin.post(f"/people/{person.id}/roles/{membership.id}/end").status_code == 404


# --- the ledger ---------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["李文静", "文静", "LIWENJING", "20260042", "260042"])
def test_people_are_found_by_name_user_name_and_number(world, admin, words):
    world.user(Role.TRAINEE, name="李文静", username="liwenjing", number="20260042")
    page = admin.get("/people", query_string={"q": words}).get_data(as_text=True)
    assert "liwenjing" in page


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "李%静"])
def test_signs_of_the_search_language_are_taken_as_they_stand(world, admin, words):
    world.user(Role.TRAINEE, name="李文静", username="liwenjing")
    page = admin.get("/people", query_string={"q": words})
    assert page.status_code == 200
    assert "liwenjing" not in page.get_data(as_text=True)


def test_the_ledger_filters_by_role_organisation_and_state(app, world, admin):
    department = world.department()
    teacher = world.user(Role.SCHOOL_TEACHER, name="王教师")
    clerk = world.user(Role.DEPARTMENT_STAFF, department=department, name="何干事")
    gone = world.user(Role.STAFF, name="已走的")
    with app.app_context():
        db.session.execute(sa.update(Membership).where(Membership.user_id == gone.id).values(ended_on=TODAY))
        db.session.commit()

    def names(query):
        page = admin.get(f"/people?{query}").get_data(as_text=True)
        return {person.name for person in (teacher, clerk, gone) if person.name in page}

    assert names("role=school_teacher") == {"王教师"}
    assert names(f"organization={department.id}") == {"何干事"}
    assert names("state=left") == {"已走的"}
    assert names("role=nonsense&organization=x&state=y") == {"王教师", "何干事", "已走的"}


@pytest.mark.parametrize("path", ["/people", "/organizations", "/people?q=r&sort=username&direction=desc"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_people(
    app, world, admin, count_statements, path
):
    def statements():
        with count_statements() as sent:
            assert admin.get(path).status_code == 200
        return len(sent)

    few = statements()
    with app.app_context():
        db.session.add_all(
            User(username=f"manyr{number}", name=f"人人{number}", created_at=NOW) for number in range(130)
        )
        db.session.flush()
        for person in db.session.scalars(sa.select(User).where(User.username.startswith("many"))):
            db.session.add(
                Membership(
                    user_id=person.id, organization_id=world.college.id, role=Role.TRAINEE, created_at=NOW
                )
            )
        db.session.commit()

    assert statements() == few <= 10


# --- organisations ------------------------------------------------------------------------------


def test_staff_register_an_enterprise_once_by_its_code(app, world):
    staff = world.signed_in(world.user(Role.STAFF))
    form = {"kind": "enterprise", "name": "蓝湾精密", "code": f" {USCC.lower()} "}

    assert staff.post("/organizations/new", data=form).status_code == 302
    assert rows(app, sa.select(Organization.code).where(Organization.name == "蓝湾精密")) == [USCC]

    again = staff.post("/organizations/new", data=form | {"name": "蓝湾精密制造"})
    assert again.status_code == 409
    assert "蓝湾精密" in again.get_data(as_text=True)
    assert actions(app) == ["organization.created"]


@pytest.mark.parametrize("code", ["", "91110000600037341X", "911100006000373", "一二三", "9" * 31])
def test_an_enterprise_needs_a_code_whose_last_sign_fits(world, code):
    staff = world.signed_in(world.user(Role.STAFF))
    response = staff.post("/organizations/new", data={"kind": "enterprise", "name": "蓝湾精密", "code": code})
    assert response.status_code == 422
    assert 'id="code-error"' in response.get_data(as_text=True)
    assert 'value="蓝湾精密"' in response.get_data(as_text=True)


@pytest.mark.parametrize("kind", ["college", "operator", "department", "nonsense", ""])
def test_staff_register_nothing_but_shared_organisations(world, kind):
    staff = world.signed_in(world.user(Role.STAFF))
    data = {"kind": kind, "name": "新学院", "parent": world.college.id}
    assert staff.post("/organizations/new", data=data).status_code == 422


def test_a_college_s_administrator_adds_departments_to_the_own_college_only(app, world, admin):
    other = world.organization()
    data = {"kind": "department", "name": "智能制造系"}

    assert admin.post("/organizations/new", data=data | {"parent": other.id}).status_code == 422
    assert admin.post("/organizations/new", data=data | {"parent": world.college.id}).status_code == 302
    assert admin.post("/organizations/new", data=data | {"parent": world.college.id}).status_code == 409


def test_only_the_operator_enters_colleges(app, world, admin, operator):
    data = {"kind": "college", "name": "新的学院"}
    assert admin.post("/organizations/new", data=data).status_code == 422
    assert operator.post("/organizations/new", data=data).status_code == 302


def test_other_colleges_are_not_there_and_shared_enterprises_are(world, admin):
    other = world.organization(name="远处的学院")
    department = world.department(other)

    assert admin.get(f"/organizations/{other.id}").status_code == 404
    assert admin.get(f"/organizations/{department.id}").status_code == 404
    assert admin.get(f"/organizations/{world.enterprise.id}").status_code == 200
    assert admin.get(f"/organizations/{world.enterprise.id}/edit").status_code == 403
    assert "远处的学院" not in admin.get("/organizations").get_data(as_text=True)


def test_of_two_who_edit_an_organisation_the_later_is_told(app, world, admin, operator):
    path = f"/organizations/{world.college.id}/edit"
    form = {"name": "改名学院", "kind": "college", "version": "1"}
    assert operator.post(path, data=form).status_code == 302

    late = admin.post(path, data=form | {"name": "另一个名"})

    assert late.status_code == 409
    assert 'value="另一个名"' in late.get_data(as_text=True)
    assert "改名学院" in late.get_data(as_text=True)
    assert admin.post(path, data=form | {"name": "另一个名", "version": "2"}).status_code == 302


def test_how_many_people_an_enterprise_has_is_for_its_own_only(world, admin):
    world.user(Role.ENTERPRISE_MENTOR)
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    path = f"/organizations/{world.enterprise.id}"
    assert "role=enterprise_mentor" in coordinator.get(path).get_data(as_text=True)
    assert "role=enterprise_mentor" not in admin.get(path).get_data(as_text=True)
