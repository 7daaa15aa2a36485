"""A trainee writes logs on a phone; nothing typed is lost, nothing counts twice."""

import io
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.factories import NOW, TODAY
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.kernel.access import Role
from trainmgr.kernel.files import StoredFile
from trainmgr.practice.models import (
    LogCompetency,
    LogDecision,
    LogDecisionKind,
    LogPhoto,
    LogState,
    PracticeLog,
)
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import Side, State


def test_a_log_handed_in_waits_for_the_enterprise_mentor_and_counts_as_handed_in(place):
    response = place.browser(place.trainee).post("/logs", data=place.typed(hours="7.5"))

    assert response.status_code == 302
    (log,) = place.all(PracticeLog)
    assert (log.state, log.minutes, log.signer_id, log.side) == (
        LogState.SUBMITTED,
        450,
        place.mentor.id,
        Side.ENTERPRISE,
    )
    assert place.get(Enrolment, place.enrolment.id).submitted_minutes == 450
    (due,) = place.all(Due, code="logs-to-sign")
    assert (due.user_id, due.amount, due.due_on) == (place.mentor.id, 1, TODAY + timedelta(days=7))


def test_a_school_stage_is_signed_by_the_school_teacher(place):
    place.browser(place.trainee).post("/logs", data=place.typed(stage="1"))

    (log,) = place.all(PracticeLog)
    assert (log.signer_id, log.side) == (place.teacher.id, Side.COLLEGE)
    assert "<dd>1 · 学校训练</dd>" in place.browser(place.teacher).get(f"/logs/{log.id}").text


def test_a_logs_page_takes_ten_statements_and_so_does_its_form(place, count_statements):
    log = place.log(state=LogState.RETURNED)
    for who, address in ((place.mentor, f"/logs/{log.id}"), (place.trainee, f"/logs/{log.id}/edit")):
        browser = place.browser(who)
        browser.get(address)
        with count_statements() as statements:
            assert browser.get(address).status_code == 200
        assert len(statements) <= 10, statements


