from __future__ import annotations

import re
from datetime import date

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.identity.models import Membership, OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import (
    Duty,
    Program,
    ProgramParty,
    ProgramPerson,
    ProgramStep,
    RevenueShare,
    Signature,
)
from trainmgr.programs.rules import Side, State, StepState


def seen(client, address):
    """The mark of what a form shows."""
    return re.search(r'name="seen"[^>]*value="(\w*)"', client.get(address).text)[1]


def rows(world, *columns, **conditions):
    with world.app.app_context():
        return db.session.execute(sa.select(*columns).filter_by(**conditions)).all()


# --- facts --------------------------------------------------------------------------------------


def facts(client, program, **values):
    address = f"/programs/{program.id}/setup/facts"
    data = {
        "name": "测试项目",
        "code": program.code,
        "kind": "modern_apprenticeship",
        "starts_on": "2026-09-01",
        "ends_on": "2027-06-30",
        "planned_size": "40",
        "budget": "",
    } | values
    data.setdefault("seen", seen(client, address))
    return client.post(address, data=data)


def test_facts_are_changed_and_the_trail_names_the_fields(world, office, stored, actions_of):
    program = world.program()
    assert facts(office, program, name="新名字", budget="12.34").status_code == 302
    assert stored(Program.name, program) == "新名字"
    assert stored(Program.budget_cents, program) == 1_234
    assert actions_of(program) == ["programs.facts"]
    assert "名称" in office.get(f"/programs/{program.id}/trail").text


def test_two_people_editing_the_facts_are_told_and_nothing_is_lost(world, office, staff, stored):
    program = world.program()
    mark = seen(office, f"/programs/{program.id}/setup/facts")
    colleague = world.user(Role.STAFF, name="郭颖")
    facts(world.signed_in(colleague), program, name="郭颖的名字")

    response = facts(office, program, name="我的名字", seen=mark)

    assert response.status_code == 409
    for text in ("郭颖", "郭颖的名字", 'value="我的名字"'):
        assert text in response.text
    assert stored(Program.name, program) == "郭颖的名字"
    again = re.search(r'name="seen"[^>]*value="(\w+)"', response.text)[1]
    assert facts(office, program, name="我的名字", seen=again).status_code == 302
    assert stored(Program.name, program) == "我的名字"


def test_a_change_elsewhere_in_the_programme_is_no_conflict(world, office, stored):
    program = world.program()
    mark = seen(office, f"/programs/{program.id}/setup/facts")
    with world.inside() as session:
        session.get_one(Program, program.id).current_stage = 3
        session.commit()
    assert facts(office, program, name="新名字", seen=mark).status_code == 302


def test_number_and_kind_are_settled_after_the_draft(world, office, stored):
    program = world.program(State.RUNNING)
    assert facts(office, program, code="ANDERS").status_code == 409
    assert facts(office, program, kind="community").status_code == 409
    assert facts(office, program, planned_size="41").status_code == 302
    assert stored(Program.planned_size, program) == 41


def test_a_closed_programme_keeps_its_facts(world, office, stored):
    program = world.program(State.CLOSED)
    assert facts(office, program, name="改").status_code == 409
    assert stored(Program.name, program) == "测试项目"


def test_a_department_of_another_college_is_refused(world, office, stored):
    program, foreign = world.program(), world.department(world.organization())
    assert facts(office, program, department=foreign.id).status_code == 422
    assert stored(Program.department_id, program) is None


@pytest.mark.parametrize("days", [{"starts_on": "0001-01-01"}, {"ends_on": "9999-12-31"}])
def test_no_programme_begins_or_ends_in_another_century(world, office, stored, days):
    program = world.program()
    response = facts(office, program, **days)
    assert response.status_code == 422
    assert next(iter(days.values())) in response.text
    assert "2000" in response.text
    assert stored(Program.ends_on, program) < date(2100, 1, 1)


def test_a_taken_number_is_told_at_the_field(world, office):
    world.program(code="BELEGT")
    response = facts(office, world.program(), code="BELEGT")
    assert response.status_code == 422
    assert 'href="#code"' in response.text


