"""Before the door: who gets in by a link, and who does not."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from tests.links.conftest import SAFARI, name_mentor
from trainmgr.identity.models import SignInSession, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import CODE_TRIES
from trainmgr.mentoring.models import ProgramMentor
from trainmgr.programs.models import Due


def text(answer) -> str:
    return answer.get_data(as_text=True)


def plain(answer, token) -> str:
    """Return a page without its token and without what the CSRF check put into it."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text(answer)).replace(token, "")


def show(phone, token):
    return phone.post("/link", data={"link_token": token})


def type_code(phone, code):
    return phone.post("/link/code", data={"link_code": code})


def visits(doorway) -> int:
    with doorway.world.inside() as session:
        return session.scalar(sa.select(sa.func.count()).where(SignInSession.link_id.is_not(None)))


def test_a_link_with_its_code_opens_the_mentor_s_inbox_on_a_phone(doorway):
    doorway.log()
    token, code, link_id = doorway.give()
    phone = doorway.come_in(token, code)

    page = text(phone.get("/"))

    assert "周建国" in page
    assert "我的学员" in page
    link = doorway.link()
    assert (link.id, link.uses, link.browser) == (link_id, 1, "WeChat · Android")
    assert doorway.deeds() == ["link.issued", "link.asked", "link.bound", "link.opened"]


def test_the_browser_that_typed_the_code_opens_the_link_again_without_one(doorway):
    token, code, _link = doorway.give()
    phone = doorway.come_in(token, code)
    phone.post("/link/end")
    assert phone.get("/").status_code == 302  # out

    answer = show(phone, token)

    assert (answer.status_code, answer.location) == (302, "/")
    assert phone.get("/").status_code == 200
    assert doorway.link().uses == 2


def test_a_forwarded_link_opens_nothing_without_a_new_code(doorway):
    token, code, _link = doorway.give()
    owner = doorway.come_in(token, code)
    stranger = doorway.phone(SAFARI)

    assert show(stranger, token).location == "/link/code"
    again = type_code(stranger, code)  # the first code is used up

    assert again.status_code == 422
    assert stranger.get("/").status_code == 302
    assert owner.get("/").status_code == 200
    with doorway.world.inside() as session:
        told = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "link.refused")).one()
        assert told.details["browser"] == "Safari · iPhone"
        due = session.scalars(sa.select(Due).where(Due.code == "link-code-wanted")).one()
        assert due.user_id == doorway.coordinator.id


def test_a_new_code_moves_the_link_to_another_browser_and_puts_the_first_one_out(doorway):
    token, code, link_id = doorway.give()
    first = doorway.come_in(token, code)

    second = doorway.come_in(token, doorway.new_code(link_id), doorway.phone(SAFARI))

    assert second.get("/").status_code == 200
    assert first.get("/").status_code == 302
    assert show(first, token).location == "/link/code"
    assert visits(doorway) == 1


def test_five_wrong_codes_use_the_code_up_and_the_right_one_comes_too_late(doorway):
    token, code, _link = doorway.give()
    phone = doorway.phone()
    show(phone, token)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _try in range(CODE_TRIES):
        assert type_code(phone, wrong).status_code == 422

    assert type_code(phone, code).status_code == 429  # wait first
    doorway.later(minutes=20)
    answer = type_code(phone, code)

    assert answer.status_code == 422
    assert "错" in text(answer)
    assert visits(doorway) == 0
    assert doorway.link().code_tries == CODE_TRIES
    assert "link.refused" in doorway.deeds()


def test_a_code_is_good_for_two_hours(doorway):
    token, code, _link = doorway.give()
    phone = doorway.phone()
    show(phone, token)
    doorway.later(hours=2)
    show(phone, token)  # the browser's own half hour is over too

    assert type_code(phone, code).status_code == 422
    assert visits(doorway) == 0


def test_a_code_without_a_link_shown_shortly_before_opens_nothing(doorway):
    token, code, _link = doorway.give()
    phone = doorway.phone()

    assert type_code(phone, code).status_code == 409
    show(phone, token)
    doorway.later(minutes=31)

    assert type_code(phone, code).status_code == 409
    assert "link_code" not in text(phone.get("/link/code"))  # says what to do, asks for nothing


@pytest.mark.parametrize(
    ("spoil", "status", "word"),
    [
        ("expired", 410, "过期"),
        ("revoked", 410, "收回"),
        ("closed", 410, ""),
        ("taken off", 410, ""),
        ("password", 410, "登录"),
    ],
)
def test_a_link_that_is_over_opens_nothing_not_even_in_its_own_browser(doorway, spoil, status, word):
    token, code, link_id = doorway.give()
    phone = doorway.come_in(token, code)
    if spoil == "expired":
        doorway.later(days=30)
    elif spoil == "revoked":
        doorway.giver().post(f"/programs/{doorway.program.id}/links/{link_id}/revoke")
    else:
        with doorway.world.app.app_context():
            person = db.session.get_one(User, doorway.mentor.id)
            if spoil == "closed":
                person.active = False
            elif spoil == "password":
                person.password_hash = hash_password("kafei-yu-cha-2026")
            else:
                db.session.execute(sa.delete(ProgramMentor))
            db.session.commit()
    phone.post("/link/end")

    answer = show(phone, token)

    assert answer.status_code == status
    assert word in text(answer)
    assert phone.get("/").status_code == 302
    assert doorway.deeds()[-1] == "link.refused"


