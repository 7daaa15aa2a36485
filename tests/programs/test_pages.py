from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs import dues, forwarding
from trainmgr.programs.models import Program, ProgramStep
from trainmgr.programs.rules import Figure, Missing, State, Step, StepState
from trainmgr.programs.thread import refresh

OFFICES = dues.code(
    "test-offices", dues.DueCode(Step.NEEDS, "Test %(amount)s", "Test", "programs.show_program")
)
NAMED = dues.code(
    "test-late-thing", dues.DueCode(Step.NEEDS, "Test “%(thing)s”", "Test", "programs.show_program")
)
SEEN = audit.sentence("test.seen", "%(who)s looked at %(what)s")


@pytest.fixture
def running(world, complete, staff):
    """A running programme with something missing, something late, a figure and a trail."""
    program = complete(state=State.RUNNING, current_stage=6, budget_cents=86_400_000)
    teachers = [world.user(Role.SCHOOL_TEACHER, name=name) for name in ("陈立", "郭颖")]
    with world.inside() as session:
        refresh(program.id, now=NOW)
        row = session.get_one(ProgramStep, (program.id, int(Step.PRACTICE)))
        row.missing = [
            Missing("Late logs", blocks=State.EVALUATING, due_code=forwarding.SETUP).to_document(),
            Missing("Not in the way", who="罗倩").to_document(),
        ]
        row.figures = [Figure("Verified", part=26_686, whole=31_920, share=True, hint="late").to_document()]
        for step in session.query(ProgramStep).filter(
            ProgramStep.program_id == program.id, ProgramStep.step.notin_([1, 2, 7])
        ):
            step.missing, step.figures = [], []
        dues.put_many(
            forwarding.SETUP,
            [dues.Line(user_id=one.id, amount=3, due_on=TODAY - timedelta(days=400)) for one in teachers],
            program_id=program.id,
            visible_from=TODAY - timedelta(days=500),
        )
        audit.record(
            SEEN, session.get_one(Program, program.id), by=staff, now=NOW, program_id=program.id, name="项目"
        )
        session.add(
            audit.AuditEvent(
                at=NOW,
                actor_name=staff.name,
                action=SEEN,
                subject_kind="enrolment",
                subject_name="学员甲",
                program_id=program.id,
                reason="",
                details={},
            )
        )
        session.commit()
    return program


def test_the_home_says_what_is_missing_who_does_it_and_how_far_it_is(office, running):
    page = office.get(f"/programs/{running.id}").text
    for text in (
        "转入评价：还缺 1 项",
        'href="#missing"',
        "Late logs",
        "郭颖 和另外 1 人",
        "提醒 2 人",
        "罗倩",
        "83.6%",
        "26,686 / 31,920",
        "第 6 / 8 阶段",
        "864,000 元",
        "8 职业能力考核",
    ):
        assert text in page, text
    assert page.index("Late logs") < page.index("Not in the way")


def test_the_home_takes_at_most_ten_statements_whatever_is_due(office, world, running, count_statements):
    office.get(f"/programs/{running.id}")
    with count_statements() as few:
        office.get(f"/programs/{running.id}")
    with world.inside() as session:
        people = [world.user(Role.SCHOOL_TEACHER).id for _ in range(15)]
        dues.put_many(
            forwarding.FORWARD,
            [dues.Line(user_id=one, due_on=TODAY - timedelta(days=400)) for one in people],
            program_id=running.id,
            visible_from=TODAY - timedelta(days=500),
        )
        session.commit()
    with count_statements() as many:
        office.get(f"/programs/{running.id}")
    assert len(few) <= 10, few
    assert len(many) == len(few)


@pytest.mark.parametrize("page", ["", "/setup", "/pathway", "/trail", "/forward", "/setup/facts", "/next"])
def test_every_page_of_a_programme_takes_at_most_ten_statements(office, running, count_statements, page):
    with count_statements() as statements:
        assert office.get(f"/programs/{running.id}{page}").status_code == 200
    assert len(statements) <= 10, statements


