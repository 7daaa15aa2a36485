"""A mentor without an account sees by the personal link where parties are apart, and answers there."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import NOW
from trainmgr.identity.models import SignInSession
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.links.models import MentorLink
from trainmgr.moderation.models import Moderation, ModerationSide
from trainmgr.moderation.rules import SideAnswer
from trainmgr.programs.rules import Side


def come_in(talk):
    """Return a browser in which the mentor is inside by a link."""
    mentor, program = talk.stage.mentor, talk.stage.program
    with talk.world.inside():
        link = MentorLink(
            program_id=program.id, user_id=mentor.id, organization_id=talk.world.enterprise.id,
            side=Side.ENTERPRISE, token_digest="0" * 64, issued_by_id=talk.coordinator.id, issued_at=NOW,
            expires_at=NOW + timedelta(days=30),
        )  # fmt: skip
        db.session.add(link)
        db.session.flush()
        db.session.add(
            SignInSession(
                token_digest=digest_of("by-link"), user_id=mentor.id, created_at=NOW,
                expires_at=NOW + timedelta(hours=12), link_id=link.id, link_program_id=program.id,
                link_role=Role.ENTERPRISE_MENTOR,
            )
        )  # fmt: skip
        db.session.commit()
    client = talk.world.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "by-link", True
    return client


def test_a_mentor_answers_by_the_personal_link(talk):
    one = talk.apart()
    phone = come_in(talk)

    assert f"/programs/{talk.stage.program.id}/moderations" in phone.get("/").get_data(as_text=True)
    assert f"/moderations/{one.id}" in phone.get(talk.at("/moderations")).get_data(as_text=True)
    page = phone.get(talk.at(f"/moderations/{one.id}")).get_data(as_text=True)
    assert talk.stage.teacher.name in page
    assert "/evaluation/results/" not in page  # what a link does not open is not offered
    given = {"answer": "keep", "reason": "成品经三坐标复测"}
    assert phone.post(talk.at(f"/moderations/{one.id}/answer"), data=given).status_code == 302

    answers = {side.rater_id: side.answer for side in talk.sides().values()}
    assert answers[talk.stage.mentor.id] is SideAnswer.KEPT
    assert phone.post(talk.at(f"/moderations/{one.id}/decision"), data={"kind": "keep"}).status_code == 403


def test_a_link_shows_no_moderation_that_its_mentor_is_no_side_of(talk):
    talk.rate(trainee=1, teacher=5, enterprise=3)
    one = talk.all(Moderation)[0]
    with talk.world.inside() as session:
        session.query(ModerationSide).update({"rater_id": talk.stage.teacher.id})
        session.commit()

    phone = come_in(talk)

    assert phone.get(talk.at(f"/moderations/{one.id}")).status_code == 404
    assert f"/moderations/{one.id}" not in phone.get(talk.at("/moderations")).get_data(as_text=True)
