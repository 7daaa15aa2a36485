"""The joint recruitment plan: written by the college, signed by both sides, changed by a next edition only."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import TODAY
from tests.recruitment.conftest import editions
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.programs.models import Due, ProgramStep
from trainmgr.programs.rules import State, Step
from trainmgr.recruitment.models import PlanState, RecruitmentPlan, RecruitmentQuota


@pytest.fixture
def program(recruiting):
    return recruiting.program


@pytest.fixture
def college(recruiting, signed_in):
    return signed_in(recruiting.staff)


@pytest.fixture
def enterprise(recruiting, signed_in):
    return signed_in(recruiting.coordinator)


def address(program, *parts):
    return "/".join((f"/programs/{program.id}/recruitment", *parts))


TERMS = {
    "opens_on": (TODAY - timedelta(days=1)).isoformat(),
    "closes_on": (TODAY + timedelta(days=20)).isoformat(),
    "relation": "labour_contract",
    "relation_from": "2027-03-01",
    "pay": "2400",
    "promise": "包食宿",
}


def write(college, program, world, quota="12"):
    """Write a whole draft through the pages."""
    college.post(address(program, "editions"))
    college.post(address(program, "draft", "terms"), data=TERMS | {"version": "1"})
    line = {"enterprise": str(world.enterprise.id), "post": "机器人装调", "major": "工业机器人技术"}
    return college.post(address(program, "draft", "lines"), data=line | {"quota": quota})


def sign(client, program, side):
    page = client.get(address(program)).get_data(as_text=True)
    digest = page.split('name="digest" value="')[1].split('"')[0]
    return client.post(address(program, "draft", "sign"), data={"side": side, "digest": digest})


def test_a_plan_is_written_offered_and_in_force_when_both_have_signed(
    session, world, program, college, enterprise
):
    assert write(college, program, world).status_code == 302
    assert college.post(address(program, "draft", "offer")).status_code == 302
    owed = {due.role for due in session.scalars(sa.select(Due).where(Due.code == "recruitment-plan-to-sign"))}
    assert owed == {Role.STAFF, Role.ENTERPRISE_COORDINATOR}
    assert (
        session.get(ProgramStep, (program.id, int(Step.ENROLMENT))).note
        == "recruitment plan awaits signatures"
    )

    assert sign(college, program, "college").status_code == 302
    assert editions(session) == [(1, PlanState.OFFERED)]
    assert sign(enterprise, program, "enterprise").status_code == 302

    assert editions(session) == [(1, PlanState.SIGNED)]
    assert session.scalars(sa.select(Due).where(Due.code == "recruitment-plan-to-sign")).all() == []
    page = enterprise.get(address(program)).get_data(as_text=True)
    assert "12" in page
    assert "机器人装调" in page
    told = set(session.scalars(sa.select(AuditEvent.action)))
    assert {"recruitment.open", "recruitment.offer", "recruitment.sign", "recruitment.in_force"} <= told


def test_more_places_than_the_programme_is_planned_for_cannot_be_offered(session, world, program, college):
    write(college, program, world, quota="41")

    answer = college.post(address(program, "draft", "offer"))

    assert answer.status_code == 409
    assert "41" in answer.get_data(as_text=True)
    assert editions(session) == [(1, PlanState.DRAFT)]


def test_a_plan_without_a_period_or_a_post_cannot_be_offered(world, program, college):
    college.post(address(program, "editions"))

    answer = college.post(address(program, "draft", "offer"))

    assert answer.status_code == 409


def test_what_is_offered_is_edited_only_after_it_was_taken_back(session, world, program, college, enterprise):
    write(college, program, world)
    college.post(address(program, "draft", "offer"))
    sign(college, program, "college")
    line = session.scalar(sa.select(RecruitmentQuota.id))

    refused = college.post(address(program, "draft", "lines", str(line)), data={"quota": "20"})
    unsaid = college.post(address(program, "draft", "take-back"), data={"reason": ""})
    back = college.post(address(program, "draft", "take-back"), data={"reason": "企业要加人"})

    assert (refused.status_code, unsaid.status_code, back.status_code) == (409, 422, 302)
    assert (
        college.post(address(program, "draft", "lines", str(line)), data={"quota": "20"}).status_code == 302
    )
    college.post(address(program, "draft", "offer"))
    page = enterprise.get(address(program)).get_data(as_text=True)
    assert page.count("签名") or "20" in page
    sign(enterprise, program, "enterprise")
    assert editions(session) == [(1, PlanState.OFFERED)]  # the college's first signature is gone


def test_nobody_signs_what_is_not_what_was_read(session, world, program, college):
    write(college, program, world)
    college.post(address(program, "draft", "offer"))

    answer = college.post(address(program, "draft", "sign"), data={"side": "college", "digest": "0" * 64})

    assert answer.status_code == 409
    assert editions(session) == [(1, PlanState.OFFERED)]


def test_a_side_does_not_sign_for_the_other(world, program, college, enterprise):
    write(college, program, world)
    college.post(address(program, "draft", "offer"))

    assert sign(college, program, "enterprise").status_code == 403
    assert sign(enterprise, program, "college").status_code == 403


def test_a_signed_plan_holds_until_both_have_signed_the_next(
    session, recruiting, program, college, enterprise
):
    recruiting.plan(("装调", "机电", 5))

    unsaid = college.post(address(program, "editions"), data={"reason": ""})
    college.post(address(program, "editions"), data={"reason": "企业多要两人"})
    line = session.scalar(sa.select(sa.func.max(RecruitmentQuota.id)))
    college.post(address(program, "draft", "lines", str(line)), data={"quota": "7"})
    college.post(address(program, "draft", "offer"))
    sign(college, program, "college")

    assert unsaid.status_code == 422
    assert editions(session) == [(1, PlanState.SIGNED), (2, PlanState.OFFERED)]
    sign(enterprise, program, "enterprise")
    assert editions(session) == [(1, PlanState.SUPERSEDED), (2, PlanState.SIGNED)]
    old = college.get(address(program, "editions", "1")).get_data(as_text=True)
    assert ">5<" in old
    assert college.get(address(program, "editions", "3")).status_code == 404


def test_a_line_of_nonsense_is_told_at_the_field_and_what_was_typed_is_kept(world, program, college):
    college.post(address(program, "editions"))
    line = {"enterprise": str(world.enterprise.id), "post": "装调", "major": "", "quota": "许多"}

    answer = college.post(address(program, "draft", "lines"), data=line)

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'value="装调"' in page
    assert 'value="许多"' in page
    assert page.count('class="field-error"') == 2


def test_an_enterprise_that_is_no_party_gets_no_places(world, program, college):
    from trainmgr.identity.models import OrganizationKind

    stranger = world.organization(OrganizationKind.ENTERPRISE, name="外面的企业")
    college.post(address(program, "editions"))
    line = {"enterprise": str(stranger.id), "post": "装调", "major": "机电", "quota": "3"}

    assert college.post(address(program, "draft", "lines"), data=line).status_code == 422


@pytest.mark.parametrize("role", [Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR, Role.TRAINEE])
def test_teachers_mentors_and_trainees_do_not_see_the_plan(world, program, signed_in, role):
    person = world.user(role)
    world.relation(program, person, role)

    assert signed_in(person).get(address(program)).status_code == 403


def test_the_enterprise_reads_but_does_not_write_the_plan(program, enterprise):
    assert enterprise.get(address(program)).status_code == 200
    assert enterprise.post(address(program, "editions")).status_code == 403


def test_strangers_find_no_plan(world, program, signed_in):
    other = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    assert other.get(address(program)).status_code == 404


def test_a_closed_programme_begins_no_edition(world, signed_in):
    program = world.program(State.CLOSED)

    assert signed_in(world.user(Role.STAFF)).post(address(program, "editions")).status_code == 409


def test_the_page_of_the_plan_takes_as_many_statements_for_forty_lines_as_for_two(
    recruiting, program, college, count_statements
):
    counts = []
    for amount in (2, 40):
        recruiting.plan(*((f"岗位{number}", "机电", 1) for number in range(amount)))
        with count_statements() as statements:
            assert college.get(address(program)).status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 10


def test_the_first_edition_takes_no_reason(session, program, college):
    assert college.post(address(program, "editions"), data={"reason": "长" * 201}).status_code == 302
    assert editions(session) == [(1, PlanState.DRAFT)]
    assert session.scalar(sa.select(RecruitmentPlan.reason)) == ""
