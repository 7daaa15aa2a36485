"""Interviews: seats are never overbooked, clashes are told, what was seen reaches whoever judges."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.rules import State
from trainmgr.recruitment import interviews
from trainmgr.recruitment.interview_models import InterviewBooking, InterviewNote, InterviewSlot
from trainmgr.recruitment.models import Application

DAY = TODAY + timedelta(days=7)


@pytest.fixture
def program(recruiting):
    return recruiting.program


@pytest.fixture
def college(recruiting, signed_in):
    return signed_in(recruiting.staff)


@pytest.fixture
def home(program):
    return f"/programs/{program.id}/recruitment/interviews"


@pytest.fixture
def offer(college, home):
    """Offer interview times through the page; returns the answer."""

    def post(**values):
        form = {
            "day": DAY.isoformat(), "begins": "09:00", "minutes": "20", "amount": "2", "seats": "1",
            "place": "实训楼 302", "link": "", "post": "",
        }  # fmt: skip
        return college.post(f"{home}/new", data=form | values)

    return post


def slots(session):
    session.expire_all()
    return session.scalars(sa.select(InterviewSlot).order_by(InterviewSlot.starts_at)).all()


def book(client, program, slot):
    return client.post(f"/programs/{program.id}/apply/interview", data={"slot": str(slot.id)})


def test_times_follow_each_other_where_the_installation_stands(session, offer):
    assert offer().status_code == 302

    made = slots(session)
    assert [slot.starts_at.isoformat() for slot in made] == [
        f"{DAY}T01:00:00+00:00",
        f"{DAY}T01:20:00+00:00",
    ]
    assert {slot.day for slot in made} == {DAY}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"day": (TODAY - timedelta(days=1)).isoformat()}, 409),
        ({"begins": "23:30", "amount": "3"}, 409),
        ({"day": "9999-12-31"}, 422),
        ({"day": "0001-01-01"}, 422),
        ({"place": ""}, 422),
        ({"place": "", "link": "javascript:alert(1)"}, 422),
        ({"seats": "0"}, 422),
        ({"amount": "999"}, 422),
        ({"begins": "25:00"}, 422),
        ({"panel": "999999"}, 422),
    ],
)
def test_times_that_cannot_be_are_refused(session, offer, values, status):
    assert offer(**values).status_code == status
    assert slots(session) == []


def test_an_interviewer_with_another_interview_at_the_time_is_told_of(
    session, recruiting, college, home, offer
):
    offer(panel=str(recruiting.staff.id))

    offer(begins="09:10", amount="1", panel=[str(recruiting.staff.id), str(recruiting.coordinator.id)])

    page = college.get(f"{home}?day={DAY}").get_data(as_text=True)
    assert len(slots(session)) == 3
    assert f"{recruiting.staff.name}" in page
    assert page.count("is-warn") == 1


def test_an_applicant_books_rebooks_and_gives_back(session, recruiting, program, signed_in, offer):
    offer()
    first, second = slots(session)
    client = signed_in(recruiting.applicant()[0])

    assert book(client, program, first).status_code == 302
    assert [slot.taken for slot in slots(session)] == [1, 0]
    assert book(client, program, second).status_code == 302
    assert [slot.taken for slot in slots(session)] == [0, 1]
    assert book(client, program, second).status_code == 302
    assert [slot.taken for slot in slots(session)] == [0, 1]
    assert client.post(f"/programs/{program.id}/apply/interview/cancel").status_code == 302
    assert [slot.taken for slot in slots(session)] == [0, 0]
    assert client.post(f"/programs/{program.id}/apply/interview/cancel").status_code == 409


def test_a_full_time_and_one_of_another_post_cannot_be_booked(session, recruiting, program, signed_in, offer):
    recruiting.plan(("装调", "机器人", 5), ("检测", "质量", 5))
    posts = recruiting.posts()
    offer(amount="1")
    offer(amount="1", begins="10:00", post=str(posts["检测"]))
    everybody, others = slots(session)
    clients = [signed_in(recruiting.applicant("装调", at)[0]) for at in range(2)]

    assert book(clients[0], program, everybody).status_code == 302
    assert book(clients[1], program, everybody).status_code == 409
    assert book(clients[1], program, others).status_code == 409
    assert session.scalar(sa.select(sa.func.count()).select_from(InterviewBooking)) == 1


def test_of_two_who_want_the_last_seat_at_once_one_gets_it(session, recruiting, offer, app):
    offer(amount="1")
    (slot,) = slots(session)
    slot_id = slot.id
    ids = [recruiting.applicant(at=at)[1] for at in range(2)]
    session.remove()
    barrier, outcomes = threading.Barrier(2), []

    def want(application_id):
        with app.app_context():
            application = db.session.get(Application, application_id)
            db.session.commit()
            barrier.wait(10)
            try:
                interviews.book(application, slot_id, by=recruiting.staff, now=NOW)
                db.session.commit()
                outcomes.append("booked")
            except RuleBroken:
                db.session.rollback()
                outcomes.append("full")

    threads = [threading.Thread(target=want, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert sorted(outcomes) == ["booked", "full"]
    assert [slot.taken for slot in slots(session)] == [1]


@pytest.mark.once
def test_the_database_itself_holds_no_more_than_the_seats(session, offer):
    offer(amount="1")

    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.update(InterviewSlot).values(taken=2))
    session.rollback()


def test_a_cancelled_time_lets_its_applicants_book_another(
    session, recruiting, program, college, home, signed_in, offer
):
    offer()
    first, second = slots(session)
    client = signed_in(recruiting.applicant()[0])
    book(client, program, first)

    assert college.post(f"{home}/slots/{first.id}/cancel").status_code == 302

    assert book(client, program, first).status_code == 409
    assert book(client, program, second).status_code == 302


def test_what_was_seen_reaches_whoever_judges_and_stays(
    session, app, recruiting, program, college, home, signed_in, offer
):
    offer(amount="1")
    user, application_id = recruiting.applicant()
    book(signed_in(user), program, slots(session)[0])
    booking = session.scalar(sa.select(InterviewBooking.id))
    early = college.post(f"{home}/bookings/{booking}/note", data={"outcome": "came", "text": "好"})
    app.config["CLOCK"] = lambda: NOW + timedelta(days=8)

    assert early.status_code == 409
    assert (
        college.post(f"{home}/bookings/{booking}/note", data={"outcome": "came", "text": ""}).status_code
        == 422
    )
    assert college.post(
        f"{home}/bookings/{booking}/note", data={"outcome": "came", "text": "动手能力强"}
    ).status_code == 302  # fmt: skip
    judge = signed_in(recruiting.coordinator)
    page = judge.get(f"/programs/{program.id}/applications/{application_id}").get_data(as_text=True)
    assert "动手能力强" in page
    assert "动手能力强" not in signed_in(user).get(f"/programs/{program.id}/apply").get_data(as_text=True)
    college.post(f"{home}/bookings/{booking}/note", data={"outcome": "came", "text": "更正：左手持工具"})
    assert session.scalars(sa.select(InterviewNote.text).order_by(InterviewNote.id)).all() == [
        "动手能力强",
        "更正：左手持工具",
    ]


def test_who_did_not_come_is_found_in_the_list_and_may_book_again(
    session, app, recruiting, program, college, home, signed_in, offer
):
    offer(amount="1")
    user, _application = recruiting.applicant()
    client = signed_in(user)
    book(client, program, slots(session)[0])
    booking = session.scalar(sa.select(InterviewBooking.id))
    app.config["CLOCK"] = lambda: NOW + timedelta(days=8)
    offer(day=(TODAY + timedelta(days=12)).isoformat(), amount="1")
    later = slots(session)[-1]

    assert (
        book(client, program, later).status_code == 409
    )  # the interview was, and nobody noted that he stayed away
    college.post(f"{home}/bookings/{booking}/note", data={"outcome": "no_show", "text": ""})

    found = college.get(f"/programs/{program.id}/applications?interview=no_show").get_data(as_text=True)
    assert user.name in found
    none = college.get(f"/programs/{program.id}/applications?interview=came").get_data(as_text=True)
    assert user.name not in none
    assert book(client, program, later).status_code == 302


def test_a_verdict_gives_the_seat_back(session, recruiting, program, signed_in, offer):
    from trainmgr.programs.rules import Side
    from trainmgr.recruitment.rules import VerdictKind

    offer(amount="1")
    user, application_id = recruiting.applicant()
    book(signed_in(user), program, slots(session)[0])

    recruiting.judge(application_id, Side.ENTERPRISE, verdict=VerdictKind.REJECT)

    assert [slot.taken for slot in slots(session)] == [0]


def test_coordinators_offer_times_and_teachers_do_not(world, program, recruiting, signed_in, home):
    teacher = world.user(Role.SCHOOL_TEACHER)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)

    assert signed_in(recruiting.coordinator).get(f"{home}/new").status_code == 200
    assert signed_in(teacher).get(home).status_code == 403


def test_times_of_another_programme_are_not_there(session, world, recruiting, college, offer, program):
    offer()
    other = world.program(State.RECRUITING)
    (first, _second) = slots(session)

    answer = college.post(f"/programs/{other.id}/recruitment/interviews/slots/{first.id}/cancel")

    assert answer.status_code == 404


def test_a_day_takes_as_many_statements_for_twenty_guests_as_for_two(
    session, recruiting, program, college, home, signed_in, offer, count_statements
):
    offer(amount="4", seats="20")
    counts, made = [], slots(session)
    for people in (2, 18):
        for place in range(people):
            book(signed_in(recruiting.applicant(at=place)[0]), program, made[place % 4])
        with count_statements() as statements:
            assert college.get(f"{home}?day={DAY}").status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 10


def test_the_list_is_narrowed_to_a_post_and_to_how_the_interview_stands(
    session, app, recruiting, program, college, home, signed_in, offer
):
    recruiting.plan(("装调", "机器人", 5), ("检测", "质量", 5))
    offer(amount="1", seats="5")
    (slot,) = slots(session)
    people = [recruiting.applicant(post, at)[0] for at, post in enumerate(("装调", "装调", "检测", "检测"))]
    for user in people[:3]:
        book(signed_in(user), program, slot)
    app.config["CLOCK"] = lambda: NOW + timedelta(days=8)
    first, second, *_rest = session.scalars(
        sa.select(InterviewBooking.id).order_by(InterviewBooking.id)
    ).all()
    college.post(f"{home}/bookings/{first}/note", data={"outcome": "came", "text": "好"})
    college.post(f"{home}/bookings/{second}/note", data={"outcome": "no_show", "text": ""})
    session.remove()

    def found(**narrowed):
        page = college.get(f"/programs/{program.id}/applications", query_string=narrowed).get_data(
            as_text=True
        )
        return [f">{user.name}</a>" in page for user in people]

    assert found(interview="came") == [True, False, False, False]
    assert found(interview="no_show") == [False, True, False, False]
    assert found(interview="booked") == [False, False, True, False]
    assert found(interview="none") == [False, False, False, True]
    assert found(interview="nonsense") == [True] * 4
    assert found(post=str(recruiting.posts()["检测"])) == [False, False, True, True]
    assert found(state="admitted") == [False] * 4


@pytest.mark.postgres
def test_a_seat_that_is_given_back_twice_at_once_comes_back_once(
    session, app, recruiting, program, signed_in, offer, monkeypatch
):
    offer(amount="1", seats="2")
    (slot,) = slots(session)
    people = [recruiting.applicant(at=at) for at in range(2)]
    for user, _application_id in people:
        book(signed_in(user), program, slot)
    session.remove()
    barrier, find = threading.Barrier(2), interviews.find_booking

    def find_together(application_id):
        found = find(application_id)
        barrier.wait(20)
        return found

    def give_back():
        with app.app_context():
            application = db.session.get(Application, people[0][1])
            try:
                interviews.unbook(application, by=db.session.get(User, people[0][0].id), now=NOW)
                db.session.commit()
            except RuleBroken:
                db.session.rollback()

    monkeypatch.setattr(interviews, "find_booking", find_together)
    threads = [threading.Thread(target=give_back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [slot.taken for slot in slots(session)] == [1]