@pytest.mark.parametrize("page", ["", "/setup", "/pathway"])
def test_every_role_of_a_programme_may_open_its_home_and_first_steps(world, running, page):
    for role in (Role.ADMINISTRATOR, Role.ENTERPRISE_COORDINATOR):
        assert world.signed_in(world.user(role)).get(f"/programs/{running.id}{page}").status_code == 200
    for role in (
        Role.SCHOOL_TEACHER,
        Role.COLLEGE_COUNSELLOR,
        Role.ENTERPRISE_MENTOR,
        Role.ENTERPRISE_COUNSELLOR,
        Role.OUTSIDE_ASSESSOR,
        Role.TRAINEE,
    ):
        person = world.user(role)
        client = world.signed_in(person)
        assert client.get(f"/programs/{running.id}{page}").status_code == 404
        world.relation(running, person, role)
        assert client.get(f"/programs/{running.id}{page}").status_code == 200


def test_department_staff_see_their_departments_programmes_only(world, running):
    department = world.department()
    person = world.signed_in(world.user(Role.DEPARTMENT_STAFF, department=department))
    assert person.get(f"/programs/{running.id}").status_code == 404
    with world.app.app_context():
        db.session.get_one(Program, running.id).department_id = department.id
        db.session.commit()
    page = person.get(f"/programs/{running.id}")
    assert "864,000 元" in page.text
    assert "/forward" not in page.text


def test_strangers_of_the_same_role_see_nothing(running, strangers):
    for client in strangers.values():
        for page in ("", "/setup", "/pathway", "/trail"):
            assert client.get(f"/programs/{running.id}{page}").status_code == 404


def test_a_trainees_home_shows_what_is_due_from_him_and_no_money(world, running):
    trainee = world.user(Role.TRAINEE)
    world.enrolment(running, user=trainee)
    client = world.signed_in(trainee)
    assert "这里现在没有等您做的事" in client.get(f"/programs/{running.id}").text
    with world.inside() as session:
        dues.put(
            forwarding.FORWARD,
            program_id=running.id,
            visible_from=TODAY - timedelta(days=500),
            user_id=trainee.id,
        )
        session.commit()
    page = client.get(f"/programs/{running.id}").text
    assert "这里有 1 件事等您做" in page
    for hidden in ("864,000", "Late logs", "全部留痕", "83.6%", "提醒"):
        assert hidden not in page, hidden


def test_the_trail_is_whole_for_the_college_and_without_trainees_for_the_enterprise(world, office, running):
    mine = office.get(f"/programs/{running.id}/trail").text
    assert "looked at 项目" in mine
    assert "looked at 学员甲" in mine
    theirs = (
        world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR)).get(f"/programs/{running.id}/trail").text
    )
    assert "looked at 项目" in theirs
    assert "学员甲" not in theirs
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.relation(running, mentor, Role.ENTERPRISE_MENTOR)
    assert world.signed_in(mentor).get(f"/programs/{running.id}/trail").status_code == 403


def test_the_trail_comes_a_page_at_a_time(world, office, running):
    with world.inside() as session:
        program = session.get_one(Program, running.id)
        for number in range(60):
            audit.record(SEEN, program, by=None, now=NOW, program_id=running.id, name=f"n{number:02}")
        session.commit()
    first = office.get(f"/programs/{running.id}/trail").text
    assert first.index("n59") < first.index("n10")
    assert "n00" not in first
    assert "n00" in office.get(f"/programs/{running.id}/trail?page=2").text


def test_a_reminded_line_says_so_on_the_home(office, running):
    office.post(f"/programs/{running.id}/remind", data={"code": forwarding.SETUP})
    office.get(f"/programs/{running.id}")  # shows the success once
    page = office.get(f"/programs/{running.id}").text
    assert "今天已提醒" in page
    assert "提醒 2 人" not in page


