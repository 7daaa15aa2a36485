"""An individual plan from the facts to the evaluation: in order, signed by three, never changed, begun again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from tests.factories import TODAY, keep
from trainmgr.curriculum.tracing import Asked, proofs_of
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.guidance import plan_queries
from trainmgr.guidance.cycle import PlanStep, Reached, Voice
from trainmgr.guidance.plan_models import GoalCheck, PlanGoal, PlanRecord, PlanSignature, StudyPlan, StudyTask
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Due
from trainmgr.programs.queries import program_or_404

LATER = (TODAY + timedelta(days=14)).isoformat()


def _plan(care):
    return care.all(StudyPlan)[-1]


def _open(care, person=None):
    return care.post(person or care.college, f"/{care.enrolment.id}/plan")


def _hand_in(care, person, step, **data):
    plan = _plan(care)
    return care.post(person, f"/plans/{plan.id}/{step}", **{"version": str(plan.version)} | data)


def _sign(care, person):
    plan = _plan(care)
    return care.post(person, f"/plans/{plan.id}/sign", version=str(plan.version))


def _typed(care):
    return {
        "goals-0-text": "读懂治具装配图",
        "goals-0-competency": str(care.competency.id),
        "goals-0-seen_by": "独立读三张图",
        "tasks-0-what": "每天读一张图",
        "tasks-0-due_on": LATER,
        "tasks-1-what": "跟师傅核对",
        "tasks-1-due_on": LATER,
    }


def _to_do(care):
    _open(care)
    _hand_in(care, care.trainee, "collect", words="读图慢，想学检测")
    _hand_in(care, care.college, "plan", **_typed(care))
    for person in (care.trainee, care.college, care.enterprise):
        assert _sign(care, person).status_code == 302


def test_a_cycle_goes_its_six_steps_and_the_next_begins_from_its_evaluation(care):
    with care.world.app.app_context():
        keep(EntryLevel(enrolment_id=care.enrolment.id, competency_id=care.competency.id, level=2))
    _to_do(care)
    plan = _plan(care)
    assert (plan.step, len(care.all(PlanSignature))) == (PlanStep.DO, 3)
    facts = " ".join(str(one) for one in care.all(PlanRecord)[0].facts)
    assert care.competency.name in facts  # the level of the entry assessment came from the records
    (due,) = care.all(Due, code="plan-tasks")
    assert (due.user_id, due.amount) == (care.trainee.id, 2)

    assert _hand_in(care, care.college, "do").status_code == 409  # tasks are open
    for task in care.all(StudyTask):
        care.post(care.trainee, f"/plans/{plan.id}/tasks/{task.id}", note="读完了")
    assert _hand_in(care, care.college, "do", words="按时").status_code == 302
    (goal,) = care.all(PlanGoal)
    assert goal.competency_id == care.competency.id
    check = {"checks-0-goal": str(goal.id), "checks-0-reached": "yes", "checks-0-evidence": "三张全对"}
    assert _hand_in(care, care.enterprise, "check", **check).status_code == 302
    assert _hand_in(care, care.college, "evaluate", words="下一轮练测量").status_code == 302

    assert _plan(care).step is PlanStep.CLOSED
    assert care.all(GoalCheck)[0].reached is Reached.YES
    assert care.all(Due, code="plan-tasks") == care.all(Due, code="plan-next") == []
    assert _open(care, care.trainee).status_code == 302
    assert [one.number for one in care.all(StudyPlan)] == [1, 2]
    assert "下一轮练测量" in care.text(care.trainee, f"/{care.enrolment.id}/plan")


def _walk(care):
    """Lead a trainee's plan through a whole cycle, stopping at each step."""
    _open(care)
    yield PlanStep.COLLECT
    _hand_in(care, care.trainee, "collect", words="读图慢，想学检测")
    yield PlanStep.PLAN
    _hand_in(care, care.college, "plan", **_typed(care))
    yield PlanStep.DECIDE
    for person in (care.trainee, care.college, care.enterprise):
        _sign(care, person)
    yield PlanStep.DO
    plan, goal = _plan(care), care.all(PlanGoal)[-1]
    for task in care.all(StudyTask, plan_id=plan.id):
        care.post(care.trainee, f"/plans/{plan.id}/tasks/{task.id}", note="读完了")
    _hand_in(care, care.college, "do", words="按时")
    yield PlanStep.CHECK
    _hand_in(care, care.enterprise, "check", **{"checks-0-goal": str(goal.id), "checks-0-reached": "yes"},
             **{"checks-0-evidence": "三张全对"})  # fmt: skip
    yield PlanStep.EVALUATE
    _hand_in(care, care.college, "evaluate", words="下一轮练测量")
    yield PlanStep.CLOSED


