"""Leave: asked for, decided, what it excuses; and rates with numerator and denominator."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.attendance.conftest import TOMORROW, at
from tests.factories import NOW, TODAY
from trainmgr.attendance import queries
from trainmgr.attendance.marking import Occasion, note
from trainmgr.attendance.models import Leave, LeaveState
from trainmgr.attendance.rules import Mark, Rate, Source
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import keep_time
from trainmgr.kernel.sheets import read_sheet
from trainmgr.programs.models import Due
from trainmgr.timetable.models import TeachingSession


def ask(scene, who=0, first=TODAY, last=None, **more):
    """Ask for leave by a trainee."""
    data = {
        "kind": "sick", "starts_on": first.isoformat(), "ends_on": (last or first).isoformat(),
        "reason": "发烧三十九度",
    } | more  # fmt: skip
    return scene.by(scene.trainees[who]).post(
        f"{scene.url}/leave", data=data, content_type="multipart/form-data"
    )


def decide(scene, person, deed, leave_id=1, **data):
    return scene.by(person).post(f"{scene.url}/leave/{leave_id}/{deed}", data={"version": 1, **data})


def dues(scene, code="leave-to-decide"):
    with scene.world.app.app_context():
        return set(db.session.scalars(sa.select(Due.user_id).where(Due.code == code)))


def test_leave_is_asked_for_and_granted_and_the_absence_is_excused(scene):
    scene.open()
    scene.by(scene.teacher).post(f"{scene.register_url}/close")
    assert scene.standing()["彭浩然"] is Mark.ABSENT

    assert ask(scene, first=TODAY, last=TOMORROW).status_code == 302
    assert dues(scene) == {scene.teacher.id, scene.mentor.id}
    assert decide(scene, scene.mentor, "grant").status_code == 302

    assert scene.standing()["彭浩然"] is Mark.EXCUSED
    assert scene.standing()["孙丽"] is Mark.ABSENT
    assert scene.history(scene.enrolments[0]) == [("absent", "closing"), ("excused", "leave")]
    assert scene.tally(scene.enrolments[0]) == (0, 0, 1, 0)
    assert dues(scene) == set()
    with scene.world.app.app_context():
        ids = [one.id for one in scene.enrolments]
        assert queries.leave_days(ids, TODAY, TODAY + timedelta(days=9)) == {ids[0]: {TODAY, TOMORROW}}
        assert queries.leave_days(ids, TOMORROW, TOMORROW) == {ids[0]: {TOMORROW}}


def test_granted_leave_is_known_when_the_register_closes(scene):
    ask(scene)
    decide(scene, scene.teacher, "grant")
    scene.open()
    with scene.world.app.app_context():
        keep_time(at("11:30"))

    assert scene.standing() == {"彭浩然": Mark.EXCUSED, "孙丽": Mark.ABSENT, "王小明": Mark.ABSENT}


def test_who_came_in_spite_of_leave_stays_who_came(scene):
    scene.open()
    scene.by(scene.trainees[0]).post(f"/attendance/in/{scene.session.id}", data={"c": scene.code()})
    ask(scene)
    decide(scene, scene.teacher, "grant")

    assert scene.standing() == {"彭浩然": Mark.PRESENT}


def test_one_session_is_explained_by_itself(scene):
    other = scene.make_session(first_unit=1)
    for session, clock in ((other, "08:00"), (scene.session, "09:50")):
        scene.open(session, clock)
        scene.by(scene.teacher).post(f"{scene.url}/sessions/{session.id}/close")

    assert ask(scene, session=scene.session.id).status_code == 302
    decide(scene, scene.teacher, "grant")

    assert scene.standing()["彭浩然"] is Mark.EXCUSED
    assert scene.standing(other)["彭浩然"] is Mark.ABSENT
    with scene.world.app.app_context():
        assert queries.leave_days([scene.enrolments[0].id], TODAY, TODAY) == {}


@pytest.mark.once
def test_a_refusal_needs_words_and_the_trainee_reads_them(scene):
    ask(scene)

    assert decide(scene, scene.teacher, "refuse").status_code == 422
    assert decide(scene, scene.teacher, "refuse", words="请补交病假条").status_code == 302
    page = scene.by(scene.trainees[0]).get(f"{scene.url}/leave/1").get_data(as_text=True)
    assert "请补交病假条" in page
    assert "发烧三十九度" in page
    assert decide(scene, scene.mentor, "grant").status_code == 409
    assert scene.of(Leave, 1).state is LeaveState.REFUSED


@pytest.mark.once
def test_why_somebody_asks_is_encrypted_and_only_for_those_who_decide(scene):
    ask(scene)
    coordinator = scene.world.user(Role.OUTSIDE_ASSESSOR)
    other = scene.world.user(Role.TRAINEE)
    scene.world.enrolment(scene.program, user=other, cohort_id=scene.cohort.id)

    assert "发烧" not in scene.of(Leave, 1).reason
    assert "发烧三十九度" in scene.by(scene.teacher).get(f"{scene.url}/leave/1").get_data(as_text=True)
    assert scene.by(other).get(f"{scene.url}/leave/1").status_code == 404
    assert scene.by(coordinator).get(f"{scene.url}/leave/1").status_code in (403, 404)
    with scene.world.app.app_context():
        told = [
            event for event in db.session.scalars(sa.select(AuditEvent)) if event.action.startswith("leave")
        ]
        assert told
        assert not [event for event in told if "发烧" in f"{event.reason}{event.details}"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        (TODAY - timedelta(days=3), None, 302),
        (TODAY - timedelta(days=4), None, 409),
        (TODAY + timedelta(days=30), TODAY + timedelta(days=31), 302),
        (TODAY + timedelta(days=1), TODAY, 409),
        (TODAY, TODAY + timedelta(days=90), 409),
    ],
)
def test_leave_is_asked_for_before_or_shortly_after(scene, first, last, status):
    assert ask(scene, first=first, last=last).status_code == status


@pytest.mark.once
def test_the_same_days_are_asked_for_once_and_a_request_is_taken_back(scene):
    assert ask(scene).status_code == 302
    assert ask(scene, last=TOMORROW).status_code == 409
    assert ask(scene, session=scene.session.id).status_code == 409
    assert decide(scene, scene.trainees[1], "withdraw").status_code == 404
    assert decide(scene, scene.trainees[0], "withdraw").status_code == 302
    assert ask(scene, last=TOMORROW).status_code == 302
    assert dues(scene) == {scene.teacher.id, scene.mentor.id}


@pytest.mark.once
def test_a_photo_that_is_a_script_is_refused_and_the_input_kept(scene):
    script = (io.BytesIO(b"<script>alert(1)</script>"), "a.jpg")

    response = ask(scene, photo=script)

    assert response.status_code in (409, 422)
    assert "发烧三十九度" in response.get_data(as_text=True)
    assert scene.of(Leave, 1) is None


@pytest.mark.once
def test_only_who_guides_or_runs_decides(scene):
    ask(scene)
    stranger = scene.world.user(Role.SCHOOL_TEACHER)
    scene.world.relation(scene.program, stranger, Role.SCHOOL_TEACHER)

    assert decide(scene, stranger, "grant").status_code == 404
    assert decide(scene, scene.trainees[0], "grant").status_code == 403
    assert decide(scene, scene.staff, "grant").status_code == 302


# --- rates ------------------------------------------------------------------------------------------


def _marks(scene, marks_by_place):
    """Note marks on the days before today: a text of p, l, e, a for each trainee."""
    signs = {"p": Mark.PRESENT, "l": Mark.LATE, "e": Mark.EXCUSED, "a": Mark.ABSENT}
    with scene.world.app.app_context():
        for place, text in marks_by_place.items():
            for back, sign in enumerate(text, start=1):
                occasion = Occasion(TODAY - timedelta(days=back))
                note(occasion, {scene.enrolments[place].id: signs[sign]}, Source.HAND, by=None, now=NOW)
        db.session.commit()


def test_rates_stand_with_numerator_and_denominator(scene):
    _marks(scene, {0: "pplea", 1: "eee"})

    with scene.world.app.app_context():
        ids = [one.id for one in scene.enrolments]
        rates = queries.rates_of(ids)
        assert rates == {ids[0]: Rate(2, 1, 1, 1), ids[1]: Rate(0, 0, 3, 0), ids[2]: Rate()}
        assert (rates[ids[0]].share, rates[ids[1]].share) == (0.75, None)
        two = queries.rates_between(ids, TODAY - timedelta(days=5), TODAY - timedelta(days=4))
        assert two[ids[0]] == Rate(excused=1, absent=1)
    page = scene.by(scene.staff).get(f"{scene.url}/rates").get_data(as_text=True)
    assert "75.0%" in page.replace("75%", "75.0%")
    assert "3 / 4" in page
    own = scene.by(scene.trainees[0]).get("/my-attendance").get_data(as_text=True)
    assert "3 / 4" in own


def test_the_sheet_of_rates_holds_every_visible_trainee(scene):
    _marks(scene, {0: "pa"})

    response = scene.by(scene.staff).get(f"{scene.url}/rates.xlsx")
    rows = read_sheet(response.data, filename="a.xlsx").rows
    response.close()

    assert [(row[2], *row[4:]) for row in rows] == [
        ("彭浩然", "1", "0", "0", "1", "1", "2", "50"),
        ("孙丽", "0", "0", "0", "0", "0", "0", ""),
        ("王小明", "0", "0", "0", "0", "0", "0", ""),
    ]
    other = scene.by(scene.trainees[0]).get(f"{scene.url}/rates.xlsx")
    assert len(read_sheet(other.data, filename="a.xlsx").rows) == 1
    other.close()


def test_lists_take_as_many_statements_for_many(scene, count_statements):
    _marks(scene, {0: "pplea"})

    def statements():
        numbers = []
        for person, address in (
            (scene.staff, "/rates"), (scene.staff, ""), (scene.staff, "/leave"),
            (scene.staff, f"/trainees/{scene.enrolments[0].id}"), (scene.mentor, "/days?day=2026-11-18"),
        ):  # fmt: skip
            scene.by(person)
            with count_statements() as seen:
                assert scene.by(person).get(f"{scene.url}{address}").status_code == 200
            numbers.append(len(seen))
        return numbers

    few = statements()
    for _time in range(20):
        scene.world.enrolment(scene.program, cohort_id=scene.cohort.id, mentor=scene.mentor)
        scene.make_session(TODAY - timedelta(days=30 + _time))
    _marks(scene, {0: "p" * 30, 1: "a" * 30})

    assert statements() == few
    assert max(few) <= 10


@pytest.mark.once
def test_limits_are_the_programmes_own(scene):
    staff, url = scene.by(scene.staff), f"{scene.url}/settings"

    assert staff.post(url, data={"late_after": 0, "excuse_within": 0, "version": 0}).status_code == 302
    assert staff.post(url, data={"late_after": 500, "excuse_within": 0, "version": 1}).status_code == 422
    assert staff.post(url, data={"late_after": 5, "excuse_within": 1, "version": 0}).status_code == 409
    assert ask(scene, first=TODAY - timedelta(days=1)).status_code == 409
    assert scene.open(clock="09:51").late_after == 0
    scene.by(scene.trainees[0]).post(f"/attendance/in/{scene.session.id}", data={"c": scene.code()})
    assert scene.standing() == {"彭浩然": Mark.LATE}


@pytest.mark.once
def test_sessions_that_are_over_without_a_register_are_asked_for_where_attendance_is_taken(scene):
    scene.make_session(TODAY - timedelta(days=1))
    midnight = at("00:00")
    with scene.world.app.app_context():
        keep_time(midnight)
    assert dues(scene, "attendance-to-take") == set()

    scene.open()
    with scene.world.app.app_context():
        keep_time(midnight)
    assert dues(scene, "attendance-to-take") == {scene.teacher.id}
    with scene.world.app.app_context():
        late = db.session.scalar(sa.select(TeachingSession.id).where(TeachingSession.day < TODAY))
    scene.by(scene.teacher).post(f"{scene.url}/sessions/{late}/open")
    assert dues(scene, "attendance-to-take") == set()


@pytest.mark.once
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_leave_on_a_day_out_of_time_is_refused(scene, day):
    assert ask(scene, starts_on=day, ends_on=day).status_code == 422
