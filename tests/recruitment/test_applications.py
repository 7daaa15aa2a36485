"""Applications: made once, judged once by each side, settled with the places, moved up from the waiting list."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due, ProgramParty, ProgramPerson, ProgramStep
from trainmgr.programs.rules import PartyRole, State, Step
from trainmgr.recruitment.models import Application, ApplicationState, Verdict

CODE = "applications-to-judge"


@pytest.fixture
def program(world):
    return world.program(State.RECRUITING, planned_size=1)


@pytest.fixture
def college(world, signed_in):
    return signed_in(world.user(Role.STAFF))


@pytest.fixture
def enterprise(world, signed_in):
    return signed_in(world.user(Role.ENTERPRISE_COORDINATOR))


@pytest.fixture
def applicant(world, signed_in):
    """Make somebody who has applied; returns the browser and the application."""

    def make(program, **values):
        user = world.user(Role.TRAINEE, number=f"ST{values.pop('number', '')}" if "number" in values else "")
        client = signed_in(user)
        form = {"statement": "想学焊接", "field": "焊工", "enterprise": ""} | values
        response = client.post(f"/programs/{program.id}/apply", data=form)
        assert response.status_code == 302, response.get_data(as_text=True)
        with world.app.app_context():
            found = db.session.scalars(sa.select(Application).where(Application.user_id == user.id)).one()
            db.session.expunge_all()
        return client, found

    return make


def judge(client, application, verdict="admit", reason="面试良好"):
    return client.post(
        f"/programs/{application.program_id}/applications/{application.id}/verdict",
        data={"verdict": verdict, "reason": reason},
    )


def state_of(session, application):
    session.expire_all()
    return session.get(Application, application.id).state


def dues(session):
    session.expire_all()
    return {(due.role, due.amount) for due in session.scalars(sa.select(Due).where(Due.code == CODE))}


def test_both_sides_admit_and_the_person_is_enrolled(session, world, program, applicant, college, enterprise):
    client, application = applicant(program, number="7")
    assert dues(session) == {(Role.STAFF, 1), (Role.ENTERPRISE_COORDINATOR, 1)}

    assert judge(college, application).status_code == 302
    assert state_of(session, application) is ApplicationState.PENDING
    assert dues(session) == {(Role.ENTERPRISE_COORDINATOR, 1)}
    assert judge(enterprise, application).status_code == 302

    assert state_of(session, application) is ApplicationState.ADMITTED
    enrolment = session.scalars(sa.select(Enrolment)).one()
    assert (enrolment.user_id, enrolment.student_number, enrolment.field) == (
        application.user_id,
        "ST7",
        "焊工",
    )
    assert enrolment.enterprise_id == world.enterprise.id
    relation = session.scalars(sa.select(ProgramPerson).where(ProgramPerson.role == Role.TRAINEE)).one()
    assert relation.user_id == application.user_id
    assert dues(session) == set()
    assert "您已录取" in client.get(f"/programs/{program.id}/apply").get_data(as_text=True)
    step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))
    assert (step.params["present"], step.params["unjudged"]) == (1, 0)


def test_one_side_is_enough_to_refuse_and_the_applicant_reads_why(
    session, program, applicant, college, enterprise
):
    client, application = applicant(program)

    assert judge(enterprise, application, "reject", "").status_code == 422
    assert judge(enterprise, application, "reject", "视力不符合岗位要求").status_code == 302

    assert state_of(session, application) is ApplicationState.REJECTED
    assert "视力不符合岗位要求" in client.get(f"/programs/{program.id}/apply").get_data(as_text=True)
    assert judge(college, application).status_code in (403, 409)
    assert session.scalar(sa.select(sa.func.count()).select_from(Verdict)) == 1


def test_the_second_verdict_of_one_side_is_refused(session, world, program, applicant, college, signed_in):
    _client, application = applicant(program)
    judge(college, application)

    same = judge(college, application, "reject", "改主意了")
    colleague = judge(signed_in(world.user(Role.STAFF)), application, "reject", "改主意了")

    assert (same.status_code, colleague.status_code) == (409, 409)
    assert session.scalars(sa.select(Verdict.verdict)).all() == ["admit"]


def test_beyond_the_places_people_wait_and_move_up_by_themselves_in_order(
    session, world, program, applicant, college, enterprise, app
):
    app.config["CLOCK"] = lambda: NOW
    applications = [applicant(program) for _ in range(3)]
    for _client, application in applications:
        judge(college, application)
    for _client, application in reversed(applications):
        judge(enterprise, application)
    first, second, third = (application for _client, application in applications)
    # The last applicant was judged first and has the one place; the others wait in the order of applying.
    states = [state_of(session, application) for application in (first, second, third)]
    assert states == [ApplicationState.WAITLISTED, ApplicationState.WAITLISTED, ApplicationState.ADMITTED]
    assert "第 2 位" in applications[1][0].get(f"/programs/{program.id}/apply").get_data(as_text=True)

    taken = session.scalars(sa.select(Enrolment)).one()
    college.post(
        f"/programs/{program.id}/roster/leave",
        data={"id": [str(taken.id)], "day": "2026-11-20", "reason": "转学"},
    )

    states = [state_of(session, application) for application in (first, second, third)]
    assert states == [ApplicationState.ADMITTED, ApplicationState.WAITLISTED, ApplicationState.ADMITTED]


def test_places_that_were_added_go_to_the_waiting_list_at_a_click(
    session, world, program, applicant, college, enterprise
):
    for _ in range(2):
        _client, application = applicant(program)
        judge(college, application)
        judge(enterprise, application)
    address = f"/programs/{program.id}/applications/waiting"
    assert college.post(address).status_code == 409

    from trainmgr.programs.models import Program

    session.get(Program, program.id).planned_size = 2
    session.commit()
    assert college.post(address).status_code == 302
    assert state_of(session, application) is ApplicationState.ADMITTED


def test_two_judges_and_the_last_place_admit_one(session, world, program, applicant, college, app):
    """Both enterprise verdicts fall at the same moment, on different applications, with one place left."""
    from trainmgr.identity.models import User
    from trainmgr.programs.models import Program
    from trainmgr.programs.rules import Side
    from trainmgr.recruitment import judging
    from trainmgr.recruitment.rules import VerdictKind

    pair = [applicant(program)[1] for _ in range(2)]
    for application in pair:
        judge(college, application)
    judges = [world.user(Role.ENTERPRISE_COORDINATOR) for _ in pair]
    session.remove()
    barrier, failed = threading.Barrier(2), []

    def decide(application, person):
        with app.app_context():
            try:
                barrier.wait(5)
                judging.record_verdict(
                    db.session.get(Program, program.id), application.id, Side.ENTERPRISE, VerdictKind.ADMIT,
                    reason="", by=db.session.get(User, person.id), now=NOW, today=TODAY,
                )  # fmt: skip
                db.session.commit()
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=decide, args=each) for each in zip(pair, judges, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert failed == []
    states = sorted(state_of(session, application) for application in pair)
    assert states == [ApplicationState.ADMITTED, ApplicationState.WAITLISTED]
    assert session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 1


def test_applying_twice_does_one_thing(session, program, applicant):
    client, _application = applicant(program)
    again = client.post(f"/programs/{program.id}/apply", data={"statement": "再报一次", "enterprise": ""})
    assert again.status_code == 409
    assert session.scalar(sa.select(sa.func.count()).select_from(Application)) == 1


def test_an_empty_application_is_told_at_the_field(session, world, program, signed_in):
    client = signed_in(world.user(Role.TRAINEE))
    response = client.post(
        f"/programs/{program.id}/apply", data={"statement": " ", "field": "焊工", "enterprise": ""}
    )
    assert response.status_code == 422
    assert 'value="焊工"' in response.get_data(as_text=True)


def test_an_application_is_withdrawn_and_made_again_while_unjudged(session, program, applicant, college):
    client, application = applicant(program)
    assert client.post(f"/programs/{program.id}/apply/withdraw").status_code == 302
    assert state_of(session, application) is ApplicationState.WITHDRAWN
    assert dues(session) == set()

    again = client.post(f"/programs/{program.id}/apply", data={"statement": "还是想来", "enterprise": ""})
    assert again.status_code == 302
    judge(college, application)
    client.post(f"/programs/{program.id}/apply/withdraw")
    late = client.post(f"/programs/{program.id}/apply", data={"statement": "又想来", "enterprise": ""})
    assert late.status_code == 409


@pytest.mark.parametrize("state", [State.DESIGNING, State.RUNNING, State.CLOSED])
def test_only_a_recruiting_programme_is_offered(world, signed_in, state):
    program = world.program(state)
    client = signed_in(world.user(Role.TRAINEE))
    assert client.get(f"/programs/{program.id}/apply").status_code == 404
    assert "测试项目" not in client.get("/apply").get_data(as_text=True)


def test_trainees_of_another_college_do_not_see_the_programme(world, program, signed_in):
    stranger = signed_in(world.user(Role.TRAINEE, world.organization()))
    assert stranger.get(f"/programs/{program.id}/apply").status_code == 404
    assert stranger.post(f"/programs/{program.id}/apply", data={"statement": "x"}).status_code == 404


def test_trainees_of_a_partner_college_apply_through_it(session, world, signed_in, enterprise):
    partner = world.organization(name="合作学院")
    program = world.program(State.RECRUITING, partner=partner)
    user = world.user(Role.TRAINEE, partner)
    signed_in(user).post(f"/programs/{program.id}/apply", data={"statement": "想来", "enterprise": ""})
    application = session.scalars(sa.select(Application)).one()
    beside, lead = signed_in(world.user(Role.STAFF, partner)), signed_in(world.user(Role.STAFF))

    assert application.college_id == partner.id
    assert lead.get(f"/programs/{program.id}/applications/{application.id}").status_code == 200
    assert judge(beside, application).status_code == 302


def test_a_coordinator_judges_only_for_the_own_enterprise(session, world, program, applicant, signed_in):
    second = world.organization(OrganizationKind.ENTERPRISE, name="第二企业")
    session.add(ProgramParty(program_id=program.id, organization_id=second.id, role=PartyRole.ENTERPRISE))
    session.commit()
    _client, application = applicant(program, enterprise=str(second.id))
    theirs = signed_in(world.user(Role.ENTERPRISE_COORDINATOR, second))
    others = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))

    assert others.get(f"/programs/{program.id}/applications/{application.id}").status_code == 404
    assert judge(others, application).status_code == 404
    assert application.user_id
    assert "人" not in _names(others, program)
    assert judge(theirs, application).status_code == 302


def _names(client, program):
    page = client.get(f"/programs/{program.id}/applications").get_data(as_text=True)
    return page[page.find("<tbody>") : page.find("</tbody>")] if "<tbody>" in page else ""


def test_a_teacher_may_not_judge(world, program, applicant, signed_in):
    _client, application = applicant(program)
    teacher = signed_in(world.user(Role.SCHOOL_TEACHER))
    assert judge(teacher, application).status_code == 403


def test_who_comes_in_by_the_roster_need_not_be_judged(session, world, program, applicant):
    from trainmgr.enrolment.bulk import bulk_enrol
    from trainmgr.enrolment.register import NewTrainee
    from trainmgr.programs.models import Program

    _client, application = applicant(program, number="9")
    row = NewTrainee(name=application.name, student_number="ST9")
    bulk_enrol(
        session.get(Program, program.id), [row], college_id=world.college.id, by=None, now=NOW, today=TODAY
    )
    session.commit()

    assert state_of(session, application) is ApplicationState.ADMITTED
    assert dues(session) == set()


def test_unjudged_applications_stand_in_the_way_of_running(session, program, applicant):
    applicant(program)
    step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))
    blocking = [missing for missing in step.missing if missing["due_code"] == "applications-to-judge"]
    assert len(blocking) == 2
    assert all(missing["blocks"] == "running" for missing in blocking)


def test_the_list_is_narrowed_and_takes_ten_statements(
    session, world, program, applicant, college, count_statements
):
    counts = []
    for people in (1, 4):
        for _ in range(people):
            applicant(program)
        with count_statements() as statements:
            page = college.get(f"/programs/{program.id}/applications").get_data(as_text=True)
        counts.append(len(statements))
    assert page.count("/applications/") >= 5
    assert counts[0] == counts[1] <= 10
    none = college.get(f"/programs/{program.id}/applications", query_string={"state": "rejected"})
    assert "没有这种状态的" in none.get_data(as_text=True)
