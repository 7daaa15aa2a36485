"""Registers: opened, scanned, noted by hand and from a sheet, closed by hand and by the clock."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import joinedload

from tests.attendance.conftest import at
from tests.factories import TODAY, keep
from trainmgr.attendance import registers
from trainmgr.attendance.marking import note_arrival
from trainmgr.attendance.models import AttendanceRegister, AttendanceStanding, AttendanceTry
from trainmgr.attendance.rules import Mark
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import keep_time
from trainmgr.kernel.sheets import read_sheet
from trainmgr.timetable.models import OccupiedUnit, TeachingSession


def scan(scene, person, code, session=None):
    """Open the scanned address and send the form that the page sends by itself."""
    address = f"/attendance/in/{(session or scene.session).id}"
    page = scene.by(person).get(f"{address}?c={code}")
    if page.status_code != 200:
        return page
    assert f'value="{code}"' in page.get_data(as_text=True)
    return scene.by(person).post(address, data={"c": code})


def grid(scene, marks, seen=None, **more):
    """Send the teacher's grid: marks and what was seen, by place in the class."""
    data = {f"mark-{scene.enrolments[key].id}": mark for key, mark in marks.items()}
    data |= {f"seen-{scene.enrolments[key].id}": mark for key, mark in (seen or {}).items()}
    return scene.by(scene.teacher).post(scene.register_url, data=data | more)


# --- the code ---------------------------------------------------------------------------------------


def test_a_scanned_code_notes_the_signed_in_trainee_once(scene):
    scene.open()
    code = scene.code()

    first, again = scan(scene, scene.trainees[0], code), scan(scene, scene.trainees[0], code)

    assert (first.status_code, again.status_code) == (302, 302)
    assert scene.standing() == {"彭浩然": Mark.PRESENT}
    assert scene.history(scene.enrolments[0]) == [("present", "code")]
    assert scene.tally(scene.enrolments[0]) == (1, 0, 0, 0)


@pytest.mark.parametrize(("seconds", "status"), [(0, 302), (19, 302), (20, 409), (60, 409)])
def test_a_code_is_refused_twenty_seconds_after_it_was_new(scene, seconds, status):
    scene.open(clock="09:51")  # a whole minute begins a step of 15 seconds
    code = scene.code()
    scene.now += timedelta(seconds=seconds)

    response = scan(scene, scene.trainees[0], code)

    assert response.status_code == status
    assert scene.standing() == ({"彭浩然": Mark.PRESENT} if status == 302 else {})


def test_after_the_limit_a_scan_is_late(scene):
    scene.open()
    scene.now = at("10:00")
    scan(scene, scene.trainees[0], scene.code())
    scene.now = at("10:01")
    scan(scene, scene.trainees[1], scene.code())

    assert scene.standing() == {"彭浩然": Mark.PRESENT, "孙丽": Mark.LATE}


def test_the_code_of_another_class_lets_nobody_in(scene):
    scene.open()
    stranger = scene.world.user(Role.TRAINEE)
    scene.world.enrolment(
        scene.program, user=stranger, cohort_id=scene.world.cohort(scene.program, "B 班").id
    )

    response = scan(scene, stranger, scene.code())

    assert response.status_code == 404
    assert (
        scene.by(stranger).post(f"/attendance/in/{scene.session.id}", data={"c": scene.code()}).status_code
        == 404
    )
    assert scene.standing() == {}


@pytest.mark.once
def test_who_is_suspended_is_not_let_in_and_not_absent(scene):
    scene.open()
    with scene.world.inside() as session:
        session.get(Enrolment, scene.enrolments[2].id).state = EnrolmentState.SUSPENDED
        session.commit()

    assert scan(scene, scene.trainees[2], scene.code()).status_code == 404
    scene.by(scene.teacher).post(f"{scene.register_url}/close")
    assert scene.standing() == {"彭浩然": Mark.ABSENT, "孙丽": Mark.ABSENT}


def test_a_typed_code_finds_its_session_and_wrong_ones_make_one_wait(scene):
    scene.open()
    person = scene.by(scene.trainees[1])
    code = scene.code()
    assert person.post("/my-attendance", data={"code": code.lower()}).status_code == 302
    assert scene.standing() == {"孙丽": Mark.PRESENT}

    guesser = scene.by(scene.trainees[2])
    refused = [guesser.post("/my-attendance", data={"code": "222222"}).status_code for _time in range(11)]

    assert refused == [422] * 10 + [429]
    assert guesser.post("/my-attendance", data={"code": scene.code()}).status_code == 429
    assert guesser.post(f"/attendance/in/{scene.session.id}", data={"c": scene.code()}).status_code == 429
    scene.now += timedelta(minutes=6)
    assert guesser.post("/my-attendance", data={"code": scene.code()}).status_code == 302
    with scene.world.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(AttendanceTry.id))) == 10


