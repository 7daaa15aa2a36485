"""The roster and what is done from it: who sees whom, searching, exporting, leaving."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.enrolment.conftest import id_number
from tests.factories import NOW, TODAY
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.register import NewTrainee
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.programs.models import Due, Program, ProgramPerson
from trainmgr.programs.rules import State

PAGES = 10
WITH_X = next(id_number(serial) for serial in range(1, 50) if id_number(serial).endswith("X"))


@pytest.fixture
def program(world):
    return world.program(State.RUNNING, planned_size=100)


@pytest.fixture
def staff(world, signed_in):
    return signed_in(world.user(Role.STAFF))


@pytest.fixture
def fill(world, app):
    """Enrol so many people in a programme."""

    def do(program, count, **values):
        from trainmgr.kernel.db import db

        rows = [
            NewTrainee(
                name=f"学员{serial:03}", id_number=id_number(serial), student_number=f"S{serial:05}",
                employee_number=f"E{serial:05}", enterprise_id=world.enterprise.id, cohort=f"{serial % 3} 班",
                field="焊工" if serial % 2 else "电工", **values,
            )
            for serial in range(1, count + 1)
        ]  # fmt: skip
        with app.app_context():
            bulk_enrol(
                db.session.get(Program, program.id),
                rows,
                college_id=world.college.id,
                by=None,
                now=NOW,
                today=TODAY,
            )
            db.session.commit()

    return do


def text(client, address, **args):
    response = client.get(address, query_string=args)
    assert response.status_code == 200
    return response.get_data(as_text=True)


# --- who sees whom -------------------------------------------------------------------------------


def test_the_lead_college_sees_everybody_and_the_others_their_own(world, session, program, signed_in):
    partner, second = (
        world.organization(name="合作学院"),
        world.organization(OrganizationKind.ENTERPRISE, name="第二企业"),
    )
    from trainmgr.programs.models import ProgramParty
    from trainmgr.programs.rules import PartyRole

    session.add(
        ProgramParty(program_id=program.id, organization_id=partner.id, role=PartyRole.PARTNER_COLLEGE)
    )
    session.add(ProgramParty(program_id=program.id, organization_id=second.id, role=PartyRole.ENTERPRISE))
    session.commit()
    teacher, mentor = world.user(Role.SCHOOL_TEACHER), world.user(Role.ENTERPRISE_MENTOR)
    trainee = world.user(Role.TRAINEE, name="甲甲甲")
    world.enrolment(program, user=trainee, teacher=teacher, mentor=mentor)
    world.enrolment(
        program, user=world.user(Role.TRAINEE, partner, name="乙乙乙"), college=partner, enterprise=second
    )

    seen = {}
    for who, user in {
        "lead": world.user(Role.STAFF),
        "partner": world.user(Role.STAFF, partner),
        "coordinator": world.user(Role.ENTERPRISE_COORDINATOR),
        "second": world.user(Role.ENTERPRISE_COORDINATOR, second),
        "teacher": teacher,
        "mentor": mentor,
        "trainee": trainee,
    }.items():
        page = text(signed_in(user), f"/programs/{program.id}/roster")
        seen[who] = {name for name in ("甲甲甲", "乙乙乙") if f">{name}</a>" in page}

    assert seen == {
        "lead": {"甲甲甲", "乙乙乙"},
        "partner": {"乙乙乙"},
        "coordinator": {"甲甲甲"},
        "second": {"乙乙乙"},
        "teacher": {"甲甲甲"},
        "mentor": {"甲甲甲"},
        "trainee": {"甲甲甲"},
    }


@pytest.mark.parametrize("role", [Role.STAFF, Role.SCHOOL_TEACHER, Role.TRAINEE])
def test_a_stranger_of_another_college_finds_nothing(world, program, signed_in, role):
    stranger = signed_in(world.user(role, world.organization()))
    trainee = world.enrolment(program)

    assert stranger.get(f"/programs/{program.id}/roster").status_code == 404
    assert stranger.get(f"/programs/{program.id}/trainees/{trainee.id}").status_code == 404


def test_a_mentor_reads_no_id_numbers_and_no_tools(world, program, fill, session, signed_in):
    fill(program, 1)
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    session.execute(sa.update(Enrolment).values(enterprise_mentor_id=mentor.id))
    session.commit()
    world.relation(program, mentor, Role.ENTERPRISE_MENTOR)
    client = signed_in(mentor)

    page = text(client, f"/programs/{program.id}/roster")

    assert "学员001" in page
    assert "****" not in page
    assert 'name="do"' not in page
    assert client.get(f"/programs/{program.id}/roster.xlsx").status_code == 403
    assert "学员001" not in text(client, f"/programs/{program.id}/roster", q=id_number(1)[-4:])


# --- searching -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ({"q": "学员00"}, 9),
        ({"q": "S00012"}, 1),
        ({"q": "e00012"}, 1),
        ({"q": WITH_X[-4:].lower()}, 1),
        ({"q": "100%"}, 0),
        ({"field": "焊工"}, 30),
        ({"state": "withdrawn"}, 0),
        ({"lacking": "1"}, 60),
        ({"class": "none"}, 0),
        ({"class": "nonsense", "state": "nonsense", "page": "x", "sort": "x"}, 60),
    ],
)
def test_the_roster_is_narrowed_in_sql(program, staff, fill, args, found):
    fill(program, 60)
    page = text(staff, f"/programs/{program.id}/roster", **args)
    assert page.count('name="id"') == min(found, 50)
    if found:
        assert f"共 {found}" in page


def test_the_second_page_goes_on_where_the_first_ends(program, staff, fill):
    fill(program, 60)
    first = text(staff, f"/programs/{program.id}/roster", sort="name")
    second = text(staff, f"/programs/{program.id}/roster", sort="name", page="2")
    assert "学员050" in first
    assert "学员051" not in first
    assert "学员051" in second


@pytest.mark.parametrize("args", [{}, {"q": "学员", "lacking": "1"}])
def test_the_roster_takes_ten_statements_whatever_its_size(program, staff, fill, count_statements, args):
    counts = []
    for people in (3, 55):
        fill(program, people)
        with count_statements() as statements:
            text(staff, f"/programs/{program.id}/roster", **args)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[1] <= PAGES, "\n".join(statements)


def test_one_trainees_page_takes_ten_statements(world, program, staff, fill, session, count_statements):
    for _ in range(8):
        world.competency(program)
    fill(program, 1)
    trainee = session.scalars(sa.select(Enrolment.id)).one()
    with count_statements() as statements:
        text(staff, f"/programs/{program.id}/trainees/{trainee}")
    assert len(statements) <= PAGES, "\n".join(statements)


# --- exporting -----------------------------------------------------------------------------------


def test_an_export_holds_the_visible_rows_with_masked_numbers(
    world, program, staff, fill, read_workbook, signed_in
):
    fill(program, 3)
    world.enrolment(program, enterprise=world.organization(OrganizationKind.ENTERPRISE))

    rows = read_workbook(staff.get(f"/programs/{program.id}/roster.xlsx").data)
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    theirs = read_workbook(coordinator.get(f"/programs/{program.id}/roster.xlsx").data)

    assert len(rows) == 1 + 4
    assert len(theirs) == 1 + 3
    assert id_number(1) not in str(rows)
    assert any("500103********" in cell for cell in rows[1] + rows[2])


def test_a_name_that_looks_like_a_formula_stays_text(world, program, staff, read_workbook):
    import io
    import zipfile

    world.enrolment(program, user=world.user(Role.TRAINEE, name='=HYPERLINK("http://x","a")'))

    data = staff.get(f"/programs/{program.id}/roster.xlsx").data

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert read_workbook(data)[1][0] == '=HYPERLINK("http://x","a")'


def test_full_numbers_are_exported_for_a_reason_that_is_recorded(
    world, session, program, staff, fill, read_workbook
):
    fill(program, 2)
    address = f"/programs/{program.id}/roster/full"

    assert staff.post(address, data={"reason": ""}).status_code == 422
    rows = read_workbook(staff.post(address, data={"reason": "报送鉴定"}).data)

    assert {rows[1][3], rows[2][3]} == {id_number(1), id_number(2)}
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "enrolment.export")).one()
    assert (event.reason, event.details["count"]) == ("报送鉴定", 2)


def test_an_export_of_full_numbers_is_recorded_before_it_leaves_and_keeps_nobody_from_writing(
    app, session, program, staff, fill, read_workbook, monkeypatch
):
    fill(program, 1)
    session.rollback()
    recorded = sa.select(sa.func.count()).where(AuditEvent.action == "enrolment.export")
    seen = []

    def decrypt_while_somebody_writes(token):
        somebody = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
        with somebody.begin() as connection:
            connection.execute(sa.update(Cohort).values(name="写得进去"))
            seen.append(connection.scalar(recorded))
        somebody.dispose()
        return "500103"

    monkeypatch.setattr("trainmgr.enrolment.roster.decrypt", decrypt_while_somebody_writes)
    rows = read_workbook(staff.post(f"/programs/{program.id}/roster/full", data={"reason": "报送鉴定"}).data)

    assert rows[1][3] == "500103"
    assert seen == [1]
    assert session.scalars(sa.select(Cohort.name)).all() == ["写得进去"]


def test_a_coordinator_gets_no_full_numbers(world, program, signed_in):
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert coordinator.post(f"/programs/{program.id}/roster/full", data={"reason": "x"}).status_code == 403


def test_the_chosen_are_exported_alone(session, program, staff, fill, read_workbook):
    fill(program, 3)
    one = session.scalars(sa.select(Enrolment.id).where(Enrolment.name == "学员002")).one()
    response = staff.post(f"/programs/{program.id}/roster/chosen", data={"do": "export", "id": [str(one)]})
    assert [row[0] for row in read_workbook(response.data)] == ["姓名", "学员002"]


# --- leaving and coming back ---------------------------------------------------------------------


def leave(client, program, ids, day="2026-11-19", reason="转学"):
    return client.post(f"/programs/{program.id}/roster/leave", data={"id": ids, "day": day, "reason": reason})


def test_leaving_is_dated_reasoned_recorded_and_ends_what_was_due(world, session, program, staff, app):
    app.config["CLOCK"] = lambda: NOW
    trainee = world.enrolment(program)
    session.add(
        Due(key="x", program_id=program.id, code="x", user_id=trainee.user_id, visible_from=TODAY, params={})
    )
    session.commit()

    response = leave(staff, program, [str(trainee.id)])

    assert response.status_code == 302
    session.expire_all()
    left = session.get(Enrolment, trainee.id)
    assert (left.state, left.left_on.isoformat(), left.left_reason) == (
        EnrolmentState.WITHDRAWN,
        "2026-11-19",
        "转学",
    )
    assert session.scalar(sa.select(sa.func.count()).select_from(Due)) == 0
    assert (
        session.scalars(sa.select(ProgramPerson.until).where(ProgramPerson.user_id == left.user_id)).one()
        == left.left_on
    )
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "enrolment.leave")).one()
    assert event.reason == "转学"


@pytest.mark.parametrize(
    ("day", "reason", "status"),
    [("", "转学", 422), ("2026-11-19", "", 422), ("2030-01-01", "转学", 422), ("2020-01-01", "转学", 409),
     ("not a day", "转学", 422)],
)  # fmt: skip
def test_leaving_needs_a_day_that_can_be_and_a_reason(
    world, session, program, staff, app, day, reason, status
):
    app.config["CLOCK"] = lambda: NOW
    trainee = world.enrolment(program)

    response = leave(staff, program, [str(trainee.id)], day, reason)

    assert response.status_code == status
    assert (reason or "on") in response.get_data(as_text=True)
    session.expire_all()
    assert session.get(Enrolment, trainee.id).state is EnrolmentState.TRAINING


def test_leaving_twice_does_one_thing(world, session, program, staff, app):
    app.config["CLOCK"] = lambda: NOW
    trainee = world.enrolment(program)
    leave(staff, program, [str(trainee.id)])
    leave(staff, program, [str(trainee.id)], reason="另一个原因")

    session.expire_all()
    assert session.get(Enrolment, trainee.id).left_reason == "转学"
    assert session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "enrolment.leave")) == 1


def test_other_features_hear_of_leaving_and_coming_back(world, program, staff, app, monkeypatch):
    from trainmgr.enrolment import hooks

    heard = []
    monkeypatch.setattr(hooks, "_leaving", [heard.append])
    monkeypatch.setattr(hooks, "_return", [heard.append])
    app.config["CLOCK"] = lambda: NOW
    trainee = world.enrolment(program)

    leave(staff, program, [str(trainee.id)])
    back = staff.post(
        f"/programs/{program.id}/trainees/{trainee.id}/standing/readmit",
        data={"day": "2026-11-20", "reason": "回来了"},
    )

    assert back.status_code == 302
    assert [change.enrolment_ids for change in heard] == [[trainee.id], [trainee.id]]
    assert [change.reason for change in heard] == ["转学", "回来了"]


def test_coming_back_takes_a_free_place(world, session, staff, app):
    app.config["CLOCK"] = lambda: NOW
    program = world.program(State.RUNNING, planned_size=1)
    gone = world.enrolment(program)
    leave(staff, program, [str(gone.id)])
    world.enrolment(program)

    response = staff.post(
        f"/programs/{program.id}/trainees/{gone.id}/standing/readmit",
        data={"day": "2026-11-20", "reason": "回来了"},
    )

    assert response.status_code == 409
    session.expire_all()
    assert session.get(Enrolment, gone.id).state is EnrolmentState.WITHDRAWN


def test_a_closed_programme_lets_nobody_leave(world, session, staff):
    program = world.program(State.CLOSED)
    trainee = world.enrolment(program)
    assert leave(staff, program, [str(trainee.id)]).status_code == 409


def test_only_those_who_may_edit_record_leaving(world, session, program, signed_in):
    trainee = world.enrolment(program)
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert leave(coordinator, program, [str(trainee.id)]).status_code == 403
    chosen = coordinator.post(
        f"/programs/{program.id}/roster/chosen", data={"do": "leave", "id": [str(trainee.id)]}
    )
    assert chosen.status_code == 403


def test_people_of_another_programme_cannot_be_chosen(world, session, program, staff):
    other = world.enrolment(world.program(State.RUNNING))
    assert leave(staff, program, [str(other.id)]).status_code == 404
