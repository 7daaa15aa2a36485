"""Who passes a gate, who goes into a remedial loop and comes back; how the programme's step tells of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.kernel.access import Role
from trainmgr.practice import bulk, measures
from trainmgr.practice.gate_models import (
    GateCondition,
    RemedialCheck,
    RemedialReport,
    RemedialTask,
    TaskState,
)
from trainmgr.practice.gating import Condition, ConditionKind, Met
from trainmgr.practice.models import GateDecision, GateOutcome, LogDecision, LogState, PracticeLog
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import State, Step, StepState

LOOP = {
    "outcome": "remedial",
    "tasks-0-what": "回炉：间隙测量",
    "tasks-0-due_on": (TODAY + timedelta(days=9)).isoformat(),
}


def _judge(place, person, stage=1, **values):
    address = f"/programs/{place.program.id}/practice/{place.enrolment.id}/gates/{stage}"
    return place.browser(person).post(address, data={"attempt": "1", "outcome": "passed"} | values)


def _report(place, person, task, **values):
    address = f"/programs/{place.program.id}/remedial/{task.id}"
    data = {"version": str(task.version), "text": "重新测了二十件，读数稳定。"} | values
    return place.browser(person).post(address, data=data)


def _check(place, person, task, found="yes", **values):
    address = f"/programs/{place.program.id}/remedial/{task.id}/check"
    version = str(place.get(RemedialTask, task.id).version)
    return place.browser(person).post(address, data={"version": version, "found": found} | values)


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
    past = _judge(place, place.teacher, **LOOP | {"tasks-0-due_on": (TODAY - timedelta(days=1)).isoformat()})
    assert past.status_code == 409
    assert "回炉：间隙测量" in past.get_data(as_text=True)
    assert place.all(GateDecision) == []


def test_a_remedial_loop_leads_through_its_task_back_into_training(place):
    _judge(place, place.teacher, **LOOP)
    assert place.get(Enrolment, place.enrolment.id).state is EnrolmentState.REMEDIAL
    (due,) = place.all(Due, code="remedial")
    assert (due.user_id, due.due_on) == (place.trainee.id, TODAY + timedelta(days=9))

    too_early = _judge(place, place.teacher, attempt="2")
    (task,) = place.all(RemedialTask)
    reported = [_report(place, place.trainee, task).status_code for _ in range(2)]
    assert (too_early.status_code, reported) == (409, [302, 409])
    assert place.all(Due, code="remedial") == []
    (check,) = place.all(Due, code="remedial-to-check")
    assert (check.user_id, check.amount) == (place.teacher.id, 1)
    assert _check(place, place.teacher, task).status_code == 302
    assert place.all(Due, code="remedial-to-check") == []
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


# --- conditions, plans of several tasks, and everyone who has not passed yet ------------------------


def _ask(place, kind="hours", limit="10", stage=1, **values):
    address = f"/programs/{place.program.id}/conditions/{stage}/{kind}"
    data = {"limit": limit, "valid_from": TODAY.isoformat(), "reason": "校企联席会定"} | values
    return place.browser(place.staff).post(address, data=data)


def test_a_gate_asks_from_a_day_on_and_never_backwards(place):
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    assert _ask(place, limit="0").status_code == 422
    assert _ask(place, valid_from=yesterday).status_code == 409
    assert [_ask(place).status_code for _ in range(2)] == [302, 409]
    assert place.browser(place.teacher).get(f"/programs/{place.program.id}/conditions").status_code == 200
    assert (
        place.browser(place.teacher).post(f"/programs/{place.program.id}/conditions/1/hours").status_code
        == 403
    )
    (condition,) = place.all(GateCondition)
    with place.world.inside() as session:
        session.get(GateCondition, condition.id).limit = 5
        with pytest.raises(AssertionError):
            session.flush()


def test_passing_somebody_who_misses_a_condition_takes_a_reason_that_is_kept(place):
    _ask(place)
    place.log(stage_number=1, state=LogState.SIGNED, minutes=450)

    refused = _judge(place, place.teacher)
    page = place.browser(place.teacher).get(
        f"/programs/{place.program.id}/practice/{place.enrolment.id}/gates/1"
    )
    taken = _judge(place, place.teacher, waiver="病假五天，已补实操")

    assert (refused.status_code, taken.status_code) == (409, 302)
    assert "还差 2.5 学时" in page.get_data(as_text=True)
    (decision,) = place.all(GateDecision)
    assert decision.waiver == "病假五天，已补实操"
    assert decision.findings == [
        {"kind": "hours", "limit": "10.0000", "figure": "7.5000", "part": "7.5000", "whole": None}
    ]


def test_a_reason_is_not_kept_where_nothing_was_waived(place):
    _ask(place, limit="5")
    place.log(stage_number=1, state=LogState.SIGNED)

    assert _judge(place, place.teacher, waiver="多余的话").status_code == 302

    assert place.all(GateDecision)[0].waiver == ""


def test_many_pass_but_not_those_who_miss_a_condition(place):
    _ask(place)
    (other,) = place.people(1)
    place.log(stage_number=1, state=LogState.SIGNED, minutes=600, enrolment_id=other.id)
    ids = [str(place.enrolment.id), str(other.id)]

    answer = place.browser(place.staff).post(
        f"/programs/{place.program.id}/gates/1", data={"id": ids}, follow_redirects=True
    )

    assert [one.enrolment_id for one in place.all(GateDecision)] == [other.id]
    assert place.enrolment.name in answer.get_data(as_text=True)


def test_a_task_that_is_given_back_is_reported_again_and_nobody_checks_their_own(place):
    second = {
        "tasks-1-what": "补写三篇日志",
        "tasks-1-due_on": TODAY.isoformat(),
        "tasks-1-condition": "logs",
    }
    _judge(place, place.teacher, **LOOP | second)
    one, two = place.all(RemedialTask)
    assert [(task.what, task.condition) for task in (one, two)] == [
        ("回炉：间隙测量", None),
        ("补写三篇日志", "logs"),
    ]

    assert _report(place, place.trainee, one, text="").status_code == 409
    assert _report(place, place.trainee, one).status_code == 302
    assert _check(place, place.trainee, one).status_code == 403
    assert _check(place, place.teacher, one, found="no").status_code == 422
    assert _check(place, place.teacher, one, found="no", comment="还差十件").status_code == 302
    assert place.get(RemedialTask, one.id).state is TaskState.OPEN
    assert _report(place, place.trainee, place.get(RemedialTask, one.id)).status_code == 302
    assert _check(place, place.mentor, one).status_code == 302
    assert place.all(GateDecision)[0].remedial_done_on is None  # the second task is open

    assert _report(place, place.trainee, two).status_code == 302
    assert _check(place, place.teacher, two).status_code == 302
    assert place.all(GateDecision)[0].remedial_done_on == TODAY
    assert [(row.task_id, row.number) for row in place.all(RemedialReport)] == [
        (one.id, 1),
        (one.id, 2),
        (two.id, 1),
    ]
    assert [row.accepted for row in place.all(RemedialCheck)] == [False, True, True]


def test_the_tasks_of_others_are_not_there(place):
    stranger = place.world.user(Role.TRAINEE)
    place.world.enrolment(place.program, user=stranger)
    _judge(place, place.teacher, **LOOP)
    (task,) = place.all(RemedialTask)

    assert _report(place, stranger, task).status_code == 404
    assert task.what not in place.browser(stranger).get(f"/programs/{place.program.id}/remedial").get_data(
        as_text=True
    )


def test_until_everyone_passes_names_who_misses_what(place):
    _ask(place)
    _ask(place, kind="attendance", limit="90")
    met, passed, loop = place.people(3)
    place.log(stage_number=1, state=LogState.SIGNED, minutes=600, enrolment_id=met.id)
    for key, verdict in ((passed.id, {"waiver": "技能比武免考"}), (loop.id, LOOP)):
        place.browser(place.staff).post(
            f"/programs/{place.program.id}/practice/{key}/gates/1",
            data={"attempt": "1", "outcome": "passed"} | verdict,
        )
    with place.world.inside() as session:
        session.execute(
            sa.text(
                "INSERT INTO attendance_tally (enrolment_id, lead_college_id, present, late, excused, absent)"
                " SELECT id, lead_college_id, 9, 0, 5, 1 FROM enrolment WHERE id = :id"
            ),
            {"id": met.id},
        )
        session.commit()

    def names(**query):
        address = f"/programs/{place.program.id}/everyone"
        text = (
            place.browser(place.staff).get(address, query_string={"stage": 1} | query).get_data(as_text=True)
        )
        return {one.id for one in (place.enrolment, met, passed, loop) if f">{one.name}</a>" in text}

    assert names() == {place.enrolment.id, met.id, loop.id}
    assert names(lacks="hours") == {place.enrolment.id, loop.id}
    assert names(lacks="attendance") == {
        place.enrolment.id,
        loop.id,
    }  # nothing is noted of them: not met, not missed
    assert names(lacks="judgement") == {met.id}
    assert names(lacks="loop") == {loop.id}
    later = place.browser(place.staff).get(f"/programs/{place.program.id}/everyone?stage=2&lacks=judgement")
    text = later.get_data(as_text=True)
    assert passed.name in text  # nobody else may come to the second gate yet
    assert met.name not in text
    sheet = place.browser(place.staff).get(f"/programs/{place.program.id}/everyone.xlsx?stage=1")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")


def test_the_figures_come_from_tests_and_checklists_too(place):
    """A condition on a test that nobody sat is without data for everyone; it is never a pass."""
    for kind in ("test", "practical", "logs"):
        assert _ask(place, kind=kind, limit="60").status_code == 302
    place.log(stage_number=1, state=LogState.SIGNED)
    place.log(stage_number=1, state=LogState.SUBMITTED)

    with place.world.inside():
        asked = measures.conditions_of(place.program.id, 1, TODAY)
        found = measures.findings_of(place.program.id, 1, asked, [place.enrolment.id])[place.enrolment.id]

    assert [(one.kind, one.met) for one in found] == [
        ("test", "unknown"),
        ("practical", "unknown"),
        ("logs", "missing"),
    ]
    assert found[2].figure == 50


def test_a_gate_says_what_its_figures_are_taken_from(place):
    """Attendance is counted over the programme, not over the stage: nobody should have to guess."""
    _ask(place, kind="attendance", limit="90")
    base = f"/programs/{place.program.id}"

    for address in (f"{base}/practice/{place.enrolment.id}/gates/1", f"{base}/conditions"):
        assert "按整个项目至今统计" in place.browser(place.teacher).get(address).text


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


@pytest.mark.parametrize(
    "page",
    ["practice", "practice/{id}", "gates/1", "practice/{id}/gates/1", "everyone", "remedial", "conditions"],
)
@pytest.mark.parametrize("who", ["staff", "mentor"])
def test_pages_take_at_most_ten_statements_whatever_the_rows(place, count_statements, page, who):
    browser = place.browser(getattr(place, who))
    address = f"/programs/{place.program.id}/" + page.format(id=place.enrolment.id)
    for kind in ("hours", "logs"):
        assert _ask(place, kind=kind).status_code == 302
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


def test_a_limit_between_two_minutes_is_met_by_the_next_one_on_the_list_and_on_the_page_alike(place):
    others = place.people(1)
    for enrolment, minutes in ((place.enrolment, 600), (others[0], 615)):
        place.log(enrolment_id=enrolment.id, stage_number=1, minutes=minutes, state=LogState.SIGNED)
    keys = [place.enrolment.id, others[0].id]
    asked = [Condition(ConditionKind.HOURS, Decimal("10.01"), TODAY)]

    with place.world.inside() as session:
        found = measures.findings_of(place.program.id, 1, asked, keys)
        figures = measures.Figures(place.program.id, 1, asked)
        statement = figures.join(sa.select(Enrolment.id).select_from(Enrolment))
        listed = {met: set(session.scalars(statement.where(figures.is_(asked[0], met)))) for met in Met}

    assert [found[key][0].met for key in keys] == [Met.MISSING, Met.MET]
    assert listed == {Met.MISSING: {keys[0]}, Met.MET: {keys[1]}, Met.UNKNOWN: set()}


def test_who_is_trained_beside_colleagues_passes_no_gate_of_their_own(place):
    own = place.world.enrolment(place.program, user=place.staff, teacher=place.teacher, mentor=place.mentor)
    address = f"/programs/{place.program.id}/practice"
    browser = place.browser(place.staff)

    judged = browser.post(f"{address}/{own.id}/gates/1", data={"attempt": "1", "outcome": "passed"})
    browser.post(f"/programs/{place.program.id}/gates/1", data={"id": [str(own.id), str(place.enrolment.id)]})

    assert judged.status_code == 409
    assert [row.enrolment_id for row in place.all(GateDecision)] == [place.enrolment.id]
