"""Who passes a gate, who goes into a remedial loop and comes back; how the programme's step tells of it."""

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.kernel.access import Role
from trainmgr.practice import bulk
from trainmgr.practice.models import GateDecision, GateOutcome, LogDecision, LogState, PracticeLog
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import State, Step, StepState

LOOP = {"outcome": "remedial", "task": "回炉：间隙测量", "due_on": (TODAY + timedelta(days=9)).isoformat()}


def _judge(place, person, stage=1, **values):
    address = f"/programs/{place.program.id}/practice/{place.enrolment.id}/gates/{stage}"
    return place.browser(person).post(address, data={"attempt": "1", "outcome": "passed"} | values)


def _done(place, person, stage=1):
    return place.browser(person).post(
        f"/programs/{place.program.id}/practice/{place.enrolment.id}/gates/{stage}/done"
    )


@pytest.mark.parametrize("who", ["teacher", "mentor", "staff"])
def test_teachers_mentors_and_staff_judge_their_trainees(place, who):
    assert _judge(place, getattr(place, who)).status_code == 302

    (decision,) = place.all(GateDecision)
    assert (decision.outcome, decision.attempt, decision.by_id) == (
        GateOutcome.PASSED,
        1,
        getattr(place, who).id,
    )


def test_trainees_and_strangers_judge_nobody(place):
    stranger = place.world.user(Role.ENTERPRISE_MENTOR)
    place.world.enrolment(place.program, mentor=stranger)

    assert _judge(place, place.trainee).status_code == 403
    assert _judge(place, stranger).status_code == 404
    assert place.all(GateDecision) == []


def test_a_loop_needs_a_task_and_a_day_to_come(place):
    assert _judge(place, place.teacher, outcome="remedial").status_code == 422
    past = _judge(place, place.teacher, **LOOP | {"due_on": (TODAY - timedelta(days=1)).isoformat()})
    assert past.status_code == 409
    assert "回炉：间隙测量" in past.get_data(as_text=True)
    assert place.all(GateDecision) == []


def test_a_remedial_loop_leads_through_its_task_back_into_training(place):
    _judge(place, place.teacher, **LOOP)
    assert place.get(Enrolment, place.enrolment.id).state is EnrolmentState.REMEDIAL
    (due,) = place.all(Due, code="remedial")
    assert (due.user_id, due.due_on) == (place.trainee.id, TODAY + timedelta(days=9))

    too_early = _judge(place, place.teacher, attempt="2")
    reported = [_done(place, place.trainee).status_code for _ in range(2)]
    assert (too_early.status_code, reported) == (409, [302, 302])
    assert place.all(Due, code="remedial") == []
    (again,) = place.all(Due, code="gates-again")
    assert (again.user_id, again.amount) == (place.teacher.id, 1)

    passed = _judge(place, place.teacher, attempt="2")
    assert passed.status_code == 302
    assert place.get(Enrolment, place.enrolment.id).state is EnrolmentState.TRAINING
    assert place.all(Due, code="gates-again") == []
    first, second = place.all(GateDecision)
    assert [(one.attempt, one.outcome, one.is_latest) for one in (first, second)] == [
        (1, GateOutcome.REMEDIAL, False), (2, GateOutcome.PASSED, True),
    ]  # fmt: skip
    page = place.browser(place.trainee).get(f"/programs/{place.program.id}/practice/{place.enrolment.id}")
    assert "回炉：间隙测量" in page.get_data(as_text=True)


def test_two_who_judge_at_once_are_told(place):
    _judge(place, place.teacher)

    second = _judge(place, place.mentor, **LOOP)

    assert second.status_code == 409
    assert place.teacher.name in second.get_data(as_text=True)
    assert len(place.all(GateDecision)) == 1


def test_a_gate_waits_for_the_one_before_it(place):
    assert _judge(place, place.staff, stage=2).status_code == 409
    _judge(place, place.staff, stage=1)
    assert _judge(place, place.staff, stage=2).status_code == 302