@pytest.mark.once
def test_before_and_after_its_time_a_session_takes_no_code(scene):
    scene.now = at("09:34")
    response = scene.by(scene.teacher).post(f"{scene.register_url}/open")
    assert response.status_code == 409
    assert "09:35" in response.get_data(as_text=True)

    scene.open(clock="09:35")
    code = scene.code()
    scene.now = at("11:25")
    assert scan(scene, scene.trainees[0], code).status_code == 409
    assert "data-code" not in scene.by(scene.teacher).get(f"{scene.register_url}/code").get_data(as_text=True)


def test_whom_the_teacher_noted_the_code_does_not_note_again(scene):
    scene.open()
    grid(scene, {0: "absent"})

    response = scan(scene, scene.trainees[0], scene.code())

    assert response.status_code == 302
    assert scene.standing() == {"彭浩然": Mark.ABSENT}


def test_a_whole_class_comes_in_by_as_many_statements_each(scene, count_statements):
    scene.open()
    code = scene.code()
    numbers = []
    for person in scene.trainees:
        scene.by(person).get("/my-attendance")
        with count_statements() as seen:
            scene.by(person).post(f"/attendance/in/{scene.session.id}", data={"c": code})
        numbers.append(len(seen))

    assert len(set(numbers)) == 1
    assert numbers[0] <= 14
    assert set(scene.standing().values()) == {Mark.PRESENT}


# --- by hand ----------------------------------------------------------------------------------------


def test_all_present_and_then_the_exceptions(scene):
    scene.now = at("10:30")

    response = grid(scene, {0: "", 1: "absent", 2: ""}, rest="present")

    assert response.status_code == 302
    assert scene.standing() == {"彭浩然": Mark.PRESENT, "孙丽": Mark.ABSENT, "王小明": Mark.PRESENT}


def test_two_teachers_who_write_at_once_lose_nothing_of_each_other(scene):
    scene.open()
    grid(scene, {0: "present", 1: "late"}, seen={0: "", 1: ""})

    # This page was opened before the other was saved.
    response = grid(scene, {0: "absent", 1: "", 2: "present"}, seen={0: "", 1: "", 2: ""})

    assert response.status_code == 409
    assert scene.standing() == {"彭浩然": Mark.PRESENT, "孙丽": Mark.LATE}
    page = response.get_data(as_text=True)
    assert "is-clash" in page
    # The page that came back knows what stands there: sent again, it counts.
    assert (
        grid(scene, {0: "absent", 1: "late", 2: "present"}, seen={0: "present", 1: "late", 2: ""}).status_code
        == 302
    )
    assert scene.standing() == {"彭浩然": Mark.ABSENT, "孙丽": Mark.LATE, "王小明": Mark.PRESENT}
    assert scene.history(scene.enrolments[0]) == [("present", "hand"), ("absent", "hand")]
    assert scene.tally(scene.enrolments[0]) == (0, 0, 0, 1)


def test_only_who_teaches_the_session_or_runs_the_timetable_notes_it(scene):
    other = scene.world.user(Role.SCHOOL_TEACHER)
    scene.world.relation(scene.program, other, Role.SCHOOL_TEACHER)
    with scene.world.inside() as session:
        session.get(Enrolment, scene.enrolments[0].id).school_teacher_id = other.id
        session.commit()
    scene.now = at("10:00")

    answers = {
        name: scene.by(person).post(f"{scene.register_url}/open").status_code
        for name, person in (
            ("guides", other), ("mentor", scene.mentor), ("trainee", scene.trainees[0]), ("staff", scene.staff),
        )
    }  # fmt: skip

    assert answers == {"guides": 403, "mentor": 403, "trainee": 403, "staff": 302}


def test_a_grid_of_many_takes_as_many_statements_as_of_few(scene, count_statements):
    scene.open()

    def saved(marks, seen):
        with count_statements() as statements:
            assert grid(scene, marks, seen).status_code == 302
        return len(statements)

    few = saved({0: "present"}, {})
    more = saved({0: "late", 1: "present", 2: "absent"}, {0: "present"})
    assert more == few
    with count_statements() as page_of_three:
        scene.by(scene.teacher).get(scene.register_url)
    for _time in range(30):
        scene.world.enrolment(scene.program, cohort_id=scene.cohort.id)
    with count_statements() as page_of_many:
        scene.by(scene.teacher).get(scene.register_url)
    assert len(page_of_many) == len(page_of_three) <= 10


# --- closing ----------------------------------------------------------------------------------------


