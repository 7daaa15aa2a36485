"""Giving links: to whom, by whom, for how long; what is shown of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.links.conftest import name_mentor
from tests.mentoring.test_statements import statements
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.links.models import MentorLink
from trainmgr.mentoring.models import ProgramMentor
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Side


def text(answer) -> str:
    return answer.get_data(as_text=True)


def give(doorway, client, **values):
    return client.post(
        f"/programs/{doorway.program.id}/links", data={"mentor": str(doorway.named.id), "days": "30"} | values
    )


def test_the_page_shows_link_text_qr_and_code_once(doorway):
    answer = give(doorway, doorway.giver())
    token, code = doorway.read(answer)
    page = text(answer)

    assert f"/link/{token}" in page
    assert "<svg" in page
    assert "data-copy=" in page
    words = page.split('id="words"')[1].split("</textarea>")[0]
    assert token in words
    assert code not in words.replace(" ", "")  # never both in one message
    again = text(doorway.giver().get(f"/programs/{doorway.program.id}/links/{doorway.link().id}"))
    assert token not in again
    assert code[:3] + " " + code[3:] not in again


def test_somebody_who_is_not_there_yet_is_entered_named_and_given_a_link_in_one_step(doorway):
    doorway.giver()
    answer = doorway.giver().post(
        f"/programs/{doorway.program.id}/links/new-mentor",
        data={
            "home": str(doorway.world.enterprise.id),
            "name": "新师傅",
            "phone": "13800138000",
            "capacity": "3",
            "new_days": "7",
        },
    )
    token, code = doorway.read(answer)

    phone = doorway.come_in(token, code)

    assert "新师傅" in text(phone.get("/"))
    with doorway.world.inside() as session:
        person = session.scalars(sa.select(User).where(User.name == "新师傅")).one()
        assert (person.password_hash, person.phone_masked) == ("", "138****8000")
        role = session.scalars(sa.select(Membership.role).where(Membership.user_id == person.id)).one()
        assert role is Role.ENTERPRISE_MENTOR
        named = session.scalars(sa.select(ProgramMentor).order_by(ProgramMentor.id.desc())).first()
        assert (named.side, named.program_id) == (Side.ENTERPRISE, doorway.program.id)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"days": "0"}, "days"),
        ({"days": "181"}, "days"),
        ({"days": "soon"}, "days"),
        ({"mail": "nobody"}, "mail"),
        ({"mail": "a@b.cn, c@d.cn"}, "mail"),
        ({"mentor": "0"}, "mentor"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_given(doorway, values, word):
    doorway.world.app.config.update(SMTP_URL="smtp://localhost:1", MAIL_FROM="trainmgr@example.com")

    answer = give(doorway, doorway.giver(), **values)

    assert answer.status_code == 422
    assert f'id="{word}-error"' in text(answer)
    assert doorway.link() is None


def test_a_mentor_with_an_own_password_needs_no_link(doorway):
    with doorway.world.app.app_context():
        db.session.get_one(User, doorway.mentor.id).password_hash = "$argon2id$something"
        db.session.commit()
    giver = doorway.giver()

    assert (
        doorway.mentor.name
        not in text(giver.get(f"/programs/{doorway.program.id}/links/new")).split("<main")[1]
    )
    answer = give(doorway, giver)

    assert answer.status_code == 409
    assert doorway.link() is None


def test_a_second_link_takes_the_place_of_the_first(doorway):
    token, code, first = doorway.give()
    phone = doorway.come_in(token, code)

    doorway.give()

    assert phone.get("/").status_code == 302
    assert phone.post("/link", data={"link_token": token}).status_code == 410
    with doorway.world.inside() as session:
        assert session.get(MentorLink, first).ended_at is not None
        alive = session.scalars(sa.select(MentorLink.id).where(MentorLink.ended_at.is_(None))).all()
        assert len(alive) == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.STAFF, 403),  # the enterprise has a coordinator of its own
        (Role.ENTERPRISE_MENTOR, 403),
        (Role.SCHOOL_TEACHER, 403),
        (Role.TRAINEE, 403),
        (Role.ADMINISTRATOR, 403),
    ],
)
def test_others_give_no_link_to_the_enterprise_s_mentor(doorway, role, status):
    person = doorway.world.user(role)

    answer = give(doorway, doorway.world.signed_in(person))

    assert answer.status_code in (status, 404)
    assert doorway.link() is None


def test_a_link_of_the_other_side_is_not_there_for_one_s_own(doorway):
    """The college gives links to its teachers; the enterprise does not see them, and the other way round."""
    _token, _code, link_id = doorway.give()
    staff = doorway.world.signed_in(doorway.world.user(Role.STAFF))
    teacher = doorway.world.user(Role.SCHOOL_TEACHER, must_change_password=True)
    named = name_mentor(doorway.world, doorway.program, teacher, doorway.world.college, Side.COLLEGE)
    base = f"/programs/{doorway.program.id}/links"

    assert staff.post(base, data={"mentor": str(named.id), "days": "30"}).status_code == 200
    own = doorway.link().id

    assert staff.get(f"{base}/{link_id}").status_code == 404
    assert doorway.giver().get(f"{base}/{own}").status_code == 404
    assert staff.post(f"{base}/{link_id}/code").status_code == 404
    assert staff.post(f"{base}/{link_id}/revoke").status_code == 404
    assert "周建国" not in text(staff.get(base)).split("<main")[1]


def test_where_an_enterprise_has_no_coordinator_the_lead_college_stands_in(doorway):
    with doorway.world.app.app_context():
        db.session.execute(
            sa.update(Membership)
            .where(Membership.user_id == doorway.coordinator.id)
            .values(ended_on=doorway.program.starts_on)
        )
        db.session.commit()
    staff = doorway.world.signed_in(doorway.world.user(Role.STAFF))

    assert give(doorway, staff).status_code == 200
    assert doorway.link().user_id == doorway.mentor.id


def test_a_revoked_link_is_not_renewed_and_gives_no_code(doorway):
    _token, _code, link_id = doorway.give()
    giver, base = doorway.giver(), f"/programs/{doorway.program.id}/links/{link_id}"
    giver.post(f"{base}/revoke")

    assert giver.post(f"{base}/renew", data={"days": "9"}).status_code == 409
    assert giver.post(f"{base}/code").status_code == 409
    assert giver.post(f"{base}/revoke").status_code == 409
    assert giver.get(base).status_code == 200


def test_who_waits_for_a_code_stands_in_the_giver_s_inbox_until_it_is_given(doorway):
    token, _code, link_id = doorway.give()
    phone = doorway.phone()
    phone.post("/link", data={"link_token": token})
    giver = doorway.giver()
    assert "打开了个人链接" in text(giver.get("/"))

    doorway.new_code(link_id)

    with doorway.world.inside() as session:
        assert session.scalars(sa.select(Due.id).where(Due.code == "link-code-wanted")).all() == []


def test_the_page_of_a_link_tells_every_use_and_refusal(doorway):
    token, code, link_id = doorway.give()
    doorway.come_in(token, code)
    stranger = doorway.phone("curl/8")
    stranger.post("/link", data={"link_token": token})
    stranger.post("/link/code", data={"link_code": "000000"})

    page = text(doorway.giver().get(f"/programs/{doorway.program.id}/links/{link_id}"))

    for words in (
        "发了个人链接",
        "凭验证码绑定",
        "通过个人链接进入（WeChat · Android）",
        "未绑定的浏览器",
        "被拒绝",
    ):
        assert words in page, words


def test_the_list_is_as_cheap_for_many_as_for_few_and_sorts(doorway):
    doorway.give()
    giver, path = doorway.giver(), f"/programs/{doorway.program.id}/links"
    few = statements(doorway.world, giver, path)
    for number in range(30):
        person = doorway.world.user(Role.ENTERPRISE_MENTOR, must_change_password=True, name=f"师傅{number}")
        named = name_mentor(doorway.world, doorway.program, person, doorway.world.enterprise)
        giver.post(path, data={"mentor": str(named.id), "days": "30"})

    assert statements(doorway.world, giver, path) == few <= 10
    for sort in ("name", "used", "expires", "issued"):
        assert giver.get(f"{path}?sort={sort}&direction=desc").status_code == 200
    assert "师傅7" in text(giver.get(f"{path}?q=师傅7"))
