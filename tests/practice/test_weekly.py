"""A log of a week: in time, without overlap, by the hours of each day; days that were opened again; a phone's queue."""

from datetime import timedelta

import pytest

from tests.factories import TODAY
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.log_models import LogOpening, PracticeTerms
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program

MONDAY = TODAY - timedelta(days=TODAY.weekday())
JSON = {"Accept": "application/json"}


def test_a_week_is_one_log_with_the_hours_of_its_days(weekly):
    typed = weekly.typed_week(MONDAY, {1: "8", 3: "7.5", 5: "4"})

    response = weekly.browser(weekly.trainee).post("/logs", data=typed)

    assert response.status_code == 302, response.text
    (log,) = weekly.all(PracticeLog)
    assert (log.day, log.until, log.minutes) == (MONDAY, MONDAY + timedelta(days=4), 1170)
    assert log.day_minutes == [480, 0, 450, 0, 240]
    assert weekly.get(Enrolment, weekly.enrolment.id).submitted_minutes == 1170


@pytest.mark.parametrize(
    ("hours", "at"),
    [
        ({}, "hours_1"),
        ({1: "0"}, "hours_1"),
        ({2: "7.3"}, "hours_2"),
        ({4: "25"}, "hours_4"),
        ({6: "8"}, "hours_6"),
    ],
)
def test_what_is_wrong_in_a_week_is_said_at_its_day(weekly, hours, at):
    """The sixth day is tomorrow."""
    response = weekly.browser(weekly.trainee).post("/logs", data=weekly.typed_week(MONDAY, hours))

    assert response.status_code == 422
    assert f'id="{at}-error"' in response.text
    assert "先看照明再动治具。" in response.text
    assert weekly.all(PracticeLog)[0].state is LogState.DRAFT


def test_a_day_stands_in_one_weekly_log_and_the_other_days_are_free(weekly):
    browser = weekly.browser(weekly.trainee)
    browser.post("/logs", data=weekly.typed_week(MONDAY, {1: "8", 3: "8"}))

    again = browser.post("/logs", data=weekly.typed_week(MONDAY, {3: "4", 4: "8"}))
    beside = browser.post("/logs", data=weekly.typed_week(MONDAY, {2: "8"}))

    assert (again.status_code, beside.status_code) == (409, 302)
    assert "同一天只写在一篇日志里" in again.text
    assert weekly.get(Enrolment, weekly.enrolment.id).submitted_minutes == 1440


def test_a_programme_of_daily_logs_takes_no_week(place):
    response = place.browser(place.trainee).post("/logs", data=place.typed_week(MONDAY, {1: "8", 2: "8"}))
    assert response.status_code == 422


def test_the_form_offers_the_weeks_in_time_and_begins_with_the_oldest_without_a_log(weekly):
    page = weekly.browser(weekly.trainee).get("/logs/new").text
    last = MONDAY - timedelta(days=7)
    assert f'<option value="{last.isoformat()}" selected>' in page
    assert (MONDAY - timedelta(days=14)).isoformat() not in page

    weekly.log(day=last)
    page = weekly.browser(weekly.trainee).get("/logs/new").text
    assert f'<option value="{MONDAY.isoformat()}" selected>' in page


def test_too_late_a_log_is_kept_and_taken_once_a_mentor_has_opened_its_days(weekly):
    old, browser = MONDAY - timedelta(days=21), weekly.browser(weekly.trainee)
    typed = weekly.typed_week(old, {1: "8", 2: "8"})
    late = browser.post("/logs", data=typed)

    address = f"/programs/{weekly.program.id}/practice/{weekly.enrolment.id}/open"
    days = {"starts_on": old, "ends_on": old + timedelta(days=6), "until": TODAY + timedelta(days=3)}
    opened = weekly.browser(weekly.mentor).post(address, data=days | {"reason": "住院三周"})
    taken = browser.post("/logs", data=typed)

    assert (late.status_code, opened.status_code, taken.status_code) == (422, 302, 302)
    assert "补开" in late.text
    assert weekly.all(LogOpening)[0].by_id == weekly.mentor.id
    assert [event.reason for event in weekly.all(AuditEvent, action="practice.open")] == ["住院三周"]