# --- parties ------------------------------------------------------------------------------------


def test_a_party_is_found_taken_in_and_removed_again(world, office):
    program = world.program()
    firm = world.organization(OrganizationKind.ENTERPRISE, name="欣旺达电子")
    address = f"/programs/{program.id}/setup/parties"

    assert "欣旺达电子" in office.get(f"{address}?role=enterprise&q=旺达").text
    for _twice in range(2):
        assert office.post(address, data={"role": "enterprise", "organization": firm.id}).status_code == 302
    party = rows(world, ProgramParty.id, organization_id=firm.id)
    assert len(party) == 1

    assert office.post(f"{address}/{party[0].id}/remove").status_code == 302
    assert rows(world, ProgramParty.id, organization_id=firm.id) == []


def test_parties_are_settled_once_something_is_signed(world, office, staff):
    program = world.program(State.ANALYSING)
    firm = world.organization(OrganizationKind.ENTERPRISE)
    with world.inside() as session:
        session.add(
            Signature(
                program_id=program.id,
                subject_kind="needs_analysis",
                subject_id=1,
                side=Side.COLLEGE,
                organization_id=world.college.id,
                user_id=staff.id,
                digest="0",
                signed_at=NOW,
            )
        )
        session.commit()
    response = office.post(
        f"/programs/{program.id}/setup/parties", data={"role": "enterprise", "organization": firm.id}
    )
    assert response.status_code == 409
    assert "已有签字" in response.text
    assert len(rows(world, ProgramParty.id, program_id=program.id)) == 2


@pytest.mark.parametrize("holding", ["duty", "share", "person"])
def test_a_party_that_holds_something_is_not_removed(world, office, holding):
    program = world.program()
    with world.inside() as session:
        values = {"program_id": program.id, "organization_id": world.enterprise.id}
        if holding == "duty":
            session.add(Duty(**values, text="带教"))
        elif holding == "share":
            session.add(RevenueShare(**values, label="企业", basis_points=100))
        else:
            mentor = world.user(Role.ENTERPRISE_COUNSELLOR)
            session.add(
                ProgramPerson(**values, user_id=mentor.id, role=Role.ENTERPRISE_COUNSELLOR, since=TODAY)
            )
        session.commit()
    (party,) = rows(world, ProgramParty.id, organization_id=world.enterprise.id)
    assert office.post(f"/programs/{program.id}/setup/parties/{party.id}/remove").status_code == 409
    assert rows(world, ProgramParty.id, organization_id=world.enterprise.id)


def test_the_lead_college_stays(world, office):
    program = world.program()
    (party,) = rows(world, ProgramParty.id, organization_id=world.college.id)
    assert office.post(f"/programs/{program.id}/setup/parties/{party.id}/remove").status_code == 409


def test_a_contact_is_named(world, office):
    program = world.program()
    (party,) = rows(world, ProgramParty.id, organization_id=world.enterprise.id)
    address = f"/programs/{program.id}/setup/parties/{party.id}"
    assert office.post(address, data={"contact": " 罗倩 "}).status_code == 302
    assert "罗倩" in office.get(f"/programs/{program.id}").text
    assert office.post(address, data={"contact": "长" * 81}).status_code == 422


# --- duties -------------------------------------------------------------------------------------


def test_a_duty_given_twice_is_one(world, office):
    program = world.program()
    for _twice in range(2):
        response = office.post(
            f"/programs/{program.id}/setup/duties",
            data={"organization": world.enterprise.id, "text": "提供工位", "person": "罗倩"},
        )
        assert response.status_code == 302
    assert rows(world, Duty.text, Duty.person) == [("提供工位", "罗倩")]


def test_a_duty_falls_to_a_party_only(world, office):
    program, foreign = world.program(), world.organization(OrganizationKind.ENTERPRISE)
    response = office.post(
        f"/programs/{program.id}/setup/duties", data={"organization": foreign.id, "text": "提供工位"}
    )
    assert response.status_code == 422
    assert rows(world, Duty.id) == []


