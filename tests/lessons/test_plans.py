from __future__ import annotations

import io
from datetime import timedelta

import sqlalchemy as sa
from docx import Document

from tests.factories import TODAY
from tests.timetable.conftest import make_plan
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.lessons.models import LessonPlan, LessonUse, LessonVersion
from trainmgr.lessons.rules import LessonState
from trainmgr.programs.models import Due
from trainmgr.programs.rules import State


def plan_of(lesson):
    with lesson.world.app.app_context():
        plan = db.session.scalars(sa.select(LessonPlan).order_by(LessonPlan.id.desc()).limit(1)).one()
        db.session.expunge_all()
        return plan


def begun(lesson, client):
    response = client.post(lesson.address, data={"module": lesson.module.id, "title": "量具读数", "units": 2})
    assert response.status_code == 302, response.text
    return plan_of(lesson)


def test_whoever_leads_a_module_writes_its_lessons_and_nobody_elses(lesson):
    lead = lesson.world.signed_in(lesson.teacher)
    plan = begun(lesson, lead)
    other = lesson.world.user(Role.SCHOOL_TEACHER)
    lesson.world.relation(lesson.program, other, Role.SCHOOL_TEACHER)
    stranger = lesson.world.signed_in(other)

    assert lead.get(f"{lesson.address}/{plan.id}/edit").status_code == 200
    assert stranger.get(f"{lesson.address}/{plan.id}").status_code == 404  # a draft of another's module
    assert stranger.post(lesson.address, data={"module": lesson.module.id, "title": "x"}).status_code == 422
    lesson.world.signed_in(lesson.staff).post(
        f"{lesson.address}/{plan.id}", data=lesson.form() | {"finish": "y"}
    )
    assert stranger.get(f"{lesson.address}/{plan.id}").status_code == 200
    assert stranger.get(f"{lesson.address}/{plan.id}/edit").status_code == 403


def test_an_enterprise_mentor_writes_the_lessons_of_a_module_that_he_leads(lesson):
    mentor = lesson.world.user(Role.ENTERPRISE_MENTOR)
    program = lesson.world.program(State.RUNNING, created_by=lesson.staff)
    lesson.world.relation(program, mentor, Role.ENTERPRISE_MENTOR)
    module = make_plan(lesson.world, program, mentor)
    client = lesson.world.signed_in(mentor)
    data = {"module": module.id, "title": "产线点检", "units": 2}
    assert client.post(f"/programs/{program.id}/lessons", data=data).status_code == 302


