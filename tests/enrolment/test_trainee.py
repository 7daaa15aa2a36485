"""One trainee: the two numbers, entry levels, and what is masked."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.enrolment.conftest import id_number
from tests.factories import NOW, TODAY
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.enrolment.register import NewTrainee
from trainmgr.identity.models import Membership, OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.programs.models import Program, ProgramStep
from trainmgr.programs.rules import ProgramKind, State, Step


@pytest.fixture
def program(world):
    return world.program(State.RUNNING)


@pytest.fixture
def staff(world, signed_in):
    return signed_in(world.user(Role.STAFF))


@pytest.fixture
def trainee(world, session, program):
    """Somebody with an ID number and a phone, enrolled as the import does."""
    row = NewTrainee(
        name="学员一",
        id_number=id_number(1),
        phone="13900000001",
        student_number="S1",
        enterprise_id=world.enterprise.id,
    )
    found = bulk_enrol(
        session.get(Program, program.id), [row], college_id=world.college.id, by=None, now=NOW, today=TODAY
    )
    session.commit()
    return session.get(Enrolment, found.enrolment_ids[0])


def address(trainee, deed=""):
    return f"/programs/{trainee.program_id}/trainees/{trainee.id}" + (f"/{deed}" if deed else "")


# --- what is masked ------------------------------------------------------------------------------


def test_numbers_are_masked_until_somebody_says_why_and_that_is_recorded(world, session, trainee, staff):
    masked = staff.get(address(trainee)).get_data(as_text=True)
    shown = staff.post(address(trainee, "unmask"), data={"reveal-reason": "核对社保"})
    after = staff.get(address(trainee)).get_data(as_text=True)

    assert id_number(1) not in masked + after
    assert "500103********" in masked
    assert id_number(1) in shown.get_data(as_text=True)
    assert "13900000001" in shown.get_data(as_text=True)
    assert shown.headers["Cache-Control"] == "no-store"
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "enrolment.unmask")).one()
    assert (event.reason, event.subject_name) == ("核对社保", "学员一")
    assert event.actor_name
    assert id_number(1) not in str(event.details)


def test_without_a_reason_nothing_is_shown(session, trainee, staff):
    response = staff.post(address(trainee, "unmask"), data={"reveal-reason": " "})
    assert response.status_code == 422
    assert id_number(1) not in response.get_data(as_text=True)
    assert session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "enrolment.unmask")) == 0


@pytest.mark.parametrize(
    "role", [Role.ENTERPRISE_COORDINATOR, Role.ADMINISTRATOR, Role.DEPARTMENT_STAFF, Role.SCHOOL_TEACHER]
)
def test_others_may_not_unmask(world, trainee, signed_in, role):
    client = signed_in(world.user(role))
    assert client.post(address(trainee, "unmask"), data={"reveal-reason": "x"}).status_code == 403


def test_staff_of_another_college_finds_nothing_to_unmask(world, trainee, signed_in):
    stranger = signed_in(world.user(Role.STAFF, world.organization()))
    assert stranger.post(address(trainee, "unmask"), data={"reveal-reason": "x"}).status_code == 404


# --- the two numbers -----------------------------------------------------------------------------


def test_the_college_sets_both_numbers_and_the_membership_follows(session, trainee, staff):
    form = {"student_number": "S2", "employee_number": "E2", "version": str(trainee.version)}

    assert staff.post(address(trainee, "numbers"), data=form).status_code == 302

    session.expire_all()
    assert (trainee.student_number, trainee.employee_number) == ("S2", "E2")
    member = session.scalars(sa.select(Membership).where(Membership.user_id == trainee.user_id)).one()
    assert member.number == "S2"


def test_the_enterprise_sets_the_employee_number_and_not_the_students(world, session, trainee, signed_in):
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    form = {"student_number": "HACK", "employee_number": "E9", "version": str(trainee.version)}

    assert coordinator.post(address(trainee, "numbers"), data=form).status_code == 302

    session.expire_all()
    assert (trainee.student_number, trainee.employee_number) == ("S1", "E9")


def test_a_coordinator_of_another_enterprise_finds_nobody(world, trainee, signed_in):
    other = signed_in(
        world.user(Role.ENTERPRISE_COORDINATOR, world.organization(OrganizationKind.ENTERPRISE))
    )
    assert other.get(address(trainee)).status_code == 404


def test_a_number_that_somebody_has_is_refused_and_the_typed_stays(world, trainee, staff):
    other = world.enrolment(world_program(trainee), student_number="S77")
    form = {"student_number": "S77", "employee_number": "E5", "version": str(trainee.version)}

    response = staff.post(address(trainee, "numbers"), data=form)

    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert other.name in page
    assert 'value="S77"' in page
    assert 'value="E5"' in page


def world_program(trainee):
    class Named:
        id = trainee.program_id

    return Named


def test_two_people_editing_the_same_numbers_are_told(session, trainee, staff):
    old = str(trainee.version)
    staff.post(
        address(trainee, "numbers"), data={"student_number": "S2", "employee_number": "", "version": old}
    )

    late = staff.post(
        address(trainee, "numbers"), data={"student_number": "S3", "employee_number": "", "version": old}
    )

    assert late.status_code == 409
    assert "S2" in late.get_data(as_text=True)
    session.expire_all()
    assert trainee.student_number == "S2"


def test_who_lacks_a_number_is_listed_and_filled_in_at_once(world, session, program, trainee, staff):
    second = world.enrolment(program, employee_number="")
    page = staff.get(f"/programs/{program.id}/numbers").get_data(as_text=True)
    assert f"employee-{trainee.id}" in page
    assert f"employee-{second.id}" in page

    form = {"id": [str(trainee.id), str(second.id)]}
    for person, number in ((trainee, "E1"), (second, "E2")):
        form |= {
            f"student-{person.id}": person.student_number,
            f"employee-{person.id}": number,
            f"version-{person.id}": str(person.version),
        }
    assert staff.post(f"/programs/{program.id}/numbers", data=form).status_code == 302

    step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))
    session.refresh(step)
    assert step.params["lacking"] == 0


def test_of_many_numbers_all_are_saved_or_none(world, session, program, trainee, staff):
    second = world.enrolment(program, employee_number="")
    third = world.enrolment(program, employee_number="TAKEN")
    form = {"id": [str(trainee.id), str(second.id)]}
    for person, number in ((trainee, "E1"), (second, third.employee_number)):
        form |= {f"employee-{person.id}": number, f"version-{person.id}": str(person.version)}

    response = staff.post(f"/programs/{program.id}/numbers", data=form)

    assert response.status_code == 409
    assert 'value="E1"' in response.get_data(as_text=True)
    session.expire_all()
    assert trainee.employee_number == ""


def test_only_apprentices_need_both_numbers_before_the_programme_runs(world, session):
    from trainmgr.programs.thread import refresh

    found = {}
    for kind in (ProgramKind.MODERN_APPRENTICESHIP, ProgramKind.ORDER_CLASS, ProgramKind.PUBLIC_BENEFIT):
        program = world.program(State.RECRUITING, kind=kind)
        world.enrolment(program, employee_number="")
        refresh(program.id, Step.ENROLMENT, now=NOW)
        step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))
        found[kind] = [missing["params"] for missing in step.missing]
        session.commit()

    assert found == {
        ProgramKind.MODERN_APPRENTICESHIP: [{"amount": 1}],
        ProgramKind.ORDER_CLASS: [],
        ProgramKind.PUBLIC_BENEFIT: [],
    }


# --- entry levels --------------------------------------------------------------------------------


def test_entry_levels_are_set_changed_and_taken_away(world, session, program, trainee, staff):
    one, two = world.competency(program), world.competency(program)

    def save(first, second):
        session.refresh(trainee)
        form = {f"level-{one.id}": first, f"level-{two.id}": second, "version": str(trainee.version)}
        return staff.post(address(trainee, "levels"), data=form).status_code

    assert save("2", "3.5") == 302
    assert save("", "4") == 302
    session.expire_all()
    assert {row.competency_id: float(row.level) for row in session.scalars(sa.select(EntryLevel))} == {
        two.id: 4.0
    }


def test_a_level_that_is_none_is_told_at_its_field_and_kept(world, session, program, trainee, staff):
    competency = world.competency(program, name="识图")
    form = {f"level-{competency.id}": "6", "version": str(trainee.version)}

    response = staff.post(address(trainee, "levels"), data=form)

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'href="#level-{competency.id}"' in page
    assert 'value="6"' in page
    assert session.scalar(sa.select(sa.func.count()).select_from(EntryLevel)) == 0


def test_two_people_setting_entry_levels_are_told(world, session, program, trainee, staff):
    competency = world.competency(program)
    old = str(trainee.version)
    staff.post(address(trainee, "levels"), data={f"level-{competency.id}": "2", "version": old})
    late = staff.post(address(trainee, "levels"), data={f"level-{competency.id}": "3", "version": old})

    assert late.status_code == 409
    assert 'value="3"' in late.get_data(as_text=True)
    assert float(session.scalars(sa.select(EntryLevel.level)).one()) == 2.0


def test_entry_levels_stand_once_the_evaluation_has_begun(world, session, trainee, staff):
    session.execute(sa.update(Program).values(state=State.EVALUATING))
    session.commit()
    competency = world.competency(world_program(trainee))
    response = staff.post(
        address(trainee, "levels"), data={f"level-{competency.id}": "2", "version": str(trainee.version)}
    )
    assert response.status_code == 409


def test_the_levels_file_names_everybody_with_what_is_known(
    world, session, program, trainee, staff, read_workbook
):
    competency = world.competency(program, name="识图")
    session.add(EntryLevel(enrolment_id=trainee.id, competency_id=competency.id, level=2))
    session.commit()

    rows = read_workbook(staff.get(f"/programs/{program.id}/roster/levels.xlsx").data)

    assert rows[0][-1] == "识图"
    assert rows[1][0] == "学员一"
    assert rows[1][-1] == "2"


def test_a_trainee_sees_the_own_page_without_tools(world, session, program, signed_in):
    user = world.user(Role.TRAINEE)
    own, other = world.enrolment(program, user=user), world.enrolment(program)
    client = signed_in(user)

    page = client.get(address(own)).get_data(as_text=True)

    assert 'action="' + address(own, "levels") not in page
    assert 'action="' + address(own, "unmask") not in page
    assert client.get(address(other)).status_code == 404
    assert (
        client.post(address(own, "numbers"), data={"student_number": "X", "version": "1"}).status_code == 403
    )