def test_a_duty_changed_by_two_people_is_told_to_the_second(world, office):
    program = world.program()
    with world.inside() as session:
        duty = Duty(program_id=program.id, organization_id=world.college.id, text="排课")
        session.add(duty)
        session.commit()
        number = duty.id
    address = f"/programs/{program.id}/setup/duties?duty={number}"
    mark = seen(office, address)
    values = {"organization": world.college.id, "person": ""}
    assert office.post(address, data=values | {"text": "排课和调课", "seen": mark}).status_code == 302

    response = office.post(address, data=values | {"text": "我的写法", "seen": mark})

    assert response.status_code == 409
    assert 'value="我的写法"' in response.text
    assert "排课和调课" in response.text
    assert rows(world, Duty.text) == [("排课和调课",)]


def test_duties_of_the_pathway_are_taken_over_once(world, office):
    program = world.program()
    address = f"/programs/{program.id}/setup/duties"
    for _twice in range(2):
        assert office.post(f"{address}/take").status_code == 302
    taken = rows(world, Duty.id, Duty.organization_id)
    assert {organization for _id, organization in taken} == {world.college.id, world.enterprise.id}
    assert len(taken) == 5
    assert office.post(f"{address}/{taken[0].id}/remove").status_code == 302
    assert len(rows(world, Duty.id)) == 4


# --- revenue ------------------------------------------------------------------------------------


def split(client, program, *lines, **values):
    data = {
        "label": [line[0] for line in lines],
        "organization": ["" for _line in lines],
        "percent": [line[1] for line in lines],
    } | values
    data.setdefault("seen", seen(client, f"/programs/{program.id}/setup/revenue"))
    return client.post(f"/programs/{program.id}/setup/revenue", data=data)


def test_a_split_that_adds_up_is_saved_and_completes_the_set_up(world, office, complete):
    program = complete()
    response = split(office, program, ("学院", "55"), ("企业", "32.5%"), ("基金", "12.5"), ("", ""))
    assert response.status_code == 302
    assert sorted(rows(world, RevenueShare.basis_points)) == [(1_250,), (3_250,), (5_500,)]
    assert rows(world, ProgramStep.state, step=2, program_id=program.id) == [(StepState.DONE,)]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([("学院", "55"), ("企业", "43")], "还差 2%"),
        ([("学院", "55"), ("企业", "46")], "多出 1%"),
        ([("学院", "100"), ("企业", "0")], "大于 0%"),
        ([("学院", "alles")], "填百分数"),
        ([("", "100")], "写明这一份归谁"),
        ([("学院", "50"), ("学院", "50")], "出现了两次"),
        ([("", "")], "还没定"),
    ],
)
def test_a_split_that_does_not_add_up_shows_the_arithmetic_at_the_field(world, office, lines, sentence):
    program = world.program()
    response = split(office, program, *lines)
    assert response.status_code == 422
    assert sentence in response.text
    assert 'aria-invalid="true"' in response.text
    for _label, percent in lines:
        assert f'value="{percent}"' in response.text
    assert rows(world, RevenueShare.id) == []


@pytest.mark.parametrize("organization", ["9" * 5_000, "999999999999", "x", "-1"])
def test_a_share_of_an_organisation_that_cannot_be_is_nobodys(world, office, organization):
    program = world.program()
    response = split(office, program, ("学院", "100"), organization=[organization])
    assert response.status_code == 302
    assert rows(world, RevenueShare.organization_id) == [(None,)]


def test_a_split_changed_by_two_people_is_told_to_the_second(world, office):
    program = world.program()
    mark = seen(office, f"/programs/{program.id}/setup/revenue")
    split(office, program, ("学院", "60"), ("企业", "40"))
    response = split(office, program, ("学院", "70"), ("企业", "30"), seen=mark)
    assert response.status_code == 409
    assert 'value="70"' in response.text
    assert "60%" in response.text
    assert sorted(rows(world, RevenueShare.basis_points)) == [(4_000,), (6_000,)]


def test_the_split_is_settled_when_the_programme_runs(world, office):
    program = world.program(State.RUNNING)
    assert split(office, program, ("学院", "100")).status_code == 409
    assert rows(world, RevenueShare.id) == []


