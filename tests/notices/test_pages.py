"""One's own notices and an organisation's robots, on the screen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.notices.conftest import MORNING
from trainmgr.kernel import outward
from trainmgr.kernel.access import Role
from trainmgr.notices.models import NoticeHours, NoticeRobot, NoticeSetting
from trainmgr.notices.rules import RobotKind

WEBHOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=geheim"


def own(office):
    (one,) = office.all(NoticeSetting)
    return one


def test_an_address_counts_once_its_code_was_typed(office, post):
    reader = office.world.signed_in(office.person)
    assert reader.post("/account/notices/address", data={"address": "不是"}).status_code == 422
    assert reader.post("/account/notices/address", data={"address": "li@example.com"}).status_code == 302
    (one,) = post.mails
    code = re.search(r"\b\d{6}\b", one.get_content())[0]
    assert own(office).confirmed_at is None
    assert "li@example.com" not in (own(office).mail_sealed or "")
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert reader.post("/account/notices/code", data={"code": wrong}).status_code == 422
    assert own(office).code_tries == 1
    assert reader.post("/account/notices/code", data={"code": code}).status_code == 302
    page = reader.get("/account/notices").get_data(as_text=True)
    assert own(office).confirmed_at == MORNING
    assert "l***@example.com" in page
    assert "li@example.com" not in page
    assert reader.post("/account/notices/code", data={"code": code}).status_code == 409  # used up
    assert reader.post("/account/notices/forget").status_code == 302
    assert own(office).mail_sealed is None


@pytest.mark.parametrize("address", ["li..yan@example.com", ".li@example.com", "li.@example.com"])
def test_an_address_that_no_mail_can_have_is_refused_and_stays_in_its_field(office, post, address):
    answer = office.world.signed_in(office.person).post("/account/notices/address", data={"address": address})
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "请检查邮箱是否正确" in page
    assert f'value="{address}"' in page
    assert post.mails == []


def test_codes_are_not_sent_by_the_dozen_and_not_guessed(office, post):
    reader = office.world.signed_in(office.person)
    send = lambda: reader.post("/account/notices/address", data={"address": "li@example.com"}).status_code  # noqa: E731
    assert send() == 302
    assert send() == 409
    code = re.search(r"\b\d{6}\b", post.mails[0].get_content())[0]
    for number in range(5):
        reader.post("/account/notices/code", data={"code": f"{(int(code) + 1 + number) % 10**6:06}"})
    assert reader.post("/account/notices/code", data={"code": code}).status_code == 409
    office.now = MORNING + timedelta(minutes=2)
    assert send() == 302
    office.now += timedelta(minutes=31)
    code = re.search(r"\b\d{6}\b", post.mails[1].get_content())[0]
    assert reader.post("/account/notices/code", data={"code": code}).status_code == 409  # too late


def test_one_chooses_what_comes_and_when_not(office):
    reader = office.world.signed_in(office.person)
    choice = {"digest": "y", "language": "en", "quiet_begins": "22:00", "version": ""}
    assert reader.post("/account/notices", data=choice).status_code == 422
    assert reader.post("/account/notices", data=choice | {"quiet_ends": "07:30"}).status_code == 302
    one = own(office)
    assert (one.digest, one.reminders, one.language, one.closed_days) == (True, False, "en", False)
    assert (one.quiet_begins.hour, one.quiet_ends.minute) == (22, 30)
    assert (
        reader.post("/account/notices/address", data={"address": "li@example.com"}).status_code == 409
    )  # no server


def robot_form(**values):
    return {
        "kind": "wecom", "name": "教务群", "address": WEBHOOK, "topics": ["digest", "late"], "language": "zh",
        "active": "y",
    } | values  # fmt: skip


def test_a_robot_is_set_up_with_its_address_sealed(office):
    staff, place = office.world.signed_in(office.staff), f"/notices/{office.world.college.id}"
    for address in ("", "http://qyapi.weixin.qq.com/", "https://user:x@a/", "https://a:8080/"):
        answer = staff.post(f"{place}/robots/new", data=robot_form(address=address))
        assert answer.status_code == 422
        assert "教务群" in answer.get_data(as_text=True)
    assert staff.post(f"{place}/robots/new", data=robot_form()).status_code == 302
    (robot,) = office.all(NoticeRobot)
    assert (robot.kind, robot.host, robot.secret_sealed) == (RobotKind.WECOM, "qyapi.weixin.qq.com", None)
    assert "geheim" not in robot.url_sealed
    for path in ("", f"/robots/{robot.id}"):
        assert "geheim" not in staff.get(place + path).get_data(as_text=True)
    change = robot_form(kind="dingtalk", address="", secret="SEC1", name="钉钉群", version=str(robot.version))
    assert staff.post(f"{place}/robots/{robot.id}", data=change).status_code == 302
    assert staff.post(f"{place}/robots/{robot.id}", data=change).status_code == 409
    (after,) = office.all(NoticeRobot)
    assert after.url_sealed == robot.url_sealed  # nothing typed keeps the present one
    assert "SEC1" not in after.secret_sealed
    hours = {"quiet_begins": "20:00", "quiet_ends": "09:00"}
    assert staff.post(f"{place}/hours", data=hours).status_code == 302
    assert office.all(NoticeHours)[0].closed_days is False
    assert staff.post(f"{place}/hours", data={"quiet_begins": "x", "quiet_ends": "09:00"}).status_code == 422


def test_a_robot_is_tried_out(office, group):
    robot, staff = office.robot(), office.world.signed_in(office.staff)
    place = f"/notices/{office.world.college.id}"
    assert staff.post(f"{place}/robots/{robot.id}/try").status_code == 302
    assert group.told[0][1]["markdown"]["content"].startswith("**测试消息**")
    assert "测试消息已发到群里" in staff.get(place).get_data(as_text=True)
    group.answers = [(200, {"errcode": 93000})]
    staff.post(f"{place}/robots/{robot.id}/try")
    assert "没有接收" in staff.get(place).get_data(as_text=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
def test_a_name_that_leads_into_our_own_network_is_never_called(office, monkeypatch, address):
    called = []
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: ["8.8.8.8", address])
    monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *args, **_: called.append(args))
    robot, staff = office.robot(), office.world.signed_in(office.staff)
    place = f"/notices/{office.world.college.id}"
    staff.post(f"{place}/robots/{robot.id}/try")
    assert "not public" in staff.get(place).get_data(as_text=True)
    assert called == []


@pytest.mark.once
def test_only_who_manages_an_organisation_sees_its_robots(office):
    robot = office.robot()
    place = f"/notices/{office.world.college.id}"
    for role, status in ((Role.SCHOOL_TEACHER, 403), (Role.TRAINEE, 403), (Role.ENTERPRISE_COORDINATOR, 404)):
        reader = office.world.signed_in(office.world.user(role))
        for path in ("", f"/robots/{robot.id}", "/robots/new"):
            assert reader.get(place + path).status_code == status
        assert reader.post(f"{place}/robots/{robot.id}/try").status_code == status
