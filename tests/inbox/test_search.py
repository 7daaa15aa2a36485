"""Finding programmes, trainees and people; nobody finds what they may not see."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.sessions import load_user
from trainmgr.inbox.search import visible_trainees
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to
from trainmgr.programs.rules import State


@pytest.fixture(autouse=True)
def _on_that_day(app):
    app.config["CLOCK"] = lambda: NOW


def found(client, words, **args):
    return client.get("/search", query_string={"q": words} | args).get_data(as_text=True)


@pytest.mark.parametrize("words", ["彭浩", "2026JN", "jn00012", "QL304", "8828"])
def test_a_trainee_is_found_by_name_both_numbers_and_the_last_four_of_the_id(world, words):
    numbers = {"student_number": "2026JN00012", "employee_number": "QL30412", "id_number_tail": "8828"}
    enrolment = world.enrolment(
        world.program(State.RUNNING), user=world.user(Role.TRAINEE, name="彭浩然"), **numbers
    )
    staff = world.signed_in(world.user(Role.STAFF))

    assert f"/trainees/{enrolment.id}" in found(staff, words)


def test_programmes_and_people_are_found_too(world):
    world.program(State.RUNNING, name="蓝思学徒班", name_en="Lansi apprentices", code="LS24")
    world.user(Role.SCHOOL_TEACHER, name="郭颖", number="T0042")
    staff = world.signed_in(world.user(Role.STAFF))

    for words in ("蓝思", "lansi", "ls24"):
        assert "蓝思学徒班" in found(staff, words)
    for words in ("郭颖", "t0042"):
        assert "郭颖" in found(staff, words)


def test_more_than_twenty_lead_to_the_whole_list(world):
    program = world.program(State.RUNNING)
    for number in range(23):
        world.enrolment(program, user=world.user(Role.TRAINEE, name=f"同名{number:02}"))
    staff = world.signed_in(world.user(Role.STAFF))

    page = found(staff, "同名")
    assert page.count("/trainees/") == 20
    assert "kind=trainees" in page
    assert found(staff, "同名", kind="trainees").count("/trainees/") == 23


@pytest.mark.parametrize("words", ["", "   ", "%", "_", "'; drop table", "x" * 300, "\x00"])
def test_whatever_is_typed_gets_an_answer(world, words):
    world.enrolment(world.program(State.RUNNING), user=world.user(Role.TRAINEE, name="彭浩然"))
    staff = world.signed_in(world.user(Role.STAFF))
    response = staff.get("/search", query_string={"q": words})
    assert response.status_code == 200
    assert "彭浩然" not in response.get_data(as_text=True)


def test_a_trainee_finds_no_other_trainee_and_no_staff(world):
    program = world.program(State.RUNNING)
    world.enrolment(program, user=world.user(Role.TRAINEE, name="同学某"))
    me = world.user(Role.TRAINEE, name="同学我")
    world.enrolment(program, user=me)
    client = world.signed_in(me)

    assert "同学某" not in found(client, "同学")
    assert "同学某" not in found(client, "同学", kind="trainees")


def test_the_search_takes_few_statements_whatever_it_finds(world, count_statements):
    staff = world.signed_in(world.user(Role.STAFF))

    def statements():
        with count_statements() as sent:
            found(staff, "人")
        return len(sent)

    world.enrolment(world.program(State.RUNNING))
    few = statements()
    for _ in range(15):
        world.enrolment(world.program(State.RUNNING, name="人人项目"))
    assert statements() == few <= 10


# --- the same as one programme at a time --------------------------------------------------------


@pytest.fixture
def viewers(app, world):
    """Everybody around three programmes of two colleges, two enterprises and a partner."""
    other_college, other_firm = world.organization(), world.organization(kind=_enterprise())
    department = world.department()
    people = {
        role: world.user(role, department=department if role is Role.DEPARTMENT_STAFF else None)
        for role in Role
    }
    programs = [
        world.program(State.RUNNING, department_id=department.id, partner=other_college),
        world.program(State.RUNNING, college=other_college, partner=world.college),
        world.program(State.RUNNING, college=other_college, enterprise=other_firm),
    ]
    for program in programs[:2]:
        for role in (Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR):
            world.relation(program, people[role], role)
        world.relation(program, people[Role.OUTSIDE_ASSESSOR], Role.OUTSIDE_ASSESSOR, other_firm)
    for program in programs:
        for college in (world.college, other_college):
            for firm in (world.enterprise, other_firm):
                world.enrolment(program, college=college, enterprise=firm)
        world.enrolment(
            program,
            teacher=people[Role.SCHOOL_TEACHER],
            mentor=people[Role.ENTERPRISE_MENTOR],
            college=other_college,
        )
    world.enrolment(programs[1], user=people[Role.TRAINEE])
    return people


def _enterprise():
    from trainmgr.identity.models import OrganizationKind

    return OrganizationKind.ENTERPRISE


@pytest.mark.parametrize("role", list(Role))
def test_across_all_programmes_one_sees_what_one_sees_in_each(app, world, viewers, role):
    client = world.signed_in(viewers[role])
    with client.session_transaction() as session:
        token = session["_user_id"]
    with app.app_context():
        viewer = load_user(token)
        one_by_one = {
            enrolment_id
            for program in db.session.scalars(sa.select(Program).where(visible_to(viewer)))
            for enrolment_id in db.session.scalars(sa.select(Enrolment.id).where(visible_in(program, viewer)))
        }
        at_once = set(db.session.scalars(sa.select(Enrolment.id).where(visible_trainees(viewer))))

    assert at_once == one_by_one
    assert at_once or role not in (Role.STAFF, Role.TRAINEE, Role.ENTERPRISE_MENTOR, Role.COLLEGE_COUNSELLOR)


# --- help ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", list(Role))
def test_the_help_tells_each_role_its_nine_steps(world, role, language):
    client = world.signed_in(world.user(role))
    page = client.get("/help", headers={"Accept-Language": language}).get_data(as_text=True)
    assert page.split('class="plain guide"')[1].split("</ol>")[0].count("<li>") == 9
    assert client.get("/help?for=trainee").status_code == client.get("/help?for=nonsense").status_code == 200


def test_every_guide_has_a_text_for_each_step():
    from trainmgr.inbox.guides import GUIDES

    assert {len(guide.steps) for guide in GUIDES.values()} == {9}
    assert all(guide.answers for guide in GUIDES.values())