def test_the_sum_is_told_while_one_types(world, office):
    program = world.program()
    piece = office.get(f"/programs/{program.id}/setup/revenue/sum?label=a&organization=&percent=12.5")
    assert "12.5 = 12.5%，还差 87.5%" in piece.text


# --- people -------------------------------------------------------------------------------------


def membership_of(world, user):
    return rows(world, Membership.id, user_id=user.id)[0].id


def test_a_teacher_of_the_college_is_found_and_brought_in(world, office):
    program = world.program()
    teacher = world.user(Role.SCHOOL_TEACHER, name="陈立", number="T017")
    address = f"/programs/{program.id}/setup/people"
    for text in ("陈", "T017"):
        assert "陈立" in office.get(f"{address}?q={text}").text
    for _twice in range(2):
        assert office.post(address, data={"membership": membership_of(world, teacher)}).status_code == 302
    assert rows(world, ProgramPerson.role, user_id=teacher.id) == [(Role.SCHOOL_TEACHER,)]
    assert world.signed_in(teacher).get(f"/programs/{program.id}").status_code == 200


def test_people_of_others_are_neither_found_nor_brought_in(world, office):
    program = world.program()
    stranger = world.user(Role.SCHOOL_TEACHER, world.organization(), name="陌生人")
    address = f"/programs/{program.id}/setup/people"
    assert "没有找到" in office.get(f"{address}?q=陌生").text
    assert office.post(address, data={"membership": membership_of(world, stranger)}).status_code == 404


def test_trainees_do_not_come_in_by_this_door(world, office):
    program, trainee = world.program(), world.user(Role.TRAINEE)
    address = f"/programs/{program.id}/setup/people"
    assert office.post(address, data={"membership": membership_of(world, trainee)}).status_code == 409


def test_a_counsellor_who_leaves_no_longer_sees_the_programme_a_teacher_stays_on_record(world, office):
    program = world.program()
    counsellor, teacher = world.user(Role.COLLEGE_COUNSELLOR), world.user(Role.SCHOOL_TEACHER)
    for person, role in ((counsellor, Role.COLLEGE_COUNSELLOR), (teacher, Role.SCHOOL_TEACHER)):
        world.relation(program, person, role)
        (relation,) = rows(world, ProgramPerson.id, user_id=person.id)
        office.post(f"/programs/{program.id}/setup/people/{relation.id}/end")
    assert world.signed_in(counsellor).get(f"/programs/{program.id}").status_code == 404
    assert rows(world, ProgramPerson.until, user_id=teacher.id) != [(None,)]


# --- who may ------------------------------------------------------------------------------------

EDITS = ("facts", "parties", "duties", "revenue", "people")


@pytest.mark.parametrize("part", EDITS)
def test_only_staff_edit_the_set_up(world, part, strangers):
    program = world.program()
    address = f"/programs/{program.id}/setup/{part}"
    assert strangers[Role.STAFF].get(address).status_code == 404
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert coordinator.get(address).status_code == 403
    assert coordinator.post(address).status_code == 403


def test_a_partner_colleges_staff_edit_too_but_not_in_others_programmes(world):
    partner = world.organization()
    program, foreign = world.program(partner=partner), world.program()
    person = world.signed_in(world.user(Role.STAFF, partner))
    assert person.get(f"/programs/{program.id}/setup/facts").status_code == 200
    assert person.get(f"/programs/{foreign.id}/setup/facts").status_code == 404


def test_money_is_not_for_mentors_and_trainees(world, complete):
    program = complete(budget_cents=86_400_000)
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.relation(program, mentor, Role.ENTERPRISE_MENTOR)
    trainee = world.user(Role.TRAINEE)
    world.enrolment(program, user=trainee)
    for person in (mentor, trainee):
        client = world.signed_in(person)
        for page in ("", "/setup"):
            text = client.get(f"/programs/{program.id}{page}").text
            assert "带教" in text or page == ""
            assert "864,000" not in text
            assert "收入分配" not in text.replace("收入分配已定", "")
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert "864,000" in coordinator.get(f"/programs/{program.id}/setup").text