def test_a_draft_may_be_unfinished_but_finishing_says_what_is_apart(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan = begun(lesson, client)
    short = lesson.form(minutes=10)
    response = client.post(f"{lesson.address}/{plan.id}", data=short | {"finish": "y"})
    assert response.status_code == 409
    assert "比 2 × 45 = 90 分钟 少 30 分钟" in response.text
    assert "内容opening" in response.text
    assert client.post(f"{lesson.address}/{plan.id}", data=short).status_code == 302
    assert plan_of(lesson).state is LessonState.DRAFT

    long = lesson.form(version=2, minutes=16)
    response = client.post(f"{lesson.address}/{plan.id}", data=long | {"finish": "y"})
    assert "多 6 分钟" in response.text


def test_rings_without_content_are_named_on_finishing(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan = begun(lesson, client)
    form = lesson.form() | {"finish": "y", "check-content": " ", "on_the_job-content": ""}
    response = client.post(f"{lesson.address}/{plan.id}", data=form)
    assert response.status_code == 409
    assert "课堂检验" in response.text


def test_a_finished_version_stays_while_the_next_is_written(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan_id = lesson.finished(client)
    version = plan_of(lesson).version
    client.post(f"{lesson.address}/{plan_id}", data=lesson.form(version=version, title="量具读数（改）"))
    other = lesson.world.user(Role.SCHOOL_TEACHER)
    lesson.world.relation(lesson.program, other, Role.SCHOOL_TEACHER)

    seen = lesson.world.signed_in(other).get(f"{lesson.address}/{plan_id}").text
    assert "量具读数（改）" not in seen
    with lesson.world.app.app_context():
        (kept,) = db.session.scalars(sa.select(LessonVersion)).all()
        assert kept.content["title"] == "量具读数"


def test_two_who_write_at_once_are_told(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan = begun(lesson, client)
    assert client.post(f"{lesson.address}/{plan.id}", data=lesson.form()).status_code == 302
    late = lesson.world.signed_in(lesson.staff).post(
        f"{lesson.address}/{plan.id}", data=lesson.form(title="我的")
    )
    assert late.status_code == 409
    assert "陈老师" in late.text
    assert "我的" in late.text
    assert plan_of(lesson).title == "量具读数"


def test_wrong_minutes_are_told_at_their_field(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan = begun(lesson, client)
    response = client.post(f"{lesson.address}/{plan.id}", data=lesson.form() | {"check-minutes": "十"})
    assert response.status_code == 422
    assert 'id="check-minutes-error"' in response.text


def test_a_copy_is_a_draft_of_its_own_in_another_programme(lesson):
    plan_id = lesson.finished()
    other = lesson.world.program(State.RUNNING, created_by=lesson.staff)
    module = make_plan(lesson.world, other, lesson.teacher)
    client = lesson.world.signed_in(lesson.staff)
    assert "测试项目" in client.get(f"{lesson.address}/{plan_id}/copy?into={other.id}").text
    data = {"into": other.id, "module": module.id, "title": "量具读数"}
    response = client.post(f"{lesson.address}/{plan_id}/copy", data=data)

    assert response.status_code == 302
    copy = plan_of(lesson)
    assert (copy.program_id, copy.lineage, copy.copied_from_id) == (other.id, module.lineage, plan_id)
    assert (copy.published, copy.state) == (0, LessonState.DRAFT)
    assert client.post(f"{lesson.address}/{plan_id}/copy", data=data).status_code == 409


def test_a_plan_is_handed_out_as_word_with_all_eight_rings(lesson):
    plan_id = lesson.finished()
    response = lesson.world.signed_in(lesson.teacher).get(f"{lesson.address}/{plan_id}/word")
    document = Document(io.BytesIO(response.data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    for name in (
        "前置学习",
        "开场导入",
        "知识精讲",
        "互动研讨",
        "模拟演练",
        "问题解决",
        "课堂检验",
        "在岗实践",
    ):
        assert name in cells


def test_only_coming_sessions_of_the_module_and_length_are_taught_by_a_plan(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan_id = lesson.finished(client)
    client.post(
        f"{lesson.address}/{plan_id}/sessions", data={"session": [lesson.coming.id, lesson.past.id, "x"]}
    )
    with lesson.world.app.app_context():
        assert db.session.scalars(sa.select(LessonUse.session_id)).all() == [lesson.coming.id]
    client.post(f"{lesson.address}/{plan_id}/sessions", data={})
    with lesson.world.app.app_context():
        assert db.session.scalars(sa.select(LessonUse.session_id)).all() == []


def test_an_unfinished_plan_is_due_from_its_lead_until_it_is_finished(lesson):
    client = lesson.world.signed_in(lesson.teacher)
    plan = begun(lesson, client)
    client.post(f"{lesson.address}/{plan.id}/sessions", data={"session": [lesson.coming.id]})
    with lesson.world.app.app_context():
        due = db.session.scalars(sa.select(Due).where(Due.code == "finish-lesson-plan")).one()
        assert (due.user_id, due.due_on) == (lesson.teacher.id, TODAY + timedelta(days=3))
    assert "完成教案“量具读数”" in client.get("/").text
    client.post(f"{lesson.address}/{plan.id}", data=lesson.form() | {"finish": "y"})
    with lesson.world.app.app_context():
        assert db.session.scalars(sa.select(Due).where(Due.code == "finish-lesson-plan")).all() == []


def test_what_is_due_moves_with_the_session(lesson):
    staff = lesson.world.signed_in(lesson.staff)
    plan = begun(lesson, staff)
    staff.post(f"{lesson.address}/{plan.id}/sessions", data={"session": [lesson.coming.id]})
    data = {"day": (TODAY + timedelta(days=6)).isoformat(), "first_unit": 3, "units": 2, "reason": "调换",
            "teacher": lesson.teacher.id, "version": lesson.coming.version}  # fmt: skip
    moved = staff.post(f"/programs/{lesson.program.id}/timetable/{lesson.coming.id}", data=data)
    assert moved.status_code == 302, moved.text
    with lesson.world.app.app_context():
        due = db.session.scalars(sa.select(Due).where(Due.code == "finish-lesson-plan")).one()
        assert due.due_on == TODAY + timedelta(days=6)


def test_the_list_of_plans_runs_few_statements(lesson, count_statements):
    client = lesson.world.signed_in(lesson.staff)
    begun(lesson, client)
    with count_statements() as few:
        client.get(lesson.address)
    with lesson.world.app.app_context():
        rows = [
            {"program_id": lesson.program.id, "lineage": lesson.module.lineage, "title": f"课题{number:05}", "aims": "",
             "units": 2, "state": "draft", "published": 0, "created_by_id": lesson.staff.id,
             "changed_by_id": lesson.staff.id, "changed_at": lesson.coming.created_at, "version": 1}
            for number in range(3000)
        ]  # fmt: skip
        db.session.execute(sa.insert(LessonPlan), rows)
        db.session.commit()
    with count_statements() as many:
        page = client.get(lesson.address).text
    assert len(many) == len(few) <= 10
    assert page.count('<th scope="row">') == 50