def test_english_is_spoken_to_who_reads_it(world, running):
    person = world.signed_in(world.user(Role.STAFF, language="en"))
    page = person.get(f"/programs/{running.id}").text
    assert "Start evaluating: 1 missing" in page
    assert "Eight stages, alternating school and enterprise" in page


def test_of_several_offices_the_first_is_named_with_its_own_role(world, office, running):
    college = world.organization(name="A 学院")
    firm = world.organization(OrganizationKind.ENTERPRISE, name="B 公司")
    with world.inside() as session:
        dues.put_many(
            OFFICES,
            [
                dues.Line(organization_id=college.id, role=Role.STAFF, due_on=TODAY - timedelta(days=3)),
                dues.Line(
                    organization_id=firm.id,
                    role=Role.ENTERPRISE_COORDINATOR,
                    due_on=TODAY - timedelta(days=3),
                ),
            ],
            program_id=running.id,
            visible_from=TODAY - timedelta(days=9),
        )
        session.commit()

    assert "A 学院 项目管理员 和另外 1 人" in office.get(f"/programs/{running.id}").text


@pytest.mark.parametrize(("subjects", "told"), [([1], "Test “检测工位”"), ([1, 2], "Test “…”")])
def test_what_is_late_is_named_where_there_is_only_one(world, office, running, subjects, told):
    line = {"user_id": world.user(Role.STAFF).id, "due_on": TODAY - timedelta(days=3)}
    with world.inside() as session:
        dues.put_many(
            NAMED,
            [dues.Line(**line, subject_id=one, params={"thing": "检测工位"}) for one in subjects],
            program_id=running.id,
            visible_from=TODAY - timedelta(days=9),
        )
        session.commit()

    assert told in office.get(f"/programs/{running.id}").text


def test_a_page_of_a_step_that_is_stored_with_a_page_nobody_knows_still_opens(world, office, running):
    with world.inside() as session:
        row = session.get_one(ProgramStep, (running.id, int(Step.NEEDS)))
        row.missing = [Missing("Lost", endpoint="nowhere.at_all", args={"x": 1}).to_document()]
        session.commit()
    assert "Lost" in office.get(f"/programs/{running.id}").text


# --- the list -----------------------------------------------------------------------------------


def test_the_list_searches_filters_and_sorts(world, office):
    world.program(State.RUNNING, name="湛蓝计划", code="Z1", planned_size=56)
    world.program(State.DRAFT, name="富纳学徒班", code="F1", planned_size=25)
    other = world.organization(OrganizationKind.ENTERPRISE, name="庆铃集团")
    world.program(State.RUNNING, name="技师提升", code="Q1", enterprise=other, planned_size=1_800)

    def names(query):
        text = office.get(f"/programs?{query}").text
        return sorted(
            (name for name in ("湛蓝计划", "富纳学徒班", "技师提升") if name in text), key=text.index
        )

    assert names("q=湛蓝") == ["湛蓝计划"]
    assert names("q=F1") == ["富纳学徒班"]
    assert names("q=庆铃") == ["技师提升"]
    assert names("q=%25") == []
    assert names("state=draft") == ["富纳学徒班"]
    assert names("state=running&sort=size") == ["湛蓝计划", "技师提升"]
    assert names("sort=size&direction=desc") == ["技师提升", "湛蓝计划", "富纳学徒班"]
    assert (
        names("sort=state") == ["富纳学徒班", "技师提升", "湛蓝计划"]
        or names("sort=state")[0] == "富纳学徒班"
    )
    assert names("state=nonsense&kind=nonsense&sort=nonsense&page=x") != []


