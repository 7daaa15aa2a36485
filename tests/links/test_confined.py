"""Behind the door: what a visit by a link may open, and whose rows it sees. Everything else is shut."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from tests.factories import NOW, TODAY
from tests.links.conftest import name_mentor
from tests.populated import SECRET_PROGRAM
from tests.test_permissions import FINE, routes_of, visit
from trainmgr.evaluation.models import Window
from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel import by_link
from trainmgr.kernel.access import BY_LINK, GRANTS, Permission, Role
from trainmgr.kernel.audit import AuditEvent, tell
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.rules import State

# All that a link opens besides what is open to anybody; a new address is shut until it stands here and in the program.
OPENED = {
    "inbox.show_inbox",
    "links.end_visit",
    "mentoring.list_my_trainees",
    "practice.show_trainee",
    "practice.list_logs_to_sign",
    "practice.confirm_signing",
    "practice.sign_logs",
    "practice.show_log",
    "practice.show_log_photo",
    "practice.sign_log",
    "practice.return_log",
    "practice.list_unread",
    "practice.add_comment",
    "practice.withdraw_comment",
    "practice.mark_read",
    "practice.put_hint_aside",
    "practice.list_spot_checks",
    "practice.edit_spot_check",
    "practice.settle_spot_check",
    "attendance.show_leave",
    "attendance.show_trainee",
    "attendance.list_leaves",
    "attendance.show_leave_photo",
    "attendance.grant_leave",
    "attendance.refuse_leave",
    "evaluation.list_my_ratings",
    "evaluation.show_next_rating",
    "evaluation.show_rating_form",
    "evaluation.submit_rating",
    "evaluation.save_rating_draft",
    "evaluation.show_grid",
    "evaluation.submit_grid",
    "evaluation.save_grid",
    "evaluation.show_rating",
    "evaluation.edit_correction",
    "evaluation.correct_rating",
    "moderation.list_moderations",
    "moderation.show_moderation",
    "moderation.answer_moderation",
    "employment.list_hired",
    "employment.edit_word",
    "employment.send_word",
}


def text(answer) -> str:
    return answer.get_data(as_text=True)


@pytest.fixture
def visitor(put_back, made):
    """Return a function that makes browsers of the populated world's mentor, who came by a link."""
    app = put_back()
    mentor, program = made.people[Role.ENTERPRISE_MENTOR], made.rows["program"]
    tokens = iter(range(10_000))
    link_id = made.rows["link"].id

    def come_in():
        token = f"visit-{next(tokens)}"
        with app.app_context():
            db.session.add(
                SignInSession(
                    token_digest=digest_of(token), user_id=mentor.id, created_at=NOW,
                    expires_at=NOW + timedelta(hours=12), link_id=link_id, link_program_id=program.id,
                    link_role=Role.ENTERPRISE_MENTOR,
                )
            )  # fmt: skip
            db.session.commit()
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return client

    return app, come_in


def test_every_address_but_the_named_ones_is_shut(visitor, made, bare):
    """The sweep: each address of the application, under each of its methods."""
    app, come_in = visitor
    browser, wrong, opened = come_in(), [], set()
    for route in routes_of(app, made):
        if route.mark == "public":
            continue
        status = visit(browser, route).status_code
        if route.endpoint == "links.end_visit":
            browser = come_in()
        if route.endpoint in OPENED:
            if status != 403:
                opened.add(route.endpoint)
        elif status != 403:
            wrong.append(f"{route.method} {route.address} ({route.endpoint}): {status}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert OPENED - opened <= {
        "evaluation.show_rating_form",
        "evaluation.submit_rating",
        "evaluation.save_rating_draft",
    }
    assert opened <= by_link.ENDPOINTS


def test_the_list_of_the_program_is_the_list_of_this_test(app):
    assert by_link.ENDPOINTS == OPENED
    assert set(app.view_functions) >= by_link.ENDPOINTS


def test_a_visit_holds_only_the_permissions_of_a_link_whatever_the_person_is_besides(doorway):
    """The mentor is an administrator and a coordinator too: of that nothing is left."""
    for role in (Role.ADMINISTRATOR, Role.ENTERPRISE_COORDINATOR):
        with doorway.world.app.app_context():
            db.session.add(
                Membership(
                    user_id=doorway.mentor.id,
                    organization_id=doorway.world.enterprise.id,
                    role=role,
                    created_at=NOW,
                )
            )
            db.session.commit()
    phone = doorway.inside()

    assert phone.get("/people").status_code == 403
    assert phone.get(f"/programs/{doorway.program.id}").status_code == 403
    assert phone.get(f"/programs/{doorway.program.id}/links").status_code == 403
    assert GRANTS[Role.ENTERPRISE_MENTOR] > BY_LINK
    assert Permission.PROGRAM_VIEW not in BY_LINK