def test_sending_the_same_form_twice_makes_one_log(place):
    browser, typed = place.browser(place.trainee), place.typed()

    answers = [browser.post("/logs", data=typed).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert len(place.all(PracticeLog)) == 1
    assert place.get(Enrolment, place.enrolment.id).submitted_minutes == 480


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hours", "7.3"), ("hours", ""), ("hours", "25"), ("task", " "), ("learned", ""), ("competencies", []),
        ("day", ""), ("day", "gestern"), ("day", (TODAY + timedelta(days=1)).isoformat()),
        ("day", (TODAY - timedelta(days=95)).isoformat()), ("day", "0001-01-01"),
        ("day", "9999-12-31"), ("stage", "9"), ("stage", "3"), ("task", "长" * 201),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_the_field_and_the_rest_is_kept(place, field, value):
    typed = place.typed(**{field: value})
    if field != "learned":
        typed["learned"] = "留下来的话"

    response = place.browser(place.trainee).post("/logs", data=typed)

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "field-error" in page
    assert field == "learned" or "留下来的话" in page
    (draft,) = place.all(PracticeLog)
    assert draft.state is LogState.DRAFT
    assert place.get(Enrolment, place.enrolment.id).submitted_minutes == 0


def test_a_day_has_24_hours_whatever_the_number_of_its_logs(place):
    browser = place.browser(place.trainee)
    browser.post("/logs", data=place.typed(hours="20"))

    too_much = browser.post("/logs", data=place.typed(hours="4.25"))
    just_right = browser.post("/logs", data=place.typed(hours="4"))

    assert too_much.status_code == 422
    assert "4" in too_much.get_data(as_text=True)
    assert just_right.status_code == 302
    assert place.get(Enrolment, place.enrolment.id).submitted_minutes == 1440


def test_a_returned_log_leaves_its_hours_to_the_day(place):
    place.log(minutes=1440, state=LogState.RETURNED)

    assert place.browser(place.trainee).post("/logs", data=place.typed()).status_code == 302


def test_a_form_with_a_fault_keeps_photos_that_were_sent(place, photo):
    browser = place.browser(place.trainee)
    typed = place.typed(hours="")

    first = browser.post(
        "/logs", data=typed | {"photos": [(photo(), "a.jpg")]}, content_type="multipart/form-data"
    )
    second = browser.post("/logs", data=typed | {"hours": "8"})

    assert (first.status_code, second.status_code) == (422, 302)
    (log,) = place.all(PracticeLog)
    assert [one.position for one in place.all(LogPhoto, log_id=log.id)] == [1]
    with browser.get(f"/logs/{log.id}/photos/1") as picture:
        assert picture.status_code == 200
        assert b"SECRET CAMERA" not in picture.data


def test_a_disguised_file_is_refused_and_the_good_photo_beside_it_is_kept(place, photo):
    browser, typed = place.browser(place.trainee), place.typed()
    files = [(io.BytesIO(b"MZ\x90 not a photo"), "cat.jpg"), (photo(), "good.jpg")]

    response = browser.post("/logs", data=typed | {"photos": files}, content_type="multipart/form-data")

    assert response.status_code == 422
    assert "cat.jpg" in response.get_data(as_text=True)
    assert len(place.all(LogPhoto)) == 1
    assert place.all(PracticeLog)[0].state is LogState.DRAFT


def test_a_photo_bomb_is_refused_before_it_is_unpacked(place):
    from PIL import Image

    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    bomb.seek(0)

    response = place.browser(place.trainee).post(
        "/logs", data=place.typed() | {"photos": [(bomb, "bomb.png")]}, content_type="multipart/form-data"
    )

    assert response.status_code == 422
    assert place.all(StoredFile) == []


def test_the_seventh_photo_is_one_too_many(place, photo):
    files = [
        (photo(colour), f"{colour}.jpg")
        for colour in ("red", "green", "blue", "teal", "gold", "navy", "pink")
    ]

    response = place.browser(place.trainee).post(
        "/logs", data=place.typed() | {"photos": files}, content_type="multipart/form-data"
    )

    assert response.status_code == 422
    assert len(place.all(LogPhoto)) == 6


def test_a_draft_is_kept_by_itself_and_found_again(place):
    browser, typed = place.browser(place.trainee), place.typed(hours="", learned="半句")

    saved = browser.post("/logs/draft", data=typed, headers={"HX-Request": "true"})
    again = browser.post("/logs/draft", data=typed | {"learned": "半句话"}, headers={"HX-Request": "true"})

    assert (saved.status_code, again.status_code) == (204, 204)
    assert len(place.all(PracticeLog)) == 1
    page = browser.get("/logs/new").get_data(as_text=True)
    assert "半句话" in page
    assert typed["client_key"] in page


def test_a_late_draft_does_not_touch_what_was_handed_in(place):
    browser, typed = place.browser(place.trainee), place.typed()
    browser.post("/logs", data=typed)

    late = browser.post("/logs/draft", data=typed | {"task": "别的"}, headers={"HX-Request": "true"})

    assert late.status_code == 204
    (log,) = place.all(PracticeLog)
    assert (log.state, log.task) == (LogState.SUBMITTED, "检测盖板外观")


def test_a_draft_can_be_thrown_away_and_a_log_cannot(place):
    browser = place.browser(place.trainee)
    browser.post("/logs/draft", data=place.typed(), headers={"HX-Request": "true"})
    (draft,) = place.all(PracticeLog)
    log = place.log()

    assert browser.post(f"/logs/{draft.id}/discard").status_code == 302
    assert browser.post(f"/logs/{log.id}/discard").status_code == 409
    assert [one.id for one in place.all(PracticeLog)] == [log.id]
    assert place.all(LogCompetency) == []


def _returned(place):
    log = place.log(state=LogState.RETURNED)
    with place.world.inside() as session:
        session.add(
            LogDecision(log_id=log.id, kind=LogDecisionKind.RETURN, comment="补上间隙数值", by_id=place.mentor.id,
                        by_name=place.mentor.name, at=NOW)
        )  # fmt: skip
        session.commit()
    return log


def test_a_returned_log_is_written_again_once_with_the_comment_in_view(place):
    log, browser = _returned(place), place.browser(place.trainee)

    page = browser.get(f"/logs/{log.id}/edit").get_data(as_text=True)
    typed = place.typed(client_key=f"again-{log.id}", replaces=str(log.id))
    answers = [browser.post("/logs", data=typed).status_code for _ in range(2)]

    assert "补上间隙数值" in page
    assert "点检二号线" in page
    assert answers == [302, 302]
    old, new = place.all(PracticeLog)
    assert (old.state, new.state, new.replaces_id) == (LogState.REPLACED, LogState.SUBMITTED, old.id)


def test_nobody_writes_logs_for_somebody_else(place):
    log, stranger = _returned(place), place.world.user(Role.TRAINEE)
    place.world.enrolment(place.program, user=stranger)

    browser = place.browser(stranger)

    assert browser.get(f"/logs/{log.id}/edit").status_code == 404
    assert browser.get(f"/logs/{log.id}").status_code == 404
    assert browser.post("/logs", data=place.typed(replaces=str(log.id))).status_code == 404


def test_no_log_is_taken_before_the_programme_runs_or_after_the_trainee_left(place):
    browser = place.browser(place.trainee)
    with place.world.inside() as session:
        session.get(Program, place.program.id).state = State.RECRUITING
        session.commit()
    early = browser.post("/logs", data=place.typed(learned="留下来的话"))
    with place.world.inside() as session:
        session.get(Program, place.program.id).state = State.RUNNING
        session.get(Enrolment, place.enrolment.id).state = EnrolmentState.WITHDRAWN
        session.commit()
    gone = browser.post("/logs", data=place.typed())

    assert (early.status_code, gone.status_code) == (409, 409)
    assert "留下来的话" in early.get_data(as_text=True)
    assert all(log.state is LogState.DRAFT for log in place.all(PracticeLog))


def test_what_was_handed_in_cannot_be_changed_by_any_code(place):
    log = place.log()
    with place.world.inside() as session:
        session.get(PracticeLog, log.id).minutes = 30
        with pytest.raises(AssertionError, match="minutes"):
            session.flush()


def test_a_log_cannot_be_handed_in_without_hours(place):
    with pytest.raises(IntegrityError):
        place.log(minutes=0)


def test_the_stage_of_today_is_chosen_and_the_remedial_one_offered_only_in_a_loop(place):
    browser = place.browser(place.trainee)
    before = browser.get("/logs/new").get_data(as_text=True)
    with place.world.inside() as session:
        session.get(Enrolment, place.enrolment.id).state = EnrolmentState.REMEDIAL
        session.commit()
    after = browser.get("/logs/new").get_data(as_text=True)

    assert '<option selected value="2">' in before
    assert "回炉再造" not in before
    assert "回炉再造" in after


def test_the_form_and_the_lists_take_few_statements_however_many_logs(place, count_statements):
    browser = place.browser(place.trainee)
    counts = []
    for amount in (1, 12):
        for number in range(amount):
            place.log(day=TODAY - timedelta(days=number), state=LogState.SIGNED)
        for address in ("/logs/new", "/logs"):
            with count_statements() as statements:
                assert browser.get(address).status_code == 200
            counts.append(len(statements))
    assert max(counts) <= 10
    assert counts[:2] == counts[2:]
