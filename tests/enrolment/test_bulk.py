"""Many people at once: known people are found, blanks filled, differences told, nothing doubled."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.enrolment.conftest import id_number
from tests.factories import NOW, TODAY
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState, EntryLevel
from trainmgr.enrolment.register import NewTrainee
from trainmgr.identity import first_passwords
from trainmgr.identity.models import Membership, OrganizationKind, User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Program, ProgramPerson, ProgramStep
from trainmgr.programs.rules import State, Step


@pytest.fixture
def enrol(world, session):
    """Enrol rows in a programme as the college does, and commit."""

    def do(program, *rows, college=None):
        result = bulk_enrol(
            session.get(Program, program.id),
            rows,
            college_id=(college or world.college).id,
            by=None,
            now=NOW,
            today=TODAY,
        )
        session.commit()
        return result

    return do


def trainee(serial, **values):
    plain = {"name": f"学员{serial}", "id_number": id_number(serial), "student_number": f"S{serial:05}"}
    return NewTrainee(**(plain | values))


def test_a_new_person_gets_an_account_a_membership_a_relation_and_an_enrolment(world, session, enrol):
    program = world.program(State.RECRUITING)

    result = enrol(program, trainee(1, phone="13900000001", cohort="A 班", field="焊工"))

    assert (result.written, result.accounts, result.classes, result.faults) == (1, 1, 1, {})
    enrolment = session.get(Enrolment, result.enrolment_ids[0])
    user = session.get(User, enrolment.user_id)
    assert user.must_change_password
    assert first_passwords.is_first(user.password_hash)
    assert crypto.decrypt(user.id_number_encrypted) == id_number(1)
    assert id_number(1) not in user.id_number_encrypted
    assert user.id_number_digest == crypto.blind_index(id_number(1))
    assert user.phone_masked == "139****0001"
    assert enrolment.id_number_masked == crypto.mask_id_number(id_number(1))
    assert session.get(Cohort, enrolment.cohort_id).name == "A 班"
    member = session.scalar(sa.select(Membership).where(Membership.user_id == user.id))
    assert (member.role, member.number, member.organization_id) == (Role.TRAINEE, "S00001", world.college.id)
    relation = session.scalar(sa.select(ProgramPerson).where(ProgramPerson.user_id == user.id))
    assert (relation.role, relation.program_id) == (Role.TRAINEE, program.id)


def test_the_same_rows_twice_double_nothing(world, session, enrol):
    program = world.program(State.RECRUITING)
    rows = [trainee(serial, phone=f"139{serial:08}", cohort="A 班", levels={}) for serial in range(1, 6)]

    enrol(program, *rows)
    again = enrol(program, *rows)

    assert (again.written, again.already, again.filled, again.accounts, again.faults) == (0, 5, 0, 0, {})
    assert session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 5
    assert session.scalar(sa.select(sa.func.count()).select_from(User).where(User.name.like("学员%"))) == 5


def test_a_person_of_another_programme_is_taken_not_doubled(world, session, enrol):
    first, second = world.program(State.RECRUITING), world.program(State.RECRUITING)

    enrol(first, trainee(1))
    result = enrol(second, trainee(1, student_number=""))

    assert (result.written, result.accounts) == (1, 0)
    assert session.get(Enrolment, result.enrolment_ids[0]).student_number == "S00001"


def test_blanks_are_filled_and_differences_are_told_without_overwriting(world, session, enrol):
    program = world.program(State.RECRUITING)
    enrol(program, trainee(1, field="焊工"), trainee(2, field="电工"))

    result = enrol(
        program,
        trainee(1, employee_number="E1", phone="13900000001"),
        trainee(2, field="焊工", employee_number="E2"),
    )

    assert (result.already, result.filled) == (1, 1)
    assert "工种" in result.faults[1]
    first = session.scalar(sa.select(Enrolment).where(Enrolment.name == "学员1"))
    second = session.scalar(sa.select(Enrolment).where(Enrolment.name == "学员2"))
    assert first.employee_number == "E1"
    assert (second.field, second.employee_number) == ("电工", "")
    assert session.get(User, first.user_id).phone_masked == "139****0001"


def test_the_same_id_number_under_another_name_is_refused(world, enrol):
    program = world.program(State.RECRUITING)
    enrol(program, trainee(1))

    result = enrol(program, trainee(1, name="别人"))

    assert result.written == 0
    assert 0 in result.faults


def test_a_student_number_belongs_to_one_person(world, enrol):
    program = world.program(State.RECRUITING)
    enrol(program, trainee(1))

    result = enrol(program, trainee(2, student_number="S00001"))

    assert "S00001" in result.faults[0]


def test_an_employee_number_belongs_to_one_person_of_an_enterprise(world, enrol):
    program = world.program(State.RECRUITING)
    other = world.organization(OrganizationKind.ENTERPRISE)
    enrol(program, trainee(1, employee_number="E1", enterprise_id=world.enterprise.id))

    result = enrol(
        program,
        trainee(2, employee_number="E1", enterprise_id=world.enterprise.id),
        trainee(3, employee_number="E1", enterprise_id=other.id),
    )

    assert list(result.faults) == [0]
    assert result.written == 1


def test_a_phone_of_somebody_else_is_refused(world, enrol):
    program = world.program(State.RECRUITING)

    result = enrol(program, trainee(1, phone="13900000001"), trainee(2, phone="13900000001"))

    assert (result.written, list(result.faults)) == (1, [1])


def test_rows_beyond_the_planned_size_come_back(world, enrol):
    program = world.program(State.RECRUITING, planned_size=2)

    result = enrol(program, trainee(1), trainee(2), trainee(3))

    assert result.written == 2
    assert "2" in result.faults[2]


def test_a_row_known_by_nothing_but_its_name_is_refused(world, enrol):
    result = enrol(world.program(State.RECRUITING), NewTrainee(name="王"))
    assert result.written == 0
    assert 0 in result.faults


def test_entry_levels_go_in_with_the_person_and_later_only_where_none_is(world, session, enrol):
    program = world.program(State.RECRUITING)
    one, two = world.competency(program), world.competency(program)

    enrol(program, trainee(1, levels={one.id: Decimal(2)}))
    enrol(program, trainee(1, levels={one.id: Decimal(2), two.id: Decimal("3.5")}))
    changed = enrol(program, trainee(1, levels={one.id: Decimal(4)}))

    levels = {row.competency_id: row.level for row in session.scalars(sa.select(EntryLevel))}
    assert levels == {one.id: Decimal(2), two.id: Decimal("3.5")}
    assert 0 in changed.faults


def test_who_left_is_not_brought_back_by_a_file(world, session, enrol):
    program = world.program(State.RECRUITING)
    enrol(program, trainee(1))
    session.execute(sa.update(Enrolment).values(state=EnrolmentState.WITHDRAWN))
    session.commit()

    assert 0 in enrol(program, trainee(1)).faults


def test_planned_hours_of_the_signed_plan_go_along(world, session, enrol):
    from trainmgr.programs.planned import set_planned_minutes

    program = world.program(State.RECRUITING)
    session.get(Program, program.id).planned_minutes = 7200
    result = enrol(program, trainee(1))
    assert session.get(Enrolment, result.enrolment_ids[0]).planned_minutes == 7200

    set_planned_minutes(session.get(Program, program.id), 9600)
    session.commit()
    assert session.get(Enrolment, result.enrolment_ids[0]).planned_minutes == 9600


def test_the_thread_says_how_many_are_there(world, session, enrol):
    program = world.program(State.RECRUITING, planned_size=40)
    enrol(program, trainee(1), trainee(2))

    step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))

    assert step.params["present"] == 2
    assert any("number" in missing["msgid"] for missing in step.missing)


def test_two_colleges_may_give_the_same_student_number(world, session, enrol):
    partner = world.organization()
    program = world.program(State.RECRUITING, partner=partner)

    result = enrol(program, trainee(1))
    beside = enrol(program, trainee(2, student_number="S00001"), college=partner)

    assert (result.written, beside.written) == (1, 1)
    names = set(session.scalars(sa.select(User.username).where(User.name.like("学员%"))))
    assert len(names) == 2


def test_eighteen_hundred_people_take_seconds(world, enrol):
    program = world.program(State.RECRUITING, planned_size=None)
    rows = [
        NewTrainee(name=f"学员{serial}", student_number=f"S{serial:05}", cohort=f"{serial // 50} 班")
        for serial in range(1800)
    ]

    start = time.process_time()
    result = enrol(program, *rows)

    assert result.written == 1800
    assert time.process_time() - start < 15