@pytest.mark.parametrize(
    ("first", "last", "until", "status"),
    [
        (-14, -8, 3, 302),
        (-8, -14, 3, 409),
        (-3, 1, 3, 409),
        (-60, -8, 3, 409),
        (-14, -8, -1, 409),
        (-14, -8, 90, 409),
    ],
)
def test_only_past_days_are_opened_and_not_for_ever(weekly, first, last, until, status):
    address = f"/programs/{weekly.program.id}/practice/{weekly.enrolment.id}/open"
    days = {
        name: TODAY + timedelta(days=n)
        for name, n in (("starts_on", first), ("ends_on", last), ("until", until))
    }

    assert weekly.browser(weekly.staff).post(address, data=days | {"reason": "x"}).status_code == status
    assert len(weekly.all(LogOpening)) == (status == 302)


def test_trainees_open_nothing_for_themselves_nor_strangers_for_anybody(weekly):
    address = f"/programs/{weekly.program.id}/practice/{weekly.enrolment.id}/open"
    stranger = weekly.world.user(Role.ENTERPRISE_MENTOR)

    assert weekly.browser(weekly.trainee).get(address).status_code == 403
    assert weekly.browser(stranger).get(address).status_code == 404


def test_a_returned_log_is_written_again_however_late(weekly):
    log = weekly.log(day=MONDAY - timedelta(days=28), state=LogState.RETURNED)

    typed = weekly.typed_week(log.day, {1: "8"}, replaces=str(log.id), client_key=f"again-{log.id}")

    assert weekly.browser(weekly.trainee).post("/logs", data=typed).status_code == 302


# --- terms -----------------------------------------------------------------------------------------


def test_a_programme_keeps_logs_as_its_pathway_says_until_it_decides(place):
    with place.world.inside() as session:
        session.delete(session.get(PracticeTerms, place.program.id))
        session.commit()
    address = f"/programs/{place.program.id}/practice/terms"
    page = place.browser(place.staff).get(address).text
    typed = {"version": "0", "frequency": "daily", "back_days": "3", "day_limit": "10", "spot_percent": "20"}
    saved = place.browser(place.staff).post(address, data=typed)
    again = place.browser(place.staff).post(address, data=typed)

    assert 'value="weekly" checked' in page
    assert (saved.status_code, again.status_code) == (302, 409)
    terms = place.get(PracticeTerms, place.program.id)
    assert (terms.frequency, terms.back_days, terms.day_limit, terms.spot_percent) == (
        LogFrequency.DAILY,
        3,
        600,
        20,
    )


def test_the_pathways_word_holds_where_the_programme_is_silent(place):
    with place.world.inside() as session:
        session.delete(session.get(PracticeTerms, place.program.id))
        program = session.get(Program, place.program.id)
        program.pathway_document = program.pathway_document | {"log_frequency": "daily"}
        session.commit()
    assert 'name="hours"' in place.browser(place.trainee).get("/logs/new").text


@pytest.mark.parametrize("field", ["frequency", "back_days", "day_limit", "spot_percent"])
def test_terms_that_cannot_hold_are_said_at_the_field(place, field):
    typed = {"version": "1", "frequency": "weekly", "back_days": "7", "day_limit": "12", "spot_percent": "5"}
    address = f"/programs/{place.program.id}/practice/terms"

    response = place.browser(place.staff).post(address, data=typed | {field: "x"})

    assert response.status_code == 422
    assert f'id="{field}-error"' in response.text


def test_mentors_do_not_decide_how_logs_are_kept(place):
    address = f"/programs/{place.program.id}/practice/terms"
    assert place.browser(place.mentor).get(address).status_code == 403


# --- a phone's queue -------------------------------------------------------------------------------


