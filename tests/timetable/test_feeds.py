"""Calendars to subscribe to: a private address, what it answers, who gets nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import icalendar
import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.timetable.conftest import MONDAY
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import PlanStage
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.pace import Pace
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.recruitment.interview_models import InterviewBooking, InterviewPanel, InterviewSlot
from trainmgr.recruitment.models import Application
from trainmgr.timetable import feed_views
from trainmgr.timetable.calendar_models import CalendarFeed
from trainmgr.timetable.models import TeachingSession


@pytest.fixture(autouse=True)
def fresh_pace(monkeypatch):
    """Nobody has asked yet."""
    monkeypatch.setattr(feed_views, "PER_FEED", Pace(60, timedelta(hours=1)))
    monkeypatch.setattr(feed_views, "PER_ADDRESS", Pace(600, timedelta(hours=1)))


@pytest.fixture
def trainee(school):
    """A trainee of the class, with a session on Monday and a placement."""
    person = school.world.user(Role.TRAINEE, name="彭浩然")
    enrolment = school.world.enrolment(school.program, user=person, cohort_id=school.cohort.id)
    school.world.enrolment(school.program, user=school.world.user(Role.TRAINEE, name="别的学员"),
                           cohort_id=school.cohort.id)  # fmt: skip
    with school.world.app.app_context():
        keep(
            TeachingSession(
                program_id=school.program.id, module_id=school.module.id, lineage=school.module.lineage, day=MONDAY,
                cohort_id=school.cohort.id, first_unit=1, units=2, teacher_id=school.teacher.id,
                room_id=school.room.id, host_id=school.world.college.id, created_by_id=school.staff.id,
                created_at=NOW,
            )
        )  # fmt: skip
        post = keep(
            PlacementPost(
                college_id=school.world.college.id, organization_id=school.world.enterprise.id, name="装调"
            )
        )
        keep(
            Placement(
                program_id=school.program.id, enrolment_id=enrolment.id, post_id=post.id, starts_on=TODAY,
                ends_on=TODAY + timedelta(days=89), days=90, holds_from=TODAY,
            )
        )  # fmt: skip
        with lifted():
            stage = sa.update(PlanStage).values(weeks=16, gate="零件合格")
            db.session.execute(stage)
            db.session.commit()
    return person


def make_address(client):
    """Make a private address and return its path."""
    page = client.post("/my-calendar").get_data(as_text=True)
    return "/calendar/" + page.split("/calendar/")[1].split('"')[0]


def read(response):
    """Parse a calendar with the library and return its events by uid."""
    assert response.status_code == 200
    assert response.mimetype == "text/calendar"
    calendar = icalendar.Calendar.from_ical(response.data)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def test_a_trainees_calendar_holds_what_is_theirs_in_local_time(school, trainee, signed_in, client):
    address = make_address(signed_in(trainee))

    response = client.get(address)
    events = read(response)

    session = next(event for uid, event in events.items() if uid.startswith("session-"))
    assert session.decoded("dtstart") == datetime.fromisoformat("2026-11-23T08:00:00+08:00")
    assert session.decoded("dtend") == datetime.fromisoformat("2026-11-23T09:35:00+08:00")
    assert session["dtstart"].params["TZID"] == "Asia/Shanghai"
    assert "零件测量" in session["summary"]
    assert "实训车间" in session["location"]
    block = events[f"block-{school.cohort.id}-1@trainmgr"]
    assert block.decoded("dtstart") == school.program.starts_on
    assert block.decoded("dtend") - block.decoded("dtstart") == timedelta(weeks=16)
    gate = events[f"gate-{school.cohort.id}-1@trainmgr"]
    assert "零件合格" in gate["summary"]
    placement = next(event for uid, event in events.items() if uid.startswith("placement-"))
    assert placement.decoded("dtend") == TODAY + timedelta(days=90)
    text = response.get_data(as_text=True)
    assert "别的学员" not in text
    assert "陈老师" not in text
    assert "BEGIN:VTIMEZONE" in text


def test_a_session_called_off_stays_as_cancelled_under_the_same_uid(school, trainee, signed_in, client):
    address = make_address(signed_in(trainee))
    before = read(client.get(address))
    (uid,) = [uid for uid in before if uid.startswith("session-")]
    with school.world.app.app_context():
        session = db.session.scalars(sa.select(TeachingSession)).one()
        number, version = session.id, session.version

    staff = signed_in(school.staff)
    staff.post(f"{school.address}/{number}/cancel", data={"reason": "设备检修", "version": version})
    after = read(client.get(address))

    assert after[uid]["status"] == "CANCELLED"
    assert int(after[uid]["sequence"]) > int(before[uid]["sequence"])
    assert before[uid]["status"] == "CONFIRMED"


def test_the_same_calendar_is_not_sent_twice(trainee, signed_in, client):
    address = make_address(signed_in(trainee))
    first = client.get(address)

    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert "max-age" in first.headers["Cache-Control"]


def test_a_new_address_makes_the_old_one_void_and_one_taken_back_gives_nothing(
    school, trainee, signed_in, client
):
    browser = signed_in(trainee)
    old = make_address(browser)
    new = make_address(browser)

    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert new.removeprefix("/calendar/") not in browser.get("/my-calendar").get_data(as_text=True)
    with school.world.app.app_context():
        digest = db.session.get(CalendarFeed, trainee.id).token_digest
    assert digest not in new
    assert len(digest) == 64
    browser.post("/my-calendar/remove")
    assert client.get(new).status_code == 404


def test_a_wrong_address_is_not_there_and_a_closed_account_gives_nothing(school, trainee, signed_in, client):
    address = make_address(signed_in(trainee))
    for wrong in (
        "/calendar/x.ics",
        f"/calendar/{'a' * 5000}.ics",
        address[:-6] + "x.ics",
        "/calendar/..ics",
    ):
        assert client.get(wrong).status_code == 404
    with school.world.inside() as session:
        session.get(User, trainee.id).active = False
        session.commit()

    assert client.get(address).status_code == 404


@pytest.mark.once
def test_an_address_that_is_asked_too_often_waits(trainee, signed_in, client, monkeypatch):
    address = make_address(signed_in(trainee))
    monkeypatch.setattr(feed_views, "PER_FEED", Pace(2, timedelta(hours=1)))

    assert [client.get(address).status_code for _time in range(3)] == [200, 200, 429]


def test_pace_forgets_after_its_window():
    pace = Pace(1, timedelta(minutes=1))

    assert [pace.takes("a", NOW), pace.takes("a", NOW), pace.takes("b", NOW)] == [True, False, True]
    assert pace.takes("a", NOW + timedelta(minutes=1))


def test_a_long_calendar_takes_as_many_statements_as_a_short_one(
    school, trainee, signed_in, client, count_statements
):
    address = make_address(signed_in(trainee))
    with count_statements() as few:
        client.get(address)
    with school.world.app.app_context():
        keep(
            *(
                TeachingSession(
                    program_id=school.program.id, module_id=school.module.id, lineage=school.module.lineage,
                    day=MONDAY + timedelta(days=number), cohort_id=school.cohort.id, first_unit=3, units=2,
                    teacher_id=school.teacher.id, host_id=school.world.college.id, created_by_id=school.staff.id,
                    created_at=NOW,
                )
                for number in range(1, 120)
            )
        )  # fmt: skip
    with count_statements() as many:
        response = client.get(address)

    assert len(read(response)) > 100
    assert len(many) == len(few) <= 10


@pytest.mark.once
def test_a_teachers_calendar_holds_what_they_teach(school, trainee, signed_in, client):
    events = read(client.get(make_address(signed_in(school.teacher))))

    assert [event.decoded("dtstart").date() for event in events.values()] == [date(2026, 11, 23)]


def test_interviews_stand_in_the_calendars_of_who_is_asked_and_who_asks(school, trainee, signed_in, client):
    applicant = school.world.user(Role.TRAINEE)
    moment = datetime.fromisoformat("2026-11-25T14:00:00+08:00")
    with school.world.app.app_context():
        slot = keep(
            InterviewSlot(
                program_id=school.program.id, day=moment.date(), starts_at=moment, place="行政楼 302", seats=2, taken=1,
                ends_at=moment + timedelta(minutes=20), created_by_id=school.staff.id, created_at=NOW,
            )
        )  # fmt: skip
        application = keep(
            Application(
                program_id=school.program.id, user_id=applicant.id, college_id=school.world.college.id,
                name=applicant.name, applied_at=NOW,
            )
        )  # fmt: skip
        booking = keep(InterviewBooking(slot_id=slot.id, application_id=application.id, booked_at=NOW))
        keep(InterviewPanel(slot_id=slot.id, user_id=school.teacher.id))
    own, held = make_address(signed_in(applicant)), make_address(signed_in(school.teacher))

    event = read(client.get(own))[f"interview-booked-{booking.id}@trainmgr"]
    assert event.decoded("dtstart") == moment
    assert event["location"] == "行政楼 302"
    assert applicant.name not in client.get(held).get_data(as_text=True)
    with school.world.inside() as session:
        session.get(InterviewBooking, booking.id).cancelled_at = NOW
        session.commit()
    assert read(client.get(own))[f"interview-booked-{booking.id}@trainmgr"]["status"] == "CANCELLED"
    assert read(client.get(held))[f"interview-held-{slot.id}@trainmgr"]["status"] == "CONFIRMED"