def test_who_was_not_noted_is_absent_when_the_teacher_closes(scene):
    scene.open()
    scan(scene, scene.trainees[0], scene.code())

    response = scene.by(scene.teacher).post(f"{scene.register_url}/close")

    assert response.status_code == 302
    assert scene.standing() == {"彭浩然": Mark.PRESENT, "孙丽": Mark.ABSENT, "王小明": Mark.ABSENT}
    assert scan(scene, scene.trainees[1], "222222").status_code == 409
    assert scene.by(scene.teacher).post(f"{scene.register_url}/close").status_code == 409
    # A correction afterwards counts, and the history keeps both.
    grid(scene, {1: "present"}, seen={1: "absent"})
    assert scene.history(scene.enrolments[1]) == [("absent", "closing"), ("present", "hand")]


def test_a_register_closes_by_itself_at_the_end_and_one_never_opened_makes_nobody_absent(scene):
    scene.open()
    never = scene.make_session(first_unit=1)
    with scene.world.app.app_context():
        keep_time(at("11:24"))
        assert db.session.get(AttendanceRegister, scene.session.id).is_open
        keep_time(at("11:25"))
        assert not db.session.get(AttendanceRegister, scene.session.id).is_open
        keep_time(at("11:26"))

    assert set(scene.standing().values()) == {Mark.ABSENT}
    assert scene.standing(never) == {}
    assert scene.tally(scene.enrolments[0]) == (0, 0, 0, 1)


def test_who_comes_in_while_the_register_closes_stays_in(scene, monkeypatch):
    """Between the reading of what stands and the writing of who is absent, somebody is let in."""
    scene.open()
    with scene.world.app.app_context():
        session = db.session.get(
            TeachingSession, scene.session.id, options=[joinedload(TeachingSession.module)]
        )
        register, known = (
            db.session.get(AttendanceRegister, scene.session.id),
            registers.standings_of(session.id),
        )
        note_arrival(session, scene.enrolments[0].id, Mark.PRESENT, by=scene.trainees[0], now=scene.now)
        monkeypatch.setattr(registers, "standings_of", lambda _session_id: known)

        absent = registers.close(register, session, by=None, now=scene.now)
        db.session.commit()

    assert absent == 2
    assert scene.standing() == {"彭浩然": Mark.PRESENT, "孙丽": Mark.ABSENT, "王小明": Mark.ABSENT}
    assert scene.history(scene.enrolments[0]) == [("present", "code")]


# --- the timetable moves ------------------------------------------------------------------------------


def _move(scene, **changes):
    with scene.world.app.app_context():
        for unit in (3, 4):
            keep(
                OccupiedUnit(
                    session_id=scene.session.id, unit=unit, day=TODAY, cohort_id=scene.cohort.id,
                    teacher_id=scene.teacher.id,
                )
            )  # fmt: skip
        version = db.session.get(TeachingSession, scene.session.id).version
    form = {"day": TODAY.isoformat(), "first_unit": 5, "units": 2, "teacher": scene.teacher.id, "room": 0,
            "host": scene.world.college.id, "reason": "换课", "version": version} | changes  # fmt: skip
    return scene.by(scene.staff).post(f"/programs/{scene.program.id}/timetable/{scene.session.id}", data=form)


def test_a_register_moves_with_its_session(scene):
    scene.open(clock="09:40")

    assert _move(scene).status_code == 302

    register = scene.of(AttendanceRegister, scene.session.id)
    assert (register.begins_at, register.ends_at) == (at("14:00"), at("15:35"))


def test_a_session_in_which_somebody_was_noted_is_not_moved(scene):
    scene.open()
    grid(scene, {0: "present"})

    assert _move(scene).status_code == 409
    assert scene.of(TeachingSession, scene.session.id).first_unit == 3


# --- by Excel ---------------------------------------------------------------------------------------


