"""Sittings of a programme: planned from an instrument of the lead college, changed, moved, called off; their people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.testing.conftest import RIGHT
from trainmgr.bank.models import InstrumentVersion
from trainmgr.bank.rules import InstrumentState
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, Purpose, SittingState

TOMORROW = {"opens_at": "2026-11-21T09:00", "closes_at": "2026-11-21T11:00"}


@pytest.fixture
def staff(exam, signed_in):
    return signed_in(exam.staff)


def form(exam, **values):
    return {"version_id": exam.version, "purpose": "entry", "name": "入学测评", **TOMORROW} | values


def plan(exam, staff, **values):
    return staff.post(f"/programs/{exam.program.id}/tests", data=form(exam, **values))


def the_sitting(session):
    session.expire_all()
    return session.scalars(sa.select(Sitting)).one()


def test_a_finished_attempt_has_points_and_waits_for_what_a_person_marks(exam, session):
    exam.sitting(people=2)

    attempt_id = exam.take(0, RIGHT)

    attempt = session.get_one(Attempt, attempt_id)
    assert (attempt.points, attempt.possible, attempt.waiting) == (Decimal(13), Decimal(21), 2)
    assert attempt.counts


# --- planning ---------------------------------------------------------------------------------------


def test_a_test_is_planned_from_an_instrument_and_leads_to_its_people(exam, staff, session):
    page = staff.get(f"/programs/{exam.program.id}/tests/new")
    assert "入学与结业测评" in page.text

    response = plan(exam, staff)

    sitting = the_sitting(session)
    assert response.status_code == 302
    assert response.location.endswith(f"/tests/{sitting.id}/people/new")
    assert (sitting.purpose, sitting.form, sitting.name) == (Purpose.ENTRY, 1, "入学测评")
    assert sitting.opens_at.isoformat() == "2026-11-21T01:00:00+00:00"
    assert session.scalar(sa.select(AuditEvent.action).where(AuditEvent.subject_kind == "test_sitting")) == (
        "testing.plan"
    )
    listed = staff.get(f"/programs/{exam.program.id}/tests")
    assert "入学测评" in listed.text
    assert staff.get(f"/programs/{exam.program.id}/tests/{sitting.id}").status_code == 200


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"closes_at": "2026-11-21T08:00"}, 422, "结束时间要晚于开始时间"),
        ({"opens_at": "2026-11-19T09:00", "closes_at": "2026-11-19T11:00"}, 409, "结束时间要在将来"),
        ({"name": " "}, 422, "起个名称"),
        ({"purpose": "end"}, 409, "才能做这件事"),
        ({"version_id": "999"}, 422, ""),
        ({"opens_at": "morgen"}, 422, ""),
        ({"opens_at": "0001-01-01T00:00"}, 422, "2000 年至 2100 年之间"),
        ({"closes_at": "9999-12-31T23:59"}, 422, "2000 年至 2100 年"),
    ],
)
def test_a_test_that_cannot_be_is_refused_with_the_reason_and_what_was_typed(
    exam, staff, session, values, status, said
):
    response = plan(exam, staff, **values)

    assert response.status_code == status
    assert said in response.text
    assert values.get("name") == " " or "入学测评" in response.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Sitting)) == 0


def test_two_tests_of_a_programme_have_two_names(exam, staff):
    plan(exam, staff)

    response = plan(exam, staff)

    assert response.status_code == 409
    assert "本项目已有同名的测试" in response.text


def test_a_paper_that_the_bank_cannot_fill_names_the_cells(exam, staff, session):
    session.execute(sa.text("update item set state = 'retired' where stem like '%number%'"))
    session.commit()

    response = plan(exam, staff)

    assert response.status_code == 409
    assert "故障诊断" in response.text
    assert "1" in response.text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SCHOOL_TEACHER, Role.ENTERPRISE_COORDINATOR])
def test_only_who_runs_tests_plans_them(exam, world, signed_in, role):
    other = world.user(role)
    world.relation(exam.program, other, role)

    assert plan(exam, signed_in(other)).status_code == 403


def test_a_partner_college_sees_its_people_and_plans_nothing(exam, world, signed_in):
    exam.sitting(people=2)
    partner = world.organization(name="合作学院")
    person = world.user(Role.STAFF, partner)
    world.relation(exam.program, person, Role.STAFF, partner)

    client = signed_in(person)

    assert client.get(exam.url("/people")).status_code == 200
    assert "学员T0001" not in client.get(exam.url("/people")).text
    assert plan(exam, client).status_code == 403


def test_a_stranger_finds_no_test(exam, world, signed_in):
    exam.sitting(people=1)
    elsewhere = world.user(Role.STAFF, world.organization(name="别的学院"))

    for tail in ("", "/people", "/edit", "/end", "/cancel", "/people/new"):
        assert signed_in(elsewhere).get(exam.url(tail)).status_code == 404


# --- changing ---------------------------------------------------------------------------------------


def test_a_test_changes_while_nobody_has_begun(exam, staff, session):
    plan(exam, staff)
    sitting = the_sitting(session)
    exam.sitting_id = sitting.id
    assert staff.get(exam.url("/edit")).status_code == 200

    response = staff.post(exam.url("/edit"), data=form(exam, name="摸底", version=sitting.version))

    assert response.status_code == 302
    assert the_sitting(session).name == "摸底"


def test_who_read_an_old_version_does_not_overwrite_the_newer(exam, staff, session):
    plan(exam, staff)
    exam.sitting_id = the_sitting(session).id

    response = staff.post(exam.url("/edit"), data=form(exam, name="摸底", version=0))

    assert response.status_code == 409
    assert "摸底" in response.text
    assert the_sitting(session).name == "入学测评"


def test_once_begun_only_the_end_moves(exam, staff, session):
    exam.sitting(people=1)
    attempt = exam.begin(0)
    version = session.get_one(Sitting, exam.sitting_id).version

    refused = staff.post(exam.url("/edit"), data=form(exam, version=version))
    moved = staff.post(
        exam.url("/end"), data={"closes_at": "2026-11-20T09:40", "reason": "断电", "version": version}
    )

    assert refused.status_code == 409
    assert moved.status_code == 302
    session.expire_all()
    assert session.get_one(Attempt, attempt).deadline_at == NOW + timedelta(minutes=10)


def test_a_test_is_closed_at_once(exam, staff, session):
    exam.sitting(people=1)
    attempt = exam.begin(0, at=NOW - timedelta(minutes=1))
    version = session.get_one(Sitting, exam.sitting_id).version

    response = staff.post(exam.url("/end"), data={"then": "now", "reason": "提前收卷", "version": version})

    assert response.status_code == 302
    session.expire_all()
    assert session.get_one(Sitting, exam.sitting_id).state_at(NOW) is SittingState.CLOSED
    assert session.get_one(Attempt, attempt).deadline_at == NOW


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"closes_at": "2026-11-20T09:00", "reason": "x"}, 409),  # past
        ({"closes_at": "2026-11-20T12:00", "reason": ""}, 422),
        ({"closes_at": "", "reason": "x"}, 422),
    ],
)
def test_an_end_that_cannot_be_is_refused(exam, staff, session, values, status):
    exam.sitting(people=1)
    version = session.get_one(Sitting, exam.sitting_id).version

    assert staff.post(exam.url("/end"), data=values | {"version": version}).status_code == status


def test_calling_off_ends_what_is_under_way_and_empties_the_inboxes(exam, staff, session):
    exam.sitting(people=2)
    staff.post(exam.url("/people/list"), data={"people": exam.trainee().username, "enterprise_id": "0"})
    attempt = exam.begin(0)
    assert staff.get(exam.url("/cancel")).status_code == 200

    response = staff.post(exam.url("/cancel"), data={"reason": "题目泄露"})

    session.expire_all()
    assert response.status_code == 302
    assert session.get_one(Sitting, exam.sitting_id).state_at(NOW) is SittingState.CANCELLED
    assert session.get_one(Attempt, attempt).end is AttemptEnd.CALLED_OFF
    assert session.scalar(sa.select(sa.func.count()).select_from(Due).where(Due.code == "take-test")) == 0
    assert staff.post(exam.url("/cancel"), data={"reason": "again"}).status_code == 409


def test_calling_off_takes_a_reason(exam, staff):
    exam.sitting(people=1)

    assert staff.post(exam.url("/cancel"), data={"reason": ""}).status_code == 422


# --- people -----------------------------------------------------------------------------------------


def people_of(session):
    session.expire_all()
    return session.scalars(sa.select(Participant).order_by(Participant.id)).all()


def test_people_come_from_the_roster_once(exam, staff, world, session):
    exam.sitting(people=0)
    session.get_one(Program, exam.program.id).state = State.RECRUITING
    session.commit()
    cohort = world.cohort(exam.program)
    inside = world.enrolment(exam.program, cohort_id=cohort.id)
    world.enrolment(exam.program)

    one = staff.post(exam.url("/people/roster"), data={"cohort_id": cohort.id, "of_enterprise_id": 0})
    assert [person.user_id for person in people_of(session)] == [inside.user_id]
    both = staff.post(exam.url("/people/roster"), data={"cohort_id": 0, "of_enterprise_id": 0})
    staff.post(exam.url("/people/roster"), data={"cohort_id": 0, "of_enterprise_id": 0})

    assert (one.status_code, both.status_code) == (302, 302)
    people = people_of(session)
    assert len(people) == 2
    assert (people[0].cohort_name, people[0].number) == ("A 班", inside.student_number)
    assert people[0].enrolment_id == inside.id
    dues = session.scalars(sa.select(Due).where(Due.code == "take-test")).all()
    assert {due.user_id for due in dues} == {person.user_id for person in people}


def test_a_pasted_list_adds_who_is_known_and_keeps_the_rest_with_reasons(exam, staff, session):
    exam.sitting(people=0)
    first, second = exam.trainee(), exam.trainee()

    response = staff.post(
        exam.url("/people/list"),
        data={
            "people": f"T0001\n {second.username} \n\nT0001\n没有这个人",
            "cohort_name": "甲班", "post": "装调技师", "enterprise_id": exam.world.enterprise.id,
        },
    )  # fmt: skip

    people = people_of(session)
    assert response.status_code == 422
    assert "没有这个人" in response.text
    assert {person.user_id for person in people} == {first.id, second.id}
    assert {(one.cohort_name, one.post, one.enterprise_id) for one in people} == {
        ("甲班", "装调技师", exam.world.enterprise.id)
    }
    assert session.scalar(sa.select(sa.func.count()).select_from(Due).where(Due.code == "take-test")) == 2


def test_trainees_of_other_colleges_are_not_found(exam, staff, world, session):
    exam.sitting(people=0)
    stranger = world.user(Role.TRAINEE, world.organization(name="别的学院"), number="X1")

    response = staff.post(
        exam.url("/people/list"), data={"people": f"{stranger.username}\nX1", "enterprise_id": 0}
    )

    assert response.status_code == 422
    assert people_of(session) == []


def test_who_has_begun_is_not_taken_out(exam, staff, session):
    exam.sitting(people=2)
    exam.begin(0)

    response = staff.post(exam.url("/people/remove"), data={"id": [str(key) for key in exam.participants]})

    assert response.status_code == 302
    assert [person.id for person in people_of(session)] == [exam.participants[0]]


def test_the_list_of_people_is_paged_found_and_filtered_in_a_fixed_number_of_statements(
    exam, staff, count_statements
):
    exam.sitting(people=3)
    exam.take(0)
    exam.begin(1)

    with count_statements() as statements:
        page = staff.get(exam.url("/people"))
    assert len(statements) <= 10
    assert page.text.count("学员T000") >= 3
    assert "学员T0002" not in staff.get(exam.url("/people?far=not_begun")).text
    assert "学员T0002" in staff.get(exam.url("/people?far=running")).text
    assert "学员T0003" not in staff.get(exam.url("/people?q=T0001")).text
    assert staff.get(exam.url("/people?class=B&far=nonsense")).status_code == 200


def test_one_more_attempt_is_granted_with_a_reason(exam, staff, session):
    exam.sitting(people=1)
    exam.take(0)
    person = f"/people/{exam.participants[0]}"
    assert staff.get(exam.url(person)).status_code == 200

    assert staff.post(exam.url(person + "/grant"), data={"reason": ""}).status_code == 422
    assert staff.post(exam.url(person + "/grant"), data={"reason": "设备故障"}).status_code == 302
    again = staff.post(exam.url(person + "/grant"), data={"reason": "设备故障"})

    assert again.status_code == 409
    assert people_of(session)[0].attempts == 2
    assert session.scalar(sa.select(Due.user_id).where(Due.code == "take-test")) == exam.trainees[0].id


def test_extra_minutes_move_the_deadline_of_who_is_at_it(exam, staff, session):
    exam.sitting(people=1)
    attempt = exam.begin(0)
    person = f"/people/{exam.participants[0]}"

    assert staff.post(exam.url(person + "/extra"), data={"extra_minutes": "301"}).status_code == 422
    assert staff.post(exam.url(person + "/extra"), data={"extra_minutes": "15"}).status_code == 302

    session.expire_all()
    assert session.get_one(Attempt, attempt).deadline_at == NOW + timedelta(minutes=45)


def test_the_paper_is_the_one_that_was_drawn_when_the_test_was_planned(exam, staff, session):
    plan(exam, staff)

    assert session.get_one(InstrumentVersion, exam.version).state is InstrumentState.DRAFT