def test_an_expired_link_that_is_renewed_opens_again_in_its_browser(doorway):
    token, code, link_id = doorway.give(days="1")
    phone = doorway.come_in(token, code)
    doorway.later(days=2)
    assert phone.get("/").status_code == 302
    assert show(phone, token).status_code == 410

    doorway.giver().post(f"/programs/{doorway.program.id}/links/{link_id}/renew", data={"days": "10"})

    assert show(phone, token).location == "/"


def test_a_visit_ends_with_the_link_however_long_it_was_meant_to_last(doorway):
    token, _code, link_id = doorway.give()
    doorway.later(days=29, hours=20)
    phone = doorway.come_in(token, doorway.new_code(link_id))
    assert phone.get("/").status_code == 200

    doorway.later(hours=5)

    assert phone.get("/").status_code == 302


def test_revoking_puts_out_whoever_is_inside_at_once(doorway):
    token, code, link_id = doorway.give()
    phone = doorway.come_in(token, code)

    doorway.giver().post(f"/programs/{doorway.program.id}/links/{link_id}/revoke")

    assert phone.get("/").status_code == 302
    assert phone.post("/logs/to-sign", data={"id": "1"}).status_code == 403
    assert visits(doorway) == 0


def test_a_chat_that_looks_at_the_link_learns_nothing_and_uses_nothing_up(doorway):
    token, code, _link = doorway.give()
    before = doorway.link()

    real, made_up = doorway.phone().get(f"/link/{token}"), doorway.phone().get("/link/nonsense-of-nobody")

    assert real.status_code == made_up.status_code == 200
    assert plain(real, token) == plain(made_up, "nonsense-of-nobody")
    assert "周建国" not in text(real)
    assert (doorway.link().version, doorway.link().code_tries) == (before.version, 0)
    assert real.headers["Referrer-Policy"] == "strict-origin"
    assert real.headers["Cache-Control"] == "no-store"
    assert "noindex" in real.headers["X-Robots-Tag"]
    doorway.come_in(token, code)


def test_tokens_that_nobody_has_are_counted_by_address_and_then_wait(doorway):
    phone = doorway.phone()
    answers = [show(phone, f"made-up-{number}").status_code for number in range(62)]

    assert answers[0] == 404
    assert answers[-1] == 429
    token, _code, _link = doorway.give()
    assert show(phone, token).status_code == 429
    doorway.later(minutes=16)
    assert show(phone, token).status_code == 302


def test_of_token_code_and_browser_only_digests_are_kept(doorway, caplog):
    caplog.set_level(0)
    token, code, _link = doorway.give()
    phone = doorway.come_in(token, code)
    secrets = [token, code, *(cookie.value for cookie in phone._cookies.values() if "link" in cookie.key)]
    assert len(secrets) == 3

    with doorway.world.inside() as session:
        link = session.scalars(sa.select(MentorLink)).one()
        stored = [str(getattr(link, column.key)) for column in sa.inspect(MentorLink).column_attrs]
        stored += [
            str(event.details) + event.subject_name for event in session.scalars(sa.select(AuditEvent))
        ]

    for secret in secrets:
        assert not any(secret in value for value in stored)
        assert secret not in caplog.text


def test_the_browser_s_own_secret_is_out_of_reach_of_scripts_and_of_other_pages(doorway):
    token, code, link_id = doorway.give()
    phone = doorway.phone()
    base = "https://example.com"
    headers = {"Referer": f"{base}/"}
    phone.post("/link", data={"link_token": token}, base_url=base, headers=headers)
    answer = phone.post("/link/code", data={"link_code": code}, base_url=base, headers=headers)

    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if f"trainmgr-link-{link_id}" in line]

    for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/link"):
        assert part in cookie


def test_the_form_of_the_door_passes_the_csrf_check_over_https(doorway):
    """Its page sends no more than the origin as a referrer; without any, the check would refuse the form."""
    doorway.world.app.config["WTF_CSRF_ENABLED"] = True
    phone, base = doorway.phone(), "https://example.com"
    page = text(phone.get("/link/whatever-it-is", base_url=base))
    csrf = page.split('name="csrf_token" value="')[1].split('"')[0]

    answer = phone.post(
        "/link",
        data={"link_token": "whatever-it-is", "csrf_token": csrf},
        base_url=base,
        headers={"Referer": f"{base}/"},
    )

    assert answer.status_code == 404  # unknown, not "this page has expired"


def test_one_address_s_link_of_another_mentor_does_not_open_in_this_browser(doorway):
    """Two links in one browser each keep their own secret."""
    token, code, _link = doorway.give()
    phone = doorway.come_in(token, code)
    with doorway.world.app.app_context():
        first = db.session.scalars(sa.select(MentorLink)).one()
        digest = first.browser_digest
    other = doorway.world.user("enterprise_mentor", name="李师傅")
    named = name_mentor(doorway.world, doorway.program, other, doorway.world.enterprise)
    answer = doorway.giver().post(
        f"/programs/{doorway.program.id}/links", data={"mentor": str(named.id), "days": "30"}
    )
    second_token, second_code = doorway.read(answer)

    assert show(phone, second_token).location == "/link/code"
    doorway.come_in(second_token, second_code, phone)
    assert show(phone, token).location == "/"
    with doorway.world.inside() as session:
        assert session.get(MentorLink, first.id).browser_digest == digest


def test_the_door_takes_few_statements(doorway):
    from tests.mentoring.test_statements import statements

    assert statements(doorway.world, doorway.phone(), "/link/anything-at-all") == 0