def test_a_stage_without_a_gate_and_a_remedial_stage_are_not_judged(place):
    assert [_judge(place, place.staff, stage=number).status_code for number in (3, 4, 9)] == [404, 404, 404]


def test_many_pass_at_once_and_whoever_cannot_is_named(place):
    others = place.people(3)
    _judge(place, place.teacher, **LOOP)
    ids = [str(one.id) for one in (place.enrolment, *others)]
    browser, address = place.browser(place.staff), f"/programs/{place.program.id}/gates/1"

    page = browser.get(f"{address}/confirm", query_string={"id": ids}).get_data(as_text=True)
    answer = browser.post(address, data={"id": ids}, follow_redirects=True).get_data(as_text=True)
    again = browser.post(address, data={"id": ids})

    assert all(one.name in page for one in others)
    assert place.enrolment.name in answer
    assert again.status_code == 302
    passed = place.all(GateDecision, outcome=GateOutcome.PASSED)
    assert sorted(one.enrolment_id for one in passed) == sorted(one.id for one in others)


def test_the_next_stage_begins_once_and_in_order(place):
    browser, address = place.browser(place.staff), f"/programs/{place.program.id}/practice/stage"

    assert browser.post(address, data={"stage": "9"}).status_code == 409
    assert [browser.post(address, data={"stage": "4"}).status_code for _ in range(2)] == [302, 302]
    assert place.get(Program, place.program.id).current_stage == 4
    assert browser.post(address, data={"stage": "2"}).status_code == 409


# --- how the step stands ---------------------------------------------------------------------------


def _step(place):
    return place.get(ProgramStep, (place.program.id, int(Step.PRACTICE)))


def test_what_is_missing_for_the_evaluation_is_counted_with_who_acts(place):
    place.log(submitted_at=NOW - timedelta(days=9))
    place.log()
    _judge(place, place.teacher, **LOOP)
    place.assess()

    step = _step(place)
    missing = {item["due_code"]: item for item in step.missing}
    assert (step.params["waiting"], step.params["remedial"], step.state) == (2, 1, StepState.ASKING)
    assert missing["logs-to-sign"]["params"] == {"amount": 2}
    assert missing["logs-to-sign"]["who"] == place.mentor.name
    assert missing["logs-to-sign"]["due_on"] == (TODAY - timedelta(days=2)).isoformat()
    assert missing["gates-to-judge"]["params"] == {"amount": 1}  # of stage 2
    assert missing["remedial"]["params"] == {"amount": 1}
    assert {item["blocks"] for item in step.missing} == {"evaluating"}


def test_nothing_is_missing_when_every_log_is_signed_and_every_gate_passed(place):
    place.browser(place.trainee).post("/logs", data=place.typed(hours="6"))
    (log,) = place.all(PracticeLog)
    place.browser(place.mentor).post(f"/logs/{log.id}/sign")
    for stage in (1, 2):
        _judge(place, place.staff, stage=stage)

    step = _step(place)
    assert (step.missing, step.state, step.params["share"]) == ([], StepState.DONE, "6.0%")


def test_staff_are_asked_for_the_gates_of_stages_that_are_over(place):
    place.people(2)
    place.assess()

    (due,) = place.all(Due, code="gates-to-judge")
    assert (due.subject_id, due.amount, due.role) == (1, 3, Role.STAFF)


# --- the programme's page --------------------------------------------------------------------------


def test_each_reader_sees_the_trainees_that_are_theirs(place):
    stranger = place.world.enrolment(place.program)
    address = f"/programs/{place.program.id}/practice"

    staff = place.browser(place.staff).get(address).get_data(as_text=True)
    mentor = place.browser(place.mentor).get(address).get_data(as_text=True)
    trainee = place.browser(place.trainee).get(address).get_data(as_text=True)

    assert stranger.name in staff
    for page in (mentor, trainee):
        assert f'practice/{place.enrolment.id}"' in page
        assert f'practice/{stranger.id}"' not in page
    assert place.browser(place.mentor).get(f"{address}/{stranger.id}").status_code == 404