def test_no_page_of_a_visit_leads_to_a_refusal(visitor, made):
    """Every link and form on the pages that are open is one that opens."""
    app, come_in = visitor
    client, seen, ahead = come_in(), set(), {"/"}
    came_from = {}
    while ahead:
        address = ahead.pop()
        seen.add(address)
        answer = client.get(address)
        page = text(answer) if answer.mimetype == "text/html" else ""
        answer.close()
        assert answer.status_code in FINE | {409}, (
            f"{address}: {answer.status_code}, from {came_from.get(address)}"
        )
        found = {link for link in re.findall(r'href="(/[^"#]*)', page) if not link.startswith("/static")}
        onward = {link.replace("&amp;", "&") for link in found} - seen - {"/sign-in", "/manifest.webmanifest"}
        came_from |= dict.fromkeys(onward, address)
        ahead |= onward
        for form in re.findall(r"<form[^>]*>", page):
            target = re.search(r'action="(/[^"#?]*)', form)
            method = "POST" if 'method="post"' in form else "GET"
            endpoint = app.url_map.bind("").match(target[1] if target else address.partition("?")[0], method)[
                0
            ]
            assert endpoint in by_link.ENDPOINTS | {"identity.set_language"}, f"{address} sends to {form}"
    assert any("/logs/" in address for address in seen)
    assert not any("/account" in address or "/help" in address for address in seen)


def test_the_rail_shows_only_what_is_open(doorway):
    page = text(doorway.inside().get("/"))

    bar = page.split('class="tabbar"')[1]
    assert re.findall(r'href="([^"]+)"', bar) == ["/", "/my-trainees", "/logs/to-sign", "/ratings"]
    assert 'role="search"' not in page
    assert "/account" not in page


def test_logs_are_signed_and_sent_back_by_link_and_the_trail_says_so(doorway):
    first, second = doorway.log(), doorway.log(day=TODAY - timedelta(days=1))
    phone = doorway.inside()
    assert "点检二号线" in text(phone.get("/logs/to-sign"))

    phone.post("/logs/to-sign", data={"id": [str(first.id)]})
    phone.post(f"/logs/{second.id}/return", data={"comment": "照片没有日期"})

    link_id = doorway.link().id
    with doorway.world.inside() as session:
        assert session.get(PracticeLog, first.id).state is LogState.SIGNED
        assert session.get(PracticeLog, second.id).state is LogState.RETURNED
        deeds = session.scalars(sa.select(AuditEvent).where(AuditEvent.actor_id == doorway.mentor.id)).all()
        assert len(deeds) == 3  # came in, signed, sent back
        deeds = [event for event in deeds if event.action != "link.opened"]
        assert {event.details["by_link"] for event in deeds} == {link_id}
        told = [f"{event.action} {tell(event)}" for event in deeds]
    assert all(sentence.endswith("（通过个人链接）") for sentence in told), told


def test_another_programme_of_the_same_mentor_is_not_there(doorway):
    """The mentor guides in two programmes; the link is for one, given by that one's people."""
    world = doorway.world
    other = world.program(State.RUNNING, name=SECRET_PROGRAM, current_stage=2)
    name_mentor(world, other, doorway.mentor, world.enterprise)
    elsewhere = world.enrolment(other, mentor=doorway.mentor, planned_minutes=6000)
    hidden = doorway.log(program_id=other.id, enrolment_id=elsewhere.id, task="别处的活")
    shown = doorway.log()
    phone = doorway.inside()

    for address in ("/", "/my-trainees", "/logs/to-sign", "/ratings", f"/logs/to-sign?program_id={other.id}"):
        page = text(phone.get(address))
        assert SECRET_PROGRAM not in page, address
        assert elsewhere.name not in page.replace(doorway.enrolment.name, ""), address
        assert "别处的活" not in page, address
    assert phone.get(f"/logs/{shown.id}").status_code == 200
    assert phone.get(f"/logs/{hidden.id}").status_code == 404
    assert phone.get(f"/programs/{other.id}/practice/{elsewhere.id}").status_code == 404
    phone.post("/logs/to-sign", data={"id": [str(hidden.id), str(shown.id)]})
    phone.post(f"/logs/{hidden.id}/sign")
    with world.inside() as session:
        assert session.get(PracticeLog, hidden.id).state is LogState.SUBMITTED
        assert session.get(PracticeLog, shown.id).state is LogState.SIGNED
    # Signed in with an account the same mentor sees both.
    page = text(world.signed_in(doorway.mentor_with_account()).get("/my-trainees"))
    assert elsewhere.name in page