def _sheet(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    out.seek(0)
    return out


def _send(scene, rows):
    return scene.by(scene.teacher).post(
        f"{scene.register_url}/sheet", data={"file": (_sheet(rows), "考勤.xlsx")},
        content_type="multipart/form-data",
    )  # fmt: skip


def test_the_class_goes_out_as_a_sheet_and_comes_back(scene):
    scene.now = at("10:00")
    template = scene.by(scene.teacher).get(f"{scene.register_url}/attendance.xlsx")
    sheet = read_sheet(template.data, filename="a.xlsx")
    assert [tuple(row[:2]) for row in sheet.rows] == [
        ("2026001", "彭浩然"),
        ("2026002", "孙丽"),
        ("2026003", "王小明"),
    ]

    more = (("出勤", ""), ("缺勤", "未请假"), ("", ""))
    filled = [sheet.columns, *((*row[:2], *rest) for row, rest in zip(sheet.rows, more, strict=True))]
    response = _send(scene, filled)

    assert response.status_code == 302
    assert scene.standing() == {"彭浩然": Mark.PRESENT, "孙丽": Mark.ABSENT}


def test_wrong_rows_of_a_sheet_come_back_with_the_reason(scene):
    scene.now = at("10:00")

    response = _send(
        scene,
        [
            ("学号", "姓名", "考勤"),
            ("2026001", "彭浩然", "迟到"),
            ("2026001", "彭浩然", "出勤"),
            ("2026002", "别人", "出勤"),
            ("999", "", "出勤"),
            ("2026003", "", "睡觉"),
        ],
    )

    assert response.status_code == 302
    assert scene.standing() == {"彭浩然": Mark.LATE}
    page = scene.by(scene.teacher).get(response.location)
    assert page.status_code == 200
    wrong = scene.by(scene.teacher).get(f"{response.location}/wrong.xlsx")
    reasons = [row[-1] for row in read_sheet(wrong.data, filename="a.xlsx").rows]
    wrong.close()
    assert len(reasons) == 4
    assert "两次" in reasons[0]
    assert "孙丽" in reasons[1]
    assert "999" in reasons[2]
    assert scene.by(scene.staff).get(response.location).status_code == 404


@pytest.mark.once
def test_what_is_no_sheet_is_refused_on_the_page(scene):
    scene.now = at("10:00")
    url = f"{scene.register_url}/sheet"

    nothing = scene.by(scene.teacher).post(url, data={})
    picture = scene.by(scene.teacher).post(
        url, data={"file": (io.BytesIO(b"\x89PNG\r\n\x1a\n"), "a.xlsx")}, content_type="multipart/form-data"
    )

    assert (nothing.status_code, picture.status_code) == (422, 422)
    assert scene.of(AttendanceRegister, scene.session.id) is None


# --- days at work -----------------------------------------------------------------------------------


def test_a_mentor_notes_a_day_without_sessions_of_the_own_trainees(scene):
    day = TODAY - timedelta(days=1)
    stranger = scene.world.enrolment(scene.program, cohort_id=scene.cohort.id)
    data = {
        f"mark-{one.id}": mark
        for one, mark in zip(scene.enrolments, ("present", "late", "absent"), strict=True)
    }

    response = scene.by(scene.mentor).post(
        f"{scene.url}/days", data=data | {"day": day.isoformat(), f"mark-{stranger.id}": "absent"}
    )

    assert response.status_code == 302
    assert [scene.tally(one) for one in scene.enrolments] == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1)]
    assert scene.tally(stranger) is None
    with scene.world.app.app_context():
        assert {row.day for row in db.session.scalars(sa.select(AttendanceStanding))} == {day}


@pytest.mark.once
@pytest.mark.parametrize(("days", "status", "noted"), [(0, 302, False), (1, 409, False), (-2, 302, True)])
def test_who_has_a_session_is_noted_there_and_no_day_to_come_is_noted(scene, days, status, noted):
    day = TODAY + timedelta(days=days)

    response = scene.by(scene.mentor).post(
        f"{scene.url}/days", data={"day": day.isoformat(), f"mark-{scene.enrolments[0].id}": "present"}
    )

    assert response.status_code == status
    assert (scene.tally(scene.enrolments[0]) is not None) == noted


@pytest.mark.once
def test_pages_show_the_register_in_both_languages(scene):
    scene.open()
    scan(scene, scene.trainees[0], scene.code())

    for language, word in (("zh", "出勤"), ("en", "Present")):
        for person, address in (
            (scene.teacher, scene.register_url),
            (scene.teacher, f"{scene.register_url}/code"),
            (scene.teacher, scene.url),
            (scene.staff, f"{scene.register_url}/result"),
            (scene.mentor, f"{scene.url}/days?day=2026-11-19"),
            (scene.trainees[0], "/my-attendance"),
        ):
            page = scene.by(person).get(address, headers={"Accept-Language": language})
            assert page.status_code == 200, address
        assert word in scene.by(scene.teacher).get(
            scene.register_url, headers={"Accept-Language": language}
        ).get_data(as_text=True)


def test_the_screen_says_how_many_are_here(scene):
    scene.open()
    scan(scene, scene.trainees[0], scene.code())

    with scene.world.app.app_context():
        register = db.session.get(AttendanceRegister, scene.session.id)
        assert len(registers.code_now(register, scene.now)) == 6
        assert register.secret not in scene.by(scene.teacher).get(f"{scene.register_url}/code").get_data(
            as_text=True
        )