def test_the_list_is_narrowed_to_what_waits_and_what_is_late(place):
    waiting, late = place.people(2)
    place.log(enrolment_id=waiting.id)
    place.log(enrolment_id=late.id, submitted_at=NOW - timedelta(days=8))
    browser, address = place.browser(place.staff), f"/programs/{place.program.id}/practice"

    def shown(query):
        page = browser.get(f"{address}?{query}").get_data(as_text=True)
        return {one.id for one in (place.enrolment, waiting, late) if f'practice/{one.id}"' in page}

    assert shown("waiting=1") == {waiting.id, late.id}
    assert shown("late=1") == {late.id}
    assert shown(f"mentor={place.mentor.id}") == {place.enrolment.id, waiting.id, late.id}
    assert shown("sort=waiting&direction=desc") == {place.enrolment.id, waiting.id, late.id}


@pytest.mark.parametrize("page", ["practice", "practice/{id}", "gates/1", "practice/{id}/gates/1"])
@pytest.mark.parametrize("who", ["staff", "mentor"])
def test_pages_take_at_most_ten_statements_whatever_the_rows(place, count_statements, page, who):
    browser = place.browser(getattr(place, who))
    address = f"/programs/{place.program.id}/" + page.format(id=place.enrolment.id)
    counts = []
    for amount in (1, 30):
        for one in place.people(amount):
            place.log(enrolment_id=one.id)
        place.log(state=LogState.SIGNED)
        place.assess()
        browser.get(address)
        with count_statements() as statements:
            assert browser.get(address).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 10


# --- many at once ----------------------------------------------------------------------------------


def test_what_goes_in_at_once_counts_like_what_was_done_one_by_one(place):
    other = place.people(1)[0]
    facts = {"program_id": place.program.id, "stage_number": 2, "day": TODAY, "task": "t", "learned": "l",
             "submitted_at": NOW, "signer_id": place.mentor.id}  # fmt: skip
    by = (place.mentor.id, place.mentor.name)
    with place.world.inside() as session:
        rows = [
            bulk.BulkLog(enrolment_id=place.enrolment.id, minutes=number, state=LogState.SIGNED, decided_by=by,
                         competency_ids=(place.competency.id,), **facts)
            for number in range(1, 1102)
        ]  # fmt: skip
        rows.append(bulk.BulkLog(enrolment_id=other.id, minutes=60, **facts))
        assert bulk.insert_logs(rows) == 1102
        bulk.insert_gates(
            [
                bulk.BulkGate(
                    place.program.id, other.id, 1, GateOutcome.REMEDIAL, by, NOW, task="x", due_on=TODAY
                )
            ]
        )
        bulk.recount(place.program.id, now=NOW)
        session.commit()

    total = sum(range(1, 1102))
    first, second = place.get(Enrolment, place.enrolment.id), place.get(Enrolment, other.id)
    assert (first.submitted_minutes, first.verified_minutes) == (total, total)
    assert (second.submitted_minutes, second.verified_minutes, second.state) == (
        60,
        0,
        EnrolmentState.REMEDIAL,
    )
    (due,) = place.all(Due, code="logs-to-sign")
    assert (due.user_id, due.amount) == (place.mentor.id, 1)
    (log,) = place.all(PracticeLog, minutes=700)
    (decision,) = place.all(LogDecision, log_id=log.id)
    assert decision.by_name == place.mentor.name


def test_a_programme_that_is_set_running_begins_with_its_first_stage(place):
    from trainmgr.identity.models import User
    from trainmgr.programs.hooks import Move, tell_move

    with place.world.inside() as session:
        program = session.get(Program, place.program.id)
        program.current_stage = 0
        tell_move(Move(program, State.RECRUITING, session.get(User, place.staff.id), NOW))
        assert program.current_stage == 1
