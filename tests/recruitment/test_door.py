"""The public door: anybody applies, nobody learns anything of anybody, robots are slowed down."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from tests.enrolment.conftest import id_number
from tests.factories import NOW, TODAY
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.recruitment.door_forms import began_at
from trainmgr.recruitment.door_models import RepeatedApplication
from trainmgr.recruitment.models import Application

pytestmark = pytest.mark.usefixtures("recruiting")


@pytest.fixture
def code(recruiting):
    """The code in the address of an open page; its plan has two posts."""
    recruiting.plan(("装调", "机器人", 1), ("检测", "质量", 5))
    return recruiting.open_page()


@pytest.fixture
def send(app, client, code, recruiting):
    """Send the public form; returns the answer. What is not named is right."""

    def post(serial=1, *, browser=None, **values):
        with app.app_context():
            began = began_at(NOW - timedelta(seconds=30))
        form = {
            "name": f"考生{serial}", "id_number": id_number(serial), "phone": f"1390000{serial:04}", "agree": "y",
            "post": str(recruiting.posts()["装调"]), "statement": "想学装调", "website": "", "began": began,
        }  # fmt: skip
        return (browser or client).post(f"/apply/{code}", data=form | values)

    return post


def receipt_of(client):
    page = client.get("/apply/mine").get_data(as_text=True)
    return page.split('id="receipt-code">')[1].split("<")[0]


def count(session, model):
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_anybody_reads_posts_places_and_promises(client, code):
    page = client.get(f"/apply/{code}").get_data(as_text=True)

    for text in ("测试项目", "测试企业", "装调", "机器人", "1 / 1", "5 / 5", "2,400", "包食宿"):
        assert text in page, text


def test_an_application_makes_a_sleeping_account_and_a_receipt(session, client, send):
    answer = send()

    assert (answer.status_code, urlsplit(answer.location).path) == (302, "/apply/mine")
    receipt = receipt_of(client)
    made = session.scalars(sa.select(Application)).one()
    person = session.get(User, made.user_id)
    assert (made.name, made.field, made.phone_masked) == ("考生1", "机器人", "139****0001")
    assert person.id_number_masked == crypto.mask_id_number(id_number(1))
    assert session.scalars(sa.select(Membership).where(Membership.user_id == person.id)).all() == []
    stored = [str(value) for row in session.execute(sa.text("SELECT * FROM application")) for value in row]
    stored += [str(value) for row in session.execute(sa.text("SELECT * FROM user_account")) for value in row]
    stored += [str(value) for row in session.execute(sa.text("SELECT * FROM audit_event")) for value in row]
    for secret in (receipt, receipt.replace("-", ""), id_number(1), "13900000001"):
        assert not any(secret in text for text in stored), secret


def test_the_receipt_opens_the_application_on_another_device(app, client, send):
    send()
    receipt = receipt_of(client)
    other = app.test_client()
    assert other.get("/apply/mine").status_code == 302

    answer = other.post("/apply/receipt", data={"code": f" {receipt.upper().replace('-', ' ')} "})

    assert answer.status_code == 302
    page = other.get("/apply/mine").get_data(as_text=True)
    assert "考生1" in page
    assert receipt not in page
    other.post("/apply/mine/leave")
    assert other.get("/apply/mine").status_code == 302


def test_a_receipt_is_shown_until_its_owner_has_noted_it(client, send):
    send()
    receipt = receipt_of(client)
    assert receipt_of(client) == receipt

    client.post("/apply/mine/noted")

    assert receipt not in client.get("/apply/mine").get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id_number", id_number(2)[:-1] + ("1" if id_number(2)[-1] != "1" else "2")),  # checksum
        ("id_number", id_number(2, born="20991231")),  # future
        ("id_number", id_number(2, born=(TODAY - timedelta(days=15 * 365)).strftime("%Y%m%d"))),  # too young
        ("id_number", "５００１０３"),
        ("phone", "12345"),
        ("name", "  "),
        ("statement", ""),
        ("post", ""),
        ("agree", ""),
    ],
)
def test_what_cannot_be_is_told_at_the_field_and_the_rest_is_kept(session, send, field, value):
    answer = send(2, **{field: value})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count("is-wrong") >= 1
    assert field == "statement" or "想学装调" in page
    assert count(session, Application) == 0


def test_the_birthday_decides_who_is_old_enough(session, send):
    sixteen = TODAY.replace(year=TODAY.year - 16)

    assert (
        send(3, id_number=id_number(3, born=(sixteen + timedelta(days=1)).strftime("%Y%m%d"))).status_code
        == 422
    )
    assert send(4, id_number=id_number(4, born=sixteen.strftime("%Y%m%d"))).status_code == 302


def test_a_robot_that_fills_every_field_or_answers_at_once_is_refused(app, session, send):
    with app.app_context():
        now, old = began_at(NOW), began_at(NOW - timedelta(days=2))

    for values in ({"website": "http://x"}, {"began": now}, {"began": old}, {"began": "1700000000.x"}):
        answer = send(5, **values)
        assert answer.status_code == 422, values
        assert "考生5" in answer.get_data(as_text=True)
    assert count(session, Application) == 0


def test_a_known_person_is_recognised_and_the_answer_is_the_same(session, world, app, client, send):
    known = world.user(Role.TRAINEE, name="考生6")
    with app.app_context():
        person = db.session.get(User, known.id)
        person.id_number_digest = crypto.blind_index(id_number(6))
        person.id_number_encrypted = crypto.encrypt(id_number(6))
        db.session.commit()
    others = app.test_client()

    first, second = send(6), send(7, browser=others)

    assert (first.status_code, first.location) == (second.status_code, second.location)
    pages = [one.get("/apply/mine").get_data(as_text=True) for one in (client, others)]
    plain = [
        page.replace("考生6", "").replace("考生7", "").replace(receipt_of(one), "")
        for page, one in zip(pages, (client, others), strict=True)
    ]
    assert _without_tokens(plain[0]) == _without_tokens(plain[1])
    made = {row.name: row.user_id for row in session.scalars(sa.select(Application))}
    assert made["考生6"] == known.id


def _without_tokens(page):
    import re

    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_whoever_repeats_everything_is_told_and_anybody_else_learns_nothing(
    session, app, signed_in, recruiting, send
):
    send(8)
    same = send(8, browser=app.test_client())
    assert same.status_code == 409

    stranger = app.test_client()
    other = send(8, browser=stranger, phone="13911112222", name="冒名")

    assert other.status_code == 302
    page = stranger.get("/apply/mine").get_data(as_text=True)
    assert "考生8" not in page
    assert "139****2222" in page
    assert (count(session, Application), count(session, RepeatedApplication)) == (1, 1)
    staff = signed_in(recruiting.staff)
    home = f"/programs/{recruiting.program.id}/applications"
    assert "/repeated" in staff.get(home).get_data(as_text=True)
    assert "冒名" in staff.get(f"{home}/repeated").get_data(as_text=True)
    assert "冒名" not in signed_in(recruiting.coordinator).get(f"{home}/repeated").get_data(as_text=True)


def test_a_phone_of_somebody_else_does_not_stop_an_application(session, app, send):
    send(9)
    send(10, browser=app.test_client(), phone="13900000009")

    rows = session.scalars(sa.select(User).where(User.id_number_digest.is_not(None)).order_by(User.id)).all()
    assert [bool(row.phone_digest) for row in rows] == [True, False]
    assert count(session, Application) == 2


def test_withdrawn_and_unjudged_it_is_made_again_with_a_new_receipt(session, app, client, send):
    send(11)
    first = receipt_of(client)
    assert client.post("/apply/mine/withdraw").status_code == 302

    assert send(11).status_code == 302

    assert receipt_of(client) != first
    assert app.test_client().post("/apply/receipt", data={"code": first}).status_code == 422
    assert [row.state for row in session.scalars(sa.select(Application))] == ["pending"]


def test_outside_the_period_the_page_says_so_and_takes_nothing(session, app, client, send, code):
    app.config["CLOCK"] = lambda: NOW + timedelta(days=60)

    page = client.get(f"/apply/{code}").get_data(as_text=True)

    assert 'name="id_number"' not in page
    with app.app_context():
        began = began_at(NOW + timedelta(days=60) - timedelta(seconds=30))
    assert send(12, began=began).status_code == 409
    assert count(session, Application) == 0


def test_a_closed_page_and_a_wrong_code_are_not_there(app, client, recruiting, code):
    assert client.get("/apply/abcdefghijkl").status_code == 404
    recruiting.open_page(is_open=False)
    assert client.get(f"/apply/{code}").status_code == 404
    assert client.post(f"/apply/{code}", data={}).status_code == 404


def test_a_programme_that_does_not_recruit_takes_nothing(session, client, recruiting, send, code):
    session.get(Program, recruiting.program.id).state = State.RUNNING
    session.commit()

    assert 'name="id_number"' not in client.get(f"/apply/{code}").get_data(as_text=True)
    assert send(13).status_code == 409


def test_the_page_opens_only_where_a_plan_is_signed(world, signed_in):
    program = world.program(State.RECRUITING)
    staff = signed_in(world.user(Role.STAFF))
    form = {"is_open": "y", "lowest_age": "16", "highest_age": "", "introduction": "", "version": "0"}

    assert staff.post(f"/programs/{program.id}/recruitment/page", data=form).status_code == 409
    assert (
        staff.post(f"/programs/{program.id}/recruitment/page", data=form | {"is_open": ""}).status_code == 302
    )


def test_an_address_that_sends_too_often_waits(client, send):
    for _time in range(60):
        answer = send(14, name="")
        assert answer.status_code == 422

    answer = send(14)

    assert answer.status_code == 429
    assert "考生14" in answer.get_data(as_text=True)


def test_guessing_receipt_codes_is_slowed_down(client):
    codes = [
        client.post("/apply/receipt", data={"code": f"xxxx-xxxx-xxxx-{guess:04}"}) for guess in range(21)
    ]

    assert [answer.status_code for answer in codes] == [422] * 20 + [429]


def test_the_id_number_never_stands_in_an_address_or_in_a_log(caplog, client, send):
    import logging

    caplog.set_level(logging.DEBUG)
    answer = send(15)
    send(15, phone="1", browser=None)

    assert id_number(15) not in answer.location
    assert id_number(15) not in caplog.text


def test_admission_makes_the_account_a_trainees_with_a_first_password_to_hand_out(
    session, client, send, recruiting, signed_in
):
    send(16)
    made = session.scalars(sa.select(Application)).one()

    recruiting.judge(made.id)

    session.expire_all()
    member = session.scalars(sa.select(Membership).where(Membership.user_id == made.user_id)).one()
    assert (member.role, member.organization_id) == (Role.TRAINEE, recruiting.world.college.id)
    page = client.get("/apply/mine").get_data(as_text=True)
    assert "您已录取" in page
    assert client.post("/apply/mine/confirm").status_code == 302
    told = set(session.scalars(sa.select(AuditEvent.action)))
    assert {"application.new", "application.admit", "application.confirm"} <= told
    passwords = signed_in(recruiting.staff).get(f"/programs/{recruiting.program.id}/passwords")
    assert passwords.status_code in (200, 404)


def test_nothing_is_done_without_a_receipt(client):
    for deed in ("confirm", "withdraw", "interview", "interview/cancel"):
        answer = client.post(f"/apply/mine/{deed}")
        assert urlsplit(answer.location).path == "/apply/receipt"


def test_the_public_page_takes_a_fixed_number_of_statements(client, recruiting, count_statements):
    counts = []
    for amount in (2, 30):
        recruiting.plan(*((f"岗位{number}", "机电", 1) for number in range(amount)))
        address = f"/apply/{recruiting.open_page()}"
        with count_statements() as statements:
            assert client.get(address).status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8