def test_the_list_takes_the_same_statements_for_one_row_and_for_fifty(world, office, count_statements):
    author = world.user(Role.STAFF)
    world.program(created_by=author)
    office.get("/programs")
    with count_statements() as one:
        office.get("/programs")
    for _ in range(54):
        world.program(created_by=author)
    with count_statements() as many:
        page = office.get("/programs").text
    assert len(one) == len(many) <= 10
    assert page.count('<th scope="row">') == 50


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        (Role.STAFF, "选一条走通了的路"),
        (Role.ENTERPRISE_COORDINATOR, "列为参与方以后"),
        (Role.TRAINEE, "被录入项目以后"),
        (Role.SCHOOL_TEACHER, "把您列入项目以后"),
    ],
)
def test_an_empty_list_says_how_a_programme_comes_here(world, role, sentence):
    assert sentence in world.signed_in(world.user(role)).get("/programs").text


def test_everybody_sees_only_programmes_of_their_own(world, running, strangers):
    assert "测试项目" not in strangers[Role.STAFF].get("/programs").text
    assert "测试项目" not in strangers[Role.STAFF].get("/programs/choices").text
    own = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert "测试项目" in own.get("/programs").text
    assert f'href="/programs/{running.id}"' in own.get("/programs/choices").text


def test_the_pathway_of_a_programme_stays_as_it_was_chosen(world, office):
    program = world.program(planned_size=41)
    with world.app.app_context():
        stored = db.session.get_one(Program, program.id)
        stored.pathway_document = stored.pathway_document | {"name": "当时的模式"}
        db.session.commit()
    page = office.get(f"/programs/{program.id}/pathway").text
    assert "当时的模式" in page
    assert "职业能力考核" in page
    assert "企业师傅" in page


def test_steps_one_and_two_are_told_on_the_thread(world, office, complete):
    program = complete()
    with world.inside() as session:
        refresh(program.id, Step.PATHWAY, Step.PROGRAM, now=NOW)
        states = [
            session.get_one(ProgramStep, (program.id, step)).state for step in (Step.PATHWAY, Step.PROGRAM)
        ]
        session.commit()
    assert states == [StepState.DONE, StepState.DONE]
    page = office.get(f"/programs/{program.id}").text
    assert "双线交替、八阶递进 第 1 版" in page
    assert "2026-11-20 选定" in page
    assert "2 方，2 项职责" in page


def test_what_only_later_steps_take_is_counted_not_listed(world, office, running):
    with world.inside() as session:
        row = session.get_one(ProgramStep, (running.id, int(Step.RESULT)))
        row.missing = [Missing("Later thing", blocks=State.CLOSED).to_document()]
        session.commit()
    page = office.get(f"/programs/{running.id}").text
    assert "Later thing" not in page
    assert "另有 1 项属于后面的步骤" in page


def test_what_is_missing_leads_nowhere_that_refuses_the_reader(world, running):
    with world.inside() as session:
        row = session.get_one(ProgramStep, (running.id, int(Step.PRACTICE)))
        args = {"program_id": running.id}
        row.missing = [
            Missing(
                "A word of this test alone",
                blocks=State.EVALUATING,
                endpoint="programs.edit_duties",
                args=args,
            ).to_document()
        ]
        session.commit()
    address = f'href="/programs/{running.id}/setup/duties"'

    assert address in world.signed_in(world.user(Role.STAFF)).get(f"/programs/{running.id}").text
    administrator = world.signed_in(world.user(Role.ADMINISTRATOR)).get(f"/programs/{running.id}").text
    assert "A word of this test alone" in administrator
    assert address not in administrator


def test_nobody_is_offered_to_remind_himself_alone(office, world, staff, running):
    with world.inside() as session:
        lines = [dues.Line(organization_id=world.college.id, role=Role.STAFF, due_on=TODAY)]
        dues.put_many(
            forwarding.SETUP,
            lines,
            program_id=running.id,
            visible_from=TODAY - timedelta(days=9),
            replace=True,
        )
        session.commit()
    assert "Late logs" in office.get(f"/programs/{running.id}").text
    assert "提醒" not in office.get(f"/programs/{running.id}").text