def test_a_queue_is_told_once_that_the_log_is_in_and_then_that_it_was(weekly):
    browser, typed = weekly.browser(weekly.trainee), weekly.typed_week(MONDAY, {1: "8"})

    first, second = (browser.post("/logs", data=typed, headers=JSON) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    (log,) = weekly.all(PracticeLog)
    assert first.json["id"] == second.json["id"] == log.id
    assert first.json["state"] == second.json["state"] == "submitted"
    assert first.json["errors"] == {}
    assert second.json["same"] is True


def test_a_queue_is_told_the_sentences_by_field_and_the_draft_that_was_kept(weekly):
    typed = weekly.typed_week(MONDAY, {1: "7.3"}, task="")

    response = weekly.browser(weekly.trainee).post("/logs", data=typed, headers=JSON)

    assert response.status_code == 422
    assert set(response.json["errors"]) == {"task", "hours_1"}
    assert response.json["state"] == "draft"
    assert weekly.all(PracticeLog)[0].id == response.json["id"]


def test_what_was_handed_in_otherwise_is_shown_beside_what_the_queue_holds(weekly):
    browser, typed = weekly.browser(weekly.trainee), weekly.typed_week(MONDAY, {1: "8"})
    browser.post("/logs", data=typed, headers=JSON)

    same_key = browser.post("/logs", data=typed | {"learned": "后来改的"}, headers=JSON)
    same_day = browser.post("/logs", data=weekly.typed_week(MONDAY, {1: "4"}), headers=JSON)

    for answer in (same_key, same_day):
        assert answer.status_code == 409
        assert answer.json["state"] == "conflict"
        assert answer.json["stored"]["learned"] == "先看照明再动治具。"
        assert answer.json["stored"]["days"] == {MONDAY.isoformat(): 8.0}


def test_a_closed_programme_answers_the_queue_with_its_reason(weekly):
    with weekly.world.inside() as session:
        session.get(Program, weekly.program.id).state = "closed"
        session.commit()

    response = weekly.browser(weekly.trainee).post(
        "/logs", data=weekly.typed_week(MONDAY, {1: "8"}), headers=JSON
    )

    assert response.status_code == 409
    assert response.json["errors"][""][0]


def test_two_hundred_logs_after_a_week_offline_all_arrive_once(place):
    """Daily logs of several tasks a day, each sent twice, as a queue does whose answers got lost."""
    browser = place.browser(place.trainee)
    forms = [
        place.typed(day=(TODAY - timedelta(days=number % 7)).isoformat(), hours="0.75", task=f"任务 {number}")
        for number in range(200)
    ]

    first = [browser.post("/logs", data=form, headers=JSON).status_code for form in forms]
    second = [browser.post("/logs", data=form, headers=JSON).status_code for form in forms[::20]]

    assert first == [201] * 200
    assert second == [200] * 10
    assert len(place.all(PracticeLog, state=LogState.SUBMITTED)) == 200
    assert place.get(Enrolment, place.enrolment.id).submitted_minutes == 200 * 45


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_week_out_of_time_is_refused_and_its_draft_is_kept_under_today(weekly, day):
    browser = weekly.browser(weekly.trainee)

    assert browser.post("/logs", data=weekly.typed_week(TODAY, {1: "8"}, day=day)).status_code == 422
    draft = browser.post("/logs/draft", data=weekly.typed_week(TODAY, {1: "8"}, day=day))
    assert draft.status_code < 500


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_out_of_time_are_not_opened(weekly, day):
    address = f"/programs/{weekly.program.id}/practice/{weekly.enrolment.id}/open"
    data = {"starts_on": day, "ends_on": day, "until": day, "reason": "x"}

    assert weekly.browser(weekly.staff).post(address, data=data).status_code in (409, 422)


def test_a_returned_log_opens_no_other_week_that_is_over(weekly):
    log = weekly.log(day=MONDAY - timedelta(days=28), state=LogState.RETURNED)
    browser, again = (
        weekly.browser(weekly.trainee),
        {"replaces": str(log.id), "client_key": f"again-{log.id}"},
    )

    other = browser.post("/logs", data=weekly.typed_week(log.day + timedelta(days=7), {1: "8"}, **again))
    same = browser.post("/logs", data=weekly.typed_week(log.day, {1: "8", 3: "4"}, **again))

    assert (other.status_code, same.status_code) == (422, 302)