def test_a_plans_page_takes_ten_statements_at_each_step_and_as_many_in_the_next_cycle(care, count_statements):
    pages = [
        (care.browser(person), care.at(f"/{care.enrolment.id}/plan"))
        for person in (care.college, care.trainee)
    ]

    def counted(step):
        assert _plan(care).step is step
        found = []
        for browser, address in pages:
            with count_statements() as statements:
                assert browser.get(address).status_code == 200
            found.append(len(statements))
        return found

    first, second = ([counted(step) for step in _walk(care)] for _ in range(2))

    assert first == second
    assert max(map(max, first)) <= 10, first


def test_a_plans_page_shows_each_part_of_each_cycle_once_and_in_order(care):
    for _cycle in range(2):
        for _step in _walk(care):
            pass
    with care.world.inside() as session:
        plans = plan_queries.plans_of(session.get(Enrolment, care.enrolment.id))

        assert [one.number for one in plans] == [2, 1]
        for plan in plans:
            assert [one.step for one in plan.records] == ["collect", "plan", "do", "check", "evaluate"]
            assert [(one.text, one.check.reached, one.competency.id) for one in plan.goals] == [
                ("读懂治具装配图", Reached.YES, care.competency.id)
            ]
            assert [one.what for one in plan.tasks] == ["每天读一张图", "跟师傅核对"]
            assert sorted(one.voice for one in plan.signatures) == ["college", "enterprise", "trainee"]
            assert {one.plan_id for one in (*plan.records, *plan.goals, *plan.tasks, *plan.signatures)} == {
                plan.id
            }


def test_steps_keep_their_order_and_their_owners(care):
    _open(care)
    assert _open(care).status_code == 409  # one runs at a time
    assert _hand_in(care, care.college, "plan", **_typed(care)).status_code == 409
    assert _hand_in(care, care.trainee, "collect", words=" ").status_code == 409
    assert _hand_in(care, care.trainee, "collect", words="想学检测").status_code == 302
    kept = _hand_in(care, care.college, "plan", **_typed(care) | {"tasks-0-due_on": ""})
    assert kept.status_code == 422
    assert "读懂治具装配图" in kept.get_data(as_text=True)
    assert _hand_in(care, care.trainee, "closed").status_code == 404
    assert _sign(care, care.trainee).status_code == 409
    assert len(care.all(PlanRecord)) == 1


def test_nobody_signs_for_another_or_twice_and_a_stale_page_is_told(care):
    _open(care)
    _hand_in(care, care.trainee, "collect", words="想学检测")
    _hand_in(care, care.college, "plan", **_typed(care))
    stale = str(_plan(care).version)
    assert _sign(care, care.college).status_code == 302
    assert _sign(care, care.college).status_code == 409
    assert _sign(care, care.staff).status_code == 403  # both sides have a counsellor
    assert care.post(care.trainee, f"/plans/{_plan(care).id}/sign", version=stale).status_code == 409
    assert [one.voice for one in care.all(PlanSignature)] == [Voice.COLLEGE]
    assert sorted(one.user_id for one in care.all(Due, code="plan-next")) == sorted(
        [care.trainee.id, care.enterprise.id]
    )


def test_goals_written_anew_leave_the_old_ones_and_are_signed_again(care):
    _to_do(care)
    plan = _plan(care)
    again = care.post(
        care.enterprise, f"/plans/{plan.id}/revise", version=str(plan.version), reason="换了产线"
    )

    assert again.status_code == 302
    assert (_plan(care).step, _plan(care).revision) == (PlanStep.PLAN, 2)
    _hand_in(care, care.college, "plan", **_typed(care) | {"goals-0-text": "换线后的点检"})
    assert [(one.revision, one.text) for one in care.all(PlanGoal)] == [
        (1, "读懂治具装配图"),
        (2, "换线后的点检"),
    ]
    assert _plan(care).step is PlanStep.DECIDE
    assert len([one for one in care.all(PlanSignature) if one.revision == 2]) == 0
    with care.world.inside() as session:
        session.query(PlanGoal).first().text = "改了"
        with pytest.raises(AssertionError):
            session.flush()


def test_other_trainees_and_other_classes_find_no_plan(care):
    _open(care)
    stranger = care.world.user("trainee")
    care.world.enrolment(care.program, user=stranger, cohort_id=care.cohorts[0].id)

    assert care.browser(stranger).get(care.at(f"/{care.enrolment.id}/plan")).status_code == 404
    assert _hand_in(care, stranger, "collect", words="x").status_code == 404


def test_the_goal_is_found_from_the_competency(care):
    _to_do(care)
    with care.world.app.test_request_context():
        everything = sa.select(User).options(joinedload(User.memberships)).where(User.id == care.staff.id)
        viewer = db.session.scalars(everything).unique().one()
        program = program_or_404(care.program.id, viewer)
        found = proofs_of(Asked(program, db.session.get(Competency, care.competency.id), None, viewer))

        assert "1 名学员的 1 个目标" in "\n".join(proof.text for proof in found)