def test_another_mentor_s_trainees_are_not_there(doorway):
    other = doorway.world.user(Role.ENTERPRISE_MENTOR)
    theirs = doorway.world.enrolment(doorway.program, mentor=other)
    log = doorway.log(enrolment_id=theirs.id, signer_id=other.id)
    phone = doorway.inside()

    assert phone.get(f"/logs/{log.id}").status_code == 404
    assert phone.get(f"/programs/{doorway.program.id}/practice/{theirs.id}").status_code == 404


def test_neither_password_nor_phone_is_changed_by_a_visit(doorway):
    phone = doorway.inside()

    for address in ("/account", "/account/password", "/account/phone", "/first-password"):
        assert phone.post(address, data={"password": "kafei-yu-cha-2026"}).status_code in (403, 405), address
    with doorway.world.inside() as session:
        assert session.get(User, doorway.mentor.id).password_hash == ""


def test_the_language_is_chosen_and_the_visit_ended(doorway):
    phone = doorway.inside()

    phone.post("/language", data={"language": "en"})

    page = text(phone.get("/"))
    assert "My trainees" in page
    assert 'action="/link/end"' in page
    assert phone.post("/link/end").status_code == 200
    assert phone.get("/").status_code == 302


def test_who_is_no_mentor_there_any_more_is_out_at_the_next_step(doorway):
    phone = doorway.inside()
    with doorway.world.app.app_context():
        db.session.execute(
            sa.update(Membership).where(Membership.user_id == doorway.mentor.id).values(ended_on=TODAY)
        )
        db.session.commit()

    assert phone.get("/").status_code == 302


def test_reads_outside_the_programme_are_narrowed_whatever_the_query_is(doorway):
    """The net under every query: columns, counts, joins, subqueries, get, update and delete."""
    world = doorway.world
    other = world.program(State.RUNNING)
    theirs = world.enrolment(other, mentor=doorway.mentor)
    mine = doorway.log()
    hidden = doorway.log(program_id=other.id, enrolment_id=theirs.id)
    with world.app.test_request_context():
        count = sa.select(sa.func.count(PracticeLog.id))
        assert db.session.scalar(count) == 2
        db.session.rollback()
        by_link.confine_reads(doorway.program.id, Role.ENTERPRISE_MENTOR)
        assert db.session.scalar(count) == 1
        assert db.session.scalars(sa.select(PracticeLog.id)).all() == [mine.id]
        assert db.session.get(PracticeLog, hidden.id) is None
        joined = sa.select(PracticeLog.id).join(PracticeLog.enrolment)
        assert db.session.scalars(joined).all() == [mine.id]
        one, other = aliased(PracticeLog), aliased(PracticeLog)
        twice = sa.select(one.id, other.id).join(other, other.signer_id == one.signer_id)
        assert db.session.execute(twice).all() == [(mine.id, mine.id)]
        outer = (
            sa.select(User.id, one.id)
            .outerjoin(one, one.signer_id == User.id)
            .where(User.id == doorway.mentor.id)
        )
        assert db.session.execute(outer).all() == [(doorway.mentor.id, mine.id)]
        inside = sa.select(User.id).where(
            User.id.in_(sa.select(PracticeLog.signer_id).where(PracticeLog.id == hidden.id))
        )
        assert db.session.scalars(inside).all() == []
        changed = db.session.execute(sa.update(PracticeLog).values(task="geändert"))
        assert changed.rowcount == 1
        assert db.session.execute(sa.delete(Window)).rowcount == 0
        db.session.rollback()


def test_a_world_without_links_is_not_narrowed(doorway):
    page = text(doorway.world.signed_in(doorway.mentor_with_account()).get("/"))
    assert "/account" in page
