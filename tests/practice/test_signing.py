"""Mentors sign or send back, one by one or many at once; each log is decided on once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.factories import NOW, TODAY
from trainmgr.enrolment import standing
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.mentoring.hooks import Handover, tell_handover
from trainmgr.practice.models import LogDecision, LogDecisionKind, LogState, PracticeLog
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import Side, State, Step


def _hand_in(place, **values):
    assert place.browser(place.trainee).post("/logs", data=place.typed(**values)).status_code == 302
    return place.all(PracticeLog)[-1]


def test_a_signature_verifies_the_hours_and_leaves_the_inbox(place):
    log = _hand_in(place)

    response = place.browser(place.mentor).post(f"/logs/{log.id}/sign")

    assert response.status_code == 302
    (decision,) = place.all(LogDecision)
    assert (decision.kind, decision.by_id, decision.by_name) == (
        LogDecisionKind.SIGN,
        place.mentor.id,
        place.mentor.name,
    )
    own = place.get(Enrolment, place.enrolment.id)
    assert (own.submitted_minutes, own.verified_minutes) == (480, 480)
    assert place.all(Due, code="logs-to-sign") == []


def test_a_returned_log_takes_its_hours_back_and_stands_in_the_trainees_inbox(place):
    log = _hand_in(place)

    response = place.browser(place.mentor).post(f"/logs/{log.id}/return", data={"comment": "补上间隙数值"})

    assert response.status_code == 302
    own = place.get(Enrolment, place.enrolment.id)
    assert (own.submitted_minutes, own.verified_minutes) == (0, 0)
    (due,) = place.all(Due, code="logs-returned")
    assert (due.user_id, due.amount) == (place.trainee.id, 1)
    place.browser(place.trainee).post(
        "/logs", data=place.typed(client_key=f"again-{log.id}", replaces=str(log.id))
    )
    assert place.all(Due, code="logs-returned") == []


def test_nothing_goes_back_without_a_comment(place):
    log = place.log()

    response = place.browser(place.mentor).post(f"/logs/{log.id}/return", data={"comment": "  "})

    assert response.status_code == 422
    assert place.get(PracticeLog, log.id).state is LogState.SUBMITTED


@pytest.mark.parametrize("second", ["sign", "return"])
def test_a_log_is_decided_on_once(place, second):
    log = place.log()
    browser = place.browser(place.mentor)
    browser.post(f"/logs/{log.id}/sign")

    response = browser.post(f"/logs/{log.id}/{second}", data={"comment": "x"})

    assert response.status_code == 409
    assert len(place.all(LogDecision)) == 1
    assert place.get(Enrolment, place.enrolment.id).verified_minutes == 480


def test_the_database_takes_one_decision_a_log(place):
    log = place.log()
    with place.world.inside() as session:
        for _ in range(2):
            session.add(
                LogDecision(
                    log_id=log.id, kind=LogDecisionKind.SIGN, by_id=place.mentor.id, by_name="m", at=NOW
                )
            )
        with pytest.raises(IntegrityError):
            session.flush()


def test_two_who_sign_the_same_log_at_once_make_one_decision(place):
    log = place.log()
    start, answers = threading.Barrier(4), []

    def press():
        browser = place.browser(place.mentor)
        start.wait()
        answers.append(browser.post(f"/logs/{log.id}/sign").status_code)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [302, 409, 409, 409]
    assert len(place.all(LogDecision)) == 1
    assert place.get(Enrolment, place.enrolment.id).verified_minutes == 480


def test_many_trainees_handing_in_and_a_mentor_signing_at_once_lose_no_hour(place):
    logs = [place.log(day=TODAY - timedelta(days=number)) for number in range(1, 4)]
    start = threading.Barrier(6)

    def hand_in(number):
        browser = place.browser(place.trainee)
        start.wait()
        browser.post("/logs", data=place.typed(day=(TODAY - timedelta(days=4 + number)).isoformat()))

    def sign(log):
        browser = place.browser(place.mentor)
        start.wait()
        browser.post(f"/logs/{log.id}/sign")

    threads = [threading.Thread(target=hand_in, args=[n]) for n in range(3)]
    threads += [threading.Thread(target=sign, args=[log]) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    own = place.get(Enrolment, place.enrolment.id)
    assert (own.submitted_minutes, own.verified_minutes) == (3 * 480, 3 * 480)


def test_many_are_counted_before_they_are_signed_and_what_changed_is_left_out_by_name(place):
    other = place.people(1)[0]
    logs = [
        place.log(),
        place.log(day=TODAY - timedelta(days=1)),
        place.log(enrolment_id=other.id, minutes=90),
    ]
    browser, ids = place.browser(place.mentor), [str(log.id) for log in logs]

    page = browser.get("/logs/to-sign/confirm", query_string={"id": ids}).get_data(as_text=True)
    browser.post(f"/logs/{logs[1].id}/return", data={"comment": "x"})
    response = browser.post("/logs/to-sign", data={"id": ids}, follow_redirects=True)

    assert "17.5" in page
    assert response.status_code == 200
    assert "11-19" in response.get_data(as_text=True)
    states = [log.state for log in place.all(PracticeLog)]
    assert states == [LogState.SIGNED, LogState.RETURNED, LogState.SIGNED]
    assert place.get(Enrolment, other.id).verified_minutes == 90
    assert len(place.all(LogDecision)) == 3


def test_a_mentor_of_the_same_enterprise_sees_and_signs_nothing_of_others(place):
    log, other = place.log(), place.world.user(Role.ENTERPRISE_MENTOR)
    place.world.enrolment(place.program, mentor=other)
    browser = place.browser(other)

    assert browser.get(f"/logs/{log.id}").status_code == 404
    assert browser.post(f"/logs/{log.id}/sign").status_code == 404
    browser.post("/logs/to-sign", data={"id": [str(log.id)]})
    assert place.get(PracticeLog, log.id).state is LogState.SUBMITTED


def test_the_school_teacher_reads_but_does_not_sign_the_enterprises_logs(place):
    log = place.log()
    browser = place.browser(place.teacher)

    assert browser.get(f"/logs/{log.id}").status_code == 200
    assert browser.post(f"/logs/{log.id}/sign").status_code == 409
    assert place.get(PracticeLog, log.id).state is LogState.SUBMITTED


def test_photos_are_shown_to_those_who_see_the_log_and_to_nobody_else(place, photo):
    place.browser(place.trainee).post(
        "/logs", data=place.typed() | {"photos": [(photo(), "a.jpg")]}, content_type="multipart/form-data"
    )
    (log,) = place.all(PracticeLog)
    stranger = place.world.user(Role.ENTERPRISE_MENTOR, place.world.organization(OrganizationKind.ENTERPRISE))

    answers = {}
    for who, person in (("mentor", place.mentor), ("staff", place.staff), ("stranger", stranger)):
        with place.browser(person).get(f"/logs/{log.id}/photos/1?size=small") as response:
            answers[who] = response.status_code

    assert answers == {"mentor": 200, "staff": 200, "stranger": 404}


def test_unsigned_logs_go_to_the_successor_and_signed_ones_stay(place):
    signed = place.log(state=LogState.SIGNED)
    waiting, school = place.log(), place.log(side=Side.COLLEGE, signer_id=place.teacher.id)
    successor = place.world.user(Role.ENTERPRISE_MENTOR)
    with place.world.inside() as session:
        by = session.get(User, place.staff.id)
        change = Handover(
            place.program.id, Side.ENTERPRISE, {place.enrolment.id: successor.id}, TODAY, by, NOW
        )
        tell_handover(change)
        session.commit()

    assert [place.get(PracticeLog, log.id).signer_id for log in (signed, waiting, school)] == [
        place.mentor.id, successor.id, place.teacher.id,
    ]  # fmt: skip
    dues = {due.user_id: due.amount for due in place.all(Due, code="logs-to-sign")}
    assert dues == {successor.id: 1, place.teacher.id: 1}


def test_logs_of_a_trainee_who_left_wait_for_nobody(place):
    _hand_in(place)
    with place.world.inside() as session:
        program, own = session.get(Program, place.program.id), session.get(Enrolment, place.enrolment.id)
        by = session.get(User, place.staff.id)
        standing.withdraw(program, [own], day=TODAY, reason="转学", by=by, now=NOW)
        session.commit()

    assert place.all(Due, code="logs-to-sign") == []
    with place.world.inside() as session:
        step = session.get(ProgramStep, (place.program.id, int(Step.PRACTICE)))
        assert step.params["waiting"] == 0


def test_nothing_is_signed_in_a_closed_programme(place):
    log = place.log()
    with place.world.inside() as session:
        session.get(Program, place.program.id).state = State.CLOSED
        session.commit()

    assert place.browser(place.mentor).post(f"/logs/{log.id}/sign").status_code == 409


def test_the_oldest_stands_first_and_the_list_is_narrowed_to_a_trainee(place):
    other = place.people(1)[0]
    place.log(task="later", submitted_at=NOW - timedelta(hours=1))
    place.log(task="earlier", submitted_at=NOW - timedelta(days=9))
    place.log(task="elsewhere", enrolment_id=other.id)
    browser = place.browser(place.mentor)

    page = browser.get("/logs/to-sign").get_data(as_text=True)
    narrowed = browser.get(f"/logs/to-sign?trainee={other.id}").get_data(as_text=True)

    assert page.index("earlier") < page.index("elsewhere") < page.index("later")
    assert "elsewhere" in narrowed
    assert "earlier" not in narrowed


def test_lists_come_fifty_at_a_time_in_a_fixed_number_of_statements(place, count_statements):
    browser, counts = place.browser(place.mentor), []
    for amount in (1, 55):
        for _ in range(amount):
            log = place.log()
        for address in ("/logs/to-sign", f"/logs/{log.id}"):
            with count_statements() as statements:
                page = browser.get(address).get_data(as_text=True)
            counts.append(len(statements))
            if address == "/logs/to-sign":
                assert page.count("data-pick ") == min(50, len(place.all(PracticeLog)))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 10
