"""A graduate without an account comes in by a link: to the own answers and the follow-up evaluation, nowhere else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.test_permissions import routes_of, visit
from trainmgr.employment.models import FollowUpAnswer
from trainmgr.evaluation.models import Criterion, Level, Scheme, SchemeState, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import Membership, SignInSession
from trainmgr.kernel import by_link
from trainmgr.kernel.access import GRADUATE_BY_LINK, Role
from trainmgr.kernel.audit import AuditEvent, tell
from trainmgr.kernel.db import db
from trainmgr.links.models import MentorLink

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17 Safari/604"


def give(alumni, *people, by=None, **values):
    """Give links; returns the answer and (token, code) of each."""
    path = f"/programs/{alumni.program.id}/links/graduates"
    data = {"id": [str(one.id) for one in people], "days": "60"} | values
    answer = alumni.world.signed_in(by or alumni.staff).post(path, data=data)
    page = answer.get_data(as_text=True)
    tokens = re.findall(r"/link/([\w-]{20,})", page)
    codes = re.findall(r"data-code>(\d{3}) (\d{3})<", page)
    return answer, [(token, "".join(code)) for token, code in zip(tokens, codes, strict=True)]


def come_in(alumni, token, code):
    phone = alumni.world.app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = PHONE
    assert phone.post("/link", data={"link_token": token}).location == "/link/code"
    answer = phone.post("/link/code", data={"link_code": code})
    return phone, answer


def test_a_graduate_answers_by_link_and_the_trail_says_so(alumni, employed):
    asked = alumni.round()
    _answer, [(token, code)] = give(alumni, alumni.one)
    phone, answer = come_in(alumni, token, code)
    assert (answer.status_code, answer.location) == (302, alumni.at("/mine"))
    page = phone.get(answer.location).get_data(as_text=True)
    assert alumni.at(f"/rounds/{asked.id}/mine") in page

    sent = phone.post(alumni.at(f"/rounds/{asked.id}/mine"), data=employed)

    assert sent.status_code == 302, sent.get_data(as_text=True)[-2000:]
    (kept,) = alumni.all(FollowUpAnswer)
    assert (kept.enrolment_id, kept.source) == (alumni.one.id, "graduate")
    with alumni.world.inside() as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "employment.answer")).one()
        assert tell(event).endswith("（通过个人链接）")


def test_the_link_opens_nothing_without_its_code_and_only_in_its_browser(alumni):
    _answer, [(token, code)] = give(alumni, alumni.one)
    (link,) = alumni.all(MentorLink)
    assert (link.for_graduate, token in (link.token_digest, link.code_digest)) == (True, False)

    alumni.later(days=13)  # a graduate's code lasts two weeks
    phone, answer = come_in(alumni, token, code)
    assert answer.status_code == 302
    assert phone.post("/link", data={"link_token": token}).location == alumni.at("/mine")
    _other, refused = come_in(alumni, token, code)
    assert refused.status_code == 422


def test_a_new_link_ends_the_one_before_and_a_revoked_one_is_shut(alumni):
    _answer, [(first, code)] = give(alumni, alumni.one)
    give(alumni, alumni.one)
    phone = alumni.world.app.test_client()
    assert phone.post("/link", data={"link_token": first}).status_code == 410

    _answer, [(token, code)] = give(alumni, alumni.one)
    inside, _entered = come_in(alumni, token, code)
    link = alumni.all(MentorLink)[-1]
    alumni.world.signed_in(alumni.staff).post(f"/programs/{alumni.program.id}/links/{link.id}/revoke")
    assert inside.get(alumni.at("/mine")).status_code == 302  # out at once, to sign in


def test_who_is_no_graduate_any_more_stands_before_a_shut_door(alumni):
    _answer, [(token, _code)] = give(alumni, alumni.one)
    with alumni.world.app.app_context():
        db.session.execute(sa.update(Membership).values(ended_on=TODAY))
        db.session.commit()
    assert alumni.world.app.test_client().post("/link", data={"link_token": token}).status_code == 410


@pytest.mark.parametrize(
    ("role", "status"), [(Role.ENTERPRISE_COORDINATOR, 403), (Role.COLLEGE_COUNSELLOR, 403)]
)
def test_the_college_gives_the_links_and_only_to_graduates(alumni, role, status):
    assert give(alumni, alumni.one, by=alumni.world.user(role))[0].status_code in (status, 404)
    still = alumni.world.enrolment(alumni.program)
    assert give(alumni, still)[0].status_code == 409
    assert give(alumni)[0].status_code == 409
    assert give(alumni, alumni.one, days="999")[0].status_code == 422
    assert alumni.all(MentorLink) == []


def test_several_get_theirs_at_once_and_the_list_says_who_has_one(alumni):
    answer, found = give(alumni, alumni.one, alumni.two)
    assert (answer.status_code, len(set(found))) == (200, 2)
    client = alumni.world.signed_in(alumni.staff)
    path = f"/programs/{alumni.program.id}/links/graduates"
    assert alumni.one.name in client.get(path).get_data(as_text=True)
    assert alumni.one.name not in client.get(path, query_string={"without": "1"}).get_data(as_text=True)
    mentors = client.get(f"/programs/{alumni.program.id}/links").get_data(as_text=True)
    assert alumni.one.name not in mentors


def test_a_visit_reads_only_its_programme_and_only_follow_up_windows(alumni):
    scheme = Scheme(
        program_id=alumni.program.id, state=SchemeState.FROZEN, levels=["reaction"], trainee_weight=100,
        enterprise_weight=0, teacher_weight=0, edited_at=NOW,
        criteria=[Criterion(position=1, level=Level.REACTION, name="乐学", weight=1, by_trainee=True)],
    )  # fmt: skip
    with alumni.world.app.app_context():
        keep(scheme)
        keep(*(
            Window(program_id=alumni.program.id, scheme_id=scheme.id, name=name, kind=kind, levels=["reaction"],
                   opens_at=NOW - timedelta(days=1), closes_at=NOW + timedelta(days=30),
                   months_after=3 if kind is WindowKind.FOLLOW_UP else 0)
            for kind, name in ((WindowKind.TERMINAL, "终结评价"), (WindowKind.FOLLOW_UP, "跟踪评价"))
        ))  # fmt: skip
    _answer, [(token, code)] = give(alumni, alumni.one)
    phone, _entered = come_in(alumni, token, code)
    page = phone.get("/ratings")

    assert page.status_code == 200
    assert "终结评价" not in page.get_data(as_text=True)
    windows = {one.name: one.id for one in alumni.all(Window)}
    shut = phone.get(
        f"/programs/{alumni.program.id}/evaluation/windows/{windows['终结评价']}/rate/{alumni.one.id}"
    )
    assert shut.status_code in (403, 404)


@pytest.mark.once
def test_every_address_but_the_named_ones_is_shut_for_a_graduate(put_back, made, bare):
    app = put_back()
    person, program = made.people[Role.TRAINEE], made.rows["program"]
    link_id, tokens = made.rows["link"].id, iter(range(10_000))
    from trainmgr.identity.sessions import digest_of

    def visitor():
        token = f"visit-{next(tokens)}"
        with app.app_context():
            db.session.add(
                SignInSession(
                    token_digest=digest_of(token), user_id=person.id, created_at=NOW, link_id=link_id,
                    expires_at=NOW + timedelta(hours=12), link_program_id=program.id, link_role=Role.TRAINEE,
                )
            )  # fmt: skip
            db.session.commit()
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return client

    phone = visitor()
    wrong = [
        f"{route.method} {route.address}"
        for route in routes_of(app, made)
        if route.mark != "public"
        and route.endpoint not in by_link.GRADUATE_ENDPOINTS
        and visit(phone, route).status_code != 403
    ]
    assert wrong == []
    assert {one.name for one in GRADUATE_BY_LINK} == {"ACCOUNT_USE", "EMPLOYMENT_OWN", "RATE"}
    assert set(app.view_functions) >= by_link.GRADUATE_ENDPOINTS
